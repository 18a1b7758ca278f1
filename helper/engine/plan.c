/* From a condition to a list of rungs.
 *
 * SECURITY: conditions that aren't in the table below are never repaired, whatever the request brings: a disabled or expired
 * account was somebody's decision, a clone would break its twin, a missing account is restored in the domain. */
#include "plan.h"

#include <stddef.h>

/* Which rungs may mend a condition, by bits; the order is that of enum rung_id, least privilege first. */
struct row {
	enum rt_condition condition;
	unsigned int rungs;
};

#define BIT(rung) (1u << (rung))
#define SET_ANEW (BIT(RUNG_SPARE) | BIT(RUNG_CREDENTIAL))

static const struct row table[] = {
	{ RT_COND_SECRET_PENDING, BIT(RUNG_PENDING) | SET_ANEW },
	{ RT_COND_SECRET_PREVIOUS, BIT(RUNG_PREVIOUS) | SET_ANEW },
	{ RT_COND_STORES_DISAGREE, BIT(RUNG_RESYNC) | SET_ANEW },
	{ RT_COND_SAMBA_SECRET_MISSING, BIT(RUNG_RESYNC) | SET_ANEW },
	{ RT_COND_KEYTAB_STALE_KVNO, BIT(RUNG_RESYNC) | SET_ANEW },
	{ RT_COND_SECRET_MISMATCH, SET_ANEW },
	{ RT_COND_KEYTAB_MISSING, BIT(RUNG_RESYNC) | SET_ANEW },
	{ RT_COND_ACCOUNT_WITHOUT_KEYS, SET_ANEW },
	/* An administrator who has checked the DC's fingerprint, or a key that proves it, may still say that it is the real
	 * one. */
	{ RT_COND_DC_NOT_PROVEN, BIT(RUNG_CREDENTIAL) },
};

static unsigned int rungs_for(enum rt_condition condition)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].condition == condition)
			return table[i].rungs;
	return 0;
}

/* Copying a password between stores, or giving a key its number, is this host's own business. Setting a new one isn't a
 * clone's: its twin would lose the account. */
static bool can_resync(const struct facts *facts)
{
	if (facts->samba == FACTS_SAMBA_OK && facts->samba_code == 0)
		return true;
	return facts->newest_code == 0 && (facts->self_code != 0 || facts->keytab_lags || !facts->clone);
}

static bool usable(enum rung_id rung, const struct facts *facts, const struct policy *policy)
{
	switch (rung) {
	case RUNG_RESYNC:
		return can_resync(facts);
	case RUNG_SPARE:
		return facts->has_spare && facts->spare_code == 0 && !facts->clone;
	case RUNG_CREDENTIAL:
		return policy->credential;
	default:
		return true;
	}
}

static const char *why_no_rung(const struct facts *facts)
{
	if (facts->nt4)
		return "the domain takes no secret that this host still has, and no credential was given: `retrust repair -U USER` "
		       "with an administrator of the domain";
	if (!facts->has_spare)
		return "the host has no spare key (`retrust enroll` makes one while the channel is healthy), and no credential "
		       "was given";
	if (facts->clone)
		return "this host is a clone of the one that was enrolled, and no credential was given";
	return "the domain doesn't take the spare key, and no credential was given";
}

static const char *why_never(enum rt_condition condition)
{
	if (condition == RT_COND_HEALTHY)
		return "there is nothing to repair";
	return "this can't be repaired from the host; see the advice";
}

void plan(enum rt_condition condition, const struct facts *facts, const struct policy *policy, struct plan *ret_plan)
{
	unsigned int rungs = rungs_for(condition);
	/* A damaged secrets.tdb may hold more than this password: nothing is written into it. */
	if (condition == RT_COND_SAMBA_SECRET_MISSING && facts->samba == FACTS_SAMBA_UNREADABLE)
		rungs = 0;
	/* An NT4-style domain keeps no deleted objects: there is nothing better than a new account. */
	if (condition == RT_COND_ACCOUNT_MISSING && facts->nt4)
		rungs = BIT(RUNG_CREDENTIAL);
	*ret_plan = (struct plan){ .why_not = "" };
	if (rungs == 0) {
		ret_plan->why_not = why_never(condition);
		return;
	}
	if (policy->unattended && !policy->repair_unattended) {
		ret_plan->why_not = "repair_at_logon = no: an administrator runs `retrust repair`";
		return;
	}
	for (int i = 0; i < RUNG_COUNT; i++) {
		enum rung_id rung = (enum rung_id)i;
		if ((rungs & BIT(rung)) != 0 && usable(rung, facts, policy))
			ret_plan->rung[ret_plan->count++] = rung;
	}
	if (ret_plan->count == 0)
		ret_plan->why_not = why_no_rung(facts);
}

const char *plan_rung_name(enum rung_id rung)
{
	static const char *const names[RUNG_COUNT] = { "pending", "resync", "previous", "spare", "credential",
		                                        "rotate" };
	return rung >= 0 && rung < RUNG_COUNT ? names[rung] : "";
}
