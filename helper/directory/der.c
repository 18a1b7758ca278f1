/* Just enough DER, see der.h. */
#include "der.h"

#include <string.h>

/* Takes a length: short form, or long form of up to four bytes. */
static bool take_length(struct der *in, size_t *ret_len)
{
	if (in->left == 0)
		return false;
	size_t len = *in->at++;
	in->left--;
	if (len >= 0x80) {
		size_t count = len & 0x7f;
		if (count == 0 || count > 4 || count > in->left)
			return false;
		for (len = 0; count > 0; count--, in->left--)
			len = len << 8 | *in->at++;
	}
	*ret_len = len;
	return len <= in->left;
}

bool der_next(struct der *in, uint8_t *ret_tag, struct der *ret_value)
{
	struct der rest = *in;
	if (rest.left == 0)
		return false;
	*ret_tag = *rest.at++;
	rest.left--;
	size_t len;
	if (!take_length(&rest, &len))
		return false;
	*ret_value = (struct der){ .at = rest.at, .left = len };
	*in = (struct der){ .at = rest.at + len, .left = rest.left - len };
	return true;
}

bool der_enter(struct der *in, unsigned int tag, struct der *ret_value)
{
	struct der rest = *in;
	uint8_t found;
	if (!der_next(&rest, &found, ret_value) || found != tag)
		return false;
	*in = rest;
	return true;
}

bool der_find(struct der *in, unsigned int tag, struct der *ret_value)
{
	uint8_t found;
	while (der_next(in, &found, ret_value))
		if (found == tag)
			return true;
	return false;
}

bool der_int(struct der *in, int32_t *ret_number)
{
	struct der value;
	if (!der_enter(in, DER_INTEGER, &value) || value.left == 0 || value.left > 4)
		return false;
	uint32_t number = value.at[0] & 0x80 ? UINT32_MAX : 0;
	for (size_t i = 0; i < value.left; i++)
		number = number << 8 | value.at[i];
	*ret_number = (int32_t)number;
	return true;
}

struct der_out der_out_begin(uint8_t *buf, size_t size)
{
	return (struct der_out){ .start = buf, .at = buf + size, .end = buf + size };
}

void der_out_bytes(struct der_out *out, const void *bytes, size_t len)
{
	if (out->full || len > (size_t)(out->at - out->start)) {
		out->full = true;
		return;
	}
	out->at -= len;
	if (len > 0)
		memcpy(out->at, bytes, len);
}

static void out_byte(struct der_out *out, size_t byte)
{
	const uint8_t b = (uint8_t)byte;
	der_out_bytes(out, &b, 1);
}

void der_out_wrap(struct der_out *out, unsigned int tag, const uint8_t *end)
{
	const size_t len = (size_t)(end - out->at);
	size_t count = 0;
	for (size_t rest = len; rest > 0 && len >= 0x80; rest >>= 8, count++)
		out_byte(out, rest & 0xff);
	out_byte(out, len < 0x80 ? len : 0x80 | count);
	out_byte(out, tag);
}

void der_out_value(struct der_out *out, unsigned int tag, const void *bytes, size_t len)
{
	const uint8_t *end = out->at;
	der_out_bytes(out, bytes, len);
	der_out_wrap(out, tag, end);
}
