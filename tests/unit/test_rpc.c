/* rpc.c: fragments, a guard, and a server that lies. */
#include "../../helper/directory/epm.h"

#include "fake_rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct rpc_pdu_syntax sample = { .uuid = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	                                      .major = 1 };

/* What the server's child does. */
struct script {
	enum fake_lie lie;
	bool at_bind;
	size_t fragments[36]; /* of the answer's stub data, each with that length, to the first 0 */
	bool guarded;
	size_t token_len; /* of the answer's tokens, where it isn't what the guard has */
	uint8_t spoil;    /* XORed into the token of the last fragment */
};

/* A guard for tests: XOR with 0x5a, and a token that counts and sums. */
static void fake_seal(uint8_t *data, size_t len, uint8_t number, uint8_t *token)
{
	uint8_t sum = 0;
	for (size_t i = 0; i < len; i++) {
		sum = (uint8_t)(sum + data[i]);
		data[i] ^= 0x5a;
	}
	token[0] = number;
	token[1] = sum;
	token[2] = token[3] = 0xee;
}

static bool guard_seal(void *state, uint8_t *data, size_t len, uint8_t *ret_token)
{
	fake_seal(data, len, (*(uint8_t *)state)++, ret_token);
	return true;
}

static bool guard_open(void *state, uint8_t *data, size_t len, const uint8_t *token)
{
	uint8_t sum = 0;
	for (size_t i = 0; i < len; i++) {
		data[i] ^= 0x5a;
		sum = (uint8_t)(sum + data[i]);
	}
	return token[0] == (*(uint8_t *)state)++ && token[1] == sum && token[2] == 0xee && token[3] == 0xee;
}

static void answer(int fd, uint32_t call_id, const struct script *script)
{
	static struct fake_reply reply;
	static uint8_t bytes[4096];
	uint8_t number = 1, value = 0;
	for (size_t i = 0; script->fragments[i] != 0; i++) {
		const bool last = script->fragments[i + 1] == 0;
		const uint8_t flags = (uint8_t)((i == 0 ? RPC_PDU_FIRST : 0) | (last ? RPC_PDU_LAST : 0));
		reply.len = script->fragments[i];
		for (size_t j = 0; j < reply.len; j++)
			reply.stub[j] = value++;
		reply.pad = 0;
		reply.token_len = script->token_len > 0 ? script->token_len : script->guarded ? 4 : 0;
		if (script->guarded) {
			for (; reply.len % 16 != 0; reply.pad++)
				reply.stub[reply.len++] = 0xbb;
			fake_seal(reply.stub, reply.len, number++, reply.token);
			reply.token[1] ^= last ? script->spoil : 0;
		}
		const size_t len = fake_rpc_pdu(RPC_PDU_RESPONSE, flags, call_id, &reply, bytes, sizeof bytes);
		(void)send(fd, bytes, len, MSG_NOSIGNAL);
	}
}

static void serve(int fd, int nth, const void *data)
{
	const struct script *script = data;
	struct fake_request request;
	struct fake_reply reply = { .token_len = script->guarded ? 4 : 0 };
	(void)nth;
	if (!fake_rpc_read(fd, &request) || request.type != RPC_PDU_BIND)
		return;
	fake_rpc_accept(&reply);
	if (!fake_rpc_send(fd, RPC_PDU_BIND_ACK, request.call_id, &reply, script->at_bind ? script->lie : HONEST) ||
	    !fake_rpc_read(fd, &request) || request.opnum != 3)
		return;
	if (script->guarded) {
		uint8_t number = 0;
		if (request.pad != 12 || !guard_open(&number, request.stub, request.stub_len, request.token) ||
		    memcmp(request.stub, "ask", 4) != 0)
			return;
	}
	if (script->fragments[0] != 0) {
		answer(fd, request.call_id, script);
		return;
	}
	reply = (struct fake_reply){ .stub = "answer", .len = 8 };
	(void)fake_rpc_send(fd, RPC_PDU_RESPONSE, request.call_id, &reply, script->lie);
}

struct outcome {
	enum rpc_result result;
	size_t len;
	bool counted; /* the bytes of the answer are 0, 1, 2 … */
	struct fault fault;
	int64_t ms;
};

static struct outcome talk(const struct script *script, int64_t limit_ms)
{
	struct outcome outcome = { .counted = true };
	struct fake_server server = fake_server_start(serve, script);
	uint8_t number = 0;
	const struct rpc_guard guard = {
		.auth = { .type = 0x44, .level = 6, .token = (const uint8_t *)"hello", .token_len = 5 },
		.token_len = 4,
		.seal = guard_seal,
		.open = guard_open,
		.state = &number
	};
	const struct rpc_target target = {
		.dc = &fake_dc, .port = 4711, .interface = &sample, .guard = script->guarded ? &guard : NULL
	};
	const struct rpc_pdu_call call = { .opnum = 3, .stub = "ask", .stub_len = 4 };
	struct rpc *rpc = NULL;
	struct rpc_reply reply = { .len = 0 };
	fake_rpc_port = server.port;
	const int64_t start = deadline_now_ms();
	outcome.result = rpc_open(&target, deadline_in(limit_ms), &rpc, &outcome.fault);
	if (outcome.result == RPC_OK)
		outcome.result = rpc_call(rpc, call, &reply, &outcome.fault);
	outcome.ms = deadline_now_ms() - start;
	outcome.len = reply.len;
	for (size_t i = 0; i < reply.len; i++)
		outcome.counted = outcome.counted && reply.data[i] == (uint8_t)i;
	rpc_close(rpc);
	(void)fake_server_stop(&server);
	return outcome;
}

static void test_fragments(void **state)
{
	static const struct script scripts[] = {
		{ .fragments = { 7 } },
		{ .fragments = { 7, 1, 2000 } },
		{ .fragments = { 7 }, .guarded = true },
		{ .fragments = { 16, 5, 33 }, .guarded = true },
	};
	static const size_t lengths[] = { 7, 2008, 7, 54 };
	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		const struct outcome outcome = talk(&scripts[i], 3000);
		assert_int_equal(outcome.result, RPC_OK);
		assert_int_equal(outcome.len, lengths[i]);
		assert_true(outcome.counted);
	}
}

/* As much as an answer may be, and one byte more. */
static void test_most(void **state)
{
	struct script script = { .lie = HONEST };
	(void)state;
	for (size_t i = 0; i < RPC_REPLY_MAX / 2048; i++)
		script.fragments[i] = 2048;
	struct outcome outcome = talk(&script, 3000);
	assert_int_equal(outcome.result, RPC_OK);
	assert_int_equal(outcome.len, RPC_REPLY_MAX);
	assert_true(outcome.counted);
	script.fragments[RPC_REPLY_MAX / 2048] = 1;
	outcome = talk(&script, 3000);
	assert_int_equal(outcome.result, RPC_BAD_REPLY);
	script.fragments[0] = 1;
	script.fragments[RPC_REPLY_MAX / 2048] = 2048;
	assert_int_equal(talk(&script, 3000).result, RPC_BAD_REPLY);
}

/* A fragment that isn't sealed rightly, and one that isn't sealed at all. */
static void test_guard(void **state)
{
	static const struct script spoilt = { .fragments = { 16, 5 }, .guarded = true, .spoil = 1 },
				   plain = { .guarded = true };
	(void)state;
	assert_int_equal(talk(&spoilt, 3000).result, RPC_BAD_REPLY);
	assert_int_equal(talk(&plain, 3000).result, RPC_BAD_REPLY);
	/* a guard reads as many bytes as its tokens have: shorter and longer ones never get there */
	for (size_t len = 1; len < 9; len++) {
		const struct script script = { .fragments = { 16 }, .guarded = true, .token_len = len };
		assert_int_equal(talk(&script, 3000).result, len == 4 ? RPC_OK : RPC_BAD_REPLY);
	}
	/* and nothing is sealed that wasn't asked for */
	const struct script unasked = { .fragments = { 16 }, .token_len = 4 };
	assert_int_equal(talk(&unasked, 3000).result, RPC_BAD_REPLY);
}

static void check_lie(enum fake_lie lie, bool at_bind)
{
	const bool waits = lie == SILENT || lie == DRIP;
	const struct script script = { .lie = lie, .at_bind = at_bind };
	const struct outcome outcome = talk(&script, waits ? 150 : 3000);
	const enum rpc_result expected = lie == FAULT            ? RPC_REFUSED
	                                 : lie <= LAST_NO_ANSWER ? RPC_NO_REPLY
	                                                         : RPC_BAD_REPLY;
	if (!at_bind && (lie == LONGER || lie == SHORTER))
		assert_int_equal(outcome.result, RPC_OK); /* the call's own decoder sees it */
	else if (at_bind && lie == SHORTER)
		assert_int_equal(outcome.result, RPC_REFUSED);
	else if (at_bind && (lie == LONGER || lie == NO_FIRST))
		assert_int_equal(outcome.result, RPC_NO_REPLY); /* good enough for a bind; the server then goes away */
	else
		assert_int_equal(outcome.result, expected);
	if (outcome.result != RPC_OK) {
		assert_int_equal(outcome.fault.kind, FAULT_UNSURE);
		assert_non_null(strstr(outcome.fault.text, "dc1.lab.example (127.0.0.1) port 4711: "));
	}
	assert_true(outcome.ms < 1500 && (!waits || outcome.ms >= 145));
}

static void test_lies(void **state)
{
	(void)state;
	for (enum fake_lie lie = CLOSED; lie <= FAULT; lie++) {
		check_lie(lie, true);
		check_lie(lie, false);
	}
}

static void test_nobody(void **state)
{
	const struct rpc_target target = { .dc = &fake_dc, .port = 4711, .interface = &sample };
	struct rpc *rpc = NULL;
	struct fault fault = { .kind = FAULT_NONE };
	int port = 0;
	(void)state;
	fake_rpc_port = 0;
	assert_int_equal(rpc_open(&target, deadline_in(100), &rpc, &fault), RPC_NOT_SENT);
	assert_null(rpc);
	assert_int_equal(epm_map(&fake_dc, &sample, deadline_in(100), &port, NULL), RPC_NOT_SENT);
	rpc_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fragments), cmocka_unit_test(test_most),   cmocka_unit_test(test_guard),
		cmocka_unit_test(test_lies),      cmocka_unit_test(test_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
