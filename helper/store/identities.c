/* The remembered users and groups, see identities.h. Each is kept as its record of the file, so that loading copies
 * nothing and saving only lays out. */
#include "identities.h"

#include "file.h"
#include "identities_set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct identities {
	struct identities_rules rules;
	uint64_t generation;
	struct identities_set sets[2];
	uint8_t *image; /* the file as it was loaded; records may lie in it */
	size_t image_len;
};

static enum identities_put keep_made(struct identities *ids, enum identities_kind kind, enum identities_put made,
                                     const uint8_t *record, struct fault *fault)
{
	if (made == IDENTITIES_KEPT && !identities_set_keep(&ids->sets[kind], record)) {
		free((void *)(uintptr_t)record);
		made = IDENTITIES_FAILED;
	}
	if (made == IDENTITIES_FAILED)
		(void)fault_set(fault, FAULT_INTERNAL, "no memory to remember users and groups");
	return made;
}

enum identities_put identities_put_user(struct identities *ids, const struct identities_user *user, int64_t now,
                                        struct fault *fault)
{
	uint8_t *record = NULL;
	enum identities_put made = identities_record_user(user, ids->rules.least_id, now, &record);
	return keep_made(ids, IDENTITIES_USER, made, record, fault);
}

enum identities_put identities_put_group(struct identities *ids, const struct identities_group *group, int64_t now,
                                         struct fault *fault)
{
	uint8_t *record = NULL;
	enum identities_put made = identities_record_group(group, ids->rules.least_id, now, &record);
	return keep_made(ids, IDENTITIES_GROUP, made, record, fault);
}

static bool drop_name(struct identities_set *set, const char *name)
{
	size_t index;
	if (identities_set_find(set, name, 0, &index) == NULL)
		return false;
	identities_set_drop(set, index);
	return true;
}

bool identities_drop_user(struct identities *ids, const char *name)
{
	return drop_name(&ids->sets[IDENTITIES_USER], name);
}

bool identities_drop_group(struct identities *ids, const char *name)
{
	return drop_name(&ids->sets[IDENTITIES_GROUP], name);
}

static uint32_t keep_seconds(const struct identities *ids)
{
	uint64_t seconds = (uint64_t)ids->rules.remember_days * 24 * 60 * 60;
	return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

size_t identities_expire(struct identities *ids, int64_t now)
{
	size_t gone = 0;
	for (int kind = IDENTITIES_USER; kind <= IDENTITIES_GROUP; kind++) {
		struct identities_set *set = &ids->sets[kind];
		for (size_t i = 0; i < set->list.count; i++) {
			const uint8_t *record = set->list.records[i];
			if (record == NULL || now - identities_record_head(record).seen <= keep_seconds(ids))
				continue;
			identities_set_drop(set, i);
			gone++;
		}
	}
	return gone;
}

bool identities_has_user(const struct identities *ids, const char *name)
{
	size_t index;
	return identities_set_find(&ids->sets[IDENTITIES_USER], name, 0, &index) != NULL;
}

bool identities_has_group(const struct identities *ids, const char *name)
{
	size_t index;
	return identities_set_find(&ids->sets[IDENTITIES_GROUP], name, 0, &index) != NULL;
}

size_t identities_users(const struct identities *ids)
{
	return ids->sets[IDENTITIES_USER].alive;
}

size_t identities_groups(const struct identities *ids)
{
	return ids->sets[IDENTITIES_GROUP].alive;
}

static const char *next_name(const struct identities_set *set, size_t *pos)
{
	while (*pos < set->list.count) {
		const uint8_t *record = set->list.records[(*pos)++];
		if (record != NULL)
			return identities_record_name(record, set->kind);
	}
	return NULL;
}

const char *identities_next_user(const struct identities *ids, size_t *pos)
{
	return next_name(&ids->sets[IDENTITIES_USER], pos);
}

const char *identities_next_group(const struct identities *ids, size_t *pos)
{
	return next_name(&ids->sets[IDENTITIES_GROUP], pos);
}

int64_t identities_user_seen(const struct identities *ids, const char *name)
{
	size_t index;
	const uint8_t *record = identities_set_find(&ids->sets[IDENTITIES_USER], name, 0, &index);
	return record != NULL ? identities_record_head(record).seen : 0;
}

static void take_over(struct identities *ids)
{
	struct rt_identities header;
	memcpy(&header, ids->image, sizeof header);
	ids->generation = header.generation;
}

/* The file is the only copy of nothing: what can't be believed is written anew from the live source. */
static int load_records(struct identities *ids, struct fault *fault)
{
	if (!identities_image_unseal(ids->image, ids->image_len))
		return 0;
	take_over(ids);
	for (int kind = IDENTITIES_USER; kind <= IDENTITIES_GROUP; kind++) {
		struct identities_set *set = &ids->sets[kind];
		size_t pos = 0;
		const uint8_t *record;
		set->image = ids->image;
		set->image_len = ids->image_len;
		while ((record = identities_image_next(ids->image, set->kind, ids->rules.least_id, &pos)) != NULL) {
			if (!identities_set_keep(set, record))
				return fault_set(fault, FAULT_INTERNAL, "no memory for the remembered users");
		}
	}
	return 0;
}

int identities_load(const char *path, const struct identities_rules *rules, struct identities **ret_ids,
                    struct fault *fault)
{
	struct identities *ids = calloc(1, sizeof *ids);
	if (ids == NULL)
		return fault_set(fault, FAULT_INTERNAL, "no memory for the remembered users");
	ids->rules = *rules;
	ids->sets[IDENTITIES_GROUP].kind = IDENTITIES_GROUP;
	if (identities_image_read(path, &ids->image, &ids->image_len, fault) != 0 || load_records(ids, fault) != 0) {
		identities_free(ids);
		return -1;
	}
	*ret_ids = ids;
	return 0;
}

/* file_replace() keeps owner and mode of what it finds and follows a link; the reader believes neither another's file
 * nor a link. */
static int clear_the_way(const char *path, struct fault *fault)
{
	struct stat st;
	if (lstat(path, &st) != 0 || (S_ISREG(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 0777) == 0644))
		return 0;
	return file_remove(path, fault);
}

int identities_save(struct identities *ids, const char *path, int64_t now, struct fault *fault)
{
	struct identities_stamp stamp = { .generation = ids->generation + 1,
		                          .written = now,
		                          .keep_seconds = keep_seconds(ids),
		                          .least_id = ids->rules.least_id };
	const struct identities_list lists[2] = { ids->sets[0].list, ids->sets[1].list };
	uint8_t *image = NULL;
	size_t len = identities_image_make(lists, &stamp, &image, fault);
	if (len == 0)
		return -1;
	int result = clear_the_way(path, fault);
	if (result == 0)
		result = file_replace(path, image, len, 0644, fault);
	free(image);
	if (result == 0)
		ids->generation++;
	return result;
}

void identities_free(struct identities *ids)
{
	if (ids == NULL)
		return;
	identities_set_free(&ids->sets[IDENTITIES_USER]);
	identities_set_free(&ids->sets[IDENTITIES_GROUP]);
	free(ids->image);
	free(ids);
}
