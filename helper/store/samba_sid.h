/* A domain's SID as secrets.tdb keeps it: Samba's struct dom_sid, 68 bytes, in this machine's byte order.
 *
 * SECURITY: bounded; bytes that are no SID are none.
 */
#ifndef RETRUST_SAMBA_SID_H
#define RETRUST_SAMBA_SID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SAMBA_SID_LEN = 68, SAMBA_SID_TEXT = 192 };

/* "S-1-5-21-…" of the bytes; false and "" when they are none. */
bool samba_sid_text(const uint8_t *bytes, size_t len, char ret_text[SAMBA_SID_TEXT]);

/* The reverse. False when the text is no SID. */
bool samba_sid_bytes(const char *text, uint8_t ret_bytes[SAMBA_SID_LEN]);

#endif
