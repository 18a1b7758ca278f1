#!/usr/bin/env bash
# Users stay known: a thousand users and two hundred groups of the domain, compared field by field before and after the channel
# broke; who is remembered and who isn't, for how long, and that nobody is who was deleted.
set -u
. "$(dirname "$0")/lib.sh"
identities=/var/cache/retrust/identities

# p0001 … p1000, each in one of ten crowds of a hundred and in some of the groups g001 … g190. Nobody is in inner and outer but
# through crowd0, a group in a group in a group.
crowd_ldif() {
	local n k
	for ((n = 1; n <= 1000; n++)); do
		printf 'dn: CN=p%04d,CN=Users,%s\nobjectClass: user\nsAMAccountName: p%04d\nuserAccountControl: 544\ndisplayName: Person %d\n\n' \
			"$n" "$LAB_BASE" "$n" "$n"
	done
	lab_user_ldif games "$(lab_unicode_pwd Passw0rd-games)"
	for ((n = 1; n <= 190; n++)); do
		printf 'dn: CN=g%03d,CN=Users,%s\nobjectClass: group\nsAMAccountName: g%03d\n' "$n" "$LAB_BASE" "$n"
		for ((k = 0; k < 5 + n % 10; k++)); do
			printf 'member: CN=p%04d,CN=Users,%s\n' $(((n * 37 + k * 101) % 1000 + 1)) "$LAB_BASE"
		done
		echo
	done
	for ((n = 0; n < 10; n++)); do
		printf 'dn: CN=crowd%d,CN=Users,%s\nobjectClass: group\nsAMAccountName: crowd%d\n' "$n" "$LAB_BASE" "$n"
		printf "member: CN=p%04d,CN=Users,$LAB_BASE\n" $(seq $((n * 100 + 1)) $((n * 100 + 100)))
		echo
	done
	printf '%s\n' "dn: CN=inner,CN=Users,$LAB_BASE" "objectClass: group" "sAMAccountName: inner" "member: CN=crowd0,CN=Users,$LAB_BASE" ""
	printf '%s\n' "dn: CN=outer,CN=Users,$LAB_BASE" "objectClass: group" "sAMAccountName: outer" "member: CN=inner,CN=Users,$LAB_BASE" ""
	printf '%s\n' "dn: CN=mixed,CN=Users,$LAB_BASE" "objectClass: group" "sAMAccountName: mixed" \
		"member: CN="{p0005,u001,games}",CN=Users,$LAB_BASE"
}
users=$(printf 'p%04d ' {1..1000})
groups=$(printf 'g%03d ' {1..190})$(printf 'crowd%d ' {0..9})"inner outer domain\ users"
some=$(printf 'p%04d ' {7..1000..45})

# The record of the layout in identities.h, read without the project's code: "user NAME UID GID" and "group NAME GID" a line.
remembered() {
	lab_run m1 cat $identities | python3 -c '
import struct, sys
raw = sys.stdin.buffer.read()
data = b"".join(raw[i:i + 1024] for i in range(0, len(raw), 1032))
for kind, table in (("user", 0), ("group", 2)):
	chunk, slots = struct.unpack_from("=II", data, 40 + table * 16)
	for i in range(slots):
		_, at = struct.unpack_from("=II", data, chunk * 1024 + i * 8)
		if at:
			uid, gid, _, groups, text, _ = struct.unpack_from("=6I", data, at * 8)
			begin = at * 8 + 24 + (groups * 4 if kind == "user" else 0)
			name = data[begin:begin + text].split(b"\0")[0].decode()
			print(kind, name, uid, *([gid] if kind == "user" else []))'
}
is_remembered() { grep -q "^user $1 " <<<"$(remembered)"; }
counts() { same "$1" "$(remembered | grep -c "^$2 ")"; } # NUMBER user|group

# What people and programs see. Members of a group and groups of a user come in any order: sorted. Of the primary group SSSD
# shows those members whom it has in its cache just then.
passwd_of() { lab_run m1 sh -c "getent passwd $1" | sort; }
groups_seen() {
	lab_run m1 sh -c "getent group $groups" |
		perl -ne 'chomp; ($head, $members) = /(.*:)(.*)/; $members = "" if /^domain users:/;
			print $head, join(",", sort split(/,/, $members)), "\n"' | sort
}
ids_seen() {
	lab_run m1 sh -c "for u in $some; do id \$u; done" |
		perl -ne 'chomp; ($head, $list) = /(.* groups=)(.*)/; print $head, join(",", sort split(/,/, $list)), "\n"'
}
files_seen() { lab_run m1 ls -l /srv/known; }
look() { # FOLDER: all of it, into files
	mkdir -p "$work/$1"
	passwd_of "$users" >"$work/$1/passwd"
	groups_seen >"$work/$1/group"
	ids_seen >"$work/$1/id"
	files_seen >"$work/$1/ls"
}
as_healthy() { # WHAT
	local database
	look now
	for database in passwd group id ls; do
		check "$1: $database as on the healthy host" diff "$work/healthy/$database" "$work/now/$database"
	done
}

e2e_begin
work=$LAB_DIR/known
lab_ldb dc1 ldbadd < <(crowd_ldif) >/dev/null || e2e_bail "a thousand users"
lab_run m1 sed -i 's/^\(passwd\|group\): files sss/& retrust/' /etc/nsswitch.conf
lab_run m1 sh -c 'echo u001:x:5001:5001::/:/bin/sh >>/etc/passwd' # a local user whom the domain knows too
lab_run m1 touch /var/log/wtmp # sshd writes a line for each logon, where there is such a file

# Healthy: remember them. SSSD is warmed before, because that costs it half a minute.
lab_run m1 sh -c "getent group $groups >/dev/null; getent initgroups $users >/dev/null"
for n in {0..9}; do need "remember --group crowd$n" lab_run m1 retrust remember --group "crowd$n"; done
check "remember --group: a thousand users" counts 1000 user
check "remember --group: their two hundred groups, the primary one, those around them, and one more that somebody is in" counts 204 group
check "root owns the file, everybody reads it" same "644 0:0" "$(lab_run m1 stat -c '%a %u:%g' $identities)"
check "no local or system user, no low id" fails grep -qE '^user (root|games|local|u001|alice) | [0-9]{1,3}( |$)' <<<"$(remembered)"
check "remember --group mixed" lab_run m1 retrust remember --group mixed
check "a member who is a local user too isn't remembered" fails is_remembered u001
check "a member who is a system user too isn't remembered" fails is_remembered games
run lab_run m1 retrust remember --group no-such-group
check "remember of an unknown group: refused" test "$code" != 0
run lab_run m1 setpriv --reuid=local --regid=local --init-groups retrust remember
check "remember, not as root: 77" same 77 "$code"

# Ids that the administrator calls the system's
check "remember --group 'domain admins'" lab_run m1 retrust remember --group 'domain admins'
check "an id above least_id is kept" is_remembered administrator
setting "least_id = $(lab_run m1 id -g p0001)" 'remember_for = 1'
check "remember with a greater least_id" lab_run m1 retrust remember --group crowd0
check "an id below least_id is dropped" fails is_remembered administrator
check "the ids above it stay" counts 1000 user

# The live source's no is a no, as long as the channel is healthy.
lab_ldb dc1 ldbdel "CN=p0999,CN=Users,$LAB_BASE" >/dev/null
lab_run m1 sss_cache -u p0999 -g crowd9
healthy >/dev/null
check "deleted in the domain: still in the file" is_remembered p0999
check "deleted in the domain: not resurrected" fails lab_run m1 getent passwd p0999
run lab_run m1 strace -f -e trace=openat,connect getent passwd nobody-has-this-name
check "unknown: not found" same 2 "$code"
check "unknown: the verdict was read" shows /run/retrust/health
check "unknown: the identities weren't" hides $identities
check "unknown: the helper wasn't asked" hides helper.sock
check "remember, everybody again" lab_run m1 retrust remember
check "deleted in the domain: dropped" fails is_remembered p0999
check "the others are kept" counts 999 user

# Logons remember.
logon sshd carol
check "carol logs on" admitted
knows_carol() { is_remembered carol; }
check "soon after, carol is remembered" lab_wait 5 "carol" "$identities" knows_carol
lab_pam m1 plain
logon sshd bob
lab_pam m1 retrust
check "bob logs on without the session line" admitted
check "bob isn't remembered by that" fails is_remembered bob
check "remember --all-seen" lab_run m1 retrust remember --all-seen
check "remember --all-seen: bob" is_remembered bob
check "remember --all-seen: not dave, who was never here" fails is_remembered dave

users=${users/p0999 /}
# shellcheck disable=SC2016,SC2086
lab_run m1 sh -c 'mkdir -p /srv/known; for u; do echo >/srv/known/of-$u; chown $u:crowd0 /srv/known/of-$u; done' sh $some
look healthy
need "the healthy host knew them all" same "999 203 23 24" "$(wc -l <"$work/healthy/passwd") $(wc -l <"$work/healthy/group") \
$(wc -l <"$work/healthy/id") $(wc -l <"$work/healthy/ls")"
need "the healthy host showed names" fails grep -qE '^-\S+ +1 +[0-9]' "$work/healthy/ls"
need "the healthy host knew who is in a group through two others" grep -q '^uid=[0-9]*(p0007).*(outer)' "$work/healthy/id"
need "the healthy host knew the groups' members" grep -q '^crowd3:.*:p0301,p0302,' "$work/healthy/group"

# No live source, although the last verdict says healthy: nobody is forgotten for that.
forgets_nobody() { # WHAT
	local before
	before=$(remembered | sort)
	lab_run m1 cp -a $identities /root/identities
	run lab_run m1 sh -c 'rm -f /var/lib/sss/mc/*; retrust remember'
	check "$1: remember forgets nobody" same "$(wc -l <<<"$before") entries" "$(remembered | wc -l) entries"
	lab_run m1 cp -a /root/identities $identities
}
healthy >/dev/null && lab_sssd m1 stop
forgets_nobody "SSSD stopped"
healthy >/dev/null && lab_sssd m1 cold-cache && lab_sssd m1 offline && sleep 0.3
forgets_nobody "SSSD offline, its cache empty"

# Broken, and it stays so.
lab_run m1 mv /var/lib/retrust/spare.keytab /root/
lab_reset_account m1
retrust_json verify
need "broken, and known to be" condition_is secret-mismatch
lab_sssd m1 cold-cache
need "SSSD alone knows nobody" fails lab_run m1 getent -s sss passwd p0001
as_healthy "broken, SSSD's cache empty"
uid=$(sed -n 's/^p0042:[^:]*:\([0-9]*\):.*/\1/p' "$work/healthy/passwd")
check "broken: by uid" same "$(grep ^p0042: "$work/healthy/passwd")" "$(lab_run m1 getent passwd "$uid")"
check "broken: carol, by her session line" lab_run m1 getent passwd carol
check "broken: a stranger stays one" fails lab_run m1 getent passwd dave
in_hours() { lab_run m1 env FAKETIME_DONT_FAKE_MONOTONIC=1 faketime "+$1 hours" getent passwd p0500; }
check "remember_for = 1: known after 23 hours" in_hours 23
check "remember_for = 1: not after 25" fails in_hours 25
lab_sssd m1 stop
as_healthy "broken, SSSD stopped"
before=$(lab_run m1 sha256sum $identities)
run lab_run m1 retrust remember --all-seen
check "broken: remember is refused" same 3 "$code"
check "broken: remember changes nothing" same "$before" "$(lab_run m1 sha256sum $identities)"
finish
