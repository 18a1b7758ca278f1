/* The result of a request as JSON, see report.h. Absent facts are null, never invented. */
#include "report.h"

#include <retrust/codes.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *verb_name(enum rt_verb verb)
{
	static const char *const names[RT_VERB_COUNT] = { "", "logon", "status", "verify", "repair", "enroll", "enroll",
		                                           "rotate", "lookup", "remember" };
	return verb > 0 && verb < RT_VERB_COUNT ? names[verb] : "";
}

/* A text that isn't UTF-8 (cut inside a letter, or so from a DC) is still told, with ? for what isn't ASCII. */
static json_t *text_or_null(const char *text)
{
	char plain[1024];
	size_t n = 0;
	json_t *string = text[0] != '\0' ? json_string(text) : json_null();
	if (string != NULL)
		return string;
	for (; n < sizeof plain - 1 && text[n] != '\0'; n++)
		plain[n] = (unsigned char)text[n] < 0x80 ? text[n] : '?';
	plain[n] = '\0';
	return json_string(plain);
}

static json_t *code_or_null(int32_t code)
{
	return code >= 0 ? json_integer(code) : json_null();
}

static json_t *hex_or_null(uint32_t code)
{
	char text[16];
	(void)snprintf(text, sizeof text, "0x%08X", code);
	return code != 0 ? json_string(text) : json_null();
}

static json_t *event_or_null(int event)
{
	return event != 0 ? json_integer(event) : json_null();
}

static void put(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new(object, key, value);
}

/* In an NT4-style domain nobody speaks Kerberos. */
static json_t *kerberos_or_null(const struct facts *facts)
{
	return code_or_null(facts->nt4 ? FACTS_NOT_ASKED : facts->newest_code);
}

static const char *keytab_verdict(const struct facts *facts)
{
	switch (facts->keytab) {
	case FACTS_KEYTAB_MISSING:
	case FACTS_KEYTAB_NO_KEY:
		return "missing";
	case FACTS_KEYTAB_UNREADABLE:
		return "unreadable";
	case FACTS_KEYTAB_OK:
	case FACTS_KEYTAB_NONE:
		break;
	}
	if (facts->newest_code == 0)
		return facts->self_code == 31 || facts->self_code == 44 ? "stale-kvno" : "right";
	if (facts->newest_code == 24)
		return facts->older_kvno != 0 ? "previous" : "wrong";
	return facts->newest_code == FACTS_NOT_ASKED ? "not-tried" : "unknown";
}

static const char *samba_verdict(const struct facts *facts)
{
	if (facts->samba == FACTS_SAMBA_NO_SECRET)
		return "missing";
	if (facts->samba == FACTS_SAMBA_UNREADABLE)
		return "unreadable";
	if (facts->samba_code == 0)
		return "right";
	if (facts->samba_next_code == 0)
		return "pending";
	if (facts->samba_code == 24)
		return facts->samba_previous_code == 0 ? "previous" : "wrong";
	return facts->samba_code == FACTS_NOT_ASKED ? "not-tried" : "unknown";
}

static void add_store(json_t *list, const char *name, const char *path, const char *verdict, int32_t kvno)
{
	json_t *store = json_object();
	put(store, "name", json_string(name));
	put(store, "path", json_string(path));
	put(store, "verdict", json_string(verdict));
	put(store, "kvno", kvno > 0 ? json_integer(kvno) : json_null());
	(void)json_array_append_new(list, store);
}

static json_t *stores(const struct host *host)
{
	const struct facts *facts = &host->facts;
	json_t *list = json_array();
	if (facts->keytab != FACTS_KEYTAB_NONE)
		add_store(list, "keytab", host->settings.keytab, keytab_verdict(facts), facts->newest_kvno);
	if (facts->samba != FACTS_SAMBA_NONE)
		add_store(list, "secrets.tdb", host->settings.secrets_tdb, samba_verdict(facts), 0);
	return list;
}

/* STATUS_SUCCESS is said, "not tried" and "no answer" are null. */
static json_t *netlogon_or_null(uint32_t status)
{
	char text[16];
	(void)snprintf(text, sizeof text, "0x%08X", status);
	return status < FACTS_NETLOGON_LOCAL ? json_string(text) : json_null();
}

static json_t *dcs(const struct host *host)
{
	json_t *list = json_array();
	if (host->dc.host[0] == '\0')
		return list;
	json_t *dc = json_object();
	put(dc, "name", text_or_null(host->dc.host));
	put(dc, "address", json_string(host->dc.address));
	put(dc, "pdc", json_boolean(host->dc.pdc));
	put(dc, "kerberos", kerberos_or_null(&host->facts));
	put(dc, "kvno", host->facts.account_kvno > 0 ? json_integer(host->facts.account_kvno) : json_null());
	put(dc, "netlogon", netlogon_or_null(host->facts.netlogon));
	put(dc, "event", event_or_null(codes_ntstatus_event(host->facts.netlogon)));
	(void)json_array_append_new(list, dc);
	return list;
}

static json_t *spare(const struct host *host, const struct engine_outcome *outcome)
{
	static const char *const states[] = { "unknown", "none", "works", "refused" };
	json_t *object = json_object();
	uint32_t state = outcome->health.spare;
	if (!host->facts.has_spare)
		state = RT_SPARE_NONE;
	else if (state == RT_SPARE_NONE || state > RT_SPARE_REFUSED)
		state = RT_SPARE_UNKNOWN;
	put(object, "state", json_string(states[state]));
	put(object, "account", text_or_null(host->identity.spare_account));
	return object;
}

static json_t *rungs(const struct engine_outcome *outcome)
{
	static const char *const results[] = { "done", "failed", "unsure" };
	json_t *list = json_array();
	for (int i = 0; i < outcome->tries; i++) {
		const struct engine_try *attempt = &outcome->tried[i];
		json_t *rung = json_object();
		put(rung, "name", json_string(plan_rung_name(attempt->rung)));
		put(rung, "result", json_string(results[attempt->result]));
		put(rung, "why", attempt->why[0] != '\0' ? text_or_null(attempt->why) : json_string(""));
		(void)json_array_append_new(list, rung);
	}
	return list;
}

static json_t *plan_list(const struct plan *plan)
{
	json_t *list = json_array();
	for (int i = 0; i < plan->count; i++)
		(void)json_array_append_new(list, json_string(plan_rung_name(plan->rung[i])));
	return list;
}

static void put_condition(json_t *root, const struct engine_outcome *outcome)
{
	const struct rt_condition_info *info = condition_info(outcome->condition);
	put(root, "condition", json_string(info->name));
	put(root, "healthy", json_boolean(outcome->condition == RT_COND_HEALTHY));
	put(root, "repairable", json_boolean(info->mendable));
	put(root, "repaired", json_boolean(outcome->repaired));
	put(root, "rotated", json_boolean(outcome->rotated));
	put(root, "ntstatus", hex_or_null(info->ntstatus));
	put(root, "event", event_or_null(info->event));
	put(root, "advice", json_string(info->advice));
}

static void put_plan(json_t *root, const struct engine_request *request, const struct engine_outcome *outcome)
{
	if (!request->plan_only)
		return;
	put(root, "plan", plan_list(&outcome->plan));
	put(root, "why", text_or_null(outcome->plan.why_not));
}

char *report_json(const struct host *host, const struct engine_request *request, const struct engine_outcome *outcome,
                  const struct fault *fault, int elapsed_ms)
{
	json_t *root = json_object();
	put(root, "verb", json_string(verb_name(request->verb)));
	put_condition(root, outcome);
	put(root, "kerberos", kerberos_or_null(&host->facts));
	put(root, "domain", text_or_null(host->domain));
	put(root, "realm", text_or_null(host->realm));
	put(root, "account", text_or_null(host->account));
	put(root, "dc", text_or_null(host->dc.host[0] != '\0' ? host->dc.host : outcome->health.dc));
	put(root, "stores", stores(host));
	put(root, "dcs", dcs(host));
	put(root, "spare", spare(host, outcome));
	put(root, "pending", json_boolean(host->facts.has_pending));
	put(root, "rungs", rungs(outcome));
	put_plan(root, request, outcome);
	put(root, "checked", outcome->health.checked_unix != 0 ? json_integer(outcome->health.checked_unix) : json_null());
	if (request->verb == RT_VERB_REMEMBER) {
		put(root, "users", json_integer((json_int_t)outcome->remembered.users));
		put(root, "groups", json_integer((json_int_t)outcome->remembered.groups));
	}
	put(root, "error", text_or_null(fault->text));
	put(root, "note", text_or_null(host->note.text));
	put(root, "exit", json_integer(outcome->exit_code));
	put(root, "elapsed_ms", json_integer(elapsed_ms));
	char *text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}
