/* Fuzz target for helper/store/samba_blob.c: whatever the bytes, it ends, stays inside them and takes nothing over from
 * a record that it refuses.
 *
 * An input that begins with 'e' is edits (place, place, value) of a real record, anything else a record.
 */
#include "../../helper/store/samba_blob.h"
#include "../unit/samba_blob_sample.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* A password is text: no NUL inside, one behind. */
static void check_secret(const struct secret *secret)
{
	demand(secret->len <= SECRET_MAX && strlen((const char *)secret->bytes) == secret->len);
}

static void check(const uint8_t *data, size_t size)
{
	static const struct samba_blob empty;
	struct samba_blob blob;
	uint8_t *copy = malloc(size > 0 ? size : 1); /* of exactly its size */
	if (copy == NULL)
		return;
	if (size > 0)
		memcpy(copy, data, size);
	if (!samba_blob_parse(copy, size, &blob))
		demand(memcmp(&blob, &empty, sizeof blob) == 0);
	check_secret(&blob.current);
	check_secret(&blob.old);
	check_secret(&blob.older);
	check_secret(&blob.next);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t edited[sizeof sample_pending];
	check(data, size);
	if (size == 0 || data[0] != 'e')
		return 0;
	memcpy(edited, sample_pending, sizeof edited);
	for (size_t i = 1; i + 3 <= size; i += 3)
		edited[((size_t)data[i] << 8 | data[i + 1]) % sizeof edited] = data[i + 2];
	check(edited, sizeof edited);
	return 0;
}
