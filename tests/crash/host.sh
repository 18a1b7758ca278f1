#!/usr/bin/env bash
# Runs in a member of the lab: the crash matrix of that host, see run.
#
#     host.sh DRIVE KIND SUBJECT...      KIND: keytab, keytab+tdb, tdb (what the host keeps its secret in)
#
# Prints one line a point, tabs between the fields: subject, kind, class (kill, error, reply), call, its number, what
# was injected, what the call was for, what became of the run, verdict, why, milliseconds. Progress goes to standard error.
# shellcheck disable=SC2034  # the pieces use these
set -u
drive=$1 kind=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
helper=/usr/libexec/retrust/retrust-helper
keytab=/etc/krb5.keytab tdb=/var/lib/samba/private/secrets.tdb
host=$(hostname)
account=${host^^}\$
fqdn=$host.lab.example
admin=Adm1n-Passw0rd
work=/root/crash
mkdir -p "$work"
export KRB5CCNAME=$work/ccache LC_ALL=C

for piece in points look retrust peers; do
	# shellcheck source=/dev/null
	. "$here/$piece.sh"
done

quiet() { { "$@"; } >/dev/null 2>&1; } # the braces: the shell's own word about a killed command too
now() { echo "${EPOCHREALTIME/./}"; }
tell() { printf '%s\n' "$*" >&2; }

# record CLASS CALL NUMBER INJECTED TARGET RUN VERDICT WHY SINCE
record() {
	local since=$9
	printf '%s\t' "$subject" "$kind" "${@:1:8}"
	echo $((($(now) - since) / 1000))
	done_points=$((done_points + 1))
	if [[ $7 != ok ]]; then tell "  $host $subject: $1 $2#$3 $4 ($5): $6; then $7: $8"; fi
	if ((done_points % 50 == 0)); then tell "  $host $subject: $done_points points"; fi
}

# As it is after a join, whatever was there before.
join_again() {
	rm -f "$keytab" /var/lib/retrust/journal
	if [[ $kind == keytab ]]; then
		printf %s "$admin" | quiet adcli join --domain=lab.example --domain-controller=dc1.lab.example \
			--host-fqdn="$fqdn" --login-user=Administrator --stdin-password
	else
		quiet net ads join -U "Administrator%$admin" --no-dns-updates
		quiet wbinfo -t
	fi || tell "  $host: could not be joined again"
}

for subject; do
	done_points=0 since=$SECONDS
	tell "  $host: $subject on a host with $kind"
	case $subject in
	rotate | repair) retrust_subject ;;
	*) peer_subject ;;
	esac
	tell "  $host $subject: $done_points points in $((SECONDS - since)) s"
	printf '%s\t%s\ttime\t%s\n' "$subject" "$kind" $((SECONDS - since))
done
