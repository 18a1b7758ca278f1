/* Which function is which rung; the small ones are here: those that need no credential.
 *
 * Nothing but this host's stores is changed by pending and previous, and by resync where a password is at hand. */
#include "rung.h"

#include "../base/paths.h"
#include "change.h"
#include "credential.h"
#include "nt4.h"
#include "own.h"

#include <string.h>

/* Makes a version of our own keys the newest, under the number that the DC has for it. */
static enum rung_result promote(struct host *host, int32_t from_kvno, int32_t to_kvno, struct fault *fault)
{
	MACHINE_KEYS_AUTO keys;
	machine_keys_of_kvno(&host->keytab.keys, from_kvno, &keys);
	for (size_t i = 0; i < keys.count; i++)
		keys.key[i].kvno = to_kvno;
	teller_step(host->teller, RT_STEP_STORE, host->settings.keytab, NULL);
	const char *path = host->settings.keytab;
	return keytab_install(path, PATH_KEYTAB_BACKUP, &host->keytab.names, &keys, fault) == 0 ? RUNG_DONE
	                                                                                        : RUNG_FAILED;
}

/* Ours is what the journal kept; Samba's what an interrupted rotation of winbind left in next_change. */
static enum rung_result pending(struct host *host, struct fault *fault)
{
	teller_step(host->teller, RT_STEP_PENDING, NULL, NULL);
	bool ours = host->facts.has_pending && host->facts.pending_code == 0;
	return change_adopt(host, ours ? &host->journal.next : &host->samba.next, fault);
}

/* The key is right and its number is not. */
static enum rung_result renumber(struct host *host, struct fault *fault)
{
	if (host->facts.account_kvno <= 0) {
		(void)fault_set(fault, FAULT_UNSURE, "%s does not say which kvno the account has", host->dc.host);
		return RUNG_FAILED;
	}
	return promote(host, host->facts.newest_kvno, host->facts.account_kvno, fault);
}

/* One store has what the DC takes. */
static enum rung_result resync(struct host *host, struct fault *fault)
{
	const struct facts *facts = &host->facts;
	if (facts->samba == FACTS_SAMBA_OK && facts->samba_code == 0)
		return change_adopt(host, &host->samba.current, fault);
	if (facts->self_code != 0 || facts->keytab_lags)
		return renumber(host, fault);
	return own_run(host, fault);
}

/* The domain takes an older secret. */
static enum rung_result previous(struct host *host, struct fault *fault)
{
	if (host->facts.samba_previous_code == 0)
		return change_adopt(host, &host->samba.previous, fault);
	return promote(host, host->facts.older_kvno, host->facts.older_kvno, fault);
}

/* The KDC's reply to the spare is encrypted with the spare's key: whoever answers is the real one. */
static enum rung_result spare(struct host *host, struct fault *fault)
{
	struct kdc_ticket *changepw = NULL;
	enum rung_result result = RUNG_FAILED;
	int32_t code =
		kdc_as_keys(host->kdc, host->identity.spare_account, &host->spare, "kadmin/changepw", &changepw, fault);
	if (code == 0)
		result = change_run(host, change_by_kpasswd, changepw, fault);
	else
		(void)fault_set(fault, FAULT_REFUSED, "%s (%s) gives the spare account %s no ticket (Kerberos %d)",
		                host->dc.host, host->dc.address, host->identity.spare_account, (int)code);
	kdc_ticket_free(changepw);
	return result;
}

enum rung_result rung_run(enum rung_id id, struct host *host, const struct credential *credential, struct fault *fault)
{
	switch (id) {
	case RUNG_PENDING:
		return pending(host, fault);
	case RUNG_RESYNC:
		return resync(host, fault);
	case RUNG_PREVIOUS:
		return previous(host, fault);
	case RUNG_SPARE:
		return spare(host, fault);
	case RUNG_CREDENTIAL:
		return host->facts.nt4 ? nt4_repair(host, credential, fault) : credential_repair(host, credential, fault);
	case RUNG_ROTATE:
		return own_run(host, fault);
	case RUNG_COUNT:
		break;
	}
	return RUNG_FAILED;
}
