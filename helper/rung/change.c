/* A change of the machine password as a transaction, see change.h.
 *
 * SECURITY: nothing is written into the keytab before the DC has answered an AS exchange with the new key (an NT4-style one:
 * has proved itself by Netlogon with it): that proves both that the change arrived and that the KDC is the one that was
 * told. */
#include "change.h"

#include "../base/paths.h"
#include "../probe/nt4.h"
#include "../store/samba_restore.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ENCTYPE_RC4 = 23 };
enum { IN_FLIGHT = 30 }; /* seconds for which a DC may still be at work on a request whose answer was lost */

/* The principals of a host that has no keytab and no memory: those that every join writes. */
static void default_names(const struct host *host, struct keytab_names *names)
{
	char fqdn[512], node[256] = "";
	(void)gethostname(node, sizeof node - 1);
	(void)snprintf(fqdn, sizeof fqdn, "%s%s%s", node, strchr(node, '.') == NULL ? "." : "",
	               strchr(node, '.') == NULL ? host->realm : "");
	for (char *c = fqdn; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	const char *const names_of[][2] = { { "", host->account },
		                            { "host/", host->computer },
		                            { "host/", fqdn },
		                            { "RestrictedKrbHost/", host->computer },
		                            { "RestrictedKrbHost/", fqdn } };
	names->count = 0;
	for (size_t i = 0; i < sizeof names_of / sizeof *names_of; i++) {
		int n = snprintf(names->name[names->count], KEYTAB_NAME_MAX, "%s%s@%s", names_of[i][0], names_of[i][1],
		                 host->realm);
		if (n > 0 && n < KEYTAB_NAME_MAX)
			names->count++;
	}
}

static void choose_names(const struct host *host, struct keytab_names *names)
{
	if (host->keytab.names.count > 0)
		*names = host->keytab.names;
	else if (host->identity.names.count > 0)
		*names = host->identity.names;
	else
		default_names(host, names);
}

static void number_keys(struct machine_keys *keys, int32_t kvno)
{
	for (size_t i = 0; i < keys->count; i++)
		keys->key[i].kvno = kvno;
}

static int32_t ask_with(struct host *host, const struct machine_keys *keys, int32_t *ret_kvno, int32_t *ret_enctype,
                        struct fault *fault)
{
	struct kdc_ticket *ticket = NULL;
	int32_t code = kdc_as_keys(host->kdc, host->account, keys, host->account, &ticket, fault);
	if (code == 0 && kdc_ticket_kvno(ticket, ret_kvno, ret_enctype) != 0)
		code = KDC_BAD_REPLY;
	kdc_ticket_free(ticket);
	return code;
}

/* Proves the password to the DC and makes the keytab's keys of it: salt and kvno are the DC's word, the AS exchange
 * shows that the salt was right. Returns the exchange's result; 0 with *ret_keys (none in an NT4-style domain, where
 * Netlogon proves it). */
static int32_t prove(struct host *host, const struct secret *password, struct machine_keys *ret_keys,
                     struct fault *fault)
{
	char salt[512];
	int32_t kvno = 0, enctype = 0;
	if (host->facts.nt4)
		return nt4_ask(host, password, NULL);
	int32_t code = kdc_salt(host->kdc, host->account, salt, sizeof salt, fault);
	if (code != 0)
		return code;
	if (kdc_derive(host->kdc, password, salt, 1, false, ret_keys, fault) != 0)
		return KDC_FAILED;
	code = ask_with(host, ret_keys, &kvno, &enctype, fault);
	if (code != 0)
		return code;
	/* An account without msDS-SupportedEncryptionTypes gets RC4 tickets: without that key its services would stop.
	 */
	bool rc4 = host->settings.allow_rc4 || enctype == ENCTYPE_RC4;
	if (rc4 && kdc_derive(host->kdc, password, salt, kvno, true, ret_keys, fault) != 0)
		return KDC_FAILED;
	number_keys(ret_keys, kvno);
	return 0;
}

static int store_samba(struct host *host, const struct secret *password, struct fault *fault)
{
	const struct samba_secrets *samba = &host->samba;
	const char *path = host->settings.secrets_tdb, *sid = host->identity.domain_sid;
	teller_step(host->teller, RT_STEP_STORE, path, NULL);
	if (samba->sid[0] == '\0' && sid[0] != '\0' && samba_restore(path, samba->domain, sid, fault) != 0)
		return -1;
	return samba_write(path, samba->domain, password, &samba->current, (int64_t)time(NULL), fault);
}

/* Samba's copy first: the keytab is what the next look judges by, so that it is written last. It is written also where
 * Samba's can't be: logons need the keytab alone, and the journal stays for the rest. */
static int store(struct host *host, const struct secret *password, const struct machine_keys *keys, struct fault *fault)
{
	struct keytab_names names;
	const struct samba_secrets *samba = &host->samba;
	bool has_samba = samba->state == SAMBA_OK || samba->state == SAMBA_NO_SECRET;
	int result = 0;
	if (has_samba && (!secret_equal(password, &samba->current) || samba->next.len > 0))
		result = store_samba(host, password, fault);
	if (host->facts.keytab == FACTS_KEYTAB_NONE)
		return result;
	choose_names(host, &names);
	teller_step(host->teller, RT_STEP_STORE, host->settings.keytab, NULL);
	if (keytab_install(host->settings.keytab, PATH_KEYTAB_BACKUP, &names, keys, fault) != 0)
		result = -1;
	return result;
}

/* The DC was told, or may have been: go on from there. A refusal of the new secret right after "no answer" isn't the
 * end: the DC may still be at work on the request, so that the journal stays until somebody asks later. */
static enum rung_result settle(struct host *host, const struct secret *password, struct fault *fault)
{
	MACHINE_KEYS_AUTO keys = { 0 };
	int32_t code = prove(host, password, &keys, fault);
	if (code != 0) {
		(void)fault_set(fault, FAULT_UNSURE,
		                "%s (%s) has not confirmed the new machine password (%s %d); it is kept in %s "
		                "and asked for "
		                "again at the next `retrust repair`",
		                host->dc.host, host->dc.address, host->facts.nt4 ? "Netlogon, as Kerberos" : "Kerberos",
		                (int)code, PATH_JOURNAL);
		return RUNG_UNSURE;
	}
	if (store(host, password, &keys, fault) != 0)
		return RUNG_UNSURE;
	return journal_clear(PATH_JOURNAL, fault) == 0 ? RUNG_DONE : RUNG_UNSURE;
}

static void fill_journal(const struct host *host, struct journal *journal)
{
	memset(journal, 0, sizeof *journal);
	memcpy(journal->account, host->account, sizeof journal->account);
	memcpy(journal->realm, host->realm, sizeof journal->realm);
	memcpy(journal->dc, host->dc.host, sizeof journal->dc);
	journal->started_unix = (int64_t)time(NULL);
}

enum rung_result change_run(struct host *host, change_setter *set, void *data, struct fault *fault)
{
	struct journal journal;
	fill_journal(host, &journal);
	enum rung_result result = RUNG_FAILED;
	if (secret_random_password(&journal.next, fault) == 0 && journal_write(PATH_JOURNAL, &journal, fault) == 0) {
		teller_step(host->teller, RT_STEP_CHANGE, host->dc.host, NULL);
		struct fault why = { 0 };
		switch (set(host, data, &journal.next, &why)) {
		case SET_DONE:
			result = settle(host, &journal.next, fault);
			break;
		case SET_REFUSED:
			(void)fault_set(fault, why.kind, "%s", why.text);
			result = journal_clear(PATH_JOURNAL, fault) == 0 ? RUNG_FAILED : RUNG_UNSURE;
			break;
		case SET_UNKNOWN:
			result = settle(host, &journal.next, fault);
			if (result != RUNG_DONE)
				(void)fault_set(fault, why.kind, "%s", why.text);
			break;
		}
	}
	journal_wipe(&journal);
	return result;
}

enum rung_result change_adopt(struct host *host, const struct secret *password, struct fault *fault)
{
	return settle(host, password, fault);
}

bool change_in_flight(const struct host *host)
{
	return host->facts.has_pending && (int64_t)time(NULL) - host->journal.started_unix < IN_FLIGHT;
}

int change_forget(struct host *host, struct fault *fault)
{
	bool answered = host->facts.has_pending && host->facts.pdc && host->facts.pending_code == 24;
	if (!answered || change_in_flight(host))
		return 0;
	return journal_clear(PATH_JOURNAL, fault);
}

enum set_result change_by_kpasswd(struct host *host, void *data, const struct secret *next, struct fault *fault)
{
	const struct kdc_ticket *changepw = data;
	return kpasswd_set(host->kdc, changepw, host->account, next, host->deadline, NULL, fault);
}
