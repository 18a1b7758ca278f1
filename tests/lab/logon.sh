# shellcheck shell=bash
# A logon of a person.

# lab_logon HOST USER PASS [sshd|sshd-kbdint|su|login|pamtester]: prints what the person sees. Status 0: a session
# was there and a command ran in it; 1: refused; 2: a second prompt appeared; 3: no end within LAB_LOGON_TIMEOUT (30 s).
# su is called by the local user "local", as root it would not ask.
lab_logon() {
	local host=$1 user=$2 pass=$3 way=${4:-sshd} limit=${LAB_LOGON_TIMEOUT:-30}
	LAB_TIMEOUT=$((limit + 5)) lab_run "$host" env TERM=dumb LAB_PASS="$pass" \
		expect "$LAB_HOME/logon.exp" "$limit" "$way" "$user" \
		</dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}
