/* process.c: programs that are run, and processes that are found by name. */
#include "../../helper/service/process.h"

#include "traces.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>

#include <cmocka.h>

enum { PERSON = 54321 }; /* no user of the system */

static int run(const char *script, int64_t ms)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	return process_run(argv, deadline_in(ms));
}

static void tells_the_exit_status(void **state)
{
	static const struct {
		const char *script;
		int status;
	} rows[] = {
		{ "exit 0", 0 },     { "exit 1", 1 },         { "exit 77", 77 },
		{ "exit 255", 255 }, { "kill -KILL $$", -1 }, { "kill -TERM $$", -1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(run(rows[i].script, 20000), rows[i].status);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_program_that_isnt_there(void **state)
{
	(void)state;
	assert_int_equal(process_run((const char *const[]){ "/nonexistent", NULL }, deadline_in(20000)), 127);
	assert_int_equal(process_run((const char *const[]){ "sh", "-c", "exit 0", NULL }, deadline_in(20000)), 127);
}

static void waits_no_longer_than_the_deadline(void **state)
{
	(void)state;
	int64_t before = deadline_now_ms();
	assert_int_equal(run("sleep 1; echo done >late", 100), -1);
	int64_t waited = deadline_now_ms() - before;
	assert_in_range(waited, 100, 900);
	assert_int_equal(access("late", F_OK), -1);
	assert_true(waitpid(-1, NULL, 0) > 0); /* it was left to end by itself */
	assert_int_equal(access("late", F_OK), 0);
}

/* One that only asks is ended, with its children, and reaped. */
static void a_question_is_killed_when_it_is_late(void **state)
{
	(void)state;
	static const char *const late[] = { "/bin/sh", "-c", "sleep 1 && echo done >asked-late & wait", NULL };
	static const char *const soon[] = { "/bin/sh", "-c", "exit 7", NULL };
	int64_t before = deadline_now_ms();
	assert_int_equal(process_ask(late, deadline_in(100)), -1);
	assert_in_range(deadline_now_ms() - before, 100, 900);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	(void)usleep(1200000);
	assert_int_equal(access("asked-late", F_OK), -1);
	assert_int_equal(process_ask(soon, deadline_in(20000)), 7);
}

/* What it inherits: nothing of ours, nothing to read or write. */
static void the_program_starts_clean(void **state)
{
	(void)state;
	int fd = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
	assert_int_equal(setenv("MARKER", "1", 1), 0);
	assert_int_equal(run("test -z \"$MARKER\" && test -z \"$HOME\"", 20000), 0);
	assert_int_equal(run("for n in 3 4 5 6 7 8 9; do test ! -e /proc/self/fd/$n || exit $n; done", 20000), 0);
	for (int n = 0; n < 3; n++) {
		char script[100];
		(void)snprintf(script, sizeof script, "test \"$(readlink /proc/$$/fd/%d)\" = /dev/null", n);
		assert_int_equal(run(script, 20000), 0);
	}
	assert_int_equal(run("test \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$", 20000), 0); /* its own session */
	assert_int_equal(close(fd), 0);
}

static void leaves_nothing_behind(void **state)
{
	(void)state;
	struct traces before = traces_take();
	assert_int_equal(run("exit 3", 20000), 3);
	(void)process_each("no-such-program", NULL, NULL, NULL);
	(void)process_each("no-such-program", "root", NULL, NULL);
	assert_null(traces_left(&before));
}

struct seen {
	pid_t wanted;
	int times, others;
};

static void on_process(pid_t pid, void *data)
{
	struct seen *seen = data;
	if (pid == seen->wanted)
		seen->times++;
	else
		seen->others++;
}

/* A child of that name with those real and effective uids, which waits until it is killed. */
static pid_t start(const char *name, uid_t real, uid_t effective)
{
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)alarm(60);
		if (prctl(PR_SET_NAME, name) != 0 || setresuid(real, effective, effective) != 0 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A name that no other process has, of the 15 letters that the kernel keeps. */
static const char *own_name(void)
{
	static char name[16];
	(void)snprintf(name, sizeof name, "rt %u x", (unsigned int)getpid());
	return name;
}

/* Our own user by name: root, or whoever runs the test. */
static const char *own_user(void)
{
	const struct passwd *pw = getpwuid(getuid());
	return pw != NULL ? pw->pw_name : NULL;
}

static int talk(const char *script, const char *input, int64_t ms, char *ret_output, size_t size)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const struct process_talk words = {
		.input = input, .input_len = strlen(input), .ret_output = ret_output, .size = size
	};
	return process_talk(argv, &words, deadline_in(ms));
}

static void words_go_to_and_fro(void **state)
{
	char output[64];
	(void)state;
	assert_int_equal(talk("read x; echo \"<$x>\"; read x; echo $x >&2; cat; exit 3", "one\ntwo\n", 20000, output,
	                      sizeof output),
	                 3);
	assert_string_equal(output, "<one>\ntwo\n");
	assert_int_equal(talk("exit 0", "nobody reads it", 20000, output, sizeof output), 0);
	assert_string_equal(output, "");
	assert_int_equal(talk("for n in 3 4 5 6 7 8 9; do test ! -e /proc/self/fd/$n || exit $n; done", "", 20000, output,
	                      sizeof output),
	                 0);
	assert_int_equal(talk("exec >&- 2>&-; sleep 0.1; exit 7", "", 20000, output, sizeof output), 7);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void too_many_words_are_cut(void **state)
{
	static char much[8192];
	char output[8];
	(void)state;
	assert_int_equal(talk("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i + 1)); done", "", 20000, output,
	                      sizeof output),
	                 0);
	assert_string_equal(output, "0123456");
	memset(much, 'x', sizeof much - 1);
	assert_int_equal(talk("exit 0", much, 20000, output, sizeof output), -1); /* it would have to be fed */
}

static void who_talks_too_long_is_stopped(void **state)
{
	char output[64];
	(void)state;
	const int64_t before = deadline_now_ms();
	assert_int_equal(talk("echo begun; sleep 20; echo done >talked", "", 300, output, sizeof output), -1);
	assert_true(deadline_now_ms() - before < 10000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(access("talked", F_OK), -1);
}

static void finds_a_process_by_name(void **state)
{
	const char *user = own_user();
	(void)state;
	if (user == NULL)
		skip();
	struct seen seen = { .wanted = start(own_name(), getuid(), geteuid()) };
	assert_int_equal(process_each(own_name(), user, on_process, &seen), 1);
	assert_int_equal(seen.times, 1);
	assert_int_equal(seen.others, 0);
	assert_int_equal(process_each(own_name(), user, NULL, NULL), 1);
	assert_int_equal(process_each("rt", user, on_process, &seen), 0);
	assert_int_equal(process_each("", user, on_process, &seen), 0);
	stop(seen.wanted);
	assert_int_equal(process_each(own_name(), user, on_process, &seen), 0);
	assert_int_equal(seen.times, 1);
}

static void finds_all_of_them(void **state)
{
	const char *user = own_user();
	(void)state;
	if (user == NULL)
		skip();
	pid_t pids[3];
	struct seen seen = { .wanted = 0 };
	for (int i = 0; i < 3; i++)
		pids[i] = start(own_name(), getuid(), geteuid());
	assert_int_equal(process_each(own_name(), user, on_process, &seen), 3);
	assert_int_equal(seen.others, 3);
	for (int i = 0; i < 3; i++)
		stop(pids[i]);
}

static int times_found(const char *owner)
{
	return process_each(own_name(), owner, NULL, NULL);
}

/* Anybody can give a program that name; a set-user-ID one, by a link, too. */
static void a_persons_own_doesnt_count(void **state)
{
	static const struct {
		uid_t real, effective;
	} rows[] = { { PERSON, PERSON }, { PERSON, 0 } };
	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		pid_t pid = start(own_name(), rows[i].real, rows[i].effective);
		int found =
			times_found(NULL) + times_found("root") + times_found("daemon") + times_found("no-such-user");
		stop(pid);
		if (found != 0)
			fail_msg("real %u, effective %u: found %d times", rows[i].real, rows[i].effective, found);
	}
}

static void the_owners_counts(void **state)
{
	const struct passwd *pw = getpwnam("daemon");
	(void)state;
	if (geteuid() != 0 || pw == NULL)
		skip();
	uid_t uid = pw->pw_uid;
	struct seen seen = { .wanted = start(own_name(), uid, uid) };
	int owners = process_each(own_name(), "daemon", on_process, &seen);
	int roots = times_found(NULL);
	stop(seen.wanted);
	assert_int_equal(owners, 1);
	assert_int_equal(seen.times, 1);
	assert_int_equal(roots, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_exit_status),
		cmocka_unit_test(a_program_that_isnt_there),
		cmocka_unit_test(waits_no_longer_than_the_deadline),
		cmocka_unit_test(a_question_is_killed_when_it_is_late),
		cmocka_unit_test(the_program_starts_clean),
		cmocka_unit_test(leaves_nothing_behind),
		cmocka_unit_test(words_go_to_and_fro),
		cmocka_unit_test(too_many_words_are_cut),
		cmocka_unit_test(who_talks_too_long_is_stopped),
		cmocka_unit_test(finds_a_process_by_name),
		cmocka_unit_test(finds_all_of_them),
		cmocka_unit_test(a_persons_own_doesnt_count),
		cmocka_unit_test(the_owners_counts),
	};
	char directory[] = "/tmp/test_process.XXXXXX";
	traces_enter(directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
