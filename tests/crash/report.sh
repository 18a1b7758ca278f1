#!/usr/bin/env bash
# The table of the crash matrix from the lines of host.sh: report.sh FILE SECONDS. Exits 1 when retrust lost a host or left
# one that isn't right.
set -u
awk -F '\t' -v seconds="$2" '
function add(key) { if (!(key in seen)) { seen[key] = 1; order[++rows] = key } }
{ key = $1 "\t" $2; add(key) }
$3 == "time" { time[key] = $4; next }
{ count[key, $3]++; if ($9 != "ok") bad[key, $9]++ }
$1 ~ /^(rotate|repair)$/ { ours++; if ($9 != "ok") { failed++; if ($9 == "lost") lost++ } }
END {
	name["rotate"] = "retrust rotate"; name["repair"] = "retrust repair (spare)"; name["adcli"] = "adcli update"
	name["msktutil"] = "msktutil --auto-update"; name["net"] = "net ads changetrustpw"
	line = "%-23s %-11s %6s %6s %6s %6s %6s %6s %6s %6s %6s\n"
	printf line, "", "stores", "killed", "errors", "reply", "lost", "wrong", "late", "stray", "stuck", "s"
	for (i = 1; i <= rows; i++) {
		k = order[i]; split(k, p, "\t")
		printf line, name[p[1]], p[2], count[k, "kill"] + 0, count[k, "error"] + 0, count[k, "reply"] + 0, \
			bad[k, "lost"] + 0, bad[k, "wrong"] + 0, bad[k, "late"] + 0, bad[k, "stray"] + 0, bad[k, "stuck"] + 0, \
			time[k]
	}
	printf "crash: retrust %d points, %d hosts lost, %d not right; %d s\n", ours, lost, failed - lost, seconds
	exit failed > 0 || ours == 0
}' "$1"
