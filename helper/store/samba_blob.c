/* The NDR of Samba's MACHINE_DOMAIN_INFO record, see samba_blob.h.
 *
 * NDR20: a number is aligned to its size, counted from the record's start; a pointer is a 4-byte referent, 0 = NULL;
 * what it points to follows the structure that holds the pointer, in the order of the pointers. A string is max, offset
 * and actual count, then UTF-16 units; a DATA_BLOB is a count and bytes, without padding.
 */
#include "samba_blob.h"

#include <string.h>

#define FILETIME_UNIX 11644473600LL /* seconds from 1601 to 1970 */

/* After the first failure every further read answers zero, so that only the end has to ask. */
struct reader {
	const uint8_t *data;
	size_t len;
	size_t at;
	bool bad;
};

static const uint8_t *take(struct reader *r, size_t align, size_t len)
{
	size_t at = (r->at + align - 1) / align * align;
	if (r->bad || at > r->len || len > r->len - at) {
		r->bad = true;
		return NULL;
	}
	r->at = at + len;
	return r->data + at;
}

static uint64_t number(struct reader *r, size_t align, size_t size)
{
	const uint8_t *bytes = take(r, align, size);
	uint64_t value = 0;
	for (size_t i = size; bytes != NULL && i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

static uint32_t u32(struct reader *r)
{
	return (uint32_t)number(r, 4, 4);
}

static bool pointer(struct reader *r)
{
	return u32(r) != 0;
}

static void demand(struct reader *r, bool condition)
{
	if (!condition)
		r->bad = true;
}

/* A structure that holds a time is aligned to 4 only: Samba's NTTIME is two halves. */
static uint64_t filetime(struct reader *r)
{
	return number(r, 4, 8);
}

static void skip_string(struct reader *r)
{
	uint32_t max = u32(r), offset = u32(r), actual = u32(r);
	demand(r, offset == 0 && actual <= max);
	(void)take(r, 2, (size_t)actual * 2);
}

static void skip_sid(struct reader *r)
{
	uint32_t count = u32(r);
	(void)number(r, 1, 1);
	uint64_t subauthorities = number(r, 1, 1);
	(void)take(r, 1, 6);
	demand(r, count <= 15 && subauthorities == count);
	(void)take(r, 4, (size_t)count * 4);
}

/* One character of UTF-16 of at most `left` units; 0 = not text (a lone surrogate, a NUL). */
static uint32_t utf16_char(const uint8_t *bytes, size_t left, size_t *ret_units)
{
	uint32_t c = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
	*ret_units = 1;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || left < 2)
		return 0;
	uint32_t low = (uint32_t)bytes[2] | (uint32_t)bytes[3] << 8;
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret_units = 2;
	return 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
}

static size_t utf8_char(uint32_t c, uint8_t out[4])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3; /* bytes that follow the first */
	static const uint8_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	for (size_t i = more; i > 0; i--, c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(lead[more] | c);
	return more + 1;
}

/* Leaves *secret empty where the bytes aren't text or more than a secret holds. */
static void utf8_secret(const uint8_t *utf16, size_t len, struct secret *secret)
{
	SECRET_AUTO text = { 0 };
	secret_wipe(secret);
	for (size_t i = 0, units; i < len / 2; i += units) {
		uint32_t c = utf16_char(utf16 + 2 * i, len / 2 - i, &units);
		uint8_t bytes[4];
		size_t n = utf8_char(c, bytes);
		if (c == 0 || n > SECRET_MAX - text.len)
			return;
		memcpy(text.bytes + text.len, bytes, n);
		text.len += n;
	}
	if (len % 2 == 0)
		*secret = text;
}

static void read_password(struct reader *r, struct secret *secret)
{
	(void)filetime(r); /* when it was set */
	skip_string(r);    /* where */
	uint32_t len = u32(r);
	const uint8_t *cleartext = take(r, 1, len);
	if (cleartext != NULL)
		utf8_secret(cleartext, len, secret);
	(void)take(r, 1, 16); /* NT hash */
	bool salt = pointer(r);
	(void)u32(r); /* iterations */
	uint64_t keys = number(r, 2, 2);
	for (uint64_t i = 0; i < keys && !r->bad; i++) {
		(void)u32(r); /* enctype */
		(void)u32(r); /* iterations */
		len = u32(r);
		(void)take(r, 1, len);
	}
	if (salt)
		skip_string(r);
}

static void read_next(struct reader *r, struct secret *secret)
{
	(void)u32(r); /* local status */
	(void)u32(r); /* remote status */
	(void)filetime(r);
	skip_string(r); /* server */
	if (pointer(r))
		read_password(r, secret);
}

/* What the domain's part points to; in the order of the record. */
struct domain_pointers {
	bool name, dns_domain, dns_forest, sid;
};

static void read_domain(struct reader *r, struct domain_pointers *has)
{
	bool *const names[] = { &has->name, &has->dns_domain, &has->dns_forest };
	for (size_t i = 0; i < 3; i++) {
		(void)number(r, 4, 4); /* length and size, two u16 */
		*names[i] = pointer(r);
	}
	(void)take(r, 4, 16); /* GUID */
	has->sid = pointer(r);
	(void)u32(r); /* trust flags */
	(void)u32(r); /* trust type */
	(void)u32(r); /* trust attributes */
	/* Forest routing: reserved, Samba has never written it, and its form isn't known here. */
	demand(r, !pointer(r));
}

static void skip_domain(struct reader *r, const struct domain_pointers *has)
{
	const bool names[] = { has->name, has->dns_domain, has->dns_forest };
	for (size_t i = 0; i < 3; i++)
		if (names[i])
			skip_string(r);
	if (has->sid)
		skip_sid(r);
}

static void read_info(struct reader *r, struct samba_blob *blob)
{
	(void)number(r, 8, 8); /* reserved flags */
	(void)filetime(r);     /* join time */
	skip_string(r);        /* computer name */
	skip_string(r);        /* account name */
	blob->channel_type = (uint32_t)number(r, 2, 2);
	struct domain_pointers domain = { 0 };
	read_domain(r, &domain);
	(void)u32(r); /* enctypes */
	bool salt = pointer(r);
	blob->changed_unix = (int64_t)(filetime(r) / 10000000) - FILETIME_UNIX;
	(void)number(r, 8, 8); /* count of changes */
	bool next = pointer(r), current = pointer(r), old = pointer(r), older = pointer(r);
	skip_domain(r, &domain);
	if (salt)
		skip_string(r);
	if (next)
		read_next(r, &blob->next);
	if (current)
		read_password(r, &blob->current);
	if (old)
		read_password(r, &blob->old);
	if (older)
		read_password(r, &blob->older);
}

bool samba_blob_parse(const uint8_t *data, size_t len, struct samba_blob *ret_blob)
{
	struct reader r = { .data = data, .len = len };
	memset(ret_blob, 0, sizeof *ret_blob);
	bool version = u32(&r) == 1;
	(void)u32(&r); /* reserved */
	bool arm = u32(&r) == 1, there = pointer(&r);
	demand(&r, version && arm && there);
	if (!r.bad)
		read_info(&r, ret_blob);
	if (r.bad)
		samba_blob_wipe(ret_blob);
	return !r.bad;
}

void samba_blob_wipe(struct samba_blob *blob)
{
	explicit_bzero(blob, sizeof *blob);
}
