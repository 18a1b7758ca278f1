/* The one ACE of the spare account on the computer object: reading and writing its DACL over LDAP. */
#ifndef RETRUST_COMPANION_ACL_H
#define RETRUST_COMPANION_ACL_H

#include "account.h"

enum companion_right { COMPANION_MAY_RESET, COMPANION_MAY_NOT, COMPANION_CANT_TELL };

/* Does the object's DACL let the trustee (the DN of an account) reset its password? Only our own ACE counts. */
enum companion_right companion_acl_look(LDAP *ld, const char *object, const char *trustee, struct fault *fault);

/* Gives that right, or takes every ACE of the trustee away; both read the DACL again afterwards to see that it is so.
 * Nothing to change is success. Return 0, or -1 with *fault. */
int companion_acl_grant(LDAP *ld, const char *object, const char *trustee, struct fault *fault);
int companion_acl_revoke(LDAP *ld, const char *object, const char *trustee, struct fault *fault);

#endif
