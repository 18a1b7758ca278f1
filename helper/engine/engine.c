/* One request from beginning to end, see engine.h. */
#include "engine.h"

#include "../base/paths.h"
#include "../probe/local.h"
#include "../store/file.h"
#include "../store/lock.h"
#include "act.h"
#include "diagnose.h"
#include "errand.h"
#include "flight.h"
#include "outcome.h"
#include "record.h"

#include <string.h>
#include <unistd.h>

/* A logon is answered from the record where that is fresh: the verdict of the one that it waited for, or one some
 * seconds old. */
static bool answer_from_record(struct run *run)
{
	struct engine_outcome *outcome = run->outcome;
	struct rt_health health;
	if (!run_is_unattended(run->request) || !health_read(PATH_HEALTH, &health) ||
	    !flight_fresh(&health, run->started_boot_ms, deadline_boot_ms(), run->host->settings.verdict_seconds))
		return false;
	outcome->from_record = true;
	outcome->health = health;
	outcome->found = outcome->condition = (enum rt_condition)health.condition;
	if (outcome->condition == RT_COND_HEALTHY)
		act_tell_services(run);
	return true;
}

static void look_and_act(struct run *run)
{
	if (local_probe(run->host, run->fault) != 0)
		return;
	if (run->request->verb == RT_VERB_REMEMBER) {
		errand_remember(run);
		return;
	}
	if (answer_from_record(run)) {
		errand_person(run);
		return;
	}
	run_observe(run);
	switch (run->request->verb) {
	case RT_VERB_LOGON:
	case RT_VERB_LOOKUP:
	case RT_VERB_REPAIR:
		act_repair(run);
		break;
	case RT_VERB_ROTATE:
		act_rotate(run);
		break;
	case RT_VERB_ENROLL:
	case RT_VERB_UNENROLL:
		errand_enroll(run);
		break;
	default:
		break;
	}
	record_outcome(run->host, run->outcome, run->started_boot_ms);
	errand_person(run);
}

/* What is known without the network. */
static void status(struct run *run)
{
	struct engine_outcome *outcome = run->outcome;
	if (local_probe(run->host, run->fault) != 0)
		return;
	outcome->condition = diagnose(&run->host->facts);
	if (health_read(PATH_HEALTH, &outcome->health) && outcome->condition == RT_COND_UNKNOWN)
		outcome->condition = (enum rt_condition)outcome->health.condition;
	outcome->found = outcome->condition;
}

static void run_locked(struct run *run)
{
	bool waited = false;
	int lock = -1;
	if (file_directory(PATH_STATE, 0700, run->fault) != 0 || file_directory(PATH_RUN, 0755, run->fault) != 0)
		return;
	if (run_may_change(run->request) && !run->request->plan_only) {
		lock = lock_take(PATH_LOCK, run->host->deadline, &waited, run->fault);
		if (lock < 0)
			return;
		file_sweep(PATH_JOURNAL); /* a secret of which no DC was ever told */
	}
	look_and_act(run);
	if (lock >= 0)
		(void)close(lock);
}

void engine_run(struct host *host, const struct engine_request *request, struct engine_outcome *ret_outcome,
                struct fault *fault)
{
	uint64_t now = deadline_boot_ms();
	uint64_t failed = request->failed_boot_ms != 0 ? request->failed_boot_ms : now;
	struct run run = { host, request, ret_outcome, fault, now, failed, false };
	memset(ret_outcome, 0, sizeof *ret_outcome);
	if (request->verb == RT_VERB_STATUS)
		status(&run);
	else
		run_locked(&run);
	ret_outcome->exit_code = outcome_exit(request->verb, ret_outcome->condition, fault);
}
