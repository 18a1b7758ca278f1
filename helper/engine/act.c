/* act ► confirm, see act.h. */
#include "act.h"

#include "../base/paths.h"
#include "../probe/domain.h"
#include "../probe/local.h"
#include "../rung/change.h"
#include "../rung/rotate.h"
#include "../service/sssd.h"
#include "../service/winbind.h"
#include "diagnose.h"
#include "flight.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>

enum {
	NOTICE_MS = 3000, /* for a service to come online after a repair */
	WAKE_MS = 6000,   /* for a dead winbindd */
	PASS_SECONDS = 2  /* from a logon's repair to the end of its second try */
};

/* Does the channel carry logons? Samba's copy may still be wrong. */
static bool is_usable(const struct facts *facts)
{
	return facts->newest_code == 0 && facts->self_code == 0;
}

/* The repair is done when the DC says so, not when a call returned 0. */
static bool confirm(struct run *run)
{
	struct host *host = run->host;
	if (local_stores(host, run->fault) != 0)
		return false;
	host->facts.has_pending = false;
	domain_confirm(host);
	run->outcome->condition = diagnose(&host->facts);
	return is_usable(&host->facts);
}

static enum rung_result try_rung(struct run *run, enum rung_id id)
{
	struct engine_try *attempt = &run->outcome->tried[run->outcome->tries++];
	struct fault why = { 0 };
	attempt->rung = id;
	attempt->result = rung_run(id, run->host, run->request->credential, &why);
	run->outcome->mended_boot_ms = deadline_boot_ms();
	if (attempt->result == RUNG_DONE && !confirm(run)) {
		attempt->result = RUNG_FAILED;
		(void)fault_set(&why, FAULT_BROKEN, "done, but the channel isn't healthy after it");
	}
	(void)snprintf(attempt->why, sizeof attempt->why, "%s", why.text);
	if (attempt->result != RUNG_DONE && run->fault->kind == FAULT_NONE)
		*run->fault = why;
	return attempt->result;
}

static void make_plan(struct run *run, struct plan *ret_plan)
{
	const struct credential *credential = run->request->credential;
	const struct policy policy = { .unattended = run_is_unattended(run->request),
		                       .repair_unattended = run->host->settings.repair_at_logon,
		                       .credential = credential != NULL && credential->kind != RT_CRED_NONE };
	plan(run->outcome->condition, &run->host->facts, &policy, ret_plan);
}

/* Runs the plan's rungs until one is done. */
static enum rung_result climb(struct run *run, const struct plan *plan)
{
	enum rung_result result = RUNG_FAILED;
	for (int i = 0; i < plan->count && result == RUNG_FAILED && run->outcome->tries < ENGINE_TRIES; i++)
		result = try_rung(run, plan->rung[i]);
	/* Not all is done, but logons may go on: the keytab is right, Samba's store could not be written. */
	if (result == RUNG_UNSURE)
		run->outcome->repaired = confirm(run);
	if (result == RUNG_DONE) {
		run->outcome->repaired = true;
		fault_clear(run->fault);
	}
	return result;
}

/* A rung may mend one thing and uncover the next (the keytab is right again, Samba's copy is not): then there is a new
 * plan, as long as each one gets further. */
static void act(struct run *run)
{
	struct engine_outcome *outcome = run->outcome;
	enum rt_condition before = RT_COND_COUNT;
	struct plan next = outcome->plan;
	teller_step(run->host->teller, RT_STEP_RESET, NULL, NULL);
	while (next.count > 0 && outcome->condition != before) {
		before = outcome->condition;
		if (climb(run, &next) != RUNG_DONE)
			return;
		make_plan(run, &next);
	}
}

static bool changes_winbind(const struct run *run)
{
	return run->outcome->repaired && !run->samba_was_right;
}

/* A service that had not noticed the health explains the failed logon; one that had blames the password. */
static void tell_sssd(struct run *run, enum flight_met met)
{
	struct host *host = run->host;
	struct engine_outcome *outcome = run->outcome;
	bool noticed = sssd_notice(host->realm, deadline_cap(host->deadline, NOTICE_MS), host->teller);
	if (outcome->repaired && !outcome->from_record)
		(void)winbind_notice(deadline_cap(host->deadline, NOTICE_MS), host->teller);
	outcome->retry = outcome->repaired || met == FLIGHT_MET_BROKEN || noticed;
	enum sssd_state state = sssd_state(host->realm);
	outcome->user_fault = !outcome->retry && state != SSSD_OFFLINE && state != SSSD_STOPPED;
}

/* winbindd is asked only where the DC takes the secret that it has, see service/winbind.h. Who made the record that
 * answers a logon has asked it. A repair of the keytab alone says nothing about winbind's refusal. */
static void tell_winbind(struct run *run, enum flight_met met)
{
	struct host *host = run->host;
	struct engine_outcome *outcome = run->outcome;
	enum winbind_state state = outcome->from_record ? WINBIND_FINE : WINBIND_LOST;
	uint64_t before = deadline_boot_ms();
	if (!outcome->from_record && host->facts.samba_code == 0)
		state = winbind_wake(changes_winbind(run), deadline_cap(host->deadline, WAKE_MS), host->teller);
	if (state == WINBIND_WOKEN && outcome->winbind_boot_ms == 0)
		outcome->winbind_boot_ms = before;
	outcome->retry = outcome->winbind_boot_ms != 0 || met == FLIGHT_MET_BROKEN;
	outcome->user_fault = !outcome->retry && state == WINBIND_FINE;
}

/* Was the channel repaired by the one that made the record which answers this logon? */
static bool was_repaired(const struct run *run, const struct rt_health *health, enum flight_met met)
{
	return met != FLIGHT_MET_HEALTHY &&
	       (!run->request->winbind || health->winbind_ms == (uint32_t)health->repaired_boot_ms);
}

void act_tell_services(struct run *run)
{
	struct host *host = run->host;
	struct engine_outcome *outcome = run->outcome;
	bool winbind = run->request->winbind;
	struct rt_health health;
	enum flight_met met = FLIGHT_MET_HEALTHY;
	if (health_read(PATH_HEALTH, &health))
		met = winbind ? flight_met_winbind(&health, run->failed_boot_ms)
		              : flight_met(&health, run->failed_boot_ms);
	if (outcome->from_record)
		outcome->repaired = was_repaired(run, &health, met);
	else if (changes_winbind(run))
		outcome->winbind_boot_ms = outcome->mended_boot_ms;
	if (winbind)
		tell_winbind(run, met);
	else
		tell_sssd(run, met);
	if (outcome->repaired)
		teller_step(host->teller, RT_STEP_JOINED, host->computer, host->domain);
}

void act_repair(struct run *run)
{
	struct engine_outcome *outcome = run->outcome;
	make_plan(run, &outcome->plan);
	if (run->request->plan_only)
		return;
	outcome->tried_to_repair = run_is_unattended(run->request) || outcome->condition != RT_COND_HEALTHY;
	if (outcome->plan.count > 0)
		act(run);
	if (outcome->condition == RT_COND_HEALTHY || outcome->repaired) {
		(void)change_forget(run->host, &run->host->note);
		act_tell_services(run);
	} else if (outcome->tries == 0) {
		(void)fault_set(run->fault, FAULT_REFUSED, "%s", outcome->plan.why_not);
	}
}

/* The logon that has just repaired the channel tries again now: a change under its hands would fail it for good. */
static void let_logons_pass(const struct run *run)
{
	struct rt_health health;
	if (!health_read(PATH_HEALTH, &health))
		return;
	while ((int64_t)time(NULL) - health.repaired_unix < PASS_SECONDS &&
	       deadline_left_ms(run->host->deadline) > 1000)
		(void)poll(NULL, 0, 50);
}

void act_rotate(struct run *run)
{
	struct engine_outcome *outcome = run->outcome;
	if (outcome->condition != RT_COND_HEALTHY) {
		(void)fault_set(run->fault, FAULT_REFUSED, "the channel isn't healthy (%s): repair first",
		                condition_info(outcome->condition)->name);
		return;
	}
	if (run->host->facts.clone) {
		(void)fault_set(run->fault, FAULT_REFUSED,
		                "the machine-id differs from the one at enrolment: this host is a clone, and its twin "
		                "would lose the "
		                "account; join it under a name of its own, or enroll it again");
		return;
	}
	if (run->request->if_due && !rotate_is_due(run->host))
		return;
	let_logons_pass(run);
	outcome->rotated = try_rung(run, RUNG_ROTATE) == RUNG_DONE;
	if (!outcome->rotated)
		return;
	/* SSSD needs no word: it reads the keytab at each logon. */
	outcome->winbind_boot_ms = outcome->mended_boot_ms;
	(void)winbind_notice(deadline_cap(run->host->deadline, NOTICE_MS), run->host->teller);
}
