/* client.c: what a client makes of a helper that is good, slow, dead, false, or nobody's. */
#include "fake_helper.h"
#include "traces.h"

#include <retrust/client.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct rt_door door = { .socket_path = "sock", .helper_path = "absent" };
static bool whole_root;

/* What a listener heard, a line for each call, and how it answers. */
struct ear {
	char heard[2000];
	bool answer;
	unsigned int think_ms;
};

static void on_step(void *data, const char *text)
{
	struct ear *ear = data;
	traces_note(ear->heard, sizeof ear->heard, "", text);
	(void)usleep(ear->think_ms * 1000);
}

static bool on_ask(void *data, const char *question)
{
	struct ear *ear = data;
	traces_note(ear->heard, sizeof ear->heard, "", question);
	(void)usleep(ear->think_ms * 1000);
	return ear->answer;
}

/* Asks a helper that plays the script. Returns 0, or the errno that client_ask told. */
static int ask(fake_script *script, struct ear *ear, int timeout_ms, struct rt_result *ret_result)
{
	struct rt_listener listener = { .step = on_step, .ask = on_ask, .data = ear };
	struct rt_msg request;
	int listening = fake_listen(door.socket_path, 5);
	struct fake_log log = { .asked = false };
	pid_t pid = fake_serve(listening, script, &log);
	(void)close(listening);
	int sock = client_connect(&door, 1000);
	assert_true(sock >= 0);
	assert_int_equal(fcntl(sock, F_GETFD), FD_CLOEXEC);
	proto_begin(&request, RT_MSG_REQUEST);
	proto_put_u32(&request, RT_TAG_VERB, RT_VERB_VERIFY);
	int result = client_ask(sock, &request, -1, ear != NULL ? &listener : NULL, timeout_ms, ret_result);
	int error = errno;
	(void)close(sock);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return result == 0 ? 0 : error;
}

/* The same where a failure is expected: the result has to stay as it was. */
static int ask_in_vain(fake_script *script, int timeout_ms)
{
	static struct rt_result result;
	static struct rt_result before;
	memset(&result, 0x5a, sizeof result);
	before = result;
	int error = ask(script, &(struct ear){ .think_ms = 5 }, timeout_ms, &result);
	assert_memory_equal(&result, &before, sizeof result);
	return error;
}

static void say_all(int sock)
{
	struct rt_msg msg;
	fake_step(sock, RT_STEP_SEARCH_PDC, "LAB", NULL);
	fake_step(sock, 9999, "of a newer helper", NULL);
	fake_step(sock, RT_STEP_JOINED, "M1", "LAB");
	fake_result(&msg, 3, RT_COND_ACCOUNT_DISABLED);
	proto_put_u32(&msg, RT_TAG_RETRY, 1);
	proto_put_u32(&msg, RT_TAG_REPAIRED, 1);
	proto_put_u32(&msg, RT_TAG_USER_FAULT, 1);
	proto_put_text(&msg, RT_TAG_WORDS, "words");
	proto_put_text(&msg, RT_TAG_ERROR, "error");
	proto_put_text(&msg, RT_TAG_JSON, "{}");
	(void)proto_send(sock, &msg, -1, 1000);
}

static void hears_steps_and_result(void **state)
{
	(void)state;
	struct rt_result r;
	struct ear ear = { .heard = "" };
	memset(&r, 0x5a, sizeof r);
	assert_int_equal(ask(say_all, &ear, 1000, &r), 0);
	assert_string_equal(
		ear.heard,
		"Searching PDC for domain LAB ...\nThe computer \\\\M1 joined the domain LAB successfully.\n");
	assert_int_equal(r.exit_code, 3);
	assert_int_equal(r.condition, RT_COND_ACCOUNT_DISABLED);
	assert_true(r.retry && r.repaired && r.user_fault);
	assert_string_equal(r.words, "words");
	assert_string_equal(r.error, "error");
	assert_string_equal(r.json, "{}");
	assert_int_equal(ask(say_all, NULL, 1000, &r), 0);
}

static void say_little(int sock)
{
	struct rt_msg msg;
	fake_result(&msg, 0, (enum rt_condition)4711);
	proto_put_u32(&msg, RT_TAG_RETRY, 2);
	(void)proto_send(sock, &msg, -1, 1000);
}

static void what_was_not_said_is_empty(void **state)
{
	(void)state;
	struct rt_result r;
	memset(&r, 0x5a, sizeof r);
	assert_int_equal(ask(say_little, NULL, 1000, &r), 0);
	assert_int_equal(r.condition, RT_COND_UNKNOWN);
	assert_false(r.retry || r.repaired || r.user_fault);
	assert_true(r.words[0] == '\0' && r.error[0] == '\0' && r.json[0] == '\0');
}

/* Its exit code tells the answer that it got. */
static void say_question(int sock)
{
	struct rt_msg msg;
	uint32_t yes = 9;
	proto_begin(&msg, RT_MSG_ASK);
	proto_put_text(&msg, RT_TAG_QUESTION, "Is it\nthe real one?");
	(void)proto_send(sock, &msg, -1, 1000);
	if (proto_recv(sock, &msg, NULL, 5000) == RT_MSG_ANSWER)
		(void)proto_get_u32(&msg, RT_TAG_YES, &yes);
	fake_result(&msg, (int)yes, RT_COND_HEALTHY);
	(void)proto_send(sock, &msg, -1, 1000);
}

static void answers_questions(void **state)
{
	(void)state;
	struct rt_result r;
	struct ear ear = { .answer = true };
	assert_int_equal(ask(say_question, &ear, 1000, &r), 0);
	assert_int_equal(r.exit_code, 1);
	assert_string_equal(ear.heard, "Is it\nthe real one?\n");
	ear.answer = false;
	assert_int_equal(ask(say_question, &ear, 1000, &r), 0);
	assert_int_equal(r.exit_code, 0);
	assert_int_equal(ask(say_question, NULL, 1000, &r), 0);
	assert_int_equal(r.exit_code, 0);
}

static void time_to_think_is_not_the_helpers(void **state)
{
	(void)state;
	struct rt_result r;
	struct ear ear = { .answer = true, .think_ms = 400 };
	assert_int_equal(ask(say_question, &ear, 200, &r), 0);
	assert_int_equal(r.exit_code, 1);
}

static void say_nothing(int sock)
{
	struct rt_msg msg;
	(void)proto_recv(sock, &msg, NULL, 5000);
}

static void chatter(int sock)
{
	struct rt_msg msg;
	proto_begin(&msg, RT_MSG_STEP);
	proto_put_u32(&msg, RT_TAG_STEP, RT_STEP_RESET);
	int sent;
	do
		sent = proto_send(sock, &msg, -1, 5000);
	while (sent == 0);
}

static void a_helper_without_end_is_left(void **state)
{
	(void)state;
	int64_t start = traces_now_ms();
	assert_int_equal(ask_in_vain(say_nothing, 200), ETIMEDOUT);
	assert_int_equal(ask_in_vain(chatter, 200), ETIMEDOUT);
	assert_in_range(traces_now_ms() - start, 398, 3000);
}

static void die(int sock)
{
	(void)sock;
}

static void die_amid(int sock)
{
	fake_step(sock, RT_STEP_RESET, NULL, NULL);
}

static void a_helper_that_dies_is_told(void **state)
{
	(void)state;
	assert_int_equal(ask_in_vain(die, 2000), EPIPE);
	assert_int_equal(ask_in_vain(die_amid, 2000), EPIPE);
}

static void lie_magic(int sock)
{
	(void)!write(sock, "RTR1\5\0\0\0", 8);
}

static void lie_too_big(int sock)
{
	static char big[RT_MSG_MAX + 1] = "rtr1\5";
	(void)!write(sock, big, sizeof big);
}

static void lie_type(int sock)
{
	struct rt_msg msg;
	proto_begin(&msg, RT_MSG_REQUEST);
	(void)proto_send(sock, &msg, -1, 1000);
}

static void lie_without_exit(int sock)
{
	struct rt_msg msg;
	proto_begin(&msg, RT_MSG_RESULT);
	proto_put_u32(&msg, RT_TAG_CONDITION, 1);
	(void)proto_send(sock, &msg, -1, 1000);
}

static void lie_exit(int sock)
{
	struct rt_msg msg;
	fake_result(&msg, 256, RT_COND_HEALTHY);
	(void)proto_send(sock, &msg, -1, 1000);
}

static void lie_nul(int sock)
{
	struct rt_msg msg;
	fake_result(&msg, 0, RT_COND_HEALTHY);
	proto_put_bytes(&msg, RT_TAG_ERROR, "a\0b", 3);
	(void)proto_send(sock, &msg, -1, 1000);
}

static void lie_long_words(int sock)
{
	struct rt_msg msg;
	char words[600];
	memset(words, 'w', sizeof words);
	fake_result(&msg, 0, RT_COND_HEALTHY);
	proto_put_bytes(&msg, RT_TAG_WORDS, words, sizeof words);
	(void)proto_send(sock, &msg, -1, 1000);
}

static void lie_step(int sock)
{
	struct rt_msg msg;
	proto_begin(&msg, RT_MSG_STEP);
	(void)proto_send(sock, &msg, -1, 1000);
}

static void a_helper_that_breaks_the_protocol_is_left(void **state)
{
	(void)state;
	static fake_script *const lies[] = { lie_magic, lie_too_big, lie_type,       lie_without_exit,
		                             lie_exit,  lie_nul,     lie_long_words, lie_step };
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		assert_int_equal(ask_in_vain(lies[i], 2000), EPROTO);
}

static void push_descriptor(int sock)
{
	struct rt_msg msg;
	fake_result(&msg, 0, RT_COND_HEALTHY);
	(void)proto_send(sock, &msg, 0, 1000);
}

static void leaves_no_trace(void **state)
{
	(void)state;
	struct rt_result r;
	struct traces before = traces_take();
	assert_int_equal(ask(say_all, NULL, 1000, &r), 0);
	assert_int_equal(ask(push_descriptor, NULL, 1000, &r), 0);
	assert_int_equal(ask_in_vain(lie_magic, 1000), EPROTO);
	assert_int_equal(client_connect(&(struct rt_door){ .socket_path = "no", .helper_path = "no" }, 100), -1);
	assert_null(traces_left(&before));
}

static void what_is_no_socket_is_refused(void **state)
{
	(void)state;
	int listening = fake_listen("sock", 5);
	assert_int_equal(symlink("sock", "link"), 0);
	assert_int_equal(client_connect(&(struct rt_door){ .socket_path = "link", .helper_path = "no" }, 100), -1);
	assert_int_equal(errno, EPERM);
	assert_true(traces_write("file", ""));
	assert_int_equal(client_connect(&(struct rt_door){ .socket_path = "file", .helper_path = "no" }, 100), -1);
	assert_int_equal(errno, EPERM);
	(void)close(listening);
}

/* Nobody but root may be behind the socket, by the file's owner as by who listens. */
static void a_socket_of_another_user_is_refused(void **state)
{
	(void)state;
	if (!whole_root)
		skip();
	int listening = fake_listen("sock", 5);
	assert_int_equal(chown("sock", 1234, 1234), 0);
	assert_int_equal(client_connect(&door, 100), -1);
	assert_int_equal(errno, EPERM);
	(void)close(listening);
	assert_int_equal(chmod(".", 0777), 0);
	assert_int_equal(seteuid(1234), 0);
	(void)unlink("foreign");
	listening = fake_listen("foreign", 5);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chown("foreign", 0, 0), 0);
	assert_int_equal(client_connect(&(struct rt_door){ .socket_path = "foreign", .helper_path = "no" }, 100), -1);
	assert_int_equal(errno, EPERM);
	(void)close(listening);
	assert_int_equal(chmod(".", 0755), 0);
}

static void a_path_that_is_too_long_is_told(void **state)
{
	(void)state;
	char path[200];
	memset(path, 'p', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(client_connect(&(struct rt_door){ .socket_path = path, .helper_path = "no" }, 100), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

static void a_full_queue_is_waited_for_and_not_for_ever(void **state)
{
	(void)state;
	int listening = fake_listen("sock", 0);
	int first = client_connect(&door, 1000);
	assert_true(first >= 0);
	int64_t start = traces_now_ms();
	assert_int_equal(client_connect(&door, 200), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_in_range(traces_now_ms() - start, 199, 2000);
	assert_int_equal(client_connect(&door, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	(void)close(first);
	(void)close(listening);
}

/* Only root starts a helper; anybody else hears that nobody listens. */
static void without_root_nothing_is_started(void **state)
{
	(void)state;
	if (!whole_root)
		skip();
	(void)close(fake_listen("sock", 5));
	assert_int_equal(seteuid(1234), 0);
	(void)client_connect(&(struct rt_door){ .socket_path = "no", .helper_path = "/bin/true" }, 100);
	int absent = errno;
	(void)client_connect(&(struct rt_door){ .socket_path = "sock", .helper_path = "/bin/true" }, 100);
	int deserted = errno;
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(absent, ENOENT);
	assert_int_equal(deserted, ECONNREFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hears_steps_and_result),
		cmocka_unit_test(what_was_not_said_is_empty),
		cmocka_unit_test(answers_questions),
		cmocka_unit_test(time_to_think_is_not_the_helpers),
		cmocka_unit_test(a_helper_without_end_is_left),
		cmocka_unit_test(a_helper_that_dies_is_told),
		cmocka_unit_test(a_helper_that_breaks_the_protocol_is_left),
		cmocka_unit_test(leaves_no_trace),
		cmocka_unit_test(what_is_no_socket_is_refused),
		cmocka_unit_test(a_socket_of_another_user_is_refused),
		cmocka_unit_test(a_path_that_is_too_long_is_told),
		cmocka_unit_test(a_full_queue_is_waited_for_and_not_for_ever),
		cmocka_unit_test(without_root_nothing_is_started),
	};
	char directory[] = "/tmp/test_client.XXXXXX";
	if (!traces_become_root(&whole_root)) {
		print_message("test_client: neither root nor a user namespace, nothing tried\n");
		return 0;
	}
	traces_enter(directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
