/* Just enough NDR (C706 chapter 14, little-endian) for the calls that retrust makes, and the UTF-16 that they speak.
 *
 * SECURITY: the reader is fed by an unproven DC. It never looks outside the bytes that it was given, and after the
 * first thing that doesn't fit everything reads as nothing: a decoder asks once, at its end, whether all was well.
 */
#ifndef RETRUST_NDR_H
#define RETRUST_NDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes being read. */
struct ndr {
	const uint8_t *start; /* alignment counts from here */
	const uint8_t *at;
	size_t left;
	bool bad; /* something did not fit */
};

struct ndr ndr_begin(const void *bytes, size_t len);

/* The next number of that size, aligned to it; 0 (and bad) when there is none. */
uint8_t ndr_u8(struct ndr *in);
uint16_t ndr_u16(struct ndr *in);
uint32_t ndr_u32(struct ndr *in);

/* Skips padding up to a multiple of size (a power of two). */
void ndr_align(struct ndr *in, size_t size);

/* The next len bytes; NULL (and bad) when there aren't as many. */
const uint8_t *ndr_bytes(struct ndr *in, size_t len);

/* All was well, and nothing is left over. */
bool ndr_done(const struct ndr *in);

/* Bytes being written into a buffer of fixed size. */
struct ndr_out {
	uint8_t *buf;
	size_t size, len;
	bool full; /* it didn't fit: what is there is useless */
};

struct ndr_out ndr_out_begin(void *buf, size_t size);
void ndr_put_u8(struct ndr_out *out, uint8_t value);
void ndr_put_u16(struct ndr_out *out, uint16_t value);
void ndr_put_u32(struct ndr_out *out, uint32_t value);
void ndr_put_bytes(struct ndr_out *out, const void *bytes, size_t len);

/* Zeroes up to a multiple of size (a power of two). */
void ndr_put_align(struct ndr_out *out, size_t size);

/* A referent id for a unique pointer that isn't null. */
void ndr_put_pointer(struct ndr_out *out);

/* [string] wchar_t *: a conformant varying string with its NUL (C706 section 14.3.4.2). text is UTF-8; when it isn't,
 * the output counts as full. */
void ndr_put_string(struct ndr_out *out, const char *text);

/* UTF-8 to UTF-16LE (Unicode's table 3-7: nothing overlong, no surrogates). Returns the number of bytes written, or -1
 * when it isn't UTF-8 or doesn't fit. */
long ndr_utf16(const void *text, size_t len, uint8_t *ret_buf, size_t size);

#endif
