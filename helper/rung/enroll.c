/* Enrolment, see enroll.h. */
#include "enroll.h"

#include "../base/paths.h"
#include "../directory/companion.h"
#include "../store/file.h"
#include "credential.h"

#include <stdio.h>
#include <string.h>

/* A bound connection with an administrator's right, and what is found with it. */
struct desk {
	struct kdc_ticket *tgt;
	LDAP *ld;
	char base[512], sid[192];
	struct account account;
};

static void close_desk(struct desk *desk)
{
	if (desk->ld != NULL)
		(void)ldap_unbind_ext_s(desk->ld, NULL, NULL);
	kdc_ticket_free(desk->tgt);
}

static int open_desk(struct host *host, const struct credential *credential, struct desk *desk, struct fault *fault)
{
	memset(desk, 0, sizeof *desk);
	desk->tgt = credential_ticket(host, credential, fault);
	if (desk->tgt == NULL)
		return -1;
	desk->ld = ldapconn_gssapi(host->kdc, desk->tgt, host->deadline, fault);
	if (desk->ld == NULL)
		return -1;
	if (account_domain(desk->ld, desk->base, sizeof desk->base, desk->sid, sizeof desk->sid, fault) != 0)
		return -1;
	int found = account_find(desk->ld, desk->base, host->account, &desk->account, fault);
	if (found == 0)
		return fault_set(fault, FAULT_REFUSED, "%s shows no account %s", host->dc.host, host->account);
	return found > 0 ? 0 : -1;
}

/* The key is stored only after the DC took it. */
static int store_key(struct host *host, const char *user, const struct secret *password, struct fault *fault)
{
	char salt[512];
	MACHINE_KEYS_AUTO keys = { 0 };
	struct keytab_names name = { .count = 1 };
	(void)snprintf(name.name[0], sizeof name.name[0], "%s@%.200s", user, host->realm);
	int32_t code = kdc_salt(host->kdc, user, salt, sizeof salt, fault);
	if (code == 0 && kdc_derive(host->kdc, password, salt, 1, false, &keys, fault) != 0)
		return -1;
	if (code == 0)
		code = kdc_as_keys(host->kdc, user, &keys, NULL, NULL, fault);
	if (code != 0)
		return fault_set(fault, FAULT_REFUSED, "%s doesn't take the spare key that was just set (Kerberos %d); run enroll "
		                 "again", host->dc.host, (int)code);
	if (keytab_install(PATH_SPARE, NULL, &name, &keys, fault) != 0)
		return -1;
	host->spare = keys;
	host->facts.has_spare = true;
	host->facts.spare_code = 0;
	return 0;
}

static int remember(struct host *host, const struct desk *desk, const char *user, const char *dn, struct fault *fault)
{
	struct identity *identity = &host->identity;
	struct ping ping;
	struct fault quiet = { 0 };
	(void)snprintf(identity->realm, sizeof identity->realm, "%s", host->realm);
	(void)snprintf(identity->account, sizeof identity->account, "%s", host->account);
	(void)snprintf(identity->domain_sid, sizeof identity->domain_sid, "%s", desk->sid);
	(void)snprintf(identity->account_sid, sizeof identity->account_sid, "%s", desk->account.sid);
	(void)snprintf(identity->account_guid, sizeof identity->account_guid, "%s", desk->account.guid);
	(void)snprintf(identity->spare_account, sizeof identity->spare_account, "%s", user);
	(void)snprintf(identity->spare_dn, sizeof identity->spare_dn, "%s", dn);
	identity_machine_id(identity->machine_id, sizeof identity->machine_id);
	identity->names = host->keytab.names;
	if (ldapconn_ping(&host->dc, host->realm, host->account, host->deadline, &ping, &quiet) == 0) {
		(void)snprintf(identity->domain, sizeof identity->domain, "%s", ping.netbios_domain);
		(void)snprintf(identity->domain_guid, sizeof identity->domain_guid, "%s", ping.domain_guid);
	}
	return identity_write(PATH_IDENTITY, identity, fault);
}

static int make(struct host *host, struct desk *desk, const char *container, struct fault *fault)
{
	char user[21], dn[512] = "";
	SECRET_AUTO password = { 0 };
	companion_name(host->account, user, sizeof user);
	if (secret_random_password(&password, fault) != 0)
		return -1;
	bool renew = strcmp(user, host->identity.spare_account) == 0;
	char place[560];
	(void)snprintf(place, sizeof place, "%s%s", container[0] != '\0' ? "" : "CN=Users,",
	               container[0] != '\0' ? container : desk->base);
	teller_step(host->teller, renew ? RT_STEP_ENROLL_REUSE : RT_STEP_ENROLL, user, place);
	enum set_result made = companion_make(desk->ld, host->kdc, desk->tgt, desk->base, container, host->account, &password,
	                                      host->deadline, dn, sizeof dn, fault);
	if (made != SET_DONE)
		return fault_set(fault, FAULT_INTERNAL, "the spare account could not be made");
	teller_step(host->teller, RT_STEP_GRANT, host->account, NULL);
	if (store_key(host, user, &password, fault) != 0)
		return -1;
	return remember(host, desk, user, dn, fault);
}

int enroll_make(struct host *host, const struct credential *credential, const char *container, struct fault *fault)
{
	struct desk desk;
	int result = open_desk(host, credential, &desk, fault);
	if (result == 0)
		result = make(host, &desk, container, fault);
	close_desk(&desk);
	return result;
}

static int forget(struct host *host, struct fault *fault)
{
	struct identity *identity = &host->identity;
	identity->spare_account[0] = identity->spare_dn[0] = '\0';
	machine_keys_wipe(&host->spare);
	host->facts.has_spare = false;
	if (identity_write(PATH_IDENTITY, identity, fault) != 0)
		return -1;
	return file_remove(PATH_SPARE, fault);
}

int enroll_remove(struct host *host, const struct credential *credential, struct fault *fault)
{
	struct desk desk;
	char user[21];
	companion_name(host->account, user, sizeof user);
	int result = open_desk(host, credential, &desk, fault);
	if (result == 0) {
		teller_step(host->teller, RT_STEP_UNENROLL, user, NULL);
		result = companion_remove(desk.ld, desk.base, host->account, fault);
	}
	if (result == 0)
		result = forget(host, fault);
	close_desk(&desk);
	return result;
}
