/* LDAP with GSSAPI, signed and sealed; see ldapconn.h.
 *
 * SECURITY: a ticket for ldap/HOST proves some service of the genuine domain, not a DC: every member may give itself
 * the SPN ldap/member.domain. So the ticket that is used is one for the three-part name ldap/HOST/DOMAIN, which a
 * member is refused. SASL knows two-part names only; therefore a memory cache is made that holds that ticket, and
 * nothing else, under the name SASL asks for. The name is no part of the proof: the peer must know the key that the KDC
 * encrypted the ticket with. With no ticket-granting ticket in the cache GSSAPI can't ask any KDC on its own.
 */
#include "ldapcall.h"

#include <ctype.h>
#include <krb5.h>
#include <sasl/sasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SSF_MIN = 56 }; /* sealed: with signing only, Samba takes a new password in the clear */

struct cache {
	krb5_context context;
	krb5_ccache ccache;
	krb5_principal client, server;
};

static void cache_close(struct cache *cache)
{
	if (cache->context == NULL)
		return;
	krb5_free_principal(cache->context, cache->client);
	krb5_free_principal(cache->context, cache->server);
	if (cache->ccache != NULL)
		(void)krb5_cc_destroy(cache->context, cache->ccache);
	krb5_free_context(cache->context);
}

static bool is_dc_ticket(const krb5_creds *creds)
{
	return creds->server->length == 3 && creds->server->data[0].length == 4 &&
	       memcmp(creds->server->data[0].data, "ldap", 4) == 0;
}

/* Stores the three-part ticket of source under the two-part name. */
static krb5_error_code copy_ticket(struct cache *cache, krb5_ccache source)
{
	krb5_cc_cursor cursor;
	krb5_creds creds;
	bool found = false;
	krb5_error_code code = krb5_cc_start_seq_get(cache->context, source, &cursor);
	if (code != 0)
		return code;
	while (code == 0 && krb5_cc_next_cred(cache->context, source, &cursor, &creds) == 0) {
		if (is_dc_ticket(&creds)) {
			krb5_principal real = creds.server;
			creds.server = cache->server;
			code = krb5_cc_store_cred(cache->context, cache->ccache, &creds);
			creds.server = real;
			found = true;
		}
		krb5_free_cred_contents(cache->context, &creds);
	}
	(void)krb5_cc_end_seq_get(cache->context, source, &cursor);
	return code == 0 && !found ? KRB5_CC_NOTFOUND : code;
}

/* Whose tickets are these? */
static krb5_error_code cache_begin(struct cache *cache, const struct kdc_ticket *tgt)
{
	krb5_ccache source = NULL;
	krb5_error_code code = krb5_init_context(&cache->context);
	if (code == 0)
		code = krb5_cc_resolve(cache->context, kdc_ticket_ccache(tgt), &source);
	if (code != 0)
		return code;
	code = krb5_cc_get_principal(cache->context, source, &cache->client);
	(void)krb5_cc_close(cache->context, source);
	return code;
}

static krb5_error_code cache_fill(struct cache *cache, const struct kdc_ticket *ticket, const char *host)
{
	const krb5_data realm = cache->client->realm;
	krb5_ccache source = NULL;
	krb5_error_code code = krb5_build_principal(cache->context, &cache->server, realm.length, realm.data, "ldap",
	                                            host, (char *)NULL);
	if (code == 0)
		code = krb5_cc_new_unique(cache->context, "MEMORY", NULL, &cache->ccache);
	if (code == 0)
		code = krb5_cc_initialize(cache->context, cache->ccache, cache->client);
	if (code == 0)
		code = krb5_cc_resolve(cache->context, kdc_ticket_ccache(ticket), &source);
	if (code != 0)
		return code;
	code = copy_ticket(cache, source);
	(void)krb5_cc_close(cache->context, source);
	return code;
}

/* Names the cache to GSSAPI by the environment of this process, which serves one request. */
static krb5_error_code cache_show(const struct cache *cache)
{
	char *name = NULL;
	krb5_error_code code = krb5_cc_get_full_name(cache->context, cache->ccache, &name);
	if (code == 0 && setenv("KRB5CCNAME", name, 1) != 0)
		code = KRB5_CC_NOMEM;
	krb5_free_string(cache->context, name);
	return code;
}

/* SASL may ask for an authorization name: none, the client acts as itself. */
static int no_answers(LDAP *ld, unsigned int flags, void *defaults, void *prompts)
{
	(void)ld;
	(void)flags;
	(void)defaults;
	for (sasl_interact_t *prompt = prompts; prompt->id != SASL_CB_LIST_END; prompt++) {
		prompt->result = "";
		prompt->len = 0;
	}
	return LDAP_SUCCESS;
}

/* The exchange of the bind, step by step, so that the deadline is over all of them. */
static int bind_steps(LDAP *ld)
{
	LDAPMessage *result = NULL;
	const char *mechanism = NULL;
	int rc, id = 0;
	for (;;) {
		rc = ldap_sasl_interactive_bind(ld, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET, no_answers, NULL,
		                                result, &mechanism, &id);
		ldap_msgfree(result);
		result = NULL;
		if (rc != LDAP_SASL_BIND_IN_PROGRESS)
			return rc;
		struct timeval left;
		int got = ldapcall_time(ld, &left) ? ldap_result(ld, id, LDAP_MSG_ALL, &left, &result) : 0;
		if (got == 0)
			return LDAP_TIMEOUT;
		if (got < 0 || result == NULL) {
			(void)ldap_get_option(ld, LDAP_OPT_RESULT_CODE, &rc);
			return rc != LDAP_SUCCESS ? rc : LDAP_SERVER_DOWN;
		}
	}
}

static int bind_gssapi(LDAP *ld, const struct dc *dc, struct fault *fault)
{
	char properties[64], what[sizeof dc->host + 64];
	ber_len_t ssf = 0;
	(void)snprintf(properties, sizeof properties, "minssf=%d,noanonymous,noplain", SSF_MIN);
	(void)snprintf(what, sizeof what, "LDAP bind with Kerberos at %s", dc->host);
	if (ldap_set_option(ld, LDAP_OPT_X_SASL_SECPROPS, properties) != LDAP_OPT_SUCCESS)
		return fault_set(fault, FAULT_INTERNAL, "libldap takes no SASL security properties");
	int servers = ldapcall_dns_off();
	int rc = bind_steps(ld);
	ldapcall_dns_on(servers);
	if (rc != LDAP_SUCCESS)
		return ldapcall_fault(ld, rc, fault, what);
	if (ldap_get_option(ld, LDAP_OPT_X_SASL_SSF, &ssf) != LDAP_OPT_SUCCESS || ssf < SSF_MIN)
		return fault_set(fault, FAULT_REFUSED, "%s: the connection isn't sealed (strength %lu)", what,
		                 (unsigned long)ssf);
	return 0;
}

/* ldap/HOST/DOMAIN, as every DC has it. */
static void service_name(const char *host, const krb5_data *realm, char *buf, size_t size)
{
	int n = snprintf(buf, size, "ldap/%s/", host);
	for (size_t i = 0; n > 0 && i < realm->length && (size_t)n + 1 < size; i++)
		buf[n++] = (char)tolower((unsigned char)realm->data[i]);
	if (n > 0 && (size_t)n < size)
		buf[n] = '\0';
}

static krb5_error_code get_ticket(struct cache *cache, struct kdc *kdc, const struct kdc_ticket *tgt,
                                  struct fault *fault)
{
	const char *host = kdc_dc(kdc)->host;
	char service[sizeof kdc_dc(kdc)->host + 256];
	struct kdc_ticket *ticket = NULL;
	krb5_error_code code = cache_begin(cache, tgt);
	if (code != 0)
		return code;
	service_name(host, &cache->client->realm, service, sizeof service);
	int32_t result = kdc_tgs(kdc, tgt, service, &ticket, fault);
	if (result != 0) {
		(void)fault_set(fault, result == KDC_UNREACHABLE ? FAULT_UNSURE : FAULT_REFUSED,
		                "no ticket for %s (Kerberos error %d): the domain knows no such DC", service,
		                (int)result);
		return KRB5_CC_NOTFOUND;
	}
	code = cache_fill(cache, ticket, host);
	kdc_ticket_free(ticket);
	return code != 0 ? code : cache_show(cache);
}

LDAP *ldapconn_gssapi(struct kdc *kdc, const struct kdc_ticket *tgt, struct deadline deadline, struct fault *fault)
{
	const struct dc *dc = kdc_dc(kdc);
	struct cache cache = { 0 };
	LDAP *ld = NULL;
	krb5_error_code code = get_ticket(&cache, kdc, tgt, fault);
	if (code != 0)
		(void)fault_set(fault, FAULT_INTERNAL,
		                "no ticket for LDAP at %s can be handed to GSSAPI: Kerberos code %ld", dc->host,
		                (long)code);
	else
		ld = ldapcall_open(dc, "ldap", LDAP_PORT, deadline, fault);
	if (ld != NULL && bind_gssapi(ld, dc, fault) != 0) {
		ldapcall_close(ld);
		ld = NULL;
	}
	(void)unsetenv("KRB5CCNAME");
	cache_close(&cache);
	return ld;
}
