/* The prompt on a terminal of its own (a pty): echo is off while it asks, the terminal is as before afterwards, also
 * when a signal ends it; and --password-stdin takes one line and not a byte more. */
#include "../../helper/command/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum { WAIT_MS = 10000, OUTPUT_MAX = 8192, EXIT_SAME = 40, EXIT_OTHER = 41, EXIT_FAULT = 42 };

static const char question[] = "Password of admin: ";

struct session {
	pid_t child;
	int master;
	size_t len;
	char output[OUTPUT_MAX];
};

/* In the child: asks, and tells by its exit status whether it got what was expected. */
static _Noreturn void ask_in_child(const char *expected)
{
	SECRET_AUTO secret = { 0 };
	struct fault fault = { 0 };
	int status = prompt_password(question, &secret, &fault);
	if (status != 0) {
		printf("fault %d %s\n", (int)fault.kind, fault.text);
		(void)fflush(stdout);
		_exit(EXIT_FAULT);
	}
	bool same = secret.len == strlen(expected) && memcmp(secret.bytes, expected, secret.len) == 0 &&
	            secret.bytes[secret.len] == '\0';
	_exit(same ? EXIT_SAME : EXIT_OTHER);
}

static void begin(struct session *session, const char *expected)
{
	*session = (struct session){ 0 };
	session->child = forkpty(&session->master, NULL, NULL, NULL);
	assert_true(session->child >= 0);
	if (session->child == 0)
		ask_in_child(expected);
}

/* Reads what the terminal shows until `text` is there (NULL: until the child closed it). */
static void expect(struct session *session, const char *text)
{
	while (text == NULL || strstr(session->output, text) == NULL) {
		struct pollfd wait = { .fd = session->master, .events = POLLIN };
		if (poll(&wait, 1, WAIT_MS) <= 0)
			fail_msg("'%s' didn't come; shown: '%s'", text == NULL ? "the end" : text, session->output);
		assert_true(session->len < OUTPUT_MAX - 1);
		ssize_t n = read(session->master, session->output + session->len, OUTPUT_MAX - 1 - session->len);
		if (n <= 0 && text == NULL)
			return;
		assert_true(n > 0);
		session->len += (size_t)n;
	}
}

static void type(const struct session *session, const void *text, size_t len)
{
	assert_int_equal(write(session->master, text, len), len);
}

static bool echoes(const struct session *session)
{
	struct termios modes;
	assert_int_equal(tcgetattr(session->master, &modes), 0);
	return (modes.c_lflag & ECHO) != 0;
}

static int end(struct session *session)
{
	int status = 0;
	expect(session, NULL);
	assert_true(echoes(session)); /* the master sees the terminal's modes also after the last one closed it */
	assert_true(waitpid(session->child, &status, 0) == session->child);
	(void)close(session->master);
	return status;
}

static void a_password_is_read_without_echo(void **state)
{
	(void)state;
	static const char password[] = "Adm1n Passw\xC3\xB6rd%$ ";
	struct session session;
	begin(&session, password);
	expect(&session, question);
	assert_false(echoes(&session));
	type(&session, password, strlen(password));
	type(&session, "\n", 1);
	int status = end(&session);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_SAME);
	assert_null(strstr(session.output, "Adm1n"));
}

static void a_line_can_be_corrected(void **state)
{
	(void)state;
	struct session session;
	begin(&session, "secret");
	expect(&session, question);
	type(&session, "wrong\x15secretx\x7f\n", 15); /* kill the line, erase a character */
	assert_int_equal(WEXITSTATUS(end(&session)), EXIT_SAME);
}

static void the_longest_and_one_more(void **state)
{
	(void)state;
	char longest[SECRET_MAX + 2];
	memset(longest, 'x', sizeof longest);
	longest[SECRET_MAX] = '\0';
	struct session session;
	begin(&session, longest);
	expect(&session, question);
	longest[SECRET_MAX] = '\n';
	type(&session, longest, SECRET_MAX + 1);
	assert_int_equal(WEXITSTATUS(end(&session)), EXIT_SAME);
	begin(&session, "");
	expect(&session, question);
	longest[SECRET_MAX] = 'x';
	longest[SECRET_MAX + 1] = '\n';
	type(&session, longest, SECRET_MAX + 2);
	assert_int_equal(WEXITSTATUS(end(&session)), EXIT_FAULT);
	assert_non_null(strstr(session.output, "fault 64 the password is longer than"));
	assert_null(strstr(session.output, "xxxx"));
}

static void nothing_typed_is_an_error(void **state)
{
	(void)state;
	static const char *const typed[] = { "\n", "\x04" };
	for (size_t i = 0; i < 2; i++) {
		struct session session;
		begin(&session, "");
		expect(&session, question);
		type(&session, typed[i], 1);
		assert_int_equal(WEXITSTATUS(end(&session)), EXIT_FAULT);
		assert_non_null(strstr(session.output, "fault 64 no password was given"));
	}
}

static void signals_take_effect_after_the_terminal_is_restored(void **state)
{
	(void)state;
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	for (size_t i = 0; i < 4; i++) {
		struct session session;
		begin(&session, "");
		expect(&session, question);
		type(&session, "half", 4);
		if (signals[i] == SIGINT)
			type(&session, "\x03", 1);
		else
			assert_int_equal(kill(session.child, signals[i]), 0);
		int status = end(&session);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
	}
}

/* The child leads a session of its own, where the kernel drops the default action of SIGTSTP: it goes on at once, which
 * is what it does after a real stop and SIGCONT as well. */
static void a_stop_asks_again(void **state)
{
	(void)state;
	struct session session;
	begin(&session, "secret");
	expect(&session, question);
	assert_int_equal(kill(session.child, SIGTSTP), 0);
	char *first = strstr(session.output, question);
	while (strstr(first + 1, question) == NULL) {
		struct pollfd wait = { .fd = session.master, .events = POLLIN };
		assert_true(poll(&wait, 1, WAIT_MS) > 0);
		ssize_t n = read(session.master, session.output + session.len, OUTPUT_MAX - 1 - session.len);
		assert_true(n > 0);
		session.len += (size_t)n;
	}
	assert_false(echoes(&session));
	type(&session, "secret\n", 7);
	assert_int_equal(WEXITSTATUS(end(&session)), EXIT_SAME);
}

static void without_a_terminal_it_says_so(void **state)
{
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		SECRET_AUTO secret = { 0 };
		struct fault fault = { 0 };
		(void)setsid();
		bool right = prompt_password(question, &secret, &fault) == -1 && fault.kind == FAULT_USAGE &&
		             strstr(fault.text, "--password-stdin") != NULL;
		_exit(right ? 0 : 1);
	}
	int status;
	assert_true(waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
}

/* Gives `input` on a pipe as standard input. Returns prompt_stdin's status; *ret_left is what it left unread. */
static int from_stdin(const void *input, size_t len, struct secret *secret, struct fault *fault, char *ret_left)
{
	int ends[2], before = dup(STDIN_FILENO);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], input, len), len);
	(void)close(ends[1]);
	assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
	(void)close(ends[0]);
	*fault = (struct fault){ 0 };
	int status = prompt_stdin(secret, fault);
	ssize_t n = read(STDIN_FILENO, ret_left, 63);
	ret_left[n > 0 ? n : 0] = '\0';
	(void)dup2(before, STDIN_FILENO);
	(void)close(before);
	return status;
}

static void stdin_gives_one_line_and_no_byte_more(void **state)
{
	(void)state;
	SECRET_AUTO secret = { 0 };
	struct fault fault;
	char left[64];
	assert_int_equal(from_stdin("first\r\nsecond\n", 14, &secret, &fault, left), 0);
	assert_string_equal((const char *)secret.bytes, "first\r");
	assert_int_equal(secret.len, 6);
	assert_string_equal(left, "second\n");
	assert_int_equal(from_stdin("x", 1, &secret, &fault, left), 0); /* no newline at the end */
	assert_string_equal((const char *)secret.bytes, "x");
	assert_int_equal(secret.len, 1);
}

static void stdin_without_a_password_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		size_t len;
		const char *text;
	} cases[] = { { "", 0, "no password" }, { "\nx\n", 3, "no password" }, { "a\0b\n", 4, "NUL" } };
	for (size_t i = 0; i < 3; i++) {
		SECRET_AUTO secret = { 0 };
		struct fault fault;
		char left[64];
		assert_int_equal(from_stdin(cases[i].input, cases[i].len, &secret, &fault, left), -1);
		assert_int_equal(fault.kind, FAULT_USAGE);
		assert_non_null(strstr(fault.text, cases[i].text));
		assert_int_equal(secret.len, 0);
		assert_int_equal(secret.bytes[0], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_read_without_echo),
		cmocka_unit_test(a_line_can_be_corrected),
		cmocka_unit_test(the_longest_and_one_more),
		cmocka_unit_test(nothing_typed_is_an_error),
		cmocka_unit_test(signals_take_effect_after_the_terminal_is_restored),
		cmocka_unit_test(a_stop_asks_again),
		cmocka_unit_test(without_a_terminal_it_says_so),
		cmocka_unit_test(stdin_gives_one_line_and_no_byte_more),
		cmocka_unit_test(stdin_without_a_password_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
