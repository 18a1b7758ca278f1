/* One identities file as it was when it was opened, read chunk by chunk into memory of the process.
 *
 * See retrust/identities.h for the layout and for why the file isn't mapped. Most processes look one or two names up
 * and end: so the first chunks that are needed are read onto the stack, which costs a third of what a place to keep
 * them does. Who goes on gets the place: from then on a chunk that was read stays, and a look at it is a look at
 * memory. No descriptor is kept beyond a lookup: other code in the process closes and reuses descriptors that it
 * doesn't know. Any number of threads may read a snapshot; none waits for another.
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
	struct rt_identities header; /* read and checked */
	_Atomic(uint8_t *) place; /* a state for each chunk, then the chunks, as far as they were read; NULL at first */
	size_t states_size;
	_Atomic uint32_t loads; /* chunks that were read while there was no place */
	struct stat looks;      /* of the file that was opened */
};

/* One thread's lookup in a snapshot. */
struct reader {
	struct snapshot *snapshot;
	int fd; /* the file, open from the first chunk that had to be read until the end of the lookup; else -1 */
	uint64_t chunk;        /* number of the one that was read last, 0 = none */
	struct rt_block block; /* there it is */
};

/* Opens the file in the project's cache directory and reads its header. Returns LOOK_FOUND, or LOOK_ABSENT where there
 * is none that can be believed, or LOOK_AGAIN for want of descriptors. On LOOK_FOUND *ret_snapshot is set, and *ret_fd
 * to the open file, for the lookup that wanted it. */
enum look snapshot_open(struct snapshot *ret_snapshot, int *ret_fd);

/* Gives the memory back. A snapshot without any is fine. */
void snapshot_close(struct snapshot *snapshot);

/* Is it still the file at its place? */
bool snapshot_is_current(const struct snapshot *snapshot);

static inline const struct rt_identities *snapshot_header(const struct snapshot *snapshot)
{
	return &snapshot->header;
}

static inline void snapshot_begin_reading(struct reader *reader, struct snapshot *snapshot)
{
	reader->snapshot = snapshot;
	reader->fd = -1;
	reader->chunk = 0;
}

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
	const uint8_t *place = atomic_load_explicit(&snapshot->place, memory_order_acquire);
	uint64_t chunk = at / RT_CHUNK;
	if (place == NULL || chunk >= snapshot->header.chunks || len > RT_CHUNK - at % RT_CHUNK ||
	    atomic_load_explicit((const _Atomic uint8_t *)place + chunk, memory_order_acquire) != CHUNK_READY)
		return NULL;
	return place + snapshot->states_size + at;
}

#endif
