# shellcheck shell=bash disable=SC2154 # set by host.sh
# retrust under the harness.

# The administrator's reset, from another desk: with a ticket of his that retrust isn't given.
reset_account() {
	local password
	password=$(head -c 60 /dev/urandom | base64 -w0)
	printf '%s\n' "dn: CN=${host^^},CN=Computers,DC=lab,DC=example" "changetype: modify" "replace: unicodePwd" \
		"unicodePwd:: $(printf '"%s"' "$password" | iconv -t UTF-16LE | base64 -w0)" |
		KRB5CCNAME=$work/admin.ccache quiet ldapmodify -Q -Y GSSAPI -N -H ldap://dc1.lab.example ||
		tell "  $host: the administrator could not reset $account"
}

# rotate: nothing but the journal and the stores may save the host, so it has no spare key. repair: the spare is what repairs.
prepare_subject() {
	if [[ $subject == rotate ]]; then
		test ! -e /var/lib/retrust/spare.keytab
		return
	fi
	printf '%s\n' "$admin" | KRB5CCNAME=$work/admin.ccache quiet kinit Administrator &&
		printf '%s\n' "$admin" | quiet retrust enroll -U Administrator --password-stdin
}

before_point() { if [[ $subject == repair ]]; then reset_account; fi; }

# crash CLASS CALL NUMBER TARGET INJECTION
crash() {
	local since run verdict why hit target=$4
	since=$(now)
	before_point
	run=$("$drive" "$subject" 15 strace -y -yy -o "$work/point" -e "trace=$2" -e "inject=$2:$5" "$helper")
	verdict
	# A change that never reached the DC leaves its journal for half a minute. Gone, the next point begins as the first did.
	rm -f /var/lib/retrust/journal
	if [[ $run == hung ]]; then verdict=wrong why="hung; $why"; fi
	# A run that took another way may not have come to this call: then it is no point.
	if ! grep -qE '\(INJECTED\)|killed by SIGKILL' "$work/point"; then
		missed=$((missed + 1))
		if [[ $verdict == ok ]]; then return; fi
	fi
	hit=$(points "$work/point" hit | awk -v number="$3" '$2 == number { print $3 }')
	if [[ $hit != "$target" ]]; then target="${hit:-another}, was $target"; fi
	record "$1" "$2" "$3" "$5" "$target" "$run" "$verdict" "$why" "$since"
}

# The list of calls, once the stores look as they do after any run of this kind.
list_points() {
	local warm
	for warm in 1 2 3; do
		before_point
		"$drive" "$subject" 15 "$helper" >"$work/warm$warm"
	done
	before_point
	"$drive" "$subject" 30 strace -y -yy -o "$work/trace" "$helper" >"$work/dry"
	if [[ $(<"$work/dry") != "exit 0 healthy "* ]]; then
		tell "  $host $subject undisturbed: $(<"$work/dry")"
		exit 1
	fi
	points "$work/trace" helper >"$work/points.$subject"
}

retrust_subject() {
	local call number target writes injection class missed=0
	prepare_subject || tell "  $host: could not be made ready for $subject"
	list_points
	while read -r call number target writes; do
		crash kill "$call" "$number" "$target" "signal=KILL:when=$number"
	done <"$work/points.$subject"
	while read -r call number target writes; do
		class=error
		if [[ $call:$target == recvfrom:kpasswd ]]; then class=reply; fi
		for injection in $(errors "$call" "$number" "$target" "$writes"); do
			crash "$class" "$call" "$number" "$target" "$injection"
		done
	done <"$work/points.$subject"
	tell "  $host $subject: $missed calls were not reached again"
}
