/* Parameters and results of the Netlogon calls as bytes ([MS-NRPC] 3.5.4.4, 3.5.4.4.6, 3.5.4.4.10), pure.
 *
 * SECURITY: the decoders are fed by an unproven DC; every one wants exactly the bytes that its call returns.
 */
#ifndef RETRUST_NETLOGON_MESSAGE_H
#define RETRUST_NETLOGON_MESSAGE_H

#include "netlogon_crypto.h"
#include "rpc_pdu.h"

enum netlogon_message_opnum {
	NETLOGON_GET_CAPABILITIES = 21,
	NETLOGON_REQ_CHALLENGE = 4,
	NETLOGON_AUTHENTICATE3 = 26,
	NETLOGON_PASSWORD_SET2 = 30
};

enum { NETLOGON_MESSAGE_MAX = 1300 };

/* NegotiateFlags, 3.1.4.2. */
#define NETLOGON_FLAG_AES 0x01000000u
#define NETLOGON_FLAG_SECURE_RPC 0x40000000u
#define NETLOGON_FLAGS 0x612fffffu

extern const struct rpc_pdu_syntax netlogon_message_interface; /* 12345678-1234-abcd-ef00-01234567cffb, version 1.0 */

/* Who speaks with whom. */
struct netlogon_names {
	char server[260];  /* "\\dc1.lab.example" */
	char account[128]; /* "M1$" */
	char computer[16]; /* "M1" */
	char domain[256];
	bool dns; /* domain is a DNS name, else a NetBIOS one */
};

/* Takes them from "M1$", "M1$@lab.example" or "LAB\M1$", see netlogon.h. False when one is empty or too long. */
bool netlogon_message_names(const char *dc_host, const char *account, const char *computer,
                            struct netlogon_names *ret_names);

/* Each writes the call's parameters and returns their length, 0 when they don't fit. password as of
 * netlogon_crypto_password. */
size_t netlogon_message_challenge(const struct netlogon_names *names, const uint8_t challenge[8], uint8_t *ret_stub,
                                  size_t size);
size_t netlogon_message_authenticate(const struct netlogon_names *names, const uint8_t credential[8], uint8_t *ret_stub,
                                     size_t size);
size_t netlogon_message_capabilities(const struct netlogon_names *names, const struct netlogon_authenticator *ours,
                                     uint8_t *ret_stub, size_t size);
size_t netlogon_message_password(const struct netlogon_names *names, const struct netlogon_authenticator *ours,
                                 const uint8_t password[NETLOGON_CRYPTO_PASSWORD], uint8_t *ret_stub, size_t size);

/* What came back; each call fills in what it has. */
struct netlogon_message_reply {
	uint8_t credential[8]; /* server challenge, server credential, or that of the return authenticator */
	uint32_t flags;        /* NegotiateFlags or ServerCapabilities */
	uint32_t status;
};

/* False when it isn't the answer of that call. */
bool netlogon_message_reply(enum netlogon_message_opnum opnum, const uint8_t *stub, size_t len,
                            struct netlogon_message_reply *ret_reply);

/* NL_AUTH_MESSAGE of the sealed bind (2.2.1.3.1). Returns its length, 0 when it doesn't fit. */
size_t netlogon_message_bind(const struct netlogon_names *names, uint8_t *ret_token, size_t size);

#endif
