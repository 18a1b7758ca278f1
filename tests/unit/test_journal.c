/* journal.c: what was written is read back, and nothing else is. */
#include "../../helper/store/journal.h"

#include "traces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PATH "journal"

static uint8_t *bytes;
static size_t length;

static struct journal sample(void)
{
	struct journal journal;
	memset(&journal, 0, sizeof journal);
	strcpy(journal.account, "M1$");
	strcpy(journal.realm, "LAB.EXAMPLE");
	strcpy(journal.dc, "dc1.lab.example");
	journal.started_unix = 1700000000;
	assert_true(secret_set(&journal.next, "the next password", 17));
	return journal;
}

static void put(const void *data, size_t len)
{
	int fd = open(PATH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(close(fd), 0);
}

/* Reads what has to be refused: the journal is named, and what it says is not used. */
static void assert_refused(void)
{
	static struct journal journal, before;
	struct fault fault = { .kind = FAULT_NONE };
	memset(&journal, 0x5a, sizeof journal);
	before = journal;
	assert_int_equal(journal_read(PATH, &journal, &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_non_null(strstr(fault.text, PATH));
	assert_null(strstr(fault.text, "next password"));
	assert_memory_equal(&journal, &before, sizeof journal);
}

static int write_sample(void **state)
{
	struct journal journal = sample();
	struct stat st;
	(void)state;
	if (journal_write(PATH, &journal, NULL) != 0 || stat(PATH, &st) != 0)
		return -1;
	length = (size_t)st.st_size;
	bytes = malloc(length + 1);
	int fd = open(PATH, O_RDONLY | O_CLOEXEC);
	if (bytes == NULL || read(fd, bytes, length) != (ssize_t)length)
		return -1;
	return close(fd);
}

static int forget_sample(void **state)
{
	(void)state;
	free(bytes);
	return journal_clear(PATH, NULL);
}

static void round_trip(void **state)
{
	struct journal journal, expected = sample();
	struct fault fault = { .kind = FAULT_NONE };
	struct stat st;
	(void)state;
	memset(&journal, 0x5a, sizeof journal);
	assert_int_equal(journal_read(PATH, &journal, &fault), 1);
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_string_equal(journal.account, expected.account);
	assert_string_equal(journal.realm, expected.realm);
	assert_string_equal(journal.dc, expected.dc);
	assert_int_equal(journal.started_unix, expected.started_unix);
	assert_true(secret_equal(&journal.next, &expected.next));
	assert_int_equal(stat(PATH, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void the_longest_of_all(void **state)
{
	struct journal journal, expected;
	char most[SECRET_MAX];
	(void)state;
	memset(&expected, 'x', sizeof expected);
	memset(most, 'y', sizeof most);
	expected.account[sizeof expected.account - 1] = '\0';
	expected.realm[sizeof expected.realm - 1] = '\0';
	expected.dc[sizeof expected.dc - 1] = '\0';
	expected.started_unix = INT64_MAX;
	assert_true(secret_set(&expected.next, most, sizeof most));
	assert_int_equal(journal_write(PATH, &expected, NULL), 0);
	assert_int_equal(journal_read(PATH, &journal, NULL), 1);
	assert_memory_equal(journal.account, expected.account, sizeof journal.account);
	assert_memory_equal(journal.realm, expected.realm, sizeof journal.realm);
	assert_memory_equal(journal.dc, expected.dc, sizeof journal.dc);
	assert_true(journal.started_unix == INT64_MAX);
	assert_true(secret_equal(&journal.next, &expected.next));
}

static void a_second_one_replaces_the_first(void **state)
{
	struct journal journal = sample();
	(void)state;
	assert_true(secret_set(&journal.next, "another", 7));
	assert_int_equal(journal_write(PATH, &journal, NULL), 0);
	memset(&journal, 0, sizeof journal);
	assert_int_equal(journal_read(PATH, &journal, NULL), 1);
	assert_string_equal((const char *)journal.next.bytes, "another");
}

/* The last bytes are the structure's padding: nothing reads them. */
static void damage_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < length - 4; i++) {
		for (int bit = 0; bit < 8; bit += 7) {
			bytes[i] ^= (uint8_t)(1 << bit);
			put(bytes, length);
			assert_refused();
			bytes[i] ^= (uint8_t)(1 << bit);
		}
	}
	put(bytes, length);
	assert_int_equal(journal_read(PATH, &(struct journal){ .started_unix = 0 }, NULL), 1);
}

static void every_other_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < length; i++) {
		put(bytes, i);
		assert_refused();
	}
	bytes[length] = 0;
	put(bytes, length + 1);
	assert_refused();
}

static void junk_of_the_right_length(void **state)
{
	static const uint8_t fills[] = { 0, 0xff, 'x' };
	(void)state;
	for (size_t i = 0; i < sizeof fills; i++) {
		memset(bytes, fills[i], length);
		put(bytes, length);
		assert_refused();
	}
}

static void none_is_no_error(void **state)
{
	struct journal journal;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	assert_int_equal(journal_clear(PATH, &fault), 0);
	assert_int_equal(journal_read(PATH, &journal, &fault), 0);
	assert_int_equal(journal_clear(PATH, &fault), 0);
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_int_equal(journal_read("absent/journal", &journal, &fault), 0);
	assert_int_equal(fault.kind, FAULT_NONE);
}

static void a_directory_is_an_error(void **state)
{
	struct journal journal = sample();
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	assert_int_equal(journal_read(".", &journal, &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	fault_clear(&fault);
	assert_int_equal(journal_write("absent/journal", &journal, &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_non_null(strstr(fault.text, "absent/journal"));
	assert_null(strstr(fault.text, "next password"));
}

static void wiping(void **state)
{
	static const struct journal empty;
	struct journal journal;
	(void)state;
	memset(&journal, 0x5a, sizeof journal);
	journal_wipe(&journal);
	assert_memory_equal(&journal, &empty, sizeof journal);
}

#define ON_SAMPLE(test) cmocka_unit_test_setup_teardown(test, write_sample, forget_sample)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_SAMPLE(round_trip),
		ON_SAMPLE(the_longest_of_all),
		ON_SAMPLE(a_second_one_replaces_the_first),
		ON_SAMPLE(damage_at_every_byte),
		ON_SAMPLE(every_other_length),
		ON_SAMPLE(junk_of_the_right_length),
		ON_SAMPLE(none_is_no_error),
		ON_SAMPLE(a_directory_is_an_error),
		cmocka_unit_test(wiping),
	};
	char directory[] = "/tmp/test_journal.XXXXXX";
	traces_enter(directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
