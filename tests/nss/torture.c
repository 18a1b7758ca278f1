/* Torture of the NSS module: a writer replaces the identities file 1,000 times while 8 threads look up. Every answer
 * must be the whole answer of one generation, and a user who is in every generation must never be missing. Then a hand
 * that cuts, fills with junk and removes the file: still no wrong answer, and the process lives.
 *
 * Linked with the module's own objects, so that AddressSanitizer and ThreadSanitizer see all of it; they look at the
 * file more often than in real life. Root, or a user namespace of its own, because the file has to be root's.
 */
#include "../../helper/store/identities_image.h"
#include "../../nss/entry.h"
#include "../unit/nss_stage.h"

#include <pthread.h>
#include <sys/resource.h>

/* LOOK_AT_IT_US: between two files, about what the kernel's coarse clock takes for a step. */
enum { TIMES = 1000, READERS = 8, FILES = 16, USERS = 400, GROUPS = 20, LEAST_USERS = 300, LOOK_AT_IT_US = 4000 };

struct file {
	uint8_t *image;
	size_t len;
};
static struct file files[FILES];

static _Atomic bool over;
static _Atomic bool hostile; /* somebody may be missing */
static _Atomic uint64_t looks, changes, again, wrong;

static void fail_with(const char *what, const char *name, const char *value)
{
	(void)fprintf(stderr, "torture: %s of %s: \"%s\"\n", what, name, value);
	wrong++;
}

/* The user's fields all tell the same number and generation. Returns the latter. */
static unsigned int check_user(const struct passwd *pwd, uint32_t n)
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
	return generation;
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
	unsigned int generation = 0;
	char buffer[8192];
	(void)setpriority(PRIO_PROCESS, 0, 5); /* of this thread: the writer and the children come first */
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
		               n < LEAST_USERS)) {
			unsigned int now = check_user(&pwd, n);
			changes += now != generation;
			generation = now;
		}
		if (is_success(_nss_retrust_getpwuid_r(FIRST_ID + n, &pwd, buffer, sizeof buffer, &error), &error,
		               n < LEAST_USERS))
			(void)check_user(&pwd, n);
		look_up_groups(name, n);
		(void)snprintf(name, sizeof name, "group%u", g);
		if (is_success(_nss_retrust_getgrnam_r(name, &grp, buffer, sizeof buffer, &error), &error, true))
			check_group(&grp, g);
		if (is_success(_nss_retrust_getpwent_r(&pwd, buffer, sizeof buffer, &error), &error, false))
			(void)check_user(&pwd, pwd.pw_uid - FIRST_ID);
		else
			(void)_nss_retrust_setpwent(0);
	}
	return NULL;
}

/* The number of users changes, so that tables and chunks move. */
static void write_generation(unsigned int generation)
{
	uint32_t users = LEAST_USERS + generation * 13 % (USERS - LEAST_USERS);
	struct identities *ids = identities_of_test();
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

/* Made once: what is to be tortured are the readers, and the writer must be fast for that. */
static void prepare(void)
{
	for (unsigned int i = 0; i < FILES; i++) {
		struct fault fault = { 0 };
		write_generation(i + 1);
		if (identities_image_read(FILE_OF_IDENTITIES, &files[i].image, &files[i].len, &fault) != 0)
			abort();
	}
}

static void replace(unsigned int round)
{
	const struct file *file = &files[round % FILES];
	int fd = open("cache/new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, file->image, file->len) != (ssize_t)file->len || close(fd) != 0 ||
	    rename("cache/new", FILE_OF_IDENTITIES) != 0)
		abort();
	(void)usleep(LOOK_AT_IT_US);
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
	(void)usleep(LOOK_AT_IT_US / 2);
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

static void torture(void **state)
{
	(void)state;
	pthread_t threads[READERS];
	prepare();
	for (size_t i = 0; i < READERS; i++)
		if (pthread_create(&threads[i], NULL, read_on, (void *)(uintptr_t)(i + 1)) != 0)
			abort();
	for (unsigned int i = 0; i < TIMES; i++) {
		replace(i);
		if (i % 40 == 0)
			fork_and_look();
	}
	uint64_t seen = changes;
	hostile = true;
	for (unsigned int i = 0; i < TIMES / 5; i++) {
		spoil(i);
		replace(i);
	}
	over = true;
	for (size_t i = 0; i < READERS; i++)
		(void)pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < FILES; i++)
		free(files[i].image);
	printf("  %d files: %llu looks by %d threads, which saw %llu new ones, %llu told to try again, %llu wrong\n",
	       TIMES, (unsigned long long)looks, READERS, (unsigned long long)seen, (unsigned long long)again,
	       (unsigned long long)wrong);
	assert_int_equal(wrong, 0);
	assert_in_range(seen, TIMES / 10, UINT64_MAX); /* of some thousands, but a busy machine lets fewer be seen */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(torture) };
	char in_memory[] = "/dev/shm/nss_torture.XXXXXX"; /* where fsync costs nothing */
	char on_disk[] = "/tmp/nss_torture.XXXXXX";
	char *directory = access("/dev/shm", W_OK) == 0 ? in_memory : on_disk;
	bool whole_root;
	if (!stage_enter(directory, &whole_root)) {
		print_message("torture: neither root nor a user namespace, nothing tried\n");
		return 0;
	}
	write_health(RT_COND_NO_DC, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
