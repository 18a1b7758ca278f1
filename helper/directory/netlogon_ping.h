/* The answer to the netlogon ping, [MS-ADTS] 6.3.1.9 NETLOGON_SAM_LOGON_RESPONSE_EX, from bytes to struct ping.
 *
 * Pure: every length, and every jump of the RFC 1035 name compression, is checked. The answer isn't authenticated, so
 * its names are made harmless for a terminal, a log line and JSON.
 */
#ifndef RETRUST_NETLOGON_PING_H
#define RETRUST_NETLOGON_PING_H

#include "ldapconn.h"

#include <stddef.h>
#include <stdint.h>

/* Returns 0 with *ret_ping filled, -1 when the bytes aren't such an answer (*ret_ping is then all zero). */
int netlogon_ping_parse(const uint8_t *reply, size_t len, struct ping *ret_ping);

#endif
