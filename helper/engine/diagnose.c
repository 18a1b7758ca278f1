/* From facts to a condition. The order of the questions is the knowledge: what can be told from this host alone first,
 * then what the DC proved, then what it merely said. */
#include "diagnose.h"

#include <stddef.h>

/* RFC 4120 7.5.9 */
enum {
	KDC_CLIENT_UNKNOWN = 6,
	KDC_SERVER_UNKNOWN = 7,
	KDC_NO_ENCTYPE = 14,
	KDC_CLIENT_REVOKED = 18,
	KDC_PREAUTH_FAILED = 24,
	KDC_SKEW = 37,
};

/* What Netlogon says to an account that Kerberos accepts: it is no workstation's, or the DC's policy wants another
 * channel. 0xC0000022 isn't among them: a read-only DC that doesn't keep this account's secret says so to the right
 * one. */
#define STATUS_NO_TRUST_SAM_ACCOUNT 0xC000018Bu
#define STATUS_DOWNGRADE_DETECTED 0xC0000388u

enum { SKEW_LIMIT = 300 }; /* seconds that Kerberos allows by default */

static bool clock_is_off(const struct facts *facts)
{
	return facts->clock_offset > SKEW_LIMIT || facts->clock_offset < -SKEW_LIMIT;
}

/* Samba's copy proves the DC as well as a key does. */
static bool samba_accepted(const struct facts *facts)
{
	return facts->samba == FACTS_SAMBA_OK && facts->samba_code == 0;
}

/* A DC that knows neither the machine key nor the spare (which nothing but an administrator changes) is likely another
 * one's. A revoked spare (18) is known to it. */
static bool spare_is_unknown(const struct facts *facts)
{
	return facts->has_spare && !samba_accepted(facts) &&
	       (facts->spare_code == KDC_CLIENT_UNKNOWN || facts->spare_code == KDC_PREAUTH_FAILED ||
	        facts->spare_code == FACTS_BAD_REPLY);
}

/* The keytab is right: is Samba's copy? */
static enum rt_condition by_samba(const struct facts *facts)
{
	if (facts->samba == FACTS_SAMBA_NO_SECRET || facts->samba == FACTS_SAMBA_UNREADABLE)
		return RT_COND_SAMBA_SECRET_MISSING;
	return facts->samba == FACTS_SAMBA_OK && facts->samba_code == KDC_PREAUTH_FAILED ? RT_COND_STORES_DISAGREE
	                                                                                 : RT_COND_HEALTHY;
}

/* The newest key was accepted: does the keytab open what the domain issues for this host? */
static enum rt_condition accepted(const struct facts *facts)
{
	if (facts->netlogon == STATUS_NO_TRUST_SAM_ACCOUNT)
		return RT_COND_ACCOUNT_WRONG_TYPE;
	if (facts->netlogon == STATUS_DOWNGRADE_DETECTED)
		return RT_COND_CHANNEL_REFUSED;
	switch (facts->self_code) {
	case 0:
		return facts->keytab_lags ? RT_COND_KEYTAB_STALE_KVNO : by_samba(facts);
	case 31:
	case 44:
		return RT_COND_KEYTAB_STALE_KVNO;
	case KDC_SERVER_UNKNOWN:
		return RT_COND_SPN_MISSING;
	case KDC_NO_ENCTYPE:
		return RT_COND_ENCTYPE_MISMATCH;
	case FACTS_UNREACHABLE:
		return RT_COND_NO_DC;
	default:
		return RT_COND_UNKNOWN;
	}
}

/* Error 18: the account is disabled or has expired. Netlogon takes the secret of an enabled account only, and then the
 * DC has proved itself; the ping finds enabled accounts only. */
static enum rt_condition revoked(const struct facts *facts)
{
	return facts->netlogon == 0 || facts->ping == FACTS_PING_ENABLED ? RT_COND_ACCOUNT_EXPIRED : RT_COND_ACCOUNT_DISABLED;
}

/* Error 24: the key is wrong, but a disabled account and a wrong clock answer a wrong key in the same way. */
static enum rt_condition refused(const struct facts *facts)
{
	if (samba_accepted(facts))
		return RT_COND_STORES_DISAGREE;
	if (facts->older_kvno != 0 || (facts->samba == FACTS_SAMBA_OK && facts->samba_previous_code == 0))
		return RT_COND_SECRET_PREVIOUS;
	if (clock_is_off(facts))
		return RT_COND_CLOCK_SKEW;
	if (spare_is_unknown(facts))
		return RT_COND_DC_NOT_PROVEN;
	if (facts->ping == FACTS_PING_ABSENT)
		return RT_COND_ACCOUNT_DISABLED;
	return facts->clone ? RT_COND_HOST_CLONED : RT_COND_SECRET_MISMATCH;
}

static enum rt_condition no_secret(const struct facts *facts)
{
	return facts->keytab == FACTS_KEYTAB_NONE ? RT_COND_SAMBA_SECRET_MISSING : RT_COND_KEYTAB_MISSING;
}

/* There is no key to ask with: what the DC says about the account's name. */
static enum rt_condition without_key(const struct facts *facts)
{
	if (spare_is_unknown(facts))
		return RT_COND_DC_NOT_PROVEN;
	switch (facts->account_code) {
	case KDC_CLIENT_UNKNOWN:
		return RT_COND_ACCOUNT_MISSING;
	case KDC_CLIENT_REVOKED:
		return revoked(facts);
	case FACTS_UNREACHABLE:
		return RT_COND_NO_DC;
	case KDC_SKEW:
		return RT_COND_CLOCK_SKEW;
	default:
		return clock_is_off(facts) ? RT_COND_CLOCK_SKEW : no_secret(facts);
	}
}

static enum rt_condition by_newest_key(const struct facts *facts)
{
	switch (facts->newest_code) {
	case 0:
		/* libkrb5 makes up for the difference, services that are asked with tickets don't. */
		return clock_is_off(facts) ? RT_COND_CLOCK_SKEW : accepted(facts);
	case FACTS_NOT_ASKED:
		return without_key(facts);
	case FACTS_UNREACHABLE:
		return RT_COND_NO_DC;
	case FACTS_BAD_REPLY:
		return RT_COND_DC_NOT_PROVEN;
	case KDC_CLIENT_UNKNOWN:
		return spare_is_unknown(facts) ? RT_COND_DC_NOT_PROVEN : RT_COND_ACCOUNT_MISSING;
	case KDC_CLIENT_REVOKED:
		return revoked(facts);
	case KDC_NO_ENCTYPE:
		if (spare_is_unknown(facts))
			return RT_COND_DC_NOT_PROVEN;
		return facts->keytab_has_aes ? RT_COND_ACCOUNT_WITHOUT_KEYS : RT_COND_ENCTYPE_MISMATCH;
	case KDC_SKEW:
		return RT_COND_CLOCK_SKEW;
	case KDC_PREAUTH_FAILED:
		return refused(facts);
	default:
		return facts->nt4 && facts->netlogon == STATUS_DOWNGRADE_DETECTED ? RT_COND_CHANNEL_REFUSED : RT_COND_UNKNOWN;
	}
}

/* Without the network: what this host alone shows. */
static enum rt_condition local(const struct facts *facts)
{
	if (facts->has_pending || facts->has_samba_next)
		return RT_COND_SECRET_PENDING;
	if (facts->samba == FACTS_SAMBA_NO_SECRET || facts->samba == FACTS_SAMBA_UNREADABLE)
		return RT_COND_SAMBA_SECRET_MISSING;
	return facts->keytab == FACTS_KEYTAB_OK || facts->keytab == FACTS_KEYTAB_NONE ? RT_COND_UNKNOWN
	                                                                              : RT_COND_KEYTAB_MISSING;
}

enum rt_condition diagnose(const struct facts *facts)
{
	if (facts->keytab == FACTS_KEYTAB_UNREADABLE)
		return RT_COND_KEYTAB_UNREADABLE;
	if (!facts->named)
		return RT_COND_NOT_JOINED;
	switch (facts->dc) {
	case FACTS_DC_NOT_LOOKED:
		return local(facts);
	case FACTS_DC_DNS_FAILURE:
		return RT_COND_DNS_FAILURE;
	case FACTS_DC_NONE:
		return RT_COND_NO_DC;
	case FACTS_DC_FOUND:
		break;
	}
	/* 18 is said to a right key only: the change arrived, at an account that is disabled or has expired. */
	if (facts->has_pending && facts->pending_code == KDC_CLIENT_REVOKED)
		return revoked(facts);
	if ((facts->has_pending && facts->pending_code == 0) || (facts->has_samba_next && facts->samba_next_code == 0))
		return RT_COND_SECRET_PENDING;
	return by_newest_key(facts);
}
