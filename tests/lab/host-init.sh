#!/bin/bash
# Runs as the first process in a host's own namespaces: builds the host's root and becomes its init.
#
#     host-init.sh STATE-DIR FQDN ADDRESS CHECKOUT
#
# The root is an overlay of the machine's whole root on a tmpfs: `make install` inside a host, a join, a log line:
# nothing of it reaches the machine, and all of it is gone with the namespace.
set -eu
state=$1 fqdn=$2 addr=$3 checkout=$4

# /proc is still the machine's here: it tells the pid by which the machine knows this process.
read -r pid _ </proc/self/stat
exec 3>"$state/pid" # kept open: the path is out of reach after the pivot

short=${fqdn%%.*}
hostname "$short"

work=$state/root
mkdir -p "$work"
mount -t tmpfs -o mode=755 lab "$work"
mkdir "$work/root"

# overlay UPPER-NAME PATH: an overlay doesn't look into file systems mounted below its lower folder, so each of those
# gets an overlay of its own.
overlay() {
	mkdir -p "$work/$1.upper" "$work/$1.work"
	mount -t overlay -o "lowerdir=$2,upperdir=$work/$1.upper,workdir=$work/$1.work" overlay "$work/root$2"
}
overlay top /
for d in etc usr var opt root; do
	if mountpoint -q "/$d"; then overlay "$d" "/$d"; fi
done
cd "$work/root"

mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 -o ro cgroup sys/fs/cgroup # journald does not start without
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mkdir -p run/lock run/sshd run/user run/systemd/journal
# State of the machine's own services would only confuse a host: start from empty folders.
for d in var/lib/samba var/cache/samba var/log home; do
	mount -t tmpfs -o mode=755 state "$d"
done
mkdir -p var/lib/samba/private var/log/samba var/log/sssd
chmod 700 var/lib/samba/private
for d in var/lib/sss/{db,mc,pipes,pubconf,gpo_cache,secrets,keytabs,deskprofile}; do
	if [[ -d $d ]]; then find "$d" ! -type d -delete; fi
done
rm -f etc/krb5.keytab

# A /dev of its own, so that a pty of the host has a name in the host (login looks its terminal up).
mount -t tmpfs -o mode=755 dev dev
cp -a /dev/{null,zero,full,random,urandom,tty} dev/
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
ln -s /run/systemd/journal/dev-log dev/log

# The checkout at its own path. Bound, not seen through the overlay: files built while the lab runs must appear.
# Read-only: an install inside a host must not write to the machine.
mkdir -p ".$checkout"
mount --bind "$checkout" ".$checkout"
mount -o remount,bind,ro ".$checkout"

echo "$short" >etc/hostname
printf '%s\n' "127.0.0.1 localhost" "$addr $fqdn $short" >etc/hosts
# The upper layer has its own copy: a resolv.conf that is a link into /run would lead nowhere.
rm -f etc/resolv.conf
printf '%s\n' "search lab.example" "nameserver 10.77.0.10" >etc/resolv.conf
tr -d - </proc/sys/kernel/random/uuid >etc/machine-id
rm -f etc/nologin

mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old || :
cd /
ip link set lo up

echo "$pid" >&3
exec 3>&-
# sleep as the only child: tini reaps what the host's daemons leave behind.
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin tini -- sleep infinity
