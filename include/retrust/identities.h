/* The identities file: users and groups as the live source gave them while the channel was healthy.
 *
 * Written by the helper (helper/store/identities.c), whole, into place by rename; read by the NSS module in any process
 * while the host can't ask its domain. Below the project's cache directory, root's, world-readable, without a secret
 * and without a password hash.
 *
 * Layout, host byte order (the file never leaves the host). The file is a row of struct rt_block: a chunk of RT_CHUNK
 * bytes and its seal. Leave the seals out, and it is
 *
 *     chunk 0                       struct rt_identities
 *     then, each from a chunk on    the four tables of struct rt_slot; the records
 *
 * and that is how all positions count. A seal holds the chunk's number and a sum of the chunk, of that number and of
 * the header's check, which covers the header: so a reader can take any chunk alone and believe it, and a million users
 * cost the same as a thousand. A table is an open hash table: the first slot is identities_place() of the hash, the
 * next ones follow (the first one after the last), an empty slot ends the search. A record begins at a multiple of 8
 * bytes; one that fits a chunk lies within one, a longer one begins with one.
 *
 * The reader's contract (nss/): it reads with read(2), never through a mapping of the file. A mapped file that is cut
 * while it is read kills the reader with SIGBUS, and the readers are all processes of the host, pid 1 among them;
 * what was read can't change any more. Chunks are read when they are needed, into memory of the process, checked there
 * and kept for all its threads. A chunk that doesn't fit its seal, a file that isn't root's regular file or that others
 * may write, and a record that breaks a rule below are not believed. A replaced file is noticed by its inode.
 */
#ifndef RETRUST_IDENTITIES_H
#define RETRUST_IDENTITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RT_IDENTITIES_FILE "identities" /* below the project's cache directory */
#define RT_IDENTITIES_MAGIC 0x31696472u /* "rdi1" */
#define RT_IDENTITIES_VERSION 2u

/* A process' first call reads a chunk of a table and one of records: small ones, because a processor that had other
 * work must fetch each byte from far away. */
enum { RT_CHUNK = 1024, RT_CHUNKS_MAX = 4 << 20 };

struct rt_block {
	uint8_t bytes[RT_CHUNK];
	uint32_t number;
	uint32_t sum; /* identities_seal() */
};

/* No setting makes an id below this one a domain's: 0 is root, the others are the distribution's. */
enum { RT_LEAST_ID = 500 };

/* What a record may hold, so that a reader's work has an end. */
enum {
	RT_NAME_MAX = 255,
	RT_FIELD_MAX = 4096,
	RT_TEXT_MAX = 64 << 20,
	RT_GROUPS_MAX = 65536,
	RT_MEMBERS_MAX = 1 << 20
};

enum rt_table_kind { RT_USERS_BY_NAME, RT_USERS_BY_ID, RT_GROUPS_BY_NAME, RT_GROUPS_BY_ID, RT_TABLES };

/* A slot of a table. at: offset of the record divided by 8, 0 = empty. */
struct rt_slot {
	uint32_t hash;
	uint32_t at;
};

struct rt_table {
	uint32_t chunk;   /* where it begins */
	uint32_t slots;   /* 0 = nothing in it */
	uint32_t longest; /* most slots that a search has to look at */
	uint32_t entries;
};

struct rt_identities {
	uint32_t magic;
	uint32_t version;
	uint64_t chunks; /* of the whole file */
	uint64_t generation;
	int64_t written_unix;
	uint32_t keep_seconds; /* how long after it was seen an entry counts */
	uint32_t least_id;     /* users, groups and group ids below it are not believed */
	struct rt_table table[RT_TABLES];
	uint32_t reserved; /* 0 */
	uint32_t check;    /* identities_sum() of all that stands before it */
};
_Static_assert(sizeof(struct rt_identities) <= RT_CHUNK, "the header lies in a chunk");

/* A record is this head, then u32 gids[groups] (users only: those besides the primary one), then text bytes of text:
 * strings with a NUL behind each. A user: name, gecos, home, shell. A group: name, then the members' names.
 * No string holds a ':' or a control character, no name is empty, ids are at least least_id. */
struct rt_record {
	uint32_t id;     /* uid or gid */
	uint32_t gid;    /* users: the primary group; groups: 0 */
	uint32_t seen;   /* Unix seconds when the live source gave it */
	uint32_t groups; /* users: gids that follow; groups: members */
	uint32_t text;   /* bytes of text */
	uint32_t flags;  /* bits of enum rt_record_flag */
};

enum rt_record_flag { RT_PASSWORD_X = 1u << 0 /* the live source shows "x" as the password, not "*" */ };

/* FNV-1a of a name, and a mix of an id; both with their high bits as good as the low ones. */
static inline uint32_t identities_mix(uint32_t hash)
{
	hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
	hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
	return hash ^ (hash >> 16);
}

static inline uint32_t identities_hash(const char *name, size_t len)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return identities_mix(hash);
}

/* The slot where the search for a hash begins. slots isn't 0. */
static inline uint32_t identities_place(uint32_t hash, uint32_t slots)
{
	return (uint32_t)((uint64_t)hash * slots >> 32);
}

/* One step of a lane: a bijection, so that one changed word never goes unnoticed. */
static inline uint64_t identities_step(uint64_t lane, uint64_t word)
{
	lane = (lane ^ word) * 0x9e3779b97f4a7c15u;
	return lane ^ lane >> 29;
}

/* The check sum of len bytes, a multiple of 4: four lanes of 64 bits, written out so that they stay in registers. A
 * chunk costs some 60 ns. */
static inline uint32_t identities_sum(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	const uint8_t *end = bytes + len;
	uint64_t a = 1, b = 2, c = 3, d = 4;
	for (; end - bytes >= 32; bytes += 32) {
		uint64_t block[4];
		memcpy(block, bytes, sizeof block);
		a = identities_step(a, block[0]);
		b = identities_step(b, block[1]);
		c = identities_step(c, block[2]);
		d = identities_step(d, block[3]);
	}
	for (; end - bytes >= 4; bytes += 4) {
		uint32_t word;
		memcpy(&word, bytes, sizeof word);
		a = identities_step(a, word);
	}
	const uint64_t lanes[] = { a, b, c, d };
	uint64_t sum = len;
	for (int i = 0; i < 4; i++) {
		sum = (sum ^ lanes[i]) * 0x9e3779b97f4a7c15u;
		sum ^= sum >> 32;
	}
	return (uint32_t)sum;
}

/* The sum that seals a block of the file whose header has that check. */
static inline uint32_t identities_seal(const struct rt_block *block, uint32_t check)
{
	return identities_sum(block, offsetof(struct rt_block, sum)) ^ check;
}

/* Do the tables lie inside the file, behind the header? */
static inline bool identities_tables_ok(const struct rt_identities *header)
{
	for (int t = 0; t < RT_TABLES; t++) {
		const struct rt_table *table = &header->table[t];
		uint64_t end = (uint64_t)table->chunk * RT_CHUNK + (uint64_t)table->slots * sizeof(struct rt_slot);
		if (table->chunk == 0 || end > header->chunks * RT_CHUNK)
			return false;
	}
	return true;
}

/* A header that can be believed, of a file of that many chunks. */
static inline bool identities_header_ok(const struct rt_identities *header, uint64_t chunks)
{
	return header->magic == RT_IDENTITIES_MAGIC && header->version == RT_IDENTITIES_VERSION &&
	       header->check == identities_sum(header, offsetof(struct rt_identities, check)) &&
	       header->chunks == chunks && chunks <= RT_CHUNKS_MAX && identities_tables_ok(header);
}

/* May it be a domain's id, whatever the file says? 65534 is nobody, -1 is none. */
static inline bool identities_id_ok(uint32_t id, uint32_t least)
{
	return id >= RT_LEAST_ID && id >= least && id != 65534u && id != UINT32_MAX;
}

#endif
