#!/usr/bin/env bash
# The main job: the computer account was reset, and the person gets in all the same, with one prompt, through every door and in
# every state that SSSD can be in. Each logon costs exactly one change of the password.
set -u
. "$(dirname "$0")/lib.sh"
e2e_begin

# Breaks the channel and puts SSSD into a state: broken STATE
broken() {
	case $1 in
	warm) lab_sssd m1 warm && lab_reset_account m1 ;;
	cold) lab_reset_account m1 && lab_sssd m1 cold ;;
	offline)
		# Each try to come back writes the address of a KDC first, so that SSSD looks as if it were online.
		lab_reset_account m1 && lab_sssd m1 cold && lab_sssd m1 online &&
			lab_wait 5 "SSSD's kdcinfo" /var/lib/sss/pubconf lab_run m1 test -e "/var/lib/sss/pubconf/kdcinfo.$LAB_REALM"
		;;
	stopped) lab_reset_account m1 && lab_sssd m1 stop ;;
	gave-up)
		lab_sssd m1 stop && lab_run m1 rm -f /etc/krb5.keytab
		fails lab_sssd m1 start 2>/dev/null
		;;
	esac && forget_verdict
}

gets_in() { # STATE WAY USER
	local kvno what="$2, SSSD $1"
	need "$what: broken, as the test wants it" broken "$1"
	kvno=$(lab_kvno m1)
	logon "$2" "$3"
	check "$what: in with one prompt" admitted
	check "$what: one change of password" same $((kvno + 1)) "$(lab_kvno m1)"
}

transcript() { # [LINE-BEFORE-THE-LAST]
	printf '%s\n' "$E2E_KB" 'Searching PDC for domain LAB ...' 'Found PDC \\dc1.lab.example' \
		'Computer \\M1 is already a member of domain LAB.' 'Verifying secure channel on \\dc1.lab.example ...' \
		'Resetting secure channel ...' 'Changing computer account on PDC \\dc1.lab.example ...' \
		'Writing the machine password to /etc/krb5.keytab ...' "$@" 'The computer \\M1 joined the domain LAB successfully.'
}

for way in sshd sshd-kbdint su login pamtester; do
	gets_in warm "$way" alice
	if [[ $way == su || $way == login ]]; then check "$way: the KB's message, the steps, the outcome" shows "$(transcript)"; fi
done
check "after the repairs the channel is healthy" healthy

gets_in cold sshd alice
gets_in cold su alice
check "su, SSSD cold: SSSD is told" shows "$(transcript 'Telling service sssd ... told.')"
gets_in cold login carol # nobody has ever seen carol here: NSS doesn't know her, login asks PAM first
gets_in offline sshd-kbdint alice
gets_in offline pamtester alice
for way in sshd-kbdint pamtester; do gets_in cold "$way" alice; done
for way in sshd sshd-kbdint login pamtester su; do gets_in stopped "$way" alice; done
check "su, SSSD stopped: SSSD is started" shows "$(transcript 'Starting service sssd .... started.')"
gets_in gave-up login alice
# shellcheck disable=SC2016  # for the host's shell
check "login, no keytab: the keytab is as complete as it was" lab_run m1 sh -c '
	for name in "M1\$" host/M1 host/m1.lab.example RestrictedKrbHost/M1 RestrictedKrbHost/m1.lab.example; do
		klist -k | grep -q " $name@LAB.EXAMPLE" || exit
	done'
check "login, no keytab: nobody but root reads it" same "600 0:0" "$(lab_run m1 stat -c '%a %u:%g' /etc/krb5.keytab)"

# A virtual machine's snapshot: the host forgets three passwords, the spare key is older than they are.
lab_snapshot m1
lab_rotate m1 3
lab_revert m1
forget_verdict
kvno=$(lab_kvno m1)
logon sshd bob
check "reverted snapshot, three rotations lost: in with one prompt" admitted
check "reverted snapshot: one change of password" same $((kvno + 1)) "$(lab_kvno m1)"
check "reverted snapshot: healthy" healthy

# Once repaired, the next person doesn't notice anything.
logon su alice
check "the next logon: in" admitted
check "the next logon: no message" hides "The system cannot"
check "the next logon: nothing is changed" same $((kvno + 1)) "$(lab_kvno m1)"

# Monitoring asked just before: its verdict tells that nobody has tried to repair yet.
lab_reset_account m1
retrust_json verify
check "broken, and known to be" condition_is secret-mismatch
logon su alice
check "right after a verify: in with one prompt" admitted

for options in silent 'silent debug'; do
	module_options "$options"
	need "$options: broken" broken warm
	logon su alice
	check "$options: in with one prompt" admitted
	check "$options: the person reads nothing of it" same $'Password: \nLAB-SESSION-alice' "$seen"
done
check "debug: the log says what was decided" lab_run m1 sh -c \
	'journalctl --no-pager | grep -q "pam_retrust(su-l:auth): condition healthy, repaired 1, retry 1: returning 0"'

events=$(lab_run m1 retrust events --json)
check "the events tell of the mismatch" jq -e 'any(.events[]; .event == 3210)' <<<"$events"
check "the events tell of the repair by the spare key" jq -e 'any(.events[]; .condition == "healthy" and .rung == "spare")' <<<"$events"
finish
