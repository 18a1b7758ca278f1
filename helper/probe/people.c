/* Users and groups as the live source gives them, see people.h.
 *
 * The helper asks through NSS like everybody; our own NSS module answers nothing to a process of the helper's name, so
 * that only the live source speaks. */
#include "people.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utmpx.h>

enum { ANSWER_MOST = 16 << 20, GROUPS_MOST = 65536 };

static int no_memory(struct fault *fault)
{
	return fault_errno(fault, FAULT_INTERNAL, ENOMEM, "remembering users");
}

/* From /etc/passwd itself: a local user's name may be the domain's too, and then the local one counts. */
static bool is_local(const char *name)
{
	bool found = false;
	FILE *file = fopen("/etc/passwd", "re");
	if (file == NULL)
		return true;
	for (struct passwd *pw; !found && (pw = fgetpwent(file)) != NULL;)
		found = strcmp(pw->pw_name, name) == 0;
	(void)fclose(file);
	return found;
}

/* One question to NSS with a buffer that grows until the answer fits. */
struct answer {
	struct passwd user;
	struct group group;
	bool sure; /* an answer came, not an error */
};

typedef int ask(struct answer *answer, const void *key, char *buf, size_t size, bool *ret_found);

static int ask_user(struct answer *answer, const void *key, char *buf, size_t size, bool *ret_found)
{
	struct passwd *result = NULL;
	int error = getpwnam_r(key, &answer->user, buf, size, &result);
	*ret_found = result != NULL;
	return error;
}

static int ask_group(struct answer *answer, const void *key, char *buf, size_t size, bool *ret_found)
{
	struct group *result = NULL;
	int error = getgrnam_r(key, &answer->group, buf, size, &result);
	*ret_found = result != NULL;
	return error;
}

static int ask_gid(struct answer *answer, const void *key, char *buf, size_t size, bool *ret_found)
{
	struct group *result = NULL;
	int error = getgrgid_r(*(const gid_t *)key, &answer->group, buf, size, &result);
	*ret_found = result != NULL;
	return error;
}

/* Returns 1, 0 not known, -1 with *fault. *ret_buf, to which the answer points, is the caller's to free. */
static int question(ask *how, const void *key, struct answer *answer, char **ret_buf, struct fault *fault)
{
	bool found = false;
	int error = ERANGE;
	char *buf = NULL;
	for (size_t size = 4096; size <= ANSWER_MOST && error == ERANGE; size *= 4) {
		free(buf);
		buf = malloc(size);
		if (buf == NULL)
			return no_memory(fault);
		error = how(answer, key, buf, size, &found);
	}
	*ret_buf = buf;
	answer->sure = error == 0;
	return found ? 1 : 0;
}

void people_end(struct people *people)
{
	free(people->asked);
	people->asked = NULL;
}

static int in_time(const struct people *people, struct fault *fault)
{
	if (deadline_left_ms(people->deadline) > 0)
		return 0;
	return fault_set(fault, FAULT_UNSURE,
	                 "the time is over: not all could be asked about; what was gathered is kept");
}

static int put_group(struct people *people, const struct group *group, struct fault *fault)
{
	size_t members = 0;
	while (group->gr_mem != NULL && group->gr_mem[members] != NULL)
		members++;
	const struct identities_group row = { .name = group->gr_name,
		                              .password = group->gr_passwd,
		                              .gid = group->gr_gid,
		                              .members = (const char *const *)group->gr_mem,
		                              .member_count = members };
	return (int)identities_put_group(people->ids, &row, (int64_t)time(NULL), fault);
}

/* A thousand users are in the same few groups: each is asked for once a run. Returns 1 the first time, else 0. */
static int first_time(struct people *people, gid_t gid, struct fault *fault)
{
	for (size_t i = 0; i < people->asked_count; i++)
		if (people->asked[i] == gid)
			return 0;
	if (people->asked_count == people->asked_room) {
		size_t room = people->asked_room * 2 + 64;
		gid_t *asked = realloc(people->asked, room * sizeof *asked);
		if (asked == NULL)
			return no_memory(fault);
		people->asked = asked;
		people->asked_room = room;
	}
	people->asked[people->asked_count++] = gid;
	return 1;
}

static int put_gids(struct people *people, const gid_t *gids, size_t count, struct fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		struct answer answer = { .sure = false };
		char *buf = NULL;
		int result = first_time(people, gids[i], fault);
		if (result == 0)
			continue;
		if (result > 0)
			result = question(ask_gid, &gids[i], &answer, &buf, fault);
		if (result > 0)
			result = put_group(people, &answer.group, fault);
		free(buf);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* The groups that a user is in, as the live source says. *ret_gids is the caller's to free. */
static int groups_of(const struct passwd *user, gid_t **ret_gids, size_t *ret_count, struct fault *fault)
{
	int count = 64;
	gid_t *gids = NULL;
	for (;;) {
		int room = count;
		free(gids);
		gids = calloc((size_t)room, sizeof *gids);
		if (gids == NULL)
			return no_memory(fault);
		if (getgrouplist(user->pw_name, user->pw_gid, gids, &count) >= 0)
			break;
		count = count > room ? count : room * 2;
		if (count > GROUPS_MOST) {
			count = room;
			break;
		}
	}
	*ret_gids = gids;
	*ret_count = (size_t)count;
	return 0;
}

static int put_user(struct people *people, const struct passwd *user, struct fault *fault)
{
	gid_t *gids = NULL;
	size_t count = 0;
	if (groups_of(user, &gids, &count, fault) != 0)
		return -1;
	const struct identities_user row = { .name = user->pw_name,
		                             .password = user->pw_passwd,
		                             .uid = user->pw_uid,
		                             .gid = user->pw_gid,
		                             .gecos = user->pw_gecos,
		                             .home = user->pw_dir,
		                             .shell = user->pw_shell,
		                             .groups = gids,
		                             .group_count = count };
	int result = (int)identities_put_user(people->ids, &row, (int64_t)time(NULL), fault);
	if (result > 0 && put_gids(people, gids, count, fault) != 0)
		result = -1;
	free(gids);
	return result;
}

/* Asks about a user or a group of that name, and remembers or forgets it. */
static int learn(struct people *people, const char *name, bool group, struct fault *fault)
{
	struct answer answer = { .sure = false };
	char *buf = NULL;
	if (in_time(people, fault) != 0)
		return -1;
	int result = question(group ? ask_group : ask_user, name, &answer, &buf, fault);
	if (result > 0)
		result = group ? put_group(people, &answer.group, fault) : put_user(people, &answer.user, fault);
	else if (result == 0 && answer.sure && people->may_forget)
		(void)(group ? identities_drop_group : identities_drop_user)(people->ids, name);
	free(buf);
	return result;
}

int people_user(struct people *people, const char *name, struct fault *fault)
{
	return is_local(name) ? 0 : learn(people, name, false, fault);
}

int people_group(struct people *people, const char *name, struct fault *fault)
{
	return learn(people, name, true, fault);
}

int people_members(struct people *people, const char *group, struct fault *fault)
{
	struct answer answer = { .sure = false };
	char *buf = NULL;
	int users = 0, result = question(ask_group, group, &answer, &buf, fault);
	if (result == 0)
		result = fault_set(fault, FAULT_USAGE, "nobody knows a group '%s'", group);
	if (result > 0)
		result = put_group(people, &answer.group, fault);
	for (char **member = answer.group.gr_mem; result >= 0 && member != NULL && *member != NULL; member++) {
		result = people_user(people, *member, fault);
		users += result > 0;
	}
	free(buf);
	return result < 0 ? -1 : users;
}

int people_seen(struct people *people, struct fault *fault)
{
	int users = 0, result = 0;
	(void)utmpxname("/var/log/wtmp");
	setutxent();
	for (struct utmpx *entry; result >= 0 && (entry = getutxent()) != NULL;) {
		char name[sizeof entry->ut_user + 1] = "";
		memcpy(name, entry->ut_user, sizeof entry->ut_user);
		/* The same name stands there once a logon. */
		if (entry->ut_type != USER_PROCESS || time(NULL) - identities_user_seen(people->ids, name) < 60)
			continue;
		result = people_user(people, name, fault);
		users += result > 0;
	}
	endutxent();
	return result < 0 ? -1 : users;
}

int people_refresh(struct people *people, struct fault *fault)
{
	size_t pos = 0;
	int result = 0;
	for (const char *name; result >= 0 && (name = identities_next_group(people->ids, &pos)) != NULL;)
		result = people_group(people, name, fault);
	pos = 0;
	for (const char *name; result >= 0 && (name = identities_next_user(people->ids, &pos)) != NULL;)
		result = people_user(people, name, fault);
	return result < 0 ? -1 : 0;
}
