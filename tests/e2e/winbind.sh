#!/usr/bin/env bash
# Hosts whose people log on by winbind, with the stack of examples/pam.d: every state in which winbindd refuses a right password,
# and that a wrong one is never tried twice. Side by side: m1 has a keytab beside secrets.tdb; m2 has secrets.tdb alone, and
# pam_winbind there asks the KDC first (krb5_auth).
set -u
. "$(dirname "$0")/lib.sh"
host=m1 user=alice # of each host its own, whose bad tries are counted
out=$(mktemp)
trap 'rm -f "$out"; lab_exit $?' EXIT

kvno() { lab_kvno "$host"; }
kvno_is() { same "$1" "$(kvno)"; }
# What a helper behind the last session still has to say counts for that one.
forget() {
	lab_run "$host" sh -c 'while pgrep -f "[r]etrust-helper" >/dev/null; do sleep 0.02; done; rm -f /run/retrust/health'
}
try() { run lab_logon "$host" "$1" "$2" "${3-pamtester}"; } # USER PASSWORD [WAY]
bad_tries() { same "$1" "$(lab_badpwdcount "$2")"; }         # NUMBER USER
fine() { lab_run "$host" retrust verify --quiet >/dev/null && lab_run "$host" wbinfo -t; }
stop_winbind() {
	lab_run "$host" sh -c 'pkill -o -x winbindd; while pgrep -x winbindd; do sleep 0.02; done' >/dev/null
}
start_winbind() { lab_daemon "$host" winbindd winbindd -F --no-process-group -l /var/log/samba && lab_wait 5 winbindd /var/log/samba lab_run "$host" wbinfo -p; }
cold() { stop_winbind && start_winbind; }
reset() { lab_reset_account "$host"; }

# In which state a logon finds the host. winbindd is warm after each logon that went through.
state() {
	case $1 in
	"N-1, warm") reset ;;
	"N-1, cold") reset && cold ;;
	"N-2, cold") reset && reset && cold ;;
	"N-2, session lost") reset && reset && fails lab_run "$host" wbinfo -t ;;
	"secrets.tdb gone")
		stop_winbind && lab_run "$host" rm /var/lib/samba/private/secrets.tdb && # winbindd refuses to start
			fails lab_run "$host" timeout 5 winbindd -F --no-process-group -l /var/log/samba
		;;
	"winbindd stopped") stop_winbind ;;
	"no logon servers, N-1") no_servers && reset ;;
	"no logon servers") no_servers ;;
	esac >/dev/null 2>&1 && forget
}
# The session line may repair it behind the logon: hence the wait.
# What a DC that didn't answer for half a minute leaves in winbindd's mind, for another minute.
no_servers() {
	lab_run_in "$host" <<-'S'
		for server in lab.example,10.77.0.10 LAB,dc1.lab.example lab.example,dc1.lab.example; do
			net cache add "NEG_CONN_CACHE/$server" c0000001 60
		done
		touch -d '2 minutes ago' /run/samba/winbindd.pid
		! wbinfo -t
	S
}
gets_in() { # STATE CHANGES WAY
	local before what="$host, $1"
	need "$what: as the test wants it" state "$1"
	before=$(kvno)
	try "$user" "Passw0rd-$user" "$3"
	check "$what, $3: in with one prompt" admitted
	check "$what: so many changes of password: $2" lab_wait 5 "$what: $2 changes" /var/log kvno_is $((before + $2))
	check "$what: no bad password is counted" bad_tries 0 "$user"
}
stays_out() { # STATE
	try "$user" "Passw0rd-$user"
	check "$host, $1: refused" refused
	check "$host, $1: the KB's message" shows "$E2E_KB"
	check "$host, $1: the person isn't blamed" hides "Your account is disabled"
}
wrong_password() { # WHAT USER
	local before
	before=$(lab_badpwdcount "$2")
	try "$2" wrong
	check "$host, $1: refused" refused
	check "$host, $1: exactly one bad try" bad_tries $((${before:-0} + 1)) "$2"
}

table() {
	gets_in "N-1, warm" 1 sshd # plain: in by the old session; the session line has it repaired
	gets_in "N-1, cold" 1 pamtester
	wrong_password "right after a repair" "$user"
	gets_in "N-2, cold" 1 login
	gets_in "N-2, session lost" 1 pamtester
	check "$host: it says what it does" shows "$E2E_KB
Searching PDC for domain LAB ..."
	gets_in "secrets.tdb gone" 1 pamtester
	check "$host: winbindd is started" shows "Starting service winbind .... started."
	gets_in "winbindd stopped" 0 pamtester
	if [[ $host == m1 ]]; then gets_in "no logon servers" 0 pamtester; else gets_in "no logon servers, N-1" 1 pamtester; fi
	# shellcheck disable=SC2016  # for the host's shell
	check "$host: winbindd was restarted" lab_run "$host" sh -c \
		'test $(($(date +%s) - $(stat -c %Y /run/samba/winbindd.pid))) -lt 60'
	check "$host: in order after all that" fine
}

no_wbinfo() { fails lab_run "$host" pgrep -x wbinfo; }
mistyped() {
	wrong_password "healthy" "$1"
	wrong_password "healthy, at once again" "$1"
	forget
	wrong_password "healthy, nobody has looked" "$1"
}
twenty() {
	local n in=0
	for ((n = 0; n < 20; n++)); do need "$host: verification $n" lab_run "$host" retrust verify --quiet >/dev/null; done
	for ((n = 1; n <= 20; n++)); do
		try "$(printf 'u%03d' "$n")" Passw0rd-u
		need "$host: logon $n after 20 verifications" admitted
		if ((code == 0)); then in=$((in + 1)); fi
		need "$host: logon $n: none counted" same "0 0" "$(counted "$(printf 'u%03d' "$n")")"
	done
	check "$host: 20 verifications, then 20 logons: all in, no bad password counted" same 20 "$in"
}
counted() { echo "$(lab_badpwdcount "$1") $(lab_attr "$1" badPasswordTime)"; } # USER

# Somebody else has authenticated as this host: the DC takes right passwords for wrong ones, and nothing shows it before.
replaced_session() {
	try "$user" "Passw0rd-$user" # the first logon after `wbinfo -t` makes a session of its own
	lab_run "$host" unshare -p -f --mount-proc retrust verify --quiet >/dev/null # which doesn't see winbindd there
	try "$user" "Passw0rd-$user"
	check "$host, session replaced: refused once" refused
	check "$host, session replaced: counted once" bad_tries 1 "$user"
	try "$user" "Passw0rd-$user"
	check "$host, session replaced: the next logon is in" admitted
}

# Several at once: one change. Who failed just while it was written isn't tried again, because that might count, and reads so.
crowd() {
	local before n in=0 told=0 seen_by tries=()
	seen_by=$(mktemp -d)
	need "$host, a crowd: broken" state "N-2, cold"
	before=$(kvno)
	for n in 41 42 43; do
		lab_logon "$host" "u0$n" Passw0rd-u pamtester >"$seen_by/$n" && : >"$seen_by/$n.in" &
		tries+=($!)
	done
	wait "${tries[@]}"
	for n in 41 42 43; do
		if [[ -e $seen_by/$n.in ]]; then in=$((in + 1)); elif grep -q "right, try again" "$seen_by/$n"; then told=$((told + 1)); fi
	done
	rm -r "$seen_by"
	check "$host, three at once: one change" kvno_is $((before + 1))
	check "$host, three at once: in, or told to try again" same 3 $((in + told))
}

# The module as it is behind a pam_winbind that was refused: what winbind itself takes isn't ours.
behind() { lab_run "$host" sed -i "0,/pam_winbind.so.*/s//pam_debug.so auth=$1/" /etc/pam.d/common-auth; }
by_pam() { run lab_run "$host" pamtester lab "$user" authenticate < <(echo "Passw0rd-$user"); }
bounded() {
	behind authinfo_unavail && forget
	lab_run "$host" sed -i "s/ winbind//" /etc/nsswitch.conf # else the application hangs before it comes to us
	lab_run "$host" pkill -STOP -x winbindd
	by_pam
	lab_run "$host" pkill -CONT -x winbindd
	check "$host, winbindd hangs: refused" refused
	check "$host, winbindd hangs: in bounded time" within 8000
	check "$host, winbindd hangs: no wbinfo stays" no_wbinfo
	lab_run "$host" sed -i "s/pam_retrust.so winbind/& timeout=2/" /etc/pam.d/common-auth
	lab_blackhole "$host" && forget
	by_pam
	check "$host, DC black-holed: refused" refused
	check "$host, DC black-holed: no more than the time-out" within 3000
	lab_unblackhole "$host"
	lab_run "$host" sed -i 's/^\(passwd\|group\):.*/& winbind/' /etc/nsswitch.conf
	lab_pam "$host" winbind
}

# The message of pam_winbind and the session line are all that a person reads.
cached() {
	lab_run m1 sed -i '/\[global\]/a winbind offline logon = yes' /etc/samba/smb.conf
	lab_pam m1 winbind cached_login && cold && forget
	try "$user" "Passw0rd-$user"
	need "m1, cached_login: once online" admitted
	need "m1, cached: broken" state "N-2, cold"
	lab_run m1 retrust verify --quiet >/dev/null
	local before
	before=$(kvno)
	try "$user" "Passw0rd-$user"
	check "m1, cached: in" admitted
	check "m1, cached: at once" within 2000
	check "m1, cached: one line" same 1 \
		"$(grep -cF "This computer's secure channel to its domain is broken; it is being repaired." <<<"$seen")"
	check "m1, cached: repaired within seconds" lab_wait 5 "a repair" /var/log kvno_is $((before + 1))
	check "m1, cached: winbindd is told" lab_wait 5 winbindd /var/log/samba \
		sh -c "nsenter -t $(<"$LAB_DIR/m1/pid") -m -n -u -i -p wbinfo --online-status | grep -q '^LAB : active'"
}

# On a healthy channel it is the person's own account, and said so.
persons_own() {
	lab_modify u050 "replace: userAccountControl" "userAccountControl: 514" && forget
	try u050 Passw0rd-u
	check "m1, the person's own account disabled: refused" refused
	check "m1, the person's own account disabled: it is said" shows "Your account is disabled"
	check "m1, the person's own account disabled: not the KB's message" hides "$E2E_KB"
	lab_modify u050 "replace: userAccountControl" "userAccountControl: 512"
}

gone() {
	if [[ $host == m1 ]]; then lab_pam m1 winbind; fi # no cached logons
	forget && lab_disable_account "$host"
	try "$user" "Passw0rd-$user"
	check "$host, account disabled, warm: in, the session of before still works" admitted
	cold && forget
	stays_out "account disabled"
	lab_enable_account "$host" && forget
	try "$user" "Passw0rd-$user"
	check "$host, account enabled again: in" admitted
	if [[ $host == m1 ]]; then persons_own; fi
	forget && lab_delete_account "$host"
	try "$user" "Passw0rd-$user"
	check "$host, account deleted, warm: in, the session of before still works" admitted
	cold && forget
	stays_out "account deleted"
}

m1() {
	lab_pam m1 winbind
	table && mistyped u052 && crowd && replaced_session && bounded && cached && gone
}
m2() {
	lab_pam m2 winbind krb5_auth
	table && mistyped carol && twenty && gone
}

e2e_lab
lab_dc dc1 &
jobs=($!)
lab_member m1 --winbind --no-sssd &
jobs+=($!)
lab_member m2 --secrets-only &
jobs+=($!)
for job in "${jobs[@]}"; do wait "$job" || e2e_bail "a domain and two members"; done
lab_run m1 sh -c 'rm /etc/sssd/sssd.conf; sed -i "s/ sss//" /etc/nsswitch.conf' # a host with winbind alone
for host in m1 m2; do
	{ lab_install "$host" && lab_run "$host" retrust enroll --quiet -U Administrator --password-stdin >/dev/null; } < <(echo "$LAB_ADMIN_PASSWORD") ||
		e2e_bail "retrust on $host"
done
(host=m2 user=bob && m2 && exit "$e2e_failed") >"$out" 2>&1 &
second=$!
host=m1
m1
wait "$second" || e2e_failed=1
cat "$out"
finish
