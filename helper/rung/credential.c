/* Repair with somebody else's right, see credential.h.
 *
 * SECURITY: an administrator's typed password proves nothing about the DC: a false one takes any. So it is sent over TLS
 * alone, after the certificate was checked against a pinned CA or root has accepted its fingerprint, and never to a
 * domain whose SID is another than the remembered one. */
#include "credential.h"

#include "../directory/account.h"
#include "change.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void credential_wipe(struct credential *credential)
{
	if (credential->fd >= 0)
		(void)close(credential->fd);
	explicit_bzero(credential, sizeof *credential);
	credential->fd = -1;
}

static struct kdc_ticket *told(struct host *host, int32_t code, const char *what, struct kdc_ticket *ticket,
                               struct fault *fault)
{
	if (code != 0)
		(void)fault_set(fault, code == KDC_UNREACHABLE ? FAULT_UNSURE : FAULT_REFUSED,
		                "%s (%s) doesn't accept %s (Kerberos %d)", host->dc.host, host->dc.address, what, (int)code);
	return ticket;
}

struct kdc_ticket *credential_ticket(struct host *host, const struct credential *credential, struct fault *fault)
{
	char who[256];
	struct kdc_ticket *ticket = NULL;
	int32_t code = KDC_NOT_ASKED;
	switch (credential->kind) {
	case RT_CRED_CCACHE:
		code = kdc_from_ccache(host->kdc, credential->fd, who, sizeof who, &ticket, fault);
		return told(host, code, "the ticket cache", ticket, fault);
	case RT_CRED_KEYTAB:
		code = kdc_from_keytab(host->kdc, credential->fd, credential->user, NULL, who, sizeof who, &ticket, fault);
		return told(host, code, "the key in the keytab", ticket, fault);
	case RT_CRED_PASSWORD:
		code = kdc_as_password(host->kdc, credential->user, &credential->password, NULL, &ticket, fault);
		return told(host, code, "the user's password", ticket, fault);
	case RT_CRED_NONE:
		break;
	}
	(void)fault_set(fault, FAULT_REFUSED, "an administrator's credential is needed: -U, --ccache or --keytab");
	return NULL;
}

static enum rung_result by_ticket(struct host *host, const struct credential *credential, struct fault *fault)
{
	struct kdc_ticket *tgt = credential_ticket(host, credential, fault), *changepw = NULL;
	enum rung_result result = RUNG_FAILED;
	if (tgt == NULL)
		return result;
	/* The answer to this request is encrypted with the TGT's session key: a KDC that doesn't know the krbtgt secret can't
	 * make one, whoever it is. */
	int32_t code = kdc_tgs(host->kdc, tgt, "kadmin/changepw", &changepw, fault);
	if (code == 0)
		result = change_run(host, change_by_kpasswd, changepw, fault);
	else
		(void)told(host, code, "the credential for a change of password", NULL, fault);
	kdc_ticket_free(changepw);
	kdc_ticket_free(tgt);
	return result;
}

static int accept_by_root(struct host *host, char *ret_fingerprint, size_t size, struct fault *fault)
{
	char question[1024];
	if (ldapconn_fingerprint(&host->dc, host->deadline, ret_fingerprint, size, fault) != 0)
		return -1;
	(void)snprintf(question, sizeof question,
	               "Nothing on this host proves the domain controller. It says that it is\n"
	               "  name:        %s\n  address:     %s\n  certificate: SHA-256 %s\n"
	               "  domain SID:  %s\n"
	               "Compare the fingerprint with the real one. Send it the password?",
	               host->dc.host, host->dc.address, ret_fingerprint,
	               host->identity.domain_sid[0] != '\0' ? "will be compared with the remembered one" :
	                                                      "none is remembered to compare with");
	if (host->teller != NULL && host->teller->ask != NULL && host->teller->ask(host->teller->data, question))
		return 0;
	return fault_set(fault, FAULT_REFUSED,
	                 "%s (%s) is not proven; nothing was sent. Give its certificate's SHA-256 to --accept-dc when you know it "
	                 "for the real one, or set tls_ca_file: %s", host->dc.host, host->dc.address, ret_fingerprint);
}

struct over_ldap {
	LDAP *ld;
	struct account account;
};

static enum set_result set_over_ldap(struct host *host, void *data, const struct secret *next, struct fault *fault)
{
	struct over_ldap *way = data;
	(void)host;
	return account_set_password(way->ld, way->account.dn, next, fault);
}

static int find_account(struct host *host, struct over_ldap *way, struct fault *fault)
{
	char base[512], sid[192];
	if (account_domain(way->ld, base, sizeof base, sid, sizeof sid, fault) != 0)
		return -1;
	if (host->identity.domain_sid[0] != '\0' && strcmp(sid, host->identity.domain_sid) != 0)
		return fault_set(fault, FAULT_REFUSED, "%s (%s) is of another domain: its SID is %s, the remembered one %s",
		                 host->dc.host, host->dc.address, sid, host->identity.domain_sid);
	int found = account_find(way->ld, base, host->account, &way->account, fault);
	if (found == 0)
		return fault_set(fault, FAULT_REFUSED, "%s has no account %s", host->dc.host, host->account);
	return found > 0 ? 0 : -1;
}

static enum rung_result by_password(struct host *host, const struct credential *credential, struct fault *fault)
{
	char fingerprint[128];
	struct tls_trust trust = { 0 };
	if (host->settings.tls_ca_file[0] != '\0') {
		trust.ca_file = host->settings.tls_ca_file;
	} else if (credential->accept_dc[0] != '\0') {
		trust.fingerprint = credential->accept_dc;
	} else {
		if (accept_by_root(host, fingerprint, sizeof fingerprint, fault) != 0)
			return RUNG_FAILED;
		trust.fingerprint = fingerprint;
	}
	struct over_ldap way = { 0 };
	enum rung_result result = RUNG_FAILED;
	way.ld = ldapconn_tls(&host->dc, host->realm, credential->user, &credential->password, &trust, host->deadline, fault);
	if (way.ld == NULL)
		return result;
	if (find_account(host, &way, fault) == 0)
		result = change_run(host, set_over_ldap, &way, fault);
	(void)ldap_unbind_ext_s(way.ld, NULL, NULL);
	return result;
}

enum rung_result credential_repair(struct host *host, const struct credential *credential, struct fault *fault)
{
	return credential->kind == RT_CRED_PASSWORD ? by_password(host, credential, fault) :
	                                              by_ticket(host, credential, fault);
}
