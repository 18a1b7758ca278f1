#!/usr/bin/env bash
# A member of an NT4-style domain, the world of KB Q175024: a classic PDC, `security = domain`, winbindd, secrets.tdb. Verified over
# Netlogon by a named pipe; a deleted account and a wrong password told apart; repaired from what the host still has, or with an
# administrator's password; the logon goes on.
set -u
. "$(dirname "$0")/lib.sh"
tdb=/var/lib/samba/private/secrets.tdb

e2e_lab
{ lab_nt4_up pdc1 m1 && lab_install m1 && lab_nt4_pam m1 retrust; } || e2e_bail "an NT4-style domain, and a member with retrust installed"
lab_pdc rogue --rogue &
rogue=$!
# Whoever asks DNS for a DC, as in a realm, is heard.
lab_run pdc1 ip addr add 10.77.0.10/24 dev eth0
lab_daemon pdc1 dns socat -u UDP-RECV:53 OPEN:/root/asked,creat,append

as_root() { retrust_json repair -U root --password-stdin < <(echo "${1-$LAB_ADMIN_PASSWORD}"); }
rung() { jq -r '.rungs[-1] | "\(.name) \(.result)"' <<<"$json"; }
verdict() { jq -r '[.stores[] | "\(.name) \(.verdict)"] | join(" ")' <<<"$json"; }
secrets() { lab_run m1 sha256sum "$tdb"; }
trust() { lab_run m1 wbinfo -t; }
recorded() { # EVENT: the last one of retrust
	same "$1" "$(lab_run m1 journalctl -q -o json --output-fields=RETRUST_EVENT RETRUST_EVENT="$1" -n 1 | jq -r .RETRUST_EVENT)"
}
log_on() { # WHAT: a shell, and a logon without one
	logon su alice
	check "$1: su gets in" admitted
	logon pamtester bob
	check "$1: a logon gets in" admitted
}
says() { # WHAT CONDITION NTSTATUS VERDICT
	retrust_json verify
	check "$1: told as $2" condition_is "$2"
	check "$1: the NTSTATUS is $3" same "$3" "$(field .ntstatus)"
	check "$1: the store is told" same "secrets.tdb $4" "$(verdict)"
}
heals() { # WHAT RUNG
	check "$1: healed" condition_is healthy
	check "$1: by $2" same "$2 done" "$(rung)"
	check "$1: winbindd's channel" trust
}
# The key of the one Netlogon session that the PDC keeps for m1: each authentication makes another.
session() {
	lab_nt4_pdc tdbdump /var/lib/samba/private/schannel_store.tdb | perl -ne '/^key.*"SECRETS\/SCHANNEL\/M1\\00"/i && ($mine = 1);
		next unless $mine && /^data.*?"(.*)"/;
		($data = $1) =~ s/\\([0-9A-F]{2})/chr hex $1/ge;
		print unpack("H*", substr($data, 4, 16)), "\n"; last'
}
password_of() { # KEY: of secrets.tdb, without its NUL
	lab_run m1 tdbdump -k "SECRETS/$1/$LAB_NT4_DOMAIN" "$tdb" | sed 's/\\00$//'
}

# Healthy
retrust_json verify
check "healthy: told" condition_is healthy
check "healthy: no realm, no Kerberos, Netlogon's word" same "null null null 0x00000000" \
	"$(jq -r '"\(.realm) \(.kerberos) \(.dcs[0].kerberos) \(.dcs[0].netlogon)"' <<<"$json")"
check "healthy: the names" same "NT4LAB M1\$ PDC1" "$(field '"\(.domain) \(.account) \(.dc)"')"
check "healthy: secrets.tdb is the only store" same "secrets.tdb right" "$(verdict)"
for _ in 1 2 3 4; do need "healthy: verified again" healthy; done
check "healthy: five verifications leave winbindd its channel" trust
log_on "after five verifications"
check "after five verifications: no bad password is counted" same 0 "$(lab_nt4_badpwdcount alice)"
logon su alice wrong
check "a wrong password: refused" refused
check "a wrong password: it is not the channel's fault" hides "computer account"
check "a wrong password: the PDC saw it once" same 1 "$(lab_nt4_badpwdcount alice)"

# A look that nobody asked for lets winbindd's session be: by a logon, and by the hourly repair, which has winbindd look for itself.
before=$(session)
check "a look at a logon: the PDC has a session for m1" test -n "$before"
need "healthy: verified again" healthy
check "a verification makes another session" fails same "$before" "$(session)"
before=$(session)
for _ in 1 2 3 4 5 6; do
	forget_verdict
	logon pamtester dave wrong
	need "a look at a logon: refused" refused
	need "a look at a logon: it was one" lab_run m1 test -s /run/retrust/health
done
check "six looks at logons: the PDC counted six bad passwords" same 6 "$(lab_nt4_badpwdcount dave)"
check "six looks at logons: winbindd's session is the same" same "$before" "$(session)"
retrust_json repair
check "a repair of a healthy channel: healthy, without a word of Netlogon's" same "healthy null" \
	"$(jq -r '"\(.condition) \(.dcs[0].netlogon)"' <<<"$json")"
check "a repair of a healthy channel: winbindd's channel" trust
retrust_json enroll -U root --password-stdin < <(echo "$LAB_ADMIN_PASSWORD")
check "enroll: there are no spare keys here" same 3 "$code"

# The host's own change
before=$(lab_nt4_hash m1)
retrust_json rotate
check "rotated: healthy" condition_is healthy
check "rotated: another password at the PDC" fails same "$before" "$(lab_nt4_hash m1)"
check "rotated: winbindd's channel" trust
log_on "rotated"

# The PDC has the password of before.
previous=$(password_of MACHINE_PASSWORD.PREV)
retrust_json rotate # the one of before is now one that retrust made, without letters that tdbdump would escape
previous=$(password_of MACHINE_PASSWORD.PREV)
lab_nt4_reset m1 "$previous"
says "the password of before" secret-previous 0xC0000022 previous
retrust_json repair
heals "the password of before" previous
log_on "the password of before"

# A change that was cut off when the PDC had been told
lab_run m1 strace -f -qq -o /dev/null -P "$tdb" -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=1 retrust rotate >/dev/null 2>&1
says "a rotation killed" secret-pending 0xC0000022 wrong
forget_verdict
logon su alice
check "a rotation killed: the logon finishes it" admitted
retrust_json verify
check "a rotation killed: healthy" condition_is healthy

# The same of Samba's own: the next password is in secrets.tdb.
lab_run m1 strace -qq -o /dev/null -e trace=fdatasync -e inject=fdatasync:signal=KILL:when=5 net rpc changetrustpw -S pdc1 >/dev/null 2>&1
says "Samba's rotation killed" secret-pending 0xC0000022 pending
retrust_json repair
heals "Samba's rotation killed" pending
log_on "Samba's rotation killed"

# Reset
lab_nt4_reset m1
says "reset" secret-mismatch 0xC0000022 wrong
check "reset: exit 1" same 1 "$code"
check "reset: recorded" recorded 3210
before=$(secrets)
check "reset: winbindd has lost its session" fails trust
retrust_json repair
check "reset, no credential: refused" same 3 "$code"
check "reset, no credential: what to do is told" shows "retrust repair -U USER"
forget_verdict
logon su alice
check "reset: the logon is refused" refused
check "reset: in the KB's words" shows "$E2E_KB"
hash=$(lab_nt4_hash m1)
as_root wrong
check "reset, a wrong password of the administrator: refused" same 3 "$code"
retrust_json repair -U alice --password-stdin < <(echo Passw0rd-alice)
check "reset, somebody without the right: refused" same 3 "$code"
check "reset, refused: the PDC's password is the same" same "$hash" "$(lab_nt4_hash m1)"

# A PDC of the same name that isn't the real one
wait "$rogue" || e2e_bail "a rogue PDC"
lab_swap_dc pdc1 rogue
as_root
check "a rogue PDC: refused" same 3 "$code"
printf '%s\n' "$LAB_ADMIN_PASSWORD" "$LAB_ADMIN_PASSWORD" | lab_run rogue smbpasswd -s root
as_root
check "a rogue PDC with the administrator's password: refused" same 3 "$code"
check "a rogue PDC with the administrator's password: its SID is told" shows "of another domain"
forget_verdict
logon su alice
check "a rogue PDC: nobody gets in" refused
check "reset, and a rogue PDC: secrets.tdb is as it was" same "$before" "$(secrets)"
lab_swap_dc rogue pdc1

as_root
heals "reset" credential
check "reset: nothing of the repair is left" lab_run m1 test ! -e /var/lib/retrust/join
log_on "reset"

# Deleted
lab_nt4_delete m1
says "deleted" account-missing 0xC000018B unknown
check "deleted: recorded" recorded 5721
retrust_json repair
check "deleted, no credential: refused" same 3 "$code"
as_root
heals "deleted" credential
log_on "deleted"

# Disabled: somebody's decision
lab_nt4_disable m1
says "disabled" account-disabled 0xC0000072 unknown
check "disabled: recorded" recorded 9007
as_root
check "disabled: not even an administrator's password changes it" condition_is account-disabled
lab_nt4_enable m1
retrust_json verify
check "enabled again: healthy" condition_is healthy
log_on "enabled again"

check "nobody asked DNS" lab_run pdc1 test ! -s /root/asked
finish
