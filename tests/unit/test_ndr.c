/* ndr.c: numbers, padding, strings, UTF-16, and that nothing is read or written outside the given bytes. */
#include "../../helper/directory/ndr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
	static const uint8_t bytes[] = { 1, 0xee, 3, 2, 7, 6, 5, 4, 9 };
	struct ndr in = ndr_begin(bytes, sizeof bytes);
	(void)state;
	assert_int_equal(ndr_u8(&in), 1);
	assert_int_equal(ndr_u16(&in), 0x0203); /* the padding is skipped */
	assert_int_equal(ndr_u32(&in), 0x04050607);
	assert_false(ndr_done(&in));
	assert_int_equal(ndr_u8(&in), 9);
	assert_true(ndr_done(&in));
}

/* Once something is missing, nothing can be read any more, not even what would fit. */
static void test_end(void **state)
{
	uint8_t *bytes = malloc(5);
	(void)state;
	assert_non_null(bytes);
	memset(bytes, 0xff, 5);
	struct ndr in = ndr_begin(bytes, 5);
	assert_true(ndr_u32(&in) == 0xffffffff);
	assert_int_equal(ndr_u32(&in), 0); /* not even its padding */
	assert_true(in.bad);
	assert_int_equal(ndr_u8(&in), 0);
	assert_null(ndr_bytes(&in, 0));
	assert_false(ndr_done(&in));
	in = ndr_begin(bytes, 5);
	assert_null(ndr_bytes(&in, SIZE_MAX));
	assert_true(in.bad);
	in = ndr_begin(bytes, 0);
	assert_true(ndr_done(&in));
	assert_int_equal(ndr_u8(&in), 0);
	assert_true(in.bad);
	free(bytes);
}

static void test_out(void **state)
{
	static const uint8_t expected[] = { 1, 0, 3, 2, 7, 6, 5, 4, 9, 0, 0, 0 };
	uint8_t *buf = malloc(sizeof expected);
	(void)state;
	assert_non_null(buf);
	for (size_t size = 0; size <= sizeof expected; size++) {
		struct ndr_out out = ndr_out_begin(buf, size);
		ndr_put_u8(&out, 1);
		ndr_put_u16(&out, 0x0203);
		ndr_put_u32(&out, 0x04050607);
		ndr_put_u8(&out, 9);
		ndr_put_align(&out, 4);
		assert_int_equal(out.full, size < sizeof expected);
		assert_true(out.len <= size);
	}
	assert_memory_equal(buf, expected, sizeof expected);
	free(buf);
}

static void test_string(void **state)
{
	static const uint8_t expected[] = { 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 'M', 0, '1', 0, '$', 0, 0, 0 };
	uint8_t buf[64];
	char longer[300];
	struct ndr_out out = ndr_out_begin(buf, sizeof buf);
	(void)state;
	ndr_put_string(&out, "M1$");
	assert_false(out.full);
	assert_int_equal(out.len, sizeof expected);
	assert_memory_equal(buf, expected, sizeof expected);
	out = ndr_out_begin(buf, sizeof buf);
	ndr_put_string(&out, "\xff");
	assert_true(out.full);
	memset(longer, 'a', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	out = ndr_out_begin(buf, sizeof buf);
	ndr_put_string(&out, longer);
	assert_true(out.full);
}

struct text {
	const char *utf8;
	long len; /* of UTF-16, -1: refused */
	const uint8_t utf16[8];
};

static void test_utf16(void **state)
{
	static const struct text texts[] = {
		{ "", 0, { 0 } },
		{ "a", 2, { 'a', 0 } },
		{ "\x7f", 2, { 0x7f, 0 } },
		{ "\xc2\x80", 2, { 0x80, 0 } },
		{ "\u07ff", 2, { 0xff, 0x07 } },
		{ "\u0800", 2, { 0x00, 0x08 } },
		{ "\ud7ff", 2, { 0xff, 0xd7 } },
		{ "\ue000", 2, { 0x00, 0xe0 } },
		{ "\uffff", 2, { 0xff, 0xff } },
		{ "\U00010000", 4, { 0x00, 0xd8, 0x00, 0xdc } },
		{ "\U0010ffff", 4, { 0xff, 0xdb, 0xff, 0xdf } },
		{ "\x80", -1, { 0 } },             /* a tail alone */
		{ "\xc3", -1, { 0 } },             /* cut */
		{ "\xe2\x82", -1, { 0 } },         /* cut */
		{ "\xf0\x9d\x84", -1, { 0 } },     /* cut */
		{ "\xc3(", -1, { 0 } },            /* no tail */
		{ "\xc0\xaf", -1, { 0 } },         /* overlong */
		{ "\xe0\x80\xaf", -1, { 0 } },     /* overlong */
		{ "\xf0\x80\x80\xaf", -1, { 0 } }, /* overlong */
		{ "\xed\xa0\x80", -1, { 0 } },     /* a surrogate */
		{ "\xf4\x90\x80\x80", -1, { 0 } }, /* beyond Unicode */
		{ "\xf5\x80\x80\x80", -1, { 0 } },
		{ "\xff", -1, { 0 } },
	};
	uint8_t buf[8];
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_int_equal(ndr_utf16(texts[i].utf8, strlen(texts[i].utf8), buf, sizeof buf), texts[i].len);
		if (texts[i].len > 0) {
			assert_memory_equal(buf, texts[i].utf16, (size_t)texts[i].len);
			assert_int_equal(ndr_utf16(texts[i].utf8, strlen(texts[i].utf8), buf, (size_t)texts[i].len - 1),
			                 -1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_end),   cmocka_unit_test(test_out),
		cmocka_unit_test(test_string),  cmocka_unit_test(test_utf16),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
