/* Reading the identities file, see snapshot.h. */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* Loads the chunk to its place, or into scratch while another thread does: that thread may be one that a fork left in
 * the parent, so nobody waits for it. *ret_bytes is where the chunk is. */
static enum look load_chunk(struct reader *r, size_t chunk, uint8_t *scratch, const uint8_t **ret_bytes)
{
	const struct snapshot *s = r->snapshot;
	uint32_t sum;
	enum look look = expected_sum(r, chunk, &sum);
	if (look != LOOK_FOUND)
		return look;
	uint8_t state = CHUNK_EMPTY;
	bool ours = atomic_compare_exchange_strong(&s->states[chunk], &state, CHUNK_LOADING);
	uint8_t *place = ours || state == CHUNK_READY ? s->chunks + chunk * RT_CHUNK : scratch;
	if (state != CHUNK_READY)
		look = fetch(r, chunk, sum, place);
	if (ours)
		atomic_store_explicit(&s->states[chunk], look == LOOK_FOUND ? CHUNK_READY : CHUNK_EMPTY,
		                      memory_order_release);
	*ret_bytes = place;
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
	uint8_t scratch[RT_CHUNK];
	const uint8_t *bytes;
	int error = errno;
	int cancel;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	enum look look = load_chunk(r, (size_t)(at / RT_CHUNK), scratch, &bytes);
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

/* Address space for all of it; memory is taken only for what is read. */
static bool reserve(struct snapshot *s)
{
	size_t size = (size_t)s->looks.st_size;
	size_t states = (size / RT_CHUNK + RT_CHUNK - 1) / RT_CHUNK * RT_CHUNK;
	void *memory =
		mmap(NULL, size + states, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	(void)madvise(memory, size + states, MADV_NOHUGEPAGE); /* or each chunk would take 2 MiB */
	s->chunks = memory;
	s->states = (_Atomic uint8_t *)memory + size;
	s->map_size = size + states;
	return true;
}

/* With the first chunk of sums, which every first lookup needs. */
static bool read_beginning(int fd, struct snapshot *s)
{
	size_t len = s->looks.st_size < 2 * RT_CHUNK ? RT_CHUNK : 2 * RT_CHUNK;
	const struct rt_identities *header = snapshot_header(s);
	if (!read_at(fd, 0, s->chunks, len) || !header_ok(header, (uint64_t)s->looks.st_size / RT_CHUNK))
		return false;
	atomic_store_explicit(&s->states[0], CHUNK_READY, memory_order_release);
	if (header->sum_chunks > 0 && identities_sum(s->chunks + RT_CHUNK, RT_CHUNK) == header->top[0])
		atomic_store_explicit(&s->states[1], CHUNK_READY, memory_order_release);
	return true;
}

static enum look open_fd(int fd, struct snapshot *s)
{
	if (!looks_ok(&s->looks))
		return LOOK_ABSENT;
	if (!reserve(s))
		return LOOK_AGAIN;
	if (read_beginning(fd, s))
		return LOOK_FOUND;
	snapshot_close(s);
	return LOOK_ABSENT;
}

enum look snapshot_open(struct snapshot *ret_snapshot)
{
	struct snapshot s = { 0 };
	int fd = open_file(&s.looks);
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? LOOK_AGAIN : LOOK_ABSENT;
	enum look look = open_fd(fd, &s);
	(void)close(fd);
	if (look == LOOK_FOUND)
		*ret_snapshot = s;
	return look;
}

void snapshot_close(struct snapshot *snapshot)
{
	void *memory = snapshot->chunks;
	if (memory == NULL)
		return;
	snapshot->chunks = NULL;
	(void)munmap(memory, snapshot->map_size);
}
