# shellcheck shell=bash
# What an administrator does to accounts at the DC, and what the DC says of them. Straight into sam.ldb: no
# credential, no network, and a running Samba sees it at once.

lab_ldb() { # DC COMMAND ARG...: ldbsearch, ldbmodify … on the DC's database; LDIF from standard input
	local dc=$1 cmd=$2
	shift 2
	lab_run "$dc" "$cmd" -H /var/lib/samba/private/sam.ldb "$@"
}

lab_dc_name() { cat "$LAB_DIR/dc"; }

# lab_attr NAME ATTRIBUTE [DC]: one attribute of the account NAME, e.g. of M1$
lab_attr() {
	lab_ldb "${3:-$(lab_dc_name)}" ldbsearch -b "$LAB_BASE" "(sAMAccountName=$1)" "$2" </dev/null |
		sed -n "s/^$2: //Ip"
}

lab_sid() { lab_attr "$2" objectSid "$1"; } # DC NAME

lab_account() { echo "${1^^}\$"; } # HOST: the name of its computer account

# lab_modify NAME CHANGE-LINE...: changes the account NAME by the lines of an LDIF modify record
lab_modify() {
	local dn
	dn=$(lab_attr "$1" distinguishedName)
	if [[ -z $dn ]]; then
		lab_error "the domain has no account $1"
		return
	fi
	shift
	printf '%s\n' "dn: $dn" "changetype: modify" "$@" | lab_ldb "$(lab_dc_name)" ldbmodify >/dev/null
}

lab_reset_account() { # HOST: the administrator's reset, to a password nobody knows
	local password
	password=$(head -c 60 /dev/urandom | base64 -w0)
	lab_modify "$(lab_account "$1")" "replace: unicodePwd" "unicodePwd:: $(lab_unicode_pwd "$password")"
}

lab_disable_account() { # HOST
	local account flags
	account=$(lab_account "$1")
	flags=$(lab_attr "$account" userAccountControl)
	lab_modify "$account" "replace: userAccountControl" "userAccountControl: $((flags | 2))"
}

lab_enable_account() { # HOST: enabled, and not expired
	local account flags
	account=$(lab_account "$1")
	flags=$(lab_attr "$account" userAccountControl)
	lab_modify "$account" "replace: userAccountControl" "userAccountControl: $((flags & ~2))" - \
		"replace: accountExpires" "accountExpires: 0"
}

lab_expire_account() { # HOST: expired in 2016
	lab_modify "$(lab_account "$1")" "replace: accountExpires" "accountExpires: 131000000000000000"
}

lab_delete_account() { # HOST
	lab_ldb "$(lab_dc_name)" ldbdel "$(lab_attr "$(lab_account "$1")" distinguishedName)" >/dev/null
}

lab_kvno() { lab_attr "$(lab_account "$1")" msDS-KeyVersionNumber; } # HOST
lab_badpwdcount() { lab_attr "$1" badPwdCount; }                    # USER

lab_rotate() { # HOST N: the host changes its own password N times
	local n
	for ((n = 0; n < $2; n++)); do
		lab_run "$1" adcli update --domain="$LAB_DOMAIN" --computer-password-lifetime=0 >/dev/null || return
	done
}

# What a virtual machine's snapshot would bring back.
lab_snapshot() { # HOST
	lab_run_in "$1" <<-'E'
		mkdir -p /var/lib/retrust
		tar -C / -cpf /root/lab-snapshot.tar etc/krb5.keytab var/lib/samba/private var/lib/retrust
	E
}
lab_revert() { # HOST
	lab_run_in "$1" <<-'E'
		test -s /root/lab-snapshot.tar || { echo "lab: no snapshot was made" >&2; exit 1; }
		rm -rf /etc/krb5.keytab /var/lib/samba/private /var/lib/retrust
		tar -C / -xpf /root/lab-snapshot.tar
	E
}
