/* diagnose.c: a row for every answer it can give, and what holds for all facts together. */
#include "../../helper/engine/diagnose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ALONE(code)                                                                                                    \
	{                                                                                                              \
		.named = true, .keytab = FACTS_KEYTAB_NONE, .keytab_has_aes = true, .newest_code = code,               \
		.samba = FACTS_SAMBA_OK, .samba_code = code, .samba_previous_code = code, .ping = FACTS_PING_ENABLED   \
	}

/* Facts that aren't mentioned are 0: a readable keytab, a DC that was found and takes every secret (by Netlogon too), a
 * right clock. */
static const struct {
	const char *name;
	enum rt_condition expected;
	struct facts facts;
} rows[] = {
	/* this host alone */
	{ "junk in the keytab", RT_COND_KEYTAB_UNREADABLE, { .named = true, .keytab = FACTS_KEYTAB_UNREADABLE } },
	{ "junk in the keytab, no name known", RT_COND_KEYTAB_UNREADABLE, { .keytab = FACTS_KEYTAB_UNREADABLE } },
	{ "junk in the keytab, a change unfinished",
	  RT_COND_KEYTAB_UNREADABLE,
	  { .named = true, .keytab = FACTS_KEYTAB_UNREADABLE, .has_pending = true } },
	{ "no name known", RT_COND_NOT_JOINED, { .keytab = FACTS_KEYTAB_MISSING } },
	{ "no name known, other keys in the keytab", RT_COND_NOT_JOINED, { .keytab = FACTS_KEYTAB_NO_KEY } },
	{ "not looked, all in place", RT_COND_UNKNOWN, { .named = true, .dc = FACTS_DC_NOT_LOOKED } },
	{ "not looked, a change unfinished",
	  RT_COND_SECRET_PENDING,
	  { .named = true, .dc = FACTS_DC_NOT_LOOKED, .has_pending = true, .pending_code = FACTS_NOT_ASKED } },
	{ "not looked, no keytab",
	  RT_COND_KEYTAB_MISSING,
	  { .named = true, .dc = FACTS_DC_NOT_LOOKED, .keytab = FACTS_KEYTAB_MISSING } },
	{ "not looked, no key of ours",
	  RT_COND_KEYTAB_MISSING,
	  { .named = true, .dc = FACTS_DC_NOT_LOOKED, .keytab = FACTS_KEYTAB_NO_KEY } },
	{ "not looked, a change unfinished, no keytab",
	  RT_COND_SECRET_PENDING,
	  { .named = true, .dc = FACTS_DC_NOT_LOOKED, .has_pending = true, .keytab = FACTS_KEYTAB_MISSING } },

	{ "not looked, winbind's rotation unfinished",
	  RT_COND_SECRET_PENDING,
	  { .named = true, .dc = FACTS_DC_NOT_LOOKED, .samba = FACTS_SAMBA_OK, .has_samba_next = true } },
	{ "not looked, no secret in secrets.tdb",
	  RT_COND_SAMBA_SECRET_MISSING,
	  { .named = true, .dc = FACTS_DC_NOT_LOOKED, .samba = FACTS_SAMBA_NO_SECRET } },
	{ "not looked, secrets.tdb damaged",
	  RT_COND_SAMBA_SECRET_MISSING,
	  { .named = true, .dc = FACTS_DC_NOT_LOOKED, .samba = FACTS_SAMBA_UNREADABLE } },
	{ "not looked, secrets.tdb in place",
	  RT_COND_UNKNOWN,
	  { .named = true, .dc = FACTS_DC_NOT_LOOKED, .samba = FACTS_SAMBA_OK } },

	/* no DC */
	{ "DNS names none", RT_COND_DNS_FAILURE, { .named = true, .dc = FACTS_DC_DNS_FAILURE } },
	{ "none accepts", RT_COND_NO_DC, { .named = true, .dc = FACTS_DC_NONE } },
	{ "none accepts, a change unfinished",
	  RT_COND_NO_DC,
	  { .named = true, .dc = FACTS_DC_NONE, .has_pending = true } },
	{ "it stops answering", RT_COND_NO_DC, { .named = true, .newest_code = FACTS_UNREACHABLE } },
	{ "it stops answering after the key", RT_COND_NO_DC, { .named = true, .self_code = FACTS_UNREACHABLE } },

	/* the newest key is accepted */
	{ "healthy", RT_COND_HEALTHY, { .named = true } },
	{ "healthy, clock at the limit", RT_COND_HEALTHY, { .named = true, .clock_offset = -300 } },
	{ "accepted, clock off", RT_COND_CLOCK_SKEW, { .named = true, .clock_offset = 301 } },
	{ "accepted, no such kvno, clock off",
	  RT_COND_CLOCK_SKEW,
	  { .named = true, .self_code = 44, .clock_offset = -86400 } },
	{ "healthy, a clone", RT_COND_HEALTHY, { .named = true, .clone = true } },
	{ "healthy, spare refused", RT_COND_HEALTHY, { .named = true, .has_spare = true, .spare_code = 24 } },
	{ "healthy, the unfinished change never arrived",
	  RT_COND_HEALTHY,
	  { .named = true, .has_pending = true, .pending_code = 24 } },
	{ "the unfinished change did arrive",
	  RT_COND_SECRET_PENDING,
	  { .named = true, .has_pending = true, .newest_code = 24, .self_code = FACTS_NOT_ASKED } },
	{ "a pending code without a journal", RT_COND_SECRET_MISMATCH, { .named = true, .newest_code = 24 } },
	{ "no such kvno in the keytab", RT_COND_KEYTAB_STALE_KVNO, { .named = true, .self_code = 44 } },
	{ "another key of that kvno", RT_COND_KEYTAB_STALE_KVNO, { .named = true, .self_code = 31 } },
	{ "a name in another case lags behind", RT_COND_KEYTAB_STALE_KVNO, { .named = true, .keytab_lags = true } },
	{ "a name lags behind, secrets.tdb wrong",
	  RT_COND_KEYTAB_STALE_KVNO,
	  { .named = true, .keytab_lags = true, .samba = FACTS_SAMBA_OK, .samba_code = 24 } },
	{ "a name lags behind, the key is wrong anyway",
	  RT_COND_SECRET_MISMATCH,
	  { .named = true, .keytab_lags = true, .newest_code = 24 } },
	{ "no ticket for ourselves", RT_COND_SPN_MISSING, { .named = true, .self_code = 7 } },
	{ "no enctype for a ticket for ourselves", RT_COND_ENCTYPE_MISMATCH, { .named = true, .self_code = 14 } },
	{ "the self-test itself failed", RT_COND_UNKNOWN, { .named = true, .self_code = FACTS_FAILED } },
	{ "the self-test was not made", RT_COND_UNKNOWN, { .named = true, .self_code = FACTS_NOT_ASKED } },
	{ "the self-test got another code", RT_COND_UNKNOWN, { .named = true, .self_code = 60 } },

	/* … and Netlogon says something else */
	{ "accepted, Netlogon knows no such account",
	  RT_COND_ACCOUNT_WRONG_TYPE,
	  { .named = true, .netlogon = 0xC000018B } },
	{ "accepted, Netlogon wants another channel",
	  RT_COND_CHANNEL_REFUSED,
	  { .named = true, .netlogon = 0xC0000388 } },
	{ "accepted, a read-only DC's Netlogon has no such secret",
	  RT_COND_HEALTHY,
	  { .named = true, .netlogon = 0xC0000022 } },
	{ "accepted, no such kvno, a read-only DC's Netlogon has no such secret",
	  RT_COND_KEYTAB_STALE_KVNO,
	  { .named = true, .self_code = 44, .netlogon = 0xC0000022 } },
	{ "accepted, Netlogon not tried", RT_COND_HEALTHY, { .named = true, .netlogon = FACTS_NETLOGON_NOT_TRIED } },
	{ "accepted, Netlogon can't be reached", RT_COND_HEALTHY, { .named = true, .netlogon = 0xFFFFFFFE } },
	{ "accepted, Netlogon answers something else", RT_COND_HEALTHY, { .named = true, .netlogon = 0xC0000001 } },
	{ "refused, whatever Netlogon says",
	  RT_COND_SECRET_MISMATCH,
	  { .named = true, .newest_code = 24, .netlogon = 0xC0000022 } },

	/* … and Samba's copy */
	{ "secrets.tdb right too", RT_COND_HEALTHY, { .named = true, .samba = FACTS_SAMBA_OK } },
	{ "secrets.tdb not asked",
	  RT_COND_HEALTHY,
	  { .named = true, .samba = FACTS_SAMBA_OK, .samba_code = FACTS_UNREACHABLE } },
	{ "secrets.tdb wrong", RT_COND_STORES_DISAGREE, { .named = true, .samba = FACTS_SAMBA_OK, .samba_code = 24 } },
	{ "secrets.tdb one behind",
	  RT_COND_STORES_DISAGREE,
	  { .named = true, .samba = FACTS_SAMBA_OK, .samba_code = 24, .samba_previous_code = 24 } },
	{ "secrets.tdb isn't a store here", RT_COND_HEALTHY, { .named = true, .samba_code = 24 } },
	{ "secrets.tdb without a secret",
	  RT_COND_SAMBA_SECRET_MISSING,
	  { .named = true, .samba = FACTS_SAMBA_NO_SECRET } },
	{ "secrets.tdb damaged", RT_COND_SAMBA_SECRET_MISSING, { .named = true, .samba = FACTS_SAMBA_UNREADABLE } },
	{ "no such kvno, secrets.tdb wrong",
	  RT_COND_KEYTAB_STALE_KVNO,
	  { .named = true, .self_code = 44, .samba = FACTS_SAMBA_OK, .samba_code = 24 } },
	{ "winbind's unfinished change never arrived",
	  RT_COND_HEALTHY,
	  { .named = true, .samba = FACTS_SAMBA_OK, .has_samba_next = true, .samba_next_code = 24 } },
	{ "winbind's unfinished change did arrive",
	  RT_COND_SECRET_PENDING,
	  { .named = true, .newest_code = 24, .samba = FACTS_SAMBA_OK, .samba_code = 24, .has_samba_next = true } },
	{ "24, secrets.tdb right",
	  RT_COND_STORES_DISAGREE,
	  { .named = true, .newest_code = 24, .samba = FACTS_SAMBA_OK } },
	{ "24, secrets.tdb right, spare unknown",
	  RT_COND_STORES_DISAGREE,
	  { .named = true, .newest_code = 24, .samba = FACTS_SAMBA_OK, .has_spare = true, .spare_code = 6 } },
	{ "24, Samba's previous right",
	  RT_COND_SECRET_PREVIOUS,
	  { .named = true, .newest_code = 24, .samba = FACTS_SAMBA_OK, .samba_code = 24 } },
	{ "24, both stores wrong",
	  RT_COND_SECRET_MISMATCH,
	  { .named = true, .newest_code = 24, .samba = FACTS_SAMBA_OK, .samba_code = 24, .samba_previous_code = 24 } },
	{ "no key, secrets.tdb right",
	  RT_COND_KEYTAB_MISSING,
	  { .named = true, .keytab = FACTS_KEYTAB_MISSING, .newest_code = FACTS_NOT_ASKED, .samba = FACTS_SAMBA_OK } },
	{ "no key, secrets.tdb right, spare unknown",
	  RT_COND_KEYTAB_MISSING,
	  { .named = true,
	    .keytab = FACTS_KEYTAB_MISSING,
	    .newest_code = FACTS_NOT_ASKED,
	    .samba = FACTS_SAMBA_OK,
	    .has_spare = true,
	    .spare_code = 6 } },

	/* secrets.tdb is the only store */
	{ "no keytab here, secrets.tdb right", RT_COND_HEALTHY, ALONE(0) },
	{ "no keytab here, 24", RT_COND_SECRET_MISMATCH, ALONE(24) },
	{ "no keytab here, 6", RT_COND_ACCOUNT_MISSING, ALONE(6) },
	{ "no keytab here, 14", RT_COND_ACCOUNT_WITHOUT_KEYS, ALONE(14) },
	{ "no keytab here, no secret",
	  RT_COND_SAMBA_SECRET_MISSING,
	  { .named = true,
	    .keytab = FACTS_KEYTAB_NONE,
	    .newest_code = FACTS_NOT_ASKED,
	    .samba = FACTS_SAMBA_NO_SECRET,
	    .samba_code = FACTS_NOT_ASKED } },
	{ "no keytab here, no secret, account gone",
	  RT_COND_ACCOUNT_MISSING,
	  { .named = true,
	    .keytab = FACTS_KEYTAB_NONE,
	    .newest_code = FACTS_NOT_ASKED,
	    .account_code = 6,
	    .samba = FACTS_SAMBA_NO_SECRET } },
	{ "not looked, no keytab here",
	  RT_COND_UNKNOWN,
	  { .named = true, .dc = FACTS_DC_NOT_LOOKED, .keytab = FACTS_KEYTAB_NONE, .samba = FACTS_SAMBA_OK } },

	/* the newest key is refused: 24 */
	{ "24", RT_COND_SECRET_MISMATCH, { .named = true, .newest_code = 24, .ping = FACTS_PING_ENABLED } },
	{ "24, no ping", RT_COND_SECRET_MISMATCH, { .named = true, .newest_code = 24 } },
	{ "24, spare accepted", RT_COND_SECRET_MISMATCH, { .named = true, .newest_code = 24, .has_spare = true } },
	{ "24, spare revoked",
	  RT_COND_SECRET_MISMATCH,
	  { .named = true, .newest_code = 24, .has_spare = true, .spare_code = 18 } },
	{ "24, spare not answered",
	  RT_COND_SECRET_MISMATCH,
	  { .named = true, .newest_code = 24, .has_spare = true, .spare_code = FACTS_UNREACHABLE } },
	{ "24, no spare but its code",
	  RT_COND_SECRET_MISMATCH,
	  { .named = true, .newest_code = 24, .spare_code = 24 } },
	{ "24, clock at the limit",
	  RT_COND_SECRET_MISMATCH,
	  { .named = true, .newest_code = 24, .clock_offset = 300 } },
	{ "24, clock at the other limit",
	  RT_COND_SECRET_MISMATCH,
	  { .named = true, .newest_code = 24, .clock_offset = -300 } },
	{ "24, DC ahead", RT_COND_CLOCK_SKEW, { .named = true, .newest_code = 24, .clock_offset = 301 } },
	{ "24, DC behind", RT_COND_CLOCK_SKEW, { .named = true, .newest_code = 24, .clock_offset = -301 } },
	{ "24, an older key accepted", RT_COND_SECRET_PREVIOUS, { .named = true, .newest_code = 24, .older_kvno = 2 } },
	{ "24, an older key accepted, clock off, spare unknown, a clone",
	  RT_COND_SECRET_PREVIOUS,
	  { .named = true,
	    .newest_code = 24,
	    .older_kvno = 2,
	    .clock_offset = 400,
	    .has_spare = true,
	    .spare_code = 6,
	    .clone = true } },
	{ "24, spare unknown",
	  RT_COND_DC_NOT_PROVEN,
	  { .named = true, .newest_code = 24, .has_spare = true, .spare_code = 6, .ping = FACTS_PING_ENABLED } },
	{ "24, spare's key wrong",
	  RT_COND_DC_NOT_PROVEN,
	  { .named = true, .newest_code = 24, .has_spare = true, .spare_code = 24, .ping = FACTS_PING_ABSENT } },
	{ "24, spare's reply forged",
	  RT_COND_DC_NOT_PROVEN,
	  { .named = true, .newest_code = 24, .has_spare = true, .spare_code = FACTS_BAD_REPLY, .clone = true } },
	{ "24, no enabled account",
	  RT_COND_ACCOUNT_DISABLED,
	  { .named = true, .newest_code = 24, .ping = FACTS_PING_ABSENT } },
	{ "24, a clone", RT_COND_HOST_CLONED, { .named = true, .newest_code = 24, .clone = true } },

	/* the newest key gets another answer */
	{ "6", RT_COND_ACCOUNT_MISSING, { .named = true, .newest_code = 6 } },
	{ "6, spare accepted", RT_COND_ACCOUNT_MISSING, { .named = true, .newest_code = 6, .has_spare = true } },
	{ "6, spare unknown too",
	  RT_COND_DC_NOT_PROVEN,
	  { .named = true, .newest_code = 6, .has_spare = true, .spare_code = 6 } },
	{ "18",
	  RT_COND_ACCOUNT_DISABLED,
	  { .named = true, .newest_code = 18, .netlogon = FACTS_NETLOGON_NOT_TRIED } },
	{ "18, no enabled account",
	  RT_COND_ACCOUNT_DISABLED,
	  { .named = true,
	    .newest_code = 18,
	    .ping = FACTS_PING_ABSENT,
	    .netlogon = FACTS_NETLOGON_NOT_TRIED } },
	{ "18, an enabled account",
	  RT_COND_ACCOUNT_EXPIRED,
	  { .named = true,
	    .newest_code = 18,
	    .ping = FACTS_PING_ENABLED,
	    .netlogon = FACTS_NETLOGON_NOT_TRIED } },
	{ "18, Netlogon knows no such account",
	  RT_COND_ACCOUNT_DISABLED,
	  { .named = true, .newest_code = 18, .netlogon = 0xC000018B } },
	{ "18, Netlogon takes the secret", RT_COND_ACCOUNT_EXPIRED, { .named = true, .newest_code = 18 } },
	{ "18, Netlogon takes the secret, the ping finds nobody",
	  RT_COND_ACCOUNT_EXPIRED,
	  { .named = true, .newest_code = 18, .ping = FACTS_PING_ABSENT } },
	{ "14, the keytab has AES",
	  RT_COND_ACCOUNT_WITHOUT_KEYS,
	  { .named = true, .newest_code = 14, .keytab_has_aes = true } },
	{ "14, the keytab has none", RT_COND_ENCTYPE_MISMATCH, { .named = true, .newest_code = 14 } },
	{ "37", RT_COND_CLOCK_SKEW, { .named = true, .newest_code = 37 } },
	{ "a forged reply", RT_COND_DC_NOT_PROVEN, { .named = true, .newest_code = FACTS_BAD_REPLY } },
	{ "29", RT_COND_UNKNOWN, { .named = true, .newest_code = 29 } },
	{ "our own failure", RT_COND_UNKNOWN, { .named = true, .newest_code = FACTS_FAILED } },

	/* there is no key to ask with */
	{ "no key, the account exists",
	  RT_COND_KEYTAB_MISSING,
	  { .named = true, .keytab = FACTS_KEYTAB_MISSING, .newest_code = FACTS_NOT_ASKED } },
	{ "no key, an odd answer",
	  RT_COND_KEYTAB_MISSING,
	  { .named = true, .newest_code = FACTS_NOT_ASKED, .account_code = 14 } },
	{ "no key, no account",
	  RT_COND_ACCOUNT_MISSING,
	  { .named = true, .newest_code = FACTS_NOT_ASKED, .account_code = 6 } },
	{ "no key, account disabled",
	  RT_COND_ACCOUNT_DISABLED,
	  { .named = true,
	    .newest_code = FACTS_NOT_ASKED,
	    .account_code = 18,
	    .netlogon = FACTS_NETLOGON_NOT_TRIED } },
	{ "no key, account expired",
	  RT_COND_ACCOUNT_EXPIRED,
	  { .named = true, .newest_code = FACTS_NOT_ASKED, .account_code = 18, .ping = FACTS_PING_ENABLED } },
	{ "no key, no answer",
	  RT_COND_NO_DC,
	  { .named = true, .newest_code = FACTS_NOT_ASKED, .account_code = FACTS_UNREACHABLE } },
	{ "no key, 37", RT_COND_CLOCK_SKEW, { .named = true, .newest_code = FACTS_NOT_ASKED, .account_code = 37 } },
	{ "no key, clock off",
	  RT_COND_CLOCK_SKEW,
	  { .named = true, .newest_code = FACTS_NOT_ASKED, .clock_offset = -4000 } },
	{ "no key, spare unknown",
	  RT_COND_DC_NOT_PROVEN,
	  { .named = true, .newest_code = FACTS_NOT_ASKED, .has_spare = true, .spare_code = 6 } },
	{ "no key, no account, spare unknown",
	  RT_COND_DC_NOT_PROVEN,
	  { .named = true, .newest_code = FACTS_NOT_ASKED, .has_spare = true, .spare_code = 24, .account_code = 6 } },
};

static void every_row(void **state)
{
	(void)state;
	int wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum rt_condition condition = diagnose(&rows[i].facts);
		if (condition == rows[i].expected)
			continue;
		print_error("%s: %s instead of %s\n", rows[i].name, condition_info(condition)->name,
		            condition_info(rows[i].expected)->name);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* The rows are enough: whatever can be answered is answered by one of them. */
static void every_answer_has_a_row(void **state)
{
	static const enum rt_condition later[] = {
		RT_COND_ACCOUNT_DELETED_RESTORABLE,
		RT_COND_HOST_RENAMED,
		RT_COND_NAME_TRUNCATED,
		RT_COND_HOST_NEWER_THAN_DOMAIN,
		RT_COND_DCS_DISAGREE,
		RT_COND_READ_ONLY_DC,
		RT_COND_SPN_DUPLICATE,
		RT_COND_USER_DOMAIN_TRUST_BROKEN,
	};
	bool seen[RT_COND_COUNT] = { false };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		seen[rows[i].expected] = true;
	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		assert_false(seen[later[i]]);
		seen[later[i]] = true;
	}
	for (int i = 0; i < RT_COND_COUNT; i++)
		if (!seen[i])
			fail_msg("%s has no row", condition_info((enum rt_condition)i)->name);
}

static bool spare_unknown(const struct facts *f)
{
	return f->has_spare && (f->spare_code == 6 || f->spare_code == 24 || f->spare_code == FACTS_BAD_REPLY);
}

/* The DC takes a secret that a change left behind, ours or winbind's. */
static bool has_arrived(const struct facts *f)
{
	return (f->has_pending && f->pending_code == 0) || (f->has_samba_next && f->samba_next_code == 0);
}

/* Has the DC shown that it knows a secret of this host? */
static bool proven(const struct facts *f)
{
	return f->newest_code == 0 || (f->newest_code == 24 && f->older_kvno != 0) || has_arrived(f) ||
	       (f->samba == FACTS_SAMBA_OK &&
	        (f->samba_code == 0 || (f->newest_code == 24 && f->samba_previous_code == 0)));
}

/* What can be told without the domain. */
static const char *wrong_alone(const struct facts *f, enum rt_condition c)
{
	bool mendable = condition_info(c)->mendable;
	if ((f->keytab == FACTS_KEYTAB_UNREADABLE) != (c == RT_COND_KEYTAB_UNREADABLE))
		return "an unreadable keytab, and nothing else, is unreadable";
	if (c == RT_COND_KEYTAB_UNREADABLE)
		return NULL;
	if (f->named == (c == RT_COND_NOT_JOINED))
		return "without a name, and only then, the host is not joined";
	if (mendable && f->dc != FACTS_DC_FOUND && f->dc != FACTS_DC_NOT_LOOKED)
		return "without a DC nothing is to be mended";
	if (mendable && f->dc == FACTS_DC_NOT_LOOKED && c == RT_COND_SECRET_PENDING && !f->has_pending &&
	    !f->has_samba_next)
		return "pending without a journal";
	if (mendable && f->dc == FACTS_DC_NOT_LOOKED && c == RT_COND_KEYTAB_MISSING && f->keytab == FACTS_KEYTAB_OK)
		return "missing although it is there";
	if (mendable && f->dc == FACTS_DC_NOT_LOOKED && c != RT_COND_SECRET_PENDING && c != RT_COND_KEYTAB_MISSING &&
	    c != RT_COND_SAMBA_SECRET_MISSING)
		return "told without having looked";
	return NULL;
}

/* What the DC's answers allow to be said. */
static const char *wrong_with_dc(const struct facts *f, enum rt_condition c)
{
	bool right_clock = f->clock_offset >= -300 && f->clock_offset <= 300;
	bool asked = f->named && f->keytab != FACTS_KEYTAB_UNREADABLE && f->dc == FACTS_DC_FOUND;
	bool arrived = has_arrived(f);
	bool samba_well = f->samba == FACTS_SAMBA_NONE || (f->samba == FACTS_SAMBA_OK && f->samba_code != 24);
	bool works = f->newest_code == 0 && f->self_code == 0 && !f->keytab_lags && samba_well && right_clock;
	if ((c == RT_COND_HEALTHY) != (asked && works && !arrived))
		return "healthy is the key accepted, a ticket opened and the clock right, and nothing less";
	if (asked && (c == RT_COND_SECRET_PENDING) != arrived)
		return "pending is what the DC takes the journal's secret for";
	if (c == RT_COND_SECRET_PREVIOUS && (f->newest_code != 24 || !proven(f)))
		return "previous without an older key that works";
	if (c == RT_COND_SECRET_MISMATCH && (f->newest_code != 24 || f->clone || !right_clock || proven(f) ||
	                                     f->ping == FACTS_PING_ABSENT || spare_unknown(f)))
		return "a mismatch that something else explains";
	if (asked && spare_unknown(f) && !proven(f) &&
	    (f->newest_code == 6 || f->newest_code == FACTS_NOT_ASKED || (f->newest_code == 24 && right_clock)) &&
	    c != RT_COND_DC_NOT_PROVEN)
		return "a DC that knows neither key is not proven";
	if (c == RT_COND_DC_NOT_PROVEN && proven(f) && f->newest_code != FACTS_BAD_REPLY && f->newest_code != 6)
		return "a DC that knows a secret of ours is proven";
	if (asked && !arrived && f->newest_code == FACTS_UNREACHABLE && c != RT_COND_NO_DC)
		return "no answer is no DC";
	return NULL;
}

/* All values that make a difference, and one more of each kind. */
struct digit {
	size_t offset;
	size_t size;
	size_t count;
	int32_t values[10];
	size_t at;
};

#define DIGIT(member, number, ...)                                                                                     \
	{                                                                                                              \
		offsetof(struct facts, member), sizeof(((struct facts *)0)->member), number, { __VA_ARGS__ }, 0        \
	}

static void put(struct facts *facts, const struct digit *digit)
{
	bool truth = digit->values[digit->at] != 0;
	if (digit->size == sizeof truth)
		memcpy((char *)facts + digit->offset, &truth, sizeof truth);
	else
		memcpy((char *)facts + digit->offset, &digit->values[digit->at], sizeof digit->values[0]);
}

static bool next(struct facts *facts, struct digit *digits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		digits[i].at = (digits[i].at + 1) % digits[i].count;
		put(facts, &digits[i]);
		if (digits[i].at != 0)
			return true;
	}
	return false;
}

static void all_facts_together(void **state)
{
	struct digit digits[] = {
		DIGIT(newest_code, 10, 0, 6, 14, 18, 24, 29, 37, FACTS_NOT_ASKED, FACTS_UNREACHABLE, FACTS_BAD_REPLY),
		DIGIT(spare_code, 5, 0, 6, 24, FACTS_BAD_REPLY, FACTS_UNREACHABLE),
		DIGIT(self_code, 2, 0, 44),
		DIGIT(account_code, 3, 0, 6, FACTS_UNREACHABLE),
		DIGIT(pending_code, 2, 0, 24), /* and samba_next_code, which stays 0 */
		DIGIT(older_kvno, 2, 0, 2),
		DIGIT(ping, 3, FACTS_PING_NONE, FACTS_PING_ENABLED, FACTS_PING_ABSENT),
		DIGIT(clock_offset, 2, 0, 301),
		DIGIT(has_spare, 2, 0, 1),
		DIGIT(has_pending, 2, 0, 1),
		DIGIT(clone, 2, 0, 1),
		DIGIT(named, 2, 0, 1),
		DIGIT(samba, 4, FACTS_SAMBA_NONE, FACTS_SAMBA_OK, FACTS_SAMBA_NO_SECRET, FACTS_SAMBA_UNREADABLE),
		DIGIT(samba_code, 3, 0, 24, FACTS_NOT_ASKED),
		DIGIT(samba_previous_code, 2, 0, 24),
		DIGIT(has_samba_next, 2, 0, 1),
		DIGIT(keytab_lags, 2, 0, 1),
		DIGIT(keytab, 3, FACTS_KEYTAB_OK, FACTS_KEYTAB_MISSING, FACTS_KEYTAB_UNREADABLE),
		DIGIT(dc, 4, FACTS_DC_FOUND, FACTS_DC_NOT_LOOKED, FACTS_DC_DNS_FAILURE, FACTS_DC_NONE),
	};
	struct facts f = { .named = false };
	(void)state;
	do {
		enum rt_condition c = diagnose(&f);
		const char *wrong = wrong_alone(&f, c);
		if (wrong == NULL)
			wrong = wrong_with_dc(&f, c);
		if (wrong != NULL)
			fail_msg("%s: %s from newest %d spare %d/%d self %d account %d pending %d/%d older %d ping %d "
			         "clock %d "
			         "clone %d keytab %d dc %d named %d samba %d/%d/%d/%d",
			         wrong, condition_info(c)->name, f.newest_code, f.has_spare, f.spare_code, f.self_code,
			         f.account_code, f.has_pending, f.pending_code, f.older_kvno, (int)f.ping,
			         f.clock_offset, f.clone, (int)f.keytab, (int)f.dc, f.named, (int)f.samba, f.samba_code,
			         f.samba_previous_code, f.has_samba_next);
	} while (next(&f, digits, sizeof digits / sizeof *digits));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(every_answer_has_a_row),
		cmocka_unit_test(all_facts_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
