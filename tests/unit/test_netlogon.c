/* netlogon.c against a DC in a forked process: an honest one, one that refuses, and one that lies at every step of the
 * conversation. None of the lies may be taken for an answer, and a change of password is "unknown" only once it was
 * sent.
 */
#include "../../helper/directory/netlogon.h"
#include "../../helper/directory/netlogon_message.h"

#include "fake_netlogon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum verb { AUTHENTICATE_ONLY, VERIFY, SET };

struct outcome {
	uint32_t status;
	enum set_result set;
	struct fault fault;
	int64_t ms;
};

#define GOOD_DOMAIN "\6\0\0\0M1\0\3lab\7example"

static struct outcome talk_as(const char *account, const struct script *script, enum verb verb, int64_t limit_ms)
{
	struct script whole = *script;
	struct outcome outcome = { .set = SET_DONE };
	SECRET_AUTO password = { .len = 0 }, hash = { .len = 0 }, next = { .len = 0 };
	if (whole.password == NULL)
		whole.password = "right";
	if (whole.domain == NULL)
		whole.domain = GOOD_DOMAIN;
	whole.new_password = "n\xc3\xa4"
			     "chstes";
	assert_true(secret_set(&password, "right", 5) &&
	            secret_set(&next, whole.new_password, strlen(whole.new_password)));
	assert_int_equal(netlogon_hash_of_password(&password, &hash), 0);
	struct fake_server server = fake_server_start(fake_netlogon_serve, &whole);
	fake_rpc_port = server.port;
	const struct deadline deadline = deadline_in(limit_ms);
	const int64_t start = deadline_now_ms();
	if (verb == AUTHENTICATE_ONLY)
		outcome.status = netlogon_authenticate(&fake_dc, account, "M1", &hash, deadline, &outcome.fault);
	else if (verb == VERIFY)
		outcome.status = netlogon_verify(&fake_dc, account, "M1", &hash, deadline, &outcome.fault);
	else
		outcome.set = netlogon_set_password(&fake_dc, account, "M1", &hash, &next, deadline, &outcome.status,
		                                    &outcome.fault);
	outcome.ms = deadline_now_ms() - start;
	(void)fake_server_stop(&server);
	return outcome;
}

static struct outcome talk(const struct script *script, enum verb verb)
{
	return talk_as("M1$", script, verb, 3000);
}

static void test_honest(void **state)
{
	static const struct script honest = { .lie = HONEST };
	(void)state;
	for (enum verb verb = AUTHENTICATE_ONLY; verb <= SET; verb++) {
		const struct outcome outcome = talk(&honest, verb);
		assert_int_equal(outcome.status, 0);
		assert_int_equal(outcome.set, SET_DONE);
		assert_int_equal(outcome.fault.kind, FAULT_NONE);
	}
}

static void test_domain(void **state)
{
	static const struct script dns = { .domain = "\6\0\0\0M1\0\2my\4home" },
				   netbios = { .domain = "\3\0\0\0LAB\0M1" };
	(void)state;
	assert_int_equal(talk_as("M1$@my.home", &dns, VERIFY, 3000).status, 0);
	assert_int_equal(talk_as("LAB\\M1$", &netbios, VERIFY, 3000).status, 0);
}

/* What the DC refuses is told as it says it. */
static void test_refused(void **state)
{
	static const struct script wrong = { .password = "wrong" }, gone = { .at = AUTHENTICATE, .status = 0xC000018B },
				   early = { .at = CHALLENGE, .status = 0xC0000022 },
				   policy = { .at = AUTHENTICATE, .status = 0xC0000388 },
				   sealed = { .at = SEALED_CALL, .status = 0xC0000022 };
	(void)state;
	for (enum verb verb = AUTHENTICATE_ONLY; verb <= SET; verb++) {
		struct outcome outcome = talk(&wrong, verb);
		assert_true(outcome.status == 0xC0000022);
		assert_non_null(strstr(outcome.fault.text, "0xC0000022"));
		assert_int_equal(outcome.set, verb == SET ? SET_REFUSED : SET_DONE);
		assert_true(talk(&gone, verb).status == 0xC000018B);
		assert_true(talk(&policy, verb).status == 0xC0000388);
		assert_true(talk(&early, verb).status == 0xC0000022);
		if (verb == AUTHENTICATE_ONLY)
			continue;
		outcome = talk(&sealed, verb);
		assert_true(outcome.status == 0xC0000022);
		assert_int_equal(outcome.set, verb == SET ? SET_REFUSED : SET_DONE);
	}
}

/* Whoever doesn't know the secret proves nothing. */
static void test_false_proof(void **state)
{
	(void)state;
	for (enum netlogon_lie lie = WRONG_CREDENTIAL; lie <= UNREGISTERED; lie++) {
		const struct script script = { .netlogon = lie, .at = STEPS };
		const bool sealed = lie >= OTHER_FLAGS && lie <= UNSEALED;
		for (enum verb verb = AUTHENTICATE_ONLY; verb <= SET; verb++) {
			const struct outcome outcome = talk(&script, verb);
			if ((sealed && verb == AUTHENTICATE_ONLY) || (lie == OTHER_FLAGS && verb == SET)) {
				assert_int_equal(outcome.status, 0);
				continue;
			}
			assert_true(outcome.status ==
			            (lie == UNREGISTERED ? NETLOGON_UNREACHABLE : NETLOGON_BAD_REPLY));
			assert_int_not_equal(outcome.fault.kind, FAULT_NONE);
			if (verb == SET)
				assert_int_equal(outcome.set, sealed ? SET_UNKNOWN : SET_REFUSED);
		}
	}
}

/* Every lie at every step. */
static void check_lie(enum step step, enum fake_lie lie)
{
	const bool bind = step == EPM_BIND || step == BIND || step == SEALED_BIND, waits = lie == SILENT || lie == DRIP;
	const struct script script = { .at = step, .lie = lie };
	const struct outcome outcome = talk_as("M1$", &script, SET, waits ? 120 : 3000);
	const bool no_answer =
		lie <= LAST_NO_ANSWER || lie == FAULT || (bind && (lie == LONGER || lie == SHORTER || lie == NO_FIRST));
	assert_true(outcome.status == (no_answer ? NETLOGON_UNREACHABLE : NETLOGON_BAD_REPLY));
	/* A bind answered so is good enough: the change is sent, and the server then goes away. */
	if (step == SEALED_BIND && (lie == LONGER || lie == NO_FIRST))
		assert_int_not_equal(outcome.set, SET_DONE);
	else
		assert_int_equal(outcome.set, step == SEALED_CALL ? SET_UNKNOWN : SET_REFUSED);
	assert_int_not_equal(outcome.fault.kind, FAULT_NONE);
	assert_true(outcome.ms < 1500);
}

static void test_lies(void **state)
{
	(void)state;
	for (enum step step = EPM_BIND; step < STEPS; step++)
		for (enum fake_lie lie = CLOSED; lie <= FAULT; lie++) {
			if (step == EPM_MAP && lie == LONGER)
				continue; /* what follows the towers isn't looked at */
			check_lie(step, lie);
		}
}

static void test_not_tried(void **state)
{
	SECRET_AUTO none = { .len = 0 }, hash = { .len = NETLOGON_HASH_LEN }, empty = { .len = 0 };
	struct fault fault = { .kind = FAULT_NONE };
	uint32_t status = 0;
	(void)state;
	fake_rpc_port = 0;
	assert_true(netlogon_verify(&fake_dc, "M1$", "M1", &none, deadline_in(100), &fault) == NETLOGON_NOT_TRIED);
	assert_non_null(strstr(fault.text, "arcfour"));
	assert_int_equal(netlogon_set_password(&fake_dc, "M1$", "M1", &none, &hash, deadline_in(100), &status, NULL),
	                 SET_REFUSED);
	assert_true(status == NETLOGON_NOT_TRIED);
	assert_true(netlogon_authenticate(&fake_dc, "", "M1", &hash, deadline_in(100), NULL) == NETLOGON_NOT_TRIED);
	assert_true(netlogon_authenticate(&fake_dc, "M1$", "A-NAME-OF-16-LET", &hash, deadline_in(100), NULL) ==
	            NETLOGON_NOT_TRIED);
	assert_true(netlogon_authenticate(&fake_dc, "M1$", "M1", &hash, deadline_in(100), NULL) ==
	            NETLOGON_UNREACHABLE);
	assert_int_equal(netlogon_set_password(&fake_dc, "M1$", "M1", &hash, &empty, deadline_in(100), NULL, NULL),
	                 SET_REFUSED);
}

/* Decoders want exactly their bytes. */
static void test_replies(void **state)
{
	static const enum netlogon_message_opnum opnums[] = { NETLOGON_REQ_CHALLENGE, NETLOGON_AUTHENTICATE3,
		                                              NETLOGON_GET_CAPABILITIES, NETLOGON_PASSWORD_SET2 };
	static const size_t lengths[] = { 12, 20, 24, 16 };
	struct netlogon_message_reply reply;
	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t len = 0; len < 32; len++) {
			uint8_t *exact = calloc(1, len + 1);
			assert_non_null(exact);
			if (len > 12)
				exact[12] = 1; /* query level */
			assert_int_equal(netlogon_message_reply(opnums[i], exact, len, &reply), len == lengths[i]);
			free(exact);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest),  cmocka_unit_test(test_domain),    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lies),    cmocka_unit_test(test_not_tried), cmocka_unit_test(test_false_proof),
		cmocka_unit_test(test_replies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
