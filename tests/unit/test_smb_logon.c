/* smb_logon.c: a server that knows the secret is believed, and one that lies isn't. */
#include "../../helper/directory/smb_logon.h"

#include "../../helper/directory/ntlm.h"

#include "fake_smb.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct dc fake_pdc = { .host = "pdc1", .address = "127.0.0.1", .nt4 = true };
static const uint8_t hash[NTLM_KEY] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t challenge[] = "NTLMSSP\0\x02\0\0\0" /* and then target name, flags, nonce, reserved, information */
				   "\0\0\0\0\0\0\0\0\0\0\0\0SERVER-1\0\0\0\0\0\0\0\0\x0a\0\x0a\0\x30\0\0\0"
				   "\x02\0\x02\0N\0\0\0\0";

static void sum(const EVP_MD *digest, const uint8_t *key, const uint8_t *bytes, size_t len, uint8_t *ret_sum)
{
	assert_non_null(HMAC(digest, key, NTLM_KEY, bytes, len, ret_sum, NULL));
}

/* [MS-SMB2] 3.1.4.1 with the key that follows from the client's proof. */
static void sign_with(const uint8_t *secret, const uint8_t *request, uint8_t *answer, size_t len)
{
	SECRET_AUTO nt_hash = { 0 }, key = { 0 };
	uint8_t session_key[NTLM_KEY], signature[32];
	const uint8_t *token = request + SMB2_HEADER + 24;
	const uint8_t *response = token + (token[24] | (size_t)token[25] << 8); /* NtChallengeResponseBufferOffset */
	(void)secret_set(&nt_hash, secret, NTLM_KEY);
	(void)ntlm_key(&nt_hash, "m1$", "NT4LAB", &key);
	sum(EVP_md5(), key.bytes, response, NTLM_KEY, session_key);
	answer[16] |= 8;
	memset(answer + SMB2_SIGNATURE_AT, 0, SMB2_SIGNATURE);
	sum(EVP_sha256(), session_key, answer, len, signature);
	memcpy(answer + SMB2_SIGNATURE_AT, signature, SMB2_SIGNATURE);
}

static void sign(const uint8_t *request, uint8_t *answer, size_t len)
{
	sign_with(hash, request, answer, len);
}

static void sign_with_other_secret(const uint8_t *request, uint8_t *answer, size_t len)
{
	static const uint8_t other[NTLM_KEY];
	sign_with(other, request, answer, len);
}

static void sign_without_flag(const uint8_t *request, uint8_t *answer, size_t len)
{
	sign_with(hash, request, answer, len);
	answer[16] &= 0xf7;
}

static void sign_and_change(const uint8_t *request, uint8_t *answer, size_t len)
{
	sign_with(hash, request, answer, len);
	answer[14] ^= 1; /* credits: nobody looks at them */
}

/* A guest's answer is turned into somebody's. */
static void sign_as_guest(const uint8_t *request, uint8_t *answer, size_t len)
{
	answer[SMB2_HEADER + 2] = 1;
	sign_with(hash, request, answer, len);
	answer[SMB2_HEADER + 2] = 0;
}

/* The flag alone. */
static void sign_nothing(const uint8_t *request, uint8_t *answer, size_t len)
{
	(void)request, (void)len;
	answer[16] |= 8;
}

static const struct fake_smb_script honest = {
	.dialect = 0x0210, .challenge = challenge, .challenge_len = sizeof challenge, .sign = sign
};

/* Is the server believed? One that isn't must be named. */
static bool believes(const struct fake_smb_script *script, int64_t limit_ms)
{
	SECRET_AUTO nt_hash = { 0 };
	struct fault fault = { 0 };
	struct fake_server server = fake_server_start(fake_smb_serve, script);
	const struct stream stream = {
		.fd = fake_server_connect(server.port), .port = 445, .deadline = deadline_in(limit_ms), .dc = &fake_pdc
	};
	const struct smb_logon logon = { .account = "M1$", .domain = "NT4LAB", .nt_hash = &nt_hash };
	const int64_t start = deadline_now_ms();
	assert_true(secret_set(&nt_hash, hash, sizeof hash));
	const bool proven = smb_logon_talk(&stream, &logon, &fault);
	assert_true(deadline_now_ms() - start < 9000);
	assert_int_equal(!proven, strstr(fault.text, "pdc1") != NULL);
	(void)close(stream.fd);
	(void)fake_server_stop(&server);
	return proven;
}

static void test_honest(void **state)
{
	struct fake_smb_script script = honest;
	(void)state;
	assert_true(believes(&script, 5000));
	script.dialect = 0x0202;
	script.lie = LATE;
	script.stage = ANONYMOUS;
	assert_true(believes(&script, 5000));
}

static void test_unproven(void **state)
{
	static fake_smb_sign_fn *const signs[] = {
		NULL, sign_nothing, sign_with_other_secret, sign_without_flag, sign_as_guest, sign_and_change
	};
	(void)state;
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		struct fake_smb_script script = honest;
		script.sign = signs[i];
		if (believes(&script, 5000))
			fail_msg("signature %zu", i);
	}
	for (uint16_t flags = 1; flags < 4; flags++) {
		struct fake_smb_script script = honest;
		script.session_flags = flags;
		assert_false(believes(&script, 5000));
	}
}

static void test_lies(void **state)
{
	(void)state;
	for (int stage = NEGOTIATE; stage <= ANONYMOUS; stage++)
		for (int lie = CLOSED; lie <= REFUSED; lie++) {
			struct fake_smb_script script = honest;
			script.stage = (enum fake_smb_stage)stage;
			script.lie = (enum fake_smb_lie)lie;
			/* Where there is no buffer, it can't be in a wrong place. */
			const bool truth = lie > LAST_EVERYWHERE && lie != REFUSED && stage != CHALLENGE;
			if (believes(&script, lie == SILENT || lie == DRIP ? 150 : 10000) != truth)
				fail_msg("stage %d, lie %d", stage, lie);
		}
}

/* Target information that isn't there, or is somewhere else. */
static void test_challenge(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = { { 0, 'X' },  { 8, 1 },   { 40, 0 },   { 40, 200 }, { 41, 255 },
		     { 44, 255 }, { 44, 20 }, { 47, 255 }, { 50, 200 }, { 54, 2 } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t changed[sizeof challenge];
		struct fake_smb_script script = honest;
		memcpy(changed, challenge, sizeof changed);
		changed[rows[i].at] = rows[i].value;
		script.challenge = changed;
		if (believes(&script, 5000))
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_honest), cmocka_unit_test(test_unproven),
		                            cmocka_unit_test(test_lies), cmocka_unit_test(test_challenge) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
