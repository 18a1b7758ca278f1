/* Users and groups as the live source (SSSD, winbind) gives them now, to be remembered. */
#ifndef RETRUST_PEOPLE_H
#define RETRUST_PEOPLE_H

#include "../base/deadline.h"
#include "../base/fault.h"
#include "../store/identities.h"

#include <grp.h>

/* One run of questions. */
struct people {
	struct identities *ids;
	bool may_forget;          /* the live source is known to be online: whom it doesn't know there isn't */
	struct deadline deadline; /* no further question after it */
	gid_t *asked;             /* groups that this run has asked for already */
	size_t asked_count, asked_room;
};

/* Frees what a run has gathered beside ids. */
void people_end(struct people *people);

/* Asks for a user, the groups it is in and those groups, and remembers what came. A local user (one of /etc/passwd) and an
 * id below the rules' least aren't. One whom the live source doesn't know is forgotten, where may_forget.
 * Returns 1 remembered, 0 not known or not to be remembered, -1 with *fault (FAULT_UNSURE when the time is over: what was
 * gathered is good). One question blocks as long as the live source does: the caller has nothing half done. */
int people_user(struct people *people, const char *name, struct fault *fault);

/* The same for a group, without its members' own entries. */
int people_group(struct people *people, const char *name, struct fault *fault);

/* A group and each of its members. Returns how many users are remembered of it, -1 with *fault. */
int people_members(struct people *people, const char *group, struct fault *fault);

/* Everybody who has logged on here, as far as wtmp goes back. Returns how many, -1 with *fault. */
int people_seen(struct people *people, struct fault *fault);

/* Asks again about all that are remembered. Returns 0 or -1 with *fault. */
int people_refresh(struct people *people, struct fault *fault);

#endif
