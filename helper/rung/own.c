/* The host's own change of its own password, see own.h. */
#include "own.h"

#include "../directory/netlogon.h"
#include "../service/winbind.h"
#include "change.h"

enum { NOTICE_MS = 3000 }; /* for winbindd to open its channel anew */

/* How the DC was told. */
struct way {
	const struct kdc_ticket *changepw;
	bool netlogon; /* a session of ours may have taken the place of winbindd's */
};

/* Nothing has reached the DC yet: fault says why kpasswd didn't (nothing in an NT4-style domain, which has none), and goes on
 * to say why Netlogon doesn't. */
static enum set_result by_netlogon(struct host *host, struct way *way, const struct secret *next, struct fault *fault)
{
	SECRET_AUTO hash = { 0 };
	char account[HOST_NETLOGON_ACCOUNT];
	const struct fault closed = *fault;
	fault_clear(fault);
	if (!host_nt_hash(host, &hash) && closed.kind == FAULT_NONE) {
		(void)fault_set(fault, FAULT_REFUSED, "Netlogon wants an NT hash, which the system's cryptographic policy forbids");
		return SET_REFUSED;
	}
	if (hash.len == 0) {
		(void)fault_set(fault, closed.kind, "%s; Netlogon wants an NT hash, and no store here has one (allow_rc4)",
		                closed.text);
		return SET_REFUSED;
	}
	host_netlogon_account(host, account, sizeof account);
	way->netlogon = true;
	const enum set_result result =
		netlogon_set_password(&host->dc, account, host->computer, &hash, next, host->deadline, NULL, fault);
	if (result == SET_REFUSED && closed.kind != FAULT_NONE) {
		const struct fault why = *fault;
		fault_clear(fault);
		(void)fault_set(fault, why.kind, "%.400s; %.400s", closed.text, why.text);
	}
	return result;
}

static enum set_result set(struct host *host, void *data, const struct secret *next, struct fault *fault)
{
	struct way *way = data;
	int code = 0;
	if (host->facts.nt4)
		return by_netlogon(host, way, next, fault);
	const enum set_result result =
		kpasswd_set(host->kdc, way->changepw, NULL, next, host->deadline, &code, fault);
	return result == SET_REFUSED && code == KPASSWD_NO_SERVICE ? by_netlogon(host, way, next, fault) : result;
}

/* A host without a keytab has the password itself. */
static int32_t changepw_ticket(struct host *host, struct kdc_ticket **ret_ticket, struct fault *fault)
{
	MACHINE_KEYS_AUTO keys;
	if (host->facts.keytab == FACTS_KEYTAB_NONE)
		return kdc_as_password(host->kdc, host->account, &host->samba.current, "kadmin/changepw", ret_ticket, fault);
	machine_keys_of_kvno(&host->keytab.keys, host->facts.newest_kvno, &keys);
	return kdc_as_keys(host->kdc, host->account, &keys, "kadmin/changepw", ret_ticket, fault);
}

enum rung_result own_run(struct host *host, struct fault *fault)
{
	struct kdc_ticket *changepw = NULL;
	enum rung_result result = RUNG_FAILED;
	/* Carried out after ours it would leave a password that nobody keeps. A repair takes that risk, a change on a
	 * host that works needn't. */
	if (change_in_flight(host)) {
		(void)fault_set(
			fault, FAULT_UNSURE,
			"an earlier change of the password may still be under way at %s; try again in half a minute",
			host->dc.host);
		return RUNG_UNSURE;
	}
	int32_t code = host->facts.nt4 ? 0 : changepw_ticket(host, &changepw, fault);
	if (code == 0) {
		struct way way = { .changepw = changepw };
		result = change_run(host, set, &way, fault);
		/* Whatever came of it: a session of ours ends winbindd's, whose next logons would fail. */
		if (way.netlogon)
			(void)winbind_notice(deadline_cap(host->deadline, NOTICE_MS), NULL);
	} else {
		(void)fault_set(fault, FAULT_REFUSED, "%s (%s) gives %s no ticket to change its password (Kerberos %d)",
		                host->dc.host, host->dc.address, host->account, (int)code);
	}
	kdc_ticket_free(changepw);
	return result;
}
