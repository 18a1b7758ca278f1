/* samr_lookup.c: what is asked, byte for byte, and what is taken as an answer. (The connection: test_rpc.c,
 * test_smb_pipe.c.) */
#include "../../helper/directory/samr_lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t handle[20] = { 7, [19] = 9 };
static uint8_t bytes[512];

static void test_domain(void **state)
{
	(void)state;
	assert_int_equal(52, samr_lookup_open_domain(handle, "S-1-5-21-1-2-4294967295", bytes, sizeof bytes));
	assert_memory_equal(handle, bytes, sizeof handle);
	assert_memory_equal("\0\x02\0\0\x04\0\0\0\x01\x04\0\0\0\0\0\x05\x15\0\0\0\x01\0\0\0\x02\0\0\0\xff\xff\xff\xff",
	                    bytes + 20, 32);
	assert_int_equal(0, samr_lookup_open_domain(handle, "S-1-5-21-1-2-3", bytes, 40));
}

static void test_no_sid(void **state)
{
	static const char *const none[] = {
		"",
		"S-1-",
		"S-1-5",
		"X-1-5-21",
		"S-1-5-21-",
		"S-1-5--21",
		"S-1-5-21x",
		"S-1-5- 21",
		"S-1-5-4294967296",
		"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
	};
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (samr_lookup_open_domain(handle, none[i], bytes, sizeof bytes) != 0)
			fail_msg("'%s' is taken for a SID", none[i]);
	assert_int_not_equal(
		0, samr_lookup_open_domain(handle, "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15", bytes, sizeof bytes));
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(62, samr_lookup_names(handle, "M1$", bytes, sizeof bytes));
	assert_memory_equal("\x01\0\0\0\xe8\x03\0\0\0\0\0\0\x01\0\0\0\x06\0\x06\0", bytes + 20, 20);
	assert_memory_equal("\x03\0\0\0\0\0\0\0\x03\0\0\0M\0001\0$\0", bytes + 44, 18);
	assert_int_equal(0, samr_lookup_names(handle, "", bytes, sizeof bytes));
	assert_int_equal(0, samr_lookup_names(handle, "M1$", bytes, 61));
	assert_int_equal(0, samr_lookup_names(handle, "\xff", bytes, sizeof bytes));
}

static void test_rid(void **state)
{
	uint8_t answer[36] = {
		[0] = 1, [4] = 2, [8] = 1, [12] = 0xed, [13] = 3, [16] = 1, [20] = 4, [24] = 1, [28] = 1
	};
	uint8_t none[12] = { [8] = 0x73, [11] = 0xc0 }, denied[12] = { [8] = 0x22, [11] = 0xc0 };
	uint32_t rid = 0;
	(void)state;
	assert_int_equal(SAMR_LOOKUP_PRESENT, samr_lookup_rid(answer, sizeof answer, &rid));
	assert_int_equal(1005, rid);
	assert_int_equal(SAMR_LOOKUP_ABSENT, samr_lookup_rid(none, sizeof none, &rid));
	assert_int_equal(SAMR_LOOKUP_UNKNOWN, samr_lookup_rid(denied, sizeof denied, &rid));
	for (size_t len = 0; len < sizeof answer; len++)
		assert_int_equal(SAMR_LOOKUP_UNKNOWN, samr_lookup_rid(answer, len, &rid));
	answer[0] = 2;
	assert_int_equal(SAMR_LOOKUP_UNKNOWN, samr_lookup_rid(answer, sizeof answer, &rid));
	answer[0] = 1;
	answer[28] = 2; /* a group */
	assert_int_equal(SAMR_LOOKUP_UNKNOWN, samr_lookup_rid(answer, sizeof answer, &rid));
}

static void test_flags(void **state)
{
	uint8_t answer[17] = { [0] = 1, [4] = 16, [8] = 0x80 };
	(void)state;
	assert_int_equal(SAMR_LOOKUP_PRESENT, samr_lookup_flags(answer, 16));
	answer[8] = 0x81;
	assert_int_equal(SAMR_LOOKUP_DISABLED, samr_lookup_flags(answer, 16));
	for (size_t len = 0; len <= sizeof answer; len++)
		if (len != 16)
			assert_int_equal(SAMR_LOOKUP_UNKNOWN, samr_lookup_flags(answer, len));
	answer[4] = 17;
	assert_int_equal(SAMR_LOOKUP_UNKNOWN, samr_lookup_flags(answer, 16));
	answer[4] = 16;
	answer[12] = 0x22;
	answer[15] = 0xc0;
	assert_int_equal(SAMR_LOOKUP_UNKNOWN, samr_lookup_flags(answer, 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_domain), cmocka_unit_test(test_no_sid),
		                            cmocka_unit_test(test_names), cmocka_unit_test(test_rid),
		                            cmocka_unit_test(test_flags) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
