/* ntlm.c: the known answers of [MS-NLMP] 4.2.4, the messages byte for byte, and challenges that aren't sound. */
#include "../../helper/directory/ntlm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* 4.2.1: user, domain, password, server's and client's nonce; 4.2.4: the target information */
static const uint8_t nt_hash[] = { 0xa4, 0xf4, 0x9c, 0x40, 0x65, 0x10, 0xbd, 0xca,
	                           0xb6, 0x82, 0x4e, 0xe7, 0xc3, 0x0f, 0xd8, 0x52 };
static const uint8_t nonce[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
static const uint8_t client[] = { 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa };
static const uint8_t info[] = "\x02\0\x0c\0D\0o\0m\0a\0i\0n\0\x01\0\x0c\0S\0e\0r\0v\0e\0r\0\0\0\0"; /* and its NUL */
static const uint8_t midnight[NTLM_TIME];

static uint8_t bytes[NTLM_TOKEN_MAX];

static void make_key(struct secret *ret_key)
{
	SECRET_AUTO hash = { 0 };
	assert_true(secret_set(&hash, nt_hash, sizeof nt_hash));
	assert_true(ntlm_key(&hash, "User", "Domain", ret_key));
}

/* A CHALLENGE_MESSAGE with that target information behind 48 bytes. Returns its length. */
static size_t make_challenge(const void *pairs, size_t len)
{
	memset(bytes, 0, 48);
	memcpy(bytes, "NTLMSSP\0\x02", 9);
	memcpy(bytes + 24, nonce, sizeof nonce);
	bytes[40] = bytes[42] = (uint8_t)len;
	bytes[41] = bytes[43] = (uint8_t)(len >> 8);
	bytes[44] = 48;
	memcpy(bytes + 48, pairs, len);
	return 48 + len;
}

static void test_known(void **state)
{
	static const uint8_t owf[] = { 0x0c, 0x86, 0x8a, 0x40, 0x3b, 0xfd, 0x7a, 0x93,
		                       0xa3, 0x00, 0x1e, 0xf2, 0x2e, 0xf0, 0x2e, 0x3f };
	static const uint8_t proof[] = { 0x68, 0xcd, 0x0a, 0xb8, 0x51, 0xe5, 0x1c, 0x96,
		                         0xaa, 0xbc, 0x92, 0x7b, 0xeb, 0xef, 0x6a, 0x1c };
	static const uint8_t session[] = { 0x8d, 0xe4, 0x0c, 0xca, 0xdb, 0xc1, 0x4a, 0x82,
		                           0xf1, 0x5c, 0xb0, 0xad, 0x0d, 0xe9, 0x5c, 0xa3 };
	SECRET_AUTO key = { 0 };
	NTLM_RESPONSE_AUTO response = { 0 };
	struct ntlm_challenge challenge;
	(void)state;
	make_key(&key);
	assert_memory_equal(owf, key.bytes, sizeof owf);
	assert_true(ntlm_challenge(bytes, make_challenge(info, sizeof info), &challenge));
	assert_memory_equal(nonce, challenge.server, sizeof nonce);
	assert_int_equal(sizeof info, challenge.info_len);
	assert_null(challenge.time);
	assert_true(ntlm_respond(&key, &challenge, client, midnight, &response));
	assert_memory_equal(proof, response.bytes, sizeof proof);
	assert_int_equal(16 + 28 + sizeof info + 4, response.len);
	assert_memory_equal("\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\0\0\0\0",
	                    response.bytes + 16, 28);
	assert_memory_equal(session, response.session_key, sizeof session);
}

/* The server's own time is answered with. */
static void test_time(void **state)
{
	static const uint8_t pairs[] = "\x07\0\x08\0TIMETIME\0\0\0";
	SECRET_AUTO key = { 0 };
	NTLM_RESPONSE_AUTO response = { 0 };
	struct ntlm_challenge challenge;
	(void)state;
	make_key(&key);
	assert_true(ntlm_challenge(bytes, make_challenge(pairs, sizeof pairs), &challenge));
	assert_memory_equal("TIMETIME", challenge.time, NTLM_TIME);
	assert_true(ntlm_respond(&key, &challenge, client, midnight, &response));
	assert_memory_equal("TIMETIME", response.bytes + 16 + 8, NTLM_TIME);
}

static void test_no_key(void **state)
{
	SECRET_AUTO hash = { 0 }, key = { 0 };
	NTLM_RESPONSE_AUTO response = { 0 };
	struct ntlm_challenge challenge;
	(void)state;
	assert_false(ntlm_key(&hash, "User", "Domain", &key));
	assert_true(secret_set(&hash, nt_hash, sizeof nt_hash));
	assert_false(ntlm_key(&hash, "B\xc3\xa4r$", "Domain", &key));
	assert_false(ntlm_key(&hash, "", "Domain", &key));
	assert_false(ntlm_key(&hash, "User", "\xff", &key));
	assert_int_equal(0, key.len);
	make_key(&key);
	assert_true(ntlm_challenge(bytes, make_challenge(info, 0), &challenge));
	assert_null(challenge.info);
	assert_false(ntlm_respond(&key, &challenge, client, midnight, &response));
}

/* Where the pairs end counts, not where the field does. */
static void test_pairs(void **state)
{
	static const struct {
		const char *pairs;
		size_t len, taken; /* 0: refused */
	} rows[] = { { "\0\0\0\0", 4, 4 },
		     { "\0\0\0\0more", 8, 4 },
		     { "\x02\0\x02\0ab\0\0\0\0", 10, 10 },
		     { "\x02\0\x02\0ab", 6, 0 },
		     { "\x02\0\x07\0ab\0\0\0\0", 10, 0 },
		     { "\x02\0\xff\xff\0\0\0\0", 8, 0 },
		     { "\x07\0\x07\0TIMETIM\0\0\0\0", 15, 0 },
		     { "\0\0\0", 3, 0 } };
	struct ntlm_challenge challenge;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const bool taken = ntlm_challenge(bytes, make_challenge(rows[i].pairs, rows[i].len), &challenge);
		if (taken != (rows[i].taken > 0) || (taken && challenge.info_len != rows[i].taken))
			fail_msg("row %zu: %d, %zu", i, taken, challenge.info_len);
	}
}

static void test_bounds(void **state)
{
	static uint8_t much[NTLM_INFO_MAX + 8];
	const size_t whole = make_challenge(info, sizeof info);
	struct ntlm_challenge challenge;
	(void)state;
	for (size_t len = 0; len < whole; len++)
		assert_false(ntlm_challenge(bytes, len, &challenge));
	assert_true(ntlm_challenge(bytes, whole, &challenge));
	for (unsigned int at = 0; at < 48; at++) { /* into the fixed part */
		bytes[44] = (uint8_t)at;
		assert_false(ntlm_challenge(bytes, whole, &challenge));
	}
	(void)make_challenge(info, sizeof info);
	bytes[47] = 0x80;
	assert_false(ntlm_challenge(bytes, whole, &challenge));
	(void)make_challenge(info, sizeof info);
	bytes[8] = 3;
	assert_false(ntlm_challenge(bytes, whole, &challenge));
	much[0] = 2;
	much[2] = (uint8_t)NTLM_INFO_MAX;
	much[3] = (uint8_t)(NTLM_INFO_MAX >> 8);
	assert_false(ntlm_challenge(bytes, make_challenge(much, sizeof much), &challenge));
}

/* [MS-NLMP] 3.2.5.1.2: nobody has a zero LM response of one byte, everything else empty. */
static void test_messages(void **state)
{
	NTLM_RESPONSE_AUTO response = { .len = 20, .bytes = "response" };
	(void)state;
	assert_int_equal(32, ntlm_negotiate(bytes, sizeof bytes));
	assert_memory_equal("NTLMSSP\0\x01\0\0\0", bytes, 12);
	assert_int_equal(65, ntlm_anonymous(bytes, sizeof bytes));
	assert_memory_equal("NTLMSSP\0\x03\0\0\0\x01\0\x01\0\x40\0\0\0\0\0\0\0", bytes, 24);
	assert_int_equal(0x8, bytes[61] & 0x8);
	assert_int_equal(0, ntlm_anonymous(bytes, 64));
	assert_int_equal(64 + 6 + 4 + 24 + 20, ntlm_authenticate("M$", "DOM", &response, bytes, sizeof bytes));
	assert_memory_equal("\x18\0\x18\0\x4a\0\0\0\x14\0\x14\0\x62\0\0\0\x06\0\x06\0\x40\0\0\0\x04\0\x04\0\x46\0\0\0",
	                    bytes + 12, 32);
	assert_memory_equal("D\0O\0M\0M\0$\0", bytes + 64, 10);
	assert_memory_equal("response", bytes + 98, 8);
	assert_int_equal(0, ntlm_authenticate("M$", "DOM", &response, bytes, 117));
	assert_int_equal(0, ntlm_authenticate("", "DOM", &response, bytes, sizeof bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_known),  cmocka_unit_test(test_time),
		                            cmocka_unit_test(test_no_key), cmocka_unit_test(test_pairs),
		                            cmocka_unit_test(test_bounds), cmocka_unit_test(test_messages) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
