#!/usr/bin/env bash
# The secure channel itself, on the real domain: what Netlogon, Kerberos and the DC's own log say of an account in each of its
# states, side by side (docs/operations.md has the table), and the machine password changed over Netlogon where the DC offers
# no kpasswd. m1 has a keytab alone, m2 runs winbindd, too.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/stores.inc"
e2e_lab
lab_dc dc1 &
jobs=($!)
lab_member m1 &
jobs+=($!)
lab_member m2 --winbind --no-sssd &
jobs+=($!)
for job in "${jobs[@]}"; do wait "$job" || e2e_bail "a domain with two members"; done
{ lab_install m1 && lab_install m2 && enroll && lab_sssd m1 warm; } || e2e_bail "retrust on both"
keytab_only=yes names=$(names_of_keytab)
DC_LOG=/var/log/samba/log.samba

# --- The table ---------------------------------------------------------------------------------------------------------

log_size() { lab_run dc1 stat -c %s "$DC_LOG"; }
# log_since SIZE: how the DC logged the set-up of a channel since then, "STATUS EVENT-ID TRUST-ACCOUNT"
log_since() {
	lab_run dc1 tail -c "+$(($1 + 1))" "$DC_LOG" | sed -n 's/^.*{"timestamp"/{"timestamp"/p' |
		jq -r 'select(.type == "Authentication").Authentication | select(.authDescription == "ServerAuthenticate") |
			"\(.status) \(.eventId) \(.netlogonTrustAccount // "-")"'
}

line() { # CELL...
	printf '| %-26s | %-10s | %-5s | %-8s | %-20s | %-5s | %-30s | %-8s | %-13s |\n' "$@"
}
line 'state of the account' Netlogon event Kerberos condition event "the DC's log: status" eventId 'trust account'
line -------------------------- ---------- ----- -------- -------------------- ----- ------------------------------ -------- -------------

# row STATE NETLOGON ITS-EVENT KERBEROS CONDITION ITS-EVENT DC-STATUS DC-EVENT-ID DC-TRUST-ACCOUNT: what verify and the DC's log
# must say now. The line that is printed, compared and looked for in the documentation is made of what was seen.
row() {
	local size logged wanted got
	size=$(log_size)
	retrust_json verify
	logged=$(log_since "$size")
	wanted=$(line "$@")
	# shellcheck disable=SC2086  # three cells, or more where more was logged
	got=$(line "$1" "$(cell .dcs[0].netlogon)" "$(cell .dcs[0].event)" "$(cell .dcs[0].kerberos)" "$(cell .condition)" "$(cell .event)" \
		${logged:-- - -})
	echo "$got"
	check "$1" same "$wanted" "$got"
	need "$1: in the documentation" grep -qxF "$got" "$LAB_CHECKOUT/docs/operations.md"
}
cell() { jq -r "if $1 == null then \"-\" else $1 end" <<<"$json"; }
reads() { [[ $(tr -s ' \n' ' ' <<<"$seen") == *"$1"* ]] || same "$1" "$seen"; } # TEXT, however it is wrapped

DENIED=(NT_STATUS_ACCESS_DENIED 4625 "M1\$") NO_ACCOUNT=(NT_STATUS_NO_TRUST_SAM_ACCOUNT 4625)
setting 'allow_rc4 = yes' # an NT hash stays at hand when the password is changed
older=$(keytab_lines)
need "a change" lab_run m1 retrust rotate --quiet
newest=$(keytab_lines)

row 'right' 0x00000000 - 0 healthy 9000 NT_STATUS_OK 4624 "M1\$"
run lab_run m1 retrust verify
check "right: people read it" reads 'Kerberos 0 KDC_ERR_NONE, Netlogon 0x00000000 STATUS_SUCCESS, kvno'
grep -v arcfour <<<"$newest" | keytab_from_lines
row 'right, AES-only keytab' - - 0 healthy 9000 - - -
keytab_from_lines <<<"$older"
row 'N-1 in the keytab' 0xC0000022 3210 24 secret-mismatch 3210 "${DENIED[@]}"
keytab_from_lines <<<"$newest"

lab_disable_account m1
row 'disabled' 0xC000018B 5721 18 account-disabled 9007 "${NO_ACCOUNT[@]}" "M1\$"
run lab_run m1 retrust verify
check "disabled: people read both" reads 'Kerberos 18 KDC_ERR_CLIENT_REVOKED, Netlogon 0xC000018B STATUS_NO_TRUST_SAM_ACCOUNT (event 5721)'
lab_enable_account m1
lab_expire_account m1
row 'expired' 0x00000000 - 18 account-expired 9008 NT_STATUS_OK 4624 "M1\$"
lab_enable_account m1
flags=$(lab_attr "M1\$" userAccountControl)
lab_modify "M1\$" "replace: userAccountControl" "userAccountControl: 8192"
row "wrong type (a DC's)" 0xC000018B 5721 0 account-wrong-type 9009 "${NO_ACCOUNT[@]}" "M1\$"
lab_modify "M1\$" "replace: userAccountControl" "userAccountControl: $flags"

lab_reset_account m1
row 'wrong (reset)' 0xC0000022 3210 24 secret-mismatch 3210 "${DENIED[@]}"
lab_disable_account m1
row 'wrong and disabled' 0xC000018B 5721 24 account-disabled 9007 "${NO_ACCOUNT[@]}" "M1\$"
lab_enable_account m1
lab_expire_account m1
row 'wrong and expired' 0xC0000022 3210 24 secret-mismatch 3210 "${DENIED[@]}"
lab_enable_account m1
dn=$(lab_attr "M1\$" distinguishedName)
lab_delete_account m1
row 'deleted' 0xC000018B 5721 6 account-missing 5721 "${NO_ACCOUNT[@]}" -
deleted=$(lab_ldb dc1 ldbsearch --show-deleted '(&(isDeleted=TRUE)(sAMAccountName=M1$))' dn </dev/null | sed -n 's/^dn: //p')
printf '%s\n' "dn: $deleted" 'changetype: modify' 'delete: isDeleted' - 'replace: distinguishedName' \
	"distinguishedName: $dn" | lab_ldb dc1 ldbmodify --show-deleted >/dev/null
row 'without keys (restored)' 0xC0000022 3210 14 account-without-keys 3210 "${DENIED[@]}"
lab_modify "M1\$" "replace: msDS-SupportedEncryptionTypes" "msDS-SupportedEncryptionTypes: 24" # lost with the object
retrust_json repair
check "and the host is healed" condition_is healthy

# --- A DC without kpasswd, and as strict about channels as Samba can be ------------------------------------------------

samba_is_gone() { lab_run dc1 sh -c '! pgrep -x samba\|smbd\|winbindd'; }
samba_serves() {
	lab_run_in dc1 <<-'E'
		for port in 88 135 389; do : <>/dev/tcp/10.77.0.10/$port || exit; done
		echo Passw0rd-alice | kinit -c MEMORY: alice
	E
}
dc_with() { # LINE...: of smb.conf, in a DC started again
	lab_run dc1 sed -i "s/^\[global\]/&$(printf '\\n\\t%s' "$@")/" /etc/samba/smb.conf
	lab_run dc1 pkill -TERM -x samba
	lab_wait 10 "the end of Samba" "$DC_LOG" samba_is_gone && lab_daemon dc1 samba samba -F -M single --no-process-group &&
		lab_wait 20 "Samba without kpasswd" "$DC_LOG" samba_serves
}
dc_with 'kpasswd port = 0' 'reject md5 clients = yes' 'allow nt4 crypto = no' 'server schannel = yes' \
	'server schannel require seal = yes' || e2e_bail "a DC without kpasswd"
check "no kpasswd: nothing listens" fails lab_run m1 bash -c ': <>/dev/tcp/10.77.0.10/464'

kvno=$(lab_kvno m1)
retrust_json rotate
check "no kpasswd: rotated" same "0 true rotate done" "$code $(field .rotated) $(rung)"
whole "no kpasswd" $((kvno + 1))
check "no kpasswd: no journal is left" fails lab_run m1 test -e /var/lib/retrust/journal
size=$(log_size)
retrust_json verify
check "no kpasswd: the strict channel takes the new password" same "0 0x00000000" "$(cell .dcs[0].kerberos) $(cell .dcs[0].netlogon)"
check "no kpasswd: and the DC says so" same "NT_STATUS_OK 4624 M1\$" "$(log_since "$size")"

# winbindd's own session ends with ours; it is told, and nobody's password counts as wrong.
by_winbind() { printf '%s\n' "Passw0rd-$1" | lab_run m2 pamtester lab-winbind "$1" authenticate; } # USER
check "winbindd runs: a logon before, so that it has a session" by_winbind alice
kvno=$(lab_kvno m2)
json=$(lab_run m2 retrust rotate --json 2>/dev/null)
check "winbindd runs: rotated" same "true rotate done" "$(field .rotated) $(rung)"
check "winbindd runs: both stores are right" same "right right" "$(verdicts)"
check "winbindd runs: the DC's kvno" same $((kvno + 1)) "$(lab_kvno m2)"
for user in alice bob; do
	check "winbindd runs: $user's next logon" by_winbind "$user"
	check "winbindd runs: no bad password of $user is counted" same 0 "$(lab_badpwdcount "$user")"
done

# An NT hash can't be had: not tried, and nothing is changed.
grep -v arcfour <<<"$(keytab_lines)" | keytab_from_lines
before=$(state_print)
retrust_json rotate
check "no NT hash: refused" test "$code" != 0
check "no NT hash: told why" reason_names "NT hash"
check "no NT hash: the closed port is told" reason_names "port 464"
check "no NT hash: nothing is changed" same "$before" "$(state_print)"
finish
