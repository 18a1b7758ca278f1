/* Reading the identities file, see snapshot.h. */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

/* Four lookups or so are cheaper without a place to keep the chunks in than with one. */
enum { EARLY_LOADS = 16 };

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
	            check == snapshot_header(snapshot)->check;
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

static enum look fetch(struct reader *r, size_t chunk, uint32_t sum, uint8_t *place)
{
	enum look look = open_for_reading(r);
	if (look != LOOK_FOUND)
		return look;
	bool good = read_at(r->fd, chunk * RT_CHUNK, place, RT_CHUNK) && identities_sum(place, RT_CHUNK) == sum;
	return good ? LOOK_FOUND : LOOK_AGAIN;
}

static enum look expected_sum(struct reader *r, size_t chunk, uint32_t *ret_sum)
{
	const struct rt_identities *header = snapshot_header(r->snapshot);
	if (chunk <= header->sum_chunks) {
		*ret_sum = header->top[chunk - 1];
		return LOOK_FOUND;
	}
	uint64_t at = RT_CHUNK + (uint64_t)(chunk - 1 - header->sum_chunks) * sizeof *ret_sum;
	return snapshot_copy(r, at, ret_sum, sizeof *ret_sum);
}

/* Address space for all of it; memory is taken only for what is read. Without it each chunk is read again. */
static uint8_t *make_place(struct snapshot *s)
{
	uint8_t *none = NULL;
	size_t size = s->states_size + (size_t)s->looks.st_size;
	void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (place == MAP_FAILED)
		return NULL;
	(void)madvise(place, size, MADV_NOHUGEPAGE); /* or each chunk would take 2 MiB */
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

/* To its place, or into *kept while another thread does: that thread may be one that a fork left in the parent, so
 * nobody waits for it. */
static enum look load_chunk(struct reader *r, size_t chunk, struct kept *kept, const uint8_t **ret_bytes)
{
	uint32_t sum;
	enum look look = expected_sum(r, chunk, &sum);
	if (look != LOOK_FOUND)
		return look;
	uint8_t *place = place_of(r->snapshot);
	_Atomic uint8_t *state = place != NULL ? (_Atomic uint8_t *)place + chunk : NULL;
	uint8_t was = CHUNK_EMPTY;
	bool ours = state != NULL && atomic_compare_exchange_strong(state, &was, CHUNK_LOADING);
	bool in_place = ours || was == CHUNK_READY;
	uint8_t *to = in_place ? place + r->snapshot->states_size + chunk * RT_CHUNK : kept->bytes;
	if (was != CHUNK_READY)
		look = fetch(r, chunk, sum, to);
	if (ours)
		atomic_store_explicit(state, look == LOOK_FOUND ? CHUNK_READY : CHUNK_EMPTY, memory_order_release);
	if (!in_place)
		kept->number = look == LOOK_FOUND ? chunk : 0;
	*ret_bytes = to;
	return look;
}

/* *ret_bytes is where the chunk is, until the next one is asked for. */
static enum look find_chunk(struct reader *r, size_t chunk, const uint8_t **ret_bytes)
{
	struct kept *kept = chunk <= r->snapshot->header->sum_chunks ? &r->sums : &r->data;
	*ret_bytes = chunk == 0 ? (const uint8_t *)r->snapshot->header : kept->bytes;
	return chunk == 0 || chunk == kept->number ? LOOK_FOUND : load_chunk(r, chunk, kept, ret_bytes);
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
	const uint8_t *bytes;
	int error = errno;
	int cancel;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	enum look look = find_chunk(r, (size_t)(at / RT_CHUNK), &bytes);
	(void)pthread_setcancelstate(cancel, NULL);
	errno = error;
	return look == LOOK_FOUND ? use(bytes + at % RT_CHUNK, to, with, len) : look;
}

static enum look use_chunk(struct reader *r, uint64_t at, void *to, const void *with, size_t len)
{
	const uint8_t *bytes = snapshot_peek(r->snapshot, at, len);
	return bytes != NULL ? use(bytes, to, with, len) : use_cold(r, at, to, with, len);
}

/* Chunk by chunk. */
static enum look use_bytes(struct reader *r, uint64_t at, void *to, const void *with, size_t len)
{
	uint64_t size = snapshot_header(r->snapshot)->chunks * RT_CHUNK;
	if (at > size || len > size - at)
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

static bool tables_ok(const struct rt_identities *header)
{
	for (int t = 0; t < RT_TABLES; t++) {
		const struct rt_table *table = &header->table[t];
		uint64_t end = (uint64_t)table->chunk * RT_CHUNK + (uint64_t)table->slots * sizeof(struct rt_slot);
		if (table->chunk <= header->sum_chunks || end > header->chunks * RT_CHUNK)
			return false;
	}
	return true;
}

/* The header was made for a file of that size, and each of its chunks has a sum. */
static bool header_ok(const struct rt_identities *header, uint64_t chunks)
{
	return header->magic == RT_IDENTITIES_MAGIC && header->version == RT_IDENTITIES_VERSION &&
	       header->check == identities_sum(header, offsetof(struct rt_identities, check)) &&
	       header->chunks == chunks && header->sum_chunks <= RT_TOPS && header->sum_chunks < chunks &&
	       chunks - 1 - header->sum_chunks <= (uint64_t)header->sum_chunks * RT_SUMS_A_CHUNK && tables_ok(header);
}

static bool looks_ok(const struct stat *looks)
{
	uint64_t most = (uint64_t)1 + RT_TOPS * (1 + (uint64_t)RT_SUMS_A_CHUNK);
	return S_ISREG(looks->st_mode) && looks->st_uid == 0 && (looks->st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	       looks->st_size > 0 && looks->st_size % RT_CHUNK == 0 && (uint64_t)looks->st_size / RT_CHUNK <= most;
}

static enum look open_fd(int fd, const struct stat *looks, struct rt_identities *header, struct snapshot *s)
{
	uint64_t chunks = (uint64_t)looks->st_size / RT_CHUNK;
	if (!looks_ok(looks) || !read_at(fd, 0, header, sizeof *header) || !header_ok(header, chunks))
		return LOOK_ABSENT;
	s->header = header;
	s->states_size = (size_t)(chunks + RT_CHUNK - 1) / RT_CHUNK * RT_CHUNK;
	s->looks = *looks;
	atomic_store_explicit(&s->loads, 0, memory_order_relaxed);
	return LOOK_FOUND;
}

enum look snapshot_open(struct rt_identities *header, struct snapshot *ret_snapshot, int *ret_fd)
{
	struct stat looks;
	int fd = open_file(&looks);
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? LOOK_AGAIN : LOOK_ABSENT;
	enum look look = open_fd(fd, &looks, header, ret_snapshot);
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
		(void)munmap(place, snapshot->states_size + (size_t)snapshot->looks.st_size);
}
