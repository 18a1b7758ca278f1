/* Remembering users and groups, see remember.h. */
#include "remember.h"

#include "../base/paths.h"
#include "../probe/people.h"
#include "../service/sssd.h"
#include "../store/file.h"
#include "../store/lock.h"

#include <time.h>
#include <unistd.h>

enum {
	DAY = 86400,
	ASK_MS = 300000, /* for all questions of a run */
	PERSON_MS = 500
};

static int ask(struct people *people, enum remember_whom whom, const char *name, struct fault *fault)
{
	switch (whom) {
	case REMEMBER_USER:
		return people_user(people, name, fault);
	case REMEMBER_NOW: {
		int user = people_user(people, name, fault);
		return user == 0 ? people_group(people, name, fault) : user;
	}
	case REMEMBER_MEMBERS:
		return people_members(people, name, fault);
	case REMEMBER_SEEN:
		return people_seen(people, fault);
	case REMEMBER_ALL:
		break;
	}
	return people_refresh(people, fault);
}

/* An SSSD that can't ask the domain knows nobody: what it says then must not make us forget. */
static int source_is_good(const struct host *host, struct fault *fault)
{
	enum sssd_state state = sssd_state(host->realm);
	if (state != SSSD_OFFLINE && state != SSSD_STOPPED)
		return 0;
	return fault_set(
		fault, FAULT_UNSURE,
		"SSSD %s: what it says now isn't remembered; `retrust repair` makes it notice a healthy channel",
		state == SSSD_STOPPED ? "isn't running" : "believes that the domain is away");
}

static int refresh(struct host *host, struct identities *ids, enum remember_whom whom, const char *name,
                   struct fault *fault)
{
	int64_t now = (int64_t)time(NULL);
	struct people people = { .ids = ids,
		                 .may_forget = sssd_state(host->realm) == SSSD_ONLINE,
		                 .deadline = deadline_cap(host->deadline, ASK_MS) };
	int result = source_is_good(host, fault);
	if (result == 0)
		result = ask(&people, whom, name, fault);
	people_end(&people);
	/* It may have gone offline meanwhile. A time that is over is told, and what was gathered is kept. */
	struct fault offline = { 0 };
	if ((result < 0 && fault->kind != FAULT_UNSURE) || source_is_good(host, &offline) != 0 ||
	    file_directory(PATH_CACHE, 0755, fault) != 0)
		return -1;
	(void)identities_expire(ids, now);
	return identities_save(ids, PATH_IDENTITIES, now, fault) == 0 && result >= 0 ? 0 : -1;
}

static void count(const struct identities *ids, const char *name, struct remember_count *ret_count)
{
	ret_count->users = identities_users(ids);
	ret_count->groups = identities_groups(ids);
	ret_count->found = name[0] != '\0' && (identities_has_user(ids, name) || identities_has_group(ids, name));
}

/* Under the lock. */
static int update(struct host *host, enum remember_whom whom, const char *name, struct remember_count *ret_count,
                  struct fault *fault)
{
	struct identities *ids = NULL;
	const struct identities_rules rules = { .least_id = (uint32_t)host->settings.least_id,
		                                .remember_days = (uint32_t)host->settings.remember_for };
	if (identities_load(PATH_IDENTITIES, &rules, &ids, fault) != 0)
		return -1;
	int result = 0;
	if (whom != REMEMBER_USER || (int64_t)time(NULL) - identities_user_seen(ids, name) > DAY)
		result = refresh(host, ids, whom, name, fault);
	count(ids, name, ret_count);
	identities_free(ids);
	return result;
}

int remember(struct host *host, enum remember_whom whom, const char *name, struct remember_count *ret_count,
             struct fault *fault)
{
	bool waited;
	/* A long refresh by somebody else is no reason for a logon to wait. */
	bool person = whom == REMEMBER_USER || whom == REMEMBER_NOW;
	struct deadline patience = person ? deadline_cap(host->deadline, PERSON_MS) : host->deadline;
	int lock = lock_take(PATH_PEOPLE_LOCK, patience, &waited, fault);
	if (lock < 0)
		return -1;
	int result = update(host, whom, name, ret_count, fault);
	(void)close(lock);
	return result;
}
