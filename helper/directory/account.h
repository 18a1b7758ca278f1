/* The computer account and the domain, read and changed over a bound LDAP connection. */
#ifndef RETRUST_ACCOUNT_H
#define RETRUST_ACCOUNT_H

#include "kpasswd.h"
#include "ldapconn.h"

struct account {
	char dn[512];
	char sid[64 + 128]; /* S-1-5-21-… */
	char guid[37];
	uint32_t control;   /* userAccountControl */
	int32_t kvno;       /* msDS-KeyVersionNumber, 0 where not shown */
	int64_t password_set_unix; /* pwdLastSet, 0 = never */
};

/* The domain's naming context ("DC=lab,DC=example") and the SID of the domain object. */
int account_domain(LDAP *ld, char *ret_base, size_t base_size, char *ret_sid, size_t sid_size, struct fault *fault);

/* Finds an account by sAMAccountName (every byte that RFC 4515 wants escaped is). Returns 1 found, 0 not there, -1
 * with *fault. */
int account_find(LDAP *ld, const char *base, const char *sam_name, struct account *ret_account, struct fault *fault);

/* Replaces unicodePwd (MS-ADTS 3.1.1.3.1.5). Only over a connection of ldapconn_tls or ldapconn_gssapi. */
enum set_result account_set_password(LDAP *ld, const char *dn, const struct secret *password, struct fault *fault);

#endif
