/* The table of conditions, see retrust/condition.h. */
#include <retrust/condition.h>

#include <stddef.h>
#include <string.h>

/* The table's words for the column mend. */
enum { MEND_NO = false, MEND_YES = true };

static const struct rt_condition_info rows[RT_COND_COUNT] = {
#define X(id, stable_name, status, event_id, priority, code, logon, mend, sentence, next_step)                         \
	{ .name = (stable_name), .ntstatus = (status), .event = (event_id), .severity = (priority),                    \
	  .exit_code = (code),                                                                                         \
	  .at_logon = RT_LOGON_##logon, .mendable = MEND_##mend, .words = (sentence), .advice = (next_step) },
	RT_CONDITIONS(X)
#undef X
};

const struct rt_condition_info *condition_info(enum rt_condition condition)
{
	return &rows[(unsigned int)condition < RT_COND_COUNT ? condition : RT_COND_UNKNOWN];
}

bool condition_by_name(const char *name, enum rt_condition *ret_condition)
{
	for (unsigned int i = 0; i < RT_COND_COUNT; i++) {
		if (strcmp(name, rows[i].name) == 0) {
			*ret_condition = (enum rt_condition)i;
			return true;
		}
	}
	return false;
}
