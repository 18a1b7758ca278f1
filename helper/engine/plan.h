/* From a condition to a list of ways to repair it, least privilege first: pure. */
#ifndef RETRUST_PLAN_H
#define RETRUST_PLAN_H

#include "facts.h"

#include <retrust/condition.h>

/* rotate is in no plan: it changes a healthy channel's password. */
enum rung_id { RUNG_PENDING, RUNG_RESYNC, RUNG_PREVIOUS, RUNG_SPARE, RUNG_CREDENTIAL, RUNG_ROTATE, RUNG_COUNT };

/* What the administrator allows: the settings and the request. */
struct policy {
	bool unattended;  /* somebody's logon, a timer: nobody decided to repair just now */
	bool repair_unattended; /* the setting repair_at_logon */
	bool credential;  /* the request brings a credential */
};

struct plan {
	int count;
	enum rung_id rung[RUNG_COUNT];
	const char *why_not; /* count 0: the reason, static text; else "" */
};

void plan(enum rt_condition condition, const struct facts *facts, const struct policy *policy, struct plan *ret_plan);

/* The contract's name of a rung. */
const char *plan_rung_name(enum rung_id rung);

#endif
