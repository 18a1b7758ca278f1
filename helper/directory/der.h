/* Just enough DER for the two messages that libkrb5 keeps to itself: ChangePasswdData (RFC 3244) is written, the salt
 * in a KDC's answer (ETYPE-INFO2, RFC 4120 section 5.2.7.5) is read.
 *
 * SECURITY: the reader is fed by an unproven KDC. It never looks outside the bytes it was given.
 */
#ifndef RETRUST_DER_H
#define RETRUST_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum der_tag {
	DER_INTEGER = 0x02,
	DER_OCTET_STRING = 0x04,
	DER_GENERAL_STRING = 0x1b,
	DER_SEQUENCE = 0x30,
	DER_APPLICATION = 0x60, /* + number, constructed */
	DER_CONTEXT = 0xa0      /* + number, constructed */
};

/* Bytes still to be read. */
struct der {
	const uint8_t *at;
	size_t left;
};

/* Takes the next element: its tag and its contents. False when there is none or it isn't well-formed; then *in stays.
 */
bool der_next(struct der *in, uint8_t *ret_tag, struct der *ret_value);

/* Takes the next element if it has that tag, else false. */
bool der_enter(struct der *in, unsigned int tag, struct der *ret_value);

/* Goes forward over elements to the first with that tag; false when none has it. */
bool der_find(struct der *in, unsigned int tag, struct der *ret_value);

/* Takes an INTEGER that fits 32 bits. */
bool der_int(struct der *in, int32_t *ret_number);

/* Written from the end of a buffer to its front, so that every length is known when its header is due. */
struct der_out {
	uint8_t *start; /* of the buffer */
	uint8_t *at;    /* first byte written so far */
	uint8_t *end;
	bool full; /* it didn't fit: what is there is useless */
};

struct der_out der_out_begin(uint8_t *buf, size_t size);
void der_out_bytes(struct der_out *out, const void *bytes, size_t len);

/* Puts tag and length before all that was written since `end` (the value of out->at back then). */
void der_out_wrap(struct der_out *out, unsigned int tag, const uint8_t *end);

/* A primitive element. */
void der_out_value(struct der_out *out, unsigned int tag, const void *bytes, size_t len);

#endif
