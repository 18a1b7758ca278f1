/* LDAP to the pinned DC: anonymous ping, SASL GSSAPI with sealing, TLS with a simple bind.
 *
 * libldap over our own connected socket (ldap_init_fd), so that the DC is the pinned one and every wait is ours. Never
 * without a layer where something is written: GSSAPI with minssf 56 at least, or TLS.
 */
#ifndef RETRUST_LDAPCONN_H
#define RETRUST_LDAPCONN_H

#include "kdc.h"

#include <ldap.h>

/* What the anonymous netlogon ping said ([MS-ADTS] 6.3.3; the same search as the CLDAP ping, over TCP). Can be
 * spoofed: a hint. */
enum ping_account { PING_NOT_ASKED, PING_ENABLED, PING_ABSENT /* absent, deleted or disabled */, PING_NO_ANSWER };

struct ping {
	enum ping_account account;
	uint32_t flags;        /* DS_FLAG: bit 0 = PDC, 0x1000 = … [MS-ADTS] 6.3.1.2 */
	char netbios_domain[16 + 1];
	char dns_domain[256];
	char dc_host[256];
	char domain_guid[37];  /* text form, lower case */
};

/* The ping with User=account and AAC for workstation trust accounts. Returns 0, or -1 with *fault. */
int ldapconn_ping(const struct dc *dc, const char *realm, const char *account, struct deadline deadline,
                  struct ping *ret_ping, struct fault *fault);

/* Binds with GSSAPI as the client of tgt (the service ticket for ldap/<dc host> is fetched over the pinned DC first),
 * signed and sealed. Returns the handle (ldap_unbind_ext_s it) or NULL with *fault. */
LDAP *ldapconn_gssapi(struct kdc *kdc, const struct kdc_ticket *tgt, struct deadline deadline, struct fault *fault);

/* How a TLS peer may prove itself. Exactly one: a pinned CA file, or a fingerprint that root accepted. */
struct tls_trust {
	const char *ca_file;     /* PEM; chain and host name (or its CN) are checked */
	const char *fingerprint; /* SHA-256 of the certificate, hex, colons and case don't matter */
};

/* Reads the certificate's SHA-256 fingerprint ("AB:CD:…") without trusting it and without sending anything. */
int ldapconn_fingerprint(const struct dc *dc, struct deadline deadline, char *ret_text, size_t size,
                         struct fault *fault);

/* TLS (port 636), the peer proven by trust BEFORE the simple bind sends user@REALM's password. NULL with *fault:
 * FAULT_REFUSED when the peer did not prove itself or the password is wrong. */
LDAP *ldapconn_tls(const struct dc *dc, const char *realm, const char *user, const struct secret *password,
                   const struct tls_trust *trust, struct deadline deadline, struct fault *fault);

#endif
