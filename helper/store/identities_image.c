/* The bytes of the identities file, see identities_image.h and retrust/identities.h. */
#include "identities_image.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Under construction. Records count from the first chunk behind the tables. */
struct layout {
	struct rt_identities header;
	size_t first; /* byte of the first record */
};

static size_t round_up(size_t value)
{
	return (value + RT_CHUNK - 1) / RT_CHUNK * RT_CHUNK;
}

/* Where a record of that length goes that may begin at pos: within a chunk, or from the beginning of one on. */
static size_t place(size_t pos, size_t len)
{
	return pos % RT_CHUNK + len <= RT_CHUNK ? pos : round_up(pos);
}

static size_t records_end(const struct identities_list lists[2], size_t pos, uint32_t entries[2])
{
	for (int kind = IDENTITIES_USER; kind <= IDENTITIES_GROUP; kind++) {
		entries[kind] = 0;
		for (size_t i = 0; i < lists[kind].count; i++) {
			const uint8_t *record = lists[kind].records[i];
			if (record == NULL)
				continue;
			size_t len = identities_record_len(record, (enum identities_kind)kind);
			pos = place(pos, len) + len;
			entries[kind]++;
		}
	}
	return round_up(pos);
}

static size_t lay_tables(struct layout *l, const uint32_t entries[2], size_t chunk)
{
	for (int t = 0; t < RT_TABLES; t++) {
		uint32_t n = entries[t < RT_GROUPS_BY_NAME ? IDENTITIES_USER : IDENTITIES_GROUP];
		uint32_t slots = n * 2; /* half full: a miss looks at two or three */
		l->header.table[t] = (struct rt_table){ .chunk = (uint32_t)chunk, .slots = slots, .entries = n };
		chunk += round_up((size_t)slots * sizeof(struct rt_slot)) / RT_CHUNK;
	}
	return chunk;
}

static int lay_out(struct layout *l, const struct identities_list lists[2], struct fault *fault)
{
	uint32_t entries[2];
	size_t records = records_end(lists, 0, entries);
	size_t tables_end = lay_tables(l, entries, 1);
	size_t chunks = tables_end + records / RT_CHUNK;
	if (chunks > RT_CHUNKS_MAX)
		return fault_set(fault, FAULT_INTERNAL, "%zu MiB of remembered users and groups are too many",
		                 chunks * RT_CHUNK >> 20);
	l->header.chunks = chunks;
	l->first = tables_end * RT_CHUNK;
	return 0;
}

static void enter(uint8_t *image, struct rt_table *table, uint32_t hash, size_t at)
{
	uint8_t *slots = image + (size_t)table->chunk * RT_CHUNK;
	uint32_t i = identities_place(hash, table->slots);
	uint32_t looked = 1;
	struct rt_slot slot;
	for (;; looked++) {
		memcpy(&slot, slots + (size_t)i * sizeof slot, sizeof slot);
		if (slot.at == 0)
			break;
		i = i + 1 == table->slots ? 0 : i + 1;
	}
	slot = (struct rt_slot){ .hash = hash, .at = (uint32_t)(at / 8) };
	memcpy(slots + (size_t)i * sizeof slot, &slot, sizeof slot);
	if (looked > table->longest)
		table->longest = looked;
}

static void fill(uint8_t *image, struct layout *l, const struct identities_list lists[2])
{
	size_t pos = l->first;
	for (int kind = IDENTITIES_USER; kind <= IDENTITIES_GROUP; kind++) {
		struct rt_table *tables =
			&l->header.table[kind == IDENTITIES_USER ? RT_USERS_BY_NAME : RT_GROUPS_BY_NAME];
		for (size_t i = 0; i < lists[kind].count; i++) {
			const uint8_t *record = lists[kind].records[i];
			if (record == NULL)
				continue;
			size_t len = identities_record_len(record, (enum identities_kind)kind);
			const char *name = identities_record_name(record, (enum identities_kind)kind);
			pos = place(pos, len);
			memcpy(image + pos, record, len);
			enter(image, &tables[0], identities_hash(name, strlen(name)), pos);
			enter(image, &tables[1], identities_mix(identities_record_head(record).id), pos);
			pos += len;
		}
	}
}

/* Moves the chunks apart, the last one first, and puts their seals between them. */
static void seal(uint8_t *image, struct rt_identities *header)
{
	header->check = identities_sum(header, offsetof(struct rt_identities, check));
	memcpy(image, header, sizeof *header);
	for (size_t i = header->chunks; i-- > 0;) {
		struct rt_block block = { .number = (uint32_t)i };
		memcpy(block.bytes, image + i * RT_CHUNK, RT_CHUNK);
		block.sum = identities_seal(&block, header->check);
		memcpy(image + i * sizeof block, &block, sizeof block);
	}
}

size_t identities_image_make(const struct identities_list lists[2], const struct identities_stamp *stamp,
                             uint8_t **ret_image, struct fault *fault)
{
	struct layout l = { .header = { .magic = RT_IDENTITIES_MAGIC,
		                        .version = RT_IDENTITIES_VERSION,
		                        .generation = stamp->generation,
		                        .written_unix = stamp->written,
		                        .keep_seconds = stamp->keep_seconds,
		                        .least_id = stamp->least_id } };
	if (lay_out(&l, lists, fault) != 0)
		return 0;
	size_t len = l.header.chunks * sizeof(struct rt_block);
	uint8_t *image = calloc(1, len);
	if (image == NULL) {
		(void)fault_set(fault, FAULT_INTERNAL, "no memory for %zu MiB of remembered users", len >> 20);
		return 0;
	}
	fill(image, &l, lists);
	seal(image, &l.header);
	*ret_image = image;
	return len;
}

static int read_fd(int fd, const char *path, uint8_t **ret_image, size_t *ret_len, struct fault *fault)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s", path);
	const uint64_t most = (uint64_t)RT_CHUNKS_MAX * sizeof(struct rt_block);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
	    st.st_size <= 0 || (uint64_t)st.st_size > most)
		return 0;
	uint8_t *image = malloc((size_t)st.st_size);
	if (image == NULL)
		return fault_set(fault, FAULT_INTERNAL, "%s: no memory to read it", path);
	ssize_t len = file_read_fd(fd, image, (size_t)st.st_size);
	if (len < 0) {
		int error = errno;
		free(image);
		return fault_errno(fault, FAULT_INTERNAL, error, "%s: reading it failed", path);
	}
	*ret_image = image;
	*ret_len = (size_t)len; /* less than it was where it was cut meanwhile: that can't be believed */
	return 0;
}

int identities_image_read(const char *path, uint8_t **ret_image, size_t *ret_len, struct fault *fault)
{
	*ret_image = NULL;
	*ret_len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : fault_errno(fault, FAULT_INTERNAL, errno, "%s", path);
	int result = read_fd(fd, path, ret_image, ret_len, fault);
	(void)close(fd);
	return result;
}

bool identities_image_unseal(uint8_t *image, size_t len)
{
	struct rt_identities header;
	struct rt_block block;
	if (len < sizeof block)
		return false;
	memcpy(&header, image, sizeof header);
	if (len % sizeof block != 0 || !identities_header_ok(&header, len / sizeof block))
		return false;
	for (size_t i = 0; i < header.chunks; i++) {
		memcpy(&block, image + i * sizeof block, sizeof block);
		if (block.number != i || block.sum != identities_seal(&block, header.check))
			return false;
		memcpy(image + i * RT_CHUNK, block.bytes, RT_CHUNK);
	}
	return true;
}

const uint8_t *identities_image_next(const uint8_t *image, enum identities_kind kind, uint32_t least, size_t *pos)
{
	struct rt_identities header;
	memcpy(&header, image, sizeof header);
	const struct rt_table *table = &header.table[kind == IDENTITIES_USER ? RT_USERS_BY_NAME : RT_GROUPS_BY_NAME];
	size_t len = header.chunks * RT_CHUNK;
	while (*pos < table->slots) {
		struct rt_slot slot;
		memcpy(&slot, image + (size_t)table->chunk * RT_CHUNK + (*pos)++ * sizeof slot, sizeof slot);
		size_t at = (size_t)slot.at * 8;
		if (at != 0 && at < len && identities_record_ok(image + at, len - at, kind, least))
			return image + at;
	}
	return NULL;
}
