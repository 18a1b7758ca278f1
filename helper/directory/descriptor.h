/* Security descriptors in the self-relative form of MS-DTYP 2.4.6: just enough to add and take away one ACE.
 *
 * Pure: bytes in, bytes out; every length that the wire gives is checked.
 */
#ifndef RETRUST_DESCRIPTOR_H
#define RETRUST_DESCRIPTOR_H

#include <stddef.h>
#include <stdint.h>

#define DESCRIPTOR_MAX 65536u
#define DESCRIPTOR_SID_MAX 68u /* 8 + 15 sub-authorities */

/* Adds an allow ACE for the extended right User-Force-Change-Password (00299570-246d-11d0-a768-00aa006e0529) to the DACL,
 * as the first explicit allow ACE (canonical order), unless one with the same SID and right is there. The result is a
 * self-relative descriptor with the parts the input had.
 * Returns the length in out (out_size bytes), 0 when nothing had to change, -1 when sd is malformed or out too small. */
long descriptor_grant_reset(const uint8_t *sd, size_t len, const uint8_t *sid, size_t sid_len, uint8_t *out,
                            size_t out_size);

/* Takes every ACE of that SID out of the DACL. Returns as above. */
long descriptor_revoke(const uint8_t *sd, size_t len, const uint8_t *sid, size_t sid_len, uint8_t *out,
                       size_t out_size);

/* Writes a binary SID (MS-DTYP 2.4.2.2) as text "S-1-5-21-…". Returns the length of the text, -1 when malformed or text
 * is too small. */
int descriptor_sid_text(const uint8_t *sid, size_t len, char *text, size_t size);

#endif
