/* nt4_locate.c: what is read out of smb.conf's list and of a NetBIOS tool's output. */
#include "../../helper/probe/nt4_locate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_listed(void **state)
{
	static const char *const rows[][2] = { { "pdc1", "pdc1" },
		                               { "  pdc1, bdc1 *", "pdc1" },
		                               { "*, pdc1", "pdc1" },
		                               { "\tpdc1:445", "pdc1" },
		                               { "10.77.0.20", "10.77.0.20" },
		                               { "fd00::20", "fd00::20" },
		                               { "*", NULL },
		                               { "", NULL },
		                               { " , ", NULL },
		                               { ":445", NULL } };
	char name[64];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(rows[i][1] != NULL, nt4_locate_listed(rows[i][0], name, sizeof name));
		if (rows[i][1] != NULL)
			assert_string_equal(rows[i][1], name);
	}
	assert_true(nt4_locate_listed("a-name-that-is-too-long pdc1", name, 8)); /* a part of it would be another's */
	assert_string_equal("pdc1", name);
}

static void test_own_name(void **state)
{
	static const char *const head = "Looking up status of 10.77.0.20\n";
	static const char *const rows[][2] = {
		{ "\tPDC1            <00> -         H <ACTIVE> \n\tPDC1            <20> -         H <ACTIVE> \n",
		  "PDC1" },
		{ "\tNT4LAB          <20> - <GROUP> H <ACTIVE> \n\tPDC1            <20> -         H <ACTIVE> ",
		  "PDC1" },
		{ "\tPDC1            <00> -         H <ACTIVE> \n", NULL },
		{ "PDC1 <20>\n", NULL }, /* not one of its lines */
		{ "\t<20>\n", NULL },
		{ "No reply from 10.77.0.20\n", NULL },
		{ "", NULL },
	};
	char text[512], name[64];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		strcat(strcpy(text, head), rows[i][0]);
		assert_int_equal(rows[i][1] != NULL, nt4_locate_own_name(text, name, sizeof name));
		if (rows[i][1] != NULL)
			assert_string_equal(rows[i][1], name);
	}
	assert_false(nt4_locate_own_name(strcat(strcpy(text, head), rows[0][0]), name, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_listed), cmocka_unit_test(test_own_name) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
