/* The cryptography of the secure channel, see netlogon_crypto.h. */
#include "netlogon_crypto.h"

#include "ndr.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

enum { BLOCK = 16, SUM = 8, SHA256 = 32, COMMON_PREFIX_MAX = 2 };

/* NL_AUTH_SHA2_SIGNATURE, 2.2.1.3.3: where its fields are. */
enum token_field { TOKEN_SEQUENCE = 8, TOKEN_CHECKSUM = 16, TOKEN_CONFOUNDER = 24 }; /* the rest is reserved */

/* SignatureAlgorithm HMAC-SHA256, SealAlgorithm AES-128, padding, flags */
static const uint8_t token_head[TOKEN_SEQUENCE] = { 0x13, 0x00, 0x1a, 0x00, 0xff, 0xff, 0x00, 0x00 };

struct part {
	const void *data;
	size_t len;
};

void netlogon_crypto_wipe(struct netlogon_crypto *crypto)
{
	explicit_bzero(crypto, sizeof *crypto);
}

/* 3.1.4.1: a DC refuses a challenge in whose first five bytes each one occurs again, or is bound to. */
static bool is_varied(const uint8_t *challenge)
{
	for (size_t i = 0; i < 5; i++) {
		size_t alike = 0;
		for (size_t j = 0; j < 5; j++)
			alike += challenge[i] == challenge[j];
		if (alike == 1)
			return true;
	}
	return false;
}

bool netlogon_crypto_challenge(uint8_t ret_challenge[NETLOGON_CRYPTO_CREDENTIAL])
{
	do {
		if (RAND_bytes(ret_challenge, NETLOGON_CRYPTO_CREDENTIAL) != 1)
			return false;
	} while (!is_varied(ret_challenge));
	return true;
}

bool netlogon_crypto_challenge_sound(const uint8_t client[NETLOGON_CRYPTO_CREDENTIAL],
                                     const uint8_t server[NETLOGON_CRYPTO_CREDENTIAL])
{
	return is_varied(server) && memcmp(client, server, COMMON_PREFIX_MAX + 1) != 0;
}

static bool hmac_parts(EVP_MAC_CTX *ctx, const uint8_t *key, const struct part *parts, size_t count, uint8_t *ret_sum)
{
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
		                      OSSL_PARAM_construct_end() };
	size_t len = 0;
	if (EVP_MAC_init(ctx, key, NETLOGON_CRYPTO_KEY, params) != 1)
		return false;
	for (size_t i = 0; i < count; i++)
		if (EVP_MAC_update(ctx, parts[i].data, parts[i].len) != 1)
			return false;
	return EVP_MAC_final(ctx, ret_sum, &len, SHA256) == 1 && len == SHA256;
}

/* HMAC-SHA256 over the parts, all 32 bytes. */
static bool hmac(const uint8_t *key, const struct part *parts, size_t count, uint8_t *ret_sum)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	const bool done = ctx != NULL && hmac_parts(ctx, key, parts, count, ret_sum);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return done;
}

/* AES-128-CFB8 in place over one or two buffers in a row: the second goes on where the first ended. */
static bool cfb8(const uint8_t *key, const uint8_t *iv, const struct part *parts, size_t count, bool seal)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool done = ctx != NULL && EVP_CipherInit_ex(ctx, EVP_aes_128_cfb8(), NULL, key, iv, seal) == 1;
	for (size_t i = 0; done && i < count; i++) {
		uint8_t *data = (uint8_t *)(uintptr_t)parts[i].data;
		int len = 0;
		if (parts[i].len > 0)
			done = parts[i].len <= INT32_MAX &&
			       EVP_CipherUpdate(ctx, data, &len, data, (int)parts[i].len) == 1 &&
			       (size_t)len == parts[i].len;
	}
	EVP_CIPHER_CTX_free(ctx);
	return done;
}

/* With the session key and an IV of zeroes, as 3.1.4.4.1 and 3.4.5.2.6 have it. */
static bool encrypt(const struct netlogon_crypto *crypto, uint8_t *data, size_t len)
{
	static const uint8_t zero[BLOCK];
	const struct part part = { data, len };
	return cfb8(crypto->key, zero, &part, 1, true);
}

bool netlogon_crypto_credential(const struct netlogon_crypto *crypto, const uint8_t in[NETLOGON_CRYPTO_CREDENTIAL],
                                uint8_t ret_credential[NETLOGON_CRYPTO_CREDENTIAL])
{
	memmove(ret_credential, in, NETLOGON_CRYPTO_CREDENTIAL);
	return encrypt(crypto, ret_credential, NETLOGON_CRYPTO_CREDENTIAL);
}

bool netlogon_crypto_password(const struct netlogon_crypto *crypto, const struct secret *password,
                              uint8_t ret_bytes[NETLOGON_CRYPTO_PASSWORD])
{
	enum { BUFFER = NETLOGON_CRYPTO_PASSWORD - 4 };
	uint8_t utf16[BUFFER];
	const long len = ndr_utf16(password->bytes, password->len, utf16, sizeof utf16);
	bool done = len > 0 && RAND_bytes(ret_bytes, BUFFER) == 1;
	if (done) { /* at the buffer's end, behind random bytes, and the length in bytes */
		struct ndr_out out = ndr_out_begin(ret_bytes + BUFFER, 4);
		memcpy(ret_bytes + BUFFER - len, utf16, (size_t)len);
		ndr_put_u32(&out, (uint32_t)len);
		done = encrypt(crypto, ret_bytes, NETLOGON_CRYPTO_PASSWORD);
	}
	if (!done)
		explicit_bzero(ret_bytes, NETLOGON_CRYPTO_PASSWORD);
	explicit_bzero(utf16, sizeof utf16);
	return done;
}

bool netlogon_crypto_begin(struct netlogon_crypto *crypto, const struct secret *nt_hash,
                           const uint8_t client[NETLOGON_CRYPTO_CREDENTIAL],
                           const uint8_t server[NETLOGON_CRYPTO_CREDENTIAL])
{
	const struct part challenges[] = { { client, NETLOGON_CRYPTO_CREDENTIAL },
		                           { server, NETLOGON_CRYPTO_CREDENTIAL } };
	uint8_t sum[SHA256];
	crypto->sequence = 0;
	const bool done = nt_hash->len == NETLOGON_CRYPTO_KEY && hmac(nt_hash->bytes, challenges, 2, sum);
	if (done)
		memcpy(crypto->key, sum, sizeof crypto->key);
	explicit_bzero(sum, sizeof sum);
	return done && netlogon_crypto_credential(crypto, client, crypto->stored);
}

/* Adds to the credential's first four bytes, a little-endian number; the carry is lost (3.1.4.5). */
static void add(uint8_t *credential, uint32_t number)
{
	for (size_t i = 0; i < 4; i++) {
		number += credential[i];
		credential[i] = (uint8_t)number;
		number >>= 8;
	}
}

bool netlogon_crypto_step(struct netlogon_crypto *crypto, uint32_t now, struct netlogon_authenticator *ret_ours,
                          uint8_t ret_theirs[NETLOGON_CRYPTO_CREDENTIAL])
{
	ret_ours->timestamp = now;
	add(crypto->stored, now);
	if (!netlogon_crypto_credential(crypto, crypto->stored, ret_ours->credential))
		return false;
	add(crypto->stored, 1);
	return netlogon_crypto_credential(crypto, crypto->stored, ret_theirs);
}

/* CopySeqNumber: the number big-endian, then a bit that says who sent it (3.3.4.2.1 step 6 and 3.3.4.2.3). */
static void put_sequence(const struct netlogon_crypto *crypto, bool from_server, uint8_t sequence[SUM])
{
	memset(sequence, 0, SUM);
	for (size_t i = 0; i < 4; i++)
		sequence[i] = (uint8_t)(crypto->sequence >> (24 - 8 * i));
	if (!from_server)
		sequence[4] = 0x80;
}

static void twice(const uint8_t half[SUM], uint8_t ret_iv[BLOCK])
{
	memcpy(ret_iv, half, SUM);
	memcpy(ret_iv + SUM, half, SUM);
}

/* Confounder and data with the session key XOR 0xf0 and the sequence number twice as IV (3.3.4.2.1 steps 7 and 8). */
static bool crypt_data(const struct netlogon_crypto *crypto, const uint8_t sequence[SUM], const struct part parts[2],
                       bool seal)
{
	uint8_t key[NETLOGON_CRYPTO_KEY], iv[BLOCK];
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = crypto->key[i] ^ 0xf0;
	twice(sequence, iv);
	const bool done = cfb8(key, iv, parts, 2, seal);
	explicit_bzero(key, sizeof key);
	return done;
}

/* The sequence number with the session key and the checksum twice as IV (step 9). */
static bool crypt_sequence(const struct netlogon_crypto *crypto, const uint8_t checksum[SUM], uint8_t sequence[SUM])
{
	const struct part part = { sequence, SUM };
	uint8_t iv[BLOCK];
	twice(checksum, iv);
	return cfb8(crypto->key, iv, &part, 1, true);
}

/* Over the token's head, the confounder and the data, all in clear (step 5); its first eight bytes count. */
static bool checksum(const struct netlogon_crypto *crypto, const uint8_t *token, const struct part parts[2],
                     uint8_t ret_sum[SHA256])
{
	const struct part all[] = { { token, TOKEN_SEQUENCE }, parts[0], parts[1] };
	return hmac(crypto->key, all, 3, ret_sum);
}

bool netlogon_crypto_seal(struct netlogon_crypto *crypto, uint8_t *data, size_t len,
                          uint8_t ret_token[NETLOGON_CRYPTO_TOKEN])
{
	uint8_t sum[SHA256], sequence[SUM], *confounder = ret_token + TOKEN_CONFOUNDER;
	const struct part parts[2] = { { confounder, SUM }, { data, len } };
	memset(ret_token, 0, NETLOGON_CRYPTO_TOKEN);
	memcpy(ret_token, token_head, sizeof token_head);
	put_sequence(crypto, crypto->server, sequence);
	if (RAND_bytes(confounder, SUM) != 1 || !checksum(crypto, ret_token, parts, sum))
		return false;
	memcpy(ret_token + TOKEN_CHECKSUM, sum, SUM);
	if (!crypt_data(crypto, sequence, parts, true) || !crypt_sequence(crypto, sum, sequence))
		return false;
	memcpy(ret_token + TOKEN_SEQUENCE, sequence, SUM);
	crypto->sequence++;
	return true;
}

bool netlogon_crypto_open(struct netlogon_crypto *crypto, uint8_t *data, size_t len,
                          const uint8_t token[NETLOGON_CRYPTO_TOKEN])
{
	uint8_t sum[SHA256], sequence[SUM], expected[SUM], confounder[SUM];
	const struct part parts[2] = { { confounder, SUM }, { data, len } };
	if (memcmp(token, token_head, 6) != 0) /* the flags are ignored */
		return false;
	put_sequence(crypto, !crypto->server, sequence);
	memcpy(expected, sequence, SUM);
	memcpy(confounder, token + TOKEN_CONFOUNDER, SUM);
	if (!crypt_sequence(crypto, token + TOKEN_CHECKSUM, expected) ||
	    CRYPTO_memcmp(expected, token + TOKEN_SEQUENCE, SUM) != 0)
		return false;
	if (!crypt_data(crypto, sequence, parts, false) || !checksum(crypto, token, parts, sum) ||
	    CRYPTO_memcmp(sum, token + TOKEN_CHECKSUM, SUM) != 0)
		return false;
	crypto->sequence++;
	return true;
}
