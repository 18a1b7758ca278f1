/* Tickets: credentials in memory, and what can be read of them. See kdc.h. */
#include "kdc_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_realm(const struct kdc *kdc, const krb5_data *realm)
{
	const size_t len = strlen(kdc->realm);
	return realm->length == len && strncasecmp(realm->data, kdc->realm, len) == 0;
}

int32_t kdc_principal(struct kdc *kdc, const char *name, krb5_principal *ret_principal, struct fault *fault)
{
	*ret_principal = NULL;
	krb5_error_code code = krb5_parse_name(kdc->context, name, ret_principal);
	if (code != 0)
		return kdc_failed(kdc, code, name, fault);
	if (is_realm(kdc, &(*ret_principal)->realm)) /* people type it in lower case */
		code = krb5_set_principal_realm(kdc->context, *ret_principal, kdc->realm);
	else
		(void)fault_set(fault, FAULT_USAGE, "%s: not a name of the realm %s", name, kdc->realm);
	if (code == 0 && is_realm(kdc, &(*ret_principal)->realm))
		return 0;
	krb5_free_principal(kdc->context, *ret_principal);
	*ret_principal = NULL;
	return code == 0 ? KDC_FAILED : kdc_failed(kdc, code, name, fault);
}

static krb5_error_code fill_ccache(struct kdc *kdc, struct kdc_ticket *ticket, const struct kdc_ticket *tgt)
{
	krb5_context context = kdc->context;
	krb5_error_code code = krb5_cc_new_unique(context, "MEMORY", NULL, &ticket->ccache);
	if (code == 0)
		code = krb5_cc_initialize(context, ticket->ccache, ticket->creds.client);
	if (code == 0 && tgt != NULL)
		code = krb5_cc_store_cred(context, ticket->ccache, (krb5_creds *)(uintptr_t)&tgt->creds);
	if (code == 0)
		code = krb5_cc_store_cred(context, ticket->ccache, &ticket->creds);
	if (code == 0)
		code = krb5_cc_get_full_name(context, ticket->ccache, &ticket->name);
	return code;
}

int32_t kdc_ticket_keep(struct kdc *kdc, krb5_creds *creds, const struct kdc_ticket *tgt,
                        struct kdc_ticket **ret_ticket, struct fault *fault)
{
	struct kdc_ticket *ticket = calloc(1, sizeof *ticket);
	if (ticket == NULL) {
		krb5_free_cred_contents(kdc->context, creds);
		return kdc_failed(kdc, ENOMEM, "a ticket", fault);
	}
	ticket->kdc = kdc;
	ticket->creds = *creds;
	memset(creds, 0, sizeof *creds);
	krb5_error_code code = fill_ccache(kdc, ticket, tgt);
	if (code != 0) {
		kdc_ticket_free(ticket);
		return kdc_failed(kdc, code, "a ticket", fault);
	}
	*ret_ticket = ticket;
	return 0;
}

void kdc_ticket_free(struct kdc_ticket *ticket)
{
	if (ticket == NULL)
		return;
	krb5_context context = ticket->kdc->context;
	if (ticket->ccache != NULL)
		(void)krb5_cc_destroy(context, ticket->ccache);
	krb5_free_string(context, ticket->name);
	krb5_free_cred_contents(context, &ticket->creds);
	free(ticket);
}

const char *kdc_ticket_ccache(const struct kdc_ticket *ticket)
{
	return ticket->name;
}

int kdc_ticket_kvno(const struct kdc_ticket *ticket, int32_t *ret_kvno, int32_t *ret_enctype)
{
	krb5_ticket *decoded;
	if (krb5_decode_ticket(&ticket->creds.ticket, &decoded) != 0)
		return -1;
	*ret_kvno = (int32_t)decoded->enc_part.kvno;
	*ret_enctype = decoded->enc_part.enctype;
	krb5_free_ticket(ticket->kdc->context, decoded);
	return 0;
}

static krb5_error_code decrypt(struct kdc *kdc, const krb5_enc_data *sealed, const struct machine_key *key)
{
	const krb5_keyblock block = { .magic = KV5M_KEYBLOCK,
		                      .enctype = key->enctype,
		                      .length = (unsigned int)key->key.len,
		                      .contents = (krb5_octet *)(uintptr_t)key->key.bytes };
	const size_t size = sealed->ciphertext.length;
	krb5_data plain = { .magic = KV5M_DATA, .length = (unsigned int)size, .data = malloc(size) };
	if (plain.data == NULL)
		return ENOMEM;
	krb5_error_code code = krb5_c_decrypt(kdc->context, &block, KRB5_KEYUSAGE_KDC_REP_TICKET, NULL, sealed, &plain);
	explicit_bzero(plain.data, size); /* it holds the session key */
	free(plain.data);
	return code;
}

/* By hand, because krb5_server_decrypt_ticket_keytab tries every key of a keytab whatever its kvno, and what it is to
 * show is whether SSSD's look-up by kvno and enctype finds the right one. */
int32_t kdc_ticket_opens(struct kdc *kdc, const struct kdc_ticket *ticket, const struct machine_keys *keys)
{
	krb5_ticket *decoded;
	int32_t result = KDC_CODE(KRB5KRB_AP_ERR_BADKEYVER);
	if (krb5_decode_ticket(&ticket->creds.ticket, &decoded) != 0)
		return KDC_FAILED;
	const krb5_enc_data *sealed = &decoded->enc_part;
	for (size_t i = 0; i < keys->count; i++) {
		const struct machine_key *key = &keys->key[i];
		if (key->kvno != (int32_t)sealed->kvno || key->enctype != sealed->enctype)
			continue;
		const krb5_error_code code = decrypt(kdc, sealed, key);
		result = code == 0 ? 0 : KDC_CODE(KRB5KRB_AP_ERR_BAD_INTEGRITY);
		break;
	}
	krb5_free_ticket(kdc->context, decoded);
	return result;
}
