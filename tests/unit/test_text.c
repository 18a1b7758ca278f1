/* Text for a terminal: nothing of a foreign name may steer it, and lines are wrapped where they should. */
#include "../../helper/command/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void check_plain(const char *text, const char *expected)
{
	char buf[128];
	text_plain(text, buf, sizeof buf);
	assert_string_equal(buf, expected);
	char *copy = text_plain_copy(text);
	assert_string_equal(copy, expected);
	free(copy);
}

static void controls_are_replaced(void **state)
{
	(void)state;
	check_plain("dc1\x1b[31m", "dc1?[31m");
	check_plain("a\tb\rc\x7f", "a?b?c?");
	check_plain("two\nlines", "two\nlines");
	check_plain("\xC2\x9B"
	            "31m",
	            "?31m"); /* C1: CSI in one character */
	check_plain("M\xC3\xBCller \xE2\x82\xAC \xF0\x9F\x98\x80", "M\xC3\xBCller \xE2\x82\xAC \xF0\x9F\x98\x80");
}

static void what_is_not_utf8_is_replaced(void **state)
{
	(void)state;
	check_plain("\x9B", "?");
	check_plain("\xC3", "?");
	check_plain("\xC3x", "?x");
	check_plain("\xC0\xAF", "??");           /* overlong */
	check_plain("\xE0\x80\x9B", "???");      /* overlong */
	check_plain("\xED\xA0\x80", "???");      /* surrogate */
	check_plain("\xF4\x90\x80\x80", "????"); /* past the end of Unicode */
	check_plain("\xE2\x82", "??");
}

static void cut_at_a_character(void **state)
{
	(void)state;
	char buf[4];
	text_plain("ab\xC3\xBC", buf, sizeof buf);
	assert_string_equal(buf, "ab");
	text_plain("abc", buf, sizeof buf);
	assert_string_equal(buf, "abc");
}

static void check_wrap(const char *text, size_t width, const char *expected)
{
	char *out = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&out, &len);
	text_wrap(stream, "A: ", "   ", text, width);
	(void)fclose(stream);
	assert_string_equal(out, expected);
	free(out);
}

static void lines_are_wrapped(void **state)
{
	(void)state;
	check_wrap("one two three", 79, "A: one two three\n");
	check_wrap("one two three", 10, "A: one two\n   three\n"); /* exactly as wide */
	check_wrap("one two three", 9, "A: one\n   two\n   three\n");
	check_wrap("incomprehensibilities x", 9, "A: incomprehensibilities\n   x\n");
	check_wrap("  a   b  ", 79, "A: a b\n");
	check_wrap("a\nb\n", 79, "A: a\n   b\n");
	check_wrap("", 79, "A: \n");
	check_wrap("\xC3\xBC\xC3\xBC \xC3\xBC\xC3\xBC", 8,
	           "A: \xC3\xBC\xC3\xBC \xC3\xBC\xC3\xBC\n"); /* columns, not bytes */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(controls_are_replaced),
		cmocka_unit_test(what_is_not_utf8_is_replaced),
		cmocka_unit_test(cut_at_a_character),
		cmocka_unit_test(lines_are_wrapped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
