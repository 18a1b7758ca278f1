#!/usr/bin/env bash
# What must not be repaired, and who must not notice retrust: nothing changes on the host or in the domain, no second bad try
# reaches the DC, the caller gets the code that it would have got without us, and no more than `timeout` is lost.
set -u
. "$(dirname "$0")/lib.sh"
e2e_begin

options='' limit=15 bad_tries=0
given() { :; } # puts SSSD into the state of the case; called before each logon

# stays CASE WAY USER PASSWORD [MESSAGE]: fails as it does without retrust, with MESSAGE beside it and nothing changed.
stays() {
	local what="$1, $2" way=$2 user=$3 password=$4 message=${5-} plain plain_took before bad
	lab_pam m1 plain && given
	logon "$way" "$user" "$password"
	plain=$seen plain_took=$took
	check "$what: fails without retrust" refused
	module_options "$options" && given && forget_verdict
	before=$(state_print) bad=$(lab_badpwdcount "$user")
	logon "$way" "$user" "$password"
	check "$what: fails with it" refused
	if [[ $message ]]; then
		check "$what: the message" shows "$message"
		seen=${seen/"$message"$'\n'/}
	fi
	check "$what: the caller's own failure" same "$plain" "$seen"
	check "$what: nothing is changed" same "$before" "$(state_print)"
	check "$what: no delay beyond the time-out" within $((plain_took + limit * 1000 + 1000))
	check "$what: no bad try but the person's own" same $((${bad:-0} + bad_tries)) "$(lab_badpwdcount "$user")"
}
no_helper() { check "$1: the helper isn't even asked" fails lab_run m1 test -e /run/retrust/health; }

# The person's fault, on a healthy channel and on a broken one
bad_tries=1
for way in su sshd; do
	stays "wrong password" "$way" alice wrong
	no_helper "wrong password, $way"
done
lab_reset_account m1
stays "wrong password, secret reset" pamtester alice wrong
bad_tries=0

# Local users, while the channel is broken
cold() { lab_sssd m1 cold; }
cold && forget_verdict
for way in su sshd; do
	logon "$way" local
	check "local user, $way: in" admitted
done
logon su local wrong
check "local user, su, wrong password: refused like any wrong password" same $'Password: \nsu: Authentication failure' "$seen"
no_helper "local user"

# Broken, and nobody decided that it may be repaired
given() { cold; }
words="$E2E_KB
An administrator has to repair this computer's account."
setting 'repair_at_logon = no'
stays "repair_at_logon = no" su alice Passw0rd-alice "$words"
check "repair_at_logon = no: an administrator may" lab_run m1 retrust repair
setting
lab_reset_account m1
lab_run m1 mv /var/lib/retrust/spare.keytab /root/
stays "spare key lost" su alice Passw0rd-alice "$words"
lab_run m1 mv /root/spare.keytab /var/lib/retrust/
lab_run m1 mv /var/lib/retrust /root/kept-state
stays "never enrolled" su alice Passw0rd-alice "$words"
lab_run m1 sh -c 'rm -r /var/lib/retrust && mv /root/kept-state /var/lib/retrust'
check "with its spare key back the host repairs itself" lab_run m1 retrust repair

# The account was switched off by somebody
disabled="$E2E_KB
The computer account is disabled; ask an administrator."
lab_disable_account m1
stays "disabled" su alice Passw0rd-alice "$disabled"
lab_reset_account m1
stays "disabled and reset" login alice Passw0rd-alice "$disabled"
retrust_json repair
check "disabled: not by an administrator's repair either" condition_is account-disabled
check "disabled: the account stays disabled" test $(($(lab_attr "M1$" userAccountControl) & 2)) = 2
lab_enable_account m1
check "enabled again: it repairs itself" lab_run m1 retrust repair
lab_expire_account m1
stays "expired" su alice Passw0rd-alice "$E2E_KB
The computer account has expired; ask an administrator."
# Error 24 doesn't tell that it has expired; the new password shows it, and then it must not be set again and again.
lab_reset_account m1
for try in first second; do
	cold && forget_verdict
	kvno=$(lab_kvno m1)
	logon pamtester alice
	check "expired and reset, $try logon: refused" refused
done
check "expired and reset: no change after the first" same "$kvno" "$(lab_kvno m1)"
retrust_json verify
check "expired and reset: told apart after the change" condition_is account-expired
lab_enable_account m1
check "no longer expired: it repairs itself" lab_run m1 retrust repair

# No DC. SSSD knows that it is offline: to find that out takes it 8 s, with and without us.
given() { lab_sssd m1 offline; }
options='timeout=1' limit=1
lab_sssd m1 warm
lab_blackhole m1
stays "black hole" su alice Passw0rd-alice
stays "black hole" sshd alice Passw0rd-alice
lab_unblackhole m1
lab_cut dc1
stays "DC down" pamtester alice Passw0rd-alice
lab_uncut dc1
lab_cut m1
stays "own link down" su alice Passw0rd-alice
lab_uncut m1
options='' limit=15

# sshd and a user whom the broken host can't resolve: what PAM gets is junk as long as the typed password.
ssh_says() { # USER PASSWORD METHOD: as a person's ssh, whose default shows what the server says
	run lab_run m1 sshpass -p "$2" ssh -F none -o LogLevel=INFO -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 -o PreferredAuthentications="$3" "$1@127.0.0.1" id -un
}
module_options ''
for case in "u041 Passw0rd-u keyboard-interactive" "dave Passw0rd-dave password"; do
	read -r user password method <<<"$case"
	lab_reset_account m1 && cold && forget_verdict
	kvno=$(lab_kvno m1) bad=$(lab_badpwdcount "$user")
	ssh_says "$user" "$password" "$method"
	check "unknown to sshd, $method: refused" fails admitted
	check "unknown to sshd, $method: repaired" same $((kvno + 1)) "$(lab_kvno m1)"
	check "unknown to sshd, $method: the junk isn't tried at the DC" same "${bad:-0}" "$(lab_badpwdcount "$user")"
	if [[ $method == keyboard-interactive ]]; then
		check "unknown to sshd: asked to connect again" shows "The secure channel was repaired. Please connect again."
	fi
	ssh_says "$user" "$password" "$method"
	check "unknown to sshd, $method: the next connection gets in" admitted
done

lab_sssd m1 warm
lab_delete_account m1
given() { cold; }
stays "deleted" su alice Passw0rd-alice "$E2E_KB
An administrator has to restore or create this computer's account."
retrust_json repair
check "deleted: no new account is made" same '' "$(lab_attr "M1$" cn)"
check "deleted: told" condition_is account-missing
finish
