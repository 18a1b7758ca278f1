#!/bin/bash
# The lab's own test: two labs side by side, and nothing left of a lab however its owner ended.
# shellcheck disable=SC2016,SC2317  # scripts for other shells; functions called by name
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
export LAB_CACHE=${LAB_CACHE:-$work/cache} LAB_LOGS=$work/logs
failed=0
trap 'kill -KILL $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT

check() { # NAME CMD...
	local name=$1
	shift
	if "$@"; then
		echo "ok - $name"
	else
		echo "FAILED - $name"
		failed=1
	fi
}

wait_for() { # SECONDS CMD...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return
		sleep 0.05
	done
}

# owner NAME BODY: a shell of its own that begins a lab, notes what the lab consists of and runs BODY. Bash starts
# background jobs with SIGINT ignored, and what is ignored can't be trapped: hence env.
owner() {
	env --default-signal=INT,QUIT bash -uc '. "$1/lab.sh"
		note() { # what must be gone later
			local pid
			for pid in "$(<"$LAB_DIR/anchor")" $(cat "$LAB_DIR"/*/pid 2>/dev/null); do
				readlink "/proc/$pid/ns/"{net,mnt,pid}
			done >"$2/$3.namespaces"
			echo "$LAB_DIR" >"$2/$3.dir"
		}
		lab_begin || exit
		'"$2" owner "$here" "$work" "$1" >"$work/$1.out" 2>&1 &
}

namespaces_gone() { # NAME
	local ns
	for ns in /proc/[0-9]*/ns/{net,mnt,pid}; do readlink "$ns"; done 2>/dev/null | sort -u >"$work/now"
	! grep -qxFf "$work/$1.namespaces" "$work/now"
}

gone() { # NAME: no folder, process, namespace, mount or interface of that lab
	local dir
	dir=$(<"$work/$1.dir")
	if [[ -e $dir ]]; then return 1; fi
	if ! namespaces_gone "$1" || grep -qF "$dir" /proc/mounts; then return 1; fi
	if grep -lsF "$dir" /proc/[0-9]*/cmdline >&2; then return 1; fi
	[[ $(ip -o link) == "$links" ]]
}
logs_kept() { compgen -G "$LAB_LOGS/*/h1/journal" >/dev/null; }
links=$(ip -o link)

# Two complete labs, both of them up before either ends.
for n in 1 2; do
	owner "side$n" 'lab_up dc1 m1 || exit
		note "$@"
		for ((i = 0; i < 1200; i++)); do [[ -e $2/side1.dir && -e $2/side2.dir ]] && break; sleep 0.05; done
		lab_logon m1 alice Passw0rd-alice sshd'
	pids[n]=$!
done
for n in 1 2; do
	wait "${pids[n]}"
	check "lab $n of two at once: a healthy logon through sshd" test $? = 0
	check "lab $n left nothing" gone "side$n"
done
check "the two had different state folders" test "$(<"$work/side1.dir")" != "$(<"$work/side2.dir")"

# Owners that end early. A host without a domain is enough here.
idle='lab_host h1 h1.lab.example 10.77.0.50 && lab_journald h1 && note "$@"; touch "$2/$3.ready"; lab_run h1 sleep 60'
for signal in INT TERM KILL; do
	owner "$signal" "$idle"
	pid=$!
	wait_for 15 test -e "$work/$signal.ready"
	kill -"$signal" "$pid"
	wait "$pid" 2>/dev/null
	check "an owner ended by SIG$signal left nothing" wait_for 10 gone "$signal"
done
check "the logs of an owner that failed are kept" logs_kept

# A killed keeper can't remove the folder, the next lab does that.
owner keeper "$idle"
pid=$!
wait_for 15 test -e "$work/keeper.ready"
kill -KILL "$(<"$(<"$work/keeper.dir")/keeper")" "$pid"
wait "$pid" 2>/dev/null
check "a killed keeper left no process" wait_for 10 namespaces_gone keeper
owner after 'note "$@"'
wait $!
check "the next lab swept its folder away" gone keeper
check "a lab that ended at once left nothing" gone after

if ((failed)); then tail -n 20 "$work"/*.out; fi
exit "$failed"
