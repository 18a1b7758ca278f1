/* Reading the identities file, see snapshot.h. */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

/* Two of them make a lookup; the first four or so are cheaper without a place to keep the chunks in than with one. */
enum { EARLY_LOADS = 8 };

static const char path[] = RT_CACHEDIR "/" RT_IDENTITIES_FILE;

/* O_NONBLOCK: a FIFO in its place must not hold a logon. */
static int open_file(struct stat *ret_looks)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, ret_looks) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* A file is replaced by rename, never written again: another change time means another hand. */
static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool read_at(int fd, size_t at, void *place, size_t len)
{
	size_t have = 0;
	while (have < len) {
		ssize_t n = pread(fd, (uint8_t *)place + have, len - have, (off_t)(at + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	return true;
}

/* The clock of a file system may stand still between two files that got the same inode, so the header's sum is asked
 * too. */
bool snapshot_is_current(const struct snapshot *snapshot)
{
	struct stat looks;
	uint32_t check;
	int fd = open_file(&looks);
	if (fd < 0)
		return false;
	bool same = same_file(&looks, &snapshot->looks) &&
	            read_at(fd, offsetof(struct rt_identities, check), &check, sizeof check) &&
	            check == snapshot->header.check;
	(void)close(fd);
	return same;
}

/* Opens the snapshot's file while that is still at its place. */
static enum look open_for_reading(struct reader *r)
{
	struct stat looks;
	if (r->fd >= 0)
		return LOOK_FOUND;
	int fd = open_file(&looks);
	if (fd < 0)
		return LOOK_AGAIN;
	if (!same_file(&looks, &r->snapshot->looks)) {
		(void)close(fd);
		return LOOK_AGAIN;
	}
	r->fd = fd;
	return LOOK_FOUND;
}

/* Reads the chunk into the reader's own memory. */
static enum look fetch(struct reader *r, uint64_t chunk)
{
	enum look look = open_for_reading(r);
	r->chunk = 0;
	if (look != LOOK_FOUND)
		return look;
	if (!read_at(r->fd, chunk * sizeof r->block, &r->block, sizeof r->block) || r->block.number != chunk ||
	    r->block.sum != identities_seal(&r->block, r->snapshot->header.check))
		return LOOK_AGAIN;
	r->chunk = chunk;
	return LOOK_FOUND;
}

static size_t place_size(const struct snapshot *s)
{
	return s->states_size + (size_t)s->header.chunks * RT_CHUNK;
}

/* Address space for all of it; memory is taken only for what is read. Without it each chunk is read again. */
static uint8_t *make_place(struct snapshot *s)
{
	uint8_t *none = NULL;
	size_t size = place_size(s);
	void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (place == MAP_FAILED)
		return NULL;
	(void)madvise(place, size, MADV_NOHUGEPAGE); /* or each page would take 2 MiB */
	if (atomic_compare_exchange_strong(&s->place, &none, place))
		return place;
	(void)munmap(place, size); /* another thread was faster */
	return none;
}

static uint8_t *place_of(struct snapshot *s)
{
	uint8_t *place = atomic_load_explicit(&s->place, memory_order_acquire);
	if (place != NULL || atomic_fetch_add_explicit(&s->loads, 1, memory_order_relaxed) < EARLY_LOADS)
		return place;
	return make_place(s);
}

/* Into the reader's memory, and from there to its place, unless another thread is about to: that thread may be one that
 * a fork left in the parent, so nobody waits for it. */
static enum look load_chunk(struct reader *r, uint64_t chunk)
{
	uint8_t *place = place_of(r->snapshot);
	_Atomic uint8_t *state = place != NULL ? (_Atomic uint8_t *)place + chunk : NULL;
	uint8_t empty = CHUNK_EMPTY;
	bool ours = state != NULL && atomic_compare_exchange_strong(state, &empty, CHUNK_LOADING);
	enum look look = fetch(r, chunk);
	if (ours && look == LOOK_FOUND)
		memcpy(place + r->snapshot->states_size + chunk * RT_CHUNK, r->block.bytes, RT_CHUNK);
	if (ours)
		atomic_store_explicit(state, look == LOOK_FOUND ? CHUNK_READY : CHUNK_EMPTY, memory_order_release);
	return look;
}

/* Either copies to `to` or compares with `with`: what both do with len bytes inside one chunk. */
static enum look use(const uint8_t *bytes, void *to, const void *with, size_t len)
{
	if (to != NULL)
		memcpy(to, bytes, len);
	return with == NULL || memcmp(bytes, with, len) == 0 ? LOOK_FOUND : LOOK_ABSENT;
}

/* A thread that is cancelled here would leave a descriptor open and the chunk in its state for ever. */
static __attribute__((noinline)) enum look use_cold(struct reader *r, uint64_t at, void *to, const void *with,
                                                    size_t len)
{
	int error = errno;
	int cancel;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	enum look look = at / RT_CHUNK == r->chunk ? LOOK_FOUND : load_chunk(r, at / RT_CHUNK);
	(void)pthread_setcancelstate(cancel, NULL);
	errno = error;
	return look == LOOK_FOUND ? use(r->block.bytes + at % RT_CHUNK, to, with, len) : look;
}

static enum look use_chunk(struct reader *r, uint64_t at, void *to, const void *with, size_t len)
{
	const uint8_t *bytes = snapshot_peek(r->snapshot, at, len);
	return bytes != NULL ? use(bytes, to, with, len) : use_cold(r, at, to, with, len);
}

/* Chunk by chunk. */
static enum look use_bytes(struct reader *r, uint64_t at, void *to, const void *with, size_t len)
{
	uint64_t size = r->snapshot->header.chunks * RT_CHUNK;
	if (at < RT_CHUNK || at > size || len > size - at)
		return LOOK_ABSENT;
	while (len > 0) {
		size_t part = RT_CHUNK - at % RT_CHUNK;
		part = len < part ? len : part;
		enum look look = use_chunk(r, at, to, with, part);
		if (look != LOOK_FOUND)
			return look;
		at += part;
		len -= part;
		to = to != NULL ? (uint8_t *)to + part : NULL;
		with = with != NULL ? (const uint8_t *)with + part : NULL;
	}
	return LOOK_FOUND;
}

enum look snapshot_copy(struct reader *reader, uint64_t at, void *ret_bytes, size_t len)
{
	return use_bytes(reader, at, ret_bytes, NULL, len);
}

enum look snapshot_equal(struct reader *reader, uint64_t at, const void *bytes, size_t len)
{
	return use_bytes(reader, at, NULL, bytes, len);
}

static __attribute__((noinline)) void close_reader(struct reader *reader)
{
	int error = errno;
	int cancel;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	(void)close(reader->fd);
	(void)pthread_setcancelstate(cancel, NULL);
	errno = error;
	reader->fd = -1;
}

void snapshot_end_reading(struct reader *reader)
{
	if (reader->fd >= 0)
		close_reader(reader);
}

static bool looks_ok(const struct stat *looks)
{
	return S_ISREG(looks->st_mode) && looks->st_uid == 0 && (looks->st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	       looks->st_size > 0 && looks->st_size % (off_t)sizeof(struct rt_block) == 0;
}

static enum look open_fd(int fd, struct snapshot *s)
{
	uint64_t chunks = (uint64_t)s->looks.st_size / sizeof(struct rt_block);
	if (!looks_ok(&s->looks) || !read_at(fd, 0, &s->header, sizeof s->header) ||
	    !identities_header_ok(&s->header, chunks))
		return LOOK_ABSENT;
	s->states_size = (size_t)(chunks + RT_CHUNK - 1) / RT_CHUNK * RT_CHUNK;
	atomic_store_explicit(&s->loads, 0, memory_order_relaxed);
	return LOOK_FOUND;
}

enum look snapshot_open(struct snapshot *ret_snapshot, int *ret_fd)
{
	int fd = open_file(&ret_snapshot->looks);
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? LOOK_AGAIN : LOOK_ABSENT;
	enum look look = open_fd(fd, ret_snapshot);
	if (look == LOOK_FOUND)
		*ret_fd = fd;
	else
		(void)close(fd);
	return look;
}

void snapshot_close(struct snapshot *snapshot)
{
	uint8_t *place = atomic_exchange(&snapshot->place, NULL);
	if (place != NULL)
		(void)munmap(place, place_size(snapshot));
}
