/* plan.c: which rungs for which condition, and never one more. */
#include "../../helper/engine/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The longest list of each condition: with a store that works, a spare that works and a credential. All others have
 * none. */
static const struct {
	enum rt_condition condition;
	const char *rungs;
} rows[] = {
	{ RT_COND_SECRET_PENDING, "pending spare credential " },
	{ RT_COND_SECRET_PREVIOUS, "previous spare credential " },
	{ RT_COND_KEYTAB_STALE_KVNO, "resync spare credential " },
	{ RT_COND_STORES_DISAGREE, "resync spare credential " },
	{ RT_COND_SAMBA_SECRET_MISSING, "resync spare credential " },
	{ RT_COND_KEYTAB_MISSING, "resync spare credential " },
	{ RT_COND_SECRET_MISMATCH, "spare credential " },
	{ RT_COND_ACCOUNT_WITHOUT_KEYS, "spare credential " },
	{ RT_COND_DC_NOT_PROVEN, "credential " },
};

static const char *longest(enum rt_condition condition)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].condition == condition)
			return rows[i].rungs;
	return "";
}

/* What the stores hold, as the DC says. */
struct stores {
	const char *name;
	enum facts_samba samba;
	int32_t samba_code, newest_code, self_code;
	bool one_works;
	bool lags; /* a name of ours in the keytab lags behind */
};

static const struct stores stores[] = {
	{ "a good keytab", FACTS_SAMBA_NONE, FACTS_NOT_ASKED, 0, 0, true, false },
	{ "a keytab with a name that lags", FACTS_SAMBA_NONE, FACTS_NOT_ASKED, 0, 0, true, true },
	{ "a keytab of another number", FACTS_SAMBA_NONE, FACTS_NOT_ASKED, 0, 44, true, false },
	{ "a bad keytab", FACTS_SAMBA_NONE, FACTS_NOT_ASKED, 24, FACTS_NOT_ASKED, false, false },
	{ "a bad keytab, a code of no store", FACTS_SAMBA_NONE, 0, 24, FACTS_NOT_ASKED, false, false },
	{ "a bad keytab, good secrets.tdb", FACTS_SAMBA_OK, 0, 24, FACTS_NOT_ASKED, true, false },
	{ "no keytab, good secrets.tdb", FACTS_SAMBA_OK, 0, FACTS_NOT_ASKED, FACTS_NOT_ASKED, true, false },
	{ "no keytab, bad secrets.tdb", FACTS_SAMBA_OK, 24, FACTS_NOT_ASKED, FACTS_NOT_ASKED, false, false },
	{ "a good keytab, bad secrets.tdb", FACTS_SAMBA_OK, 24, 0, 0, true, false },
	{ "a good keytab, empty secrets.tdb", FACTS_SAMBA_NO_SECRET, FACTS_NOT_ASKED, 0, 0, true, false },
	{ "a good keytab, damaged secrets.tdb", FACTS_SAMBA_UNREADABLE, FACTS_NOT_ASKED, 0, 0, true, false },
};

enum { STORES = sizeof stores / sizeof *stores };

/* One situation: what plan() looks at. */
struct situation {
	bool has_spare, clone, credential, unattended, allowed;
	int32_t spare_code;
	size_t stores;
};

static const char *list(enum rt_condition condition, const struct situation *s, struct plan *ret_plan)
{
	static char text[100];
	const struct stores *have = &stores[s->stores];
	const struct facts facts = { .has_spare = s->has_spare,
		                     .spare_code = s->spare_code,
		                     .clone = s->clone,
		                     .samba = have->samba,
		                     .samba_code = have->samba_code,
		                     .newest_code = have->newest_code,
		                     .self_code = have->self_code,
		                     .keytab_lags = have->lags };
	const struct policy policy = { .unattended = s->unattended,
		                       .repair_unattended = s->allowed,
		                       .credential = s->credential };
	memset(ret_plan, 0x5a, sizeof *ret_plan);
	plan(condition, &facts, &policy, ret_plan);
	text[0] = '\0';
	for (int i = 0; i < ret_plan->count; i++)
		strcat(strcat(text, plan_rung_name(ret_plan->rung[i])), " ");
	return text;
}

static void cut(char *text, const char *word)
{
	char *at = strstr(text, word);
	if (at != NULL)
		memmove(at, at + strlen(word), strlen(at + strlen(word)) + 1);
}

/* A keytab can't be copied into secrets.tdb: resync then sets a new password in the domain, which would break the twin.
 */
static bool changes_for_a_clone(const struct situation *s)
{
	const struct stores *have = &stores[s->stores];
	bool copied = have->samba == FACTS_SAMBA_OK && have->samba_code == 0;
	return s->clone && !copied && have->newest_code == 0 && have->self_code == 0 && !have->lags;
}

static void expected_list(enum rt_condition condition, const struct situation *s, char *buf)
{
	strcpy(buf, longest(condition));
	if (!s->has_spare || s->spare_code != 0 || s->clone)
		cut(buf, "spare ");
	if (!s->credential)
		cut(buf, "credential ");
	if (!stores[s->stores].one_works || changes_for_a_clone(s))
		cut(buf, "resync ");
	if (condition == RT_COND_SAMBA_SECRET_MISSING && stores[s->stores].samba == FACTS_SAMBA_UNREADABLE)
		buf[0] = '\0';
	if (s->unattended && !s->allowed)
		buf[0] = '\0';
}

static void check_one(enum rt_condition condition, const struct situation *s)
{
	struct plan p;
	char expected[100];
	expected_list(condition, s, expected);
	const char *found = list(condition, s, &p);
	if (strcmp(found, expected) != 0)
		fail_msg("%s, %s, spare %d/%d clone %d credential %d unattended %d allowed %d: '%s' instead of '%s'",
		         condition_info(condition)->name, stores[s->stores].name, s->has_spare, s->spare_code, s->clone,
		         s->credential, s->unattended, s->allowed, found, expected);
	assert_non_null(p.why_not);
	assert_int_equal(p.why_not[0] != '\0', p.count == 0);
	for (int i = 1; i < p.count; i++)
		assert_true(p.rung[i - 1] < p.rung[i]);
	if (!condition_info(condition)->mendable)
		assert_true(p.count == 0 ||
		            (condition == RT_COND_DC_NOT_PROVEN && s->credential && p.rung[0] == RUNG_CREDENTIAL));
}

static void every_condition_in_every_situation(void **state)
{
	static const int32_t codes[] = {
		0, 6, 18, 24, 37, FACTS_NOT_ASKED, FACTS_UNREACHABLE, FACTS_BAD_REPLY, FACTS_FAILED
	};
	(void)state;
	for (int condition = 0; condition < RT_COND_COUNT; condition++)
		for (unsigned int bits = 0; bits < 32; bits++)
			for (size_t i = 0; i < STORES * sizeof codes / sizeof *codes; i++) {
				const struct situation s = { .has_spare = (bits & 1) != 0,
					                     .clone = (bits & 2) != 0,
					                     .credential = (bits & 4) != 0,
					                     .unattended = (bits & 8) != 0,
					                     .allowed = (bits & 16) != 0,
					                     .spare_code = codes[i / STORES],
					                     .stores = i % STORES };
				check_one((enum rt_condition)condition, &s);
			}
}

static void what_may_be_mended_has_rungs(void **state)
{
	(void)state;
	for (int i = 0; i < RT_COND_COUNT; i++) {
		enum rt_condition c = (enum rt_condition)i;
		if (condition_info(c)->mendable && longest(c)[0] == '\0')
			fail_msg("%s has no rung", condition_info(c)->name);
	}
}

/* A person at a prompt is no logon: the setting doesn't bind an administrator. */
static void tells_why_not(void **state)
{
	static const struct {
		enum rt_condition condition;
		struct situation situation;
		const char *says;
	} whys[] = {
		{ RT_COND_HEALTHY, { .has_spare = true, .credential = true, .allowed = true }, "nothing to repair" },
		{ RT_COND_ACCOUNT_DISABLED,
		  { .has_spare = true, .credential = true, .allowed = true },
		  "can't be repaired" },
		{ RT_COND_ACCOUNT_DISABLED, { .unattended = true }, "can't be repaired" },
		{ RT_COND_SECRET_MISMATCH, { .has_spare = true, .unattended = true }, "repair_at_logon" },
		{ RT_COND_SECRET_MISMATCH, { .allowed = true }, "no spare key" },
		{ RT_COND_SECRET_MISMATCH,
		  { .allowed = true, .spare_code = FACTS_NOT_ASKED, .clone = true },
		  "no spare key" },
		{ RT_COND_SECRET_MISMATCH, { .allowed = true, .has_spare = true, .clone = true }, "clone" },
		{ RT_COND_SECRET_MISMATCH,
		  { .allowed = true, .has_spare = true, .spare_code = 18 },
		  "doesn't take the spare" },
		{ RT_COND_STORES_DISAGREE, { .allowed = true, .stores = 7 }, "no spare key" },
		{ RT_COND_SAMBA_SECRET_MISSING,
		  { .credential = true, .allowed = true, .stores = 10 },
		  "can't be repaired" },
		{ RT_COND_DC_NOT_PROVEN,
		  { .allowed = true, .has_spare = true, .spare_code = 6 },
		  "doesn't take the spare" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof whys / sizeof *whys; i++) {
		struct plan p;
		assert_string_equal(list(whys[i].condition, &whys[i].situation, &p), "");
		if (strstr(p.why_not, whys[i].says) == NULL)
			fail_msg("row %zu: '%s' doesn't say '%s'", i, p.why_not, whys[i].says);
	}
}

/* A domain of NT4's kind restores nothing: an administrator may have the account made again. */
static void an_nt4_domain_makes_accounts_anew(void **state)
{
	static const struct {
		enum rt_condition condition;
		bool nt4, credential;
		int count;
	} cases[] = { { RT_COND_ACCOUNT_MISSING, true, true, 1 },   { RT_COND_ACCOUNT_MISSING, true, false, 0 },
		     { RT_COND_ACCOUNT_MISSING, false, true, 0 },  { RT_COND_ACCOUNT_DISABLED, true, true, 0 },
		     { RT_COND_SECRET_MISMATCH, true, true, 1 },   { RT_COND_SECRET_MISMATCH, true, false, 0 } };
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct plan p;
		const struct facts facts = { .nt4 = cases[i].nt4,
			                     .keytab = FACTS_KEYTAB_NONE,
			                     .newest_code = cases[i].condition == RT_COND_ACCOUNT_MISSING ? 6 : 24 };
		const struct policy policy = { .repair_unattended = true, .credential = cases[i].credential };
		plan(cases[i].condition, &facts, &policy, &p);
		assert_int_equal(p.count, cases[i].count);
		if (p.count > 0)
			assert_int_equal(p.rung[0], RUNG_CREDENTIAL);
		else if (cases[i].nt4 && cases[i].condition != RT_COND_ACCOUNT_DISABLED)
			assert_non_null(strstr(p.why_not, "retrust repair -U USER"));
	}
}

static void rungs_have_their_names(void **state)
{
	static const char *const names[] = { "pending", "resync", "previous", "spare", "credential", "rotate" };
	(void)state;
	assert_int_equal(sizeof names / sizeof *names, RUNG_COUNT);
	for (int i = 0; i < RUNG_COUNT; i++)
		assert_string_equal(plan_rung_name((enum rung_id)i), names[i]);
	assert_string_equal(plan_rung_name(RUNG_COUNT), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_condition_in_every_situation),
		cmocka_unit_test(what_may_be_mended_has_rungs),
		cmocka_unit_test(tells_why_not),
		cmocka_unit_test(an_nt4_domain_makes_accounts_anew),
		cmocka_unit_test(rungs_have_their_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
