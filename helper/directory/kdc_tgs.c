/* The TGS exchange, see kdc.h. */
#include "kdc_internal.h"

#include <string.h>

/* One step, as in the AS exchange. But libkrb5 gets the errors too: after the first it asks once more without
 * canonicalization, which some KDCs need. */
static krb5_error_code step(struct kdc *kdc, krb5_tkt_creds_context exchange, krb5_data *reply, krb5_data *ret_request,
                            bool *ret_more)
{
	krb5_data realm = { .length = 0 };
	unsigned int flags = 0;
	krb5_error_code code = krb5_tkt_creds_step(kdc->context, exchange, reply, ret_request, &realm, &flags);
	krb5_free_data_contents(kdc->context, reply);
	*ret_more = code == 0 && (flags & KRB5_TKT_CREDS_STEP_FLAG_CONTINUE) != 0;
	/* A referral leads to another realm's KDC: the pinned DC doesn't have that service. */
	if (*ret_more && (realm.length != strlen(kdc->realm) || memcmp(realm.data, kdc->realm, realm.length) != 0))
		code = KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN;
	krb5_free_data_contents(kdc->context, &realm);
	return code;
}

/* What a failed step means: the KDC's own last word, if it was an error. */
static int32_t judge(krb5_error_code code, int32_t last_error, bool answered)
{
	if (last_error > 0)
		return last_error;
	if (code == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN)
		return KDC_CODE(code);
	return answered ? KDC_BAD_REPLY : KDC_FAILED;
}

static int32_t run(struct kdc *kdc, krb5_tkt_creds_context exchange, const char *service, struct fault *fault)
{
	krb5_data reply = { .length = 0 };
	int32_t result = 0, last_error = -1;
	bool more = true;
	for (int round = 0; result == 0 && more; round++) {
		krb5_data request = { .length = 0 };
		krb5_error_code code = step(kdc, exchange, &reply, &request, &more);
		if (code == 0 && round == KDC_ROUNDS_MAX)
			code = KRB5_GET_IN_TKT_LOOP;
		if (code != 0)
			result = kdc_tell(kdc, judge(code, last_error, round > 0), code, service, fault);
		else if (more)
			result = kdc_exchange(kdc, &request, &reply, fault);
		if (code == 0 && more && result == 0)
			last_error = kdc_reply_error(kdc, &reply);
		krb5_free_data_contents(kdc->context, &request);
	}
	krb5_free_data_contents(kdc->context, &reply);
	return result;
}

static int32_t take(struct kdc *kdc, krb5_tkt_creds_context exchange, const struct kdc_ticket *tgt, const char *service,
                    struct kdc_ticket **ret_ticket, struct fault *fault)
{
	krb5_creds creds = { .magic = KV5M_CREDS };
	krb5_error_code code = krb5_tkt_creds_get_creds(kdc->context, exchange, &creds);
	return code == 0 ? kdc_ticket_keep(kdc, &creds, tgt, ret_ticket, fault) : kdc_failed(kdc, code, service, fault);
}

int32_t kdc_tgs(struct kdc *kdc, const struct kdc_ticket *tgt, const char *service, struct kdc_ticket **ret_ticket,
                struct fault *fault)
{
	krb5_creds want = { .magic = KV5M_CREDS, .client = tgt->creds.client };
	krb5_tkt_creds_context exchange = NULL;
	int32_t result = kdc_principal(kdc, service, &want.server, fault);
	if (result != 0)
		return result;
	/* Not stored beside the TGT: a ticket that is asked for twice must come from the DC twice. */
	krb5_error_code code = krb5_tkt_creds_init(kdc->context, tgt->ccache, &want, KRB5_GC_NO_STORE, &exchange);
	result = code == 0 ? run(kdc, exchange, service, fault) : kdc_failed(kdc, code, service, fault);
	if (result == 0)
		result = take(kdc, exchange, tgt, service, ret_ticket, fault);
	krb5_tkt_creds_free(kdc->context, exchange);
	krb5_free_principal(kdc->context, want.server);
	return result;
}
