/* What one request carries through the engine's files, see run.h. */
#include "run.h"

#include "../probe/domain.h"
#include "diagnose.h"

bool run_may_change(const struct engine_request *request)
{
	return request->verb != RT_VERB_STATUS && request->verb != RT_VERB_VERIFY && request->verb != RT_VERB_REMEMBER;
}

void run_observe(struct run *run)
{
	const struct domain_wish wish = { .dc = run->request->dc,
		                          .pdc = run_may_change(run->request),
		                          .thorough = run->request->verb == RT_VERB_VERIFY,
		                          .unattended = run_is_unattended(run->request) };
	run->outcome->looked_boot_ms = deadline_boot_ms();
	domain_probe(run->host, &wish);
	run->samba_was_right = run->host->facts.samba_code == 0;
	run->outcome->found = run->outcome->condition = diagnose(&run->host->facts);
}

bool run_is_unattended(const struct engine_request *request)
{
	return request->verb == RT_VERB_LOGON || request->verb == RT_VERB_LOOKUP;
}
