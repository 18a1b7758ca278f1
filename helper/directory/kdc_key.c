/* Salts and keys, see kdc.h. */
#include "kdc_internal.h"

#include "der.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PA_ETYPE_INFO2 = 19, AS_REP = 11, TAG_PADATA = 2, KRB_ERROR = 30, TAG_E_DATA = 12 };

static const krb5_enctype with_salt[] = { ENCTYPE_AES256_CTS_HMAC_SHA1_96, ENCTYPE_AES128_CTS_HMAC_SHA1_96 };

static krb5_error_code first_request(struct kdc *kdc, krb5_principal client, krb5_data *ret_request)
{
	krb5_get_init_creds_opt *options = NULL;
	krb5_init_creds_context exchange = NULL;
	krb5_data nothing = { .length = 0 }, realm = { .length = 0 };
	krb5_enctype enctypes[2];
	unsigned int flags = 0;
	memcpy(enctypes, with_salt, sizeof enctypes);
	krb5_error_code code = krb5_get_init_creds_opt_alloc(kdc->context, &options);
	if (code != 0)
		return code;
	krb5_get_init_creds_opt_set_etype_list(options, enctypes, 2);
	code = krb5_init_creds_init(kdc->context, client, NULL, NULL, 0, options, &exchange);
	if (code == 0)
		code = krb5_init_creds_step(kdc->context, exchange, &nothing, ret_request, &realm, &flags);
	krb5_free_data_contents(kdc->context, &realm);
	krb5_init_creds_free(kdc->context, exchange);
	krb5_get_init_creds_opt_free(kdc->context, options);
	return code;
}

/* Copies the salt of an ETYPE-INFO2-ENTRY. Returns 1, 0 when the entry has none or isn't AES, -1 when it is no text of
 * that size. */
static int entry_salt(struct der entry, char *ret_salt, size_t size)
{
	struct der field, salt;
	int32_t enctype;
	if (!der_enter(&entry, DER_CONTEXT + 0, &field) || !der_int(&field, &enctype) ||
	    (enctype != with_salt[0] && enctype != with_salt[1]))
		return 0;
	if (!der_enter(&entry, DER_CONTEXT + 1, &field) || !der_enter(&field, DER_GENERAL_STRING, &salt))
		return 0;
	if (salt.left >= size || memchr(salt.at, '\0', salt.left) != NULL)
		return -1;
	memcpy(ret_salt, salt.at, salt.left);
	ret_salt[salt.left] = '\0';
	return 1;
}

/* The first AES entry's salt in a SEQUENCE OF PA-DATA. Returns as entry_salt does. */
static int padata_salt(struct der list, char *ret_salt, size_t size)
{
	struct der padata, field, value, entries, entry;
	int32_t type;
	while (der_enter(&list, DER_SEQUENCE, &padata)) {
		if (!der_enter(&padata, DER_CONTEXT + 1, &field) || !der_int(&field, &type) || type != PA_ETYPE_INFO2 ||
		    !der_enter(&padata, DER_CONTEXT + 2, &field) || !der_enter(&field, DER_OCTET_STRING, &value) ||
		    !der_enter(&value, DER_SEQUENCE, &entries))
			continue;
		while (der_enter(&entries, DER_SEQUENCE, &entry)) {
			int found = entry_salt(entry, ret_salt, size);
			if (found != 0)
				return found;
		}
	}
	return 0;
}

/* The same in a whole reply: KRB-ERROR 25, or the AS-REP of an account that needs no preauthentication. */
static int reply_salt(const krb5_data *reply, char *ret_salt, size_t size)
{
	struct der message = { .at = (const uint8_t *)reply->data, .left = reply->length };
	struct der body, fields, field, data, list;
	uint8_t tag;
	if (!der_next(&message, &tag, &body) || !der_enter(&body, DER_SEQUENCE, &fields))
		return -1;
	if (tag == DER_APPLICATION + AS_REP) {
		if (!der_find(&fields, DER_CONTEXT + TAG_PADATA, &field))
			return 0;
		data = field;
	} else if (tag == DER_APPLICATION + KRB_ERROR) {
		if (!der_find(&fields, DER_CONTEXT + TAG_E_DATA, &field) || !der_enter(&field, DER_OCTET_STRING, &data))
			return 0;
	} else {
		return -1;
	}
	return der_enter(&data, DER_SEQUENCE, &list) ? padata_salt(list, ret_salt, size) : -1;
}

/* RFC 4120: a KDC that tells no salt means the one made of the name. */
static krb5_error_code default_salt(struct kdc *kdc, krb5_principal client, char *ret_salt, size_t size)
{
	krb5_data salt = { .length = 0 };
	krb5_error_code code = krb5_principal2salt(kdc->context, client, &salt);
	if (code == 0 && salt.length >= size)
		code = ERANGE;
	if (code == 0)
		(void)snprintf(ret_salt, size, "%.*s", (int)salt.length, salt.data);
	krb5_free_data_contents(kdc->context, &salt);
	return code;
}

static int32_t take_salt(struct kdc *kdc, krb5_principal client, const krb5_data *reply, char *ret_salt, size_t size)
{
	const int32_t error = kdc_reply_error(kdc, reply);
	if (error > 0 && error != KDC_CODE(KRB5KDC_ERR_PREAUTH_REQUIRED))
		return error;
	int found = error == 0 ? -1 : reply_salt(reply, ret_salt, size);
	if (found == 0 && default_salt(kdc, client, ret_salt, size) == 0)
		found = 1;
	return found > 0 ? 0 : KDC_BAD_REPLY;
}

int32_t kdc_salt(struct kdc *kdc, const char *principal, char *ret_salt, size_t size, struct fault *fault)
{
	krb5_principal client;
	krb5_data request = { .length = 0 }, reply = { .length = 0 };
	int32_t result = kdc_principal(kdc, principal, &client, fault);
	if (result != 0)
		return result;
	const krb5_error_code code = first_request(kdc, client, &request);
	if (code != 0)
		result = kdc_failed(kdc, code, principal, fault);
	else
		result = kdc_exchange(kdc, &request, &reply, fault);
	if (result == 0) {
		result = take_salt(kdc, client, &reply, ret_salt, size);
		(void)kdc_tell(kdc, result, KRB5KRB_AP_ERR_MSG_TYPE, principal, fault);
	}
	krb5_free_data_contents(kdc->context, &reply);
	krb5_free_data_contents(kdc->context, &request);
	krb5_free_principal(kdc->context, client);
	return result;
}

static krb5_error_code derive_one(struct kdc *kdc, const struct secret *password, const char *salt,
                                  struct machine_key *key)
{
	const krb5_data text = { .magic = KV5M_DATA,
		                 .length = (unsigned int)password->len,
		                 .data = (char *)(uintptr_t)password->bytes };
	const krb5_data salt_data = { .magic = KV5M_DATA,
		                      .length = (unsigned int)strlen(salt),
		                      .data = (char *)(uintptr_t)salt };
	krb5_keyblock block = { .magic = KV5M_KEYBLOCK };
	krb5_error_code code = krb5_c_string_to_key(kdc->context, key->enctype, &text, &salt_data, &block);
	if (code == 0 && !secret_set(&key->key, block.contents, block.length))
		code = ERANGE;
	krb5_free_keyblock_contents(kdc->context, &block); /* wipes it */
	return code;
}

int kdc_derive(struct kdc *kdc, const struct secret *password, const char *salt, int32_t kvno, bool rc4,
               struct machine_keys *ret_keys, struct fault *fault)
{
	const krb5_enctype enctypes[] = { with_salt[0], with_salt[1], ENCTYPE_ARCFOUR_HMAC };
	machine_keys_wipe(ret_keys);
	for (size_t i = 0; i < (rc4 ? 3u : 2u); i++) {
		struct machine_key *key = &ret_keys->key[i];
		key->kvno = kvno;
		key->enctype = enctypes[i];
		const krb5_error_code code = derive_one(kdc, password, salt, key);
		if (code != 0) {
			machine_keys_wipe(ret_keys);
			(void)kdc_failed(kdc, code, "deriving the keys", fault);
			return -1;
		}
		ret_keys->count++;
	}
	return 0;
}
