#!/usr/bin/env bash
# Repairs with somebody else's right, and enrolment: who may, what it leaves in the domain and on the host, that all of it can be
# taken back, and that the password typed is seen nowhere.
set -u
. "$(dirname "$0")/lib.sh"
e2e_bare

# Whoever could look while it runs sees neither argument nor environment with the password. Root looks, so that nothing is missed.
watch_processes() { # the pattern comes in a file: the watcher's own arguments must not be a hit
	echo "$LAB_ADMIN_PASSWORD" | lab_run m1 sh -c 'cat >/root/pattern'
	lab_daemon m1 watch bash -c '
		while [ -e /root/pattern ]; do
			grep -lzaFf /root/pattern /proc/[0-9]*/{cmdline,environ} 2>/dev/null
			echo >>/root/looks
		done'
}
unwatch_processes() { lab_run m1 sh -c 'mv /root/pattern /root/pattern.done; sleep 0.1; cat /var/log/watch.out'; }
logged() {
	lab_run m1 sh -c 'find /var/log /run /var/lib/retrust /tmp -xdev -type f -exec grep -laFf /root/pattern.done {} +
		journalctl -o export | grep -aFf /root/pattern.done'
}

broken() { lab_reset_account m1 && forget_verdict; }
by_credential() { # WHAT OPTION...: heals by the rung credential, with one change
	local what=$1 kvno verb=retrust_json
	shift
	broken
	kvno=$(lab_kvno m1)
	if [[ " $* " != *" --"[ck]* ]]; then verb=admin_json; fi
	"$verb" repair "$@"
	check "$what: healthy" condition_is healthy
	check "$what: exit 0" same 0 "$code"
	check "$what: by the credential" same "credential done" "$(jq -r '.rungs[-1] | .name + " " + .result' <<<"$json")"
	check "$what: one change" same $((kvno + 1)) "$(lab_kvno m1)"
}
not_by() { # WHAT CMD...: refused, nothing changed
	local what=$1 before
	shift
	broken
	before=$(state_print)
	"$@"
	check "$what: refused" same 3 "$code"
	check "$what: nothing is changed" same "$before" "$(state_print)"
}

at_terminal() { # ANSWER: root types the password and answers the question
	# shellcheck disable=SC2016
	run lab_run m1 env "P=$LAB_ADMIN_PASSWORD" expect -c 'set timeout 20
		spawn -noecho retrust repair -U Administrator
		expect -re {Password of Administrator: $} { send -- "$env(P)\r" }
		expect -re {anything else to refuse: $} { send -- "'"$1"'\r" }
		expect eof
		exit [lindex [wait] 3]'
}

right=$(fingerprint dc1)
watch_processes
by_credential "password, fingerprint accepted" --accept-dc "$right"
by_credential "password, fingerprint without colons, small" --accept-dc "$(tr -d : <<<"${right,,}")"
lab_run dc1 cat /var/lib/samba/private/tls/ca.pem | lab_run m1 tee /root/ca.pem >/dev/null
setting 'tls_ca_file = /root/ca.pem'
by_credential "password, pinned CA"
setting
not_by "password, nobody to ask" admin_json repair
check "password, nobody to ask: the fingerprint is told" shows "$right"
not_by "password, another fingerprint" admin_json repair --accept-dc "00${right:2}"
wrong_password() { retrust_json repair -U Administrator --password-stdin --accept-dc "$right" < <(echo wrong); }
not_by "wrong password" wrong_password
not_by "no credential, no spare key" retrust_json repair
check "no credential: enroll is named" shows "retrust enroll"

enroll
check "enroll while broken: refused" same 3 "$code"
admin_json repair --accept-dc "$right"
check "healthy for what follows" healthy
enroll
check "enroll: done" same 0 "$code"
seen=$(unwatch_processes)
check "the password is in no process's arguments or environment" same '' "$seen"
check "the processes were looked at" lab_run m1 test -s /root/looks
check "nor in a log, the journal or a file" same '' "$(logged)"

# What it leaves
ace() { # how many entries of the computer object name the spare
	lab_run dc1 samba-tool dsacl get -H /var/lib/samba/private/sam.ldb --objectdn="CN=M1,CN=Computers,$LAB_BASE" |
		grep -o "([^()]*;;$spare_sid)"
}
spare_sid=$(lab_attr M1-spare objectSid)
check "one right: to reset this account's password" same "(OA;;CR;00299570-246d-11d0-a768-00aa006e0529;;$spare_sid)" "$(ace)"
check "the spare: a user without expiry, not delegated" same $((512 + 65536 + 1048576)) "$(lab_attr M1-spare userAccountControl)"
check "the spare: AES only" same 24 "$(lab_attr M1-spare msDS-SupportedEncryptionTypes)"
check "the spare: not among Domain Users" fails same 513 "$(lab_attr M1-spare primaryGroupID)"
check "the spare: in no other group" same '' "$(lab_attr M1-spare memberOf)"
check "the host's part: for root alone" same $'700 root\n600 root\n600 root' "$(lab_run m1 sh -c \
	'cd /var/lib/retrust && stat -c "%a %U" . identity.json spare.keytab')"
retrust_json status
check "status: the spare works" same "works M1-spare" "$(jq -r '.spare | .state + " " + .account' <<<"$json")"
broken
retrust_json repair
check "the spare repairs without anybody" condition_is healthy

enroll
check "enroll again: done" same 0 "$code"
check "enroll again: the same account" same "$spare_sid" "$(lab_attr M1-spare objectSid)"
check "enroll again: still one right" same 1 "$(ace | wc -l)"
check "enroll again: one account" same 1 "$(lab_ldb dc1 ldbsearch '(&(objectClass=user)(sAMAccountName=M1-spare*))' dn </dev/null | grep -c '^dn')"
lab_modify M1-spare "replace: unicodePwd" "unicodePwd:: $(lab_unicode_pwd S0mebody-elses)"
retrust_json verify
check "somebody reset the spare: verify finds it" same refused "$(field .spare.state)"
enroll
check "enroll again: renews it" same works "$(field .spare.state)"

admin_json enroll --remove
check "remove: done" same 0 "$code"
check "remove: no user, no group" same '' "$(lab_attr M1-spare objectSid)$(lab_attr M1-spare-group objectSid)"
check "remove: no right" same '' "$(ace)"
check "remove: no key on the host" fails lab_run m1 test -e /var/lib/retrust/spare.keytab
retrust_json status
check "remove: status says so" same none "$(field .spare.state)"
check "remove: the channel stays healthy" healthy
admin_json enroll --remove
check "remove again: no harm" same 0 "$code"

not_by "at the terminal, answer no" at_terminal no
check "at the terminal: name, address and fingerprint are shown" shows "certificate: SHA-256 $right"
check "at the terminal: the password is not shown" hides "$LAB_ADMIN_PASSWORD"
at_terminal yes
check "at the terminal, answer yes: exit 0" same 0 "$code"
check "at the terminal, answer yes: healthy" healthy

# A delegate with an OU of his own and the right to reset and to grant on this one computer
lab_ldb dc1 ldbadd >/dev/null < <(printf '%s\n' "dn: OU=Spares,$LAB_BASE" 'objectClass: organizationalUnit')
delegate_sid=$(lab_attr joiner objectSid)
may() { lab_run dc1 samba-tool dsacl set -H /var/lib/samba/private/sam.ldb --objectdn="$1" --sddl="$2" >/dev/null; }
may "OU=Spares,$LAB_BASE" "(A;CI;GA;;;$delegate_sid)"
may "CN=M1,CN=Computers,$LAB_BASE" "(A;;CRRPWPRCWD;;;$delegate_sid)"
lab_run_in m1 <<'E' >/dev/null
printf '%s\n' 'add_entry -password -p joiner@LAB.EXAMPLE -k 1 -e aes256-cts' Passw0rd-joiner 'write_kt /root/joiner.keytab' | ktutil
echo Passw0rd-joiner | kinit -c /root/joiner.ccache joiner
echo Passw0rd-alice | kinit -c /root/alice.ccache alice
E
by_credential "a delegate's ticket" --ccache /root/joiner.ccache
by_credential "a delegate's key" --keytab /root/joiner.keytab
retrust_json enroll --keytab /root/joiner.keytab --container "OU=Spares,$LAB_BASE"
check "a delegate enrolls" same 0 "$code"
check "into his OU" same "CN=M1-spare,OU=Spares,$LAB_BASE" "$(lab_attr M1-spare distinguishedName)"
broken
retrust_json repair
check "and that spare repairs" condition_is healthy
retrust_json enroll --remove --ccache /root/joiner.ccache
check "and he takes it back" same "0 " "$code $(lab_attr M1-spare objectSid)"
not_by "somebody without the right" retrust_json repair --ccache /root/alice.ccache
check "somebody without the right: told why" test -n "$(field .error)"
finish
