/* Torture of the NSS module: a writer replaces the identities file 1,000 times while 8 threads look up. Every answer
 * must be the whole answer of one generation, and a user who is in every generation must never be missing. Then a hand
 * that cuts, fills with junk and removes the file: still no wrong answer, and the process lives.
 *
 * Linked with the module's own objects, so that AddressSanitizer and ThreadSanitizer see all of it. Argument: how many
 * times (1000). Root, or a user namespace of its own, because the file has to be root's.
 */
#include "../../nss/entry.h"
#include "../unit/nss_stage.h"

#include <pthread.h>

enum { READERS = 8, USERS = 400, GROUPS = 20, LEAST_USERS = 300 };

static _Atomic bool over;
static _Atomic bool hostile; /* somebody may be missing */
static _Atomic uint64_t looks, missing, again, wrong;

static void fail_with(const char *what, const char *name, const char *value)
{
	(void)fprintf(stderr, "torture: %s of %s: \"%s\"\n", what, name, value);
	wrong++;
}

/* The user's fields all tell the same number and generation. */
static void check_user(const struct passwd *pwd, uint32_t n)
{
	char name[32], gecos[64], home[64];
	unsigned int generation = 0;
	(void)snprintf(name, sizeof name, "user%u", n);
	if (sscanf(pwd->pw_dir, "/home/%u/", &generation) != 1)
		generation = 0;
	(void)snprintf(gecos, sizeof gecos, "User %u of %u", n, generation);
	(void)snprintf(home, sizeof home, "/home/%u/user%u", generation, n);
	if (strcmp(pwd->pw_name, name) != 0)
		fail_with("name", name, pwd->pw_name);
	if (strcmp(pwd->pw_gecos, gecos) != 0)
		fail_with("gecos", name, pwd->pw_gecos);
	if (strcmp(pwd->pw_dir, home) != 0)
		fail_with("home", name, pwd->pw_dir);
	if (strcmp(pwd->pw_passwd, "*") != 0 || strcmp(pwd->pw_shell, "/bin/bash") != 0 ||
	    pwd->pw_uid != FIRST_ID + n || pwd->pw_gid != GROUP_ID + n)
		fail_with("password, shell or ids", name, pwd->pw_shell);
}

static void check_group(const struct group *grp, uint32_t n)
{
	char name[32];
	size_t count = 0;
	(void)snprintf(name, sizeof name, "group%u", n);
	if (strcmp(grp->gr_name, name) != 0 || grp->gr_gid != GROUP_ID + n)
		fail_with("name or gid", name, grp->gr_name);
	for (; grp->gr_mem[count] != NULL; count++) {
		(void)snprintf(name, sizeof name, "user%zu", count);
		if (strcmp(grp->gr_mem[count], name) != 0)
			fail_with("member", grp->gr_name, grp->gr_mem[count]);
	}
	if (count != n % 30)
		fail_with("number of members", grp->gr_name, "");
}

static bool is_success(enum nss_status status, const int *error, bool always_there)
{
	looks++;
	if (status == NSS_STATUS_SUCCESS)
		return true;
	if (status == NSS_STATUS_TRYAGAIN && *error == EAGAIN)
		again++;
	else if (status != NSS_STATUS_NOTFOUND)
		fail_with("status", "a lookup", strerror(*error));
	else if (always_there && !hostile)
		fail_with("missing", "a user or group", "");
	else
		missing++;
	return false;
}

static void look_up_groups(const char *name, uint32_t n)
{
	long start = 1;
	long size = 1;
	int error = 0;
	gid_t *gids = malloc(sizeof *gids);
	if (is_success(_nss_retrust_initgroups_dyn(name, GROUP_ID + n, &start, &size, &gids, 0, &error), &error,
	               n < LEAST_USERS)) {
		for (long i = 1; i < start; i++) {
			if (gids[i] != GROUP_ID + n + (gid_t)i)
				fail_with("group", name, "");
		}
		if (start != (n % 40 > 0 ? n % 40 : 1))
			fail_with("number of groups", name, "");
	}
	free(gids);
}

static void *read_on(void *data)
{
	uint32_t random = (uint32_t)(uintptr_t)data;
	char buffer[8192];
	while (!over) {
		char name[32];
		struct passwd pwd;
		struct group grp;
		int error = 0;
		random = random * 1664525u + 1013904223u;
		uint32_t n = (random >> 8) % USERS;
		uint32_t g = (random >> 8) % GROUPS;
		(void)snprintf(name, sizeof name, "user%u", n);
		if (is_success(_nss_retrust_getpwnam_r(name, &pwd, buffer, sizeof buffer, &error), &error,
		               n < LEAST_USERS))
			check_user(&pwd, n);
		if (is_success(_nss_retrust_getpwuid_r(FIRST_ID + n, &pwd, buffer, sizeof buffer, &error), &error,
		               n < LEAST_USERS))
			check_user(&pwd, n);
		look_up_groups(name, n);
		(void)snprintf(name, sizeof name, "group%u", g);
		if (is_success(_nss_retrust_getgrnam_r(name, &grp, buffer, sizeof buffer, &error), &error, true))
			check_group(&grp, g);
		if (is_success(_nss_retrust_getpwent_r(&pwd, buffer, sizeof buffer, &error), &error, false))
			check_user(&pwd, pwd.pw_uid - FIRST_ID);
		else
			(void)_nss_retrust_setpwent(0);
	}
	return NULL;
}

/* The number of users changes, so that tables and chunks move. */
static void replace(unsigned int generation)
{
	struct identities *ids = identities_of_test();
	uint32_t users = LEAST_USERS + generation * 13 % (USERS - LEAST_USERS);
	for (uint32_t n = LEAST_USERS; n < USERS; n++) {
		char name[32];
		(void)snprintf(name, sizeof name, "user%u", n);
		(void)identities_drop_user(ids, name);
	}
	for (uint32_t n = 0; n < users; n++)
		put_numbered(ids, n, generation, n % 40);
	for (uint32_t n = 0; n < GROUPS; n++)
		put_numbered_group(ids, n, n % 30);
	save_and_free(ids);
}

static void spoil(unsigned int round)
{
	struct stat st = { 0 };
	static const char junk[5000] = "junk";
	int fd = -1;
	(void)stat(FILE_OF_IDENTITIES, &st);
	switch (round % 4) {
	case 0:
		(void)!truncate(FILE_OF_IDENTITIES, 0);
		break;
	case 1:
		(void)!truncate(FILE_OF_IDENTITIES, st.st_size / 2 + (off_t)(round % 5000));
		break;
	case 2:
		(void)unlink(FILE_OF_IDENTITIES);
		break;
	default:
		fd = open(FILE_OF_IDENTITIES, O_WRONLY | O_CLOEXEC);
		(void)!pwrite(fd, junk, sizeof junk, (off_t)(round * 4099) % (st.st_size + 1));
		(void)close(fd);
	}
	(void)usleep(2000);
}

/* A fork while others are inside: the child must be able to look up. */
static void fork_and_look(void)
{
	char buffer[4096];
	struct passwd pwd;
	int error = 0;
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		(void)alarm(20);
		_exit(_nss_retrust_getpwnam_r("user1", &pwd, buffer, sizeof buffer, &error) == NSS_STATUS_SUCCESS ? 0
		                                                                                                  : 1);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail_with("a lookup in a child", "user1", "");
}

static void torture(unsigned int times)
{
	pthread_t threads[READERS];
	replace(1);
	for (size_t i = 0; i < READERS; i++)
		if (pthread_create(&threads[i], NULL, read_on, (void *)(uintptr_t)(i + 1)) != 0)
			abort();
	for (unsigned int i = 2; i <= times; i++) {
		replace(i);
		if (i % 20 == 0)
			fork_and_look();
	}
	hostile = true;
	for (unsigned int i = 0; i < times / 5; i++) {
		spoil(i);
		replace(times + i);
	}
	over = true;
	for (size_t i = 0; i < READERS; i++)
		(void)pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	char in_memory[] = "/dev/shm/nss_torture.XXXXXX"; /* where fsync costs nothing: more replacements a second */
	char on_disk[] = "/tmp/nss_torture.XXXXXX";
	char *directory = access("/dev/shm", W_OK) == 0 ? in_memory : on_disk;
	bool whole_root;
	if (!stage_enter(directory, &whole_root)) {
		(void)fprintf(stderr, "torture: neither root nor a user namespace, nothing tried\n");
		return 77;
	}
	unsigned int times = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 1000;
	write_health(RT_COND_NO_DC, 0);
	torture(times);
	traces_leave(directory);
	printf("torture: %u files, %llu looks by %d threads, %llu told to try again, %llu missing (of those who may "
	       "be), "
	       "%llu wrong\n",
	       times, (unsigned long long)looks, READERS, (unsigned long long)again, (unsigned long long)missing,
	       (unsigned long long)wrong);
	return wrong == 0 ? 0 : 1;
}
