/* rpc_pdu.c and epm.c: packets and towers to the byte, cut ones and wrong ones. */
#include "../../helper/directory/epm.h"

#include "fake_rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct rpc_pdu_syntax sample = { .uuid = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	                                      .major = 1 };

static void test_bind(void **state)
{
	static const uint8_t expected[] = { 5,    0,    11,   3,    0x10, 0,    0,    0,    84,   0,    4,    0,
		                            7,    0,    0,    0,    0xd0, 0x16, 0xd0, 0x16, 0,    0,    0,    0,
		                            1,    0,    0,    0,    0,    0,    1,    0,    1,    2,    3,    4,
		                            5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,   16,
		                            1,    0,    0,    0,    0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
		                            0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0,
		                            0x44, 6,    0,    0,    1,    0,    0,    0,    'a',  'b',  'c',  'd' };
	const struct rpc_pdu_auth auth = { .type = 0x44, .level = 6, .token = (const uint8_t *)"abcd", .token_len = 4 };
	uint8_t buf[RPC_PDU_SEND_MAX];
	(void)state;
	assert_int_equal(rpc_pdu_bind(&sample, &auth, 7, buf, sizeof buf), sizeof expected);
	assert_memory_equal(buf, expected, sizeof expected);
	assert_int_equal(rpc_pdu_bind(&sample, NULL, 7, buf, sizeof buf), 72);
	for (size_t size = 0; size < sizeof expected; size++)
		assert_int_equal(rpc_pdu_bind(&sample, &auth, 7, buf, size), 0);
}

static void test_request(void **state)
{
	static const uint8_t expected[] = { 5, 0, 0, 3, 0x10, 0, 0,   0,   52,  0, 4, 0, 9, 0, 0, 0, 3, 0,
		                            0, 0, 0, 0, 26,   0, 'x', 'y', 'z', 0, 0, 0, 0, 0, 0, 0, 0, 0,
		                            0, 0, 0, 0, 0x44, 6, 13,  0,   1,   0, 0, 0, 0, 0, 0, 0 };
	const struct rpc_pdu_auth auth = { .type = 0x44, .level = 6, .token_len = 4 };
	const struct rpc_pdu_call call = { .id = 9, .opnum = 26, .stub = "xyz", .stub_len = 3 };
	static const uint8_t big[RPC_PDU_SEND_MAX];
	const struct rpc_pdu_call too_big = { .stub = big, .stub_len = sizeof big };
	uint8_t buf[2 * RPC_PDU_SEND_MAX];
	(void)state;
	struct rpc_pdu_parts parts = rpc_pdu_request(&call, &auth, buf, sizeof buf);
	assert_int_equal(parts.len, sizeof expected);
	assert_memory_equal(buf, expected, sizeof expected);
	assert_int_equal(parts.stub, 24);
	assert_int_equal(parts.stub_len, 16);
	assert_int_equal(parts.token, 48);
	assert_int_equal(rpc_pdu_request(&call, NULL, buf, sizeof buf).len, 27);
	assert_int_equal(rpc_pdu_request(&too_big, NULL, buf, sizeof buf).len, 0);
}

/* A sound response of 36 bytes: 3 of stub data, 1 of padding, a trailer and a token of 4. */
static const uint8_t sound[] = { 5, 0, 2, 3, 0x10, 0,   0,   0, 40,   0, 4, 0, 9, 0, 0, 0, 3,   0,   0,   0,
	                         0, 0, 0, 0, 'x',  'y', 'z', 0, 0x44, 6, 1, 0, 1, 0, 0, 0, 't', 'o', 'k', 'e' };

static bool parse(const uint8_t *bytes, size_t len, struct rpc_pdu *ret_pdu)
{
	uint8_t *exact = malloc(len > 0 ? len : 1); /* for AddressSanitizer */
	assert_non_null(exact);
	memcpy(exact, bytes, len);
	const bool good = rpc_pdu_parse(exact, len, ret_pdu);
	ret_pdu->body = NULL;
	free(exact);
	return good;
}

static void test_parse(void **state)
{
	uint8_t bytes[sizeof sound];
	struct rpc_pdu pdu;
	(void)state;
	assert_true(parse(sound, sizeof sound, &pdu));
	assert_int_equal(pdu.body_len, 4);
	assert_int_equal(pdu.auth_pad, 1);
	assert_int_equal(pdu.auth_type, 0x44);
	assert_int_equal(pdu.header.call_id, 9);
	for (size_t len = 0; len < sizeof sound; len++) {
		assert_false(parse(sound, len, &pdu)); /* cut */
		memcpy(bytes, sound, sizeof bytes);
		bytes[8] = (uint8_t)len; /* cut, and its length says so: sound only without its token */
		assert_false(parse(bytes, sizeof bytes, &pdu));
		if (len < 36)
			assert_false(parse(bytes, len, &pdu));
	}
	static const struct {
		size_t at;
		uint8_t value;
	} lies[] = { { 0, 4 },  { 1, 2 }, { 2, 0 },   { 2, 11 }, { 2, 99 }, { 4, 0 },
		     { 8, 41 }, { 9, 1 }, { 10, 17 }, { 11, 1 }, { 20, 1 }, { 30, 5 } };
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		memcpy(bytes, sound, sizeof bytes);
		bytes[lies[i].at] = lies[i].value;
		assert_false(parse(bytes, sizeof bytes, &pdu));
	}
}

static void test_accepted(void **state)
{
	struct fake_reply reply = { .len = 0 };
	struct rpc_pdu pdu;
	uint8_t bytes[512];
	(void)state;
	fake_rpc_accept(&reply);
	const size_t len = fake_rpc_pdu(RPC_PDU_BIND_ACK, 3, 1, &reply, bytes, sizeof bytes);
	assert_true(rpc_pdu_parse(bytes, len, &pdu));
	assert_true(rpc_pdu_accepted(&pdu));
	for (size_t i = 0; i < pdu.body_len; i++) {
		const size_t body_len = pdu.body_len;
		pdu.body_len = i;
		assert_false(rpc_pdu_accepted(&pdu)); /* cut */
		pdu.body_len = body_len;
		const bool counts = i < 2 || i == 8 || (i >= 12 && i < 14) || i >= 16;
		pdu.body[i] ^= 0x81;
		if (counts)
			assert_false(rpc_pdu_accepted(&pdu));
		pdu.body[i] ^= 0x81;
	}
	assert_true(rpc_pdu_accepted(&pdu));
}

static void test_epm_encode(void **state)
{
	uint8_t buf[256];
	(void)state;
	assert_int_equal(epm_encode(&sample, buf, sizeof buf), 116);
	assert_int_equal(buf[8], 75);
	assert_int_equal(buf[12], 75);
	assert_memory_equal(buf + 16, "\x05\0\x13\0\x0d\x01\x02\x03", 8);
	assert_int_equal(epm_encode(&sample, buf, 115), 0);
}

static int decode(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, len);
	const int port = epm_decode(&sample, exact, len);
	free(exact);
	return port;
}

static void test_epm_decode(void **state)
{
	struct fake_reply reply = { .len = 0 };
	(void)state;
	for (uint32_t towers = 1; towers < 4; towers++) {
		fake_rpc_towers(&reply, &sample, 49152, towers);
		assert_int_equal(decode(reply.stub, reply.len), 49152);
	}
	for (size_t len = 0; len < reply.len; len++)
		assert_int_equal(decode(reply.stub, len), -1); /* cut */
	fake_rpc_towers(&reply, &sample, 49152, 0);
	assert_int_equal(decode(reply.stub, reply.len), 0);
	fake_rpc_towers(&reply, &rpc_pdu_ndr, 49152, 1); /* another interface */
	assert_int_equal(decode(reply.stub, reply.len), 0);
	/* one byte changed: another port at the most, never more */
	for (size_t i = 0; i < reply.len; i++)
		for (unsigned int flip = 1; flip < 256; flip <<= 1) {
			fake_rpc_towers(&reply, &sample, 49152, 1);
			reply.stub[i] ^= (uint8_t)flip;
			const int port = decode(reply.stub, reply.len);
			assert_true(port >= -1 && port <= 65535);
		}
	fake_rpc_towers(&reply, &sample, 49152, 1);
	reply.stub[20] = reply.stub[32] = 200; /* more towers than there is room for */
	assert_int_equal(decode(reply.stub, reply.len), -1);
	for (uint32_t towers = 16; towers <= 17; towers++) { /* more than were asked for */
		fake_rpc_towers(&reply, &sample, 49152, towers);
		reply.stub[24] = (uint8_t)towers;
		assert_int_equal(decode(reply.stub, reply.len), towers == 16 ? 49152 : -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind),     cmocka_unit_test(test_request),    cmocka_unit_test(test_parse),
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_epm_encode), cmocka_unit_test(test_epm_decode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
