# shellcheck shell=bash
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
	local since run verdict why
	since=$(now)
	before_point
	run=$("$drive" "$subject" 15 strace -o "$work/point" -e "trace=$2" -e "inject=$2:$5" "$helper")
	verdict
	if [[ $run == hung ]]; then verdict=wrong why="hung; $why"; fi
	# A run that took another way never came to this call: no point.
	if grep -qE '\(INJECTED\)|killed by SIGKILL' "$work/point" || [[ $verdict != ok ]]; then
		record "$1" "$2" "$3" "$5" "$4" "$run" "$verdict" "$why" "$since"
	fi
}

retrust_subject() {
	local call number target writes injection class
	prepare_subject || tell "  $host: could not be made ready for $subject"
	before_point
	"$drive" "$subject" 30 strace -y -yy -o "$work/trace" "$helper" >"$work/dry"
	tell "  $host $subject undisturbed: $(<"$work/dry")"
	points "$work/trace" helper >"$work/points.$subject"
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
}
