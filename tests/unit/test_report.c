/* report.c: the contract's object, read back. */
#include "../../helper/serve/report.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARKER "SECRET-MARKER"

static struct host host;
static struct engine_request request;
static struct engine_outcome outcome;
static struct fault fault;

/* Nothing is known. */
static int forget(void **state)
{
	(void)state;
	host_init(&host, deadline_in(1000), NULL);
	settings_default(&host.settings);
	memset(&request, 0, sizeof request);
	memset(&outcome, 0, sizeof outcome);
	memset(&fault, 0, sizeof fault);
	request.verb = RT_VERB_VERIFY;
	outcome.plan.why_not = "";
	return 0;
}

static json_t *report(void)
{
	json_error_t error;
	char *text = report_json(&host, &request, &outcome, &fault, 41);
	assert_non_null(text);
	assert_null(strchr(text, '\n'));
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		fail_msg("%s in %s", error.text, text);
	free(text);
	return root;
}

/* A member as JSON text of its own, found by a path such as "stores.0.verdict". */
static const char *at(const json_t *root, const char *path)
{
	static char text[4000];
	char copy[200];
	const json_t *value = root;
	strcpy(copy, path);
	for (char *key = strtok(copy, "."); key != NULL; key = strtok(NULL, "."))
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(key)) : json_object_get(value, key);
	if (value == NULL)
		return "absent";
	text[json_dumpb(value, text, sizeof text - 1, JSON_ENCODE_ANY | JSON_COMPACT)] = '\0';
	return text;
}

struct expected {
	const char *path, *value;
};

static void assert_members(const struct expected *rows, size_t count)
{
	json_t *root = report();
	for (size_t i = 0; i < count; i++)
		if (strcmp(at(root, rows[i].path), rows[i].value) != 0)
			fail_msg("%s is %s, not %s", rows[i].path, at(root, rows[i].path), rows[i].value);
	json_decref(root);
}

static void absent_facts_are_null(void **state)
{
	static const struct expected rows[] = {
		{ "verb", "\"verify\"" },
		{ "condition", "\"unknown\"" },
		{ "healthy", "false" },
		{ "repairable", "false" },
		{ "repaired", "false" },
		{ "ntstatus", "null" },
		{ "event", "9001" },
		{ "kerberos", "null" },
		{ "domain", "null" },
		{ "realm", "null" },
		{ "account", "null" },
		{ "dc", "null" },
		{ "stores.0.name", "\"keytab\"" },
		{ "stores.0.path", "\"/etc/krb5.keytab\"" },
		{ "stores.0.kvno", "null" },
		{ "stores.1", "absent" },
		{ "dcs", "[]" },
		{ "spare.state", "\"none\"" },
		{ "spare.account", "null" },
		{ "pending", "false" },
		{ "rungs", "[]" },
		{ "plan", "absent" },
		{ "why", "absent" },
		{ "checked", "null" },
		{ "error", "null" },
		{ "note", "null" },
		{ "exit", "0" },
		{ "elapsed_ms", "41" },
	};
	(void)state;
	assert_members(rows, sizeof rows / sizeof *rows);
}

static void known_facts_are_told(void **state)
{
	static const struct expected rows[] = {
		{ "verb", "\"repair\"" },
		{ "condition", "\"secret-mismatch\"" },
		{ "healthy", "false" },
		{ "repairable", "true" },
		{ "ntstatus", "\"0xC0000022\"" },
		{ "event", "3210" },
		{ "kerberos", "24" },
		{ "domain", "\"LAB\"" },
		{ "realm", "\"LAB.EXAMPLE\"" },
		{ "account", "\"M1$\"" },
		{ "dc", "\"dc1.lab.example\"" },
		{ "stores.0.verdict", "\"wrong\"" },
		{ "stores.0.kvno", "4" },
		{ "dcs.0.name", "\"dc1.lab.example\"" },
		{ "dcs.0.address", "\"10.0.0.1\"" },
		{ "dcs.0.pdc", "true" },
		{ "dcs.0.kerberos", "24" },
		{ "dcs.0.kvno", "7" },
		{ "dcs.0.netlogon", "\"0xC000018B\"" },
		{ "dcs.0.event", "5721" },
		{ "spare.state", "\"works\"" },
		{ "spare.account", "\"m1-spare\"" },
		{ "pending", "true" },
		{ "rungs.0", "{\"name\":\"pending\",\"result\":\"failed\",\"why\":\"a \\\"quoted\\\" reason\"}" },
		{ "rungs.1", "{\"name\":\"spare\",\"result\":\"unsure\",\"why\":\"\"}" },
		{ "rungs.2", "absent" },
		{ "checked", "1700000000" },
		{ "error", "\"what failed\"" },
		{ "note", "\"by the way\"" },
		{ "exit", "1" },
	};
	(void)state;
	request.verb = RT_VERB_REPAIR;
	outcome.condition = RT_COND_SECRET_MISMATCH;
	strcpy(host.domain, "LAB");
	strcpy(host.realm, "LAB.EXAMPLE");
	strcpy(host.account, "M1$");
	strcpy(host.dc.host, "dc1.lab.example");
	strcpy(host.dc.address, "10.0.0.1");
	host.dc.pdc = true;
	host.facts.newest_code = 24;
	host.facts.netlogon = 0xC000018B;
	host.facts.newest_kvno = 4;
	host.facts.account_kvno = 7;
	host.facts.has_spare = host.facts.has_pending = true;
	strcpy(host.identity.spare_account, "m1-spare");
	outcome.health.spare = RT_SPARE_WORKS;
	outcome.health.checked_unix = 1700000000;
	outcome.tries = 2;
	outcome.tried[0] = (struct engine_try){ RUNG_PENDING, RUNG_FAILED, "a \"quoted\" reason" };
	outcome.tried[1] = (struct engine_try){ RUNG_SPARE, RUNG_UNSURE, "" };
	outcome.exit_code = 1;
	strcpy(fault.text, "what failed");
	strcpy(host.note.text, "by the way");
	assert_members(rows, sizeof rows / sizeof *rows);
}

static void a_repair_is_told(void **state)
{
	static const struct expected rows[] = {
		{ "condition", "\"healthy\"" },
		{ "healthy", "true" },
		{ "repairable", "false" },
		{ "repaired", "true" },
		{ "ntstatus", "null" },
		{ "event", "9000" },
		{ "kerberos", "0" },
		{ "rungs.0.result", "\"done\"" },
	};
	(void)state;
	outcome.condition = RT_COND_HEALTHY;
	outcome.repaired = true;
	outcome.tries = 1;
	outcome.tried[0] = (struct engine_try){ RUNG_SPARE, RUNG_DONE, "" };
	host.facts.newest_code = 0;
	assert_members(rows, sizeof rows / sizeof *rows);
}

/* Not tried and not answered is null, never "refused". */
static void what_the_channel_says(void **state)
{
	static const struct {
		uint32_t status;
		struct expected rows[2];
	} cases[] = {
		{ 0, { { "dcs.0.netlogon", "\"0x00000000\"" }, { "dcs.0.event", "null" } } },
		{ 0xC0000022, { { "dcs.0.netlogon", "\"0xC0000022\"" }, { "dcs.0.event", "3210" } } },
		{ 0xC0000388, { { "dcs.0.netlogon", "\"0xC0000388\"" }, { "dcs.0.event", "null" } } },
		{ FACTS_NETLOGON_NOT_TRIED, { { "dcs.0.netlogon", "null" }, { "dcs.0.event", "null" } } },
		{ FACTS_NETLOGON_LOCAL, { { "dcs.0.netlogon", "null" }, { "dcs.0.event", "null" } } },
	};
	(void)state;
	strcpy(host.dc.host, "dc1.lab.example");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		host.facts.netlogon = cases[i].status;
		assert_members(cases[i].rows, 2);
	}
}

static void every_verdict_on_the_keytab(void **state)
{
	static const struct {
		enum facts_keytab keytab;
		int32_t newest, self, older;
		const char *verdict;
	} rows[] = {
		{ FACTS_KEYTAB_MISSING, FACTS_NOT_ASKED, 0, 0, "missing" },
		{ FACTS_KEYTAB_NO_KEY, FACTS_NOT_ASKED, 0, 0, "missing" },
		{ FACTS_KEYTAB_UNREADABLE, FACTS_NOT_ASKED, 0, 0, "unreadable" },
		{ FACTS_KEYTAB_OK, FACTS_NOT_ASKED, FACTS_NOT_ASKED, 0, "not-tried" },
		{ FACTS_KEYTAB_OK, 0, 0, 0, "right" },
		{ FACTS_KEYTAB_OK, 0, 7, 0, "right" },
		{ FACTS_KEYTAB_OK, 0, 44, 0, "stale-kvno" },
		{ FACTS_KEYTAB_OK, 0, 31, 0, "stale-kvno" },
		{ FACTS_KEYTAB_OK, 24, 0, 0, "wrong" },
		{ FACTS_KEYTAB_OK, 24, 0, 3, "previous" },
		{ FACTS_KEYTAB_OK, 6, 0, 0, "unknown" },
		{ FACTS_KEYTAB_OK, FACTS_UNREACHABLE, 0, 0, "unknown" },
		{ FACTS_KEYTAB_OK, FACTS_BAD_REPLY, 0, 0, "unknown" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		host.facts.keytab = rows[i].keytab;
		host.facts.newest_code = rows[i].newest;
		host.facts.self_code = rows[i].self;
		host.facts.older_kvno = rows[i].older;
		json_t *root = report();
		const char *found = json_string_value(
			json_object_get(json_array_get(json_object_get(root, "stores"), 0), "verdict"));
		if (found == NULL || strcmp(found, rows[i].verdict) != 0)
			fail_msg("row %zu: %s instead of %s", i, found != NULL ? found : "none", rows[i].verdict);
		json_decref(root);
	}
}

static void every_verdict_on_secrets_tdb(void **state)
{
	static const struct {
		enum facts_samba samba;
		int32_t code, next, previous;
		const char *verdict;
	} rows[] = {
		{ FACTS_SAMBA_NO_SECRET, FACTS_NOT_ASKED, FACTS_NOT_ASKED, FACTS_NOT_ASKED, "\"missing\"" },
		{ FACTS_SAMBA_UNREADABLE, FACTS_NOT_ASKED, FACTS_NOT_ASKED, FACTS_NOT_ASKED, "\"unreadable\"" },
		{ FACTS_SAMBA_OK, 0, FACTS_NOT_ASKED, FACTS_NOT_ASKED, "\"right\"" },
		{ FACTS_SAMBA_OK, 24, 0, FACTS_NOT_ASKED, "\"pending\"" },
		{ FACTS_SAMBA_OK, 24, FACTS_NOT_ASKED, 0, "\"previous\"" },
		{ FACTS_SAMBA_OK, 24, FACTS_NOT_ASKED, 24, "\"wrong\"" },
		{ FACTS_SAMBA_OK, FACTS_NOT_ASKED, FACTS_NOT_ASKED, FACTS_NOT_ASKED, "\"not-tried\"" },
		{ FACTS_SAMBA_OK, FACTS_UNREACHABLE, FACTS_NOT_ASKED, FACTS_NOT_ASKED, "\"unknown\"" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct expected members[] = { { "stores.0.name", "\"keytab\"" },
			                            { "stores.1.name", "\"secrets.tdb\"" },
			                            { "stores.1.path", "\"/var/lib/samba/private/secrets.tdb\"" },
			                            { "stores.1.verdict", rows[i].verdict },
			                            { "stores.1.kvno", "null" },
			                            { "stores.2", "absent" } };
		host.facts.samba = rows[i].samba;
		host.facts.samba_code = rows[i].code;
		host.facts.samba_next_code = rows[i].next;
		host.facts.samba_previous_code = rows[i].previous;
		assert_members(members, sizeof members / sizeof *members);
	}
}

/* The codes of an NT4-style domain are Netlogon's in Kerberos' dress: nobody has said them. */
static void an_nt4_domain_knows_no_kerberos(void **state)
{
	const struct expected members[] = { { "realm", "null" },
		                            { "kerberos", "null" },
		                            { "dcs.0.kerberos", "null" },
		                            { "dcs.0.netlogon", "\"0xC0000022\"" },
		                            { "stores.0.name", "\"secrets.tdb\"" },
		                            { "stores.0.verdict", "\"unknown\"" },
		                            { "stores.1", "absent" } };
	(void)state;
	host.facts.nt4 = true;
	host.facts.keytab = FACTS_KEYTAB_NONE;
	host.facts.samba = FACTS_SAMBA_OK;
	host.facts.newest_code = host.facts.samba_code = 6;
	host.facts.netlogon = 0xC0000022;
	(void)snprintf(host.dc.host, sizeof host.dc.host, "PDC1");
	assert_members(members, sizeof members / sizeof *members);
}

static void every_state_of_the_spare(void **state)
{
	static const struct {
		bool has;
		uint32_t recorded;
		const char *told;
	} rows[] = {
		{ false, RT_SPARE_WORKS, "\"none\"" },     { true, RT_SPARE_WORKS, "\"works\"" },
		{ true, RT_SPARE_REFUSED, "\"refused\"" }, { true, RT_SPARE_UNKNOWN, "\"unknown\"" },
		{ true, RT_SPARE_NONE, "\"unknown\"" },    { true, 77, "\"unknown\"" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct expected row = { "spare.state", rows[i].told };
		host.facts.has_spare = rows[i].has;
		outcome.health.spare = rows[i].recorded;
		assert_members(&row, 1);
	}
}

static void a_plan_is_told_where_it_was_asked_for(void **state)
{
	static const struct expected list[] = { { "plan", "[\"pending\",\"spare\"]" }, { "why", "null" } };
	static const struct expected none[] = { { "plan", "[]" }, { "why", "\"because\"" } };
	(void)state;
	request.plan_only = true;
	outcome.plan = (struct plan){ .count = 2, .rung = { RUNG_PENDING, RUNG_SPARE }, .why_not = "" };
	assert_members(list, 2);
	outcome.plan = (struct plan){ .why_not = "because" };
	assert_members(none, 2);
}

static void every_verb_has_its_name(void **state)
{
	static const char *const names[] = { "\"logon\"",  "\"status\"", "\"verify\"", "\"repair\"",
		                             "\"enroll\"", "\"enroll\"", "\"rotate\"", "\"lookup\"", "\"remember\"" };
	(void)state;
	assert_int_equal(sizeof names / sizeof *names, RT_VERB_COUNT - 1);
	for (int verb = 1; verb < RT_VERB_COUNT; verb++) {
		const struct expected row = { "verb", names[verb - 1] };
		request.verb = (enum rt_verb)verb;
		assert_members(&row, 1);
	}
}

/* The DC of the record, where none was asked this time. */
static void the_recorded_dc_is_told(void **state)
{
	static const struct expected rows[] = { { "dc", "\"dc2.lab.example\"" }, { "dcs", "[]" } };
	(void)state;
	strcpy(outcome.health.dc, "dc2.lab.example");
	assert_members(rows, 2);
}

/* A text that was cut inside a letter, or came so from a DC, is still told. */
static void bytes_that_are_no_text_lose_nothing(void **state)
{
	(void)state;
	strcpy(fault.text, "M\xc3\xbcnchen \xc3");
	strcpy(host.note.text, "note \xff");
	strcpy(host.dc.host, "dc\x80");
	json_t *root = report();
	assert_string_not_equal(at(root, "error"), "absent");
	assert_non_null(strstr(at(root, "error"), "nchen"));
	assert_non_null(strstr(at(root, "note"), "note"));
	assert_string_not_equal(at(root, "dc"), "absent");
	assert_string_not_equal(at(root, "dcs.0.name"), "absent");
	json_decref(root);
}

static void fill_key(struct secret *secret)
{
	assert_true(secret_set(secret, MARKER, strlen(MARKER)));
}

static void no_secret_gets_in(void **state)
{
	static struct credential credential = { .kind = RT_CRED_PASSWORD, .fd = -1 };
	(void)state;
	fill_key(&credential.password);
	fill_key(&host.journal.next);
	fill_key(&host.spare.key[0].key);
	fill_key(&host.keytab.keys.key[0].key);
	fill_key(&host.samba.current);
	fill_key(&host.samba.next);
	fill_key(&host.samba.previous);
	host.facts.samba = FACTS_SAMBA_OK;
	host.spare.count = host.keytab.keys.count = 1;
	host.facts.has_pending = host.facts.has_spare = true;
	request.credential = &credential;
	for (int verb = 1; verb < RT_VERB_COUNT; verb++) {
		request.verb = (enum rt_verb)verb;
		request.plan_only = verb == RT_VERB_REPAIR;
		char *text = report_json(&host, &request, &outcome, &fault, 1);
		assert_non_null(text);
		assert_null(strstr(text, MARKER));
		assert_null(strstr(text, "5345435245542d4d")); /* nor in hex */
		assert_null(strstr(text, "U0VDUkVULU1"));      /* nor in base64 */
		free(text);
	}
}

#define FRESH(test) cmocka_unit_test_setup(test, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(absent_facts_are_null),
		FRESH(known_facts_are_told),
		FRESH(a_repair_is_told),
		FRESH(what_the_channel_says),
		FRESH(every_verdict_on_the_keytab),
		FRESH(every_verdict_on_secrets_tdb),
		FRESH(an_nt4_domain_knows_no_kerberos),
		FRESH(every_state_of_the_spare),
		FRESH(a_plan_is_told_where_it_was_asked_for),
		FRESH(every_verb_has_its_name),
		FRESH(the_recorded_dc_is_told),
		FRESH(bytes_that_are_no_text_lose_nothing),
		FRESH(no_secret_gets_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
