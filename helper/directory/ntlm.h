/* NTLM as a client speaks it inside a session setup ([MS-NLMP]): as nobody, or with an NTLMv2 response by the NT hash.
 * Messages are bytes here, no sockets. Cryptography by OpenSSL's libcrypto: HMAC-MD5, which a system's policy may
 * forbid.
 *
 * SECURITY: a challenge comes from an unproven server. Nothing is looked at outside the message, and a length or an
 * offset that doesn't fit makes the whole message nothing. A response shows the secret to nobody; who hears one can
 * guess at it off-line, which is hopeless with a machine password, and can pass it on to another server, as with each
 * one that winbindd sends. */
#ifndef RETRUST_NTLM_H
#define RETRUST_NTLM_H

#include "../secret/secret.h"

enum {
	NTLM_NONCE = 8,
	NTLM_TIME = 8,
	NTLM_KEY = 16,
	NTLM_INFO_MAX = 2048, /* longer target information isn't taken */
	NTLM_RESPONSE_MAX = NTLM_KEY + 28 + NTLM_INFO_MAX + 4,
	NTLM_TOKEN_MAX = NTLM_RESPONSE_MAX + 1024
};

/* What a CHALLENGE_MESSAGE says (2.2.1.2), inside that message. */
struct ntlm_challenge {
	uint8_t server[NTLM_NONCE];
	const uint8_t *info; /* target information, a list of AV_PAIRs up to its end; NULL: none */
	size_t info_len;
	const uint8_t *time; /* MsvAvTimestamp, NTLM_TIME bytes; NULL: none */
};

/* False when it isn't a sound one. */
bool ntlm_challenge(const uint8_t *bytes, size_t len, struct ntlm_challenge *ret_challenge);

/* An NTLMv2 response and the key that both sides then have. Wipe it with ntlm_response_wipe. */
struct ntlm_response {
	size_t len;
	uint8_t bytes[NTLM_RESPONSE_MAX];
	uint8_t session_key[NTLM_KEY];
};

#define NTLM_RESPONSE_AUTO __attribute__((cleanup(ntlm_response_wipe))) struct ntlm_response

void ntlm_response_wipe(struct ntlm_response *response);

/* NTOWFv2 (3.3.2) of an NT hash. False (and *ret_key empty) when policy forbids MD5, or the user's name isn't ASCII:
 * what is its upper case elsewhere isn't known here. */
bool ntlm_key(const struct secret *nt_hash, const char *user, const char *domain, struct secret *ret_key);

/* The response to that challenge with the client's own nonce (3.3.2). now: a FILETIME, where the challenge has none.
 * False when there is no target information, or policy forbids MD5. */
bool ntlm_respond(const struct secret *key, const struct ntlm_challenge *challenge, const uint8_t client[NTLM_NONCE],
                  const uint8_t now[NTLM_TIME], struct ntlm_response *ret_response);

/* The client's messages. Each returns its length, 0 when it doesn't fit. */
size_t ntlm_negotiate(uint8_t *ret_bytes, size_t size);
size_t ntlm_anonymous(uint8_t *ret_bytes, size_t size);
size_t ntlm_authenticate(const char *user, const char *domain, const struct ntlm_response *response, uint8_t *ret_bytes,
                         size_t size);

#endif
