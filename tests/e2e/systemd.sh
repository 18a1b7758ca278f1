#!/usr/bin/env bash
# The units under a real systemd, pid 1 of its own namespaces: the door opens at boot, anybody's connection starts a helper that
# knows who asks, and the look after the channel at boot is no failed unit on a host that is no member.
set -u
. "$(dirname "$0")/lib.sh"
e2e_lab
{ lab_host s1 s1.lab.example 10.77.0.60 && lab_install s1; } || e2e_bail "a host with retrust installed"
units='retrust-helper.socket retrust-check.service retrust-check.timer retrust-rotate.timer'
group=retrust-test.$$
init=''

# Only what the project's units need: of the machine's own services none is started here, and no generator looks at its disks.
prepare() {
	lab_run_in s1 <<-E
		set -e
		rm -rf /etc/systemd/system/*.wants /etc/systemd/system/*.requires /lib/systemd/system-generators/* /etc/fstab
		rm -rf /lib/systemd/system/*.target.wants
		mkdir -p /lib/systemd/system/sockets.target.wants
		ln -s ../systemd-journald.socket ../systemd-journald-dev-log.socket /lib/systemd/system/sockets.target.wants/
		SYSTEMD_OFFLINE=1 systemctl enable -q $units
		mkdir /cgroup
		mount -t cgroup2 cgroup /cgroup
		mkdir /cgroup/$group
	E
}
boot() {
	lab_daemon s1 boot bash -c "echo \$\$ >/cgroup/$group/cgroup.procs && exec unshare -C -m -p -f --kill-child bash -c '
		mount -t proc proc /proc && umount /sys/fs/cgroup && mount -t cgroup2 cgroup /sys/fs/cgroup &&
		mount -t tmpfs -o mode=755 run /run && mkdir /run/lock &&
		exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=multi-user.target'"
}
# Its first process, as s1 knows it: the one whose pid in the innermost namespace is 1.
find_init() {
	# shellcheck disable=SC2016
	init=$(lab_run s1 sh -c 'for p in $(cat /cgroup/'"$group"'/init.scope/cgroup.procs); do
		if [ "$(cat /proc/$p/comm)" = systemd ]; then echo $p; fi; done')
	[[ $init ]]
}
inside() { lab_run s1 nsenter -t "$init" -m -p -C -- "$@"; }
is_up() { [[ $(inside systemctl is-system-running) =~ ^(running|degraded)$ ]]; }
remove_group() {
	if [[ $init ]]; then lab_run s1 kill -KILL "$init"; fi
	lab_wait 5 "the end of systemd" /cgroup lab_run s1 sh -c "find /cgroup/$group -depth -type d -exec rmdir {} +; test ! -e /cgroup/$group"
}
leave() { # STATUS
	remove_group
	lab_exit "$1"
}
trap 'leave $?' EXIT

# One request over the door: the client's pid and uid of the listener, then the exit code that the helper answered.
ask() { # UID VERB
	inside setpriv --reuid="$1" --clear-groups python3 -c '
import socket, struct, sys
door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
door.settimeout(10)
door.connect("/run/retrust/helper.sock")
pid, uid, _ = struct.unpack("iII", door.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
field = lambda tag, value: struct.pack("<HHI", tag, 4, value)
door.send(struct.pack("<IHH", 0x31727472, 1, 2) + field(1, int(sys.argv[1])) + field(3, 3000))
while True:
	packet = door.recv(20000)
	_, kind, fields = struct.unpack_from("<IHH", packet)
	if kind == 5:
		break
at = 8
for _ in range(fields):
	tag, size = struct.unpack_from("<HH", packet, at)
	if tag == 32:
		print(pid, uid, struct.unpack_from("<I", packet, at + 4)[0])
	at += 4 + size' "$2"
}
verify=3 logon=1

prepare || e2e_bail "a host prepared for systemd"
boot
lab_wait 20 "systemd" "/var/log/boot.out in s1" find_init || e2e_bail "systemd as pid 1"
lab_wait 30 "multi-user.target" "/var/log/boot.out in s1" is_up || e2e_bail "a system that is up"

run lab_run s1 sh -c 'systemd-analyze verify --man=no /usr/lib/systemd/system/retrust-*'
check "systemd-analyze verify is content" same "0 " "$code $seen"
check "no unit of the project has failed" fails grep retrust < <(inside systemctl --failed --plain --no-legend)
for unit in $units; do
	if [[ $unit != *.service ]]; then check "$unit is active after the boot" inside systemctl -q is-active "$unit"; fi
done
check "the look at boot has ended well" same "success dead" \
	"$(inside systemctl show -P Result retrust-check.service) $(inside systemctl show -P SubState retrust-check.service)"
check "the look at boot was taken" test "$(inside systemctl show -P ExecMainStartTimestampMonotonic retrust-check.service)" -gt 0
check "the door is everybody's" same "666 0:0" "$(inside stat -c '%a %u:%g' /run/retrust/helper.sock)"
check "an ordinary user reaches a helper, may ask as a logon does, and the listener is pid 1, root" \
	same "1 0 3" "$(ask 65534 $logon)"
check "an ordinary user may not ask for more" same "1 0 77" "$(ask 65534 $verify)"
check "root may" same "1 0 3" "$(ask 0 $verify)"
run inside retrust verify --json
json=$(grep '^{' <<<"$seen")
check "the command goes through the door: not joined" condition_is not-joined
run inside setpriv --reuid=65534 --clear-groups python3 -c '
import socket
for _ in range(300):
	door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	door.connect("/run/retrust/helper.sock")
	door.close()'
check "300 connections of a stranger: taken" same 0 "$code"
no_helper_left() { [[ ! $(inside systemctl list-units --all --plain --no-legend 'retrust-helper@*') ]]; }
check "their helpers end, and leave no unit" lab_wait 20 "their end" "the journal" no_helper_left
check "the door is still open" same "1 0 77" "$(ask 65534 $verify)"
finish
