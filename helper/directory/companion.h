/* The spare account in the domain: a user whose only right is to reset this host's computer account.
 *
 * userAccountControl 512 (normal) + 65536 (password doesn't expire) + 1048576 (not delegated), AES only, a group of its own as
 * its primary group, out of Domain Users; one ACE on the computer object: (OA;;CR;00299570-246d-11d0-a768-00aa006e0529;;SID)
 * User-Force-Change-Password. sAMAccountName: the host's account without $, cut to 14, + "-spare" (20 at most).
 */
#ifndef RETRUST_COMPANION_H
#define RETRUST_COMPANION_H

#include "account.h"

/* The spare account's name for a computer account: "M1$" -> "M1-spare". */
void companion_name(const char *account, char *buf, size_t size);

/* Makes or renews it, idempotently: group and user in container (a DN; "" = the domain's Users container), created
 * disabled, password set by kpasswd with the administrator's ticket (never over LDAP), attributes, group, the one ACE,
 * enabled last. A foreign object of that name (no description of ours) is refused. On any failure what was created in
 * this call is removed again. Returns SET_DONE; SET_REFUSED with everything as it was; SET_UNKNOWN when it can't tell. */
enum set_result companion_make(LDAP *ld, struct kdc *kdc, const struct kdc_ticket *admin_tgt, const char *base,
                               const char *container, const char *account, const struct secret *password,
                               struct deadline deadline, char *ret_dn, size_t dn_size, struct fault *fault);

/* Takes it all back: ACE, user, group. Missing pieces are no error. */
int companion_remove(LDAP *ld, const char *base, const char *account, struct fault *fault);

#endif
