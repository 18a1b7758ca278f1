#!/usr/bin/env bash
# A host whose keytab and secrets.tdb are out of step, in each of the ways that common tools bring it about: the state is named, and
# the store that works heals the other. There is no spare key, so that nothing else can help. Then what a change of secret does
# when its answer is lost, a disk is full or a store is damaged.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/stores.inc"
two_stores

kerberos_method() { lab_run m1 sed -i "s/\(kerberos method\) = .*/\1 = $1/" /etc/samba/smb.conf; }
retrust_json rotate # the names that a keytab of ours has
names=$(names_of_keytab)
whole "as joined, and rotated" 2

# Tools that write one store
kvno=$(lab_kvno m1)
lab_run m1 adcli update --domain="$LAB_DOMAIN" --computer-password-lifetime=0 >/dev/null
need "adcli update changes the password" same $((kvno + 1)) "$(lab_kvno m1)"
says "adcli update" stores-disagree 1 "right wrong"
heals "adcli update" resync 1

kerberos_method "secrets only"
lab_run m1 smbcontrol winbindd reload-config
lab_run m1 wbinfo -c >/dev/null
says "wbinfo -c" stores-disagree 1 "wrong right"
heals "wbinfo -c" resync 0

lab_run m1 net ads changetrustpw >/dev/null
says "net ads changetrustpw" stores-disagree 1 "wrong right"
lab_pam m1 retrust && lab_sssd m1 cold && forget_verdict
kvno=$(lab_kvno m1)
logon su alice
check "net ads changetrustpw: a logon heals it and gets in" admitted
whole "net ads changetrustpw, by a logon" "$kvno"
lab_pam m1 plain

# A rotation of Samba's that was interrupted: secrets.tdb has the next password, the keytab neither
samba_pending() { # told|untold
	local sync=5
	if [[ $1 == untold ]]; then sync=4; fi
	lab_run m1 strace -qq -o /dev/null -e trace=fdatasync -e "inject=fdatasync:signal=KILL:when=$sync" net ads changetrustpw
} >/dev/null 2>&1
kvno=$(lab_kvno m1)
samba_pending told
need "an interrupted rotation, the DC told" same $((kvno + 1)) "$(lab_kvno m1)"
says "interrupted, told" secret-pending 1 "wrong pending"
heals "interrupted, told" pending 0
check "interrupted, told: no next_change is left" fails has_next_change

samba_pending untold
need "an interrupted rotation, the DC not told" same $((kvno + 1)) "$(lab_kvno m1)"
need "an interrupted rotation leaves next_change" has_next_change
says "interrupted, untold" healthy 0 "right right"
retrust_json repair
check "interrupted, untold: nothing to repair" condition_is healthy
whole "interrupted, untold" $((kvno + 1))
retrust_json rotate
whole "interrupted, untold: rotated" $((kvno + 2))
check "interrupted, untold: Samba's own rotation works again" lab_run m1 net ads changetrustpw
kerberos_method "secrets and keytab"
need "Samba's change is repaired" lab_run m1 retrust repair

# The keytab is gone; Samba's copy makes a new one.
lab_run m1 rm /etc/krb5.keytab
says "no keytab" keytab-missing 1 "missing right"
heals "no keytab" resync 0

# Samba's copy has no machine password, as after `adcli join --add-samba-data` on a host that Samba never joined.
lab_run_in m1 <<-'E'
	kill "$(pgrep -o -x winbindd)"
	while pgrep -x winbindd >/dev/null; do sleep 0.05; done
	rm -r /etc/krb5.keytab /var/lib/samba/private/*.tdb /var/lib/retrust
E
printf %s "$LAB_ADMIN_PASSWORD" | lab_run m1 adcli join --add-samba-data --domain="$LAB_DOMAIN" --domain-controller="dc1.$LAB_DOMAIN" \
	--host-fqdn="m1.$LAB_DOMAIN" --login-user=Administrator --stdin-password >/dev/null 2>&1
need "adcli writes no machine password" same '' "$(password_of_tdb MACHINE_PASSWORD)"
names=$(names_of_keytab)
says "adcli join --add-samba-data" samba-secret-missing 1 "right missing"
kvno=$(($(lab_kvno m1) + 1))
retrust_json repair
check "adcli join --add-samba-data: healed" condition_is healthy
check "adcli join --add-samba-data: by resync" same "resync done" "$(rung)"
check "adcli join --add-samba-data: both stores are right" same "right right" "$(verdicts)"
lab_daemon m1 winbindd winbindd -F --no-process-group -l /var/log/samba
need "winbindd starts on it" lab_wait 10 winbindd /var/log/winbindd.out lab_run m1 wbinfo -t
whole "adcli join --add-samba-data" "$kvno"

# The domain takes an older password: Samba's copy knows it, the keytab may.
previous_again() {
	lab_modify "M1$" "replace: unicodePwd" "unicodePwd:: $(lab_unicode_pwd "$(password_of_tdb MACHINE_PASSWORD.PREV)")"
}
need "two rotations" eval 'lab_run m1 retrust rotate --quiet && lab_run m1 retrust rotate --quiet'
previous_again
says "the domain went back" secret-previous 1 "previous previous"
heals "the domain went back" previous 0
need "two rotations" eval 'lab_run m1 retrust rotate --quiet && lab_run m1 retrust rotate --quiet'
previous_again
keytab_lines | grep "^$(newest_kvno) " | keytab_from_lines
says "the domain went back, the keytab doesn't know" secret-previous 1 "wrong previous"
heals "the domain went back, the keytab doesn't know" previous 0

# An administrator's reset: nothing here works any more.
lab_reset_account m1
says "both stale" secret-mismatch 1 "wrong wrong"
tdb_print() { lab_run m1 tdbdump /var/lib/samba/private/secrets.tdb | sha256sum; }
before=$(state_print && tdb_print)
retrust_json repair
check "both stale, no spare key: refused" same 3 "$code"
check "both stale, no spare key: nothing is changed" same "$before" "$(state_print && tdb_print)"
admin_json repair --accept-dc "$(fingerprint dc1)"
check "both stale: an administrator heals both" same "right right" "$(verdicts)"
whole "both stale: an administrator heals both" "$(lab_kvno m1)"

need "enrolled" enroll
lab_reset_account m1
says "both stale, with a spare key" secret-mismatch 1 "wrong wrong"
heals "both stale, with a spare key" spare 1
lab_run m1 rm -r /var/lib/retrust # no spare key from here on

# The answer to the change is lost: the DC counts, and nobody tells.
number=$(nth recvfrom ':464[]]')
kvno=$(lab_kvno m1)
traced recvfrom "error=ECONNRESET:when=$number" rotate
need "the answer is cut off" injected
retrust_json repair
check "answer lost: healthy after the next repair" condition_is healthy
whole "answer lost" $((kvno + 1))
check "answer lost: no journal is left" fails lab_run m1 test -e /var/lib/retrust/journal

# fails_at FILE WHAT CURE: a rotation is refused and names the file; nothing is lost, and all is well without the cause
fails_at() {
	local what=$2 before
	before=$(lab_kvno m1)
	retrust_json rotate
	check "$what: rotate says no" test "$code" != 0
	check "$what: the file is named" reason_names "$1"
	lab_run m1 sh -c "$3"
	retrust_json repair
	check "$what, and then not: healthy" condition_is healthy
	check "$what, and then not: at most one change" test $(($(lab_kvno m1) - before)) -le 1
	whole "$what, and then not" "$(lab_kvno m1)"
	check "$what, and then not: no journal is left" fails lab_run m1 test -e /var/lib/retrust/journal
}
full='dd if=/dev/zero bs=4k of=filler; true'
lab_run m1 sh -c "mkdir /root/state && cp -a /var/lib/retrust/. /root/state/ && mount -t tmpfs -o size=64k,mode=700 full /var/lib/retrust &&
	cp -a /root/state/. /var/lib/retrust/ && cd /var/lib/retrust && $full" 2>/dev/null
kvno=$(lab_kvno m1)
fails_at /var/lib/retrust "full disk under the journal" 'umount /var/lib/retrust'
check "full disk under the journal: the DC wasn't told" same "$kvno" "$(lab_kvno m1)"
lab_run m1 sh -c "mkdir /etc/keys && mount -t tmpfs -o size=64k,mode=755 full /etc/keys && mv /etc/krb5.keytab /etc/keys/ &&
	ln -s keys/krb5.keytab /etc/krb5.keytab && cd /etc/keys && $full" 2>/dev/null
fails_at krb5.keytab "full disk under the keytab" 'rm /etc/keys/filler'
check "the keytab is a link still" lab_run m1 test -L /etc/krb5.keytab
lab_run m1 sh -c 'mv /etc/keys/krb5.keytab /etc/krb5.keytab && umount /etc/keys && mount --bind /etc /etc && mount -o remount,bind,ro /etc'
fails_at krb5.keytab "read-only /etc" 'umount /etc'
private=/var/lib/samba/private
lab_run m1 sh -c "mount --bind $private $private && mount -o remount,bind,ro $private"
fails_at secrets.tdb "read-only secrets.tdb" "umount $private"

# A store or the journal is damaged: told, left alone, and the rest works on.
tdb=$private/secrets.tdb
for damage in 'echo junk' 'head -c 1000 /root/good'; do
	lab_run m1 sh -c "cp -a $tdb /root/good && $damage >$tdb"
	before=$(lab_kvno m1 && lab_run m1 sha256sum $tdb)
	says "secrets.tdb damaged ($damage)" samba-secret-missing 1 "right unreadable"
	check "secrets.tdb damaged ($damage): the file is named" reason_names $tdb
	retrust_json repair
	check "secrets.tdb damaged ($damage): refused" same 3 "$code"
	check "secrets.tdb damaged ($damage): left alone" same "$before" "$(lab_kvno m1 && lab_run m1 sha256sum $tdb)"
	check "secrets.tdb damaged ($damage): SSSD's logons go on" person_gets_in lab-sss
	lab_run m1 sh -c "cat /root/good >$tdb"
	check "secrets.tdb is back: healthy" healthy
done

lab_run m1 sh -c 'cp -a /etc/krb5.keytab /root/good && echo junk >/etc/krb5.keytab'
before=$(state_print && tdb_print)
says "keytab damaged" keytab-unreadable 1 "unreadable not-tried"
retrust_json repair
check "keytab damaged: refused" same 3 "$code"
check "keytab damaged: the file is named" shows /etc/krb5.keytab
check "keytab damaged: nothing is changed" same "$before" "$(state_print && tdb_print)"
lab_run m1 rm /etc/krb5.keytab
names=$(lab_run m1 klist -k /root/good | awk '/@/ { print $2 }' | sort -u)
heals "keytab damaged, and moved away" resync 0

printf 'junk' | lab_run m1 sh -c 'cat >/var/lib/retrust/journal'
says "journal damaged" healthy 0 "right right"
check "journal damaged: the file is named" reason_names /var/lib/retrust/journal
kerberos_method "secrets only"
lab_run m1 net ads changetrustpw >/dev/null # one more thing to mend
retrust_json repair
whole "journal damaged: the host is mended all the same" "$(lab_kvno m1)"
lab_run m1 rm -f /var/lib/retrust/journal
retrust_json rotate
check "journal damaged, and removed: rotates" same 0 "$code"
whole "journal damaged, and removed" "$(lab_kvno m1)"
finish
