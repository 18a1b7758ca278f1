/* Remembering users and groups, see remember.h. */
#include "remember.h"

#include "../base/paths.h"
#include "../probe/people.h"
#include "../store/file.h"

#include <time.h>

enum { DAY = 86400 };

static int ask(struct identities *ids, enum remember_whom whom, const char *name, struct fault *fault)
{
	switch (whom) {
	case REMEMBER_USER:
		return people_user(ids, name, fault);
	case REMEMBER_NOW: {
		int user = people_user(ids, name, fault);
		return user == 0 ? people_group(ids, name, fault) : user;
	}
	case REMEMBER_MEMBERS:
		return people_members(ids, name, fault);
	case REMEMBER_SEEN:
		return people_seen(ids, fault);
	case REMEMBER_ALL:
		break;
	}
	return people_refresh(ids, fault);
}

int remember(struct host *host, enum remember_whom whom, const char *name, struct remember_count *ret_count,
             struct fault *fault)
{
	int64_t now = (int64_t)time(NULL);
	struct identities *ids = NULL;
	const struct identities_rules rules = { .least_id = (uint32_t)host->settings.least_id,
		                                .remember_days = (uint32_t)host->settings.remember_for };
	if (identities_load(PATH_IDENTITIES, &rules, &ids, fault) != 0)
		return -1;
	int result = 0;
	if (whom != REMEMBER_USER || now - identities_user_seen(ids, name) > DAY) {
		result = ask(ids, whom, name, fault) < 0 ? -1 : 0;
		(void)identities_expire(ids, now);
		if (result == 0)
			result = file_directory(PATH_CACHE, 0755, fault);
		if (result == 0)
			result = identities_save(ids, PATH_IDENTITIES, now, fault);
	}
	ret_count->users = identities_users(ids);
	ret_count->groups = identities_groups(ids);
	ret_count->found = name[0] != '\0' && (identities_has_user(ids, name) || identities_has_group(ids, name));
	identities_free(ids);
	return result;
}
