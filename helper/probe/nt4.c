/* Asks an NT4-style domain, see nt4.h.
 *
 * The machine's own password is tried first: one that is refused does no harm, and where it is accepted nothing else
 * has to be tried. Where winbindd runs it is tried by an SMB session before Netlogon, unless the channel's own word is
 * wanted or a change is to be finished: an authentication that succeeds would end winbindd's session. */
#include "nt4.h"

#include "../directory/netlogon.h"
#include "../directory/samr_lookup.h"
#include "../directory/smb_logon.h"
#include "../service/winbind.h"
#include "nt4_locate.h"

enum { ASK_MS = 4000, SESSION_MS = 1500, LOOKUP_MS = 2000, NOTICE_MS = 3000 };
enum { ACCEPTED = 0, NO_ACCOUNT = 6, REVOKED = 18, REFUSED = 24 };

#define STATUS_ACCESS_DENIED 0xC0000022u
#define STATUS_NO_TRUST_SAM_ACCOUNT 0xC000018Bu

static int32_t code_of(uint32_t status)
{
	switch (status) {
	case 0:
		return ACCEPTED;
	case STATUS_ACCESS_DENIED:
		return REFUSED;
	case STATUS_NO_TRUST_SAM_ACCOUNT:
		return NO_ACCOUNT;
	case NETLOGON_UNREACHABLE:
		return FACTS_UNREACHABLE;
	case NETLOGON_BAD_REPLY:
		return FACTS_BAD_REPLY;
	default:
		return FACTS_FAILED;
	}
}

int32_t nt4_ask(struct host *host, const struct secret *password, uint32_t *ret_status)
{
	SECRET_AUTO hash = { 0 };
	struct fault why = { 0 };
	char account[HOST_NETLOGON_ACCOUNT];
	uint32_t status = NETLOGON_NOT_TRIED;
	if (password->len == 0)
		return FACTS_NOT_ASKED;
	host_netlogon_account(host, account, sizeof account);
	if (netlogon_hash_of_password(password, &hash) == 0)
		status = netlogon_verify(&host->dc, account, host->computer, &hash,
		                         deadline_cap(host->deadline, ASK_MS), &why);
	if (status == NETLOGON_UNREACHABLE || status == NETLOGON_BAD_REPLY)
		host->note = why;
	if (ret_status != NULL)
		*ret_status = status;
	return code_of(status);
}

static bool takes_session(struct host *host)
{
	SECRET_AUTO hash = { 0 };
	struct fault quiet = { 0 };
	const struct smb_logon logon = { .account = host->account, .domain = host->domain, .nt_hash = &hash };
	return netlogon_hash_of_password(&host->samba.current, &hash) == 0 &&
	       smb_logon_proves(&host->dc, &logon, deadline_cap(host->deadline, SESSION_MS), &quiet);
}

/* The PDC has proved that it takes the password, and winbindd keeps its session: the whole look at a healthy channel.
 * The secret is all that such a session tells. Whether the PDC would refuse the channel, winbindd is asked where there
 * is time for it. */
static bool is_healthy_untouched(struct host *host, const struct domain_wish *wish)
{
	struct facts *facts = &host->facts;
	if (wish->thorough || facts->has_pending || facts->has_samba_next || host->samba.current.len == 0 ||
	    !winbind_runs() || !takes_session(host))
		return false;
	if (!wish->unattended && !winbind_notice(deadline_cap(host->deadline, NOTICE_MS), NULL))
		return false;
	facts->newest_code = facts->self_code = facts->samba_code = ACCEPTED;
	return true;
}

static void ask_newest(struct host *host)
{
	struct facts *facts = &host->facts;
	facts->newest_code = nt4_ask(host, &host->samba.current, &facts->netlogon);
	facts->self_code = facts->newest_code == 0 ? 0 : FACTS_NOT_ASKED;
	facts->samba_code = facts->newest_code;
}

/* Such a PDC says the same of a wrong secret, of a disabled account and of one that is gone. */
static void look_account_up(struct host *host)
{
	struct fault quiet = { 0 };
	struct facts *facts = &host->facts;
	const char *sid = host->samba.sid[0] != '\0' ? host->samba.sid : host->identity.domain_sid;
	const enum samr_lookup found =
		samr_lookup(&host->dc, sid, host->account, deadline_cap(host->deadline, LOOKUP_MS), &quiet);
	int32_t *code = facts->newest_code == FACTS_NOT_ASKED ? &facts->account_code : &facts->newest_code;
	if (found == SAMR_LOOKUP_ABSENT)
		*code = NO_ACCOUNT;
	else if (found == SAMR_LOOKUP_DISABLED || (found == SAMR_LOOKUP_PRESENT && *code == NO_ACCOUNT))
		*code = REVOKED; /* there, and not to be trusted */
	facts->samba_code = facts->newest_code;
}

static void ask_others(struct host *host)
{
	struct facts *facts = &host->facts;
	if (facts->has_pending)
		facts->pending_code = nt4_ask(host, &host->journal.next, NULL);
	if (facts->newest_code == ACCEPTED)
		return;
	facts->samba_next_code = nt4_ask(host, &host->samba.next, NULL);
	facts->samba_previous_code = nt4_ask(host, &host->samba.previous, NULL);
}

static bool is_no_answer(int32_t code)
{
	return code == FACTS_UNREACHABLE || code == FACTS_BAD_REPLY || code == FACTS_FAILED;
}

static void ask(struct host *host)
{
	struct facts *facts = &host->facts;
	ask_newest(host);
	if (is_no_answer(facts->newest_code))
		return;
	if (facts->newest_code != ACCEPTED)
		look_account_up(host);
	if (facts->newest_code == ACCEPTED || facts->newest_code == REFUSED || facts->newest_code == FACTS_NOT_ASKED)
		ask_others(host);
	if (facts->newest_code == ACCEPTED || facts->pending_code == ACCEPTED || facts->samba_next_code == ACCEPTED ||
	    facts->samba_previous_code == ACCEPTED)
		(void)winbind_notice(deadline_cap(host->deadline, NOTICE_MS), NULL);
}

void nt4_probe(struct host *host, const struct domain_wish *wish)
{
	const char *named = wish->dc[0] != '\0' ? wish->dc : host->settings.dc;
	teller_step(host->teller, RT_STEP_SEARCH_PDC, host->domain, NULL);
	if (nt4_locate(named, &host->smbconf, host->domain, host->deadline, &host->dc, &host->note) != LOCATE_FOUND) {
		host->facts.dc = FACTS_DC_NONE;
		return;
	}
	host->facts.dc = FACTS_DC_FOUND;
	host->facts.pdc = host->dc.pdc;
	teller_step(host->teller, host->dc.pdc ? RT_STEP_FOUND_PDC : RT_STEP_FOUND_DC, host->dc.host, NULL);
	teller_step(host->teller, RT_STEP_MEMBER, host->computer, host->domain);
	teller_step(host->teller, RT_STEP_VERIFY, host->dc.host, NULL);
	if (!is_healthy_untouched(host, wish))
		ask(host);
}

void nt4_confirm(struct host *host)
{
	struct facts *facts = &host->facts;
	facts->samba_next_code = facts->samba_previous_code = facts->pending_code = FACTS_NOT_ASKED;
	ask(host);
}
