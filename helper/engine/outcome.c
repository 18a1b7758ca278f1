/* The exit code of an outcome, see outcome.h. */
#include "outcome.h"

int outcome_exit(enum rt_verb verb, enum rt_condition condition, const struct fault *fault)
{
	int code = condition_info(condition)->exit_code;
	/* "Cannot tell" stays what it is although a repair was refused because of it. */
	if (fault->kind == FAULT_REFUSED && code == FAULT_UNSURE && verb != RT_VERB_ENROLL && verb != RT_VERB_UNENROLL)
		return code;
	return fault->kind != FAULT_NONE ? (int)fault->kind : code;
}
