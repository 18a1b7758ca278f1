/* The cryptography of the secure channel with AES ([MS-NRPC] 3.1.4 and 3.3.4.2) by OpenSSL's libcrypto.
 *
 * SECURITY: AES-128-CFB8 with an initialization vector of zeroes is the protocol's own weak spot. Whoever plays the DC
 * chooses the server challenge, and the keystream for it is a function of the key and of the bytes before: a challenge
 * that repeats one byte is answered rightly by chance once in 256 tries (CVE-2020-1472, from the other side), and one
 * that begins as ours does is answered from the credential that we send ourselves. netlogon_crypto_challenge_sound
 * refuses both, so that a forged proof stays at 2^-32 for each try.
 */
#ifndef RETRUST_NETLOGON_CRYPTO_H
#define RETRUST_NETLOGON_CRYPTO_H

#include "../secret/secret.h"

enum {
	NETLOGON_CRYPTO_TOKEN = 56,
	NETLOGON_CRYPTO_KEY = 16,
	NETLOGON_CRYPTO_CREDENTIAL = 8,
	NETLOGON_CRYPTO_PASSWORD = 516
};

/* What both sides hold once they are authenticated. Wipe it with netlogon_crypto_wipe. */
struct netlogon_crypto {
	uint8_t key[NETLOGON_CRYPTO_KEY];           /* session key, 3.1.4.3.1 */
	uint8_t stored[NETLOGON_CRYPTO_CREDENTIAL]; /* ClientStoredCredential, 3.1.4.5 */
	uint32_t sequence;                          /* of the next sealed message, either way, 3.3.4.2 */
	bool server;                                /* this is the DC's side (for tests): the other direction bit */
};

#define NETLOGON_CRYPTO_AUTO __attribute__((cleanup(netlogon_crypto_wipe))) struct netlogon_crypto

void netlogon_crypto_wipe(struct netlogon_crypto *crypto);

/* A random client challenge that every DC takes. False when there are no random bytes. */
bool netlogon_crypto_challenge(uint8_t ret_challenge[NETLOGON_CRYPTO_CREDENTIAL]);

/* Whether the DC's challenge can prove anything (see above); an honest one fails once in some ten million. */
bool netlogon_crypto_challenge_sound(const uint8_t client[NETLOGON_CRYPTO_CREDENTIAL],
                                     const uint8_t server[NETLOGON_CRYPTO_CREDENTIAL]);

/* The session key of both challenges and the NT hash (16 bytes); stored and sequence begin anew. False when libcrypto
 * doesn't do it. */
bool netlogon_crypto_begin(struct netlogon_crypto *crypto, const struct secret *nt_hash,
                           const uint8_t client[NETLOGON_CRYPTO_CREDENTIAL],
                           const uint8_t server[NETLOGON_CRYPTO_CREDENTIAL]);

/* The Netlogon credential of eight bytes, 3.1.4.4.1. */
bool netlogon_crypto_credential(const struct netlogon_crypto *crypto, const uint8_t in[NETLOGON_CRYPTO_CREDENTIAL],
                                uint8_t ret_credential[NETLOGON_CRYPTO_CREDENTIAL]);

/* NETLOGON_AUTHENTICATOR, 2.2.1.1.5. */
struct netlogon_authenticator {
	uint8_t credential[NETLOGON_CRYPTO_CREDENTIAL];
	uint32_t timestamp;
};

/* The authenticator of the next call at that time (seconds), 3.1.4.5, and the credential that the DC's must bear. */
bool netlogon_crypto_step(struct netlogon_crypto *crypto, uint32_t now, struct netlogon_authenticator *ret_ours,
                          uint8_t ret_theirs[NETLOGON_CRYPTO_CREDENTIAL]);

/* NL_TRUST_PASSWORD (2.2.1.3.7) of a new password, encrypted as NetrServerPasswordSet2 wants it (3.4.5.2.6). False when
 * the password isn't UTF-8, is empty or is longer than 256 UTF-16 units; then the bytes mean nothing. */
bool netlogon_crypto_password(const struct netlogon_crypto *crypto, const struct secret *password,
                              uint8_t ret_bytes[NETLOGON_CRYPTO_PASSWORD]);

/* Seals data in place and writes the token, 3.3.4.2.1. */
bool netlogon_crypto_seal(struct netlogon_crypto *crypto, uint8_t *data, size_t len,
                          uint8_t ret_token[NETLOGON_CRYPTO_TOKEN]);

/* Unseals data in place, 3.3.4.2.4. False when the other side didn't seal just this, as its next message. */
bool netlogon_crypto_open(struct netlogon_crypto *crypto, uint8_t *data, size_t len,
                          const uint8_t token[NETLOGON_CRYPTO_TOKEN]);

#endif
