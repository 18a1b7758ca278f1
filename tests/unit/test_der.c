/* der.c: what is written is DER, and what is read never leads outside the bytes. */
#include "../../helper/directory/der.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct der from(const void *bytes, size_t len)
{
	return (struct der){ .at = bytes, .left = len };
}

static void test_lengths(void **state)
{
	/* Length and how it is written: the borders of the short and the long form. */
	static const struct {
		size_t len, header;
		uint8_t bytes[6];
	} rows[] = {
		{ 0, 2, { 0x04, 0x00 } },
		{ 127, 2, { 0x04, 0x7f } },
		{ 128, 3, { 0x04, 0x81, 0x80 } },
		{ 255, 3, { 0x04, 0x81, 0xff } },
		{ 256, 4, { 0x04, 0x82, 0x01, 0x00 } },
		{ 65536, 5, { 0x04, 0x83, 0x01, 0x00, 0x00 } },
	};
	(void)state;
	uint8_t *content = calloc(1, 65536), *buf = malloc(65600);
	assert_true(content != NULL && buf != NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct der_out out = der_out_begin(buf, 65600);
		der_out_value(&out, DER_OCTET_STRING, content, rows[i].len);
		assert_false(out.full);
		assert_int_equal(out.end - out.at, rows[i].header + rows[i].len);
		assert_memory_equal(out.at, rows[i].bytes, rows[i].header);
		struct der in = from(out.at, (size_t)(out.end - out.at)), value;
		assert_true(der_enter(&in, DER_OCTET_STRING, &value));
		assert_int_equal(value.left, rows[i].len);
		assert_int_equal(in.left, 0);
	}
	free(content);
	free(buf);
}

static void test_full(void **state)
{
	uint8_t buf[6];
	(void)state;
	struct der_out out = der_out_begin(buf, sizeof buf);
	der_out_value(&out, DER_OCTET_STRING, "1234", 4);
	assert_false(out.full);
	der_out_wrap(&out, DER_SEQUENCE, out.end);
	assert_true(out.full);
	der_out_bytes(&out, "x", 1);
	assert_true(out.full);
	assert_true(out.at >= out.start);
}

static void test_malformed(void **state)
{
	static const struct {
		size_t len;
		uint8_t bytes[8];
	} rows[] = {
		{ 0, { 0 } },
		{ 1, { 0x30 } },                               /* no length */
		{ 2, { 0x30, 0x01 } },                         /* more than there is */
		{ 2, { 0x30, 0x80 } },                         /* indefinite */
		{ 3, { 0x30, 0x82, 0x01 } },                   /* half a length */
		{ 7, { 0x30, 0x85, 0, 0, 0, 0, 1 } },          /* five bytes of length */
		{ 6, { 0x30, 0x84, 0xff, 0xff, 0xff, 0xff } }, /* 4 GiB */
		{ 2, { 0x30, 0xff } },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t tag, *exact = malloc(rows[i].len + 1); /* on the heap: AddressSanitizer sees one byte too far */
		assert_non_null(exact);
		uint8_t *start = exact + 1;
		memcpy(start, rows[i].bytes, rows[i].len);
		struct der in = from(start, rows[i].len), value;
		assert_false(der_next(&in, &tag, &value));
		assert_false(der_enter(&in, DER_SEQUENCE, &value));
		assert_false(der_find(&in, DER_SEQUENCE, &value));
		assert_int_equal(in.left, rows[i].len);
		free(exact);
	}
}

static void test_int(void **state)
{
	static const struct {
		uint8_t bytes[7];
		bool good;
		int32_t number;
	} rows[] = {
		{ { 0x02, 1, 0x12 }, true, 18 },
		{ { 0x02, 1, 0xff }, true, -1 },
		{ { 0x02, 2, 0x00, 0xff }, true, 255 },
		{ { 0x02, 4, 0x80, 0, 0, 0 }, true, INT32_MIN },
		{ { 0x02, 0 }, false, 0 },
		{ { 0x02, 5, 0, 0, 0, 0, 1 }, false, 0 },
		{ { 0x04, 1, 0x12 }, false, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct der in = from(rows[i].bytes, sizeof rows[i].bytes);
		int32_t number = 0;
		assert_int_equal(der_int(&in, &number), rows[i].good);
		assert_int_equal(number, rows[i].number);
	}
}

static void test_find(void **state)
{
	static const uint8_t bytes[] = { 0xa0, 1, 0x05, 0xa1, 0, 0xa2, 1, 0x07, 0xa0, 1, 0x09 };
	(void)state;
	struct der in = from(bytes, sizeof bytes), value;
	assert_true(der_find(&in, DER_CONTEXT + 2, &value));
	assert_int_equal(value.left, 1);
	assert_int_equal(value.at[0], 7);
	assert_false(der_enter(&in, DER_CONTEXT + 2, &value)); /* a refusal doesn't move */
	assert_true(der_enter(&in, DER_CONTEXT + 0, &value));
	assert_false(der_find(&in, DER_CONTEXT + 0, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths), cmocka_unit_test(test_full), cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_int),     cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
