/* Users and groups as the live source (SSSD, winbind) gives them now, to be remembered. */
#ifndef RETRUST_PEOPLE_H
#define RETRUST_PEOPLE_H

#include "../base/fault.h"
#include "../store/identities.h"

/* Asks for a user, the groups it is in and those groups, and remembers what came. A local user (one of /etc/passwd) and an id
 * below the rules' least aren't. One whom the live source doesn't know is forgotten.
 * Returns 1 remembered, 0 not known or not to be remembered, -1 with *fault. Blocks as long as the live source does: the
 * caller has nothing half done. */
int people_user(struct identities *ids, const char *name, struct fault *fault);

/* The same for a group, without its members' own entries. */
int people_group(struct identities *ids, const char *name, struct fault *fault);

/* A group and each of its members. Returns how many users are remembered of it, -1 with *fault. */
int people_members(struct identities *ids, const char *group, struct fault *fault);

/* Everybody who has logged on here, as far as wtmp goes back. Returns how many, -1 with *fault. */
int people_seen(struct identities *ids, struct fault *fault);

/* Asks again about all that are remembered. Returns 0 or -1 with *fault. */
int people_refresh(struct identities *ids, struct fault *fault);

#endif
