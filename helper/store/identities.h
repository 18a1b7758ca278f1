/* The users and groups that are remembered: the file of retrust/identities.h in memory, changed and written back.
 *
 * Nothing here locks: whoever changes the file holds a lock of its own from identities_load() to identities_save().
 * Times are Unix seconds.
 */
#ifndef RETRUST_STORE_IDENTITIES_H
#define RETRUST_STORE_IDENTITIES_H

#include "../base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identities;

/* Who is remembered, and how long. */
struct identities_rules {
	uint32_t least_id;      /* nobody below it; RT_LEAST_ID counts where it is higher */
	uint32_t remember_days; /* after which an entry that wasn't seen again is forgotten */
};

/* As the live source gives them. password: what it shows in that field; "x" and "*" are kept, anything else becomes
 * "*". */
struct identities_user {
	const char *name;
	const char *password;
	uint32_t uid;
	uint32_t gid;
	const char *gecos;
	const char *home;
	const char *shell;
	const uint32_t *groups; /* all that the user is in; the primary one and ids below the least are left out */
	size_t group_count;
};

struct identities_group {
	const char *name;
	const char *password;
	uint32_t gid;
	const char *const *members;
	size_t member_count;
};

enum identities_put {
	IDENTITIES_FAILED = -1, /* no memory */
	IDENTITIES_REFUSED = 0, /* root, a system id, one below the least, or a field that no passwd line may hold */
	IDENTITIES_KEPT = 1
};

/* Reads the file. None there, or one that can't be believed, gives an empty set. Entries that the rules no longer allow
 * are left out. *ret_ids is freed with identities_free. Returns 0, or -1 with *fault (no memory, an I/O error). */
int identities_load(const char *path, const struct identities_rules *rules, struct identities **ret_ids,
                    struct fault *fault);

/* Remembers what the live source said at the time now. An older entry with the same name or the same id goes: the last
 * word counts. Nothing of *user or *group is kept. */
enum identities_put identities_put_user(struct identities *ids, const struct identities_user *user, int64_t now,
                                        struct fault *fault);
enum identities_put identities_put_group(struct identities *ids, const struct identities_group *group, int64_t now,
                                         struct fault *fault);

/* Forgets one: the live source was asked on a healthy channel and doesn't know it. Returns whether it was remembered.
 */
bool identities_drop_user(struct identities *ids, const char *name);
bool identities_drop_group(struct identities *ids, const char *name);

/* Forgets what wasn't seen for remember_days. Returns how many went. */
size_t identities_expire(struct identities *ids, int64_t now);

bool identities_has_user(const struct identities *ids, const char *name);
bool identities_has_group(const struct identities *ids, const char *name);
size_t identities_users(const struct identities *ids);
size_t identities_groups(const struct identities *ids);

/* Steps through the names, for a refresh. *pos starts as 0. Returns NULL at the end. The name is good until the entry
 * is put again or dropped. Both are fine on the way: what is put under another id than before may come twice. */
const char *identities_next_user(const struct identities *ids, size_t *pos);
const char *identities_next_group(const struct identities *ids, size_t *pos);

/* When the entry was last seen, 0 where it isn't remembered. */
int64_t identities_user_seen(const struct identities *ids, const char *name);

/* Writes the file, atomically; the directory must exist. Returns 0, or -1 with *fault and the old file as it was. */
int identities_save(struct identities *ids, const char *path, int64_t now, struct fault *fault);

/* NULL is fine. */
void identities_free(struct identities *ids);

#endif
