/* condition.c: the table of conditions. */
#include <retrust/condition.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The contract's list: other people's scripts rely on these names. */
static const char *const stable_names[] = {
	"healthy",
	"secret-mismatch",
	"secret-previous",
	"secret-pending",
	"stores-disagree",
	"keytab-missing",
	"keytab-unreadable",
	"keytab-stale-kvno",
	"samba-secret-missing",
	"account-missing",
	"account-deleted-restorable",
	"account-disabled",
	"account-expired",
	"account-without-keys",
	"account-wrong-type",
	"host-renamed",
	"host-cloned",
	"name-truncated",
	"host-newer-than-domain",
	"dcs-disagree",
	"read-only-dc",
	"clock-skew",
	"no-dc",
	"dns-failure",
	"enctype-mismatch",
	"spn-missing",
	"spn-duplicate",
	"channel-refused-by-policy",
	"dc-not-proven",
	"user-domain-trust-broken",
	"not-joined",
	"unknown",
};

static void knows_every_name_of_the_contract(void **state)
{
	(void)state;
	size_t count = sizeof stable_names / sizeof stable_names[0];
	assert_int_equal(count, RT_COND_COUNT);
	for (size_t i = 0; i < count; i++) {
		enum rt_condition condition = RT_COND_COUNT;
		assert_true(condition_by_name(stable_names[i], &condition));
		assert_string_equal(condition_info(condition)->name, stable_names[i]);
	}
}

static void says_no_to_other_names(void **state)
{
	(void)state;
	enum rt_condition condition = RT_COND_CLOCK_SKEW;
	assert_false(condition_by_name("", &condition));
	assert_false(condition_by_name("Healthy", &condition));
	assert_false(condition_by_name("healthy ", &condition));
	assert_int_equal(condition, RT_COND_CLOCK_SKEW);
}

static void a_value_out_of_range_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(condition_info(RT_COND_COUNT)->name, "unknown");
	assert_string_equal(condition_info((enum rt_condition)0x7fffffff)->name, "unknown");
}

static void rows_carry_the_fields_of_the_kb(void **state)
{
	(void)state;
	const struct rt_condition_info *mismatch = condition_info(RT_COND_SECRET_MISMATCH);
	assert_int_equal(mismatch->ntstatus, 0xC0000022);
	assert_int_equal(mismatch->event, 3210);
	assert_int_equal(mismatch->at_logon, RT_LOGON_KB);
	assert_true(mismatch->mendable);
	const struct rt_condition_info *missing = condition_info(RT_COND_ACCOUNT_MISSING);
	assert_int_equal(missing->ntstatus, 0xC000018B);
	assert_int_equal(missing->event, 5721);
	assert_false(missing->mendable);
	assert_false(condition_info(RT_COND_ACCOUNT_DISABLED)->mendable);
	assert_int_equal(condition_info(RT_COND_CLOCK_SKEW)->at_logon, RT_LOGON_WORDS);
	assert_int_equal(condition_info(RT_COND_NO_DC)->at_logon, RT_LOGON_NOTHING);
}

/* Rules that hold for every row, whatever is added. */
static void rows_make_sense(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < RT_COND_COUNT; i++) {
		const struct rt_condition_info *row = condition_info((enum rt_condition)i);
		assert_in_range(row->severity, 0, 7);
		assert_true(row->event == 3210 || row->event == 5721 || row->event >= 9000);
		assert_true(strlen(row->advice) > 0);
		assert_true(row->at_logon != RT_LOGON_NOTHING || row->words[0] == '\0');
		assert_true(row->at_logon != RT_LOGON_WORDS || row->words[0] != '\0');
		assert_true(!row->mendable || row->at_logon == RT_LOGON_KB);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_every_name_of_the_contract),
		cmocka_unit_test(says_no_to_other_names),
		cmocka_unit_test(a_value_out_of_range_is_unknown),
		cmocka_unit_test(rows_carry_the_fields_of_the_kb),
		cmocka_unit_test(rows_make_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
