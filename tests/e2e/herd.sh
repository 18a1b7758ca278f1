#!/usr/bin/env bash
# Monday morning: fifty people at once at a host whose computer account was reset. One repairs, the others wait for its result,
# and everybody gets in: the password is changed once.
set -u
. "$(dirname "$0")/lib.sh"
e2e_begin

# all_at_once USERS...: a logon of each, started together. Prints "USER STATUS" a line.
all_at_once() {
	lab_run_in m1 "$@" <<-'E'
		mkdir -p /root/herd
		for user; do
			{
				until [ -e /root/herd/go ]; do sleep 0.05; done
				printf 'Passw0rd-u\n' | pamtester lab "$user" authenticate acct_mgmt open_session >"/root/herd/$user" 2>&1
				status=$?
				echo "$user $status"
				if [ $status != 0 ]; then sed "s/^/$user: /" "/root/herd/$user" | tail -4; fi
			} &
		done
		sleep 0.3
		touch /root/herd/go
		wait
		rm /root/herd/go
	E
}
mapfile -t crowd < <(printf 'u%03d\n' {1..50})
got_in() { grep -c '^u[0-9]* 0$' <<<"$seen"; }
told() { lab_run m1 grep -l "$1" -r /root/herd | wc -l; } # TEXT: how many read it

herd() { # WHAT
	local kvno
	kvno=$(lab_kvno m1)
	forget_verdict
	run all_at_once "${crowd[@]}"
	check "$1: 50 sessions" same 50 "$(got_in)"
	check "$1: one change of password" same $((kvno + 1)) "$(lab_kvno m1)"
	check "$1: within the time-out" within 15000
	check "$1: one of them read of the change" same 1 "$(told 'Changing computer account on PDC')"
	check "$1: healthy" healthy
	lab_run m1 rm -r /root/herd
}

# Known to SSSD or not: half of them have been here before.
lab_run m1 getent passwd "${crowd[@]:0:25}" >/dev/null
lab_reset_account m1
herd "SSSD warm"
lab_reset_account m1
lab_sssd m1 cold
herd "SSSD cold"

# Nobody can repair it: all of them are told, and the DC is asked once and not fifty times.
lab_run m1 mv /var/lib/retrust/spare.keytab /root/
lab_reset_account m1 && forget_verdict
kvno=$(lab_kvno m1)
wrong_keys() { lab_run dc1 grep -c 'Pre-authentication.*\[M1\$@.*WRONG_PASSWORD' /var/log/samba/log.samba; }
before=$(wrong_keys)
run all_at_once "${crowd[@]}"
check "no spare key: nobody gets in" same 0 "$(got_in)"
check "no spare key: all of them read why" same 50 "$(told 'The system cannot log you on')"
check "no spare key: the DC wasn't asked by each of them" test $(($(wrong_keys) - before)) -le 5
check "no spare key: no change" same "$kvno" "$(lab_kvno m1)"
finish
