/* steps.c: what a client hears, and when. */
#include "../../helper/serve/steps.h"

#include "traces.h"

#include <retrust/proto.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

static int ends[2]; /* the helper's, the client's */

static int connect_both(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int close_both(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			(void)close(ends[i]);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void assert_hears(enum rt_step step, const char *word1, const char *word2)
{
	struct rt_msg msg;
	uint32_t number = UINT32_MAX;
	char text[200];
	assert_int_equal(proto_recv(ends[1], &msg, NULL, 1000), RT_MSG_STEP);
	assert_true(proto_get_u32(&msg, RT_TAG_STEP, &number));
	assert_int_equal(number, step);
	assert_true(proto_get_text(&msg, RT_TAG_WORD1, text, sizeof text) >= 0);
	assert_string_equal(text, word1);
	assert_true(proto_get_text(&msg, RT_TAG_WORD2, text, sizeof text) >= 0);
	assert_string_equal(text, word2);
}

static void assert_silence(void)
{
	struct rt_msg msg;
	assert_int_equal(proto_recv(ends[1], &msg, NULL, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
}

static void everybody_hears_each_step_at_once(void **state)
{
	struct steps steps;
	(void)state;
	steps_init(&steps, ends[0], false, false);
	for (int i = 0; i < RT_STEP_COUNT; i++) {
		teller_step(&steps.teller, (enum rt_step)i, "one", NULL);
		assert_hears((enum rt_step)i, "one", "");
	}
	assert_silence();
	assert_null(steps.teller.ask);
}

/* A look finds a healthy channel: then nothing is to be heard. */
static void a_logon_doesnt_hear_a_look(void **state)
{
	static const enum rt_step looks[] = { RT_STEP_SEARCH_PDC, RT_STEP_FOUND_PDC, RT_STEP_SEARCH_DC,
		                              RT_STEP_FOUND_DC,   RT_STEP_MEMBER,    RT_STEP_VERIFY,
		                              RT_STEP_TELL,       RT_STEP_START };
	struct steps steps;
	(void)state;
	steps_init(&steps, ends[0], true, false);
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
		teller_step(&steps.teller, looks[i], "LAB", "x");
	assert_silence();
	teller_step(&steps.teller, RT_STEP_RESET, NULL, NULL);
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
		assert_hears(looks[i], "LAB", "x");
	assert_hears(RT_STEP_RESET, "", "");
	assert_silence();
	teller_step(&steps.teller, RT_STEP_VERIFY, "dc1", NULL);
	assert_hears(RT_STEP_VERIFY, "dc1", "");
	assert_silence();
}

static bool is_look(int step)
{
	return step <= RT_STEP_VERIFY || step == RT_STEP_TELL || step == RT_STEP_START;
}

/* Each step of a repair lets go what was held, by itself. */
static void every_step_of_a_repair_is_heard(void **state)
{
	(void)state;
	for (int i = 0; i < RT_STEP_COUNT; i++) {
		struct steps steps;
		steps_init(&steps, ends[0], true, false);
		teller_step(&steps.teller, RT_STEP_SEARCH_PDC, "LAB", NULL);
		teller_step(&steps.teller, (enum rt_step)i, "a", "b");
		if (!is_look(i)) {
			assert_hears(RT_STEP_SEARCH_PDC, "LAB", "");
			assert_hears((enum rt_step)i, "a", "b");
		}
		assert_silence();
	}
}

static void more_looks_than_can_be_held(void **state)
{
	struct steps steps;
	char word[300];
	(void)state;
	memset(word, 'w', sizeof word);
	word[sizeof word - 1] = '\0';
	steps_init(&steps, ends[0], true, false);
	for (int i = 0; i < STEPS_HELD + 10; i++)
		teller_step(&steps.teller, RT_STEP_MEMBER, word, word);
	assert_silence();
	teller_step(&steps.teller, RT_STEP_JOINED, "M1", "LAB");
	word[127] = '\0'; /* what is held is cut */
	for (int i = 0; i < STEPS_HELD; i++)
		assert_hears(RT_STEP_MEMBER, word, word);
	assert_hears(RT_STEP_JOINED, "M1", "LAB");
	assert_silence();
}

/* The client's side of a question: a process that answers with that value, or in another way. */
enum answer { ANSWER_NO, ANSWER_YES, ANSWER_TWO, ANSWER_EMPTY, ANSWER_OTHER, ANSWER_JUNK, ANSWER_HANGUP };

static void answer(enum answer how)
{
	struct rt_msg msg;
	char question[100];
	if (proto_recv(ends[1], &msg, NULL, 5000) != RT_MSG_ASK ||
	    proto_get_text(&msg, RT_TAG_QUESTION, question, sizeof question) < 0 ||
	    strcmp(question, "Really?\nSure?") != 0)
		_exit(1);
	proto_begin(&msg, how == ANSWER_OTHER ? RT_MSG_REQUEST : RT_MSG_ANSWER);
	if (how != ANSWER_EMPTY)
		proto_put_u32(&msg, RT_TAG_YES, how == ANSWER_NO ? 0 : how == ANSWER_TWO ? 2 : 1);
	if (how == ANSWER_JUNK)
		(void)send(ends[1], "junk", 4, 0);
	else if (how != ANSWER_HANGUP)
		(void)proto_send(ends[1], &msg, -1, 1000);
	_exit(0);
}

static bool ask(enum answer how)
{
	struct steps steps;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		answer(how);
	}
	(void)close(ends[1]);
	ends[1] = -1;
	steps_init(&steps, ends[0], true, true);
	assert_non_null(steps.teller.ask);
	bool yes = steps.teller.ask(steps.teller.data, "Really?\nSure?");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return yes;
}

static void only_yes_is_yes(void **state)
{
	(void)state;
	for (int how = ANSWER_NO; how <= ANSWER_HANGUP; how++) {
		if (ask((enum answer)how) != (how == ANSWER_YES))
			fail_msg("answer %d", how);
		assert_int_equal(close_both(NULL), 0);
		assert_int_equal(connect_both(NULL), 0);
	}
}

static void nobody_listens_any_more(void **state)
{
	struct steps steps;
	(void)state;
	(void)close(ends[1]);
	ends[1] = -1;
	int64_t before = now_ms();
	steps_init(&steps, ends[0], true, true);
	teller_step(&steps.teller, RT_STEP_VERIFY, "dc1", NULL);
	for (int i = 0; i < RT_STEP_COUNT; i++)
		teller_step(&steps.teller, (enum rt_step)i, "a", "b");
	assert_false(steps.teller.ask(steps.teller.data, "Really?\nSure?"));
	assert_true(now_ms() - before < 1000);
}

/* A client that is stopped: each step costs a tenth of a second at the most. */
static void a_full_socket_doesnt_block(void **state)
{
	static const char packet[1000];
	struct steps steps;
	(void)state;
	while (send(ends[0], packet, sizeof packet, MSG_DONTWAIT) > 0)
		continue;
	(void)alarm(20);
	int64_t before = now_ms();
	steps_init(&steps, ends[0], false, true);
	for (int i = 0; i < 5; i++)
		teller_step(&steps.teller, RT_STEP_CHANGE, "dc1", NULL);
	assert_false(steps.teller.ask(steps.teller.data, "Really?\nSure?"));
	assert_true(now_ms() - before < 3000);
	(void)alarm(0);
}

#define CONNECTED(test) cmocka_unit_test_setup_teardown(test, connect_both, close_both)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(everybody_hears_each_step_at_once),
		CONNECTED(a_logon_doesnt_hear_a_look),
		CONNECTED(every_step_of_a_repair_is_heard),
		CONNECTED(more_looks_than_can_be_held),
		CONNECTED(only_yes_is_yes),
		CONNECTED(nobody_listens_any_more),
		CONNECTED(a_full_socket_doesnt_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
