/* What a look at the domain leaves behind, see record.h. */
#include "record.h"

#include "../base/paths.h"
#include "../event/event.h"
#include "../store/file.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static enum rt_spare_state spare_state(const struct host *host, const struct rt_health *before)
{
	if (!host->facts.has_spare)
		return RT_SPARE_NONE;
	if (host->facts.spare_code == 0)
		return RT_SPARE_WORKS;
	return host->facts.spare_code > 0 ? RT_SPARE_REFUSED : (enum rt_spare_state)before->spare;
}

/* An attempt speaks for the condition that it met, not for a later one. */
static uint64_t tried_at(const struct engine_outcome *outcome, const struct rt_health *before, uint64_t now)
{
	if (outcome->tried_to_repair)
		return now;
	bool same = before->condition == (uint32_t)outcome->condition && outcome->condition != RT_COND_HEALTHY;
	return same ? before->tried_boot_ms : 0;
}

static bool has_changed(const struct engine_outcome *outcome)
{
	return outcome->repaired || outcome->rotated;
}

/* A channel that was found healthy may have broken while a service was being woken: then the verdict is as old as the look.
 * That of an attempt is as new as its end, so that those who waited for it don't make it again one by one. */
static uint64_t seen_at(const struct engine_outcome *outcome)
{
	bool only_looked = outcome->condition == RT_COND_HEALTHY && !has_changed(outcome) && outcome->looked_boot_ms != 0;
	return only_looked ? outcome->looked_boot_ms : deadline_boot_ms();
}

static void fill(const struct host *host, const struct engine_outcome *outcome, const struct rt_health *before,
                 struct rt_health *health)
{
	memset(health, 0, sizeof *health);
	health->magic = RT_HEALTH_MAGIC;
	health->condition = outcome->condition;
	health->checked_boot_ms = seen_at(outcome);
	health->checked_unix = (int64_t)time(NULL);
	health->tried_boot_ms = tried_at(outcome, before, health->checked_boot_ms);
	/* A rotation too: a logon that fell between the DC's change and the keytab's may try again. */
	bool changed = has_changed(outcome);
	health->repaired_boot_ms = changed ? outcome->mended_boot_ms : before->repaired_boot_ms;
	health->winbind_ms = outcome->winbind_boot_ms != 0 ? (uint32_t)outcome->winbind_boot_ms : before->winbind_ms;
	health->repaired_unix = outcome->repaired ? health->checked_unix : before->repaired_unix;
	health->kerberos = host->facts.nt4 ? FACTS_NOT_ASKED : host->facts.newest_code;
	health->kvno = host->facts.account_kvno;
	health->spare = spare_state(host, before);
	(void)snprintf(health->dc, sizeof health->dc, "%.127s", host->dc.host);
	health->check = health_sum(health);
}

static void tell(const struct host *host, struct event *event)
{
	event->dc = host->dc.host;
	event->domain = host->domain;
	event->account = host->account;
	event->computer = host->computer;
	event_record(event);
}

/* One record a change of state: what was found when it is new, a deed always. */
static void events(const struct host *host, const struct engine_outcome *outcome, const struct rt_health *before,
                   uint64_t started_boot_ms)
{
	int ms = (int)(deadline_boot_ms() - started_boot_ms);
	bool known = before->magic == RT_HEALTH_MAGIC && before->condition == outcome->found;
	bool deed = has_changed(outcome);
	const struct engine_try *last = outcome->tries > 0 ? &outcome->tried[outcome->tries - 1] : NULL;
	struct event found = { .condition = outcome->found, .rung = "", .detail = "", .elapsed_ms = ms };
	if (last != NULL && !deed)
		found.detail = last->why;
	if (!known)
		tell(host, &found);
	if (!deed || last == NULL)
		return;
	struct event done = { .condition = outcome->condition,
		              .deed = outcome->repaired ? EVENT_REPAIRED : EVENT_ROTATED,
		              .rung = plan_rung_name(last->rung),
		              .detail = "",
		              .elapsed_ms = ms };
	tell(host, &done);
}

static bool same_names(const struct keytab_names *a, const struct keytab_names *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->name[i], b->name[i]) != 0)
			return false;
	return true;
}

/* A host that loses its keytab, or secrets.tdb, must know who it was. */
static void keep_names(struct host *host)
{
	struct identity *identity = &host->identity;
	struct identity now = *identity;
	(void)snprintf(now.realm, sizeof now.realm, "%s", host->realm);
	(void)snprintf(now.account, sizeof now.account, "%s", host->account);
	now.names = host->keytab.names;
	bool samba = host->facts.samba == FACTS_SAMBA_OK;
	(void)snprintf(now.samba, sizeof now.samba, "%s", samba ? host->samba.domain : "");
	if (now.domain_sid[0] == '\0')
		(void)snprintf(now.domain_sid, sizeof now.domain_sid, "%s", host->samba.sid);
	if (strcmp(now.realm, identity->realm) == 0 && strcmp(now.account, identity->account) == 0 &&
	    strcmp(now.samba, identity->samba) == 0 && strcmp(now.domain_sid, identity->domain_sid) == 0 &&
	    same_names(&now.names, &identity->names))
		return;
	*identity = now;
	(void)identity_write(PATH_IDENTITY, identity, &host->note);
}

void record_outcome(struct host *host, struct engine_outcome *outcome, uint64_t started_boot_ms)
{
	struct rt_health before;
	if (!health_read(PATH_HEALTH, &before))
		memset(&before, 0, sizeof before);
	fill(host, outcome, &before, &outcome->health);
	if (file_replace(PATH_HEALTH, &outcome->health, sizeof outcome->health, 0644, &host->note) != 0)
		return;
	events(host, outcome, &before, started_boot_ms);
	if (outcome->condition == RT_COND_HEALTHY)
		keep_names(host);
}
