/* health.c: which records are believed. */
#include "traces.h"

#include <retrust/health.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct rt_health sample(void)
{
	struct rt_health health;
	memset(&health, 0, sizeof health);
	health.magic = RT_HEALTH_MAGIC;
	health.condition = RT_COND_SECRET_MISMATCH;
	health.checked_boot_ms = 123456;
	health.checked_unix = 1700000000;
	health.kerberos = 24;
	health.kvno = 7;
	health.spare = RT_SPARE_WORKS;
	memcpy(health.dc, "dc1", 4);
	health.check = health_sum(&health);
	return health;
}

static void put(const char *path, const void *data, size_t len)
{
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(close(fd), 0);
}

static bool believed(const char *path)
{
	struct rt_health health;
	memset(&health, 0x5a, sizeof health);
	bool read = health_read(path, &health);
	for (size_t i = 0; !read && i < sizeof health; i++)
		assert_int_equal(((const unsigned char *)&health)[i], 0x5a);
	return read;
}

static void reads_what_was_written(void **state)
{
	(void)state;
	struct rt_health written = sample();
	struct rt_health health;
	put("h", &written, sizeof written);
	assert_true(health_read("h", &health));
	assert_memory_equal(&health, &written, offsetof(struct rt_health, check));
}

/* FNV-1a as published: the writer may be another build. */
static void the_sum_is_fnv_1a(void **state)
{
	(void)state;
	struct rt_health health;
	memset(&health, 0, sizeof health);
	uint32_t sum = 2166136261u;
	for (size_t i = 0; i < offsetof(struct rt_health, check); i++)
		sum *= 16777619u;
	assert_int_equal(health_sum(&health), sum);
	memset(&health, 'a', sizeof health);
	assert_int_not_equal(health_sum(&health), sum);
}

static void every_changed_byte_is_noticed(void **state)
{
	(void)state;
	struct rt_health good = sample();
	for (size_t i = 0; i < offsetof(struct rt_health, check) + sizeof good.check; i++) {
		struct rt_health bad = good;
		((unsigned char *)&bad)[i] ^= 0x40;
		put("h", &bad, sizeof bad);
		assert_false(believed("h"));
	}
}

static void other_layouts_are_not_believed(void **state)
{
	(void)state;
	struct rt_health health[2] = { sample(), sample() };
	put("h", health, sizeof health[0] - 1);
	assert_false(believed("h"));
	put("h", health, sizeof health[0] + 1);
	assert_false(believed("h"));
	put("h", health, 0);
	assert_false(believed("h"));
	memset(health[0].dc, 'd', sizeof health[0].dc);
	health[0].check = health_sum(&health[0]);
	put("h", health, sizeof health[0]);
	assert_false(believed("h"));
}

static void other_files_are_not_believed(void **state)
{
	(void)state;
	struct rt_health health = sample();
	assert_false(believed("absent"));
	assert_false(believed("."));
	put("h", &health, sizeof health);
	assert_true(believed("h"));
	assert_int_equal(symlink("h", "link"), 0);
	assert_false(believed("link"));
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_false(believed("fifo"));
	assert_int_equal(chmod("h", 0664), 0);
	assert_false(believed("h"));
	assert_int_equal(chmod("h", 0646), 0);
	assert_false(believed("h"));
}

static void another_users_file_is_not_believed(void **state)
{
	(void)state;
	struct rt_health health = sample();
	if (geteuid() != 0)
		skip();
	put("h", &health, sizeof health);
	assert_int_equal(chown("h", 1234, 1234), 0);
	assert_false(believed("h"));
}

static void leaves_no_descriptor_open(void **state)
{
	(void)state;
	struct rt_health health = sample();
	struct traces before = traces_take();
	put("h", &health, sizeof health);
	assert_true(believed("h"));
	put("h", &health, 3);
	assert_false(believed("h"));
	assert_null(traces_left(&before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_was_written),        cmocka_unit_test(the_sum_is_fnv_1a),
		cmocka_unit_test(every_changed_byte_is_noticed), cmocka_unit_test(other_layouts_are_not_believed),
		cmocka_unit_test(other_files_are_not_believed),  cmocka_unit_test(another_users_file_is_not_believed),
		cmocka_unit_test(leaves_no_descriptor_open),
	};
	char directory[] = "/tmp/test_health.XXXXXX";
	traces_enter(directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
