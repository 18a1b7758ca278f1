/* The spare's user and group as objects of the domain. */
#ifndef RETRUST_COMPANION_OBJECTS_H
#define RETRUST_COMPANION_OBJECTS_H

#include "account.h"

#include <stdbool.h>

/* One spare account while it is made or taken back. */
struct spare {
	LDAP *ld;
	const char *base;      /* the domain's naming context */
	const char *container; /* where the objects are to be made; "" = the domain's container for users */
	char user_name[32], group_name[40];
	char note[160]; /* the description by which we know our own objects */
	struct account host;
	bool has_host, has_user, has_group;
	bool made_user, made_group, granted; /* in this call, or perhaps: the answer was lost */
	char user_dn[640], group_dn[640];
};

/* Looks for both by their names and fills in has_* and *_dn. Returns 0, or -1 with *fault, also where an object of that
 * name isn't ours. */
int companion_objects_look(struct spare *spare, struct fault *fault);

/* Makes what is missing (the user disabled and without a password), makes the group the user's primary group and takes
 * the user out of Domain Users, where the administrator's rights allow that. Returns 0, or -1 with *fault. */
int companion_objects_make(struct spare *spare, struct fault *fault);

/* Sets the user's userAccountControl and encryption types. Returns 0, or -1 with *fault. */
int companion_objects_control(struct spare *spare, unsigned int control, struct fault *fault);

/* Deletes an object; one that isn't there is no error. Returns 0, or -1 with *fault. */
int companion_objects_remove(LDAP *ld, const char *dn, struct fault *fault);

#endif
