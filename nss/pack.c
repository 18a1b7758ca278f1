/* Filling in passwd and group, see pack.h.
 *
 * SECURITY: the text is copied out of the snapshot first and checked where it then is. A string that could make two
 * lines of one makes the whole record unbelievable.
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

enum { USER_STRINGS = 4, GIDS_AT_ONCE = 64 };
static const uint64_t ones = 0x0101010101010101u;

/* Not 0 where word has a zero byte, and 0 where it has none. */
static uint64_t zeros(uint64_t word)
{
	return (word - ones) & ~word & (ones << 7);
}

/* Is there nothing that separates fields or lines? Eight bytes at a time: this is on the path of each hit. */
static bool is_clean(const char *text, size_t len)
{
	uint64_t bad = 0;
	size_t i = 0;
	for (; i + 8 <= len; i += 8) {
		uint64_t word;
		memcpy(&word, text + i, sizeof word);
		bad |= zeros(word ^ ones * ':') | zeros(word ^ ones * '\n');
	}
	for (; i < len; i++)
		bad |= text[i] == ':' || text[i] == '\n';
	return bad == 0;
}

/* Splits text of len bytes into so many strings. Returns false unless they fill it exactly. */
static bool split(char *text, size_t len, char **strings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *end = memchr(text, '\0', len);
		if (end == NULL)
			return false;
		strings[i] = text;
		len -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	return len == 0;
}

/* Copies the text, and the password that isn't one behind it. */
static enum look copy_text(const struct found *found, char *to)
{
	size_t len = found->head.text;
	enum look look = snapshot_copy(found->reader, found->text, to, len);
	if (look != LOOK_FOUND)
		return look;
	to[len] = (found->head.flags & RT_PASSWORD_X) != 0 ? 'x' : '*';
	to[len + 1] = '\0';
	return is_clean(to, len) ? LOOK_FOUND : LOOK_ABSENT;
}

enum look pack_user(const struct found *found, void *pack)
{
	struct pack *p = pack;
	char *strings[USER_STRINGS];
	size_t len = found->head.text;
	if (p->size < len + 2)
		return LOOK_SHORT;
	enum look look = copy_text(found, p->buffer);
	if (look != LOOK_FOUND)
		return look;
	if (!split(p->buffer, len, strings, USER_STRINGS) || strings[0][0] == '\0')
		return LOOK_ABSENT;
	*p->pwd = (struct passwd){ .pw_name = strings[0],
		                   .pw_passwd = p->buffer + len,
		                   .pw_uid = found->head.id,
		                   .pw_gid = found->head.gid,
		                   .pw_gecos = strings[1],
		                   .pw_dir = strings[2],
		                   .pw_shell = strings[3] };
	return LOOK_FOUND;
}

/* The pointers first, where they are aligned; then the text. */
enum look pack_group(const struct found *found, void *pack)
{
	struct pack *p = pack;
	size_t members = found->head.groups;
	size_t len = found->head.text;
	size_t skip = -(uintptr_t)p->buffer % _Alignof(char *);
	size_t pointers = (members + 1) * sizeof(char *);
	if (p->size < skip + pointers + len + 2)
		return LOOK_SHORT;
	char **list = (char **)(void *)(p->buffer + skip);
	char *text = p->buffer + skip + pointers;
	enum look look = copy_text(found, text);
	if (look != LOOK_FOUND)
		return look;
	if (!split(text, len, list, members + 1) || text[0] == '\0')
		return LOOK_ABSENT;
	memmove(list, list + 1, members * sizeof *list); /* the first one was the group's own name */
	list[members] = NULL;
	*p->grp = (struct group){ .gr_name = text, .gr_passwd = text + len, .gr_gid = found->head.id, .gr_mem = list };
	return LOOK_FOUND;
}

/* Makes room for one more. False when there may be no more. */
static bool has_room(struct pack_gids *p)
{
	if (*p->start < *p->size)
		return true;
	if (p->limit > 0 && *p->size >= p->limit)
		return false;
	long size = *p->size > 0 ? *p->size * 2 : GIDS_AT_ONCE;
	if (p->limit > 0 && size > p->limit)
		size = p->limit;
	gid_t *gids = realloc(*p->gids, (size_t)size * sizeof *gids);
	if (gids == NULL) {
		p->no_memory = true;
		return false;
	}
	*p->gids = gids;
	*p->size = size;
	return true;
}

static bool add(struct pack_gids *p, uint32_t gid, uint32_t least)
{
	if (gid == p->skip || !identities_id_ok(gid, least))
		return true;
	if (!has_room(p))
		return false;
	(*p->gids)[(*p->start)++] = gid;
	return true;
}

enum look pack_gids(const struct found *found, void *gids)
{
	struct pack_gids *p = gids;
	uint32_t least = snapshot_header(found->reader->snapshot)->least_id;
	uint32_t block[GIDS_AT_ONCE];
	long before = *p->start;
	bool goes_on = add(p, found->head.gid, least);
	for (uint32_t i = 0; goes_on && i < found->head.groups; i += GIDS_AT_ONCE) {
		uint32_t count = found->head.groups - i < GIDS_AT_ONCE ? found->head.groups - i : GIDS_AT_ONCE;
		enum look look = snapshot_copy(found->reader, found->gids + (uint64_t)i * sizeof *block, block,
		                               count * sizeof *block);
		if (look != LOOK_FOUND) {
			*p->start = before; /* all or none */
			return look;
		}
		for (uint32_t b = 0; goes_on && b < count; b++)
			goes_on = add(p, block[b], least);
	}
	return LOOK_FOUND;
}
