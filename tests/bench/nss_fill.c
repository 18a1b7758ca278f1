/* Writes the same N users for each of the modules that are compared: nss_fill N FOLDER
 *
 *     identities           retrust's own
 *     passwd               lines, for files and libnss-extrausers
 *     passwd.cache*        lines and the indexes of libnss-cache: lines of one length, key NUL offset NUL …, sorted
 *     mc-passwd            the memory cache of SSSD 2.x, as its responder lays it out (header, data, free and hash
 * table)
 */
#include "../../helper/store/identities.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_ID = 200000, LINE = 96 };

static void demand(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static FILE *create(const char *name)
{
	FILE *file = fopen(name, "we");
	demand(file != NULL && fchmod(fileno(file), 0644) == 0, name);
	return file;
}

static int user_line(char *line, uint32_t n)
{
	return snprintf(line, LINE, "user%u:*:%u:200513:User %u:/home/lab/user%u:/bin/bash\n", n, FIRST_ID + n, n, n);
}

static void write_identities(uint32_t count)
{
	static const struct identities_rules rules = { .least_id = 1000, .remember_days = 30 };
	static const uint32_t groups[] = { 200514, 200515, 200516 };
	struct identities *ids;
	struct fault fault = { 0 };
	demand(identities_load("identities", &rules, &ids, &fault) == 0, fault.text);
	for (uint32_t n = 0; n < count; n++) {
		char name[32], gecos[32], home[48];
		(void)snprintf(name, sizeof name, "user%u", n);
		(void)snprintf(gecos, sizeof gecos, "User %u", n);
		(void)snprintf(home, sizeof home, "/home/lab/user%u", n);
		struct identities_user user = { .name = name,
			                        .uid = FIRST_ID + n,
			                        .gid = 200513,
			                        .gecos = gecos,
			                        .home = home,
			                        .shell = "/bin/bash",
			                        .groups = groups,
			                        .group_count = 3 };
		demand(identities_put_user(ids, &user, (int64_t)time(NULL), &fault) == IDENTITIES_KEPT, "a user");
	}
	demand(identities_save(ids, "identities", (int64_t)time(NULL), &fault) == 0, fault.text);
	identities_free(ids);
}

struct key {
	char text[16];
	uint32_t number;
};

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->text, ((const struct key *)b)->text);
}

static void write_index(const char *name, const char *format, uint32_t count, uint32_t first, const long *offsets)
{
	struct key *keys = calloc(count, sizeof *keys);
	FILE *file = create(name);
	demand(keys != NULL, name);
	for (uint32_t n = 0; n < count; n++) {
		(void)snprintf(keys[n].text, sizeof keys[n].text, format, first + n);
		keys[n].number = n;
	}
	qsort(keys, count, sizeof *keys, compare_keys);
	for (uint32_t n = 0; n < count; n++) {
		char line[32] = { 0 };
		size_t len = strlen(keys[n].text);
		memcpy(line, keys[n].text, len);
		(void)snprintf(line + len + 1, sizeof line - len - 1, "%ld", offsets[keys[n].number]);
		line[sizeof line - 1] = '\n';
		demand(fwrite(line, sizeof line, 1, file) == 1, name);
	}
	demand(fclose(file) == 0, name);
	free(keys);
}

static void write_lines(uint32_t count)
{
	long *offsets = calloc(count, sizeof *offsets);
	FILE *passwd = create("passwd");
	FILE *cache = create("passwd.cache");
	long at = 0;
	demand(offsets != NULL, "offsets");
	for (uint32_t n = 0; n < count; n++) {
		char line[LINE];
		int len = user_line(line, n);
		offsets[n] = at;
		at += len;
		demand(fputs(line, passwd) >= 0 && fputs(line, cache) >= 0, "passwd");
	}
	demand(fclose(passwd) == 0 && fclose(cache) == 0, "passwd");
	write_index("passwd.cache.ixname", "user%u", count, 0, offsets);
	write_index("passwd.cache.ixuid", "%u", count, FIRST_ID, offsets);
	free(offsets);
}

/* MurmurHash3, 32 bits: public domain algorithm, as SSSD hashes its keys. */
static uint32_t murmur3(const uint8_t *key, size_t len, uint32_t seed)
{
	uint32_t hash = seed;
	size_t whole = len & ~(size_t)3;
	uint32_t k = 0;
	for (size_t i = 0; i < whole; i += 4) {
		memcpy(&k, key + i, 4);
		k *= 0xcc9e2d51u;
		k = (k << 15 | k >> 17) * 0x1b873593u;
		hash ^= k;
		hash = (hash << 13 | hash >> 19) * 5 + 0xe6546b64u;
	}
	k = 0;
	for (size_t i = len; i > whole; i--)
		k = k << 8 | key[i - 1];
	if (len > whole) {
		k *= 0xcc9e2d51u;
		hash ^= (k << 15 | k >> 17) * 0x1b873593u;
	}
	hash ^= (uint32_t)len;
	hash = (hash ^ hash >> 16) * 0x85ebca6bu;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
	return hash ^ hash >> 16;
}

enum { SLOT = 40, MC_SEED = 0x1234567 };

struct mc_header {
	uint32_t b1, major, minor, status, seed, dt_size, ft_size, ht_size, data, free, hash, reserved, b2;
};

struct mc_record {
	uint32_t b1, len;
	uint64_t expire;
	uint32_t next1, next2, hash1, hash2, padding, b2;
	uint32_t name, uid, gid, strs_len;
	char strs[LINE];
};

/* Puts record number slot in front of the chain of hash. */
static uint32_t chain(uint32_t *table, uint32_t slots, uint32_t hash, uint32_t slot, uint32_t *ret_hash)
{
	uint32_t before = table[hash % slots];
	table[hash % slots] = slot;
	*ret_hash = hash % slots;
	return before;
}

/* A record with the chains of both its keys. Each chain is followed by the key whose hash it is; where both hashes are
 * the same place one link is enough. */
static uint32_t mc_record(struct mc_record *r, uint32_t n, uint32_t slot, uint32_t *table, uint32_t slots)
{
	char name[16], uid[16];
	memset(r, 0, sizeof *r);
	int name_len = snprintf(name, sizeof name, "user%u", n);
	int uid_len = snprintf(uid, sizeof uid, "%u", FIRST_ID + n);
	char *end = r->strs;
	end += sprintf(end, "user%u", n) + 1;
	end += sprintf(end, "*") + 1;
	end += sprintf(end, "User %u", n) + 1;
	end += sprintf(end, "/home/lab/user%u", n) + 1;
	end += sprintf(end, "/bin/bash") + 1;
	r->strs_len = (uint32_t)(end - r->strs);
	r->name = 16;
	r->uid = FIRST_ID + n;
	r->gid = 200513;
	r->len = (uint32_t)(end - (char *)r);
	r->b1 = r->b2 = 0xf0000001u;
	r->expire = (uint64_t)time(NULL) + 86400;
	r->next1 = chain(table, slots, murmur3((uint8_t *)name, (size_t)name_len + 1, MC_SEED), slot, &r->hash1);
	r->next2 = chain(table, slots, murmur3((uint8_t *)uid, (size_t)uid_len + 1, MC_SEED), slot, &r->hash2);
	if (r->next2 == slot)
		r->next2 = r->next1;
	return (r->len + SLOT - 1) / SLOT;
}

static void write_mc(uint32_t count)
{
	uint32_t used = 0;
	uint32_t slots = count * 6 + 64;  /* of the data table; SSSD has room for more than is in it */
	uint32_t buckets = slots / 4 + 1; /* a chain is short: to SSSD's advantage */
	struct mc_header header = {
		.b1 = 0xf0000001u, .b2 = 0xf0000001u, .major = 1, .minor = 1, .status = 1, .seed = MC_SEED
	};
	header.dt_size = slots * SLOT;
	header.ft_size = (slots / 8 + 64) & ~63u;
	header.ht_size = buckets * 4;
	header.data = (sizeof header + 7) & ~7u;
	header.free = header.data + header.dt_size;
	header.hash = header.free + header.ft_size;
	size_t size = (size_t)header.hash + header.ht_size;
	uint8_t *image = calloc(1, size);
	demand(image != NULL, "mc-passwd");
	uint32_t *table = (uint32_t *)(void *)(image + header.hash);
	memset(table, 0xff, header.ht_size);
	for (uint32_t n = 0; n < count; n++) {
		struct mc_record record;
		uint32_t takes = mc_record(&record, n, used, table, buckets);
		memcpy(image + header.data + (size_t)used * SLOT, &record, record.len);
		used += takes;
	}
	demand(used <= slots, "mc-passwd is too small");
	memset(image + header.free, 0xff, used / 8);
	memcpy(image, &header, sizeof header);
	FILE *file = create("mc-passwd");
	demand(fwrite(image, size, 1, file) == 1 && fclose(file) == 0, "mc-passwd");
	free(image);
}

int main(int argc, char **argv)
{
	if (argc != 3 || chdir(argv[2]) != 0) {
		(void)fprintf(stderr, "usage: nss_fill USERS FOLDER\n");
		return 64;
	}
	uint32_t count = (uint32_t)strtoul(argv[1], NULL, 10);
	write_identities(count);
	write_lines(count);
	write_mc(count);
	return 0;
}
