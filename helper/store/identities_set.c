/* A list of records and the ways into it, see identities_set.h. A dropped entry leaves NULL in the list and its index
 * in the tables, which a search passes by. */
#include "identities_set.h"

#include <stdlib.h>
#include <string.h>

static bool is_same(const struct identities_set *set, const uint8_t *record, const char *name, uint32_t id)
{
	if (name != NULL)
		return strcmp(identities_record_name(record, set->kind), name) == 0;
	return identities_record_head(record).id == id;
}

/* The slot of the entry, or the empty one that ends the search. */
static uint32_t *search(const struct identities_set *set, const char *name, uint32_t id)
{
	uint32_t *slots = name != NULL ? set->by_name : set->by_id;
	uint32_t count = (uint32_t)set->room * 2;
	uint32_t hash = name != NULL ? identities_hash(name, strlen(name)) : identities_mix(id);
	uint32_t i = identities_place(hash, count);
	for (; slots[i] != 0; i = i + 1 == count ? 0 : i + 1) {
		const uint8_t *record = set->list.records[slots[i] - 1];
		if (record != NULL && is_same(set, record, name, id))
			break;
	}
	return &slots[i];
}

const uint8_t *identities_set_find(const struct identities_set *set, const char *name, uint32_t id, size_t *ret_index)
{
	uint32_t slot = set->room > 0 ? *search(set, name, id) : 0;
	if (slot == 0)
		return NULL;
	*ret_index = slot - 1;
	return set->list.records[slot - 1];
}

static void release(const struct identities_set *set, const uint8_t *record)
{
	if (set->image == NULL || record < set->image || record >= set->image + set->image_len)
		free((void *)(uintptr_t)record);
}

void identities_set_drop(struct identities_set *set, size_t index)
{
	release(set, set->list.records[index]);
	set->list.records[index] = NULL;
	set->alive--;
}

/* NULL for one that was dropped: places stay what they are. */
static void append(struct identities_set *set, const uint8_t *record)
{
	size_t index = set->list.count++;
	set->list.records[index] = record;
	if (record == NULL)
		return;
	set->alive++;
	*search(set, identities_record_name(record, set->kind), 0) = (uint32_t)index + 1;
	*search(set, NULL, identities_record_head(record).id) = (uint32_t)index + 1;
}

static bool grow(struct identities_set *set)
{
	size_t room = set->room < 512 ? 1024 : set->room * 2;
	struct identities_list before = set->list;
	const uint8_t **records = calloc(room, sizeof *records);
	uint32_t *by_name = calloc(room * 2, sizeof *by_name);
	uint32_t *by_id = calloc(room * 2, sizeof *by_id);
	if (records == NULL || by_name == NULL || by_id == NULL) {
		free((void *)records);
		free(by_name);
		free(by_id);
		return false;
	}
	free(set->by_name);
	free(set->by_id);
	set->room = room;
	set->list = (struct identities_list){ .records = records };
	set->by_name = by_name;
	set->by_id = by_id;
	set->alive = 0;
	for (size_t i = 0; i < before.count; i++)
		append(set, before.records[i]);
	free((void *)before.records);
	return true;
}

bool identities_set_keep(struct identities_set *set, const uint8_t *record)
{
	size_t by_name = 0;
	size_t by_id = 0;
	if (set->list.count == set->room && !grow(set))
		return false;
	const char *name = identities_record_name(record, set->kind);
	const uint8_t *namesake = identities_set_find(set, name, 0, &by_name);
	const uint8_t *same_id = identities_set_find(set, NULL, identities_record_head(record).id, &by_id);
	if (namesake != NULL && namesake == same_id) {
		release(set, namesake);
		set->list.records[by_name] = record;
		return true;
	}
	if (namesake != NULL)
		identities_set_drop(set, by_name);
	if (same_id != NULL)
		identities_set_drop(set, by_id);
	append(set, record);
	return true;
}

void identities_set_free(struct identities_set *set)
{
	for (size_t i = 0; i < set->list.count; i++) {
		if (set->list.records[i] != NULL)
			release(set, set->list.records[i]);
	}
	free((void *)set->list.records);
	free(set->by_name);
	free(set->by_id);
}
