/* netlogon_crypto.c, netlogon_hash.c: known answers (computed apart from this code, with HMAC-SHA256 and AES-128-CFB8
 * of the openssl command), the seal both ways, challenges that prove nothing. */
#include "../../helper/directory/netlogon.h"
#include "../../helper/directory/netlogon_crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* MD4 of "password" in UTF-16LE */
static const uint8_t nt_hash[] = { 0x88, 0x46, 0xf7, 0xea, 0xee, 0x8f, 0xb1, 0x17,
	                           0xad, 0x06, 0xbd, 0xd8, 0x30, 0xb7, 0x58, 0x6c };
static const uint8_t client[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t server[] = { 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18 };

static struct netlogon_crypto begin(bool is_server)
{
	struct netlogon_crypto crypto = { .sequence = 9, .server = is_server };
	SECRET_AUTO hash = { .len = 0 };
	assert_true(secret_set(&hash, nt_hash, sizeof nt_hash));
	assert_true(netlogon_crypto_begin(&crypto, &hash, client, server));
	assert_int_equal(crypto.sequence, 0);
	return crypto;
}

static void test_hash(void **state)
{
	SECRET_AUTO password = { .len = 0 }, hash = { .len = 0 };
	(void)state;
	assert_true(secret_set(&password, "password", 8));
	assert_int_equal(netlogon_hash_of_password(&password, &hash), 0);
	assert_int_equal(hash.len, sizeof nt_hash);
	assert_memory_equal(hash.bytes, nt_hash, sizeof nt_hash);
	assert_true(secret_set(&password, "\xff\xfe", 2));
	assert_int_equal(netlogon_hash_of_password(&password, &hash), -1);
	assert_int_equal(hash.len, 0);
}

static void test_hash_of_keys(void **state)
{
	MACHINE_KEYS_AUTO keys = { .count = 4 };
	SECRET_AUTO hash = { .len = 0 };
	static const int32_t kvnos[] = { 5, 5, 4, 3 }, enctypes[] = { 18, 23, 23, 23 };
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		keys.key[i].kvno = kvnos[i];
		keys.key[i].enctype = enctypes[i];
		keys.key[i].key.len = i == 3 ? 15 : 16;
		memset(keys.key[i].key.bytes, (int)i, 16);
	}
	assert_true(netlogon_hash_of_keys(&keys, 5, &hash));
	assert_int_equal(hash.bytes[0], 1);
	assert_true(netlogon_hash_of_keys(&keys, 4, &hash));
	assert_int_equal(hash.bytes[0], 2);
	assert_false(netlogon_hash_of_keys(&keys, 3, &hash)); /* too short to be one */
	assert_int_equal(hash.len, 0);
	assert_false(netlogon_hash_of_keys(&keys, 6, &hash));
}

static void test_key(void **state)
{
	static const uint8_t key[] = { 0xa9, 0x8d, 0xee, 0x1c, 0x50, 0xe5, 0x14, 0xb0,
		                       0xe6, 0xec, 0x72, 0x84, 0xe5, 0xd0, 0xbf, 0xbb },
			     ours[] = { 0xda, 0xfa, 0x98, 0x18, 0x12, 0xdc, 0x5a, 0x3c },
			     theirs[] = { 0x7a, 0xf6, 0x29, 0x30, 0x63, 0x97, 0x51, 0x8a };
	uint8_t credential[8];
	SECRET_AUTO hash = { .len = 0 };
	(void)state;
	NETLOGON_CRYPTO_AUTO crypto = begin(false);
	assert_memory_equal(crypto.key, key, sizeof key);
	assert_memory_equal(crypto.stored, ours, sizeof ours);
	assert_true(netlogon_crypto_credential(&crypto, server, credential));
	assert_memory_equal(credential, theirs, sizeof theirs);
	assert_false(netlogon_crypto_begin(&crypto, &hash, client, server));
}

static void test_step(void **state)
{
	static const uint8_t credential[] = { 0x00, 0x21, 0x41, 0x04, 0xde, 0x14, 0x15, 0xbf },
			     returned[] = { 0x07, 0x3f, 0xff, 0x27, 0xd7, 0x64, 0xda, 0xf8 };
	struct netlogon_authenticator ours;
	uint8_t theirs[8];
	(void)state;
	NETLOGON_CRYPTO_AUTO crypto = begin(false);
	assert_true(netlogon_crypto_step(&crypto, 0x65000001, &ours, theirs));
	assert_int_equal(ours.timestamp, 0x65000001);
	assert_memory_equal(ours.credential, credential, sizeof credential);
	assert_memory_equal(theirs, returned, sizeof returned);
	/* the carry out of the fourth byte is lost */
	memset(crypto.stored, 0xff, 4);
	const uint8_t fifth = crypto.stored[4];
	assert_true(netlogon_crypto_step(&crypto, 1, &ours, theirs));
	assert_memory_equal(crypto.stored, "\1\0\0\0", 4);
	assert_int_equal(crypto.stored[4], fifth);
}

static const uint8_t sealed_token[NETLOGON_CRYPTO_TOKEN] = { 0x13, 0x00, 0x1a, 0x00, 0xff, 0xff, 0x00, 0x00,
	                                                     0xe0, 0x38, 0xac, 0xf2, 0x3d, 0xe7, 0x6d, 0x31,
	                                                     0xca, 0xd2, 0xf3, 0x2c, 0x10, 0x67, 0xda, 0x90,
	                                                     0x55, 0x36, 0x11, 0x82, 0x0f, 0x23, 0xe1, 0x64 };
static const uint8_t sealed_data[] = { 0x3d, 0xd2, 0x39, 0x93, 0xc2, 0x69, 0xee, 0x30,
	                               0xf5, 0x3b, 0x1f, 0x00, 0x8f, 0x1a, 0xc2, 0xdd };

static void test_open(void **state)
{
	uint8_t data[sizeof sealed_data], token[sizeof sealed_token];
	(void)state;
	NETLOGON_CRYPTO_AUTO crypto = begin(false);
	for (size_t i = 0; i < 8 + sizeof data + 32; i++) {
		crypto.sequence = 0x01020304;
		memcpy(data, sealed_data, sizeof data);
		memcpy(token, sealed_token, sizeof token);
		if (i >= 8 && i < 8 + sizeof data)
			data[i - 8] ^= 1;
		else if (i >= 8)
			token[i - 8 - sizeof data] ^= 1;
		else if (i > 0)
			crypto.sequence += (uint32_t)i; /* replayed or left out */
		assert_int_equal(netlogon_crypto_open(&crypto, data, sizeof data, token), i == 0);
		if (i == 0)
			assert_memory_equal(data, "sealed by the DC", 16);
		assert_int_equal(crypto.sequence, 0x01020304 + (i < 8 ? (i == 0 ? 1 : i) : 0));
	}
}

/* The flags' bytes count in the checksum, not by themselves. What a client sealed is no DC's answer. */
static void test_seal(void **state)
{
	uint8_t data[300], token[NETLOGON_CRYPTO_TOKEN];
	(void)state;
	NETLOGON_CRYPTO_AUTO ours = begin(false);
	NETLOGON_CRYPTO_AUTO theirs = begin(true);
	for (size_t len = 0; len < sizeof data; len += 23) {
		memset(data, 'x', sizeof data);
		assert_true(netlogon_crypto_seal(&ours, data, len, token));
		assert_true(netlogon_crypto_open(&theirs, data, len, token));
		for (size_t i = 0; i < len; i++)
			assert_int_equal(data[i], 'x');
		assert_true(netlogon_crypto_seal(&theirs, data, len, token));
		assert_true(netlogon_crypto_open(&ours, data, len, token));
	}
	assert_true(netlogon_crypto_seal(&ours, data, 16, token));
	ours.sequence--;
	assert_false(netlogon_crypto_open(&ours, data, 16, token)); /* reflected */
}

static void test_challenges(void **state)
{
	static const struct {
		const char *bytes;
		bool sound;
	} challenges[] = {
		{ "\xa1\xb2\xc3\xd4\xe5\xf6\x07\x18", true },
		{ "\0\0\0\0\0\0\0\0", false },
		{ "aaaaaxyz", false },
		{ "aabbbxyz", false },
		{ "aaaabxyz", true },
		{ "\1\2\3\4\5\6\7\10", false }, /* ours */
		{ "\1\2\3\4\5\6\7\11", false }, /* ours but for its end: answered from our own credential */
		{ "\1\2\3\xff\xfe\xfd\xfc\xfb", false },
		{ "\1\2\xfc\4\5\6\7\10", true },
	};
	uint8_t first[8], second[8];
	(void)state;
	for (size_t i = 0; i < sizeof challenges / sizeof *challenges; i++)
		assert_int_equal(netlogon_crypto_challenge_sound(client, (const uint8_t *)challenges[i].bytes),
		                 challenges[i].sound);
	assert_true(netlogon_crypto_challenge(first) && netlogon_crypto_challenge(second));
	assert_memory_not_equal(first, second, sizeof first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),       cmocka_unit_test(test_hash_of_keys), cmocka_unit_test(test_key),
		cmocka_unit_test(test_step),       cmocka_unit_test(test_open),         cmocka_unit_test(test_seal),
		cmocka_unit_test(test_challenges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
