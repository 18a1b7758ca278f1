/* Finding a domain controller: DNS SRV records, then who accepts a TCP connection to port 88. */
#ifndef RETRUST_LOCATE_H
#define RETRUST_LOCATE_H

#include "../base/deadline.h"
#include "../base/fault.h"

#include <stdbool.h>
#include <sys/socket.h>

/* One DC to which all traffic of a request is pinned. */
struct dc {
	char host[256];              /* DNS name, no trailing dot */
	char address[64];            /* numeric */
	struct sockaddr_storage sa;  /* port 0 */
	socklen_t sa_len;
	bool pdc;                    /* named by _ldap._tcp.pdc._msdcs.REALM */
	bool nt4;                    /* of an NT4-style domain: RPC by named pipes alone, no Kerberos, no LDAP */
};

enum locate_result {
	LOCATE_FOUND,
	LOCATE_DNS_FAILURE, /* no SRV record, no answer from DNS, or names without addresses */
	LOCATE_NO_DC        /* names and addresses, but nobody accepts a connection in time */
};

/* Finds the PDC emulator of a realm. Whether it answers is seen by a TCP connection to port 88.
 * Blocks until the deadline at the most; of it at most 2 s for DNS and 2 s for each address. fault tells why not. */
enum locate_result locate_pdc(const char *realm, struct deadline deadline, struct dc *ret_dc, struct fault *fault);

/* Finds any DC (SRV _ldap._tcp.dc._msdcs.REALM in the order of RFC 2782: priority, then weight by chance; _kerberos._tcp
 * where there is none). ret_dc->pdc tells whether it is the PDC too, as far as DNS says. */
enum locate_result locate_any(const char *realm, struct deadline deadline, struct dc *ret_dc, struct fault *fault);

/* Takes the DC that the administrator named (DNS name or numeric address). */
enum locate_result locate_named(const char *host, const char *realm, struct deadline deadline, struct dc *ret_dc,
                                struct fault *fault);

/* Takes the DC at a numeric address without asking DNS; its name is the address. Whether it answers is seen by a TCP
 * connection to that port. */
enum locate_result locate_address(const char *address, int port, struct deadline deadline, struct dc *ret_dc,
                                  struct fault *fault);

/* A connected non-blocking TCP socket to a port of the pinned DC (close-on-exec), or -1 with *fault (FAULT_UNSURE) that
 * names host, address and port. Blocks at most 2 s and until the deadline. */
int locate_connect(const struct dc *dc, int port, struct deadline deadline, struct fault *fault);

#endif
