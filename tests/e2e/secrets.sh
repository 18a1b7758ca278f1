#!/usr/bin/env bash
# A host as Samba joins it by default: secrets.tdb is its only store, winbindd its only identity service, there is no keytab and none
# is made. Each break is named and repaired, also when the file itself is gone; logons are winbind's.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/stores.inc"
tdb=/var/lib/samba/private/secrets.tdb

e2e_lab
lab_dc dc1 &
dc=$!
lab_member m1 --secrets-only
joined=$?
{ wait "$dc" && ((joined == 0)) && lab_install m1; } || e2e_bail "a domain, and a member with secrets.tdb alone"

no_keytab() { lab_run m1 test ! -e /etc/krb5.keytab; }
stores_are() { same "$1" "$(jq -r '[.stores[] | "\(.name) \(.verdict)"] | join(" ")' <<<"$json")"; }
logs_on() { person_gets_in lab-winbind; }
say() { # WHAT CONDITION EXIT VERDICT
	retrust_json verify
	check "$1: told as $2" condition_is "$2"
	check "$1: the store is told" stores_are "secrets.tdb $4"
	check "$1: exit $3" same "$3" "$code"
}
heal() { # WHAT RUNG
	retrust_json repair
	check "$1: healed" condition_is healthy
	check "$1: by $2" same "$2 done" "$(rung)"
	check "$1: winbindd's channel" lab_run m1 wbinfo -t
	check "$1: a logon" logs_on
	check "$1: no keytab is made" no_keytab
}
edit_tdb() { # COMMAND...: of tdbtool, one a line
	printf '%s\n' "$@" | lab_run m1 tdbtool "$tdb" >/dev/null
}

say "as joined" healthy 0 right
check "as joined: the names are smb.conf's" same "LAB LAB.EXAMPLE M1\$" "$(field '"\(.domain) \(.realm) \(.account)"')"
check "as joined: no keytab is made" no_keytab

lab_run m1 retrust rotate --quiet # the password of the join has letters that tdbdump would escape
retrust_json rotate
check "rotated" same 3 "$(lab_kvno m1)"
check "rotated: winbindd's channel" lab_run m1 wbinfo -t
check "rotated: a logon" logs_on
check "rotated: no keytab is made" no_keytab

# What Samba kept of before: the domain was put back to it (an administrator's restore of the DC does that).
previous=$(password_of_tdb MACHINE_PASSWORD.PREV)
lab_modify 'M1$' "replace: unicodePwd" "unicodePwd:: $(lab_unicode_pwd "$previous")"
say "the password before" secret-previous 1 previous
heal "the password before" previous

lab_reset_account m1
say "reset" secret-mismatch 1 wrong
retrust_json repair
check "reset, without a spare key: refused" same 3 "$code"
check "reset, without a spare key: what to do is told" shows "retrust enroll"
admin_json repair --accept-dc "$(fingerprint dc1)"
check "reset: an administrator's password repairs it" condition_is healthy
check "reset: a logon" logs_on

need "enrolled" enroll
lab_reset_account m1
say "reset, enrolled" secret-mismatch 1 wrong
heal "reset, enrolled" spare

lab_run m1 net primarytrust dumpinfo >/dev/null # Samba makes its own record of what was written
say "with Samba's own record" healthy 0 right
edit_tdb "delete SECRETS/MACHINE_PASSWORD/LAB" "delete SECRETS/MACHINE_PASSWORD.PREV/LAB" "delete SECRETS/MACHINE_DOMAIN_INFO/LAB"
say "no password in it" samba-secret-missing 1 missing
heal "no password in it" spare

lab_run_in m1 <<-E
	kill \$(pgrep -o -x winbindd)
	while pgrep -x winbindd >/dev/null; do sleep 0.05; done
	rm $tdb
E
say "the file is gone" samba-secret-missing 1 missing
retrust_json repair
check "the file is gone: healed" condition_is healthy
check "the file is gone: root's alone" same "600 root" "$(lab_run m1 stat -c '%a %U' "$tdb")"
lab_run m1 pgrep -x winbindd >/dev/null || lab_daemon m1 winbindd2 winbindd -F --no-process-group -l /var/log/samba
lab_wait 10 "winbindd on m1" "/var/log/winbindd2.out in m1" lab_run m1 wbinfo -t
check "the file is gone: winbindd starts, its channel is good" lab_run m1 wbinfo -t
check "the file is gone: a logon" logs_on

lab_delete_account m1
say "deleted" account-missing 1 unknown
finish
