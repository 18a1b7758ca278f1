/* store/identities.c: what is remembered, who never is, and that the file keeps it. */
#include "../../helper/store/identities.h"
#include "traces.h"

#include <retrust/identities.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DAY = 24 * 60 * 60 };

static const struct identities_rules rules = { .least_id = 1000, .remember_days = 30 };
static const int64_t now = 1700000000;
static struct fault fault;

static struct identities *load(void)
{
	struct identities *ids = NULL;
	assert_int_equal(identities_load("ids", &rules, &ids, &fault), 0);
	return ids;
}

static void save(struct identities *ids)
{
	if (identities_save(ids, "ids", now, &fault) != 0)
		fail_msg("%s", fault.text);
	identities_free(ids);
}

static struct identities_user alice(void)
{
	return (struct identities_user){ .name = "alice",
		                         .password = "*",
		                         .uid = 200001,
		                         .gid = 200513,
		                         .gecos = "Alice",
		                         .home = "/home/alice",
		                         .shell = "/bin/bash" };
}

static enum identities_put put_user(struct identities *ids, struct identities_user user)
{
	return identities_put_user(ids, &user, now, &fault);
}

static void a_new_set_is_empty(void **state)
{
	(void)state;
	struct identities *ids = load();
	size_t pos = 0;
	assert_int_equal(identities_users(ids), 0);
	assert_null(identities_next_user(ids, &pos));
	assert_false(identities_has_user(ids, "alice"));
	assert_false(identities_drop_user(ids, "alice"));
	assert_int_equal(identities_expire(ids, now), 0);
	save(ids);
	ids = load();
	assert_int_equal(identities_users(ids), 0);
	identities_free(ids);
	identities_free(NULL);
}

static void the_file_keeps_what_was_put(void **state)
{
	(void)state;
	static const char *const members[] = { "alice", "bob" };
	struct identities *ids = load();
	struct identities_group group = { .name = "staff", .gid = 200513, .members = members, .member_count = 2 };
	assert_int_equal(put_user(ids, alice()), IDENTITIES_KEPT);
	assert_int_equal(identities_put_group(ids, &group, now, &fault), IDENTITIES_KEPT);
	save(ids);
	for (int round = 0; round < 3; round++) {
		struct stat st;
		ids = load();
		assert_int_equal(identities_users(ids), 1);
		assert_int_equal(identities_groups(ids), 1);
		assert_true(identities_has_user(ids, "alice"));
		assert_true(identities_has_group(ids, "staff"));
		assert_false(identities_has_user(ids, "staff"));
		assert_int_equal(identities_user_seen(ids, "alice"), now);
		save(ids);
		assert_int_equal(stat("ids", &st), 0);
		assert_int_equal(st.st_mode & 07777, 0644);
		assert_int_equal(st.st_size % (off_t)sizeof(struct rt_block), 0);
	}
}

static void the_last_word_counts(void **state)
{
	(void)state;
	struct identities *ids = load();
	struct identities_user user = alice();
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	user.uid = 200002; /* another id */
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	assert_int_equal(identities_users(ids), 1);
	user.name = "alice2"; /* renamed */
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	assert_int_equal(identities_users(ids), 1);
	assert_false(identities_has_user(ids, "alice"));
	user.name = "bob", user.uid = 200003;
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	user.name = "alice2"; /* takes bob's id */
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	assert_int_equal(identities_users(ids), 1);
	assert_false(identities_has_user(ids, "bob"));
	assert_true(identities_drop_user(ids, "alice2"));
	assert_int_equal(identities_users(ids), 0);
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	assert_true(identities_has_user(ids, "alice2"));
	save(ids);
	ids = load();
	assert_int_equal(identities_users(ids), 1);
	assert_true(identities_has_user(ids, "alice2"));
	identities_free(ids);
}

static void root_and_system_ids_are_refused(void **state)
{
	(void)state;
	static const uint32_t refused[] = { 0, 1, 499, 500, 999, 65534, UINT32_MAX };
	struct identities *ids = load();
	struct identities_rules low = { .least_id = 0, .remember_days = 30 };
	size_t before = identities_users(ids) + identities_groups(ids);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct identities_user user = alice();
		struct identities_group group = { .name = "g", .gid = refused[i] };
		user.uid = refused[i];
		assert_int_equal(put_user(ids, user), IDENTITIES_REFUSED);
		user.uid = 200001, user.gid = refused[i];
		assert_int_equal(put_user(ids, user), IDENTITIES_REFUSED);
		assert_int_equal(identities_put_group(ids, &group, now, &fault), IDENTITIES_REFUSED);
	}
	assert_int_equal(identities_users(ids) + identities_groups(ids), before);
	identities_free(ids);
	(void)unlink("ids");
	assert_int_equal(identities_load("ids", &low, &ids, &fault), 0); /* nobody can set the least to 0 */
	struct identities_user user = alice();
	user.uid = 499;
	assert_int_equal(put_user(ids, user), IDENTITIES_REFUSED);
	user.uid = 500;
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	save(ids);
	ids = load(); /* with a higher least he isn't taken over */
	assert_int_equal(identities_users(ids), 0);
	identities_free(ids);
}

static void fields_that_could_be_another_line_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "a:b", "a\nb", "a\rb", "a\tb", "a,b", "\x7f", NULL };
	static char longer[RT_NAME_MAX + 2];
	struct identities *ids = load();
	memset(longer, 'a', sizeof longer - 1);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct identities_user user = alice();
		struct identities_group group = { .name = bad[i], .gid = 200000 };
		user.name = bad[i];
		assert_int_equal(put_user(ids, user), IDENTITIES_REFUSED);
		assert_int_equal(identities_put_group(ids, &group, now, &fault), IDENTITIES_REFUSED);
	}
	struct identities_user user = alice();
	user.name = longer;
	assert_int_equal(put_user(ids, user), IDENTITIES_REFUSED);
	longer[RT_NAME_MAX] = '\0';
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	user = alice(), user.home = "/home/a\n:";
	assert_int_equal(put_user(ids, user), IDENTITIES_REFUSED);
	user = alice(), user.shell = "/bin/sh\nroot::0:0";
	assert_int_equal(put_user(ids, user), IDENTITIES_REFUSED);
	user = alice(), user.gecos = "Alice: a\nperson"; /* her own words are only cleaned */
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	user = alice(), user.gecos = NULL;
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	identities_free(ids);
}

/* The file as text, for what must not be in it. */
static bool file_holds(const char *text)
{
	static char bytes[1 << 20];
	int fd = open("ids", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, bytes, sizeof bytes);
	(void)close(fd);
	return len > 0 && memmem(bytes, (size_t)len, text, strlen(text)) != NULL;
}

static void no_password_hash_is_kept(void **state)
{
	(void)state;
	struct identities *ids = load();
	struct identities_user user = alice();
	struct identities_group group = { .name = "g", .password = "$6$hash", .gid = 200000 };
	user.password = "$6$hash";
	assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	assert_int_equal(identities_put_group(ids, &group, now, &fault), IDENTITIES_KEPT);
	save(ids);
	assert_true(file_holds("alice"));
	assert_false(file_holds("$6$"));
}

static void what_was_not_seen_for_long_goes(void **state)
{
	(void)state;
	(void)unlink("ids");
	struct identities *ids = load();
	struct identities_user user = alice();
	assert_int_equal(identities_put_user(ids, &user, now - 31 * DAY, &fault), IDENTITIES_KEPT);
	user.name = "bob", user.uid++;
	assert_int_equal(identities_put_user(ids, &user, now - 29 * DAY, &fault), IDENTITIES_KEPT);
	user.name = "carol", user.uid++;
	assert_int_equal(identities_put_user(ids, &user, now + 5 * DAY, &fault), IDENTITIES_KEPT);
	assert_int_equal(identities_expire(ids, now), 1);
	assert_false(identities_has_user(ids, "alice"));
	assert_true(identities_has_user(ids, "bob"));
	assert_true(identities_has_user(ids, "carol"));
	identities_free(ids);
}

static void a_refresh_steps_through_all(void **state)
{
	(void)state;
	(void)unlink("ids");
	struct identities *ids = load();
	struct identities_user user = alice();
	char name[32];
	for (uint32_t i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof name, "user%u", i);
		user.name = name, user.uid = 300000 + i;
		assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
	}
	save(ids);
	ids = load();
	size_t pos = 0;
	size_t count = 0;
	const char *next;
	while ((next = identities_next_user(ids, &pos)) != NULL) {
		(void)snprintf(name, sizeof name, "%s", next);
		uint32_t i = (uint32_t)strtoul(name + 4, NULL, 10);
		user.name = name, user.uid = 300000 + i;
		if (i % 3 == 0)
			assert_true(identities_drop_user(ids, name));
		else
			assert_int_equal(put_user(ids, user), IDENTITIES_KEPT);
		count++;
	}
	assert_int_equal(count, 5000);
	assert_int_equal(identities_users(ids), 3333);
	save(ids);
	ids = load();
	assert_int_equal(identities_users(ids), 3333);
	for (uint32_t i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof name, "user%u", i);
		assert_int_equal(identities_has_user(ids, name), i % 3 != 0);
	}
	identities_free(ids);
}

static void what_is_not_whole_is_not_believed(void **state)
{
	(void)state;
	(void)unlink("ids");
	struct identities *ids = load();
	struct stat st;
	assert_int_equal(put_user(ids, alice()), IDENTITIES_KEPT);
	save(ids);
	assert_int_equal(stat("ids", &st), 0);
	for (off_t at = 0; at < st.st_size; at += 37) {
		uint8_t byte;
		int fd = open("ids", O_RDWR | O_CLOEXEC);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		ids = load();
		assert_int_equal(identities_users(ids), 0);
		identities_free(ids);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_int_equal(close(fd), 0);
	}
	ids = load();
	assert_int_equal(identities_users(ids), 1);
	identities_free(ids);
	for (off_t size = st.st_size - 1; size >= 0; size -= 1111) {
		assert_int_equal(truncate("ids", size), 0);
		ids = load();
		assert_int_equal(identities_users(ids), 0);
		identities_free(ids);
	}
}

static void another_hands_file_is_replaced(void **state)
{
	(void)state;
	struct stat st;
	(void)unlink("ids");
	struct identities *ids = load();
	assert_int_equal(put_user(ids, alice()), IDENTITIES_KEPT);
	save(ids);
	assert_int_equal(chmod("ids", 0666), 0);
	ids = load();
	assert_int_equal(identities_users(ids), 0);
	save(ids);
	assert_int_equal(stat("ids", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(rename("ids", "elsewhere"), 0);
	assert_int_equal(symlink("elsewhere", "ids"), 0);
	ids = load();
	assert_int_equal(put_user(ids, alice()), IDENTITIES_KEPT);
	save(ids);
	assert_int_equal(lstat("ids", &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void a_folder_that_is_missing_is_told(void **state)
{
	(void)state;
	struct identities *ids = load();
	assert_int_equal(identities_save(ids, "none/ids", now, &fault), -1);
	assert_non_null(strstr(fault.text, "none/ids"));
	fault_clear(&fault);
	identities_free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_set_is_empty),
		cmocka_unit_test(the_file_keeps_what_was_put),
		cmocka_unit_test(the_last_word_counts),
		cmocka_unit_test(root_and_system_ids_are_refused),
		cmocka_unit_test(fields_that_could_be_another_line_are_refused),
		cmocka_unit_test(no_password_hash_is_kept),
		cmocka_unit_test(what_was_not_seen_for_long_goes),
		cmocka_unit_test(a_refresh_steps_through_all),
		cmocka_unit_test(what_is_not_whole_is_not_believed),
		cmocka_unit_test(another_hands_file_is_replaced),
		cmocka_unit_test(a_folder_that_is_missing_is_told),
	};
	char directory[] = "/tmp/test_identities.XXXXXX";
	traces_enter(directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
