#!/usr/bin/env bash
# The rotation of the machine password on a host with a keytab alone, and on one with two stores: that nobody notices it, when it is
# refused, when it is due and whose job it is, and that two changes never run into one another.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/stores.inc"
e2e_lab
lab_dc dc1 &
jobs=($!)
lab_member m1 &
jobs+=($!)
lab_member m2 --winbind &
jobs+=($!)
for job in "${jobs[@]}"; do wait "$job" || e2e_bail "a domain with two members"; done
{ lab_install m1 && lab_install m2 && lab_pam m1 retrust && lab_sssd m1 warm; } || e2e_bail "retrust on both"
keytab_only=yes
names=$(names_of_keytab)
m2_json() { json=$(lab_run m2 retrust "$@" --json 2>/dev/null); }
is() { same "$2" "$(field ".$1")"; } # FIELD VALUE
counts() { same "$1" "$(lab_kvno "${2-m1}")"; } # KVNO [HOST]

# age_keytab HOST DAYS: as if it had been written then
age_keytab() {
	# shellcheck disable=SC2016
	lab_run "$1" python3 -c '
import struct, sys, time
path, days = "/etc/krb5.keytab", int(sys.argv[1])
data = bytearray(open(path, "rb").read())
at = 2
while at + 4 <= len(data):
	size = struct.unpack_from(">i", data, at)[0]
	entry = at + 4
	if size > 0:
		names = struct.unpack_from(">H", data, entry)[0] + 1
		place = entry + 2
		for _ in range(names):
			place += 2 + struct.unpack_from(">H", data, place)[0]
		struct.pack_into(">I", data, place + 4, int(time.time()) - days * 86400)
	at = entry + abs(size)
open(path, "wb").write(data)' "$2"
}

# Nobody notices.
lab_run m1 kinit -c /root/people alice < <(echo Passw0rd-alice) >/dev/null
lab_run m1 kvno -q -c /root/people host/m1.lab.example
check "before: a logon" person_gets_in lab-sss
kvno=$(lab_kvno m1)
retrust_json rotate
check "rotate: exit 0" same 0 "$code"
check "rotate: said" is rotated true
check "rotate: by its rung" same "rotate done" "$(rung)"
whole "rotate" $((kvno + 1))
check "rotate: SSSD's live connection goes on" person_gets_in lab-sss
check "rotate: a ticket in flight is opened" lab_run m1 kvno -q -c /root/people -k /etc/krb5.keytab host/m1.lab.example
check "rotate: the previous key is in the keytab" grep -q "^$kvno M1" <<<"$(keytab_lines)"
retrust_json rotate
check "rotate again: two versions are enough" same "$((kvno + 1)) $((kvno + 2))" "$(keytab_lines | cut -d' ' -f1 | sort -nu | xargs)"
check "rotate again: no journal is left" fails lab_run m1 test -e /var/lib/retrust/journal
check "rotate: recorded" grep -q . <<<"$(lab_run m1 journalctl -q RETRUST_RUNG=rotate)"

kvno=$(lab_kvno m2)
check "two stores: a logon by winbind before" lab_run m2 wbinfo -K alice%Passw0rd-alice
m2_json rotate
check "two stores: rotated" is rotated true
check "two stores: once" counts $((kvno + 1)) m2
check "two stores: both are right" same "right right" "$(verdicts)"
check "two stores: wbinfo -t" lab_run m2 wbinfo -t
check "two stores: a logon by winbind after" lab_run m2 wbinfo -a alice%Passw0rd-alice
check "two stores: net rpc testjoin" lab_run m2 net rpc testjoin
check "two stores: a logon by SSSD" eval 'printf "Passw0rd-alice\n" | lab_run m2 pamtester lab-sss alice authenticate'

# Refused
refuses() { # WHAT WHY
	local before
	before=$(state_print)
	retrust_json rotate
	check "$1: refused" same 3 "$code"
	check "$1: told why" reason_names "$2"
	check "$1: nothing is changed" same "$before" "$(state_print)"
}
need "enrolled" enroll
machine_id=$(lab_run m1 cat /etc/machine-id)
lab_run m1 sh -c 'tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id'
refuses "a clone" "clone"
lab_run m1 tee /etc/machine-id < <(echo "$machine_id") >/dev/null
lab_reset_account m1
refuses "not healthy" secret-mismatch
retrust_json repair
check "not healthy, repaired: rotates" lab_run m1 retrust rotate --quiet

# When it is due, and whose job it is
waits() { # WHAT TEXT: --if-due leaves it, and says TEXT
	local before
	before=$(lab_kvno m1)
	retrust_json rotate --if-due
	check "$1: not rotated" is rotated ''
	check "$1: exit 0" same 0 "$code"
	check "$1: told" shows "$2"
	check "$1: the DC's kvno" counts "$before"
}
goes() { # WHAT: --if-due rotates
	local before
	before=$(lab_kvno m1)
	retrust_json rotate --if-due
	check "$1: rotated" is rotated true
	check "$1: the DC's kvno" counts $((before + 1))
}
waits "young" "0 days old; it is changed after 30"
age_keytab m1 29
waits "29 days" "29 days old"
age_keytab m1 31
goes "31 days"
waits "just rotated" "0 days old"
setting 'max_secret_age = 1'
age_keytab m1 2
goes "max_secret_age = 1"
age_keytab m1 2
lab_run m1 sed -i '/^ad_maximum_machine/d' /etc/sssd/sssd.conf
waits "SSSD rotates" "Leaving the rotation to sssd"
waits "SSSD rotates, again" "Leaving the rotation to sssd"
remarks() { lab_run "$1" journalctl -q -o cat | grep -c "rotation of the machine password is left to $2"; }
check "SSSD rotates: in the journal once" same 1 "$(remarks m1 sssd)"
lab_run m1 sh -c 'echo "ad_maximum_machine_account_password_age = 0" >>/etc/sssd/sssd.conf'
goes "SSSD's is off again"
setting

lab_run m2 sh -c 'echo "max_secret_age = 1" >/etc/retrust.conf'
age_keytab m2 2
kvno=$(lab_kvno m2)
m2_json rotate --if-due
check "winbind rotates: left to it" counts "$kvno" m2
m2_json rotate --if-due
check "winbind rotates: in the journal once" same 1 "$(remarks m2 winbind)"
lab_run m2 sed -i 's/^\[global\]/&\n\tmachine password timeout = 0/' /etc/samba/smb.conf
m2_json rotate --if-due
check "winbind's timeout is 0: rotated" counts $((kvno + 1)) m2

# In parallel. Every change that somebody reports was made, and no other.
quick() { # WHAT KVNO: the host is right, in few steps
	need "$1: the DC's kvno" counts "$2"
	need "$1: the keytab, a service's ticket, a logon" all_works "$2"
	need "$1: no journal is left" no_journal
}
no_journal() { lab_run m1 test ! -e /var/lib/retrust/journal; }
failed_before=$e2e_failed e2e_failed=0
told() { if ((e2e_failed == 0)); then echo "ok - $1"; fi; e2e_failed=$((e2e_failed | failed_before)) failed_before=$e2e_failed; }
again() { failed_before=$e2e_failed; e2e_failed=0; }
for ((round = 1; round <= 5; round++)); do
	kvno=$(lab_kvno m1)
	lab_run m1 retrust rotate >/dev/null 2>&1 &
	first=$!
	lab_run m1 retrust rotate >/dev/null 2>&1 &
	wait "$first"; first=$?
	wait $!; second=$?
	need "two rotations, round $round: both done" same "0 0" "$first $second"
	quick "two rotations, round $round" $((kvno + 2))
done
told "two rotations at once, 5 times: one after the other"

again
for ((round = 0; round < 8; round++)); do
	kvno=$(lab_kvno m1)
	forget_verdict
	lab_run m1 retrust rotate >/dev/null 2>&1 &
	rotation=$!
	sleep "0.$(printf %03d $((round * 30)))"
	logon pamtester alice
	wait "$rotation"
	need "a logon during a rotation, round $round: the rotation" same 0 $?
	need "a logon during a rotation, round $round: gets in" admitted
	quick "a logon during a rotation, round $round" $((kvno + 1))
done
told "a logon during a rotation, 8 times: nobody notices"

again
for ((round = 1; round <= 20; round++)); do
	lab_reset_account m1
	forget_verdict
	kvno=$(lab_kvno m1)
	lab_logon m1 alice Passw0rd-alice pamtester >/dev/null &
	logon=$!
	sleep "0.0$((round % 5 * 2))"
	lab_run m1 retrust rotate >/dev/null 2>&1
	rotated=$?
	wait "$logon"
	need "a logon's repair and a rotation, round $round: the logon" same 0 $?
	need "a logon's repair and a rotation, round $round: done (0), or refused (3)" test $((rotated == 0 || rotated == 3)) = 1
	quick "a logon's repair and a rotation, round $round" $((kvno + 1 + (rotated == 0)))
done
told "a rotation during a logon's repair, 20 times: each change by itself"

again
killed=0
for ((round = 0; round < 12; round++)); do
	before=$(lab_kvno m1)
	lab_run m1 retrust rotate >/dev/null 2>&1 &
	rotation=$!
	sleep "0.$(printf %03d $((10 + round * 14)))"
	if lab_run m1 pkill -KILL -x retrust-helper; then killed=$((killed + 1)); fi
	wait "$rotation"
	run lab_run m1 retrust repair --timeout 5
	need "killed, round $round: the next repair gets the lock and ends well" same 0 "$code"
	need "killed, round $round: at once" within 2000
	after=$(lab_kvno m1)
	need "killed, round $round: at most one change" test $((after - before)) -le 1
	need "killed, round $round: the DC's kvno" counts "$after"
	need "killed, round $round: the keytab, a service's ticket, a logon" all_works "$after"
	lab_run m1 rm -f /var/lib/retrust/journal # one that the DC wasn't told of would stop the next rotation for half a minute
done
told "kill -9 of the lock's holder, 12 times: no stale lock, no lost host"
check "kill -9: most of them hit" test "$killed" -ge 4
lab_run m1 retrust rotate >/dev/null 2>&1
whole "after all of the kills" "$(lab_kvno m1)"

# Somebody else's change in the middle of ours
stopped_at() { # CALL PATTERN CMD...: ours waits 2 s before that call; meanwhile CMD
	local call=$1 number ours
	number=$(nth "$call" "$2")
	shift 2
	lab_run m1 strace -f -qq -o /root/trace -e "trace=$call" -e "inject=$call:delay_enter=2000000:when=$number" retrust rotate >/dev/null 2>&1 &
	ours=$!
	sleep 0.7
	"$@" >/dev/null 2>&1
	other=$?
	wait "$ours"
	seen="call ${number:-none} of $(lab_run m1 cat /root/trace)"
	need "ours was stopped" injected
}
adcli_update() { lab_run m1 adcli update --domain="$LAB_DOMAIN" --computer-password-lifetime=0; }
admin_join() {
	printf %s "$LAB_ADMIN_PASSWORD" | lab_run m1 adcli join --domain="$LAB_DOMAIN" --domain-controller="dc1.$LAB_DOMAIN" \
		--host-fqdn="m1.$LAB_DOMAIN" --login-user=Administrator --stdin-password
}
need "the spare key is taken away: no other help" lab_run m1 rm /var/lib/retrust/spare.keytab
stopped_at connect 'htons.464' adcli_update
need "adcli changes the password meanwhile" same 0 "$other"
lab_run m1 retrust repair >/dev/null 2>&1
whole "adcli's change before ours" "$(lab_kvno m1)"
stopped_at rename 'keytab.previous' admin_join
need "an administrator joins the host meanwhile" same 0 "$other"
kvno=$(lab_kvno m1)
lab_run m1 retrust repair >/dev/null 2>&1
check "an administrator's join before our keytab: his keys stay" grep -q "^$kvno M1" <<<"$(keytab_lines)"
if ! healthy >/dev/null; then admin_join >/dev/null 2>&1; fi

# An interrupted change, and then somebody else's: the journal's secret is of no use any more.
number=$(nth rename 'keytab.previous')
lab_run m1 strace -f -qq -o /root/trace -e trace=rename -e "inject=rename:signal=KILL:when=$number" retrust rotate >/dev/null 2>&1
need "a change is interrupted" lab_run m1 test -s /var/lib/retrust/journal
need "an administrator joins the host" admin_join
before=$(keytab_print && lab_kvno m1)
retrust_json verify
check "a join after an interrupted change: healthy" condition_is healthy
retrust_json repair
check "a join after an interrupted change: nothing is overwritten" same "$before" "$(keytab_print && lab_kvno m1)"
whole "a join after an interrupted change" "$(lab_kvno m1)"
retrust_json rotate
check "a join after an interrupted change: no rotation while the first may be under way" same 2 "$code"
check "a join after an interrupted change: nothing is overwritten by it" same "$before" "$(keytab_print && lab_kvno m1)"
kvno=$(lab_kvno m1)
# forty seconds later, which Kerberos tolerates
lab_run m1 sh -c 'echo +40 >/etc/faketimerc && ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/etc/ld.so.preload'
retrust_json rotate
lab_run m1 rm /etc/ld.so.preload
check "a join after an interrupted change: rotates later" same 0 "$code"
check "a join after an interrupted change: no journal is left" no_journal
whole "a join after an interrupted change: rotated" $((kvno + 1))
finish
