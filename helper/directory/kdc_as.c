/* AS exchanges: with keys of one version, with a password. See kdc.h.
 *
 * Each KRB-ERROR but 25 (preauthentication required) ends the exchange with its own code. libkrb5 would go on with
 * other mechanisms and end with whatever the last of them says.
 */
#include "kdc_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Who asks whom for what, and with which secret. */
struct as {
	const char *name;
	krb5_principal client;           /* the same, parsed */
	const char *service;             /* NULL: krbtgt */
	const struct machine_keys *keys; /* NULL: password */
	const struct secret *password;
	krb5_keytab keytab;      /* of keys */
	krb5_enctype enctype[3]; /* offered, best first */
	int enctypes;
	bool shortcut; /* encrypted timestamp at once */
};

static const krb5_enctype enctype_order[] = { ENCTYPE_AES256_CTS_HMAC_SHA1_96, ENCTYPE_AES128_CTS_HMAC_SHA1_96,
	                                      ENCTYPE_ARCFOUR_HMAC };

static krb5_error_code make_options(struct kdc *kdc, struct as *as, krb5_get_init_creds_opt **ret_options)
{
	static krb5_preauthtype timestamp[] = { KRB5_PADATA_ENC_TIMESTAMP };
	krb5_error_code code = krb5_get_init_creds_opt_alloc(kdc->context, ret_options);
	if (code != 0)
		return code;
	krb5_get_init_creds_opt_set_etype_list(*ret_options, as->enctype, as->enctypes);
	krb5_get_init_creds_opt_set_forwardable(*ret_options, 0);
	krb5_get_init_creds_opt_set_proxiable(*ret_options, 0);
	if (as->shortcut)
		krb5_get_init_creds_opt_set_preauth_list(*ret_options, timestamp, 1);
	return 0;
}

static krb5_error_code begin(struct kdc *kdc, const struct as *as, krb5_get_init_creds_opt *options,
                             krb5_init_creds_context *ret_exchange)
{
	krb5_error_code code = krb5_init_creds_init(kdc->context, as->client, NULL, NULL, 0, options, ret_exchange);
	if (code == 0 && as->service != NULL)
		code = krb5_init_creds_set_service(kdc->context, *ret_exchange, as->service);
	if (code == 0 && as->keytab != NULL)
		code = krb5_init_creds_set_keytab(kdc->context, *ret_exchange, as->keytab);
	else if (code == 0)
		code = krb5_init_creds_set_password(kdc->context, *ret_exchange, (const char *)as->password->bytes);
	return code;
}

/* An exchange under way. */
struct talk {
	krb5_init_creds_context exchange;
	krb5_data reply;  /* to be given to libkrb5; none at first */
	int32_t required; /* 25 after the KDC asked for preauthentication, else 0 */
	bool more;
};

/* What libkrb5 can't go on with: the offer of a KDC_ERR_PREAUTH_REQUIRED (a smart card's, say), or an answer made
 * without the keys. */
static int32_t dead_end(struct kdc *kdc, const struct talk *talk, bool answered, krb5_error_code code,
                        struct fault *fault)
{
	if (talk->required != 0)
		return talk->required;
	return kdc_tell(kdc, answered ? KDC_BAD_REPLY : KDC_FAILED, code, "a request for a ticket", fault);
}

/* One step: gives libkrb5 the reply and sends what it wants sent. Returns 0, with talk->more telling whether there is a
 * new reply, or a result. */
static int32_t step(struct kdc *kdc, struct talk *talk, struct fault *fault)
{
	krb5_data request = { .length = 0 }, realm = { .length = 0 };
	unsigned int flags = 0;
	const bool answered = talk->reply.length > 0;
	const krb5_error_code code =
		krb5_init_creds_step(kdc->context, talk->exchange, &talk->reply, &request, &realm, &flags);
	krb5_free_data_contents(kdc->context, &talk->reply);
	talk->more = code == 0 && (flags & KRB5_INIT_CREDS_STEP_FLAG_CONTINUE) != 0;
	int32_t result = 0;
	if (code != 0)
		result = dead_end(kdc, talk, answered, code, fault);
	else if (talk->more)
		result = kdc_exchange(kdc, &request, &talk->reply, fault);
	krb5_free_data_contents(kdc->context, &request);
	krb5_free_data_contents(kdc->context, &realm);
	return result;
}

/* What a reply means for the exchange: 0 to go on, or its end. */
static int32_t judge(struct kdc *kdc, struct talk *talk)
{
	const int32_t error = kdc_reply_error(kdc, &talk->reply);
	talk->required = error == KDC_CODE(KRB5KDC_ERR_PREAUTH_REQUIRED) ? error : 0;
	if (error < 0 || talk->required != 0)
		return 0;
	return error > 0 ? error : KDC_BAD_REPLY;
}

static int32_t run(struct kdc *kdc, krb5_init_creds_context exchange, struct fault *fault)
{
	struct talk talk = { .exchange = exchange, .more = true };
	int32_t result = 0;
	for (int round = 0; result == 0 && talk.more; round++) {
		result = round < KDC_ROUNDS_MAX ? step(kdc, &talk, fault) : dead_end(kdc, &talk, true, 0, fault);
		if (result == 0 && talk.more)
			result = judge(kdc, &talk);
	}
	krb5_free_data_contents(kdc->context, &talk.reply);
	return result;
}

/* kdc_timesync made libkrb5 note by how much the DC's clock, as an authentic reply shows it, is ahead of ours. */
static void note_offset(struct kdc *kdc)
{
	krb5_timestamp seconds;
	krb5_int32 micro;
	if (krb5_get_time_offsets(kdc->context, &seconds, &micro) == 0)
		kdc->offset = seconds;
}

static int32_t as_once(struct kdc *kdc, struct as *as, krb5_creds *ret_creds, struct fault *fault)
{
	krb5_get_init_creds_opt *options = NULL;
	krb5_init_creds_context exchange = NULL;
	int32_t result;
	krb5_error_code code = make_options(kdc, as, &options);
	if (code == 0)
		code = begin(kdc, as, options, &exchange);
	if (code != 0)
		result = kdc_failed(kdc, code, as->name, fault);
	else
		result = run(kdc, exchange, fault);
	if (result == 0) {
		code = krb5_init_creds_get_creds(kdc->context, exchange, ret_creds);
		result = code == 0 ? 0 : kdc_failed(kdc, code, as->name, fault);
		note_offset(kdc);
	}
	krb5_init_creds_free(kdc->context, exchange);
	krb5_get_init_creds_opt_free(kdc->context, options);
	return result;
}

/* Codes that the normal exchange would only repeat: asking again would be one more failed logon at the DC. */
static bool is_final(int32_t result)
{
	return result <= 0 || result == KDC_CODE(KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN) ||
	       result == KDC_CODE(KRB5KDC_ERR_CLIENT_REVOKED) || result == KDC_CODE(KRB5KDC_ERR_PREAUTH_FAILED);
}

static krb5_error_code add_key(struct kdc *kdc, krb5_keytab keytab, krb5_principal principal,
                               const struct machine_key *key)
{
	krb5_keytab_entry entry = { .magic = KV5M_KEYTAB_ENTRY, .principal = principal, .vno = (krb5_kvno)key->kvno };
	entry.key.magic = KV5M_KEYBLOCK;
	entry.key.enctype = key->enctype;
	entry.key.length = (unsigned int)key->key.len;
	entry.key.contents = (krb5_octet *)(uintptr_t)key->key.bytes; /* copied, not changed */
	return krb5_kt_add_entry(kdc->context, keytab, &entry);
}

/* A keytab in memory with just these keys: libkrb5 looks only at the highest version of a keytab. */
static krb5_error_code make_keytab(struct kdc *kdc, struct as *as)
{
	char name[64];
	(void)snprintf(name, sizeof name, "MEMORY:retrust-%p-%lu", (void *)kdc, ++kdc->serial);
	krb5_error_code code = krb5_kt_resolve(kdc->context, name, &as->keytab);
	for (size_t i = 0; code == 0 && i < as->keys->count; i++)
		code = add_key(kdc, as->keytab, as->client, &as->keys->key[i]);
	return code;
}

static int32_t as_twice(struct kdc *kdc, struct as *as, krb5_creds *ret_creds, struct fault *fault)
{
	int32_t result = as_once(kdc, as, ret_creds, fault);
	if (as->shortcut && !is_final(result)) {
		as->shortcut = false;
		result = as_once(kdc, as, ret_creds, fault);
	}
	return result == 0 ? 0 : kdc_tell(kdc, result, 0, as->name, fault);
}

static int32_t as_run(struct kdc *kdc, struct as *as, struct kdc_ticket **ret_ticket, struct fault *fault)
{
	krb5_creds creds = { .magic = KV5M_CREDS };
	int32_t result = kdc_principal(kdc, as->name, &as->client, fault);
	if (result != 0)
		return result;
	const krb5_error_code code = as->keys != NULL ? make_keytab(kdc, as) : 0;
	result = code == 0 ? as_twice(kdc, as, &creds, fault) : kdc_failed(kdc, code, as->name, fault);
	if (result == 0 && ret_ticket != NULL)
		result = kdc_ticket_keep(kdc, &creds, NULL, ret_ticket, fault);
	krb5_free_cred_contents(kdc->context, &creds);
	if (as->keytab != NULL)
		(void)krb5_kt_close(kdc->context, as->keytab);
	krb5_free_principal(kdc->context, as->client);
	return result;
}

static bool has_enctype(const struct machine_keys *keys, krb5_enctype enctype)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->key[i].enctype == enctype)
			return true;
	return false;
}

int32_t kdc_as_keys(struct kdc *kdc, const char *principal, const struct machine_keys *keys, const char *service,
                    struct kdc_ticket **ret_ticket, struct fault *fault)
{
	struct as as = { .name = principal, .service = service, .keys = keys, .shortcut = true };
	/* Only what we have keys of is offered, or the KDC would choose another. */
	for (size_t i = 0; i < sizeof enctype_order / sizeof *enctype_order; i++)
		if (has_enctype(keys, enctype_order[i]))
			as.enctype[as.enctypes++] = enctype_order[i];
	if (as.enctypes == 0)
		return kdc_tell(kdc, KDC_NOT_ASKED, 0, principal, fault);
	return as_run(kdc, &as, ret_ticket, fault);
}

int32_t kdc_as_password(struct kdc *kdc, const char *principal, const struct secret *password, const char *service,
                        struct kdc_ticket **ret_ticket, struct fault *fault)
{
	/* No RC4: an unproven KDC that asks for it would get something that is easy to guess the password from. */
	struct as as = { .name = principal, .service = service, .password = password, .enctypes = 2 };
	memcpy(as.enctype, enctype_order, 2 * sizeof *enctype_order);
	if (password->len == 0 || memchr(password->bytes, '\0', password->len) != NULL)
		return kdc_tell(kdc, KDC_NOT_ASKED, 0, principal, fault);
	return as_run(kdc, &as, ret_ticket, fault);
}
