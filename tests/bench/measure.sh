# shellcheck shell=bash
# Measuring inside a host, and what is made of the numbers. MEASURES is a file of lines "NAME MICROSECONDS".

# measure HOST NAME CMD...: runs CMD in HOST once, timed by a shell there, so that entering the host doesn't count. What stands on
# standard input goes to CMD. A command that fails wasn't measured.
measure() {
	local host=$1 name=$2 line
	shift 2
	# shellcheck disable=SC2016  # expanded in the host
	line=$(lab_run "$host" bash -c 'start=${EPOCHREALTIME/./}
		"$@" >/tmp/bench.out 2>&1
		status=$?
		echo $((${EPOCHREALTIME/./} - start)) $status
		((status == 0)) || tail -3 /tmp/bench.out >&2' bench "$@") || return
	if [[ ${line#* } != 0 ]]; then
		lab_error "$name can't be measured: $* ended with status ${line#* }"
		return
	fi
	echo "$name ${line% *}" >>"$MEASURES"
}

# statistic NAME: "MEDIAN LEAST MOST COUNT", µs
statistic() {
	sed -n "s/^$1 //p" "$MEASURES" | sort -n |
		awk '{ v[NR] = $1 } END { if (!NR) exit 1; print (NR % 2 ? v[(NR + 1) / 2] : int((v[NR / 2] + v[NR / 2 + 1]) / 2)), v[1], v[NR], NR }'
}

median() { # NAME
	local all
	all=$(statistic "$1") || return
	echo "${all%% *}"
}

ms() { # MICROSECONDS: "12.3"
	printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100))
}

times() { # A B: how many times as long B takes, "8.1 x"
	printf '%d.%d x' $(($2 / $1)) $(($2 * 10 / $1 % 10))
}

# row NAME WORDS [BASE]: one line of the table; BASE: the measure that it is compared with
row() {
	local name=$1 words=$2 base=${3-} median least most count ratio=''
	read -r median least most count < <(statistic "$name") || return
	if [[ $base ]]; then ratio=$(times "$(median "$base")" "$median"); fi
	printf '  %-44s %8s %8s %8s %5d %9s\n' "$words" "$(ms "$median")" "$(ms "$least")" "$(ms "$most")" "$count" "$ratio"
}

heading() {
	printf '\n%-46s %8s %8s %8s %5s %9s\n' "$1" median least most n "$2"
}
