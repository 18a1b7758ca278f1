/* One identities file as it was when it was opened, read chunk by chunk into memory of the process.
 *
 * See retrust/identities.h for the layout and for why the file isn't mapped. Chunks are read when they are first needed
 * and stay; a look at one that is there is a look at memory. No descriptor is kept beyond a lookup: other code in the
 * process closes and reuses descriptors that it doesn't know. Any number of threads may read a snapshot; none waits for
 * another.
 */
#ifndef RETRUST_NSS_SNAPSHOT_H
#define RETRUST_NSS_SNAPSHOT_H

#include <retrust/identities.h>

#include <stdatomic.h>
#include <sys/stat.h>

/* How a look went on. */
enum look {
	LOOK_FOUND,
	LOOK_ABSENT, /* nobody there, or no file or record that can be believed */
	LOOK_SHORT,  /* found, but the caller's buffer is too small */
	LOOK_AGAIN   /* the file was replaced or is damaged, or can't be read now */
};

struct snapshot {
	uint8_t *chunks; /* the file's content, as far as it was read; the header always is */
	_Atomic uint8_t *states;
	size_t map_size;
	struct stat looks; /* of the file that was opened */
};

/* Opens the file in the project's cache directory and reads its header. Returns LOOK_FOUND, or LOOK_ABSENT where there
 * is none that can be believed, or LOOK_AGAIN for want of memory or descriptors; *ret_snapshot is set on LOOK_FOUND. */
enum look snapshot_open(struct snapshot *ret_snapshot);

/* Gives the memory back. A snapshot without chunks is fine. */
void snapshot_close(struct snapshot *snapshot);

/* Is it still the file at its place? */
bool snapshot_is_current(const struct snapshot *snapshot);

static inline const struct rt_identities *snapshot_header(const struct snapshot *snapshot)
{
	return (const struct rt_identities *)(const void *)snapshot->chunks;
}

/* One thread's lookup in a snapshot. fd: the file, open from the first chunk that had to be read until the end of the
 * lookup; else -1. */
struct reader {
	const struct snapshot *snapshot;
	int fd;
};

/* Closes what the lookup has opened. */
void snapshot_end_reading(struct reader *reader);

/* Copies len bytes from byte at, or compares them with others: LOOK_FOUND, LOOK_AGAIN, or LOOK_ABSENT where they are
 * outside the file or not equal. */
enum look snapshot_copy(struct reader *reader, uint64_t at, void *ret_bytes, size_t len);
enum look snapshot_equal(struct reader *reader, uint64_t at, const void *bytes, size_t len);

enum { CHUNK_EMPTY, CHUNK_LOADING, CHUNK_READY }; /* a chunk's state */

/* The bytes where they are, when they lie in one chunk that is there already; else NULL. They don't change any more. */
static inline const uint8_t *snapshot_peek(const struct snapshot *snapshot, uint64_t at, size_t len)
{
	uint64_t chunk = at / RT_CHUNK;
	if (chunk >= snapshot_header(snapshot)->chunks || len > RT_CHUNK - at % RT_CHUNK ||
	    atomic_load_explicit(&snapshot->states[chunk], memory_order_acquire) != CHUNK_READY)
		return NULL;
	return snapshot->chunks + at;
}

#endif
