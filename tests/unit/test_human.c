/* The summary: what is there is shown, what is absent or strange isn't, and nothing breaks it. */
#include "../../helper/command/human.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The summary of a JSON text, as a new string. */
static char *summary(const char *json, bool verbose)
{
	char *out = NULL;
	size_t len = 0;
	json_t *object = json_loads(json, JSON_DECODE_ANY, NULL);
	assert_non_null(object);
	FILE *stream = open_memstream(&out, &len);
	human_print(stream, object, verbose);
	(void)fclose(stream);
	json_decref(object);
	return out;
}

static void check(const char *json, const char *expected)
{
	char *out = summary(json, false);
	assert_string_equal(out, expected);
	free(out);
}

static void a_broken_channel(void **state)
{
	(void)state;
	check("{\"verb\":\"verify\",\"condition\":\"secret-mismatch\",\"healthy\":false,\"repairable\":true,"
	      "\"ntstatus\":\"0xC0000022\",\"event\":3210,\"kerberos\":24,\"domain\":\"LAB\",\"realm\":\"LAB.EXAMPLE\","
	      "\"account\":\"M1$\",\"dc\":\"dc1\",\"stores\":[{\"name\":\"keytab\",\"path\":\"/etc/krb5.keytab\","
	      "\"verdict\":\"wrong\",\"kvno\":4}],\"dcs\":[{\"name\":\"dc1\",\"pdc\":true,\"kerberos\":24,\"netlogon\":"
	      "null},"
	      "{\"name\":\"dc2\",\"kerberos\":18,\"netlogon\":\"0xC000018B\",\"event\":5721},"
	      "{\"name\":\"dc3\"}],\"spare\":{\"state\":\"works\",\"account\":\"M1-spare\"},"
	      "\"rungs\":[{\"name\":\"previous\",\"result\":\"refused\",\"why\":\"none\"},{\"name\":\"spare\","
	      "\"result\":\"done\","
	      "\"why\":\"\"}],\"advice\":\"Do this.\",\"elapsed_ms\":41}",
	      "Channel:    secret-mismatch (can be repaired)\n"
	      "Codes:      0xC0000022 STATUS_ACCESS_DENIED, event 3210, Kerberos 24\n"
	      "            KDC_ERR_PREAUTH_FAILED\n"
	      "Account:    M1$ of LAB.EXAMPLE (LAB)\n"
	      "DC:         dc1 (PDC): Kerberos 24 KDC_ERR_PREAUTH_FAILED\n"
	      "            dc2: Kerberos 18 KDC_ERR_CLIENT_REVOKED, Netlogon 0xC000018B\n"
	      "            STATUS_NO_TRUST_SAM_ACCOUNT (event 5721)\n"
	      "            dc3\n"
	      "Store:      keytab /etc/krb5.keytab: wrong, kvno 4\n"
	      "Spare key:  works (M1-spare)\n"
	      "Tried:      previous: refused (none)\n"
	      "            spare: done\n"
	      "Advice:     Do this.\n");
}

static void a_healthy_channel_is_short(void **state)
{
	(void)state;
	const char *json =
		"{\"condition\":\"healthy\",\"healthy\":true,\"event\":9000,\"kerberos\":0,\"elapsed_ms\":41,"
		"\"advice\":\"Nothing.\"}";
	check(json, "Channel:    healthy\n");
	char *out = summary(json, true);
	assert_string_equal(out, "Channel:    healthy\n"
	                         "Codes:      event 9000, Kerberos 0 KDC_ERR_NONE\n"
	                         "Took:       41 ms\n"
	                         "Advice:     Nothing.\n");
	free(out);
}

static void a_plan_of_texts_or_objects(void **state)
{
	(void)state;
	check("{\"plan\":[\"spare\",{\"name\":\"credential\",\"why\":\"a ticket was "
	      "given\"},{\"name\":\"x\",\"why\":null}]}",
	      "Plan:       spare\n"
	      "            credential: a ticket was given\n"
	      "            x\n");
}

static void a_plan_that_is_refused_says_why(void **state)
{
	(void)state;
	check("{\"plan\":[],\"why\":\"somebody disabled it\",\"note\":\"n\",\"pending\":true}",
	      "Pending:    an interrupted change of the machine password\n"
	      "Why not:    somebody disabled it\n"
	      "Note:       n\n");
}

static void moments_are_local(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "LAB-2", 1), 0);
	check("{\"checked\":1800000000,\"repaired_at\":null}", "Checked:    2027-01-15 10:00:00\n");
	check("{\"checked\":\"x\",\"repaired_at\":9223372036854775807}", "");
}

static void nothing_known_shows_nothing(void **state)
{
	(void)state;
	check("{}", "");
	check("null", "");
	check("[1]", "");
	check("{\"condition\":null,\"healthy\":null,\"ntstatus\":null,\"kerberos\":null,\"domain\":\"\",\"realm\":null,"
	      "\"account\":null,\"dc\":null,\"stores\":[],\"dcs\":null,\"spare\":null,\"rungs\":[],\"advice\":null}",
	      "");
}

static void strange_types_do_no_harm(void **state)
{
	(void)state;
	char *out =
		summary("{\"condition\":7,\"healthy\":\"yes\",\"ntstatus\":12,\"event\":\"x\",\"kerberos\":\"24\","
	                "\"stores\":[1,null,{}],\"dcs\":[[],\"x\"],\"spare\":[1],\"rungs\":{\"a\":1},\"plan\":[null,4],"
	                "\"elapsed_ms\":\"long\",\"advice\":[]}",
	                true);
	assert_null(strstr(out, "Advice"));
	assert_null(strstr(out, "Codes"));
	free(out);
	free(summary("{\"kerberos\":99999999999999,\"ntstatus\":\"junk\"}", true));
}

static void a_terminal_is_not_steered(void **state)
{
	(void)state;
	check("{\"dc\":\"dc1\\u001b[2J\"}", "DC:         dc1?[2J\n");
}

static void what_is_too_long_is_cut(void **state)
{
	(void)state;
	char filler[8192], json[sizeof filler + 32];
	memset(filler, 'x', sizeof filler - 1);
	filler[sizeof filler - 1] = '\0';
	(void)snprintf(json, sizeof json, "{\"advice\":\"%s\"}", filler);
	free(summary(json, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_channel),           cmocka_unit_test(a_healthy_channel_is_short),
		cmocka_unit_test(a_plan_of_texts_or_objects), cmocka_unit_test(a_plan_that_is_refused_says_why),
		cmocka_unit_test(moments_are_local),          cmocka_unit_test(nothing_known_shows_nothing),
		cmocka_unit_test(strange_types_do_no_harm),   cmocka_unit_test(a_terminal_is_not_steered),
		cmocka_unit_test(what_is_too_long_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
