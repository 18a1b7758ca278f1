/* Records of remembered users and groups, see identities_record.h.
 *
 * SECURITY: what a domain calls its users becomes a line of passwd in every process of the host: a name with a ':' or
 * a line end in it could be taken for another line, so it isn't remembered at all.
 */
#include "identities_record.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = sizeof(struct rt_record), USER_STRINGS = 4 };

static bool is_bad(unsigned char c)
{
	return c < 0x20 || c == 0x7f || c == ':';
}

static bool is_clean(const char *text)
{
	for (; *text != '\0'; text++) {
		if (is_bad((unsigned char)*text))
			return false;
	}
	return true;
}

/* Members stand in one field, with commas between them. */
static bool is_name(const char *name)
{
	return name != NULL && name[0] != '\0' && strlen(name) <= RT_NAME_MAX && is_clean(name) &&
	       strchr(name, ',') == NULL;
}

static bool is_field(const char *text)
{
	return text != NULL && strlen(text) <= RT_FIELD_MAX && is_clean(text);
}

static size_t gids_size(const struct rt_record *head, enum identities_kind kind)
{
	return kind == IDENTITIES_USER ? (size_t)head->groups * sizeof(uint32_t) : 0;
}

static size_t whole_len(const struct rt_record *head, enum identities_kind kind)
{
	return (HEAD + gids_size(head, kind) + head->text + 7) & ~(size_t)7;
}

struct rt_record identities_record_head(const uint8_t *record)
{
	struct rt_record head;
	memcpy(&head, record, sizeof head);
	return head;
}

size_t identities_record_len(const uint8_t *record, enum identities_kind kind)
{
	struct rt_record head = identities_record_head(record);
	return whole_len(&head, kind);
}

const char *identities_record_name(const uint8_t *record, enum identities_kind kind)
{
	struct rt_record head = identities_record_head(record);
	return (const char *)record + HEAD + gids_size(&head, kind);
}

/* So many clean strings in so many bytes, not one more; the first, and all of a group's, are names. */
static bool strings_ok(const char *text, size_t len, size_t count, enum identities_kind kind)
{
	for (size_t i = 0; i < count; i++) {
		const char *end = memchr(text, '\0', len);
		if (end == NULL)
			return false;
		bool is_ok = i == 0 || kind == IDENTITIES_GROUP ? is_name(text) : is_clean(text);
		if (!is_ok)
			return false;
		len -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	return len == 0;
}

static bool counts_ok(const struct rt_record *head, size_t room, enum identities_kind kind, uint32_t least)
{
	uint32_t most = kind == IDENTITIES_USER ? RT_GROUPS_MAX : RT_MEMBERS_MAX;
	return identities_id_ok(head->id, least) && (kind == IDENTITIES_GROUP || identities_id_ok(head->gid, least)) &&
	       head->groups <= most && head->text <= RT_TEXT_MAX && whole_len(head, kind) <= room;
}

bool identities_record_ok(const uint8_t *record, size_t room, enum identities_kind kind, uint32_t least)
{
	if (room < HEAD)
		return false;
	struct rt_record head = identities_record_head(record);
	if (!counts_ok(&head, room, kind, least))
		return false;
	for (size_t i = 0; kind == IDENTITIES_USER && i < head.groups; i++) {
		uint32_t gid;
		memcpy(&gid, record + HEAD + i * sizeof gid, sizeof gid);
		if (!identities_id_ok(gid, least))
			return false;
	}
	size_t strings = kind == IDENTITIES_USER ? USER_STRINGS : (size_t)head.groups + 1;
	return strings_ok(identities_record_name(record, kind), head.text, strings, kind);
}

static uint32_t flags_of(const char *password)
{
	return password != NULL && strcmp(password, "x") == 0 ? RT_PASSWORD_X : 0;
}

static uint8_t *put(uint8_t *at, const char *text)
{
	size_t size = strlen(text) + 1;
	memcpy(at, text, size);
	return at + size;
}

/* What a person wrote about himself: no reason to forget him. */
static uint8_t *put_gecos(uint8_t *at, const char *text)
{
	uint8_t *end = put(at, text);
	for (; at < end - 1; at++) {
		if (is_bad(*at))
			*at = ' ';
	}
	return end;
}

static uint8_t *begin(const struct rt_record *head, enum identities_kind kind)
{
	uint8_t *record = calloc(1, whole_len(head, kind));
	if (record != NULL)
		memcpy(record, head, sizeof *head);
	return record;
}

/* Local groups come along where the source was asked through the host's own resolver; what the host's administrator
 * takes away there must not come back from here. */
static uint32_t put_gids(uint8_t *at, const struct identities_user *user, uint32_t least)
{
	uint32_t count = 0;
	for (size_t i = 0; i < user->group_count && count < RT_GROUPS_MAX; i++) {
		uint32_t gid = user->groups[i];
		if (gid == user->gid || !identities_id_ok(gid, least))
			continue;
		if (at != NULL)
			memcpy(at + count * sizeof gid, &gid, sizeof gid);
		count++;
	}
	return count;
}

enum identities_put identities_record_user(const struct identities_user *user, uint32_t least, int64_t now,
                                           uint8_t **ret_record)
{
	const char *gecos = user->gecos != NULL ? user->gecos : "";
	if (!is_name(user->name) || !is_field(user->home) || !is_field(user->shell) || strlen(gecos) > RT_FIELD_MAX ||
	    !identities_id_ok(user->uid, least) || !identities_id_ok(user->gid, least))
		return IDENTITIES_REFUSED;
	size_t text = strlen(user->name) + strlen(gecos) + strlen(user->home) + strlen(user->shell) + USER_STRINGS;
	struct rt_record head = { .id = user->uid,
		                  .gid = user->gid,
		                  .seen = (uint32_t)now,
		                  .groups = put_gids(NULL, user, least),
		                  .text = (uint32_t)text,
		                  .flags = flags_of(user->password) };
	uint8_t *record = begin(&head, IDENTITIES_USER);
	if (record == NULL)
		return IDENTITIES_FAILED;
	(void)put_gids(record + HEAD, user, least);
	uint8_t *at = put(record + HEAD + gids_size(&head, IDENTITIES_USER), user->name);
	at = put_gecos(at, gecos);
	at = put(at, user->home);
	(void)put(at, user->shell);
	*ret_record = record;
	return IDENTITIES_KEPT;
}

/* Members of a name that can't be kept are left out, as they are where they are users. */
static uint32_t count_members(const struct identities_group *group, size_t *text)
{
	uint32_t count = 0;
	for (size_t i = 0; i < group->member_count && count < RT_MEMBERS_MAX; i++) {
		if (!is_name(group->members[i]))
			continue;
		size_t size = strlen(group->members[i]) + 1;
		if (*text + size > RT_TEXT_MAX)
			break;
		*text += size;
		count++;
	}
	return count;
}

enum identities_put identities_record_group(const struct identities_group *group, uint32_t least, int64_t now,
                                            uint8_t **ret_record)
{
	if (!is_name(group->name) || !identities_id_ok(group->gid, least))
		return IDENTITIES_REFUSED;
	size_t text = strlen(group->name) + 1;
	uint32_t count = count_members(group, &text);
	struct rt_record head = { .id = group->gid,
		                  .seen = (uint32_t)now,
		                  .groups = count,
		                  .text = (uint32_t)text,
		                  .flags = flags_of(group->password) };
	uint8_t *record = begin(&head, IDENTITIES_GROUP);
	if (record == NULL)
		return IDENTITIES_FAILED;
	uint8_t *at = put(record + HEAD, group->name);
	for (size_t i = 0; count > 0; i++) {
		if (!is_name(group->members[i]))
			continue;
		at = put(at, group->members[i]);
		count--;
	}
	*ret_record = record;
	return IDENTITIES_KEPT;
}
