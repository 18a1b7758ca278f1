/* step.c: the texts of the steps. */
#include <retrust/step.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(uint32_t step, const char *word1, const char *word2, const char *expected)
{
	char text[200];
	memset(text, 'x', sizeof text);
	step_text(step, word1, word2, text, sizeof text);
	assert_string_equal(text, expected);
}

static void puts_words_in_their_places(void **state)
{
	(void)state;
	assert_text(RT_STEP_SEARCH_PDC, "LAB", NULL, "Searching PDC for domain LAB ...");
	assert_text(RT_STEP_FOUND_PDC, "DC1", NULL, "Found PDC \\\\DC1");
	assert_text(RT_STEP_MEMBER, "M1", "LAB", "Computer \\\\M1 is already a member of domain LAB.");
	assert_text(RT_STEP_RESET, "unused", "unused", "Resetting secure channel ...");
	assert_text(RT_STEP_JOINED, "M1", "LAB", "The computer \\\\M1 joined the domain LAB successfully.");
}

static void every_step_has_a_text_without_leftovers(void **state)
{
	(void)state;
	for (uint32_t step = 0; step < RT_STEP_COUNT; step++) {
		char text[200];
		step_text(step, "a", "b", text, sizeof text);
		assert_true(strlen(text) > 5);
		assert_null(strchr(text, '%'));
	}
}

static void lives_without_words_and_without_a_step(void **state)
{
	(void)state;
	assert_text(RT_STEP_MEMBER, NULL, NULL, "Computer \\\\ is already a member of domain .");
	assert_text(RT_STEP_COUNT, "a", "b", "");
	assert_text(UINT32_MAX, "a", "b", "");
}

/* A word is no template: what a DC calls itself can't pull in the other word. */
static void takes_words_literally(void **state)
{
	(void)state;
	assert_text(RT_STEP_MEMBER, "%2%1%s", "LAB", "Computer \\\\%2%1%s is already a member of domain LAB.");
}

static void keeps_control_characters_from_the_terminal(void **state)
{
	(void)state;
	assert_text(RT_STEP_FOUND_PDC, "dc\033[2J\n\r\177x", NULL, "Found PDC \\\\dc?[2J???x");
	assert_text(RT_STEP_FOUND_PDC, "\xc2\x9b[2J", NULL, "Found PDC \\\\\xc2?[2J");
	assert_text(RT_STEP_FOUND_PDC, "M\xc3\x9cLLER", NULL, "Found PDC \\\\M\xc3\x9cLLER");
}

static void cuts_where_it_does_not_fit(void **state)
{
	(void)state;
	char text[16];
	for (size_t size = 1; size < sizeof text; size++) {
		memset(text, 'x', sizeof text);
		step_text(RT_STEP_FOUND_PDC, "dc1.lab.example", NULL, text, size);
		assert_int_equal(strlen(text), size - 1);
		assert_memory_equal(text, "Found PDC \\\\dc1.lab", size - 1);
		assert_int_equal(text[size], 'x');
	}
	step_text(RT_STEP_FOUND_PDC, "dc1", NULL, text, 0);
	assert_int_equal(text[0], 'F');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_words_in_their_places),
		cmocka_unit_test(every_step_has_a_text_without_leftovers),
		cmocka_unit_test(lives_without_words_and_without_a_step),
		cmocka_unit_test(takes_words_literally),
		cmocka_unit_test(keeps_control_characters_from_the_terminal),
		cmocka_unit_test(cuts_where_it_does_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
