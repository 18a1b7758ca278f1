/* DNS: SRV records in the order of RFC 2782, and the addresses of a host.
 *
 * SECURITY: DNS is believed only as far as to decide whom to ask; a DC proves itself by Kerberos.
 */
#ifndef RETRUST_SRV_H
#define RETRUST_SRV_H

#include "../base/deadline.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SRV_RECORDS_MAX 32u
#define SRV_ADDRESSES_MAX 64u

struct srv_record {
	char host[256]; /* lower case, no trailing dot */
	uint16_t priority, weight, port;
};

struct srv_address {
	char host[256];
	int family; /* AF_INET, AF_INET6 */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} ip;
};

/* What one answer holds: SRV records of its answer section, addresses of all sections. */
struct srv_answer {
	size_t records, addresses;
	struct srv_record record[SRV_RECORDS_MAX];
	struct srv_address address[SRV_ADDRESSES_MAX];
};

/* Reads a DNS message. Records that can't be a host's are left out. False when it isn't a DNS message at all. */
bool srv_parse(const uint8_t *message, size_t len, struct srv_answer *ret_answer);

/* Sorts by priority, and within one by weighted chance. draw(n) returns a number in [0, n]. */
void srv_order(struct srv_record *records, size_t count, uint32_t (*draw)(uint32_t n));

/* A number in [0, n] for srv_order. */
uint32_t srv_draw(uint32_t n);

enum srv_result {
	SRV_ANSWER,   /* there are records */
	SRV_NOTHING,  /* the DNS says that there are none */
	SRV_NO_ANSWER /* no server answered in time, or none is set up */
};

/* Asks for the SRV records of a name, the IPv4 or the IPv6 addresses of a host. Blocks until the deadline at the most.
 */
enum srv_result srv_query(const char *name, struct deadline deadline, struct srv_answer *ret_answer);
enum srv_result srv_query_v4(const char *host, struct deadline deadline, struct srv_answer *ret_answer);
enum srv_result srv_query_v6(const char *host, struct deadline deadline, struct srv_answer *ret_answer);

#endif
