/* smb_pipe.c: a named pipe of a server that tells the truth, in one piece or in many, and of one that lies. */
#include "../../helper/directory/smb_pipe.h"

#include "fake_smb.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct dc fake_pdc = { .host = "pdc1", .address = "127.0.0.1", .nt4 = true };

struct outcome {
	enum rpc_result result;
	bool counted; /* what came is 0, 1, 2 … */
	bool told;    /* a fault names the server */
	int64_t ms;
};

/* A conversation that wants script->total bytes, in pieces of 16 and the rest, as rpc.c reads. */
static struct outcome talk(const struct fake_smb_script *script, int64_t limit_ms)
{
	struct outcome outcome = { .counted = true };
	struct fault fault = { 0 };
	struct smb_pipe *pipe = NULL;
	struct fake_server server = fake_server_start(fake_smb_serve, script);
	const struct stream stream = {
		.fd = fake_server_connect(server.port), .port = 445, .deadline = deadline_in(limit_ms), .dc = &fake_pdc
	};
	const int64_t start = deadline_now_ms();
	uint8_t *bytes = malloc(script->total);
	assert_non_null(bytes);
	outcome.result = smb_pipe_open(&stream, "netlogon", &pipe, &fault);
	if (outcome.result == RPC_OK && smb_pipe_send(pipe, (const uint8_t *)"ask", 3, &fault) != 0)
		outcome.result = RPC_NOT_SENT;
	if (outcome.result == RPC_OK)
		outcome.result = smb_pipe_recv(pipe, bytes, 16, &fault);
	if (outcome.result == RPC_OK)
		outcome.result = smb_pipe_recv(pipe, bytes + 16, script->total - 16, &fault);
	for (size_t i = 0; outcome.result == RPC_OK && i < script->total; i++)
		outcome.counted = outcome.counted && bytes[i] == (uint8_t)i;
	outcome.ms = deadline_now_ms() - start;
	outcome.told = strstr(fault.text, "pdc1") != NULL;
	free(bytes);
	smb_pipe_close(pipe);
	(void)close(stream.fd);
	(void)fake_server_stop(&server);
	return outcome;
}

static const struct fake_smb_script honest = { .first = 300, .total = 1000, .share_type = 2, .dialect = 0x0210 };

static void test_pieces(void **state)
{
	static const size_t totals[][2] = { { 16, 16 }, { 300, 300 }, { 1, 17 }, { 8192, 30000 }, { 20, 60000 } };
	(void)state;
	for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
		struct fake_smb_script script = honest;
		script.first = totals[i][0];
		script.total = totals[i][1];
		const struct outcome outcome = talk(&script, 5000);
		assert_int_equal(RPC_OK, outcome.result);
		assert_true(outcome.counted);
	}
}

/* Both dialects, and a server that takes its time once at each step. */
static void test_slow(void **state)
{
	(void)state;
	for (int stage = NEGOTIATE; stage < STAGES; stage++) {
		struct fake_smb_script script = honest;
		script.lie = LATE;
		script.stage = (enum fake_smb_stage)stage;
		script.dialect = 0x0202;
		assert_int_equal(RPC_OK, talk(&script, 5000).result);
	}
}

static enum rpc_result wanted(enum fake_smb_lie lie)
{
	return lie == REFUSED ? RPC_REFUSED : lie >= CLOSED && lie <= CUT ? RPC_NO_REPLY : RPC_BAD_REPLY;
}

static void check_lie(enum fake_smb_stage stage, enum fake_smb_lie lie)
{
	struct fake_smb_script script = honest;
	script.stage = stage;
	script.lie = lie;
	const struct outcome outcome = talk(&script, lie == SILENT || lie == DRIP ? 150 : 10000);
	enum rpc_result want = wanted(lie);
	if (lie == REFUSED && stage >= TRANSCEIVE)
		want = RPC_NO_REPLY; /* the call may have been carried out */
	/* The end of a session setup and a read's padding say nothing that is looked at. */
	if (stage == ANONYMOUS && (lie == WRONG_BODY || lie == SHORT_BODY))
		want = RPC_OK;
	if (outcome.result != want || (want != RPC_OK && !outcome.told) || outcome.ms > 9000)
		fail_msg("stage %d, lie %d: result %d, wanted %d, told %d, %d ms", (int)stage, (int)lie,
		         (int)outcome.result, (int)want, outcome.told, (int)outcome.ms);
}

static void test_lies(void **state)
{
	(void)state;
	for (int stage = NEGOTIATE; stage < STAGES; stage++) {
		for (int lie = CLOSED; lie <= LAST_EVERYWHERE; lie++)
			check_lie((enum fake_smb_stage)stage, (enum fake_smb_lie)lie);
		check_lie((enum fake_smb_stage)stage, REFUSED);
	}
}

static void test_buffers(void **state)
{
	static const enum fake_smb_stage stages[] = { CHALLENGE, TRANSCEIVE, READ };
	(void)state;
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		for (int lie = OFFSET_OUTSIDE; lie <= EMPTY; lie++)
			check_lie(stages[i], (enum fake_smb_lie)lie);
}

static void test_not_a_pipe(void **state)
{
	struct fake_smb_script script = honest;
	(void)state;
	script.share_type = 1;
	assert_int_equal(RPC_BAD_REPLY, talk(&script, 5000).result);
	script = honest;
	script.dialect = 0x0311;
	assert_int_equal(RPC_BAD_REPLY, talk(&script, 5000).result);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pieces), cmocka_unit_test(test_slow),
		                            cmocka_unit_test(test_lies), cmocka_unit_test(test_buffers),
		                            cmocka_unit_test(test_not_a_pipe) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
