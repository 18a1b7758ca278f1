/* Asks the domain, see domain.h.
 *
 * A healthy channel costs one AS exchange: the ticket asked for is one for this host itself, so that the same reply
 * proves the key (it decrypts) and shows whether the keytab opens what the domain issues (kvno, enctype, SPN). */
#include "domain.h"

#include "../directory/ldapconn.h"
#include "../directory/netlogon.h"
#include "../service/process.h"
#include "nt4.h"

#include <stdio.h>
#include <string.h>

enum { OLDER_TRIED = 3 }; /* versions behind the newest that are worth a question */

static enum locate_result locate(struct host *host, const struct domain_wish *wish)
{
	const char *named = wish->dc[0] != '\0' ? wish->dc : host->settings.dc;
	if (named[0] != '\0')
		return locate_named(named, host->realm, host->deadline, &host->dc, &host->note);
	if (wish->pdc) {
		enum locate_result result = locate_pdc(host->realm, host->deadline, &host->dc, &host->note);
		if (result == LOCATE_FOUND)
			return result;
		/* A change at another DC replicates to the PDC; waiting for a PDC that is away would lock the host out.
		 */
		struct fault first = host->note;
		fault_clear(&host->note);
		teller_step(host->teller, RT_STEP_SEARCH_DC, host->domain, NULL);
		result = locate_any(host->realm, host->deadline, &host->dc, &host->note);
		if (result != LOCATE_FOUND)
			host->note = first;
		return result;
	}
	return locate_any(host->realm, host->deadline, &host->dc, &host->note);
}

static bool pin(struct host *host, const struct domain_wish *wish)
{
	teller_step(host->teller, wish->pdc ? RT_STEP_SEARCH_PDC : RT_STEP_SEARCH_DC, host->domain, NULL);
	switch (locate(host, wish)) {
	case LOCATE_DNS_FAILURE:
		host->facts.dc = FACTS_DC_DNS_FAILURE;
		return false;
	case LOCATE_NO_DC:
		host->facts.dc = FACTS_DC_NONE;
		return false;
	case LOCATE_FOUND:
		break;
	}
	if (kdc_open(host->realm, &host->dc, host->deadline, &host->kdc, &host->note) != 0)
		return false;
	host->facts.dc = FACTS_DC_FOUND;
	host->facts.pdc = host->dc.pdc;
	teller_step(host->teller, host->dc.pdc ? RT_STEP_FOUND_PDC : RT_STEP_FOUND_DC, host->dc.host, NULL);
	teller_step(host->teller, RT_STEP_MEMBER, host->computer, host->domain);
	teller_step(host->teller, RT_STEP_VERIFY, host->dc.host, NULL);
	return true;
}

/* Does the answer speak of the client, so that asking in another way won't change it? */
static bool is_about_client(int32_t code)
{
	return code == 0 || code == 6 || code == 18 || code == 24 || code == 37 || code == KDC_UNREACHABLE ||
	       code == KDC_BAD_REPLY;
}

static void look_at_ticket(struct host *host, const struct kdc_ticket *ticket)
{
	int32_t enctype;
	struct facts *facts = &host->facts;
	if (kdc_ticket_kvno(ticket, &facts->account_kvno, &enctype) != 0)
		facts->account_kvno = 0;
	facts->self_code = kdc_ticket_opens(host->kdc, ticket, &host->keytab.keys);
}

/* The long way, for a KDC that gives no service ticket in an AS exchange. */
static void ask_by_tgt(struct host *host, const struct machine_keys *keys)
{
	struct kdc_ticket *tgt = NULL, *ticket = NULL;
	struct facts *facts = &host->facts;
	facts->newest_code = kdc_as_keys(host->kdc, host->account, keys, NULL, &tgt, &host->note);
	if (facts->newest_code == 0) {
		facts->self_code = kdc_tgs(host->kdc, tgt, host->account, &ticket, &host->note);
		if (facts->self_code == 0)
			look_at_ticket(host, ticket);
		kdc_ticket_free(ticket);
	}
	kdc_ticket_free(tgt);
}

/* secrets.tdb is the only store: its password is the newest key, and what makes the keys that open tickets. */
static void ask_only_password(struct host *host)
{
	struct kdc_ticket *ticket = NULL;
	struct facts *facts = &host->facts;
	struct fault quiet = { 0 };
	int32_t enctype;
	facts->newest_code = facts->self_code = KDC_NOT_ASKED;
	if (host->samba.current.len == 0)
		return;
	facts->newest_code =
		kdc_as_password(host->kdc, host->account, &host->samba.current, host->account, &ticket, &quiet);
	if (!is_about_client(facts->newest_code))
		facts->newest_code =
			kdc_as_password(host->kdc, host->account, &host->samba.current, NULL, NULL, &host->note);
	if (facts->newest_code == 0)
		facts->self_code = 0;
	if (ticket == NULL || kdc_ticket_kvno(ticket, &facts->account_kvno, &enctype) != 0)
		facts->account_kvno = 0;
	kdc_ticket_free(ticket);
}

static void ask_newest_keys(struct host *host)
{
	MACHINE_KEYS_AUTO keys;
	struct kdc_ticket *ticket = NULL;
	struct facts *facts = &host->facts;
	struct fault quiet = { 0 };
	machine_keys_of_kvno(&host->keytab.keys, facts->newest_kvno, &keys);
	facts->newest_code = facts->self_code = KDC_NOT_ASKED;
	if (keys.count == 0)
		return;
	facts->newest_code = kdc_as_keys(host->kdc, host->account, &keys, host->account, &ticket, &quiet);
	if (facts->newest_code == 0)
		look_at_ticket(host, ticket);
	else if (!is_about_client(facts->newest_code))
		ask_by_tgt(host, &keys);
	kdc_ticket_free(ticket);
}

static void ask_newest(struct host *host)
{
	if (host->facts.keytab == FACTS_KEYTAB_NONE)
		ask_only_password(host);
	else
		ask_newest_keys(host);
}

static void ask_older(struct host *host)
{
	MACHINE_KEYS_AUTO keys;
	struct facts *facts = &host->facts;
	int32_t last = facts->newest_kvno;
	int tried = 0;
	for (size_t i = 0; i < host->keytab.keys.count && tried < OLDER_TRIED && facts->older_kvno == 0; i++) {
		int32_t kvno = host->keytab.keys.key[i].kvno;
		if (kvno == last)
			continue;
		last = kvno;
		tried++;
		struct fault quiet = { 0 };
		machine_keys_of_kvno(&host->keytab.keys, kvno, &keys);
		if (kdc_as_keys(host->kdc, host->account, &keys, NULL, NULL, &quiet) == 0)
			facts->older_kvno = kvno;
	}
}

static void ask_ping(struct host *host)
{
	struct ping ping;
	struct fault quiet = { 0 };
	struct deadline soon = deadline_cap(host->deadline, 2000);
	if (ldapconn_ping(&host->dc, host->realm, host->account, soon, &ping, &quiet) != 0)
		return;
	if (ping.account == PING_ENABLED)
		host->facts.ping = FACTS_PING_ENABLED;
	else if (ping.account == PING_ABSENT)
		host->facts.ping = FACTS_PING_ABSENT;
	if (host->settings.domain[0] == '\0' && ping.netbios_domain[0] != '\0')
		(void)snprintf(host->domain, sizeof host->domain, "%s", ping.netbios_domain);
}

static void ask_spare(struct host *host)
{
	struct fault quiet = { 0 };
	if (host->facts.has_spare)
		host->facts.spare_code =
			kdc_as_keys(host->kdc, host->identity.spare_account, &host->spare, NULL, NULL, &quiet);
}

static int32_t ask_password(struct host *host, const struct secret *password)
{
	struct fault quiet = { 0 };
	if (password->len == 0)
		return KDC_NOT_ASKED;
	return kdc_as_password(host->kdc, host->account, password, NULL, NULL, &quiet);
}

/* The secure channel itself. It wants an NT hash: an arcfour key of the keytab, or a password. Where winbindd runs it
 * isn't touched: a success of ours would end winbindd's session, and its next logons would fail. */
static void ask_netlogon(struct host *host)
{
	SECRET_AUTO hash = { 0 };
	struct fault quiet = { 0 };
	char account[HOST_NETLOGON_ACCOUNT];
	if (host->facts.newest_code == KDC_UNREACHABLE || process_each("winbindd", NULL, NULL, NULL) > 0)
		return;
	if (!host_nt_hash(host, &hash))
		return;
	host_netlogon_account(host, account, sizeof account);
	host->facts.netlogon =
		netlogon_verify(&host->dc, account, host->computer, &hash, deadline_cap(host->deadline, 3000), &quiet);
}

static void ask_pending(struct host *host)
{
	if (host->facts.has_pending)
		host->facts.pending_code = ask_password(host, &host->journal.next);
}

/* Does the password make the very key that the DC has just taken? Then there is nothing to ask it. */
static bool makes_newest(struct host *host, const struct secret *password)
{
	char salt[512];
	MACHINE_KEYS_AUTO derived = { 0 };
	struct fault quiet = { 0 };
	const struct machine_keys *have = &host->keytab.keys;
	if (kdc_salt(host->kdc, host->account, salt, sizeof salt, &quiet) != 0 ||
	    kdc_derive(host->kdc, password, salt, 0, false, &derived, &quiet) != 0)
		return false;
	for (size_t i = 0; i < have->count && have->key[i].kvno == host->facts.newest_kvno; i++)
		for (size_t j = 0; j < derived.count; j++)
			if (have->key[i].enctype == derived.key[j].enctype &&
			    secret_equal(&have->key[i].key, &derived.key[j].key))
				return true;
	return false;
}

/* The second store. Its spare passwords are asked about only where its first one doesn't do. */
static void ask_samba(struct host *host)
{
	struct facts *facts = &host->facts;
	if (facts->samba != FACTS_SAMBA_OK && !facts->has_samba_next)
		return;
	if (facts->keytab == FACTS_KEYTAB_NONE)
		facts->samba_code = facts->newest_code;
	else if (facts->newest_code == 0 && host->samba.current.len > 0 && makes_newest(host, &host->samba.current))
		facts->samba_code = 0;
	else
		facts->samba_code = ask_password(host, &host->samba.current);
	if (facts->samba_code == 0)
		return;
	facts->samba_next_code = ask_password(host, &host->samba.next);
	if (facts->newest_code != 0)
		facts->samba_previous_code = ask_password(host, &host->samba.previous);
}

/* What explains a refusal. */
static void ask_why(struct host *host)
{
	struct facts *facts = &host->facts;
	struct fault quiet = { 0 };
	char salt[256];
	if (facts->newest_code == KDC_UNREACHABLE)
		return;
	if (facts->newest_code == 24)
		ask_older(host);
	if (facts->newest_code == KDC_NOT_ASKED)
		facts->account_code = kdc_salt(host->kdc, host->account, salt, sizeof salt, &quiet);
	ask_ping(host);
}

void domain_probe(struct host *host, const struct domain_wish *wish)
{
	if (!host->facts.named || host->facts.keytab == FACTS_KEYTAB_UNREADABLE)
		return;
	if (host->facts.nt4) {
		nt4_probe(host, wish);
		return;
	}
	if (!pin(host, wish))
		return;
	ask_newest(host);
	ask_pending(host);
	ask_samba(host);
	bool healthy = host->facts.newest_code == 0 && host->facts.self_code == 0;
	if (!healthy)
		ask_why(host);
	if (!healthy || wish->thorough)
		ask_spare(host);
	if (wish->thorough)
		ask_netlogon(host);
	host->facts.clock_offset = kdc_clock_offset(host->kdc);
}

void domain_confirm(struct host *host)
{
	struct facts *facts = &host->facts;
	if (facts->nt4) {
		nt4_confirm(host);
		return;
	}
	facts->older_kvno = 0;
	facts->samba_code = facts->samba_next_code = facts->samba_previous_code = KDC_NOT_ASKED;
	ask_newest(host);
	ask_samba(host);
}
