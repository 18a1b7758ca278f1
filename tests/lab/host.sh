# shellcheck shell=bash
# A host: its namespaces, and running commands in it.

# lab_host NAME FQDN ADDRESS: a new host with its own root, not yet attached to the bridge.
lab_host() {
	local name=$1 fqdn=$2 addr=$3 state=$LAB_DIR/$1
	if ((${#name} > 12)); then
		lab_error "$name: a host's name has at most 12 characters (it names an interface)"
		return
	fi
	mkdir "$state" || return
	echo "$addr" >"$state/addr"
	# setsid -f: the host's parent is the anchor's init, no process of it stays in the machine's pid namespace.
	nsenter -t "$(<"$LAB_DIR/anchor")" -n -m -p -u -i -- setsid -f \
		unshare --net --mount --pid --uts --ipc --cgroup --fork --kill-child \
		bash "$LAB_HOME/host-init.sh" "$state" "$fqdn" "$addr" "$LAB_CHECKOUT" \
		</dev/null >"$state/init.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || return
	lab_wait 10 "host $name" "$state/init.log" test -s "$state/pid" || {
		cat "$state/init.log" >&2
		return 1
	}
	lab_plug "$name" "$addr"
}

lab_address() { # the next free address for a member; a folder is made or not: safe with members in parallel
	local n
	for ((n = 101; n < 250; n++)); do
		if mkdir "$LAB_DIR/.addr$n" 2>/dev/null; then
			echo "10.77.0.$n"
			return
		fi
	done
	lab_error "no address left"
}

# lab_run HOST CMD...: runs CMD as root in HOST, with a clean environment and a limit of LAB_TIMEOUT seconds (120).
# Standard input reaches CMD only if it is a pipe: a lab_run in a `while read` loop must not eat the loop's input.
lab_run() {
	local host=$1 status start=$SECONDS limit=${LAB_TIMEOUT:-120}
	shift
	if [[ ! -s $LAB_DIR/$host/pid ]]; then
		lab_error "no host $host in this lab"
		return
	fi
	# In the background, so that a signal to the test's shell is served at once and not when CMD ends. The time-out is
	# outside and ends the whole process group. Background jobs ignore INT and QUIT: put that right for CMD.
	# shellcheck disable=SC2054  # the comma belongs to env
	local cmd=(timeout -k 2 "$limit" nsenter -t "$(<"$LAB_DIR/$host/pid")" -m -u -i -n -p -C --
		env -i --default-signal=INT,QUIT PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}" "$@")
	if [[ -p /dev/stdin ]]; then
		{ "${cmd[@]}" <&3 3<&- & } 3<&0
	else
		"${cmd[@]}" </dev/null &
	fi
	wait $!
	status=$?
	if ((status == 124 && SECONDS - start >= limit)); then lab_error "$host: $1: no end within $limit s"; fi
	return "$status"
}

lab_run_in() { # HOST [ARG...]: a script from standard input
	local host=$1
	shift
	cat | lab_run "$host" bash -s -- "$@" # cat: a here-document may be a file
}

# lab_daemon HOST NAME CMD...: starts CMD detached; what it prints goes to /var/log/NAME.out of the host.
lab_daemon() {
	local host=$1 name=$2
	shift 2
	# shellcheck disable=SC2016  # expanded in the host
	lab_run "$host" setsid -f sh -c 'log=$1; shift
		exec "$@" </dev/null >>"$log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-' sh "/var/log/$name.out" "$@" </dev/null
}

lab_install() { # HOST: make install inside it; what is to be installed has been built outside
	lab_run "$1" make -s -C "$LAB_CHECKOUT" install
}

# lab_clock HOST +SECONDS|-SECONDS|0: shifts the clock of all that starts in HOST from now on; its services are
# started again. A preload file, because su and sshd's children drop LD_PRELOAD.
lab_clock() {
	local host=$1 offset=$2
	lab_sssd "$host" stop
	# shellcheck disable=SC2016
	lab_run "$host" bash -c '
		if [ "$1" = 0 ]; then rm -f /etc/ld.so.preload /etc/faketimerc
		else
			echo "$1" >/etc/faketimerc
			ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/etc/ld.so.preload
		fi' clock "$offset" || return
	lab_sshd "$host" && lab_sssd "$host" start
}
