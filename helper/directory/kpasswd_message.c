/* The messages of RFC 3244 as bytes, see kpasswd_message.h. */
#include "kpasswd_message.h"

#include "der.h"

#include <string.h>

enum {
	REQUEST_VERSION = 0xff80, /* set password */
	REPLY_VERSION = 1,
	HEADER = 6, /* length, version, length of the AP message: two bytes each */
	NAME_TYPE_PRINCIPAL = 1,
	TAG_KRB_ERROR = DER_APPLICATION + 30
};

static void put_u16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static size_t get_u16(const uint8_t *at)
{
	return (size_t)at[0] << 8 | at[1];
}

/* targname [1] PrincipalName and targrealm [2] Realm; written from the end. */
static void put_target(struct der_out *out, const char *target, const char *realm)
{
	static const uint8_t name_type = NAME_TYPE_PRINCIPAL;
	const uint8_t *end = out->at;
	der_out_value(out, DER_GENERAL_STRING, realm, strlen(realm));
	der_out_wrap(out, DER_CONTEXT + 2, end);
	const uint8_t *name_end = end = out->at;
	der_out_value(out, DER_GENERAL_STRING, target, strlen(target));
	der_out_wrap(out, DER_SEQUENCE, end);
	der_out_wrap(out, DER_CONTEXT + 1, end);
	end = out->at;
	der_out_value(out, DER_INTEGER, &name_type, 1);
	der_out_wrap(out, DER_CONTEXT + 0, end);
	der_out_wrap(out, DER_SEQUENCE, name_end);
	der_out_wrap(out, DER_CONTEXT + 1, name_end);
}

bool kpasswd_message_data(const struct secret *password, const char *target, const char *realm, uint8_t *buf,
                          struct kpasswd_part *ret_data)
{
	struct der_out out = der_out_begin(buf, KPASSWD_MESSAGE_DATA_MAX);
	if (target != NULL)
		put_target(&out, target, realm);
	const uint8_t *end = out.at;
	der_out_value(&out, DER_OCTET_STRING, password->bytes, password->len);
	der_out_wrap(&out, DER_CONTEXT + 0, end);
	der_out_wrap(&out, DER_SEQUENCE, out.end);
	*ret_data = (struct kpasswd_part){ .data = out.at, .len = (size_t)(out.end - out.at) };
	return !out.full;
}

size_t kpasswd_message_request(const struct kpasswd_part *ap_req, const struct kpasswd_part *priv, uint8_t *buf,
                               size_t size)
{
	const size_t max = UINT16_MAX;
	if (ap_req->len > max || priv->len > max)
		return 0;
	const size_t len = HEADER + ap_req->len + priv->len;
	if (len > max || len > size)
		return 0;
	put_u16(buf, len);
	put_u16(buf + 2, REQUEST_VERSION);
	put_u16(buf + 4, ap_req->len);
	memcpy(buf + HEADER, ap_req->data, ap_req->len);
	memcpy(buf + HEADER + ap_req->len, priv->data, priv->len);
	return len;
}

bool kpasswd_message_reply(const uint8_t *message, size_t len, struct kpasswd_reply *ret_reply)
{
	memset(ret_reply, 0, sizeof *ret_reply);
	if (len > 0 && message[0] == TAG_KRB_ERROR) { /* some DCs send it without the header */
		ret_reply->error = (struct kpasswd_part){ .data = message, .len = len };
		return true;
	}
	if (len <= HEADER || get_u16(message) != len)
		return false;
	const size_t version = get_u16(message + 2), ap_len = get_u16(message + 4);
	if ((version != REPLY_VERSION && version != REQUEST_VERSION) || ap_len >= len - HEADER)
		return false;
	const struct kpasswd_part ap = { .data = message + HEADER, .len = ap_len },
				  rest = { .data = message + HEADER + ap_len, .len = len - HEADER - ap_len };
	if (ap_len == 0) {
		ret_reply->error = rest;
		return true;
	}
	ret_reply->ap_rep = ap;
	ret_reply->priv = rest;
	return true;
}

bool kpasswd_message_result(const uint8_t *data, size_t len, int *ret_code, struct kpasswd_part *ret_text)
{
	if (len < 2)
		return false;
	*ret_code = (int)get_u16(data);
	*ret_text = (struct kpasswd_part){ .data = data + 2, .len = len - 2 };
	return true;
}
