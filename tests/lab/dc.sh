# shellcheck shell=bash
# The domain controller.

# lab_dc NAME [--rogue]: a DC of LAB.EXAMPLE, ready to serve. --rogue: an independent domain of the same names, with
# other secrets; its DC bears the real one's name and address and stays unplugged until lab_swap_dc.
lab_dc() {
	local name=$1 rogue=${2-}
	if ! lab_dc_make "$name" "$rogue"; then
		touch "$LAB_DIR/dc.failed" 2>/dev/null # members that wait for the domain need not wait for their time-out
		lab_error "no domain controller $name"
		return
	fi
	if [[ $rogue != --rogue ]]; then touch "$LAB_DIR/dc.ready"; fi
}

lab_dc_make() {
	local name=$1 rogue=$2 as=$1
	if [[ $rogue == --rogue ]]; then
		as=$(<"$LAB_DIR/dc") || return
	else
		echo "$name" >"$LAB_DIR/dc"
	fi
	lab_host "$name" "$as.$LAB_DOMAIN" "$LAB_DC_ADDR" || return
	if [[ $rogue != --rogue ]]; then lab_attach "$name" || return; fi
	lab_journald "$name" || return
	if [[ -n ${LAB_CACHE-} && $rogue != --rogue ]]; then
		lab_dc_cached "$name" "$as" || return
	else
		lab_dc_provision "$name" "$as" || return
	fi
	lab_run "$name" cp /var/lib/samba/private/krb5.conf /etc/krb5.conf
	lab_dc_start "$name"
}

# The provision of an earlier lab of the same LAB_CACHE. Each lab is a world of its own, so the same domain in two of
# them does no harm.
lab_dc_cached() {
	local name=$1 as=$2 tar="$LAB_CACHE/$2.tar" lock
	local root
	root=/proc/$(<"$LAB_DIR/$name/pid")/root
	mkdir -p "$LAB_CACHE" || return
	exec {lock}>"$LAB_CACHE/$as.lock"
	flock -w 60 "$lock" || return
	if [[ -s $tar ]]; then
		exec {lock}>&-
		tar -C "$root" --xattrs --xattrs-include='*' --acls -xf "$tar"
		return
	fi
	lab_dc_provision "$name" "$as" {lock}>&- &&
		tar -C "$root" --sparse --xattrs --xattrs-include='*' --acls -cf "$tar.new" var/lib/samba etc/samba &&
		mv "$tar.new" "$tar" || return
	exec {lock}>&-
}

lab_dc_provision() {
	local name=$1 as=$2
	lab_run "$name" rm -f /etc/samba/smb.conf
	# No service of a bigger domain: replication, WINS, NetBIOS and the dynamic DNS script only slow the start down.
	lab_run "$name" samba-tool domain provision --realm="$LAB_REALM" --domain=LAB --server-role=dc \
		--dns-backend=SAMBA_INTERNAL --adminpass="$LAB_ADMIN_PASSWORD" --host-name="$as" --host-ip="$LAB_DC_ADDR" \
		--option='server services=-nbt -wrepl -drepl -kcc -dnsupdate -ntp_signd' \
		--option='log level=1 auth_audit:3 auth_json_audit:3' --option='bind interfaces only=no' \
		>"$LAB_DIR/$name/provision.log" 2>&1 || {
		tail -5 "$LAB_DIR/$name/provision.log" >&2
		return 1
	}
	lab_users_ldif | lab_ldb "$name" ldbadd >>"$LAB_DIR/$name/provision.log" &&
		{ lab_dc_names "$as" && lab_dc_policy; } | lab_ldb "$name" ldbmodify >>"$LAB_DIR/$name/provision.log" || return
	lab_dc_delegate "$name"
}

# The names of the DC's services; in a full server the dynamic DNS service adds them some time after the start.
lab_dc_names() {
	local fqdn=$1.$LAB_DOMAIN spn
	printf '%s\n' "dn: CN=${1^^},OU=Domain Controllers,$LAB_BASE" "changetype: modify" "add: servicePrincipalName"
	for spn in "ldap/$fqdn" "ldap/$fqdn/$LAB_DOMAIN" "ldap/$fqdn/LAB" "ldap/${1^^}" "HOST/$fqdn/$LAB_DOMAIN" \
		"HOST/$fqdn/LAB" "GC/$fqdn/$LAB_DOMAIN" "RestrictedKrbHost/${1^^}" "RestrictedKrbHost/$fqdn"; do
		echo "servicePrincipalName: $spn"
	done
	echo
}

# Samba counts bad passwords only where they can lock an account out.
lab_dc_policy() {
	printf '%s\n' "dn: $LAB_BASE" "changetype: modify" "replace: lockoutThreshold" "lockoutThreshold: 999"
}

# "joiner" may create and delete computers in CN=Computers; what it creates it may also reset.
lab_dc_delegate() {
	lab_run "$1" samba-tool dsacl set -H /var/lib/samba/private/sam.ldb --objectdn="CN=Computers,$LAB_BASE" \
		--trusteedn="CN=joiner,CN=Users,$LAB_BASE" --action=allow \
		--sddl="(OA;CI;CCDC;bf967a86-0de6-11d0-a285-00aa003049e2;;$(lab_sid "$1" joiner))" \
		>>"$LAB_DIR/$1/provision.log"
}

lab_dc_start() {
	local name=$1
	lab_daemon "$name" samba samba -F -M single --no-process-group || return
	lab_wait 20 "Samba on $name" "/var/log/samba.out in $name" lab_dc_serves "$name"
}

# Every service that a member needs, asked on the DC itself. The KDC must answer with a ticket: its port opens earlier.
lab_dc_serves() {
	lab_run_in "$1" <<-'E'
		for port in 53 88 135 389 445 464; do : <>/dev/tcp/10.77.0.10/$port || exit; done
		getent ahostsv4 "$(hostname).lab.example." &&
		ldapsearch -x -LLL -H ldap://10.77.0.10 -s base -b '' -o nettimeout=2 defaultNamingContext &&
		echo Passw0rd-alice | kinit -c MEMORY: alice
	E
}
