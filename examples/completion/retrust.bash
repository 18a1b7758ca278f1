# Completion of retrust(8) for bash. The conditions come from the command itself, so that they can't drift apart.
# shellcheck shell=bash

# The verb is the first word that is neither an option nor an option's value.
_retrust_verb() {
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--timeout | --dc | --container | --user | -U | --ccache | --keytab | --accept-dc | --since) ((i++)) ;;
		-*) ;;
		*)
			printf '%s\n' "${COMP_WORDS[i]}"
			return
			;;
		esac
	done
}

_retrust_options() {
	local global='--json --quiet --verbose --timeout --dc --help --version'
	local credential='--user --password-stdin --ccache --keytab --accept-dc'
	case $1 in
	repair) printf '%s\n' "$global $credential --plan" ;;
	rotate) printf '%s\n' "$global --if-due" ;;
	remember) printf '%s\n' "$global --group --all-seen" ;;
	enroll) printf '%s\n' "$global $credential --container --remove" ;;
	events) printf '%s\n' "$global --since" ;;
	*) printf '%s\n' "$global" ;;
	esac
}

_retrust() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb words
	verb=$(_retrust_verb)
	COMPREPLY=()
	case $previous in
	--ccache | --keytab)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		compopt -o filenames 2>/dev/null
		return
		;;
	--dc)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
		return
		;;
	--since)
		mapfile -t COMPREPLY < <(compgen -W 'today yesterday -1h -1d -1w' -- "$current")
		return
		;;
	--timeout | --container | --user | -U | --accept-dc) return ;;
	esac
	if [[ $current == -* ]]; then
		words=$(_retrust_options "$verb")
	elif [[ -z $verb ]]; then
		words='status verify repair rotate enroll remember events explain'
	elif [[ $verb == explain ]]; then
		words=$(retrust explain 2>/dev/null | grep -v '^ ')
	fi
	mapfile -t COMPREPLY < <(compgen -W "${words-}" -- "$current")
}

complete -F _retrust retrust
