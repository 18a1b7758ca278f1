/* Samba's MACHINE_DOMAIN_INFO record: NDR (little endian, 4-byte pointers) of secrets_domain_infoB version 1.
 *
 * SECURITY: pure and bounded. Whatever the bytes are, nothing outside of them is read, and nothing is taken over from a
 * record that isn't understood to its end.
 */
#ifndef RETRUST_SAMBA_BLOB_H
#define RETRUST_SAMBA_BLOB_H

#include "../secret/secret.h"

struct samba_blob {
	struct secret current; /* UTF-8; len 0 = none, or no text */
	struct secret old;
	struct secret older;
	struct secret next; /* of an unfinished change */
	int64_t changed_unix;
	uint32_t channel_type;
};

/* Returns true, or false with *ret_blob all zero. Wipe it with samba_blob_wipe. */
bool samba_blob_parse(const uint8_t *data, size_t len, struct samba_blob *ret_blob);

void samba_blob_wipe(struct samba_blob *blob);

#endif
