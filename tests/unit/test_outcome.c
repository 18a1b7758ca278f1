/* outcome.c: the contract's exit codes. */
#include "../../helper/engine/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The contract: 0 healthy, 2 cannot tell, 3 refused; everything else is a broken channel, 1. */
static int expected(enum rt_condition condition)
{
	static const struct {
		enum rt_condition condition;
		int code;
	} rows[] = {
		{ RT_COND_HEALTHY, 0 },      { RT_COND_UNKNOWN, 2 },       { RT_COND_NO_DC, 2 },
		{ RT_COND_DNS_FAILURE, 2 },  { RT_COND_CLOCK_SKEW, 2 },    { RT_COND_DCS_DISAGREE, 2 },
		{ RT_COND_READ_ONLY_DC, 2 }, { RT_COND_DC_NOT_PROVEN, 3 }, { RT_COND_NOT_JOINED, 3 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].condition == condition)
			return rows[i].code;
	return 1;
}

static void without_a_fault_the_condition_decides(void **state)
{
	const struct fault none = { .kind = FAULT_NONE };
	(void)state;
	for (int c = 0; c < RT_COND_COUNT; c++)
		for (int verb = RT_VERB_LOGON; verb < RT_VERB_COUNT; verb++)
			assert_int_equal(outcome_exit((enum rt_verb)verb, (enum rt_condition)c, &none),
			                 expected((enum rt_condition)c));
}

static void a_fault_decides(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_BROKEN,   FAULT_UNSURE,     FAULT_USAGE,
		                                 FAULT_INTERNAL, FAULT_PERMISSION, FAULT_CONFIG };
	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct fault fault = { .kind = kinds[i] };
		for (int c = 0; c < RT_COND_COUNT; c++)
			for (int verb = RT_VERB_LOGON; verb < RT_VERB_COUNT; verb++)
				assert_int_equal(outcome_exit((enum rt_verb)verb, (enum rt_condition)c, &fault),
				                 kinds[i]);
	}
}

/* "Cannot tell" isn't made a refusal by the repair that was refused because of it. An enrolment is refused. */
static void a_refusal_leaves_cannot_tell(void **state)
{
	const struct fault refused = { .kind = FAULT_REFUSED };
	(void)state;
	for (int c = 0; c < RT_COND_COUNT; c++) {
		enum rt_condition condition = (enum rt_condition)c;
		int repair = expected(condition) == 2 ? 2 : 3;
		assert_int_equal(outcome_exit(RT_VERB_LOGON, condition, &refused), repair);
		assert_int_equal(outcome_exit(RT_VERB_VERIFY, condition, &refused), repair);
		assert_int_equal(outcome_exit(RT_VERB_REPAIR, condition, &refused), repair);
		assert_int_equal(outcome_exit(RT_VERB_ENROLL, condition, &refused), 3);
		assert_int_equal(outcome_exit(RT_VERB_UNENROLL, condition, &refused), 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_fault_the_condition_decides),
		cmocka_unit_test(a_fault_decides),
		cmocka_unit_test(a_refusal_leaves_cannot_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
