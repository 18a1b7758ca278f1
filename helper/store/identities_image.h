/* The identities file as bytes: laid out from records, and taken apart again. */
#ifndef RETRUST_STORE_IDENTITIES_IMAGE_H
#define RETRUST_STORE_IDENTITIES_IMAGE_H

#include "identities_record.h"

/* Records, NULL where one was dropped. */
struct identities_list {
	const uint8_t **records;
	size_t count;
};

/* What the header says beside the places. */
struct identities_stamp {
	uint64_t generation;
	int64_t written;
	uint32_t keep_seconds;
	uint32_t least_id;
};

/* Lays out a file in fresh memory (*ret_image, free it). lists: users, groups (enum identities_kind). Returns its
 * length, or 0 with *fault. */
size_t identities_image_make(const struct identities_list lists[2], const struct identities_stamp *stamp,
                             uint8_t **ret_image, struct fault *fault);

/* Reads the file into fresh memory (*ret_image, free it). None there, or one that somebody else may have written, gives
 * NULL and 0. Returns 0, or -1 with *fault. */
int identities_image_read(const char *path, uint8_t **ret_image, size_t *ret_len, struct fault *fault);

/* Is it a whole file of this version, every seal right and every table inside it? Then the seals are taken out. */
bool identities_image_unseal(uint8_t *image, size_t len);

/* Steps through the records of a file that was unsealed: those that are ok themselves. *pos starts as 0. NULL at the end. */
const uint8_t *identities_image_next(const uint8_t *image, enum identities_kind kind, uint32_t least, size_t *pos);

#endif
