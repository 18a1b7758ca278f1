# shellcheck shell=bash disable=SC2154 # set by host.sh
# The peers under the same harness. Their points are so many that only some are tried, evenly over the run; each peer is
# given what retrust is given: one more run, undisturbed, before the host is looked at.

peer_points=50

peer_command() {
	case $subject in
	adcli) command=(adcli update --domain=lab.example --computer-password-lifetime=0) ;;
	msktutil)
		command=(msktutil --auto-update --auto-update-interval 0 --no-reverse-lookups --computer-name "${host^^}"
			--server dc1.lab.example)
		;;
	net) command=(net ads changetrustpw) ;;
	esac
}

# Calls that change something outside of the process, or wait for it: peer_points of them, evenly spread, and all of the
# exchange that sets the password.
peer_list() {
	points "$work/trace" | grep -E '^(connect|send|recv|write|pwrite|fsync|fdatasync|rename|unlink|ftruncate|poll)' >"$work/all"
	awk -v most="$peer_points" -v all="$(wc -l <"$work/all")" \
		'int(NR * most / all) > int((NR - 1) * most / all) ||
			all <= most || $3 == "kpasswd"' "$work/all"
}

# peer_look: sets $verdict (ok, wrong: a store or the kvno isn't right, lost: the DC takes no secret of this host) and $why
peer_look() {
	local taken=0
	verdict=ok why=''
	if keytab_taken; then
		taken=1
		keytab_opens || verdict=wrong why="the keytab's kvno isn't the DC's"
	else
		verdict=wrong why="$lost"
	fi
	if [[ $kind == keytab+tdb ]]; then
		if winbind_content; then taken=1; else verdict=wrong why="$why wbinfo -t fails"; fi
	fi
	if ((!taken)); then verdict=lost; fi
}

peer_subject() {
	local command call number target since run again verdict why
	join_again
	peer_command
	quiet "${command[@]}" # the second run is like those after it
	quiet strace -y -yy -o "$work/trace" "${command[@]}" || tell "  $host: undisturbed ${command[*]} fails"
	peer_list >"$work/points.$subject"
	tell "  $host $subject: $(wc -l <"$work/points.$subject") of $(wc -l <"$work/all") points"
	while read -r call number target _; do
		since=$(now)
		quiet env -u KRB5CCNAME timeout -s KILL 30 strace -o "$work/point" -e "trace=$call" \
			-e "inject=$call:signal=KILL:when=$number" "${command[@]}"
		run=$?
		quiet env -u KRB5CCNAME timeout -s KILL 30 "${command[@]}"
		again=$?
		peer_look
		if [[ $verdict == ok && $again != 0 ]]; then verdict=stuck why="its next run ends with status $again"; fi
		if [[ $verdict != ok ]]; then join_again; fi
		if grep -q 'killed by SIGKILL' "$work/point"; then
			record kill "$call" "$number" "signal=KILL" "$target" "status $run" "$verdict" "$why" "$since"
		fi
	done <"$work/points.$subject"
}
