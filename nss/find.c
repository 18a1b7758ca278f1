/* Searching the tables of the identities file, see find.h.
 *
 * SECURITY: a record is believed only inside the file, within the counts that the layout allows, and with ids that may
 * be a domain's: whatever the file says, nobody becomes root by it.
 */
#include "find.h"

#include <time.h>

enum { TRIES = 4 };

static const struct rt_table *table_of(const struct snapshot *s, const struct query *q)
{
	enum rt_table_kind users = q->name != NULL ? RT_USERS_BY_NAME : RT_USERS_BY_ID;
	return &snapshot_header(s)->table[q->group ? users + RT_GROUPS_BY_NAME : users];
}

/* A clock that was set back makes nobody expire. */
static bool is_expired(const struct rt_identities *header, uint32_t seen)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (int64_t)now.tv_sec - (int64_t)seen > (int64_t)header->keep_seconds;
}

static bool head_ok(const struct rt_identities *header, const struct rt_record *head, bool group)
{
	uint32_t most = group ? RT_MEMBERS_MAX : RT_GROUPS_MAX;
	return identities_id_ok(head->id, header->least_id) &&
	       (group || identities_id_ok(head->gid, header->least_id)) && head->groups <= most &&
	       head->text <= RT_TEXT_MAX && !is_expired(header, head->seen);
}

static enum look read_head(struct reader *r, uint32_t slot_at, bool group, struct found *ret_found)
{
	const struct rt_identities *header = snapshot_header(r->snapshot);
	uint64_t at = (uint64_t)slot_at * 8;
	const uint8_t *bytes = snapshot_peek(r->snapshot, at, sizeof ret_found->head);
	enum look look = LOOK_FOUND;
	if (bytes != NULL)
		memcpy(&ret_found->head, bytes, sizeof ret_found->head);
	else
		look = snapshot_copy(r, at, &ret_found->head, sizeof ret_found->head);
	if (look != LOOK_FOUND)
		return look;
	const struct rt_record *head = &ret_found->head;
	if (!head_ok(header, head, group))
		return LOOK_ABSENT;
	ret_found->reader = r;
	ret_found->gids = at + sizeof *head;
	ret_found->text = ret_found->gids + (group ? 0 : (uint64_t)head->groups * sizeof(uint32_t));
	uint64_t size = header->chunks * RT_CHUNK;
	return ret_found->text <= size && head->text <= size - ret_found->text ? LOOK_FOUND : LOOK_ABSENT;
}

/* The name with the NUL behind it, at the beginning of the text. */
static enum look matches(const struct query *q, size_t name_size, const struct found *found)
{
	if (q->name == NULL)
		return found->head.id == q->id ? LOOK_FOUND : LOOK_ABSENT;
	if (found->head.text < name_size)
		return LOOK_ABSENT;
	return snapshot_equal(found->reader, found->text, q->name, name_size);
}

static inline enum look read_slot(struct reader *r, const struct rt_table *table, uint64_t i, struct rt_slot *ret_slot)
{
	uint64_t at = (uint64_t)table->chunk * RT_CHUNK + i * sizeof *ret_slot;
	const uint8_t *bytes = snapshot_peek(r->snapshot, at, sizeof *ret_slot);
	if (bytes == NULL)
		return snapshot_copy(r, at, ret_slot, sizeof *ret_slot);
	memcpy(ret_slot, bytes, sizeof *ret_slot);
	return LOOK_FOUND;
}

static enum look search(struct reader *r, const struct query *q, size_t name_size, struct found *ret_found)
{
	const struct rt_table *table = table_of(r->snapshot, q);
	if (table->slots == 0)
		return LOOK_ABSENT;
	uint32_t hash = q->name != NULL ? identities_hash(q->name, name_size - 1) : identities_mix(q->id);
	uint32_t i = identities_place(hash, table->slots);
	uint32_t most = table->longest < table->slots ? table->longest : table->slots;
	for (uint32_t looked = 0; looked < most; looked++, i = i + 1 == table->slots ? 0 : i + 1) {
		struct rt_slot slot;
		enum look look = read_slot(r, table, i, &slot);
		if (look != LOOK_FOUND || slot.at == 0)
			return look != LOOK_FOUND ? look : LOOK_ABSENT;
		if (slot.hash != hash)
			continue;
		look = read_head(r, slot.at, q->group, ret_found);
		if (look == LOOK_FOUND)
			look = matches(q, name_size, ret_found);
		if (look != LOOK_ABSENT)
			return look;
	}
	return LOOK_ABSENT;
}

enum look find_one(const struct query *query, enum view_age age, find_use *use, void *data)
{
	size_t name_size = query->name != NULL ? strlen(query->name) + 1 : 0;
	enum look look = LOOK_AGAIN;
	if (name_size > RT_NAME_MAX + 1 || name_size == 1)
		return LOOK_ABSENT;
	for (int i = 0; i < TRIES && look == LOOK_AGAIN; i++, age = VIEW_FRESH) {
		struct view view;
		struct found found;
		look = view_hold(age, &view);
		if (look != LOOK_FOUND)
			continue;
		look = search(&view.reader, query, name_size, &found);
		if (look == LOOK_FOUND)
			look = use(&found, data);
		view_release(&view);
	}
	return look;
}

/* Uses the first record from slot *pos on that can be used; *pos is its slot then. */
static enum look use_from(struct reader *r, bool group, uint64_t *pos, find_use *use, void *data)
{
	const struct rt_table *table =
		&snapshot_header(r->snapshot)->table[group ? RT_GROUPS_BY_NAME : RT_USERS_BY_NAME];
	for (; *pos < table->slots; ++*pos) {
		struct rt_slot slot;
		struct found found;
		enum look look = read_slot(r, table, *pos, &slot);
		if (look == LOOK_FOUND && slot.at == 0)
			continue;
		if (look == LOOK_FOUND)
			look = read_head(r, slot.at, group, &found);
		if (look == LOOK_FOUND)
			look = use(&found, data);
		if (look != LOOK_ABSENT)
			return look;
	}
	return LOOK_ABSENT;
}

/* One step. The position moves by compare and exchange, so that two threads in one enumeration get each record once. */
static enum look step(bool group, _Atomic uint64_t *pos, enum view_age age, find_use *use, void *data)
{
	for (;;) {
		struct view view;
		uint64_t from = atomic_load(pos);
		uint64_t to = from;
		enum look look = view_hold(age, &view);
		if (look != LOOK_FOUND)
			return look;
		look = use_from(&view.reader, group, &to, use, data);
		view_release(&view);
		if (atomic_compare_exchange_strong(pos, &from, look == LOOK_FOUND ? to + 1 : to))
			return look;
	}
}

enum look find_next(bool group, _Atomic uint64_t *pos, find_use *use, void *data)
{
	enum look look = step(group, pos, VIEW_RECENT, use, data);
	for (int i = 1; i < TRIES && look == LOOK_AGAIN; i++)
		look = step(group, pos, VIEW_FRESH, use, data);
	return look;
}
