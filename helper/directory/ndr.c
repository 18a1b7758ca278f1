/* Just enough NDR, see ndr.h. */
#include "ndr.h"

#include <string.h>

enum { STRING_UNITS_MAX = 256 }; /* of UTF-16: longer than any name in a domain */

struct ndr ndr_begin(const void *bytes, size_t len)
{
	return (struct ndr){ .start = bytes, .at = bytes, .left = len };
}

const uint8_t *ndr_bytes(struct ndr *in, size_t len)
{
	if (in->bad || len > in->left) {
		in->bad = true;
		return NULL;
	}
	const uint8_t *bytes = in->at;
	in->at += len;
	in->left -= len;
	return bytes;
}

void ndr_align(struct ndr *in, size_t size)
{
	const size_t offset = (size_t)(in->at - in->start);
	(void)ndr_bytes(in, (size - offset % size) % size);
}

/* A number of that size, least significant byte first (C706 section 14.2.5). */
static uint32_t number(struct ndr *in, size_t size)
{
	uint32_t value = 0;
	ndr_align(in, size);
	const uint8_t *bytes = ndr_bytes(in, size);
	for (size_t i = size; bytes != NULL && i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

uint8_t ndr_u8(struct ndr *in)
{
	return (uint8_t)number(in, 1);
}

uint16_t ndr_u16(struct ndr *in)
{
	return (uint16_t)number(in, 2);
}

uint32_t ndr_u32(struct ndr *in)
{
	return number(in, 4);
}

bool ndr_done(const struct ndr *in)
{
	return !in->bad && in->left == 0;
}

struct ndr_out ndr_out_begin(void *buf, size_t size)
{
	return (struct ndr_out){ .buf = buf, .size = size };
}

void ndr_put_bytes(struct ndr_out *out, const void *bytes, size_t len)
{
	if (out->full || len > out->size - out->len) {
		out->full = true;
		return;
	}
	if (len > 0)
		memcpy(out->buf + out->len, bytes, len);
	out->len += len;
}

void ndr_put_align(struct ndr_out *out, size_t size)
{
	while (!out->full && out->len % size != 0)
		ndr_put_u8(out, 0);
}

void ndr_put_u8(struct ndr_out *out, uint8_t value)
{
	ndr_put_bytes(out, &value, 1);
}

void ndr_put_u16(struct ndr_out *out, uint16_t value)
{
	const uint8_t bytes[] = { (uint8_t)value, (uint8_t)(value >> 8) };
	ndr_put_align(out, sizeof bytes);
	ndr_put_bytes(out, bytes, sizeof bytes);
}

void ndr_put_u32(struct ndr_out *out, uint32_t value)
{
	const uint8_t bytes[] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		                  (uint8_t)(value >> 24) };
	ndr_put_align(out, sizeof bytes);
	ndr_put_bytes(out, bytes, sizeof bytes);
}

void ndr_put_pointer(struct ndr_out *out)
{
	ndr_put_u32(out, 0x00020000); /* C706 section 14.3.10: any number but 0 */
}

void ndr_put_string(struct ndr_out *out, const char *text)
{
	uint8_t utf16[2 * STRING_UNITS_MAX];
	const long len = ndr_utf16(text, strlen(text) + 1, utf16, sizeof utf16);
	if (len < 0) {
		out->full = true;
		return;
	}
	const uint32_t units = (uint32_t)len / 2;
	ndr_put_u32(out, units); /* maximum count */
	ndr_put_u32(out, 0);     /* offset */
	ndr_put_u32(out, units); /* actual count */
	ndr_put_bytes(out, utf16, (size_t)len);
}

/* Takes one code point of UTF-8; false when what is there isn't one. */
static bool take_code_point(struct ndr *in, uint32_t *ret_code)
{
	const uint8_t first = ndr_u8(in);
	const unsigned int more = first < 0x80   ? 0
	                          : first < 0xc2 ? 9
	                          : first < 0xe0 ? 1
	                          : first < 0xf0 ? 2
	                          : first < 0xf5 ? 3
	                                         : 9;
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t *tail = more < 4 ? ndr_bytes(in, more) : NULL;
	if (tail == NULL)
		return false;
	uint32_t code = more == 0 ? first : first & (0x3fu >> more);
	for (unsigned int i = 0; i < more; i++) {
		if ((tail[i] & 0xc0) != 0x80)
			return false;
		code = code << 6 | (tail[i] & 0x3fu);
	}
	*ret_code = code;
	return code >= least[more] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

long ndr_utf16(const void *text, size_t len, uint8_t *ret_buf, size_t size)
{
	struct ndr in = ndr_begin(text, len);
	struct ndr_out out = ndr_out_begin(ret_buf, size);
	while (in.left > 0 && !out.full) {
		uint32_t code = 0;
		if (!take_code_point(&in, &code))
			return -1;
		if (code >= 0x10000) {
			code -= 0x10000;
			ndr_put_u16(&out, (uint16_t)(0xd800 + (code >> 10)));
			code = 0xdc00 + (code & 0x3ff);
		}
		ndr_put_u16(&out, (uint16_t)code);
	}
	return out.full ? -1 : (long)out.len;
}
