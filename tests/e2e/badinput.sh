#!/usr/bin/env bash
# Bad input and a bad environment: a clear error that says what and where, nothing is lost, nobody waits longer than the time-out,
# and the host is healthy again when the cause is gone.
set -u
. "$(dirname "$0")/lib.sh"
e2e_begin

errs() { # EXIT TEXT ARGUMENT...: retrust ends with EXIT and says TEXT
	local status=$1 text=$2
	shift 2
	run lab_run m1 retrust "$@"
	check "retrust $*: exit $status" same "$status" "$code"
	check "retrust $*: says: $text" shows "$text"
}
broken() { lab_reset_account m1 && lab_sssd m1 cold && forget_verdict; }
# The logon ends in the caller's own way: no message that tells of a repair, no change.
refused_quietly() { # WHAT
	local before
	before=$(state_print)
	logon su alice
	check "$1: the logon is refused" same $'Password: \nsu: Authentication service cannot retrieve authentication info' "$seen"
	check "$1: nothing is changed" same "$before" "$(state_print)"
}
mended() { # WHAT [KVNO]: the cause is gone; KVNO: what the domain must have then
	forget_verdict
	logon su alice
	check "$1 is gone: the logon repairs the host" admitted
	check "$1 is gone: healthy" healthy
	if (($# > 1)); then check "$1 is gone: changed once in all" same "$2" "$(lab_kvno m1)"; fi
}

# The command line
errs 64 "no verb"
errs 64 "unknown verb 'mend'" mend
errs 64 "unknown or ambiguous option '--force'" repair --force
errs 64 "--timeout '0'" verify --timeout 0
errs 64 "doesn't belong to verify" verify --plan
errs 64 "password on the command line" repair -U Administrator%Secr3t-on-argv
check "a password on the command line is not repeated" hides Secr3t
as_local() { run lab_run m1 setpriv --reuid=local --regid=local --init-groups retrust "$@"; }
for arguments in verify repair 'enroll -U alice'; do
	read -ra words <<<"$arguments"
	as_local "${words[@]}"
	check "not root, $arguments: 77" same 77 "$code"
	check "not root, $arguments: says what to do" shows sudo
done
as_local status
check "not root, status: without a verdict it can't tell" same 2 "$code"

# The settings
broken
setting '# a comment' 'repair_on_logon = yes'
errs 78 "/etc/retrust.conf:2: unknown key 'repair_on_logon'" repair
refused_quietly "unknown key"
setting 'verdict_seconds = soon'
errs 78 "/etc/retrust.conf:1: verdict_seconds must be a number" verify
setting 'repair_at_logon = yes'
lab_run m1 chmod 666 /etc/retrust.conf
errs 78 "/etc/retrust.conf: must belong to root" verify
setting
mended "the bad setting"

# The helper
broken
helper=/usr/libexec/retrust/retrust-helper
lab_run m1 mv "$helper" /root/helper
errs 70 "$helper" verify
refused_quietly "no helper"
lab_run m1 cp /root/helper "$helper" && lab_run m1 chmod 777 "$helper"
errs 70 "$helper" verify
refused_quietly "a helper that others may write"
# cat takes the request and never answers.
lab_run m1 cp /usr/bin/cat "$helper" && lab_run m1 chmod 755 "$helper"
module_options timeout=2
refused_quietly "hung helper"
check "hung helper: no longer than the time-out" within 3000
check "hung helper: no sooner" fails within 1900
errs 2 "no result within 1 s" verify --timeout 1
check "hung helper: the command gives up as well" within 4000
check "the log says why" lab_run m1 sh -c 'journalctl --no-pager | grep -q "pam_retrust(su-l:auth): no result from the helper within 2 s"'
lab_run m1 cp /root/helper "$helper"
module_options ''
mended "the bad helper"
logon su alice
lab_run m1 cp /usr/bin/cat "$helper" && forget_verdict
logon su alice
check "a hung helper and a healthy host: in" admitted
check "a hung helper and a healthy host: no delay" within 1500
lab_run m1 cp /root/helper "$helper"

# The files of its own
for file in /run/retrust/health /var/lib/retrust/journal /var/lib/retrust/keytab.previous; do
	broken
	lab_run m1 sh -c "echo junk >$file"
	mended "junk in $file"
done
broken
lab_run m1 sh -c 'cd /var/lib/retrust && cp spare.keytab /root/ && echo junk >spare.keytab'
retrust_json repair
check "junk in the spare key: not repaired" condition_is secret-mismatch
check "junk in the spare key: the file is named" shows /var/lib/retrust/spare.keytab
lab_run m1 cp /root/spare.keytab /var/lib/retrust/
lab_run m1 sh -c 'cd /var/lib/retrust && cp identity.json /root/ && echo junk >identity.json'
retrust_json repair
check "junk in the memory: not repaired" condition_is secret-mismatch
check "junk in the memory: the file is named" shows /var/lib/retrust/identity.json
lab_run m1 cp /root/identity.json /var/lib/retrust/
mended "junk in its files"

# A disk that is full, or read-only: small file systems of their own in the place of the state and of the keytab
# shellcheck disable=SC2016  # for the host's shell
small() {
	lab_run m1 sh -c 'mv "$1" /root/kept && mkdir -m 700 "$1" && mount -t tmpfs -o size=64k,mode=700 small "$1" &&
		cp -a /root/kept/. "$1"' sh "$1"
}
fill() { lab_run m1 sh -c "dd if=/dev/zero of=$1/fill bs=1k 2>/dev/null; test -s $1/fill"; }
broken
need "a small /var/lib/retrust" small /var/lib/retrust
fill /var/lib/retrust
kvno=$(lab_kvno m1)
before=$(keytab_print)
errs 70 "/var/lib/retrust/journal" repair
logon su alice
check "no room for the journal: refused" refused
check "no room for the journal: the domain isn't changed" same "$kvno" "$(lab_kvno m1)"
check "no room for the journal: the keytab neither" same "$before" "$(keytab_print)"
lab_run m1 rm /var/lib/retrust/fill
mended "the full disk" $((kvno + 1))
check "no room for the journal: the spare key is still there" lab_run m1 test -s /var/lib/retrust/spare.keytab
lab_run m1 sh -c 'umount /var/lib/retrust && rmdir /var/lib/retrust && mv /root/kept /var/lib/retrust'
lab_run m1 retrust repair --quiet >/dev/null

lab_run m1 sh -c 'mkdir -p /srv/keytab && mv /etc/krb5.keytab /srv/keytab/ && ln -s /srv/keytab/krb5.keytab /etc/krb5.keytab'
need "a small folder for the keytab" small /srv/keytab
for cause in full read-only; do
	broken
	if [[ $cause == full ]]; then fill /srv/keytab; else lab_run m1 mount -o remount,ro /srv/keytab; fi
	kvno=$(lab_kvno m1)
	before=$(keytab_print)
	for try in 1 2; do # the second finds what the first has kept
		errs 70 "/srv/keytab/krb5.keytab" repair
		check "keytab on a $cause disk, $try: it stays" same "$before" "$(keytab_print)"
	done
	logon su alice
	check "keytab on a $cause disk: refused" refused
	lab_run m1 sh -c 'mount -o remount,rw /srv/keytab && rm -f /srv/keytab/fill'
	mended "the $cause disk" $((kvno + 1))
done
finish
