#!/usr/bin/env bash
# Every condition of a host with a keytab, made on the real domain: it is told by its name and exit code, --plan changes nothing,
# and `retrust repair` heals what may be healed and leaves the rest exactly as it was.
set -u
. "$(dirname "$0")/lib.sh"
e2e_begin

says() { # CONDITION EXIT [WHAT]: verify
	retrust_json verify
	check "${3-$1}: told" condition_is "$1"
	check "${3-$1}: exit $2" same "$2" "$code"
}

# heals WHAT RUNG KVNO-STEPS [OPTION...]: the plan names the rung and touches nothing, the repair takes it.
heals() {
	local what=$1 rung=$2 kvno before
	kvno=$(($(lab_kvno m1) + $3))
	shift 3
	before=$(state_print)
	retrust_json repair --plan "$@"
	check "$what: the plan" same "$rung" "$(jq -r '.plan[0]' <<<"$json")"
	check "$what: the plan changes nothing" same "$before" "$(state_print)"
	retrust_json repair "$@"
	check "$what: healed" condition_is healthy
	check "$what: by $rung" same "$rung done" "$(jq -r '.rungs[-1] | .name + " " + .result' <<<"$json")"
	check "$what: kvno at the DC" same "$kvno" "$(lab_kvno m1)"
	check "$what: the keytab has the same names" same "$names" "$(keytab_names)"
	check "$what: another realm's entry stays" same "$stranger" "$(keytab_lines | grep OTHER)"
	check "$what: healthy" healthy
	check "$what: a service's ticket is opened" opens_ticket
}

# stays WHAT CONDITION EXIT [EXIT-OF-REPAIR]: told, and neither verify nor repair changes anything.
stays() {
	local what=$1 before
	before=$(state_print)
	says "$2" "$3" "$what"
	retrust_json repair
	check "$what: not repaired" condition_is "$2"
	check "$what: repair says so" same "${4-3}" "$code"
	check "$what: nothing is changed" same "$before" "$(state_print)"
}

keytab_names() { keytab_lines | cut -d' ' -f2 | sort -u; }
opens_ticket() {
	lab_run_in m1 <<-'E'
		export KRB5CCNAME=MEMORY: && kinit -k 'M1$' -c /tmp/cc && kvno -c /tmp/cc -k /etc/krb5.keytab HTTP/m1.lab.example
	E
}

# An administrator has added a service with the machine's key, and another realm's key; group and mode are not the usual ones.
lab_modify "M1$" "add: servicePrincipalName" "servicePrincipalName: HTTP/m1.lab.example"
stranger="7 other@OTHER.EXAMPLE aes256-cts-hmac-sha1-96 $(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')"
{
	keytab_lines
	keytab_lines | grep ' host/m1.lab' | sed 's/ host/ HTTP/'
	echo "$stranger"
} | keytab_from_lines
names=$(keytab_names)
# shellcheck disable=SC2016
lab_run m1 sh -c 'chgrp mail "$1" && chmod 640 "$1" && exec python3 -c "$2" "$1"' sh /etc/krb5.keytab \
	'import os, sys; os.setxattr(sys.argv[1], "user.note", b"kept")'
looks() {
	lab_run m1 stat -c '%a %U:%G' /etc/krb5.keytab
	lab_run m1 python3 -c 'import os; print(os.getxattr("/etc/krb5.keytab", "user.note"))'
}
before=$(looks)

says healthy 0
lab_reset_account m1
says secret-mismatch 1
heals secret-mismatch spare 1
check "owner, group, mode and attributes of the keytab stay" same "$before" "$(looks)"

# A change that only the host heard of: a newer key beside the one that works
newer() { keytab_lines | sed -E '/OTHER/d; s/^[0-9]+/99/; s/[0-9a-f]{8}$/00000000/'; }
{ keytab_lines && newer; } | keytab_from_lines
says secret-previous 1
heals secret-previous previous 0
check "secret-previous: the newer key is gone" fails grep -q '^99 ' <<<"$(keytab_lines)"

# The right key under another number: `kinit -k` is content with it, and every logon fails.
keytab_lines | sed -E "/OTHER/!s/^$(lab_kvno m1) /77 /" | keytab_from_lines
says keytab-stale-kvno 1
heals keytab-stale-kvno resync 0
check "keytab-stale-kvno: the wrong number is gone" fails grep -q '^77 ' <<<"$(keytab_lines)"

lab_run m1 rm /etc/krb5.keytab
says keytab-missing 1
echo "$stranger" | keytab_from_lines
says keytab-missing 1 "keytab without the machine's key"
heals keytab-missing spare 1

for damage in 'echo junk, no keytab' 'head -c 1 /root/good.keytab'; do
	lab_run m1 cp -a /etc/krb5.keytab /root/good.keytab
	lab_run m1 sh -c "$damage >/etc/krb5.keytab"
	stays "keytab-unreadable ($damage)" keytab-unreadable 1
	check "keytab-unreadable: the file is named" shows /etc/krb5.keytab
	lab_run m1 cp -a /root/good.keytab /etc/krb5.keytab
done
check "with the keytab back: healthy" healthy

# Salts follow the account's name and change only when a password is set.
rename() { lab_modify "$1" "replace: sAMAccountName" "sAMAccountName: $2"; }
rename "M1$" "M9$" && lab_modify "M9$" "replace: unicodePwd" "unicodePwd:: $(lab_unicode_pwd An0ther-Passw0rd)" && rename "M9$" "M1$"
says secret-mismatch 1 "another name's salt"
heals "another name's salt" spare 1
rename "M1$" "m1$"
lab_reset_account m1
heals "name in lower case" spare 1
rename "m1$" "M1$"

# What somebody in the domain has decided, or what is not the host's own to mend
lab_disable_account m1
stays account-disabled account-disabled 1
lab_enable_account m1
lab_expire_account m1
stays account-expired account-expired 1
lab_enable_account m1
check "enabled again: healthy" healthy

setting 'dc = 10.77.0.99'
stays "no-dc (named, silent)" no-dc 2 2
setting
lab_run m1 cp /etc/resolv.conf /root/
lab_run m1 sh -c 'echo nameserver 127.0.0.1 >/etc/resolv.conf'
stays dns-failure dns-failure 2 2
lab_run m1 cp /root/resolv.conf /etc/
lab_run m1 sh -c 'echo +4000 >/etc/faketimerc && ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/etc/ld.so.preload'
stays "clock off, right key" clock-skew 2 2
lab_reset_account m1
stays "clock off, secret reset" clock-skew 2 2
lab_run m1 rm /etc/ld.so.preload
heals "the clock is right again" spare 1

# Deleted; restored with its SID, but without a password; made anew without one
deleted_dn() { lab_ldb dc1 ldbsearch --show-deleted '(&(isDeleted=TRUE)(sAMAccountName=M1$))' dn </dev/null | sed -n 's/^dn: //p'; }
dn=$(lab_attr "M1$" distinguishedName)
lab_delete_account m1
stays account-missing account-missing 1
printf '%s\n' "dn: $(deleted_dn)" 'changetype: modify' 'delete: isDeleted' - 'replace: distinguishedName' \
	"distinguishedName: $dn" | lab_ldb dc1 ldbmodify --show-deleted >/dev/null
says account-without-keys 1 "restored without a password"
heals "restored without a password" spare 1

# Made anew by somebody who did not know better: another SID, and the spare key has no right to it.
lab_delete_account m1
printf '%s\n' "dn: $dn" 'objectClass: computer' "sAMAccountName: M1\$" 'userAccountControl: 4096' \
	'dNSHostName: m1.lab.example' 'servicePrincipalName: host/m1.lab.example' 'servicePrincipalName: HTTP/m1.lab.example' |
	lab_ldb dc1 ldbadd >/dev/null
before=$(keytab_print)
says account-without-keys 1 "made anew without a password"
retrust_json repair
check "made anew: the spare key has no right to it" same "spare failed" "$(jq -r '.rungs[-1] | .name + " " + .result' <<<"$json")"
check "made anew: told why" test -n "$(jq -r '.rungs[-1].why' <<<"$json")"
check "made anew: nothing is changed" same "$before" "$(keytab_print)"
echo "$LAB_ADMIN_PASSWORD" | lab_run m1 kinit -c /root/admin.ccache Administrator >/dev/null
retrust_json repair --ccache /root/admin.ccache
check "made anew: an administrator's ticket heals it" condition_is healthy
check "made anew: a service's ticket is opened" opens_ticket
check "made anew: RC4 tickets need RC4 keys" grep -q " host/m1.lab.example@LAB.EXAMPLE arcfour-hmac " <<<"$(keytab_lines)"

# No member at all
lab_run m1 sh -c 'rm -r /etc/krb5.keytab /var/lib/retrust'
says not-joined 3
retrust_json repair
check "not-joined: refused" same 3 "$code"
check "not-joined: no keytab is made" fails lab_run m1 test -e /etc/krb5.keytab
finish
