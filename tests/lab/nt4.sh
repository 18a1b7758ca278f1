# shellcheck shell=bash
# An NT4-style domain, as KB Q175024 knew it: a Samba classic PDC and members with `security = domain`. No DNS, no
# Kerberos, no LDAP: names by NetBIOS, everything else by named pipes of SMB2.

LAB_NT4_DOMAIN=NT4LAB
LAB_NT4_PDC_ADDR=10.77.0.20

# lab_pdc NAME [--rogue]: a PDC of NT4LAB with the users alice, bob, carol and dave. --rogue: an independent domain of
# the same name with other secrets (alice's password is the same); it stays unplugged until lab_swap_dc.
lab_pdc() {
	local name=$1 rogue=${2-} as=$1 password=$LAB_ADMIN_PASSWORD
	if [[ $rogue == --rogue ]]; then
		as=$(<"$LAB_DIR/pdc") password=R0gue-Passw0rd || return
	else
		echo "$name" >"$LAB_DIR/pdc"
	fi
	lab_host "$name" "$as.$LAB_DOMAIN" "$LAB_NT4_PDC_ADDR" || return
	if [[ $rogue != --rogue ]]; then lab_attach "$name" || return; fi
	lab_journald "$name" && lab_pdc_files "$name" "$password" || return
	lab_daemon "$name" nmbd nmbd -F --no-process-group -l /var/log/samba &&
		lab_daemon "$name" smbd smbd -F --no-process-group -l /var/log/samba &&
		lab_wait 20 "the PDC $name" "/var/log/samba in $name" lab_pdc_serves "$name"
}

lab_pdc_serves() {
	lab_run "$1" bash -c ": <>/dev/tcp/$LAB_NT4_PDC_ADDR/445"
}

lab_pdc_files() { # HOST PASSWORD-OF-ROOT
	lab_run_in "$1" "$LAB_NT4_DOMAIN" "$2" >"$LAB_DIR/$1/provision.log" 2>&1 <<-'E'
		set -e
		cat >/etc/samba/smb.conf <<-K
			[global]
			workgroup = $1
			security = user
			domain logons = yes
			domain master = yes
			preferred master = yes
			os level = 65
			add machine script = /usr/sbin/useradd -M -d /nonexistent -s /usr/sbin/nologin -g machines %u
			log level = 1 auth_audit:3
		K
		groupadd machines
		for user in alice bob carol dave; do
			useradd -M "$user"
			printf 'Passw0rd-%s\n' "$user" "$user" | smbpasswd -s -a "$user"
		done
		printf '%s\n' "$2" "$2" | smbpasswd -s -a root
		pdbedit -P 'bad lockout attempt' -C 999 # Samba counts bad passwords only where they can lock an account out
	E
}

# lab_member_nt4 NAME: joined to NT4LAB; winbindd runs and is the identity service. No keytab, no SSSD, no krb5.conf.
lab_member_nt4() {
	local name=$1 addr
	addr=$(lab_address) && lab_host "$name" "$name.$LAB_DOMAIN" "$addr" && lab_attach "$name" || return
	lab_journald "$name" && lab_nt4_files "$name" && lab_nt4_pam "$name" plain || return
	# Without nmbd every look for the PDC waits ten seconds for a datagram that can't arrive.
	lab_daemon "$name" nmbd nmbd -F --no-process-group -l /var/log/samba || return
	# The PDC's names are registered some seconds after its nmbd has started.
	lab_wait 30 "the domain" "$LAB_DIR" lab_run "$name" nmblookup "$LAB_NT4_DOMAIN#1c" || return
	# By the PDC's name: a join that looks for it first takes 20 seconds.
	lab_run "$name" net rpc join -S "$(<"$LAB_DIR/pdc")" -U "root%$LAB_ADMIN_PASSWORD" >"$LAB_DIR/$name/join.log" 2>&1 || {
		lab_error "$name could not join the domain: $(tail -1 "$LAB_DIR/$name/join.log")"
		return
	}
	lab_daemon "$name" winbindd winbindd -F --no-process-group -l /var/log/samba &&
		lab_wait 10 "winbindd on $name" "/var/log/winbindd.out in $name" lab_run "$name" wbinfo -t
}

lab_nt4_files() { # HOST
	lab_run_in "$1" "$LAB_NT4_DOMAIN" <<-'E'
		set -e
		cat >/etc/samba/smb.conf <<-K
			[global]
			workgroup = $1
			security = domain
			winbind use default domain = yes
			template shell = /bin/bash
			template homedir = /home/%U
			idmap config * : range = 100000-199999
			idmap config * : backend = tdb
			idmap config $1 : range = 200000-299999
			idmap config $1 : backend = rid
		K
		cat >/etc/nsswitch.conf <<-K
			passwd: files winbind
			group: files winbind
			shadow: files
			hosts: files
			services: files
			protocols: files
		K
		rm -f /etc/krb5.conf
		echo 'FAIL_DELAY 0' >>/etc/default/su
		if ! getent passwd local >/dev/null; then useradd -m -s /bin/bash local; fi
	E
}

# lab_nt4_pam HOST plain|retrust: pam_winbind alone, or the documented stack with pam_retrust between its two tries
lab_nt4_pam() {
	local host=$1 auth session=''
	if [[ $2 == retrust ]]; then
		auth='auth [success=3 new_authtok_reqd=3 default=ignore] pam_winbind.so
auth [success=ok default=die] pam_retrust.so
auth [success=1 default=ignore] pam_winbind.so use_first_pass
auth requisite pam_deny.so
auth required pam_permit.so'
		session='session optional pam_retrust.so'
	else
		auth='auth required pam_winbind.so'
	fi
	lab_run_in "$host" "$auth" "$session" <<-'E'
		set -e
		cd /etc/pam.d
		printf '%s\n' "$1" >common-auth
		echo 'account required pam_permit.so' >common-account
		printf '%s\n' 'session optional pam_mkhomedir.so umask=0077' 'session required pam_permit.so' "$2" >common-session
		cp common-session common-session-noninteractive
		echo 'password required pam_deny.so' >common-password
		printf '@include common-%s\n' auth account session password >lab
		sed -i '/pam_faildelay\|pam_motd\|pam_mail\|pam_lastlog/d' su
	E
}

# What an administrator does at the PDC.
lab_nt4_pdc() { # CMD...: on the PDC
	lab_run "$(<"$LAB_DIR/pdc")" "$@"
}
lab_nt4_reset() { # HOST [PASSWORD]: sets its account's password, to one nobody knows where none is given
	local password=${2:-$(head -c 30 /dev/urandom | base64 -w0)}
	printf '%s\n' "$password" "$password" | lab_nt4_pdc smbpasswd -s "$1\$"
}
lab_nt4_delete() { # HOST: the account goes from Samba and from the PDC's own users
	lab_nt4_pdc smbpasswd -x -m "$1" >/dev/null && lab_nt4_pdc userdel -f "$1\$" 2>/dev/null # it says that its logon is still open
}
lab_nt4_disable() { lab_nt4_pdc smbpasswd -d "$1\$" >/dev/null; }      # HOST
lab_nt4_enable() { lab_nt4_pdc smbpasswd -e "$1\$" >/dev/null; }       # HOST
lab_nt4_hash() { lab_nt4_pdc pdbedit -L -w "$1\$" | cut -d: -f4; }     # HOST: the NT hash that the PDC has
lab_nt4_badpwdcount() { # USER
	lab_nt4_pdc pdbedit -L -v "$1" | sed -n 's/^Bad password count *: *//p'
}

# lab_nt4_up PDC MEMBER: both at once
lab_nt4_up() {
	local pdc
	lab_pdc "$1" &
	pdc=$!
	lab_wait 10 "the PDC's host" "$LAB_DIR" test -s "$LAB_DIR/pdc" && lab_member_nt4 "$2" && wait "$pdc"
}
