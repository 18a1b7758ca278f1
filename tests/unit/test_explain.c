/* What explain finds, and what it offers where it finds nothing. */
#include "../../helper/command/explain.h"

#include <retrust/condition.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static json_t *find(const char *what, const char *kind)
{
	json_t *object = explain_find(what);
	if (object == NULL)
		fail_msg("'%s' wasn't found", what);
	assert_string_equal(json_string_value(json_object_get(object, "verb")), "explain");
	assert_string_equal(json_string_value(json_object_get(object, "what")), what);
	assert_string_equal(json_string_value(json_object_get(object, "kind")), kind);
	return object;
}

static void check_name(const char *what, const char *kind, const char *name)
{
	json_t *object = find(what, kind);
	assert_string_equal(json_string_value(json_object_get(object, "name")), name);
	json_decref(object);
}

/* Is name in the object's list of conditions? */
static bool lists(const json_t *object, const char *name)
{
	const json_t *list = json_object_get(object, "conditions");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), name) == 0)
			return true;
	return false;
}

static void every_condition_is_found(void **state)
{
	(void)state;
	for (int i = 0; i < RT_COND_COUNT; i++) {
		const struct rt_condition_info *info = condition_info((enum rt_condition)i);
		json_t *object = find(info->name, "condition");
		assert_string_equal(json_string_value(json_object_get(object, "name")), info->name);
		assert_string_equal(json_string_value(json_object_get(object, "advice")), info->advice);
		assert_int_equal(json_is_true(json_object_get(object, "repairable")), info->mendable);
		json_decref(object);
	}
	check_name("Secret-Mismatch", "condition", "secret-mismatch");
}

static void absent_facts_are_null(void **state)
{
	(void)state;
	json_t *object = find("keytab-missing", "condition");
	assert_true(json_is_null(json_object_get(object, "ntstatus")));
	json_decref(object);
	object = find("secret-mismatch", "condition");
	assert_string_equal(json_string_value(json_object_get(object, "ntstatus")), "0xC0000022");
	assert_int_equal(json_integer_value(json_object_get(object, "event")), 3210);
	json_decref(object);
}

static void kerberos_errors_are_found(void **state)
{
	(void)state;
	static const char *const ways[] = { "24",
		                            "-1765328360",
		                            "1765328360",
		                            "024",
		                            "KDC_ERR_PREAUTH_FAILED",
		                            "kdc_err_preauth_failed",
		                            "KRB5KDC_ERR_PREAUTH_FAILED" };
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		check_name(ways[i], "kerberos", "KDC_ERR_PREAUTH_FAILED");
	check_name("0", "kerberos", "KDC_ERR_NONE");
	check_name("1765328228", "kerberos", "KRB5_KDC_UNREACH");
}

static void ntstatus_is_found(void **state)
{
	(void)state;
	static const char *const ways[] = { "0xC000018B", "0xc000018b", "0XC000018B", "STATUS_NO_TRUST_SAM_ACCOUNT",
		                            "NT_STATUS_NO_TRUST_SAM_ACCOUNT" };
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		check_name(ways[i], "ntstatus", "STATUS_NO_TRUST_SAM_ACCOUNT");
	json_t *object = find("0xC000018B", "ntstatus");
	assert_true(lists(object, "account-missing"));
	assert_false(lists(object, "secret-mismatch"));
	json_decref(object);
	object = find("0x0", "ntstatus");
	assert_int_equal(json_array_size(json_object_get(object, "conditions")), 0);
	json_decref(object);
}

static void events_are_found(void **state)
{
	(void)state;
	json_t *object = find("3210", "event");
	assert_true(lists(object, "secret-mismatch"));
	json_decref(object);
	object = find("5722", "event"); /* the DC's side of 3210 */
	assert_string_equal(json_string_value(json_object_get(object, "where")), "DC");
	assert_true(lists(object, "secret-mismatch"));
	json_decref(object);
	object = find("9000", "event");
	assert_true(lists(object, "healthy"));
	json_decref(object);
}

static void what_is_unknown_is_not_found(void **state)
{
	(void)state;
	static const char *const whats[] = { "",
		                             "-",
		                             "0x",
		                             "0xDEADBEEF",
		                             "0xC0000022z",
		                             "0x1C0000022",
		                             "99999",
		                             "24x",
		                             "- 24",
		                             "mismatch",
		                             "secret",
		                             "99999999999999999999",
		                             "KDC_ERR_",
		                             "a-name-that-is-far-longer-than-any-name-of-a-condition-could-ever-be" };
	for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
		json_t *object = explain_find(whats[i]);
		if (object != NULL)
			fail_msg("'%s' was found", whats[i]);
	}
}

static void near_names_are_offered(void **state)
{
	(void)state;
	const char *near[EXPLAIN_NEAR_MAX];
	assert_int_equal(explain_near("secret-missmatch", near), 1);
	assert_string_equal(near[0], "secret-mismatch");
	assert_true(explain_near("STATUS_ACESS_DENIED", near) >= 1);
	assert_string_equal(near[0], "STATUS_ACCESS_DENIED");
	assert_int_equal(explain_near("account", near), EXPLAIN_NEAR_MAX);
	assert_int_equal(explain_near("qqqqqqqq", near), 0);
	assert_int_equal(explain_near("", near), 0);
	assert_int_equal(explain_near("a-name-that-is-far-longer-than-any-name-of-a-condition-could-ever-be", near), 0);
}

static void the_list_has_every_condition(void **state)
{
	(void)state;
	json_t *list = explain_list();
	assert_int_equal(json_array_size(json_object_get(list, "conditions")), RT_COND_COUNT);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_condition_is_found),  cmocka_unit_test(absent_facts_are_null),
		cmocka_unit_test(kerberos_errors_are_found), cmocka_unit_test(ntstatus_is_found),
		cmocka_unit_test(events_are_found),          cmocka_unit_test(what_is_unknown_is_not_found),
		cmocka_unit_test(near_names_are_offered),    cmocka_unit_test(the_list_has_every_condition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
