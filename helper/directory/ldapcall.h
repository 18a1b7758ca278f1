/* One LDAP operation at a time over libldap: opening, limits, searching, writing, reading values, telling errors.
 *
 * Every operation ends at the latest when the deadline is over that was given last to ldapcall_open or ldapcall_limit:
 * libldap has no absolute deadline, and this process serves one request, which has one.
 */
#ifndef RETRUST_LDAPCALL_H
#define RETRUST_LDAPCALL_H

#include "ldapconn.h"

#include <stdbool.h>

/* Control 1.2.840.113556.1.4.801 (SD_FLAGS): owner, group and SACL are left out, so that no right on them is needed. */
#define LDAPCALL_SD_FLAGS "1.2.840.113556.1.4.801"

/* One attribute of a new entry, or one change. len 0: text. */
struct ldapcall_value {
	int op; /* LDAP_MOD_ADD, _REPLACE, _DELETE */
	const char *name;
	const void *value;
	size_t len;
};

/* A handle over our own socket to a port of the pinned DC, LDAPv3, no referrals, nothing from ldap.conf, the
 * environment or a user's files. scheme: "ldap" or "ldaps" (TLS is not started). NULL with *fault (FAULT_UNSURE: not
 * reached). */
LDAP *ldapcall_open(const struct dc *dc, const char *scheme, int port, struct deadline deadline, struct fault *fault);

/* libldap and SASL look this host's own name up when they start, for nothing that we use and with no time limit: with a
 * DNS that doesn't answer that takes longer than a whole logon may. Between these two calls the resolver of this
 * process has no name server (/etc/hosts still answers). off returns what on wants back. */
int ldapcall_dns_off(void);
void ldapcall_dns_on(int servers);

/* Until when operations may take, from now on. */
void ldapcall_limit(struct deadline deadline);

/* Gives libldap what is left of the time, for a call that isn't one of those below. Returns false when it is over. */
bool ldapcall_time(LDAP *ld, struct timeval *ret_left);

/* A simple bind. Returns an LDAP result code. Only inside TLS, with a peer that is proven. */
int ldapcall_bind(LDAP *ld, const char *name, const struct secret *password);

/* Unbinds; NULL is fine. */
void ldapcall_close(LDAP *ld);

/* Searches; base NULL or "" = the root DSE. control may be NULL. Returns an LDAP result code; *ret_result is to be
 * freed with ldap_msgfree, NULL on failure. A missing base is LDAP_NO_SUCH_OBJECT. */
int ldapcall_search(LDAP *ld, const char *base, int scope, const char *filter, char *const *attributes,
                    LDAPControl *control, LDAPMessage **ret_result);

/* Changes or makes an entry by up to 8 values. Return an LDAP result code. */
int ldapcall_modify(LDAP *ld, const char *dn, const struct ldapcall_value *values, size_t count, LDAPControl *control);
int ldapcall_add(LDAP *ld, const char *dn, const struct ldapcall_value *values, size_t count);
int ldapcall_delete(LDAP *ld, const char *dn);

/* Copies the first value of an attribute. Returns its length, -1 when there is none or it doesn't fit. text: as a
 * string; a value with a NUL in it doesn't fit. */
long ldapcall_bytes(LDAP *ld, LDAPMessage *entry, const char *attribute, void *buf, size_t size);
long ldapcall_text(LDAP *ld, LDAPMessage *entry, const char *attribute, char *buf, size_t size);

/* The DN of an entry. Returns 0, or -1 when it doesn't fit. */
int ldapcall_dn(LDAP *ld, LDAPMessage *entry, char *buf, size_t size);

/* Escapes text for use in a filter (RFC 4515). Returns 0, or -1 when it doesn't fit. */
int ldapcall_escape(const char *text, char *buf, size_t size);

/* Fills in *fault for result code rc of an operation: "what: text of the code (the DC's own words)". Connection lost
 * and time over are FAULT_UNSURE, all that the DC refused FAULT_REFUSED. Returns -1. */
int ldapcall_fault(LDAP *ld, int rc, struct fault *fault, const char *what);

#endif
