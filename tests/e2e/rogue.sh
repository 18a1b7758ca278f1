#!/usr/bin/env bash
# A second domain controller of the same names with other secrets, plugged in at the real one's address: somebody with a laptop
# in the same room. Nothing that the host holds may change, whoever asks and with whatever credential.
set -u
. "$(dirname "$0")/lib.sh"
e2e_lab
echo dc1 >"$LAB_DIR/dc" # whose name and address the rogue takes; provisioned while the real one starts
lab_dc rogue --rogue &
rogue=$!
e2e_begin
wait "$rogue" || e2e_bail "a rogue DC"

# Credentials for later, while the real DC answers: a ticket, and a delegate's key, which is random as such keys are.
credentials() {
	local password
	password=$(head -c 30 /dev/urandom | base64 -w0)
	lab_modify joiner "replace: unicodePwd" "unicodePwd:: $(lab_unicode_pwd "$password")" || return
	lab_run_in m1 "$LAB_ADMIN_PASSWORD" "$password" <<-'E'
		echo "$1" | kinit -c /root/admin.ccache Administrator &&
		printf '%s\n' 'add_entry -password -p joiner@LAB.EXAMPLE -k 1 -e aes256-cts' "$2" 'write_kt /root/joiner.keytab' | ktutil &&
			kinit -c MEMORY: -k -t /root/joiner.keytab joiner
	E
}
need "an administrator's ticket and a delegate's key" credentials
lab_run dc1 cat /var/lib/samba/private/tls/ca.pem | lab_run m1 tee /root/ca.pem >/dev/null
asked_for_admin() { lab_run rogue grep -c 'Auth: .*dministrator' /var/log/samba/log.samba; }

# untouched WHAT CONDITION CMD...: CMD at the rogue ends with 3, says CONDITION, and leaves everything as it was.
untouched() {
	local what=$1 condition=$2 before
	shift 2
	before=$(state_print)
	"$@"
	check "$what: exit 3" same 3 "$code"
	check "$what: $condition" condition_is "$condition"
	check "$what: nothing is changed" same "$before" "$(state_print)"
}

# The rogue bears the members' names too, with passwords of its own; what the person types is right there as well.
plant() { # NAME LDIF-LINE...: an account on the rogue
	local name=$1
	shift
	printf '%s\n' "dn: CN=$name,CN=Computers,$LAB_BASE" "$@" "unicodePwd:: $(lab_unicode_pwd Plant3d-Passw0rd)" "" |
		lab_ldb rogue ldbadd >/dev/null
}

lab_swap_dc dc1 rogue
lab_sssd m1 cold
for round in "without our accounts" "with our accounts"; do
	if [[ $round == with\ * ]]; then
		need "the rogue has accounts of our names" plant M1 'objectClass: computer' "sAMAccountName: M1\$" \
			'userAccountControl: 4096' 'servicePrincipalName: host/m1.lab.example' >/dev/null
		need "and one of the spare's" plant M1-spare 'objectClass: user' 'sAMAccountName: M1-spare' \
			'userAccountControl: 512' >/dev/null
	fi
	untouched "$round: verify" dc-not-proven retrust_json verify
	untouched "$round: repair" dc-not-proven retrust_json repair
	untouched "$round: repair -U, nobody to ask" dc-not-proven admin_json repair
	check "$round: repair -U: the rogue's fingerprint is told" shows "$(fingerprint rogue)"
	untouched "$round: the real one's fingerprint" dc-not-proven admin_json repair --accept-dc "$(fingerprint dc1)"
	setting 'tls_ca_file = /root/ca.pem'
	untouched "$round: the real CA pinned" dc-not-proven admin_json repair
	setting
	check "$round: the password was not sent" same 0 "$(asked_for_admin)"
	untouched "$round: a real ticket" dc-not-proven retrust_json repair --ccache /root/admin.ccache
	untouched "$round: a delegate's key" dc-not-proven retrust_json repair -U joiner --keytab /root/joiner.keytab
	before=$(state_print) && forget_verdict
	logon su alice
	check "$round: logon: refused" refused
	check "$round: logon: the KB's message" shows "$E2E_KB"
	check "$round: logon: nothing is changed" same "$before" "$(state_print)"
done

before=$(state_print)
admin_json repair --accept-dc "$(fingerprint rogue)"
check "its own fingerprint accepted by root, another SID: refused" same 3 "$code"
check "its own fingerprint: the SIDs are told" shows "$(lab_sid dc1 alice | sed 's/-[0-9]*$//')"
check "its own fingerprint: nothing is changed" same "$before" "$(state_print)"
check "its own fingerprint: this time the password was sent" fails same 0 "$(asked_for_admin)"
enroll
check "enroll: refused" same 3 "$code"
check "enroll: nothing is changed" same "$before" "$(state_print)"

# With less at hand to know it by
lab_run m1 mv /etc/krb5.keytab /root/
for verb in verify repair; do
	retrust_json "$verb"
	check "no keytab, $verb: dc-not-proven" condition_is dc-not-proven
done
check "no keytab: none is made" fails lab_run m1 test -e /etc/krb5.keytab
lab_run m1 mv /root/krb5.keytab /etc/
lab_run m1 mv /var/lib/retrust /root/kept-state
before=$(keytab_print)
retrust_json repair
check "never enrolled: refused" fails same 0 "$code"
check "never enrolled: nothing is changed" same "$before" "$(keytab_print)"
lab_run m1 sh -c 'rm -rf /var/lib/retrust && mv /root/kept-state /var/lib/retrust'

lab_swap_dc rogue dc1
lab_reset_account m1 && lab_sssd m1 cold && forget_verdict
logon su alice
check "back at the real one, reset: the logon repairs it" admitted
check "back at the real one: healthy" healthy
finish
