# shellcheck shell=bash
# The people of the domain, as LDIF for ldbadd straight into sam.ldb: far faster than one samba-tool each.

lab_unicode_pwd() { # PASSWORD: the base64 value of unicodePwd
	printf '"%s"' "$1" | iconv -t UTF-16LE | base64 -w0
}

lab_user_ldif() { # NAME UNICODEPWD
	printf '%s\n' "dn: CN=$1,CN=Users,$LAB_BASE" "objectClass: user" "sAMAccountName: $1" \
		"userPrincipalName: $1@$LAB_DOMAIN" "userAccountControl: 512" "unicodePwd:: $2" ""
}

lab_users_ldif() {
	local name n crowd
	for name in alice bob carol dave joiner; do lab_user_ldif "$name" "$(lab_unicode_pwd "Passw0rd-$name")"; done
	crowd=$(lab_unicode_pwd Passw0rd-u)
	for ((n = 1; n <= 60; n++)); do lab_user_ldif "$(printf u%03d "$n")" "$crowd"; done
}
