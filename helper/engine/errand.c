/* What is done on a healthy channel, see errand.h. */
#include "errand.h"

#include "../base/paths.h"
#include "../rung/enroll.h"
#include "record.h"

#include <unistd.h>

enum { KNOWN_MS = 300000 }; /* how long a healthy verdict does for what asks the live source alone */

void errand_enroll(struct run *run)
{
	struct engine_outcome *outcome = run->outcome;
	const struct engine_request *request = run->request;
	if (run->host->facts.nt4) {
		(void)fault_set(run->fault, FAULT_REFUSED,
		                "an NT4-style domain has no spare keys: nobody but an administrator may reset an account there");
		return;
	}
	if (outcome->condition != RT_COND_HEALTHY) {
		(void)fault_set(
			run->fault, FAULT_REFUSED,
			"the channel isn't healthy (%s): the spare key is made while the machine key proves the domain "
			"controller; repair first",
			condition_info(outcome->condition)->name);
		return;
	}
	if (request->verb == RT_VERB_ENROLL)
		(void)enroll_make(run->host, request->credential, request->container, run->fault);
	else
		(void)enroll_remove(run->host, request->credential, run->fault);
}

/* NSS has no deadline, and a service that hangs would keep us here with the lock for minutes: then this process is ended. What
 * it did is on the disk, and who waits for an answer hears that it is gone. */
static int ask_people(struct run *run, enum remember_whom whom, struct fault *fault)
{
	(void)alarm((unsigned int)deadline_left_ms(run->host->deadline) / 1000 + 2);
	int result = remember(run->host, whom, run->request->name, &run->outcome->remembered, fault);
	(void)alarm(0);
	return result;
}

void errand_person(struct run *run)
{
	const struct engine_request *request = run->request;
	struct engine_outcome *outcome = run->outcome;
	bool now = request->verb == RT_VERB_LOOKUP;
	if (outcome->condition != RT_COND_HEALTHY || request->name[0] == '\0')
		return;
	(void)ask_people(run, now ? REMEMBER_NOW : REMEMBER_USER, &run->host->note);
	if (now)
		outcome->retry = outcome->remembered.found;
}

void errand_remember(struct run *run)
{
	struct engine_outcome *outcome = run->outcome;
	struct rt_health health;
	bool known = health_read(PATH_HEALTH, &health) && health.condition == RT_COND_HEALTHY &&
	             deadline_boot_ms() - health.checked_boot_ms < KNOWN_MS;
	if (known) {
		outcome->found = outcome->condition = RT_COND_HEALTHY;
		outcome->health = health;
	} else {
		run_observe(run);
		record_outcome(run->host, outcome, run->started_boot_ms);
	}
	if (outcome->condition == RT_COND_HEALTHY)
		(void)ask_people(run, run->request->whom, run->fault);
	else
		(void)fault_set(run->fault, FAULT_REFUSED,
		                "the channel isn't healthy (%s): what the host says now isn't remembered",
		                condition_info(outcome->condition)->name);
}
