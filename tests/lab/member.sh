# shellcheck shell=bash
# A member host: configuration, join, services.

# lab_member NAME [--no-sssd] [--keep-samba] [--winbind] [--secrets-only]
#   --no-sssd     joined, with SSSD configured but not started
#   --keep-samba  joined by Samba, so that secrets.tdb and the keytab both hold the machine's secret
#   --winbind     the same, and winbindd runs: in nsswitch.conf (after SSSD) and in the PAM service "lab-winbind"
#   --secrets-only  the same without SSSD and, as Samba's default is, without a keytab: secrets.tdb alone
lab_member() {
	local name=$1 sssd=yes samba='' winbind='' secrets='' addr
	shift
	while (($#)); do
		case $1 in
		--no-sssd) sssd= ;;
		--keep-samba) samba=yes ;;
		--winbind) samba=yes winbind=yes ;;
		--secrets-only) samba=yes winbind=yes sssd='' secrets=yes ;;
		*)
			lab_error "lab_member: unknown option $1"
			return
			;;
		esac
		shift
	done
	addr=$(lab_address) && lab_host "$name" "$name.$LAB_DOMAIN" "$addr" && lab_attach "$name" || return
	lab_journald "$name" && lab_member_files "$name" && lab_pam "$name" plain && lab_sshd "$name" || return
	lab_wait 90 "the domain" "$LAB_DIR" lab_dc_known || return
	if [[ -e $LAB_DIR/dc.failed ]]; then return 1; fi
	if [[ $secrets ]]; then
		lab_run "$name" sh -c 'rm /etc/sssd/sssd.conf && sed -i "/kerberos method/d" /etc/samba/smb.conf &&
			sed -i "s/ sss//" /etc/nsswitch.conf' || return
	fi
	lab_join "$name" "$samba" || return
	if [[ $winbind ]]; then lab_winbind "$name" || return; fi
	if [[ $sssd ]]; then lab_sssd "$name" start; fi
}

lab_dc_known() { [[ -e $LAB_DIR/dc.ready || -e $LAB_DIR/dc.failed ]]; }

lab_join() { # HOST SAMBA?
	local name=$1 log=$LAB_DIR/$1/join.log
	if [[ $2 ]]; then
		lab_run "$name" net ads join -U "Administrator%$LAB_ADMIN_PASSWORD" --no-dns-updates >"$log" 2>&1
	else
		printf %s "$LAB_ADMIN_PASSWORD" | lab_run "$name" adcli join --domain="$LAB_DOMAIN" \
			--domain-controller="$(lab_dc_name).$LAB_DOMAIN" --host-fqdn="$name.$LAB_DOMAIN" \
			--login-user=Administrator --stdin-password --verbose >"$log" 2>&1
	fi || {
		tail -3 "$log" >&2
		lab_error "$name could not join the domain (log: $log)"
	}
}

# lab_winbind HOST: makes winbindd an identity service and starts it. Neither smbd nor systemd is needed.
lab_winbind() {
	local name=$1
	lab_run_in "$name" <<-'E' || return
		set -e
		printf '\t%s\n' 'winbind use default domain = yes' 'template shell = /bin/bash' 'template homedir = /home/%U' \
			'idmap config LAB : range = 200000-299999' 'idmap config LAB : backend = rid' >>/etc/samba/smb.conf
		sed -i 's/^\(passwd\|group\):.*/& winbind/' /etc/nsswitch.conf
		printf '%s\n' 'auth required pam_winbind.so' 'account required pam_permit.so' >/etc/pam.d/lab-winbind
	E
	lab_daemon "$name" winbindd winbindd -F --no-process-group -l /var/log/samba &&
		lab_wait 10 "winbindd on $name" "/var/log/winbindd.out in $name" lab_run "$name" wbinfo -t
}

# journald runs without systemd; syslog reaches it too. Audit=no: it must not switch the machine's auditing on.
lab_journald() { # HOST
	lab_run_in "$1" <<-'E' || return
		mkdir -p /etc/systemd/journald.conf.d
		printf '%s\n' '[Journal]' Storage=volatile Audit=no ReadKMsg=no RateLimitBurst=0 >/etc/systemd/journald.conf.d/lab.conf
	E
	lab_daemon "$1" journald /lib/systemd/systemd-journald || return
	lab_wait 5 "journald on $1" "/var/log/journald.out in $1" test -S "/proc/$(<"$LAB_DIR/$1/pid")/root/run/systemd/journal/dev-log"
}

lab_member_files() { # HOST
	lab_run_in "$1" "$LAB_SSSD_DEBUG" <<-'E'
		set -e
		cat >/etc/krb5.conf <<-K
			includedir /var/lib/sss/pubconf/krb5.include.d/
			[libdefaults]
				default_realm = LAB.EXAMPLE
				dns_lookup_realm = false
				dns_lookup_kdc = true
				rdns = false
		K
		mkdir -p /var/lib/sss/pubconf/krb5.include.d
		cat >/etc/sssd/sssd.conf <<-K
			[sssd]
			config_file_version = 2
			services = nss, pam
			domains = lab.example

			[domain/lab.example]
			debug_level = $1
			id_provider = ad
			auth_provider = ad
			ad_domain = lab.example
			krb5_realm = LAB.EXAMPLE
			cache_credentials = false
			fallback_homedir = /home/%u
			default_shell = /bin/bash
			dyndns_update = false
			# the tests decide when the password changes
			ad_maximum_machine_account_password_age = 0
		K
		chmod 600 /etc/sssd/sssd.conf
		cat >/etc/samba/smb.conf <<-K
			[global]
			workgroup = LAB
			realm = LAB.EXAMPLE
			security = ads
			kerberos method = secrets and keytab
			idmap config * : range = 100000-199999
			idmap config * : backend = tdb
		K
		cat >/etc/nsswitch.conf <<-K
			passwd: files sss
			group: files sss
			shadow: files
			hosts: files dns
			services: files
			protocols: files
		K
		echo 'FAIL_DELAY 0' >>/etc/default/su # the second that su waits after a failure would hide what tests measure
		if ! getent passwd local >/dev/null; then useradd -m -s /bin/bash local; fi
		usermod -p "$(perl -e 'print crypt("Passw0rd-local", q($6$lab$))')" local
		cat >/etc/ssh/sshd_config <<-K
			HostKey /etc/ssh/lab_ed25519
			UsePAM yes
			PasswordAuthentication yes
			KbdInteractiveAuthentication yes
			UseDNS no
			PrintMotd no
			PrintLastLog no
			# many logons at once are a test, not an attack
			MaxStartups 200
			MaxSessions 200
		K
		rm -rf /etc/ssh/sshd_config.d /etc/ssh/ssh_config.d
		test -e /etc/ssh/lab_ed25519 || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/lab_ed25519
	E
}

lab_sshd() { # HOST: starts it, again if need be
	lab_run_in "$1" <<-'E' || return
		if [ -s /run/sshd.pid ]; then kill "$(cat /run/sshd.pid)"; rm -f /run/sshd.pid; sleep 0.05; fi
		/usr/sbin/sshd -E /var/log/sshd.log
	E
	lab_wait 5 "sshd on $1" "/var/log/sshd.log in $1" test -s "/proc/$(<"$LAB_DIR/$1/pid")/root/run/sshd.pid"
}
