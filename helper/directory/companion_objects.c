/* The spare's user and group, see companion_objects.h.
 *
 * The primary group is one of the spare's own, so that it gets nothing of what Domain Users may do.
 */
#include "companion_objects.h"

#include "ldapcall.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTROL_MADE "1114626"   /* 512 + 65536 + 1048576 as it will be, + 2: disabled */
#define ENCTYPES "24"            /* aes128 and aes256 */
#define GROUP_TYPE "-2147483646" /* security, global: only such a group can be a primary group */
#define GUID_USERS_CONTAINER "A9D1CA15768811D1ADED00C04FD8D5CD" /* [MS-ADTS] 6.1.1.4: follows redirusr */

/* Is the description of dn ours? 1 yes, 0 no, -1 with *fault. */
static int is_ours(const struct spare *spare, const char *dn, struct fault *fault)
{
	char attribute[] = "description", *attributes[] = { attribute, NULL }, text[sizeof spare->note];
	LDAPMessage *result = NULL;
	int rc = ldapcall_search(spare->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, NULL, &result);
	LDAPMessage *entry = rc == LDAP_SUCCESS ? ldap_first_entry(spare->ld, result) : NULL;
	bool same = entry != NULL && ldapcall_text(spare->ld, entry, attribute, text, sizeof text) > 0 &&
	            strcmp(text, spare->note) == 0;
	ldap_msgfree(result);
	if (rc != LDAP_SUCCESS)
		return ldapcall_fault(spare->ld, rc, fault, "reading the description of the spare account");
	return same;
}

static int look_for(const struct spare *spare, const char *name, char *dn, size_t size, struct fault *fault)
{
	struct account account;
	int found = account_find(spare->ld, spare->base, name, &account, fault);
	if (found <= 0)
		return found;
	int ours = is_ours(spare, account.dn, fault);
	if (ours < 0)
		return -1;
	if (!ours)
		return fault_set(fault, FAULT_REFUSED,
		                 "%s bears the name %s, but isn't the spare account of this host: it is left alone",
		                 account.dn, name);
	(void)snprintf(dn, size, "%s", account.dn);
	return 1;
}

int companion_objects_look(struct spare *spare, struct fault *fault)
{
	int user = look_for(spare, spare->user_name, spare->user_dn, sizeof spare->user_dn, fault);
	int group = user < 0 ? -1 : look_for(spare, spare->group_name, spare->group_dn, sizeof spare->group_dn, fault);
	spare->has_user = user > 0;
	spare->has_group = group > 0;
	return group < 0 ? -1 : 0;
}

/* The DN of the one entry that a search shows. 1 found, 0 not there, -1 with *fault. */
static int find_dn(LDAP *ld, const char *base, int scope, const char *filter, char *dn, size_t size,
                   struct fault *fault)
{
	char none[] = LDAP_NO_ATTRS, *attributes[] = { none, NULL };
	LDAPMessage *result = NULL;
	int rc = ldapcall_search(ld, base, scope, filter, attributes, NULL, &result);
	LDAPMessage *entry = rc == LDAP_SUCCESS ? ldap_first_entry(ld, result) : NULL;
	int found = entry != NULL;
	if (found && ldapcall_dn(ld, entry, dn, size) != 0)
		found = fault_set(fault, FAULT_INTERNAL, "the DN of an object is longer than %zu bytes", size);
	ldap_msgfree(result);
	if (rc != LDAP_SUCCESS && rc != LDAP_NO_SUCH_OBJECT)
		return ldapcall_fault(ld, rc, fault, base);
	return found;
}

static int find_container(const struct spare *spare, char *dn, size_t size, struct fault *fault)
{
	char base[600];
	if (spare->container[0] != '\0')
		(void)snprintf(base, sizeof base, "%s", spare->container);
	else
		(void)snprintf(base, sizeof base, "<WKGUID=%s,%s>", GUID_USERS_CONTAINER, spare->base);
	int found = find_dn(spare->ld, base, LDAP_SCOPE_BASE, "(objectClass=*)", dn, size, fault);
	if (found == 0)
		return fault_set(fault, FAULT_REFUSED, "the domain has no container %s, or doesn't show it", base);
	return found < 0 ? -1 : 0;
}

/* ret_made: also where the answer was lost (libldap's own codes are negative), so that it is removed in any case. */
static int make_entry(const struct spare *spare, const char *dn, const struct ldapcall_value *values, size_t count,
                      bool *ret_made, struct fault *fault)
{
	int rc = ldapcall_add(spare->ld, dn, values, count);
	*ret_made = rc <= LDAP_SUCCESS;
	if (rc == LDAP_SUCCESS)
		return 0;
	char what[700];
	(void)snprintf(what, sizeof what, "making %s", dn);
	return ldapcall_fault(spare->ld, rc, fault, what);
}

static int make_group(struct spare *spare, const char *container, struct fault *fault)
{
	const struct ldapcall_value values[] = {
		{ LDAP_MOD_ADD, "objectClass", "group", 0 },
		{ LDAP_MOD_ADD, "sAMAccountName", spare->group_name, 0 },
		{ LDAP_MOD_ADD, "groupType", GROUP_TYPE, 0 },
		{ LDAP_MOD_ADD, "description", spare->note, 0 },
	};
	(void)snprintf(spare->group_dn, sizeof spare->group_dn, "CN=%s,%s", spare->group_name, container);
	return make_entry(spare, spare->group_dn, values, sizeof values / sizeof *values, &spare->made_group, fault);
}

static int make_user(struct spare *spare, const char *container, struct fault *fault)
{
	const struct ldapcall_value values[] = {
		{ LDAP_MOD_ADD, "objectClass", "user", 0 },
		{ LDAP_MOD_ADD, "sAMAccountName", spare->user_name, 0 },
		{ LDAP_MOD_ADD, "userAccountControl", CONTROL_MADE, 0 },
		{ LDAP_MOD_ADD, "msDS-SupportedEncryptionTypes", ENCTYPES, 0 },
		{ LDAP_MOD_ADD, "description", spare->note, 0 },
	};
	(void)snprintf(spare->user_dn, sizeof spare->user_dn, "CN=%s,%s", spare->user_name, container);
	return make_entry(spare, spare->user_dn, values, sizeof values / sizeof *values, &spare->made_user, fault);
}

static int change(const struct spare *spare, const char *dn, int op, const char *attribute, const char *value)
{
	const struct ldapcall_value one = { op, attribute, value, 0 };
	return ldapcall_modify(spare->ld, dn, &one, 1, NULL);
}

/* Makes the group the user's primary one; only a group of which the user is a member can be. */
static int set_primary(const struct spare *spare, const char *group_sid, struct fault *fault)
{
	const char *rid = strrchr(group_sid, '-') + 1;
	char filter[64], dn[640];
	(void)snprintf(filter, sizeof filter, "(primaryGroupID=%s)", rid);
	int is_primary = find_dn(spare->ld, spare->user_dn, LDAP_SCOPE_BASE, filter, dn, sizeof dn, fault);
	if (is_primary != 0)
		return is_primary < 0 ? -1 : 0;
	int rc = change(spare, spare->group_dn, LDAP_MOD_ADD, "member", spare->user_dn);
	if (rc != LDAP_SUCCESS && rc != LDAP_TYPE_OR_VALUE_EXISTS && rc != LDAP_ALREADY_EXISTS)
		return ldapcall_fault(spare->ld, rc, fault, "making the spare account a member of its own group");
	rc = change(spare, spare->user_dn, LDAP_MOD_REPLACE, "primaryGroupID", rid);
	if (rc != LDAP_SUCCESS)
		return ldapcall_fault(spare->ld, rc, fault, "making the spare's own group its primary group");
	return 0;
}

/* When the primary group changes, the DC makes the user an ordinary member of the former one. A delegate may lack the
 * right to change Domain Users: then it stays a member, which gives it no more than every user has. */
static int leave_domain_users(const struct spare *spare, const char *group_sid, struct fault *fault)
{
	char filter[128], dn[640];
	int domain = (int)(strrchr(group_sid, '-') - group_sid);
	(void)snprintf(filter, sizeof filter, "(objectSid=%.*s-513)", domain, group_sid);
	int found = find_dn(spare->ld, spare->base, LDAP_SCOPE_SUBTREE, filter, dn, sizeof dn, fault);
	if (found <= 0)
		return found;
	int rc = change(spare, dn, LDAP_MOD_DELETE, "member", spare->user_dn);
	if (rc == LDAP_SUCCESS || rc == LDAP_NO_SUCH_ATTRIBUTE || rc == LDAP_UNWILLING_TO_PERFORM ||
	    rc == LDAP_INSUFFICIENT_ACCESS)
		return 0;
	return ldapcall_fault(spare->ld, rc, fault, "taking the spare account out of Domain Users");
}

int companion_objects_make(struct spare *spare, struct fault *fault)
{
	char container[512];
	struct account group;
	if ((!spare->has_user || !spare->has_group) && find_container(spare, container, sizeof container, fault) != 0)
		return -1;
	if ((!spare->has_group && make_group(spare, container, fault) != 0) ||
	    (!spare->has_user && make_user(spare, container, fault) != 0))
		return -1;
	int found = account_find(spare->ld, spare->base, spare->group_name, &group, fault);
	if (found <= 0)
		return found < 0 ? -1 : fault_set(fault, FAULT_UNSURE, "%s was made and isn't there", spare->group_dn);
	if (set_primary(spare, group.sid, fault) != 0)
		return -1;
	return leave_domain_users(spare, group.sid, fault);
}

int companion_objects_control(struct spare *spare, unsigned int control, struct fault *fault)
{
	char text[16];
	(void)snprintf(text, sizeof text, "%u", control);
	const struct ldapcall_value values[] = {
		{ LDAP_MOD_REPLACE, "userAccountControl", text, 0 },
		{ LDAP_MOD_REPLACE, "msDS-SupportedEncryptionTypes", ENCTYPES, 0 },
	};
	int rc = ldapcall_modify(spare->ld, spare->user_dn, values, 2, NULL);
	return rc == LDAP_SUCCESS ? 0 : ldapcall_fault(spare->ld, rc, fault, "enabling the spare account");
}

int companion_objects_remove(LDAP *ld, const char *dn, struct fault *fault)
{
	int rc = ldapcall_delete(ld, dn);
	if (rc == LDAP_SUCCESS || rc == LDAP_NO_SUCH_OBJECT)
		return 0;
	char what[700];
	(void)snprintf(what, sizeof what, "deleting %s", dn);
	return ldapcall_fault(ld, rc, fault, what);
}
