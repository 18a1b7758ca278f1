# shellcheck shell=bash
# What the tests on a real domain share: a lab with an enrolled member, and checks that print what they saw when they fail.
#
#     . "$(dirname "$0")/lib.sh"
#     e2e_begin                          # dc1, and the member m1 with retrust installed, enrolled and in its PAM stack
#     logon su alice                     # sets $seen, $code, $took (milliseconds)
#     check "su: gets in" admitted
#     finish

E2E_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/lab.sh
. "$E2E_HOME/../lab/lab.sh"

exec </dev/null # a pipe that the caller has there would be handed to the commands in the hosts

e2e_failed=0
seen='' code=0 took=0 json=''

# Word for word as in KB Q175024.
# shellcheck disable=SC2034  # the tests use it
E2E_KB="The system cannot log you on to this domain because the system's
computer account in its primary domain is missing or the password on
that account is incorrect."

# check WHAT CMD...: CMD must succeed. What it printed, and the last thing seen, is the evidence of a failure.
check() {
	local what=$1 evidence
	shift
	if evidence=$("$@" 2>&1); then
		if [[ ! ${needed-} ]]; then echo "ok - $what"; fi
		return
	fi
	e2e_failed=1
	echo "not ok - $what"
	printf '%s\n' "failed: $*" "$evidence" "status $code after $took ms, seen:" "$seen" | sed 's/^/    # /'
}

# need WHAT CMD...: the same for what a case begins with: only a failure is told.
need() {
	# shellcheck disable=SC2034  # check sees it
	local needed=yes
	check "$@"
}

same() { # WANTED GOT
	if [[ $1 != "$2" ]]; then
		printf 'wanted: %s\ngot:    %s\n' "$1" "$2"
		return 1
	fi
}
admitted() { same 0 "$code"; }                    # a session was there, after one prompt
refused() { same 1 "$code"; }                     # no session, one prompt, an end in time
shows() { [[ $seen == *"$1"* ]]; }                # TEXT
hides() { [[ $seen != *"$1"* ]]; }                # TEXT
within() { ((took <= $1)); }                      # MILLISECONDS
fails() { ! "$@"; }                               # CMD...
field() { jq -r "$1 // empty" <<<"$json"; }       # JQ-PATH: of the last verdict
condition_is() { same "$1" "$(field .condition)"; } # NAME: of the last verdict

# run CMD...: sets $seen (both outputs), $code and $took.
run() {
	local start=${EPOCHREALTIME/./}
	seen=$("$@" 2>&1)
	code=$?
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
}

logon() { # WAY USER [PASSWORD]: on m1
	local password=${3-}
	if [[ -z $password ]]; then
		password=Passw0rd-$2
		if [[ $2 == u[0-9]* ]]; then password=Passw0rd-u; fi
	fi
	run lab_logon m1 "$2" "$password" "$1"
}

# retrust_json VERB [OPTION...]: on m1; sets $json and $code, $seen is what people read beside it.
retrust_json() {
	local start=${EPOCHREALTIME/./} messages
	messages=$(mktemp)
	json=$(lab_run m1 retrust "$@" --json 2>"$messages")
	code=$?
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	seen=$(cat "$messages" && echo "$json")
	rm -f "$messages"
}

# admin_json VERB [OPTION...]: the same, with the Administrator's password
admin_json() { retrust_json "$@" -U Administrator --password-stdin < <(echo "$LAB_ADMIN_PASSWORD"); }
enroll() {
	admin_json enroll
	return "$code"
}

fingerprint() { # DC: of its certificate, as the administrator would read it there
	lab_run "$1" openssl x509 -noout -fingerprint -sha256 -in /var/lib/samba/private/tls/cert.pem | sed 's/.*=//'
}

# A verdict answers further logons for some seconds. A test that has just broken something doesn't want an answer of before.
forget_verdict() { lab_run m1 rm -f /run/retrust/health; }

# What must not change when nothing may be repaired: content, mode, owner of the keytab, and the account's kvno.
keytab_print() { lab_run m1 sh -c 'sha256sum /etc/krb5.keytab && stat -Lc "%a %u:%g %i %y" /etc/krb5.keytab'; }
state_print() {
	keytab_print
	lab_run m1 sh -c 'test ! -d /var/lib/retrust || find /var/lib/retrust -type f ! -name lock -exec sha256sum {} + | sort'
	lab_kvno m1
}
healthy() { lab_run m1 retrust verify --quiet; }

setting() { # LINE...: the whole of m1's retrust.conf; none: no file
	if (($#)); then
		printf '%s\n' "$@" | lab_run m1 tee /etc/retrust.conf >/dev/null
	else
		lab_run m1 rm -f /etc/retrust.conf
	fi
}

# The options of pam_retrust.so in the auth line of m1's stack.
module_options() {
	lab_pam m1 retrust && lab_run m1 sed -i "s/^\(auth .*pam_retrust.so\).*/\1 $*/" /etc/pam.d/common-auth
}

# m1's keytab as lines "KVNO PRINCIPAL ENCTYPE KEY", and back from such lines into the same file.
keytab_lines() {
	lab_run m1 klist -Kek /etc/krb5.keytab |
		sed -nE 's/^ *([0-9]+) (\S+) \((DEPRECATED:)?([a-z0-9-]+)\) +\(0x([0-9a-f]+)\).*/\1 \2 \4 \5/p'
}
keytab_from_lines() {
	local lines
	lines=$(cat) # all of them, before the file is cut
	perl -ne 'BEGIN { print "\5\2"; %type = ("aes256-cts-hmac-sha1-96", 18, "aes128-cts-hmac-sha1-96", 17, "arcfour-hmac", 23) }
		($kvno, $name, $type, $key) = split;
		($path, $realm) = $name =~ /(.*)@(.*)/;
		@part = split m{/}, $path;
		$entry = pack("n n/a*", scalar @part, $realm) . join("", map { pack "n/a*", $_ } @part) .
			pack("N N C n n/a* N", 1, time, $kvno & 255, $type{$type}, pack("H*", $key), $kvno);
		print pack("N/a*", $entry);' <<<"$lines" | lab_run m1 sh -c 'cat >/etc/krb5.keytab'
}

# e2e_bare: a lab with retrust installed on m1. e2e_begin: the same, enrolled, in the PAM stack, with a warm SSSD.
e2e_bare() {
	if [[ ! -d ${LAB_DIR-} ]]; then e2e_lab; fi
	{ lab_up dc1 m1 && lab_install m1; } || e2e_bail "a domain, and a member with retrust installed"
}
e2e_lab() {
	# shellcheck disable=SC2119  # its own argument
	lab_begin || e2e_bail "a lab"
}
e2e_begin() {
	e2e_bare
	{ lab_pam m1 retrust && enroll && lab_sssd m1 warm; } || e2e_bail "an enrolled member"
	forget_verdict
}
e2e_bail() { # WHAT
	echo "not ok - $1"
	exit 1
}

# The test's last command: its status, and whether the logs are kept.
finish() {
	trap - ERR
	return "$e2e_failed"
}
