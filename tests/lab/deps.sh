#!/bin/bash
# Installs the Debian packages that are missing: deps.sh LIST...   (one package a line, # begins a comment)
# Quick and silent when nothing is missing. Starts no service: the lab runs its own, in namespaces.
set -eu

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "deps.sh: this needs Debian's dpkg and apt-get; install by hand what these lists name: $*" >&2
	exit 1
fi
packages=()
for list; do
	while read -r package _; do
		if [[ $package && $package != \#* ]]; then packages+=("$package"); fi
	done <"$list"
done
((${#packages[@]})) || exit 0

missing=()
# One query for all: dpkg-query lists what it knows, everything else is missing.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p' || :)
for package in "${packages[@]}"; do
	if ! grep -qxF "$package" <<<"$installed"; then missing+=("$package"); fi
done
((${#missing[@]})) || exit 0

if ((EUID)); then
	echo "deps.sh: root is needed to install: ${missing[*]}" >&2
	exit 1
fi

# Debian's own switch against starting services; one that the administrator has put there stays.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
log=$(mktemp)
install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		-o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "${missing[@]}" >"$log" 2>&1 </dev/null
}
echo "installing ${#missing[@]} packages: ${missing[*]}"
# The index may be missing or old: only then is it fetched.
if ! install; then
	apt-get update -q -o DPkg::Lock::Timeout=120 >"$log" 2>&1 </dev/null || :
	if ! install; then
		tail -20 "$log" >&2
		echo "deps.sh: apt-get could not install them (log: $log)" >&2
		exit 1
	fi
fi
rm -f "$log"
