/* Finding a record of the identities file. */
#ifndef RETRUST_NSS_FIND_H
#define RETRUST_NSS_FIND_H

#include "view.h"

/* What is looked for: by name where name isn't NULL, else by id. */
struct query {
	bool group; /* else a user */
	const char *name;
	uint32_t id;
};

/* A record that was found: its head, checked against the bounds of the file, its ids allowed, not expired. */
struct found {
	struct reader *reader;
	struct rt_record head;
	uint64_t gids; /* where the group ids are, and the text */
	uint64_t text;
};

/* What is made of a record. LOOK_ABSENT when it can't be believed after all. */
typedef enum look find_use(const struct found *found, void *data);

/* Looks the record up and has it used while the snapshot is held; again where the file was replaced meanwhile, a few
 * times. */
enum look find_one(const struct query *query, enum view_age age, find_use *use, void *data);

/* Uses the next record from slot *pos of the users' (or the groups') table on; *pos moves behind it when it was used or
 * can't be believed. LOOK_ABSENT at the end. */
enum look find_next(bool group, _Atomic uint64_t *pos, find_use *use, void *data);

#endif
