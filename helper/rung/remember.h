/* Remembering users and groups for a time when the domain can't be asked: the identities file. */
#ifndef RETRUST_REMEMBER_H
#define RETRUST_REMEMBER_H

#include "../probe/host.h"

enum remember_whom {
	REMEMBER_USER,    /* name, unless it was seen within a day */
	REMEMBER_NOW,     /* name, a user's or a group's, at once */
	REMEMBER_MEMBERS, /* the group `name` and all its members */
	REMEMBER_SEEN,    /* everybody who has logged on here */
	REMEMBER_ALL      /* those who are remembered, again */
};

struct remember_count {
	size_t users, groups; /* in the file as it is now */
	bool found;           /* REMEMBER_USER, REMEMBER_NOW: the name is remembered */
};

/* Asks the live source and writes the file, under a lock of its own. The caller knows that the channel is healthy. An SSSD that
 * is offline isn't believed. Returns 0, or -1 with *fault; FAULT_UNSURE when the time was over: what was gathered by then is
 * kept. */
int remember(struct host *host, enum remember_whom whom, const char *name, struct remember_count *ret_count,
             struct fault *fault);

#endif
