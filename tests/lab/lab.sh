# shellcheck shell=bash
# The test lab: a Samba domain and its member hosts as namespaces of one kernel. Source it, then
#
#     lab_begin                      # a lab of one's own; gone again when the shell ends, however it ends
#     lab_up dc1 m1                  # or lab_dc dc1; lab_member m1
#     lab_logon m1 alice Passw0rd-alice sshd
#
# Several labs can run at once: each has its own network, so all of them use the same names and addresses.
# Every function says on standard error what failed and where the log is, and returns non-zero.

LAB_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_CHECKOUT=${LAB_CHECKOUT:-$(cd "$LAB_HOME/../.." && pwd)}
# shellcheck disable=SC2034  # the other pieces use these
{
	LAB_DOMAIN=lab.example
	LAB_REALM=LAB.EXAMPLE
	LAB_BASE=DC=lab,DC=example
	LAB_DC_ADDR=10.77.0.10
	LAB_ADMIN_PASSWORD=Adm1n-Passw0rd
}

for lab_piece in net host dc users account member pam sssd logon nt4; do
	# shellcheck source=/dev/null
	. "$LAB_HOME/$lab_piece.sh"
done
unset lab_piece

lab_error() { # MESSAGE...: tells it and returns 1
	printf 'lab: %s\n' "$*" >&2
	return 1
}

# lab_wait SECONDS WHAT LOG CMD...: polls CMD until it succeeds; else an error that names WHAT and where its LOG is.
lab_wait() {
	local limit=$1 what=$2 log=$3 start=${EPOCHREALTIME/./}
	shift 3
	until "$@" >/dev/null 2>&1; do
		if ((${EPOCHREALTIME/./} - start > limit * 1000000)); then
			lab_error "$what did not come up within $limit s (log: $log)"
			return
		fi
		if [[ ! -d $LAB_DIR ]]; then # the lab has ended under us
			if [[ -e $LAB_DIR.log ]]; then lab_error "$what did not come up: $(tail -1 "$LAB_DIR.log")"; fi
			return 1
		fi
		sleep 0.03
	done
}

# lab_begin [--keep]: makes the state folder and the lab's anchor. --keep: the lab outlives this shell.
lab_begin() {
	local owner=$BASHPID
	if [[ ${1-} == --keep ]]; then owner=0; fi
	if ((EUID)); then
		lab_error "namespaces need root"
		return
	fi
	if ! command -v tini >/dev/null || ! command -v samba-tool >/dev/null; then
		lab_error "packages are missing: run $LAB_HOME/deps.sh $LAB_HOME/packages"
		return
	fi
	lab_sweep
	LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/retrust-lab.XXXXXX") || return
	LAB_OWNER=$owner
	export LAB_DIR
	setsid bash "$LAB_HOME/keeper.sh" "$LAB_DIR" "$owner" </dev/null >"$LAB_DIR/keeper.log" 2>&1 &
	echo $! >"$LAB_DIR/keeper"
	if ((owner)); then
		trap 'lab_exit $?' EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM
	fi
	lab_wait 10 "the lab's anchor" "$LAB_DIR/keeper.log" test -s "$LAB_DIR/anchor"
}

# State folders whose keeper was killed: nothing lives in them any more.
lab_sweep() {
	local d
	for d in "${TMPDIR:-/tmp}"/retrust-lab.*/; do
		if [[ -O $d && -s ${d}keeper ]] && ! kill -0 "$(<"${d}keeper")" 2>/dev/null; then
			rm -rf --one-file-system "$d"
		fi
	done
}

# The EXIT trap. The last status tells whether the logs are worth keeping.
lab_exit() {
	local status=$1
	trap - EXIT INT TERM
	if [[ ${LAB_OWNER-} == "$BASHPID" && -d ${LAB_DIR-} ]]; then
		disown -a # what still runs in the lab ends with it: no notices of killed jobs
		if ((status)); then lab_logs; fi
		lab_end
	fi
	exit "$status"
}

lab_end() {
	local keeper start=$SECONDS
	if [[ ! -d ${LAB_DIR-} ]]; then return 0; fi
	keeper=$(<"$LAB_DIR/keeper")
	kill -TERM "$keeper" 2>/dev/null || rm -rf --one-file-system "$LAB_DIR"
	while kill -0 "$keeper" 2>/dev/null; do
		if ((SECONDS - start > 15)); then
			lab_error "the lab in $LAB_DIR did not end within 15 s"
			return
		fi
		sleep 0.02
	done
}

# Copies every host's logs to where the owner of a failed test finds them.
lab_logs() {
	local to host root
	to=${LAB_LOGS:-$LAB_CHECKOUT/build/lab-logs}/${LAB_DIR##*.}
	mkdir -p "$to" || return
	for host in $(lab_hosts); do
		root=/proc/$(<"$LAB_DIR/$host/pid")/root
		mkdir -p "$to/$host"
		cp -r "$root/var/log/." "$to/$host/" 2>/dev/null
		cp "$LAB_DIR/$host/init.log" "$to/$host/" 2>/dev/null
		LAB_TIMEOUT=5 lab_run "$host" journalctl --no-pager -o short-precise >"$to/$host/journal" 2>/dev/null </dev/null
	done
	echo "lab: logs kept in $to" >&2
}

lab_hosts() { # names of the hosts of this lab
	local f
	for f in "$LAB_DIR"/*/pid; do
		if [[ -s $f ]]; then
			f=${f%/pid}
			echo "${f##*/}"
		fi
	done
}

# lab_up DC MEMBER...: all of them in parallel.
lab_up() {
	local job jobs=() status=0
	lab_dc "$1" &
	jobs+=($!)
	shift
	for job; do
		lab_member "$job" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job" || status=1; done
	return "$status"
}
