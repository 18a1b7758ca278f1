/* kdc_key.c and kdc_ticket.c: salts as a KDC tells them (junk too), derived keys, tickets opened. */
#include "fake_kdc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct kdc *kdc;
static struct fake_kdc fake;
static struct fault fault;

static int setup(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof fault);
	kdc = fake_kdc_context(deadline_in(20000));
	fake = fake_kdc_make(kdc, "host/m1.lab.example");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kdc_close(kdc);
	return 0;
}

/* Independently made: PBKDF2-HMAC-SHA1 with 4096 rounds, then DK with "kerberos" (RFC 3962); MD4 of UTF-16 (RFC 4757).
 */
static void test_derive(void **state)
{
	static const uint8_t aes256[] = { 0xfd, 0x3f, 0x6c, 0xd0, 0x0e, 0x61, 0xb3, 0x46, 0x95, 0x49, 0x81,
		                          0xc0, 0x1f, 0x2f, 0x69, 0xa9, 0xc5, 0x01, 0x6f, 0xbc, 0x9a, 0x6c,
		                          0xbc, 0x6e, 0x22, 0x34, 0x46, 0x79, 0xa7, 0x1a, 0x9e, 0x39 };
	static const uint8_t aes128[] = { 0x29, 0x7d, 0x7f, 0xa9, 0x61, 0xe4, 0xc9, 0x53,
		                          0x60, 0x86, 0x7f, 0x48, 0x97, 0x64, 0x63, 0x78 };
	static const uint8_t rc4[] = { 0x44, 0xd1, 0x66, 0x7b, 0x4a, 0x00, 0xab, 0xe0,
		                       0x10, 0x9c, 0xbb, 0x6d, 0xfc, 0x5f, 0xae, 0x8c };
	const char *salt = "LAB.EXAMPLEhostm1.lab.example";
	SECRET_AUTO password;
	MACHINE_KEYS_AUTO made;
	(void)state;
	assert_true(secret_set(&password, "Machine-Passw0rd", 16));
	assert_int_equal(kdc_derive(kdc, &password, salt, 9, true, &made, &fault), 0);
	assert_int_equal(made.count, 3);
	assert_int_equal(made.key[0].enctype, 18);
	assert_int_equal(made.key[0].key.len, sizeof aes256);
	assert_memory_equal(made.key[0].key.bytes, aes256, sizeof aes256);
	assert_int_equal(made.key[1].enctype, 17);
	assert_memory_equal(made.key[1].key.bytes, aes128, sizeof aes128);
	assert_int_equal(made.key[2].enctype, 23);
	assert_memory_equal(made.key[2].key.bytes, rc4, sizeof rc4);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(made.key[i].kvno, 9);
	assert_int_equal(kdc_derive(kdc, &password, salt, 9, false, &made, &fault), 0);
	assert_int_equal(made.count, 2);
}

/* A reply as it is: the whole message, or the e-data of a KRB-ERROR 25. */
struct reply {
	bool whole;
	int32_t code;
	const void *bytes;
	size_t len;
};

static void serve(int fd, int nth, const void *data)
{
	const struct reply *reply = data;
	uint8_t request[FAKE_MESSAGE_MAX], buf[FAKE_MESSAGE_MAX];
	struct der_out out = der_out_begin(buf, sizeof buf);
	(void)nth;
	(void)fake_server_request(fd, request, sizeof request);
	if (reply->whole)
		der_out_bytes(&out, reply->bytes, reply->len);
	else
		put_error(&out, reply->code, fake.clock, reply->bytes, reply->len);
	fake_server_reply(fd, out.at, (size_t)(out.end - out.at));
}

static int32_t ask_salt(const struct reply *reply, char *salt, size_t size)
{
	struct fake_server server = fake_server_start(serve, reply);
	kdc->port = server.port;
	fault_clear(&fault);
	const int32_t result = kdc_salt(kdc, "M1$", salt, size, &fault);
	assert_int_equal(fake_server_stop(&server), 1);
	assert_int_equal(fault.kind != FAULT_NONE, result != 0);
	return result;
}

/* SEQUENCE OF PA-DATA with one of padata-type `type`, and in it ETYPE-INFO2 with one entry. */
static struct der_out padata(uint8_t *buf, size_t size, int32_t type, int32_t enctype, const char *salt)
{
	struct der_out out = der_out_begin(buf, size);
	if (salt != NULL)
		put_text(&out, 1, salt);
	put_int(&out, 0, enctype);
	der_out_wrap(&out, DER_SEQUENCE, out.end);
	der_out_wrap(&out, DER_SEQUENCE, out.end);
	der_out_wrap(&out, DER_OCTET_STRING, out.end);
	der_out_wrap(&out, DER_CONTEXT + 2, out.end);
	put_int(&out, 1, type);
	der_out_wrap(&out, DER_SEQUENCE, out.end);
	der_out_wrap(&out, DER_SEQUENCE, out.end);
	return out;
}

static void test_salt(void **state)
{
	static const struct {
		int32_t type, enctype;
		const char *salt, *expected; /* NULL: the reply is refused */
	} rows[] = {
		{ 19, 18, "LAB.EXAMPLEhostold.lab.example", "LAB.EXAMPLEhostold.lab.example" },
		{ 19, 17, "s", "s" },
		{ 19, 18, "", "" },
		{ 19, 18, NULL, "LAB.EXAMPLEM1$" }, /* none told: made of the name */
		{ 19, 23, "for RC4", "LAB.EXAMPLEM1$" },
		{ 2, 18, "of another padata", "LAB.EXAMPLEM1$" },
		{ 19, 18, "0123456789012345678901234567890123456789012345678901234567890123",
		  NULL }, /* longer than the buffer */
	};
	uint8_t buf[512];
	char salt[64];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct der_out out = padata(buf, sizeof buf, rows[i].type, rows[i].enctype, rows[i].salt);
		const struct reply reply = { .code = 25, .bytes = out.at, .len = (size_t)(out.end - out.at) };
		if (rows[i].expected == NULL) {
			assert_int_equal(ask_salt(&reply, salt, sizeof salt), KDC_BAD_REPLY);
			continue;
		}
		assert_int_equal(ask_salt(&reply, salt, sizeof salt), 0);
		assert_string_equal(salt, rows[i].expected);
	}
}

static void test_salt_refused(void **state)
{
	static const int32_t codes[] = { 6, 14, 37, 68 };
	char salt[64];
	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		const struct reply reply = { .code = codes[i] };
		assert_int_equal(ask_salt(&reply, salt, sizeof salt), codes[i]);
	}
}

static void test_salt_junk(void **state)
{
	static const struct {
		bool whole;
		size_t len;
		const char *bytes;
	} rows[] = {
		{ true, 1, "x" },
		{ true, 1, "\x7e" },
		{ true, 4, "\x7e\x03\x30\x01" },
		{ true, 3, "\x6b\x80\x30" },
		{ true, 2, "\x30\x00" },
		{ true, 6, "\x6b\x04\xa2\x02\x30\x00" },
		{ false, 1, "x" },
		{ false, 1, "\x30" },
		{ false, 6, "\x30\x84\xff\xff\xff\xff" },
		{ false, 2, "\x04\x00" },
	};
	static const struct reply none = { .whole = true, .bytes = "\x6b\x02\x30\x00", .len = 4 };
	char salt[64];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct reply reply = {
			.whole = rows[i].whole, .code = 25, .bytes = rows[i].bytes, .len = rows[i].len
		};
		assert_int_equal(ask_salt(&reply, salt, sizeof salt), KDC_BAD_REPLY);
	}
	assert_int_equal(ask_salt(&none, salt, sizeof salt), 0); /* an AS-REP without padata: no salt told */
	assert_string_equal(salt, "LAB.EXAMPLEM1$");
}

/* Every prefix and every single changed byte of a good answer: no crash, and the text always ends. */
static void test_salt_mangled(void **state)
{
	uint8_t buf[512], message[512];
	char salt[64];
	(void)state;
	struct der_out inner = padata(buf, sizeof buf, 19, 18, "LAB.EXAMPLEhostm1");
	struct der_out out = der_out_begin(message, sizeof message);
	put_error(&out, 25, fake.clock, inner.at, (size_t)(inner.end - inner.at));
	const size_t len = (size_t)(out.end - out.at);
	for (size_t i = 0; i < len; i++) {
		struct reply reply = { .whole = true, .bytes = out.at, .len = i + 1 };
		memset(salt, 'x', sizeof salt);
		salt[sizeof salt - 1] = '\0';
		(void)ask_salt(&reply, salt, sizeof salt);
		reply.len = len;
		out.at[i] ^= 0xff;
		(void)ask_salt(&reply, salt, sizeof salt);
		out.at[i] ^= 0xff;
		assert_true(strnlen(salt, sizeof salt) < sizeof salt);
	}
}

static void test_opens(void **state)
{
	struct machine_keys keys = { .count = 3 };
	int32_t kvno, enctype;
	(void)state;
	struct kdc_ticket *ticket = fake_kdc_ticket(&fake);
	assert_int_equal(kdc_ticket_kvno(ticket, &kvno, &enctype), 0);
	assert_int_equal(kvno, 7);
	keys.key[0] = keys.key[1] = keys.key[2] = fake.service_key;
	keys.key[0].kvno = 8;
	keys.key[1].enctype = 17;
	assert_int_equal(kdc_ticket_opens(kdc, ticket, &keys), 0);
	keys.key[2].key.bytes[0] ^= 1;
	assert_int_equal(kdc_ticket_opens(kdc, ticket, &keys), 31);
	keys.count = 2; /* the right key under a wrong number doesn't help SSSD */
	assert_int_equal(kdc_ticket_opens(kdc, ticket, &keys), 44);
	keys.count = 0;
	assert_int_equal(kdc_ticket_opens(kdc, ticket, &keys), 44);
	keys.count = 1;
	keys.key[0] = fake.service_key;
	keys.key[0].key.len = 5;
	assert_int_equal(kdc_ticket_opens(kdc, ticket, &keys), 31);
	kdc_ticket_free(ticket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_derive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_salt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_salt_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_salt_junk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_salt_mangled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_opens, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
