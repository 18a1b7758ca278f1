# shellcheck shell=bash
# SSSD of a member and the states that it can be in.

LAB_SSSD_DEBUG=${LAB_SSSD_DEBUG:-4}

# lab_sssd HOST stop|start|cold|cold-cache|warm|offline|online
#   cold        restarted: knows its users from the cache, has no connection yet
#   cold-cache  restarted with an empty cache
#   warm        running, with a live connection: alice just logged on
#   offline     told to believe that there is no network (SIGUSR1); online: told to look again (SIGUSR2)
lab_sssd() {
	local host=$1
	case $2 in
	stop) lab_sssd_stop "$host" ;;
	start) lab_sssd_start "$host" ;;
	cold) lab_sssd_stop "$host" && lab_sssd_start "$host" ;;
	cold-cache)
		lab_sssd_stop "$host" && lab_run "$host" sh -c 'rm -f /var/lib/sss/db/* /var/lib/sss/mc/*' &&
			lab_sssd_start "$host"
		;;
	warm) lab_sssd_warm "$host" ;;
	offline) lab_run "$host" pkill -USR1 -x sssd_be ;; # the host's own pid namespace: no other sssd_be is seen
	online) lab_run "$host" pkill -USR2 -x sssd_be ;;
	*) lab_error "lab_sssd: unknown state $2" ;;
	esac
}

lab_sssd_stop() {
	lab_run_in "$1" <<-'E'
		# The monitor ends its children. A monitor that gave up has left none.
		read -r pid 2>/dev/null </run/sssd.pid && kill "$pid" 2>/dev/null
		for ((i = 0; i < 250; i++)); do
			pgrep '^sssd' >/dev/null || { rm -f /run/sssd.pid; exit 0; }
			sleep 0.02
		done
		echo "lab: SSSD does not end" >&2
		exit 1
	E
}

# In the foreground under setsid: a daemonising SSSD hangs under a shifted clock. It has started when both of its
# doors are there. Without a keytab it gives up after some seconds: then there is nothing to wait for.
lab_sssd_start() {
	local host=$1 start=$SECONDS
	lab_run "$host" rm -f /run/sssd.pid /var/lib/sss/pipes/{nss,pam,private/pam}
	lab_daemon "$host" sssd sssd -i --logger=files || return
	until lab_sssd_up "$host"; do
		if ((SECONDS - start > 1)) && ! lab_run "$host" pgrep -x sssd >/dev/null; then
			lab_error "$host: SSSD gave up (log: /var/log/sssd in $host)"
			return
		elif ((SECONDS - start > 15)); then
			lab_error "$host: SSSD did not come up within 15 s (log: /var/log/sssd in $host)"
			return
		fi
		sleep 0.03
	done
}

lab_sssd_up() {
	local root
	root=/proc/$(<"$LAB_DIR/$1/pid")/root
	[[ -s $root/run/sssd.pid && -S $root/var/lib/sss/pipes/nss && -S $root/var/lib/sss/pipes/pam ]]
}

lab_sssd_warm() {
	local host=$1
	lab_sssd_up "$host" && lab_run "$host" pgrep -x sssd >/dev/null || lab_sssd "$host" cold || return
	printf 'Passw0rd-alice\n' | lab_run "$host" pamtester lab-sss alice authenticate >/dev/null 2>&1 ||
		lab_error "$host: SSSD can't be warmed up: alice's logon fails (log: /var/log/sssd in $host)"
}

# lab_sssd_conf HOST KEY VALUE: one key of the domain's section, which is the last one of the file
lab_sssd_conf() {
	# shellcheck disable=SC2016
	lab_run "$1" bash -c 'sed -i "/^$1 *=/d" /etc/sssd/sssd.conf && echo "$1 = $2" >>/etc/sssd/sssd.conf' conf "$2" "$3" &&
		lab_sssd "$1" cold
}
