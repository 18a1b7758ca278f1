/* The computer account and the domain over LDAP, see account.h. */
#include "account.h"

#include "descriptor.h"
#include "ldapcall.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A FILETIME counts 100 ns from 1601. */
#define FILETIME_UNIX_EPOCH INT64_C(116444736000000000)
#define FILETIME_SECOND INT64_C(10000000)

static void guid_text(const uint8_t g[16], char text[37])
{
	(void)snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", g[3], g[2],
	               g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
}

static int64_t number(LDAP *ld, LDAPMessage *entry, const char *attribute)
{
	char text[32];
	return ldapcall_text(ld, entry, attribute, text, sizeof text) > 0 ? strtoll(text, NULL, 10) : 0;
}

static int read_sid(LDAP *ld, LDAPMessage *entry, char *text, size_t size)
{
	uint8_t sid[DESCRIPTOR_SID_MAX];
	long len = ldapcall_bytes(ld, entry, "objectSid", sid, sizeof sid);
	return len > 0 && descriptor_sid_text(sid, (size_t)len, text, size) > 0 ? 0 : -1;
}

static int domain_base(LDAP *ld, char *base, size_t size, struct fault *fault)
{
	char context[] = "defaultNamingContext", *attributes[] = { context, NULL };
	LDAPMessage *result = NULL;
	int rc = ldapcall_search(ld, "", LDAP_SCOPE_BASE, "(objectClass=*)", attributes, NULL, &result);
	LDAPMessage *entry = rc == LDAP_SUCCESS ? ldap_first_entry(ld, result) : NULL;
	bool have = entry != NULL && ldapcall_text(ld, entry, context, base, size) > 0;
	ldap_msgfree(result);
	if (rc != LDAP_SUCCESS)
		return ldapcall_fault(ld, rc, fault, "reading the domain's naming context");
	return have ? 0 : fault_set(fault, FAULT_UNSURE, "the DC's root DSE names no defaultNamingContext");
}

int account_domain(LDAP *ld, char *ret_base, size_t base_size, char *ret_sid, size_t sid_size, struct fault *fault)
{
	char sid[] = "objectSid", *attributes[] = { sid, NULL };
	LDAPMessage *result = NULL;
	if (domain_base(ld, ret_base, base_size, fault) != 0)
		return -1;
	int rc = ldapcall_search(ld, ret_base, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, NULL, &result);
	LDAPMessage *entry = rc == LDAP_SUCCESS ? ldap_first_entry(ld, result) : NULL;
	bool have = entry != NULL && read_sid(ld, entry, ret_sid, sid_size) == 0;
	ldap_msgfree(result);
	if (rc != LDAP_SUCCESS)
		return ldapcall_fault(ld, rc, fault, "reading the domain's SID");
	return have ? 0 : fault_set(fault, FAULT_UNSURE, "%s shows no objectSid", ret_base);
}

static int read_account(LDAP *ld, LDAPMessage *entry, struct account *account)
{
	uint8_t guid[16];
	if (ldapcall_dn(ld, entry, account->dn, sizeof account->dn) != 0 ||
	    read_sid(ld, entry, account->sid, sizeof account->sid) != 0 ||
	    ldapcall_bytes(ld, entry, "objectGUID", guid, sizeof guid) != sizeof guid)
		return -1;
	guid_text(guid, account->guid);
	account->control = (uint32_t)number(ld, entry, "userAccountControl");
	account->kvno = (int32_t)number(ld, entry, "msDS-KeyVersionNumber");
	int64_t set = number(ld, entry, "pwdLastSet");
	account->password_set_unix = set > FILETIME_UNIX_EPOCH ? (set - FILETIME_UNIX_EPOCH) / FILETIME_SECOND : 0;
	return 0;
}

int account_find(LDAP *ld, const char *base, const char *sam_name, struct account *ret_account, struct fault *fault)
{
	static char sid[] = "objectSid", guid[] = "objectGUID", control[] = "userAccountControl",
		    kvno[] = "msDS-KeyVersionNumber", set[] = "pwdLastSet";
	char *const attributes[] = { sid, guid, control, kvno, set, NULL };
	char name[3 * 256], filter[sizeof name + 32], what[128];
	LDAPMessage *result = NULL;
	memset(ret_account, 0, sizeof *ret_account);
	if (ldapcall_escape(sam_name, name, sizeof name) != 0)
		return fault_set(fault, FAULT_INTERNAL, "the account name %.64s… is too long", sam_name);
	(void)snprintf(filter, sizeof filter, "(sAMAccountName=%s)", name);
	(void)snprintf(what, sizeof what, "looking for the account %.64s", sam_name);
	int rc = ldapcall_search(ld, base, LDAP_SCOPE_SUBTREE, filter, attributes, NULL, &result);
	if (rc != LDAP_SUCCESS)
		return ldapcall_fault(ld, rc, fault, what);
	int found = ldap_count_entries(ld, result);
	if (found == 1 && read_account(ld, ldap_first_entry(ld, result), ret_account) != 0)
		found = fault_set(fault, FAULT_UNSURE, "%s: the DC shows it without DN, SID or GUID that could be used",
		                  what);
	else if (found > 1)
		found = fault_set(fault, FAULT_UNSURE, "%s: the DC shows %d of them", what, found);
	ldap_msgfree(result);
	return found;
}

/* MS-ADTS 3.1.1.3.1.5: in quotes, UTF-16LE. Our own passwords are ASCII. */
static int quote_password(const struct secret *password, struct secret *value)
{
	secret_wipe(value);
	if (2 * (password->len + 2) > SECRET_MAX || password->len == 0)
		return -1;
	value->bytes[0] = '"';
	for (size_t i = 0; i < password->len; i++) {
		if (password->bytes[i] == 0 || password->bytes[i] > 0x7f)
			return -1;
		value->bytes[2 + 2 * i] = password->bytes[i];
	}
	value->bytes[2 + 2 * password->len] = '"';
	value->len = 2 * (password->len + 2);
	return 0;
}

enum set_result account_set_password(LDAP *ld, const char *dn, const struct secret *password, struct fault *fault)
{
	SECRET_AUTO value;
	char what[600];
	if (quote_password(password, &value) != 0) {
		fault_set(fault, FAULT_INTERNAL, "a password for unicodePwd has 1 to 254 ASCII characters");
		return SET_REFUSED;
	}
	const struct ldapcall_value change = { LDAP_MOD_REPLACE, "unicodePwd", value.bytes, value.len };
	int rc = ldapcall_modify(ld, dn, &change, 1, NULL);
	if (rc == LDAP_SUCCESS)
		return SET_DONE;
	(void)snprintf(what, sizeof what, "setting the password of %.512s", dn);
	(void)ldapcall_fault(ld, rc, fault, what);
	/* libldap's own codes are negative: after those of them that may come once the request was sent, nobody knows
	 */
	bool unsent = rc == LDAP_ENCODING_ERROR || rc == LDAP_PARAM_ERROR || rc == LDAP_NO_MEMORY;
	return rc > 0 || unsent ? SET_REFUSED : SET_UNKNOWN;
}
