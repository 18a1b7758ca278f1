/* The one ACE of the spare account, see companion_acl.h.
 *
 * Only the DACL is read and written (control SD_FLAGS), so that no right on owner, group and SACL is needed. Between
 * reading and writing another administrator may change it; LDAP has no lock for that, the window is one round trip.
 */
#include "companion_acl.h"

#include "descriptor.h"
#include "ldapcall.h"

#include <stdio.h>

enum { DACL_SECURITY_INFORMATION = 4 };

typedef long edit_function(const uint8_t *sd, size_t len, const uint8_t *sid, size_t sid_len, uint8_t *out,
                           size_t out_size);

struct sid {
	uint8_t bytes[DESCRIPTOR_SID_MAX];
	size_t len;
};

/* SDFlagsRequestValue ::= SEQUENCE { Flags INTEGER }, [MS-ADTS] 3.1.1.3.4.1.11 */
static LDAPControl *dacl_only(LDAPControl *control)
{
	static char oid[] = LDAPCALL_SD_FLAGS, value[] = { 0x30, 0x03, 0x02, 0x01, DACL_SECURITY_INFORMATION };
	*control = (LDAPControl){ oid, { sizeof value, value }, 1 };
	return control;
}

/* One binary attribute of one object. Returns its length, or -1 with *fault. */
static long read_value(LDAP *ld, const char *dn, char *attribute, LDAPControl *control, void *buf, size_t size,
                       struct fault *fault)
{
	char *attributes[] = { attribute, NULL }, what[640];
	LDAPMessage *result = NULL;
	(void)snprintf(what, sizeof what, "reading %s of %.512s", attribute, dn);
	int rc = ldapcall_search(ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, control, &result);
	LDAPMessage *entry = rc == LDAP_SUCCESS ? ldap_first_entry(ld, result) : NULL;
	long len = entry != NULL ? ldapcall_bytes(ld, entry, attribute, buf, size) : -1;
	ldap_msgfree(result);
	if (rc != LDAP_SUCCESS)
		return ldapcall_fault(ld, rc, fault, what);
	return len > 0 ? len
	               : fault_set(fault, FAULT_REFUSED, "%s: the DC doesn't show it; the right to read it is missing",
	                           what);
}

static int read_sid(LDAP *ld, const char *dn, struct sid *ret_sid, struct fault *fault)
{
	char attribute[] = "objectSid";
	long len = read_value(ld, dn, attribute, NULL, ret_sid->bytes, sizeof ret_sid->bytes, fault);
	ret_sid->len = len > 0 ? (size_t)len : 0;
	return len > 0 ? 0 : -1;
}

/* What the DACL would become by an edit: its length, 0 when it stays as it is, -1 with *fault. */
static long edit_dacl(LDAP *ld, const char *object, const struct sid *sid, edit_function *edit, uint8_t *out,
                      struct fault *fault)
{
	uint8_t sd[DESCRIPTOR_MAX];
	LDAPControl control;
	char attribute[] = "nTSecurityDescriptor";
	long len = read_value(ld, object, attribute, dacl_only(&control), sd, sizeof sd, fault);
	if (len < 0)
		return -1;
	long edited = edit(sd, (size_t)len, sid->bytes, sid->len, out, DESCRIPTOR_MAX);
	if (edited < 0)
		return fault_set(fault, FAULT_REFUSED,
		                 "the access control list of %.512s can't be edited: malformed, empty or full", object);
	return edited;
}

/* Edits the DACL and looks whether the edit has nothing left to do. */
static int apply(LDAP *ld, const char *object, const char *trustee, edit_function *edit, struct fault *fault)
{
	uint8_t out[DESCRIPTOR_MAX];
	LDAPControl control;
	struct sid sid;
	if (read_sid(ld, trustee, &sid, fault) != 0)
		return -1;
	long len = edit_dacl(ld, object, &sid, edit, out, fault);
	if (len <= 0)
		return (int)len;
	const struct ldapcall_value change = { LDAP_MOD_REPLACE, "nTSecurityDescriptor", out, (size_t)len };
	int rc = ldapcall_modify(ld, object, &change, 1, dacl_only(&control));
	if (rc != LDAP_SUCCESS) {
		char what[600];
		(void)snprintf(what, sizeof what, "changing who may reset %.512s", object);
		return ldapcall_fault(ld, rc, fault, what);
	}
	len = edit_dacl(ld, object, &sid, edit, out, fault);
	if (len > 0)
		return fault_set(fault, FAULT_REFUSED,
		                 "the DC took the new access control list of %.512s and kept the old one", object);
	return (int)len;
}

enum companion_right companion_acl_look(LDAP *ld, const char *object, const char *trustee, struct fault *fault)
{
	uint8_t out[DESCRIPTOR_MAX];
	struct sid sid;
	if (read_sid(ld, trustee, &sid, fault) != 0)
		return COMPANION_CANT_TELL;
	long len = edit_dacl(ld, object, &sid, descriptor_grant_reset, out, fault);
	if (len < 0)
		return COMPANION_CANT_TELL;
	return len == 0 ? COMPANION_MAY_RESET : COMPANION_MAY_NOT;
}

int companion_acl_grant(LDAP *ld, const char *object, const char *trustee, struct fault *fault)
{
	return apply(ld, object, trustee, descriptor_grant_reset, fault);
}

int companion_acl_revoke(LDAP *ld, const char *object, const char *trustee, struct fault *fault)
{
	return apply(ld, object, trustee, descriptor_revoke, fault);
}
