# shellcheck shell=bash
# From the trace of an undisturbed run to the list of calls that are worth a crash.

# points TRACE [helper|hit]: lines "CALL NUMBER TARGET WRITES"; NUMBER counts that call from the start of the process, as
# strace's when= does. TARGET is a service of the DC, the client, or a file. `helper`: from the request on, before it there
# is the loading of libraries only. `hit`: a trace of one call alone.
points() {
	awk -v helper="${2:-}" '
	function port(line) {
		if (match(line, /:[0-9]+\]>/)) return substr(line, RSTART + 1, RLENGTH - 3)
		if (match(line, /htons\([0-9]+\)/)) return substr(line, RSTART + 6, RLENGTH - 7)
		return 0
	}
	function target(line, p) {
		if (line ~ /memfd:/) return ""
		if (line ~ /<(TCP|UDP)(v6)?:/) {
			p = port(line)
			return p in service ? service[p] : "dc:" p
		}
		if (line ~ /\(0<UNIX/) return helper != "" ? "client" : ""
		if (match(line, /\/(var\/lib|run)\/retrust[^">, ]*/) || match(line, /\/etc\/krb5\.keytab[^">, ]*/) ||
		    match(line, /\/[^"< ]*secrets\.tdb/))
			return substr(line, RSTART, RLENGTH)
		return ""
	}
	BEGIN {
		service[53] = "dns"; service[88] = "kdc"; service[389] = "ldap"; service[464] = "kpasswd"
		on = helper != "helper"
		split("connect sendto sendmsg sendmmsg recvfrom recvmsg poll openat read write pread64 pwrite64 fsync fdatasync " \
		      "rename unlink flock fcntl ftruncate fchmod fchown close utimensat mkdir", list, " ")
		for (i in list) wanted[list[i]] = 1
	}
	{ call = $0; sub(/\(.*/, "", call); number[call]++ }
	call == "recvmsg" && /\(0<UNIX/ { on = 1 }
	on && call in wanted && !/F_(GET|SET)F[DL]/ {
		to = target($0)
		if (to != "") print call, number[call], to, (/O_CREAT|O_RDWR|O_WRONLY/ ? "w" : "-")
	}' "$1"
}

# errors CALL NUMBER TARGET WRITES: the injections that make the call fail, one a line. A full disk stays full.
errors() {
	case $1:$3 in
	recvfrom:dns | recvfrom:kdc | recvfrom:kpasswd | recvfrom:ldap | recvfrom:dc:*)
		echo "error=ECONNRESET:when=$2"
		echo "error=ETIMEDOUT:when=$2"
		;;
	sendto:dns | sendto:kdc | sendto:kpasswd | sendto:ldap | sendto:dc:*) echo "error=ECONNRESET:when=$2" ;;
	connect:*) echo "error=ECONNREFUSED:when=$2" ;;
	unlink:* | flock:* | fcntl:*) echo "error=EIO:when=$2" ;;
	openat:*)
		if [[ $4 == w ]]; then
			echo "error=EIO:when=$2"
			echo "error=ENOSPC:when=$2"
		fi
		;;
	write:/* | pwrite64:/* | fsync:/* | fdatasync:/* | rename:/*)
		echo "error=EIO:when=$2"
		echo "error=ENOSPC:when=$2+"
		;;
	esac
}
