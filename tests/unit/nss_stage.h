/* A stage for tests of libnss_retrust.so: the module as libc loads it, with its files in the working directory.
 *
 * Beside the test stands the module, built to look for run/health, run/helper.sock and cache/identities below the
 * working directory.
 */
#ifndef RETRUST_TEST_NSS_STAGE_H
#define RETRUST_TEST_NSS_STAGE_H

#include "../../helper/store/identities.h"
#include "fake_helper.h"
#include "traces.h"

#include <retrust/health.h>
#include <retrust/identities.h>

#include <dlfcn.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <nss.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FILE_OF_IDENTITIES "cache/" RT_IDENTITIES_FILE

enum { LEAST_ID = 1000, FIRST_ID = 200000, GROUP_ID = 300000 };

struct module {
	void *handle;
	enum nss_status (*getpwnam)(const char *, struct passwd *, char *, size_t, int *);
	enum nss_status (*getpwuid)(uid_t, struct passwd *, char *, size_t, int *);
	enum nss_status (*setpwent)(int);
	enum nss_status (*getpwent)(struct passwd *, char *, size_t, int *);
	enum nss_status (*endpwent)(void);
	enum nss_status (*getgrnam)(const char *, struct group *, char *, size_t, int *);
	enum nss_status (*getgrgid)(gid_t, struct group *, char *, size_t, int *);
	enum nss_status (*setgrent)(int);
	enum nss_status (*getgrent)(struct group *, char *, size_t, int *);
	enum nss_status (*initgroups)(const char *, gid_t, long *, long *, gid_t **, long, int *);
};

static char module_path[PATH_MAX];

static inline void *module_symbol(void *handle, const char *name)
{
	void *symbol = dlsym(handle, name);
	if (symbol == NULL) {
		(void)fprintf(stderr, "%s isn't exported\n", name);
		abort();
	}
	return symbol;
}

static inline struct module module_load(void)
{
	struct module m = { .handle = dlopen(module_path, RTLD_NOW | RTLD_LOCAL) };
	if (m.handle == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		abort();
	}
	static const char *const names[] = { "getpwnam_r", "getpwuid_r", "setpwent", "getpwent_r", "endpwent",
		                             "getgrnam_r", "getgrgid_r", "setgrent", "getgrent_r", "initgroups_dyn" };
	void **at = &m.handle;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char name[64];
		(void)snprintf(name, sizeof name, "_nss_retrust_%s", names[i]);
		at[i + 1] = module_symbol(m.handle, name);
	}
	return m;
}

/* The record of the last verdict, so many minutes old, put in place as the helper does it. */
static inline void write_health(enum rt_condition condition, int minutes)
{
	struct timespec ts;
	struct rt_health health;
	memset(&health, 0, sizeof health);
	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	health.magic = RT_HEALTH_MAGIC;
	health.condition = condition;
	health.checked_boot_ms = (uint64_t)ts.tv_sec * 1000 - (uint64_t)((int64_t)minutes * 60000);
	health.check = health_sum(&health);
	int fd = open("run/new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, &health, sizeof health) != (ssize_t)sizeof health || close(fd) != 0 ||
	    rename("run/new", "run/health") != 0)
		abort();
}

/* Both words that the module keeps are read again after this. */
static inline void wait_for_module(void)
{
	(void)usleep(130 * 1000);
}

static inline struct identities *identities_of_test(void)
{
	static const struct identities_rules rules = { .least_id = LEAST_ID, .remember_days = 30 };
	struct identities *ids = NULL;
	struct fault fault = { 0 };
	if (identities_load(FILE_OF_IDENTITIES, &rules, &ids, &fault) != 0)
		abort();
	return ids;
}

/* User number n: each field tells the number and the generation. */
static inline void put_numbered(struct identities *ids, uint32_t n, unsigned int generation, uint32_t groups)
{
	char name[32];
	char gecos[64];
	char home[64];
	uint32_t gids[512];
	groups = groups < 512 ? groups : 512;
	struct fault fault = { 0 };
	(void)snprintf(name, sizeof name, "user%u", n);
	(void)snprintf(gecos, sizeof gecos, "User %u of %u", n, generation);
	(void)snprintf(home, sizeof home, "/home/%u/user%u", generation, n);
	for (uint32_t i = 0; i < groups; i++)
		gids[i] = GROUP_ID + n + i;
	struct identities_user user = { .name = name,
		                        .uid = FIRST_ID + n,
		                        .gid = GROUP_ID + n,
		                        .gecos = gecos,
		                        .home = home,
		                        .shell = "/bin/bash",
		                        .groups = gids,
		                        .group_count = groups };
	if (identities_put_user(ids, &user, (int64_t)time(NULL), &fault) != IDENTITIES_KEPT)
		abort();
}

/* Group number n of so many members user0, user1 … */
static inline void put_numbered_group(struct identities *ids, uint32_t n, size_t members)
{
	char name[32];
	struct fault fault = { 0 };
	(void)snprintf(name, sizeof name, "group%u", n);
	char(*names)[32] = calloc(members + 1, sizeof *names);
	const char **list = calloc(members + 1, sizeof *list);
	if (names == NULL || list == NULL)
		abort();
	for (size_t i = 0; i < members; i++) {
		(void)snprintf(names[i], sizeof names[i], "user%zu", i);
		list[i] = names[i];
	}
	struct identities_group group = { .name = name, .gid = GROUP_ID + n, .members = list, .member_count = members };
	if (identities_put_group(ids, &group, (int64_t)time(NULL), &fault) != IDENTITIES_KEPT)
		abort();
	free(list);
	free(names);
}

static inline void save_and_free(struct identities *ids)
{
	struct fault fault = { 0 };
	if (identities_save(ids, FILE_OF_IDENTITIES, (int64_t)time(NULL), &fault) != 0) {
		(void)fprintf(stderr, "%s\n", fault.text);
		abort();
	}
	identities_free(ids);
}

/* A file of so many users and groups, made anew. */
static inline void write_identities(uint32_t users, uint32_t groups, unsigned int generation)
{
	struct identities *ids = identities_of_test();
	for (uint32_t i = 0; i < users; i++)
		put_numbered(ids, i, generation, i % 40);
	for (uint32_t i = 0; i < groups; i++)
		put_numbered_group(ids, i, i % 30);
	save_and_free(ids);
}

/* The directory with run/ and cache/ in it. Returns false where nothing can be tried: the file has to be root's. */
static inline bool stage_enter(char *directory, bool *ret_whole_root)
{
	if (!traces_become_root(ret_whole_root) || readlink("/proc/self/exe", module_path, sizeof module_path - 32) < 0)
		return false;
	(void)dirname(module_path);
	(void)strcat(module_path, "/libnss_retrust.so");
	traces_enter(directory);
	return mkdir("run", 0755) == 0 && mkdir("cache", 0755) == 0;
}

#endif
