# shellcheck shell=bash disable=SC2154 # set by host.sh
# Is the host right? Asked of the DC, of Kerberos, of SSSD and of winbind; of retrust only what nobody else can know.

newest_kvno() {
	klist -k "$keytab" 2>/dev/null |
		awk -v name="$account@LAB.EXAMPLE" '$2 == name && $1 > most { most = $1 } END { print most + 0 }'
}
dc_kvno() { # with the machine's own ticket
	ldapsearch -Q -Y GSSAPI -N -LLL -H ldap://dc1.lab.example -b DC=lab,DC=example "(sAMAccountName=$account)" \
		msDS-KeyVersionNumber 2>/dev/null | sed -n 's/^msDS-KeyVersionNumber: //p'
}
keytab_taken() { rm -f "$work/ccache" && quiet kinit -k "$account"; }
# keytab_opens: a ticket for this host's own service, got with kinit's; sets $theirs, the DC's number of the key
keytab_opens() {
	theirs=$(kvno -k "$keytab" "host/$fqdn" 2>/dev/null) || return
	theirs=${theirs##*kvno = } theirs=${theirs%%,*}
}

# An AS exchange with the password itself: the DC takes N-1 for NTLM, never here.
tdb_taken() {
	local password
	password=$(tdbdump -k SECRETS/MACHINE_PASSWORD/LAB "$tdb") &&
		printf '%s\n' "${password%\\00}" | quiet kinit -c "$work/tdb.ccache" "$account"
}
winbind_content() { quiet wbinfo -t; }
logon() { # by the host's identity service
	local service=lab-sss
	if [[ $kind == tdb ]]; then service=lab-winbind; fi
	printf 'Passw0rd-alice\n' | quiet pamtester "$service" alice authenticate
}

strays() { # temporary files with something in them beside the stores and the journal
	local file
	for file in /etc/krb5.keytab?* /var/lib/retrust/*.retrust /var/lib/samba/private/*.retrust; do
		if [[ -s $file ]]; then echo "$file"; fi
	done
}

# look [ldap]: sets $wrong to what is wrong after the repair. The DC's own word on the kvno, which takes it long, is asked for
# at every third point and where something was wrong before; at the others the ticket's kvno must do.
look() {
	local repaired verified ours theirs=''
	wrong=()
	repaired=$("$drive" repair 15 "$helper")
	if [[ $repaired != "exit 0 healthy "* ]]; then wrong+=("repair says $repaired"); fi
	if [[ $kind == tdb ]]; then
		tdb_taken || wrong+=("$lost")
		if [[ -e $keytab ]]; then wrong+=("a keytab was made"); fi
	elif keytab_taken; then
		keytab_opens || wrong+=("the keytab doesn't open a ticket for host/$fqdn")
		if [[ ${1-} ]]; then theirs=$(dc_kvno); fi
		ours=$(newest_kvno)
		if [[ $ours != "$theirs" ]]; then wrong+=("the keytab's kvno is $ours, the DC's $theirs"); fi
	else
		wrong+=("$lost")
	fi
	if [[ $kind == keytab+tdb ]]; then tdb_taken || wrong+=("secrets.tdb's password isn't taken"); fi
	logon || wrong+=("no logon")
	if [[ $kind == *tdb ]]; then winbind_content || wrong+=("wbinfo -t fails"); fi
	if [[ -e /var/lib/retrust/journal ]]; then # one whose secret the DC takes would be found pending
		verified=$("$drive" verify 15 "$helper")
		if [[ $verified != "exit 0 healthy "* ]]; then wrong+=("with a journal, verify says $verified"); fi
	fi
}
lost="the DC takes no secret of its"

# verdict: sets $verdict (ok, late: the second repair did it, stray, wrong, lost) and $why
verdict() {
	local wrong left ldap=''
	if ((done_points % 3 == 0)); then ldap=ldap; fi
	look $ldap
	verdict=ok why=${wrong[*]-}
	if ((${#wrong[@]})); then
		sleep 1 # the DC may have been at work on the change still
		look ldap
		verdict=late
		if ((${#wrong[@]})); then
			why="$why; and again: ${wrong[*]}"
			verdict=wrong
			if [[ " ${wrong[*]} " == *"$lost"* ]]; then verdict=lost; fi
			join_again
		fi
	fi
	left=$(strays)
	if [[ $left ]]; then
		why="$why left: ${left//$'\n'/ }"
		if [[ $verdict == ok ]]; then verdict=stray; fi
		# shellcheck disable=SC2086  # one name a word
		rm -f $left
	fi
}
