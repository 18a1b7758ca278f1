#!/bin/bash
# The one process of a lab that lives in the machine's own namespaces. It holds the lab's anchor: a pid, mount and
# network namespace in which every host of the lab is nested, so that ending one process ends them all, mounts and
# interfaces with them. It watches the owner, because a test that is killed with SIGKILL runs no trap.
#
#     keeper.sh STATE-DIR OWNER-PID      (owner 0: nobody, the lab stays until SIGTERM)
set -u
dir=$1 owner=$2

# Nothing of the caller may stay open here: a pipe held by the keeper would keep its reader waiting for ever.
for fd in /proc/self/fd/*; do
	fd=${fd##*/}
	if ((fd > 2 && fd < 255)); then exec {fd}>&-; fi
done
cd /
trap '' INT HUP
trap 'exit 0' TERM

finish() {
	trap '' TERM
	# The anchor is killed and not the unshare that waits for it: so the wait ends when the kernel has ended everything
	# nested below the anchor.
	if [[ -s $dir/anchor ]]; then
		kill -KILL "$(<"$dir/anchor")"
	else
		kill -KILL "$anchor"
		cp "$dir/keeper.log" "$dir.log" # the folder goes, the reason stays
	fi
	wait "$anchor"
	if [[ $watch ]]; then kill -KILL "$watch"; fi
	rm -rf --one-file-system "$dir"
}
anchor='' watch=''
trap 'finish 2>/dev/null' EXIT

# pdeathsig: should the keeper itself be killed, the anchor must not stay.
setpriv --pdeathsig KILL unshare --net --mount --pid --uts --ipc --fork --kill-child \
	bash "${0%/*}/anchor.sh" "$dir" &
anchor=$!

if ((owner)); then
	tail --pid="$owner" -s 0.1 -f /dev/null &
	watch=$!
fi
wait -n
