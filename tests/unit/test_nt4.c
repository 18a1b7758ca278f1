/* nt4.c: which secrets are tried, what is made of Netlogon's word, that winbindd keeps its session or gets it back. The
 * PDC, the lookup and winbindd are this file's. */
#include "../../helper/probe/nt4.h"
#include "../../helper/directory/netlogon.h"
#include "../../helper/directory/samr_lookup.h"
#include "../../helper/directory/smb_logon.h"
#include "../../helper/engine/diagnose.h"
#include "../../helper/probe/nt4_locate.h"
#include "../../helper/service/winbind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The domain. */
static const char *taken;       /* the password that the PDC takes, "" = none */
static uint32_t refusal;        /* what it says to others */
static enum samr_lookup looked; /* what it says of the account */
static bool found;              /* somebody is the PDC */
static bool winbindd;           /* runs here */
static bool notices;            /* and finds its channel good */
static bool sessions;           /* the PDC proves itself by SMB sessions too */
static int asked, told, opened;

static bool takes(const struct secret *nt_hash)
{
	SECRET_AUTO password = { 0 }, hash = { 0 };
	assert_true(secret_set(&password, taken, strlen(taken)));
	return password.len > 0 && netlogon_hash_of_password(&password, &hash) == 0 && secret_equal(nt_hash, &hash);
}

bool smb_logon_proves(const struct dc *dc, const struct smb_logon *logon, struct deadline deadline, struct fault *fault)
{
	(void)deadline, (void)fault;
	assert_true(dc->nt4);
	assert_string_equal(logon->account, "M1$");
	assert_string_equal(logon->domain, "NT4LAB");
	opened++;
	return sessions && takes(logon->nt_hash);
}

uint32_t netlogon_verify(const struct dc *dc, const char *account, const char *computer, const struct secret *nt_hash,
                         struct deadline deadline, struct fault *fault)
{
	(void)deadline;
	assert_true(dc->nt4);
	assert_string_equal(account, "NT4LAB\\M1$");
	assert_string_equal(computer, "M1");
	asked++;
	if (takes(nt_hash))
		return 0;
	(void)fault_set(fault, FAULT_BROKEN, "refused");
	return refusal;
}

enum samr_lookup samr_lookup(const struct dc *dc, const char *sid, const char *account, struct deadline deadline,
                             struct fault *fault)
{
	(void)dc, (void)deadline, (void)fault;
	assert_string_equal(sid, "S-1-5-21-1-2-3");
	assert_string_equal(account, "M1$");
	return looked;
}

bool winbind_notice(struct deadline deadline, const struct teller *teller)
{
	(void)deadline, (void)teller;
	told++;
	return notices;
}

bool winbind_runs(void)
{
	return winbindd;
}

enum locate_result nt4_locate(const char *named, const struct smbconf *conf, const char *domain,
                              struct deadline deadline, struct dc *ret_dc, struct fault *fault)
{
	(void)named, (void)conf, (void)domain, (void)deadline, (void)fault;
	*ret_dc = (struct dc){ .host = "PDC1", .nt4 = true, .pdc = true };
	return found ? LOCATE_FOUND : LOCATE_NO_DC;
}

static struct host host;

static void set(struct secret *secret, const char *text)
{
	assert_true(secret_set(secret, text, strlen(text)));
}

/* A host with those passwords; NULL = none. */
static void begin(const char *current, const char *previous, const char *next, const char *journal)
{
	host_init(&host, deadline_in(5000), NULL);
	strcpy(host.domain, "NT4LAB");
	strcpy(host.account, "M1$");
	strcpy(host.computer, "M1");
	strcpy(host.samba.sid, "S-1-5-21-1-2-3");
	host.facts.nt4 = host.facts.named = true;
	host.facts.keytab = FACTS_KEYTAB_NONE;
	host.facts.samba = current != NULL ? FACTS_SAMBA_OK : FACTS_SAMBA_NO_SECRET;
	host.facts.has_samba_next = next != NULL;
	host.facts.has_pending = journal != NULL;
	if (current != NULL)
		set(&host.samba.current, current);
	if (previous != NULL)
		set(&host.samba.previous, previous);
	if (next != NULL)
		set(&host.samba.next, next);
	if (journal != NULL)
		set(&host.journal.next, journal);
	asked = told = opened = 0;
	taken = "";
	refusal = 0xC0000022;
	looked = SAMR_LOOKUP_PRESENT;
	found = winbindd = notices = sessions = true;
}

/* `retrust verify`'s: it wants the channel's own word. */
static enum rt_condition look(void)
{
	const struct domain_wish wish = { .dc = "", .thorough = true };
	nt4_probe(&host, &wish);
	assert_int_equal(0, opened);
	return diagnose(&host.facts);
}

/* A logon's, or `retrust repair`'s. */
static enum rt_condition look_on(bool unattended)
{
	const struct domain_wish wish = { .dc = "", .unattended = unattended };
	nt4_probe(&host, &wish);
	return diagnose(&host.facts);
}

static void test_healthy(void **state)
{
	(void)state;
	begin("now", "before", NULL, NULL);
	taken = "now";
	assert_int_equal(RT_COND_HEALTHY, look());
	assert_int_equal(0, host.facts.netlogon);
	assert_int_equal(1, asked);
	assert_int_equal(1, told);
}

/* Every secret that the host still has is tried. */
static void test_stores(void **state)
{
	static const struct {
		const char *taken;
		enum rt_condition condition;
		int told;
	} rows[] = { { "before", RT_COND_SECRET_PREVIOUS, 1 },
		     { "next", RT_COND_SECRET_PENDING, 1 },
		     { "journal", RT_COND_SECRET_PENDING, 1 },
		     { "another", RT_COND_SECRET_MISMATCH, 0 } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin("now", "before", "next", "journal");
		taken = rows[i].taken;
		assert_int_equal(rows[i].condition, look());
		assert_int_equal(0xC0000022, host.facts.netlogon);
		assert_int_equal(4, asked);
		assert_int_equal(rows[i].told, told);
	}
}

/* A change that never happened: the journal's secret is asked about although the channel is healthy. */
static void test_journal(void **state)
{
	(void)state;
	begin("now", NULL, NULL, "journal");
	taken = "now";
	assert_int_equal(RT_COND_HEALTHY, look());
	assert_int_equal(24, host.facts.pending_code);
	assert_int_equal(2, asked);
	assert_int_equal(1, told);
}

static void test_account(void **state)
{
	static const struct {
		uint32_t status;
		enum samr_lookup looked;
		enum rt_condition condition;
	} rows[] = { { 0xC0000022, SAMR_LOOKUP_PRESENT, RT_COND_SECRET_MISMATCH },
		     { 0xC0000022, SAMR_LOOKUP_UNKNOWN, RT_COND_SECRET_MISMATCH },
		     { 0xC0000022, SAMR_LOOKUP_ABSENT, RT_COND_ACCOUNT_MISSING },
		     { 0xC0000022, SAMR_LOOKUP_DISABLED, RT_COND_ACCOUNT_DISABLED },
		     { 0xC000018B, SAMR_LOOKUP_ABSENT, RT_COND_ACCOUNT_MISSING },
		     { 0xC000018B, SAMR_LOOKUP_UNKNOWN, RT_COND_ACCOUNT_MISSING },
		     { 0xC000018B, SAMR_LOOKUP_PRESENT, RT_COND_ACCOUNT_DISABLED },
		     { 0xC0000388, SAMR_LOOKUP_PRESENT, RT_COND_CHANNEL_REFUSED },
		     { 0xC0000001, SAMR_LOOKUP_PRESENT, RT_COND_UNKNOWN },
		     { NETLOGON_UNREACHABLE, SAMR_LOOKUP_PRESENT, RT_COND_NO_DC },
		     { NETLOGON_BAD_REPLY, SAMR_LOOKUP_PRESENT, RT_COND_DC_NOT_PROVEN } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin("now", NULL, NULL, NULL);
		refusal = rows[i].status;
		looked = rows[i].looked;
		if (look() != rows[i].condition)
			fail_msg("row %zu: %s", i, condition_info(diagnose(&host.facts))->name);
		assert_int_equal(0, told);
	}
}

static void test_no_secret(void **state)
{
	(void)state;
	begin(NULL, NULL, NULL, NULL);
	assert_int_equal(RT_COND_SAMBA_SECRET_MISSING, look());
	assert_int_equal(0, asked);
	begin(NULL, NULL, NULL, NULL);
	looked = SAMR_LOOKUP_ABSENT;
	assert_int_equal(RT_COND_ACCOUNT_MISSING, look());
}

static void test_nobody(void **state)
{
	(void)state;
	begin("now", NULL, NULL, NULL);
	found = false;
	assert_int_equal(RT_COND_NO_DC, look());
	assert_int_equal(0, asked);
}

/* After a rung: the new password is the store's, and what was found before doesn't count. */
static void test_confirm(void **state)
{
	(void)state;
	begin("now", "before", NULL, NULL);
	taken = "before";
	assert_int_equal(RT_COND_SECRET_PREVIOUS, look());
	set(&host.samba.current, "before");
	secret_wipe(&host.samba.previous);
	told = 0;
	nt4_confirm(&host);
	assert_int_equal(RT_COND_HEALTHY, diagnose(&host.facts));
	assert_int_equal(1, told);
}

/* A logon's look at a healthy channel touches neither Netlogon nor winbindd. */
static void test_untouched(void **state)
{
	(void)state;
	begin("now", "before", NULL, NULL);
	taken = "now";
	assert_int_equal(RT_COND_HEALTHY, look_on(true));
	assert_int_equal(FACTS_NETLOGON_NOT_TRIED, host.facts.netlogon);
	assert_int_equal(0, asked);
	assert_int_equal(0, told);
	begin("now", "before", NULL, NULL);
	taken = "now";
	assert_int_equal(RT_COND_HEALTHY, look_on(false));
	assert_int_equal(0, asked);
	assert_int_equal(1, told);
}

/* Where it isn't proven, can't tell all, or has nothing to spare, Netlogon is asked as ever. */
static void test_not_untouched(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		begin("now", "before", i == 3 ? "next" : NULL, i == 4 ? "journal" : NULL);
		taken = i == 0 ? "before" : "now";
		sessions = i != 1;
		winbindd = i != 2;
		notices = i != 5;
		const enum rt_condition condition = look_on(i != 5);
		if (condition != (i == 0 ? RT_COND_SECRET_PREVIOUS : RT_COND_HEALTHY) || asked == 0 ||
		    opened != (i == 0 || i == 1 || i == 5))
			fail_msg("case %d: %s, asked %d, opened %d", i, condition_info(condition)->name, asked, opened);
	}
	begin(NULL, "before", NULL, NULL);
	assert_int_equal(RT_COND_SAMBA_SECRET_MISSING, look_on(true));
	assert_int_equal(0, opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_untouched), cmocka_unit_test(test_not_untouched),
		                            cmocka_unit_test(test_healthy),   cmocka_unit_test(test_stores),
		                            cmocka_unit_test(test_journal),   cmocka_unit_test(test_account),
		                            cmocka_unit_test(test_no_secret), cmocka_unit_test(test_nobody),
		                            cmocka_unit_test(test_confirm) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
