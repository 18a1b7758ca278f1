/* libnss_retrust.so: who is known when, and glibc's contract for each call. */
#include "nss_stage.h"

static struct module m;

static const char *const user0 = "user0";

static enum nss_status by_name(const char *name)
{
	struct passwd pwd;
	char buffer[4096];
	int error = 0;
	return m.getpwnam(name, &pwd, buffer, sizeof buffer, &error);
}

static void expect_known(enum rt_condition condition, bool known)
{
	write_health(condition, 0);
	wait_for_module();
	enum nss_status status = by_name(user0);
	if (status != (known ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND))
		fail_msg("%s: status %d", condition_info(condition)->name, status);
}

static void only_a_host_that_cannot_ask_remembers(void **state)
{
	(void)state;
	static const enum rt_condition asks[] = { RT_COND_HEALTHY, RT_COND_UNKNOWN, RT_COND_NOT_JOINED,
		                                  RT_COND_USER_DOMAIN_TRUST_BROKEN, RT_COND_KEYTAB_STALE_KVNO };
	static const enum rt_condition cannot[] = { RT_COND_SECRET_MISMATCH,  RT_COND_NO_DC,
		                                    RT_COND_DNS_FAILURE,      RT_COND_KEYTAB_MISSING,
		                                    RT_COND_ACCOUNT_DISABLED, RT_COND_CLOCK_SKEW };
	for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++)
		expect_known(asks[i], false);
	for (size_t i = 0; i < sizeof cannot / sizeof cannot[0]; i++)
		expect_known(cannot[i], true);
	(void)unlink("run/health");
	wait_for_module();
	assert_int_equal(by_name(user0), NSS_STATUS_NOTFOUND);
	write_health(RT_COND_NO_DC, 24 * 60 + 1);
	wait_for_module();
	assert_int_equal(by_name(user0), NSS_STATUS_NOTFOUND);
	write_health(RT_COND_NO_DC, -1); /* of the future */
	wait_for_module();
	assert_int_equal(by_name(user0), NSS_STATUS_NOTFOUND);
	expect_known(RT_COND_NO_DC, true);
}

static void a_user_is_as_the_live_source_gave_it(void **state)
{
	(void)state;
	struct passwd pwd;
	char buffer[4096];
	int error = 0;
	for (uint32_t n = 0; n < 1000; n++) {
		char name[32], gecos[64], home[64];
		(void)snprintf(name, sizeof name, "user%u", n);
		(void)snprintf(gecos, sizeof gecos, "User %u of 1", n);
		(void)snprintf(home, sizeof home, "/home/1/user%u", n);
		for (int by_id = 0; by_id < 2; by_id++) {
			memset(&pwd, 0, sizeof pwd);
			enum nss_status status = by_id ? m.getpwuid(FIRST_ID + n, &pwd, buffer, sizeof buffer, &error)
			                               : m.getpwnam(name, &pwd, buffer, sizeof buffer, &error);
			assert_int_equal(status, NSS_STATUS_SUCCESS);
			assert_string_equal(pwd.pw_name, name);
			assert_string_equal(pwd.pw_passwd, "*");
			assert_int_equal(pwd.pw_uid, FIRST_ID + n);
			assert_int_equal(pwd.pw_gid, GROUP_ID + n);
			assert_string_equal(pwd.pw_gecos, gecos);
			assert_string_equal(pwd.pw_dir, home);
			assert_string_equal(pwd.pw_shell, "/bin/bash");
		}
	}
}

static void expect_members(const struct group *grp, uint32_t n)
{
	size_t count = 0;
	assert_int_equal(grp->gr_gid, GROUP_ID + n);
	assert_string_equal(grp->gr_passwd, "*");
	for (; grp->gr_mem[count] != NULL; count++) {
		char member[32];
		(void)snprintf(member, sizeof member, "user%zu", count);
		assert_string_equal(grp->gr_mem[count], member);
	}
	assert_int_equal(count, n == 200 ? 20000 : n % 30);
}

static void a_group_is_as_the_live_source_gave_it(void **state)
{
	(void)state;
	struct group grp;
	static char buffer[1 << 20];
	int error = 0;
	for (uint32_t n = 0; n <= 200; n++) {
		char name[32];
		(void)snprintf(name, sizeof name, "group%u", n);
		assert_int_equal(m.getgrnam(name, &grp, buffer, sizeof buffer, &error), NSS_STATUS_SUCCESS);
		assert_string_equal(grp.gr_name, name);
		expect_members(&grp, n);
		assert_int_equal(m.getgrgid(GROUP_ID + n, &grp, buffer, sizeof buffer, &error), NSS_STATUS_SUCCESS);
		assert_string_equal(grp.gr_name, name);
		expect_members(&grp, n);
	}
}

static void nobody_else_is_known(void **state)
{
	(void)state;
	static const char *const strangers[] = { "",     "user",    "user1000",   "User0", "user0 ",
		                                 "root", "user0:x", "user0\nx:0", "group0" };
	static const uid_t ids[] = { 0, 1, 999, 1000, FIRST_ID - 1, FIRST_ID + 1000, 65534, (uid_t)-1, GROUP_ID };
	struct passwd pwd;
	struct group grp;
	char buffer[4096];
	char name[8192];
	int error = 0;
	errno = 77;
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
		assert_int_equal(by_name(strangers[i]), NSS_STATUS_NOTFOUND);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		assert_int_equal(m.getpwuid(ids[i], &pwd, buffer, sizeof buffer, &error), NSS_STATUS_NOTFOUND);
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = '\0';
	assert_int_equal(by_name(name), NSS_STATUS_NOTFOUND);
	assert_int_equal(m.getgrnam("user0", &grp, buffer, sizeof buffer, &error), NSS_STATUS_NOTFOUND);
	assert_int_equal(m.getgrgid(0, &grp, buffer, sizeof buffer, &error), NSS_STATUS_NOTFOUND);
	assert_int_equal(errno, 77);
	assert_int_equal(error, 0);
}

/* Each size fails with ERANGE until one is enough, wherever the buffer begins; nothing is written behind it. */
static void expect_erange(bool group, size_t shift)
{
	static char buffer[4096];
	for (size_t size = 0;; size++) {
		struct passwd pwd;
		struct group grp;
		int error = 0;
		memset(buffer, 0x5a, sizeof buffer);
		enum nss_status status = group ? m.getgrnam("group29", &grp, buffer + shift, size, &error)
		                               : m.getpwnam("user7", &pwd, buffer + shift, size, &error);
		for (size_t i = shift + size; i < sizeof buffer; i++)
			assert_int_equal(buffer[i], 0x5a);
		if (status == NSS_STATUS_SUCCESS) {
			assert_true(size > 20 && size < 1000);
			return;
		}
		assert_int_equal(status, NSS_STATUS_TRYAGAIN);
		assert_int_equal(error, ERANGE);
	}
}

static void a_small_buffer_is_told(void **state)
{
	(void)state;
	for (size_t shift = 0; shift < 8; shift++) {
		expect_erange(false, shift);
		expect_erange(true, shift);
	}
}

static void errno_stays_as_it_was(void **state)
{
	(void)state;
	wait_for_module();
	errno = 4711;
	assert_int_equal(by_name(user0), NSS_STATUS_SUCCESS);
	assert_int_equal(errno, 4711);
	assert_int_equal(by_name("nobody-knows"), NSS_STATUS_NOTFOUND);
	assert_int_equal(errno, 4711);
}

/* The list as libc hands it in: the primary group is there already. */
static long groups_of(const char *user, gid_t primary, long limit, gid_t **ret_gids, enum nss_status *ret_status)
{
	long start = 1;
	long size = 1;
	int error = 0;
	*ret_gids = malloc(sizeof **ret_gids);
	(*ret_gids)[0] = primary;
	*ret_status = m.initgroups(user, primary, &start, &size, ret_gids, limit, &error);
	assert_true(start <= size);
	return start;
}

static void groups_of_a_user(void **state)
{
	(void)state;
	enum nss_status status;
	gid_t *gids;
	long count = groups_of("user30", GROUP_ID + 30, 0, &gids, &status);
	assert_int_equal(status, NSS_STATUS_SUCCESS);
	assert_int_equal(count, 30); /* the numbers 30 to 59, the first is the primary one */
	for (long i = 0; i < count; i++)
		assert_int_equal(gids[i], GROUP_ID + 30 + i);
	free(gids);
	count = groups_of("user30", 5, 0, &gids, &status); /* the primary group isn't lost where libc named another */
	assert_int_equal(count, 31);
	assert_int_equal(gids[1], GROUP_ID + 30);
	free(gids);
	count = groups_of("user30", GROUP_ID + 30, 7, &gids, &status);
	assert_int_equal(status, NSS_STATUS_SUCCESS);
	assert_int_equal(count, 7);
	free(gids);
	count = groups_of("stranger", 5, 0, &gids, &status);
	assert_int_equal(status, NSS_STATUS_NOTFOUND);
	assert_int_equal(count, 1);
	free(gids);
	count = groups_of("many", GROUP_ID, 0, &gids, &status);
	assert_int_equal(count, 512);
	for (long i = 1; i < count; i++)
		assert_int_equal(gids[i], GROUP_ID + 5000 + i);
	free(gids);
}

static void everybody_is_listed_once(void **state)
{
	(void)state;
	static bool seen[1000];
	static char buffer[1 << 20];
	struct passwd pwd;
	struct group grp;
	size_t count = 0;
	int error = 0;
	assert_int_equal(m.setpwent(0), NSS_STATUS_SUCCESS);
	assert_int_equal(m.getpwent(&pwd, buffer, 3, &error), NSS_STATUS_TRYAGAIN);
	assert_int_equal(error, ERANGE);
	for (; m.getpwent(&pwd, buffer, sizeof buffer, &error) == NSS_STATUS_SUCCESS; count++) {
		if (pwd.pw_uid >= FIRST_ID + 1000)
			continue;
		assert_false(seen[pwd.pw_uid - FIRST_ID]);
		seen[pwd.pw_uid - FIRST_ID] = true;
	}
	assert_int_equal(count, 1001);
	assert_int_equal(m.getpwent(&pwd, buffer, sizeof buffer, &error), NSS_STATUS_NOTFOUND);
	assert_int_equal(m.endpwent(), NSS_STATUS_SUCCESS);
	assert_int_equal(m.getpwent(&pwd, buffer, sizeof buffer, &error), NSS_STATUS_SUCCESS);
	for (count = 0; m.getgrent(&grp, buffer, sizeof buffer, &error) == NSS_STATUS_SUCCESS; count++)
		assert_non_null(grp.gr_name);
	assert_int_equal(count, 201);
	write_health(RT_COND_HEALTHY, 0);
	wait_for_module();
	assert_int_equal(m.setpwent(0), NSS_STATUS_SUCCESS);
	assert_int_equal(m.getpwent(&pwd, buffer, sizeof buffer, &error), NSS_STATUS_NOTFOUND);
	write_health(RT_COND_NO_DC, 0);
	wait_for_module();
}

static void who_was_not_seen_for_long_is_forgotten(void **state)
{
	(void)state;
	struct fault fault = { 0 };
	int64_t now = (int64_t)time(NULL);
	struct identities *ids = identities_of_test();
	struct identities_user user = { .name = "old", .uid = 5000, .gid = 5000, .home = "/", .shell = "/bin/sh" };
	assert_int_equal(identities_put_user(ids, &user, now - 30 * 86400 - 5, &fault), IDENTITIES_KEPT);
	user.name = "just", user.uid = 5001;
	assert_int_equal(identities_put_user(ids, &user, now - 30 * 86400 + 60, &fault), IDENTITIES_KEPT);
	user.name = "future", user.uid = 5002; /* seen while the clock was wrong */
	assert_int_equal(identities_put_user(ids, &user, now + 86400, &fault), IDENTITIES_KEPT);
	save_and_free(ids);
	wait_for_module();
	assert_int_equal(by_name("old"), NSS_STATUS_NOTFOUND);
	assert_int_equal(by_name("just"), NSS_STATUS_SUCCESS);
	assert_int_equal(by_name("future"), NSS_STATUS_SUCCESS);
}

static void leaves_no_trace(void **state)
{
	(void)state;
	struct traces before = traces_take();
	wait_for_module();
	assert_int_equal(by_name(user0), NSS_STATUS_SUCCESS);
	assert_int_equal(by_name("stranger"), NSS_STATUS_NOTFOUND);
	assert_null(traces_left(&before));
}

/* How much of the address space is mapped, in lines. */
static size_t mappings(void)
{
	size_t lines = 0;
	FILE *file = fopen("/proc/self/maps", "re");
	for (int c; (c = fgetc(file)) != EOF;)
		lines += c == '\n';
	(void)fclose(file);
	return lines;
}

static void unloading_gives_everything_back(void **state)
{
	(void)state;
	assert_int_equal(dlclose(m.handle), 0);
	assert_null(dlopen(module_path, RTLD_NOW | RTLD_NOLOAD));
	size_t before = mappings();
	for (int i = 0; i < 20; i++) {
		m = module_load();
		assert_int_equal(by_name(user0), NSS_STATUS_SUCCESS);
		assert_int_equal(dlclose(m.handle), 0);
	}
	pid_t pid = fork(); /* nothing of the module's is called */
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_in_range(mappings(), 1, before + 4);
	m = module_load();
}

static void write_files(void)
{
	struct fault fault = { 0 };
	uint32_t gids[600];
	for (uint32_t i = 0; i < 600; i++)
		gids[i] = i < 512 ? GROUP_ID + 5000 + i : i - 512; /* and the local ones, root's first */
	gids[0] = GROUP_ID;
	struct identities *ids = identities_of_test();
	for (uint32_t i = 0; i < 1000; i++)
		put_numbered(ids, i, 1, i);
	for (uint32_t i = 0; i < 200; i++)
		put_numbered_group(ids, i, i % 30);
	put_numbered_group(ids, 200, 20000);
	struct identities_user many = { .name = "many",
		                        .uid = 400000,
		                        .gid = GROUP_ID,
		                        .home = "/",
		                        .shell = "",
		                        .groups = gids,
		                        .group_count = 600 };
	if (identities_put_user(ids, &many, (int64_t)time(NULL), &fault) != IDENTITIES_KEPT)
		abort();
	save_and_free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_host_that_cannot_ask_remembers),
		cmocka_unit_test(a_user_is_as_the_live_source_gave_it),
		cmocka_unit_test(a_group_is_as_the_live_source_gave_it),
		cmocka_unit_test(nobody_else_is_known),
		cmocka_unit_test(a_small_buffer_is_told),
		cmocka_unit_test(errno_stays_as_it_was),
		cmocka_unit_test(groups_of_a_user),
		cmocka_unit_test(everybody_is_listed_once),
		cmocka_unit_test(who_was_not_seen_for_long_is_forgotten),
		cmocka_unit_test(leaves_no_trace),
		cmocka_unit_test(unloading_gives_everything_back),
	};
	char directory[] = "/tmp/test_nss.XXXXXX";
	bool whole_root;
	if (!stage_enter(directory, &whole_root)) {
		print_message("test_nss: neither root nor a user namespace, nothing tried\n");
		return 0;
	}
	write_files();
	m = module_load();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
