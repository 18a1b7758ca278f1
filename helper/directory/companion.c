/* The spare account, see companion.h: the order of its making and unmaking. (companion_objects.c: the objects;
 * companion_acl.c: the one ACE.)
 *
 * SECURITY: an account of that name and description that was there before may have been planted by somebody who may
 * create users: its owner could reset its password, and would get our right. So it is renewed only when the computer
 * object's DACL, which the planter can't write, already trusts it; otherwise it is removed and made anew.
 */
#include "companion.h"

#include "companion_acl.h"
#include "companion_objects.h"
#include "ldapcall.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	NAME_STEM = 14, /* of the 20 characters of a user's name; the rest is "-spare" */
	UNDO_MS = 3000, /* taking back what was made may take this long even when the deadline is over */
	CONTROL_ON = 512 + 65536 + 1048576 /* normal account, password doesn't expire, not delegated */
};

void companion_name(const char *account, char *buf, size_t size)
{
	size_t n = strcspn(account, "$");
	(void)snprintf(buf, size, "%.*s-spare", (int)(n < NAME_STEM ? n : NAME_STEM), account);
}

/* Names go into DNs as they are: nothing that would have to be escaped there. */
static int check_name(const char *account, struct fault *fault)
{
	for (const char *c = account; *c != '\0'; c++) {
		bool last = c[0] == '$' && c[1] == '\0' && c != account;
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_' && !last)
			return fault_set(
				fault, FAULT_REFUSED,
				"no spare key for the account %.64s: its name has other characters than letters, "
				"digits, - and _",
				account);
	}
	return 0;
}

static int begin(struct spare *spare, const char *account, struct fault *fault)
{
	if (check_name(account, fault) != 0)
		return -1;
	companion_name(account, spare->user_name, sizeof spare->user_name);
	(void)snprintf(spare->group_name, sizeof spare->group_name, "%s-group", spare->user_name);
	(void)snprintf(spare->note, sizeof spare->note,
	               "retrust spare key of %.64s: may reset that computer account and nothing else", account);
	int found = account_find(spare->ld, spare->base, account, &spare->host, fault);
	if (found < 0)
		return -1;
	spare->has_host = found > 0;
	return companion_objects_look(spare, fault);
}

/* Takes back what this call made. Returns true when everything is as it was. */
static bool undo(struct spare *spare)
{
	bool clean = true;
	ldapcall_limit(deadline_in(UNDO_MS));
	if (spare->made_user && spare->granted)
		clean = companion_acl_revoke(spare->ld, spare->host.dn, spare->user_dn, NULL) == 0;
	if (spare->made_user)
		clean = companion_objects_remove(spare->ld, spare->user_dn, NULL) == 0 && clean;
	if (spare->made_group)
		clean = companion_objects_remove(spare->ld, spare->group_dn, NULL) == 0 && clean;
	return clean;
}

/* Removes a user that the computer object doesn't trust, and a group that belongs to no user. */
static int clear_untrusted(struct spare *spare, struct fault *fault)
{
	if (spare->has_user) {
		enum companion_right right = companion_acl_look(spare->ld, spare->host.dn, spare->user_dn, fault);
		if (right != COMPANION_MAY_NOT)
			return right == COMPANION_MAY_RESET ? 0 : -1;
		if (companion_objects_remove(spare->ld, spare->user_dn, fault) != 0)
			return -1;
		spare->has_user = false;
	}
	if (spare->has_group && companion_objects_remove(spare->ld, spare->group_dn, fault) != 0)
		return -1;
	spare->has_group = false;
	return 0;
}

static int make_objects(struct spare *spare, struct fault *fault)
{
	if (clear_untrusted(spare, fault) != 0 || companion_objects_make(spare, fault) != 0)
		return -1;
	spare->granted = true;
	return companion_acl_grant(spare->ld, spare->host.dn, spare->user_dn, fault);
}

static enum set_result set_key(const struct spare *spare, struct kdc *kdc, const struct kdc_ticket *admin_tgt,
                               const struct secret *password, struct deadline deadline, struct fault *fault)
{
	struct kdc_ticket *changepw = NULL;
	int32_t result = kdc_tgs(kdc, admin_tgt, "kadmin/changepw", &changepw, fault);
	if (result != 0) {
		fault_set(fault, result == KDC_UNREACHABLE ? FAULT_UNSURE : FAULT_REFUSED,
		          "no ticket for kadmin/changepw at %s: Kerberos error %d", kdc_dc(kdc)->host, (int)result);
		return SET_REFUSED;
	}
	enum set_result set = kpasswd_set(kdc, changepw, spare->user_name, password, deadline, NULL, fault);
	kdc_ticket_free(changepw);
	return set;
}

/* Enables it and looks at what the DC made of everything. */
static int finish(struct spare *spare, struct fault *fault)
{
	struct account user;
	if (companion_objects_control(spare, CONTROL_ON, fault) != 0)
		return -1;
	int found = account_find(spare->ld, spare->base, spare->user_name, &user, fault);
	if (found < 0)
		return -1;
	if (found == 0 || user.control != CONTROL_ON)
		return fault_set(fault, FAULT_REFUSED, "the DC shows %s with userAccountControl %u instead of %u",
		                 spare->user_dn, found ? user.control : 0, (unsigned int)CONTROL_ON);
	if (companion_acl_look(spare->ld, spare->host.dn, spare->user_dn, fault) != COMPANION_MAY_RESET)
		return fault_set(fault, FAULT_REFUSED, "the DC doesn't let %s reset %s", spare->user_dn,
		                 spare->host.dn);
	return 0;
}

enum set_result companion_make(LDAP *ld, struct kdc *kdc, const struct kdc_ticket *admin_tgt, const char *base,
                               const char *container, const char *account, const struct secret *password,
                               struct deadline deadline, char *ret_dn, size_t dn_size, struct fault *fault)
{
	struct spare spare = { .ld = ld, .base = base, .container = container };
	enum set_result result = SET_REFUSED;
	ldapcall_limit(deadline);
	if (begin(&spare, account, fault) != 0)
		return SET_REFUSED;
	if (!spare.has_host) {
		fault_set(fault, FAULT_REFUSED, "no spare key: the domain has no computer account %s", account);
		return SET_REFUSED;
	}
	bool made = make_objects(&spare, fault) == 0;
	if (made && strlen(spare.user_dn) >= dn_size)
		made = fault_set(fault, FAULT_INTERNAL, "the DN %.300s is too long", spare.user_dn) == 0;
	if (made)
		result = set_key(&spare, kdc, admin_tgt, password, deadline, fault);
	/* An account that was there before has its new key now, whether it can be enabled or not. */
	if (result == SET_DONE && finish(&spare, fault) != 0)
		result = spare.made_user ? SET_REFUSED : SET_UNKNOWN;
	if (result == SET_DONE) {
		(void)snprintf(ret_dn, dn_size, "%s", spare.user_dn);
		return SET_DONE;
	}
	if (!undo(&spare))
		return SET_UNKNOWN;
	return spare.made_user ? SET_REFUSED : result;
}

int companion_remove(LDAP *ld, const char *base, const char *account, struct fault *fault)
{
	struct spare spare = { .ld = ld, .base = base, .container = "" };
	if (begin(&spare, account, fault) != 0)
		return -1;
	if (spare.has_user && spare.has_host && companion_acl_revoke(ld, spare.host.dn, spare.user_dn, fault) != 0)
		return -1;
	if (spare.has_user && companion_objects_remove(ld, spare.user_dn, fault) != 0)
		return -1;
	return spare.has_group ? companion_objects_remove(ld, spare.group_dn, fault) : 0;
}
