/* The remembered users, or groups, in memory: a list of records with two hash tables. */
#ifndef RETRUST_STORE_IDENTITIES_SET_H
#define RETRUST_STORE_IDENTITIES_SET_H

#include "identities_image.h"

struct identities_set {
	enum identities_kind kind;
	struct identities_list list; /* in the order of coming; NULL where one was dropped */
	size_t room;                 /* of the list; each table has twice as many slots */
	size_t alive;                /* not NULL */
	uint32_t *by_name;           /* indexes of the list + 1, 0 = empty */
	uint32_t *by_id;
	const uint8_t *image; /* records that lie in here are not freed */
	size_t image_len;
};

/* The entry with that name, or with that id where name is NULL. Returns NULL when there is none; *ret_index is its
 * place. */
const uint8_t *identities_set_find(const struct identities_set *set, const char *name, uint32_t id, size_t *ret_index);

/* Takes a record over (from malloc, or in the image). Whoever had its name or its id goes; an entry that has both is
 * replaced where it stands, so that a refresh that steps through the list comes to its end. False without memory: the
 * record stays the caller's. */
bool identities_set_keep(struct identities_set *set, const uint8_t *record);

void identities_set_drop(struct identities_set *set, size_t index);
void identities_set_free(struct identities_set *set);

#endif
