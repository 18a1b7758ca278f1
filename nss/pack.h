/* Records as the structures of passwd and group, in the caller's buffer. */
#ifndef RETRUST_NSS_PACK_H
#define RETRUST_NSS_PACK_H

#include "find.h"

#include <grp.h>
#include <pwd.h>

/* What find_use functions fill: one of pwd and grp, with strings in buffer. */
struct pack {
	struct passwd *pwd;
	struct group *grp;
	char *buffer;
	size_t size;
};

/* LOOK_SHORT where the buffer is too small: with a larger one the same call succeeds. */
enum look pack_user(const struct found *found, void *pack);
enum look pack_group(const struct found *found, void *pack);

/* A list of group ids as initgroups_dyn wants it, grown by malloc's rules. */
struct pack_gids {
	gid_t skip; /* already in the list */
	long *start;
	long *size;
	gid_t **gids;
	long limit; /* no more than so many, <= 0: any number */
	bool no_memory;
};

/* Adds the user's groups, the primary one too. */
enum look pack_gids(const struct found *found, void *gids);

#endif
