# shellcheck shell=bash
# The PAM stacks of a member: what sshd, login, su and the service "lab" (for pamtester) include.

# lab_pam HOST plain|retrust|winbind [PAM_WINBIND-OPTION...]
# pam_unix asks for the password and lets local users in; the others take over what was typed. `nodelay`: its two
# seconds for each failure would hide what the tests measure. In both stacks SSSD's own code is the result of a
# failed logon, so that it is seen by the person ("System error").
lab_pam() {
	local host=$1 form=$2 auth session='' service=sss
	shift 2
	case $form in
	plain)
		auth='auth [success=2 default=ignore] pam_unix.so nodelay
auth [success=1 default=die] pam_sss.so forward_pass
auth requisite pam_deny.so
auth required pam_permit.so'
		;;
	retrust)
		# pam_unix jumps over four lines to pam_permit. The other five are the documented stack, unchanged.
		auth='auth [success=4 default=ignore] pam_unix.so nodelay
auth [success=3 new_authtok_reqd=3 auth_err=die system_err=ignore authinfo_unavail=ignore user_unknown=ignore default=die] pam_sss.so forward_pass
auth [success=ok default=die] pam_retrust.so
auth [success=1 default=ignore] pam_sss.so use_first_pass
auth requisite pam_deny.so
auth required pam_permit.so'
		session='session optional pam_retrust.so'
		;;
	winbind)
		service=winbind
		auth=$(sed -e '/^auth/!d' -e '/pam_unix/s/$/ nodelay/' "$LAB_CHECKOUT/examples/pam.d/retrust-auth-winbind")
		session='session optional pam_retrust.so winbind'
		printf '%s\n' '[global]' "${@/%/ = yes}" | lab_run "$host" tee /etc/security/pam_winbind.conf >/dev/null
		;;
	*)
		lab_error "lab_pam: plain, retrust or winbind, not $form"
		return
		;;
	esac
	lab_run_in "$host" "$auth" "$session" "$service" <<-'E'
		set -e
		cd /etc/pam.d
		printf '%s\n' "$1" >common-auth
		cat >common-account <<-K
			account [success=2 new_authtok_reqd=done default=ignore] pam_localuser.so
			account [default=bad success=ok user_unknown=ignore] pam_$3.so
			account required pam_permit.so
			account required pam_unix.so
		K
		cat >common-session <<-K
			session required pam_unix.so
			session optional pam_mkhomedir.so umask=0077
			session optional pam_$3.so
			$2
		K
		cp common-session common-session-noninteractive
		printf '%s\n' "password sufficient pam_$3.so" 'password required pam_unix.so' >common-password
		printf '@include common-%s\n' auth account session password >lab
		printf '%s\n' 'auth required pam_sss.so' 'account required pam_permit.so' >lab-sss
		# delays and messages of the day are not what a test looks at
		sed -i '/pam_faildelay\|pam_motd\|pam_mail\|pam_lastlog/d' login sshd su
	E
}
