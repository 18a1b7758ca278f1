/* observe ► diagnose ► plan ► act ► confirm ► record: one request from beginning to end. */
#ifndef RETRUST_ENGINE_H
#define RETRUST_ENGINE_H

#include "../rung/rung.h"
#include "../rung/remember.h"
#include "plan.h"

#include <retrust/health.h>

struct engine_request {
	enum rt_verb verb;
	bool plan_only;
	bool if_due;           /* rotate: only when it is time */
	bool winbind;          /* logon: winbind is its identity service, not SSSD */
	uint64_t failed_boot_ms; /* logon: when that one had answered */
	const char *dc;        /* "" = by DNS */
	const char *container; /* enroll; "" = the default */
	const char *name;      /* logon, lookup, remember: the user or group; "" = none */
	enum remember_whom whom;
	const struct credential *credential;
};

#define ENGINE_TRIES 8 /* rungs that one request may run */

struct engine_try {
	enum rung_id rung;
	enum rung_result result;
	char why[768];
};

struct engine_outcome {
	enum rt_condition found;     /* what the first look showed */
	enum rt_condition condition; /* as it is now */
	struct plan plan;
	int tries;
	struct engine_try tried[ENGINE_TRIES];
	bool from_record;     /* answered from a fresh verdict, nothing was asked */
	bool tried_to_repair; /* a logon looked, or a repair was tried */
	bool repaired;        /* by this request or the one it waited for */
	uint64_t looked_boot_ms;  /* when the first look began */
	uint64_t mended_boot_ms;  /* when the last rung had written its stores */
	uint64_t winbind_boot_ms; /* the same where winbind's secret was among them; or when a dead winbindd was about to be woken */
	bool rotated;         /* the password was changed although nothing was broken */
	bool retry;
	bool user_fault;
	struct remember_count remembered;
	struct rt_health health; /* the record as it was left (status: as it was found) */
	int exit_code;
};

/* Runs the request on a host whose settings are loaded. *fault: what to tell the operator beside the condition (may
 * stay empty). Blocks until host->deadline, and after it only for what may not be left half done. */
void engine_run(struct host *host, const struct engine_request *request, struct engine_outcome *ret_outcome,
                struct fault *fault);

#endif
