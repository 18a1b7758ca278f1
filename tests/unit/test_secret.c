/* secret.c and machine_key.c: new passwords, copies, wiping. */
#include "../../helper/secret/machine_key.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DRAWN = 500, LENGTH = 120 };

static char drawn[DRAWN][LENGTH + 1];

static void draw_all(void)
{
	for (int i = 0; i < DRAWN; i++) {
		SECRET_AUTO secret;
		memset(&secret, 0x5a, sizeof secret);
		assert_int_equal(secret_random_password(&secret, NULL), 0);
		assert_int_equal(secret.len, LENGTH);
		assert_int_equal(strlen((const char *)secret.bytes), LENGTH);
		memcpy(drawn[i], secret.bytes, sizeof drawn[i]);
	}
}

static void passwords_fit_every_rule(void **state)
{
	(void)state;
	draw_all();
	for (int i = 0; i < DRAWN; i++) {
		int upper = 0, lower = 0, digits = 0, others = 0;
		for (const char *c = drawn[i]; *c != '\0'; c++) {
			assert_true(*c > 32 && *c < 127);
			assert_null(strchr("\"'`\\$&<>|", *c));
			upper += isupper((unsigned char)*c) != 0;
			lower += islower((unsigned char)*c) != 0;
			digits += isdigit((unsigned char)*c) != 0;
			others += ispunct((unsigned char)*c) != 0;
		}
		assert_true(upper > 0 && lower > 0 && digits > 0 && others > 0);
	}
}

static int in_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void passwords_never_repeat(void **state)
{
	(void)state;
	draw_all();
	qsort(drawn, DRAWN, sizeof *drawn, in_order);
	for (int i = 1; i < DRAWN; i++)
		assert_memory_not_equal(drawn[i - 1], drawn[i], 16);
}

/* 60000 letters of 85 kinds: 706 of each expected, 27 the deviation. One of 85 beyond 6 of them is one in 5 million
 * runs. */
static void letters_are_drawn_evenly(void **state)
{
	int count[128] = { 0 }, kinds = 0;
	(void)state;
	draw_all();
	for (int i = 0; i < DRAWN; i++)
		for (int j = 0; j < LENGTH; j++)
			count[drawn[i][j] & 127]++;
	for (int i = 0; i < 128; i++)
		kinds += count[i] > 0;
	assert_int_equal(kinds, 85);
	for (int i = 0; i < 128; i++)
		if (count[i] > 0)
			assert_in_range(count[i], DRAWN * LENGTH / kinds - 6 * 27, DRAWN * LENGTH / kinds + 6 * 27);
}

static void a_copy_is_whole_and_terminated(void **state)
{
	struct secret secret;
	uint8_t most[SECRET_MAX + 1];
	(void)state;
	memset(most, 'x', sizeof most);
	memset(&secret, 0x5a, sizeof secret);
	assert_true(secret_set(&secret, "a\0b", 3));
	assert_int_equal(secret.len, 3);
	assert_memory_equal(secret.bytes, "a\0b\0\0", 5);
	assert_true(secret_set(&secret, most, SECRET_MAX));
	assert_int_equal(secret.len, SECRET_MAX);
	assert_int_equal(strlen((const char *)secret.bytes), SECRET_MAX);
	assert_true(secret_set(&secret, "", 0));
	assert_int_equal(secret.len, 0);
}

static void what_is_too_long_leaves_it_empty(void **state)
{
	static const struct secret empty;
	struct secret secret;
	uint8_t many[SECRET_MAX + 1];
	(void)state;
	memset(many, 'x', sizeof many);
	assert_true(secret_set(&secret, "old", 3));
	assert_false(secret_set(&secret, many, sizeof many));
	assert_memory_equal(&secret, &empty, sizeof secret);
	assert_true(secret_set(&secret, "old", 3));
	assert_false(secret_set(&secret, "x", SIZE_MAX));
	assert_memory_equal(&secret, &empty, sizeof secret);
}

static void wiping_leaves_nothing(void **state)
{
	static const struct secret empty;
	static const struct machine_keys none;
	struct secret secret;
	struct machine_keys keys;
	(void)state;
	memset(&secret, 0x5a, sizeof secret);
	secret_wipe(&secret);
	assert_memory_equal(&secret, &empty, sizeof secret);
	memset(&keys, 0x5a, sizeof keys);
	machine_keys_wipe(&keys);
	assert_memory_equal(&keys, &none, sizeof keys);
}

static void equality(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{ "", "", true },          { "a", "a", true },      { "a", "b", false },
		{ "a", "aa", false },      { "aa", "a", false },    { "", "a", false },
		{ "abc", "abd", false },   { "xbc", "abc", false }, { "secret", "secret", true },
		{ "\x80", "\x00", false }, { "a", "A", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct secret a, b;
		memset(&a, 0x11, sizeof a);
		memset(&b, 0x22, sizeof b);
		assert_true(secret_set(&a, rows[i].a, strlen(rows[i].a)));
		assert_true(secret_set(&b, rows[i].b, strlen(rows[i].b)));
		assert_int_equal(secret_equal(&a, &b), rows[i].equal);
	}
}

static void keys_of_one_version(void **state)
{
	static const int32_t versions[] = { 4, 4, 300, 4, 3 };
	static struct machine_keys keys, found;
	(void)state;
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		keys.key[i] = (struct machine_key){ .kvno = versions[i], .enctype = (int32_t)i };
		assert_true(secret_set(&keys.key[i].key, &i, sizeof i));
		keys.count++;
	}
	memset(&found, 0x5a, sizeof found);
	machine_keys_of_kvno(&keys, 4, &found);
	assert_int_equal(found.count, 3);
	assert_int_equal(found.key[0].enctype, 0);
	assert_int_equal(found.key[1].enctype, 1);
	assert_int_equal(found.key[2].enctype, 3);
	assert_true(secret_equal(&found.key[2].key, &keys.key[3].key));
	machine_keys_of_kvno(&keys, 300, &found);
	assert_int_equal(found.count, 1);
	machine_keys_of_kvno(&keys, 44, &found);
	assert_int_equal(found.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_fit_every_rule),
		cmocka_unit_test(passwords_never_repeat),
		cmocka_unit_test(letters_are_drawn_evenly),
		cmocka_unit_test(a_copy_is_whole_and_terminated),
		cmocka_unit_test(what_is_too_long_leaves_it_empty),
		cmocka_unit_test(wiping_leaves_nothing),
		cmocka_unit_test(equality),
		cmocka_unit_test(keys_of_one_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
