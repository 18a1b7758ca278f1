/* libnss_retrust.so: the identities file is replaced, cut, removed, filled with junk, or another's while it is read. */
#include "nss_stage.h"

#include <sys/resource.h>

static struct module m;

/* The generation that the home of a user tells, 0 where he isn't known. */
static unsigned int generation_of(uint32_t n)
{
	char name[32], buffer[4096];
	struct passwd pwd;
	unsigned int generation = 0;
	int error = 0;
	(void)snprintf(name, sizeof name, "user%u", n);
	if (m.getpwnam(name, &pwd, buffer, sizeof buffer, &error) != NSS_STATUS_SUCCESS)
		return 0;
	assert_string_equal(pwd.pw_name, name);
	assert_int_equal(sscanf(pwd.pw_dir, "/home/%u/", &generation), 1);
	return generation;
}

/* As an administrator's hand would, not as the helper does. */
static void scribble(off_t at, const void *bytes, size_t len)
{
	int fd = open(FILE_OF_IDENTITIES, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, bytes, len, at), len);
	assert_int_equal(close(fd), 0);
}

static void fresh_file(unsigned int generation)
{
	(void)unlink(FILE_OF_IDENTITIES);
	write_identities(2000, 10, generation);
	wait_for_module();
}

static void a_new_file_is_noticed(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < 12; i++) {
		write_identities(300, 3, i);
		wait_for_module();
		assert_int_equal(generation_of(7), i);
		assert_int_equal(generation_of(299), i);
	}
}

/* Parts that were not read yet lie in a file that is no more: it looks at the new one, at once. */
static void a_new_file_is_noticed_where_the_old_one_is_missed(void **state)
{
	(void)state;
	fresh_file(20);
	assert_int_equal(generation_of(0), 20);
	write_identities(2000, 10, 21);
	for (uint32_t n = 0; n < 2000; n++)
		assert_in_range(generation_of(n), 20, 21);
	assert_int_equal(generation_of(1999), 21);
}

static void a_file_that_is_cut_kills_nobody(void **state)
{
	(void)state;
	struct stat st;
	for (int step = 0; step < 8; step++) {
		fresh_file(30);
		assert_int_equal(stat(FILE_OF_IDENTITIES, &st), 0);
		assert_int_equal(generation_of(1), 30);
		assert_int_equal(truncate(FILE_OF_IDENTITIES, st.st_size * step / 8), 0);
		for (uint32_t n = 0; n < 2000; n++) {
			unsigned int generation = generation_of(n);
			assert_true(generation == 30 || generation == 0);
		}
		wait_for_module();
		assert_int_equal(generation_of(1), 0);
	}
}

static void a_file_that_is_gone_knows_nobody(void **state)
{
	(void)state;
	fresh_file(40);
	assert_int_equal(generation_of(1), 40);
	assert_int_equal(unlink(FILE_OF_IDENTITIES), 0);
	for (uint32_t n = 0; n < 2000; n++)
		assert_true(generation_of(n) % 40 == 0);
	wait_for_module();
	assert_int_equal(generation_of(1), 0);
	fresh_file(41);
	assert_int_equal(generation_of(1), 41);
}

static void junk_is_not_believed(void **state)
{
	(void)state;
	static uint8_t junk[RT_CHUNK];
	struct stat st;
	uint32_t random = 1;
	fresh_file(50);
	assert_int_equal(stat(FILE_OF_IDENTITIES, &st), 0);
	for (off_t at = 0; at < st.st_size; at += 3 * RT_CHUNK) {
		fresh_file(50);
		(void)generation_of(1); /* the header is read */
		for (size_t i = 0; i < sizeof junk; i++)
			junk[i] = (uint8_t)((random = random * 1664525u + 1013904223u) >> 24);
		scribble(at, junk, sizeof junk);
		for (uint32_t n = 0; n < 2000; n++)
			assert_true(generation_of(n) % 50 == 0);
	}
}

/* A single bit anywhere in what one user needs: either the user as he is, or nobody. */
static void a_flipped_bit_is_not_believed(void **state)
{
	(void)state;
	struct stat st;
	(void)unlink(FILE_OF_IDENTITIES);
	write_identities(1, 1, 60);
	assert_int_equal(stat(FILE_OF_IDENTITIES, &st), 0);
	for (off_t at = 0; at < st.st_size; at += 61) {
		uint8_t byte;
		int fd = open(FILE_OF_IDENTITIES, O_RDWR | O_CLOEXEC);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 4;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_int_equal(dlclose(m.handle), 0);
		m = module_load();
		assert_true(generation_of(0) % 60 == 0);
		byte ^= 4;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		assert_int_equal(close(fd), 0);
	}
	wait_for_module();
	assert_int_equal(generation_of(0), 60);
}

static void another_hand_is_not_believed(void **state)
{
	(void)state;
	fresh_file(70);
	assert_int_equal(generation_of(1), 70);
	assert_int_equal(chmod(FILE_OF_IDENTITIES, 0664), 0);
	wait_for_module();
	assert_int_equal(generation_of(1), 0);
	assert_int_equal(chmod(FILE_OF_IDENTITIES, 0646), 0);
	wait_for_module();
	assert_int_equal(generation_of(1), 0);
	assert_int_equal(chmod(FILE_OF_IDENTITIES, 0644), 0);
	wait_for_module();
	assert_int_equal(generation_of(1), 70);
	assert_int_equal(rename(FILE_OF_IDENTITIES, "cache/other"), 0);
	assert_int_equal(symlink("other", FILE_OF_IDENTITIES), 0);
	wait_for_module();
	assert_int_equal(generation_of(1), 0);
	assert_int_equal(unlink(FILE_OF_IDENTITIES), 0);
	assert_int_equal(mkfifo(FILE_OF_IDENTITIES, 0644), 0);
	wait_for_module();
	assert_int_equal(generation_of(1), 0);
	assert_int_equal(unlink(FILE_OF_IDENTITIES), 0);
	assert_int_equal(mkdir(FILE_OF_IDENTITIES, 0755), 0);
	wait_for_module();
	assert_int_equal(generation_of(1), 0);
	assert_int_equal(rmdir(FILE_OF_IDENTITIES), 0);
}

static void another_owner_is_not_believed(void **state)
{
	(void)state;
	fresh_file(75);
	if (chown(FILE_OF_IDENTITIES, 1234, 1234) != 0)
		skip();
	wait_for_module();
	assert_int_equal(generation_of(1), 0);
}

/* Without a descriptor to spare it can't be told whether somebody is known: that isn't "no such user". */
static void no_descriptor_left(void **state)
{
	(void)state;
	struct rlimit before, none;
	struct passwd pwd;
	char buffer[4096];
	int error = 0;
	fresh_file(80);
	for (int i = 0; i < 20; i++) /* until what was read is kept */
		assert_int_equal(generation_of(1), 80);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	enum nss_status known = m.getpwnam("user1", &pwd, buffer, sizeof buffer, &error);
	enum nss_status cold = m.getpwnam("user1700", &pwd, buffer, sizeof buffer, &error);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(known, NSS_STATUS_SUCCESS);
	assert_int_equal(cold, NSS_STATUS_TRYAGAIN);
	assert_int_equal(error, EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file_is_noticed),
		cmocka_unit_test(a_new_file_is_noticed_where_the_old_one_is_missed),
		cmocka_unit_test(a_file_that_is_cut_kills_nobody),
		cmocka_unit_test(a_file_that_is_gone_knows_nobody),
		cmocka_unit_test(junk_is_not_believed),
		cmocka_unit_test(a_flipped_bit_is_not_believed),
		cmocka_unit_test(another_hand_is_not_believed),
		cmocka_unit_test(another_owner_is_not_believed),
		cmocka_unit_test(no_descriptor_left),
	};
	char directory[] = "/tmp/test_nss_file.XXXXXX";
	bool whole_root;
	if (!stage_enter(directory, &whole_root)) {
		print_message("test_nss_file: neither root nor a user namespace, nothing tried\n");
		return 0;
	}
	write_health(RT_COND_NO_DC, 0);
	m = module_load();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
