/* libnss_retrust.so: the one question to the helper, and helpers that hang, die or lie.
 *
 * Each lookup runs in a process of its own, with the module as it is when it was just loaded.
 */
#include "nss_stage.h"

#include <signal.h>
#include <sys/mman.h>

/* In memory shared with the processes that look up and that play the helper. */
struct outcome {
	enum nss_status status;
	int error;
	int64_t elapsed_ms;
	uid_t uid;
	int questions;
	struct fake_log log;
	const char *left;
};

static struct outcome *outcome;

static enum nss_status look_up(const struct module *m, const char *name)
{
	struct passwd pwd = { 0 };
	char buffer[4096];
	outcome->error = 0;
	int64_t began = traces_now_ms();
	outcome->status = m->getpwnam(name, &pwd, buffer, sizeof buffer, &outcome->error);
	outcome->elapsed_ms = traces_now_ms() - began;
	outcome->uid = pwd.pw_uid;
	return outcome->status;
}

/* A helper that serves connection after connection until it is killed. */
static pid_t serve(int listener, fake_script *script)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	(void)alarm(30);
	for (;;) {
		int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		fake_hear(sock, &outcome->log);
		outcome->questions += outcome->log.asked;
		if (outcome->log.asked && script != NULL)
			script(sock);
		(void)close(sock);
	}
}

/* What runs in the process that looks up; program: its name. */
typedef void look_up_use(const struct module *m);

static void in_process(const char *program, fake_script *script, look_up_use *use)
{
	memset(outcome, 0, sizeof *outcome);
	int listener = fake_listen("run/helper.sock", 5);
	pid_t server = serve(listener, script);
	pid_t caller = fork();
	if (caller == 0) {
		char name[64];
		(void)snprintf(name, sizeof name, "%s", program);
		program_invocation_short_name = name;
		(void)close(listener);
		(void)alarm(30);
		struct module m = module_load();
		struct traces before = traces_take();
		use(&m);
		outcome->left = traces_left(&before);
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(caller, &status, 0), caller);
	assert_int_equal(status, 0);
	(void)kill(server, SIGKILL);
	assert_int_equal(waitpid(server, NULL, 0), server);
	(void)close(listener);
	(void)unlink("run/helper.sock");
	if (outcome->left != NULL)
		fail_msg("left behind: %s", outcome->left);
}

static void use_stranger(const struct module *m)
{
	(void)look_up(m, "stranger");
}

static void say_result(int sock, bool retry)
{
	struct rt_msg msg;
	fake_result(&msg, 0, RT_COND_HEALTHY);
	proto_put_u32(&msg, RT_TAG_RETRY, retry);
	(void)proto_send(sock, &msg, -1, 1000);
}

static void say_no(int sock)
{
	say_result(sock, false);
}

static void learn_stranger(void)
{
	struct fault fault = { 0 };
	struct identities *ids = identities_of_test();
	struct identities_user user = {
		.name = "stranger", .uid = 250000, .gid = 250001, .home = "/", .shell = "/bin/sh"
	};
	if (identities_put_user(ids, &user, (int64_t)time(NULL), &fault) != IDENTITIES_KEPT)
		abort();
	save_and_free(ids);
}

/* Repairs for longer than a mere look may take, remembers, and the channel is healthy. */
static void repair(int sock)
{
	fake_step(sock, RT_STEP_RESET, NULL, NULL);
	(void)usleep(600 * 1000);
	learn_stranger();
	write_health(RT_COND_HEALTHY, 0);
	say_result(sock, true);
}

static void broken_without_stranger(void)
{
	(void)unlink(FILE_OF_IDENTITIES);
	write_identities(10, 1, 1);
	write_health(RT_COND_SECRET_MISMATCH, 0);
}

static void the_first_try_succeeds(void **state)
{
	(void)state;
	uint32_t verb = 0, kind = 0;
	char name[64];
	broken_without_stranger();
	in_process("sshd", repair, use_stranger);
	assert_int_equal(outcome->status, NSS_STATUS_SUCCESS);
	assert_int_equal(outcome->uid, 250000);
	assert_in_range(outcome->elapsed_ms, 600, 1500);
	assert_int_equal(outcome->questions, 1);
	assert_int_equal(proto_check(&outcome->log.request), RT_MSG_REQUEST);
	assert_true(proto_get_u32(&outcome->log.request, RT_TAG_VERB, &verb) && verb == RT_VERB_LOOKUP);
	assert_true(proto_get_u32(&outcome->log.request, RT_TAG_KIND, &kind) && kind == RT_LOOKUP_USER_NAME);
	assert_int_equal(proto_get_text(&outcome->log.request, RT_TAG_NAME, name, sizeof name), 8);
	assert_string_equal(name, "stranger");
}

static void expect_vain(fake_script *script, int64_t least_ms, int64_t most_ms)
{
	broken_without_stranger();
	in_process("sshd", script, use_stranger);
	assert_int_equal(outcome->status, NSS_STATUS_NOTFOUND);
	assert_int_equal(outcome->error, 0);
	assert_in_range(outcome->elapsed_ms, least_ms, most_ms);
	assert_int_equal(outcome->questions, 1);
}

static void hang(int sock)
{
	(void)sock;
	(void)sleep(20);
}

static void hang_after_a_step(int sock)
{
	fake_step(sock, RT_STEP_RESET, NULL, NULL);
	(void)sleep(20);
}

static void talk_without_end(int sock)
{
	for (int i = 0; i < 1000; i++) {
		fake_step(sock, RT_STEP_VERIFY, "M1", NULL);
		(void)usleep(10 * 1000);
	}
}

static void die(int sock)
{
	(void)close(sock);
}

static void lie(int sock) /* nothing was learned */
{
	say_result(sock, true);
}

static void babble(int sock)
{
	(void)send(sock, "babble", 6, MSG_NOSIGNAL);
}

static void a_helper_that_hangs_dies_or_lies(void **state)
{
	(void)state;
	expect_vain(say_no, 0, 150);
	expect_vain(hang, 180, 350);
	expect_vain(hang_after_a_step, 2900, 3300);
	expect_vain(talk_without_end, 2900, 3300);
	expect_vain(die, 0, 150);
	expect_vain(lie, 0, 150);
	expect_vain(babble, 0, 150);
}

static void use_often(const struct module *m)
{
	for (int i = 0; i < 50; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "stranger%d", i % 10);
		(void)look_up(m, name);
	}
	(void)usleep(2100 * 1000);
	(void)look_up(m, "stranger0"); /* remembered as nobody */
	(void)look_up(m, "stranger1");
}

static void questions_are_rare(void **state)
{
	(void)state;
	broken_without_stranger();
	in_process("sshd", say_no, use_often);
	assert_int_equal(outcome->questions, 2);
}

static enum nss_status look_up_group(const struct module *m, const char *name)
{
	static char buffer[4096];
	struct group grp = { 0 };
	outcome->status = m->getgrnam(name, &grp, buffer, sizeof buffer, &outcome->error);
	outcome->uid = grp.gr_gid;
	return outcome->status;
}

static void use_strange_group(const struct module *m)
{
	(void)look_up_group(m, "strangers");
	(void)look_up_group(m, "others"); /* too soon after a question in vain */
}

static void learn_strangers(int sock)
{
	struct fault fault = { 0 };
	struct identities *ids = identities_of_test();
	struct identities_group group = { .name = "strangers", .gid = 250001 };
	if (identities_put_group(ids, &group, (int64_t)time(NULL), &fault) != IDENTITIES_KEPT)
		abort();
	save_and_free(ids);
	say_result(sock, true);
}

static void use_one_strange_group(const struct module *m)
{
	(void)look_up_group(m, "strangers");
}

static void a_group_is_asked_for_like_a_user(void **state)
{
	(void)state;
	uint32_t kind = 0;
	broken_without_stranger();
	in_process("chgrp", learn_strangers, use_one_strange_group);
	assert_int_equal(outcome->status, NSS_STATUS_SUCCESS);
	assert_int_equal(outcome->uid, 250001);
	assert_true(proto_get_u32(&outcome->log.request, RT_TAG_KIND, &kind) && kind == RT_LOOKUP_GROUP_NAME);
	broken_without_stranger();
	in_process("chgrp", say_no, use_strange_group);
	assert_int_equal(outcome->status, NSS_STATUS_NOTFOUND);
	assert_int_equal(outcome->questions, 1);
	static const char *const asking_nothing[] = { "systemd-udevd", "dbus-daemon", "retrust-helper", "sssd_nss",
		                                      "winbindd" };
	for (size_t i = 0; i < sizeof asking_nothing / sizeof asking_nothing[0]; i++) {
		broken_without_stranger();
		in_process(asking_nothing[i], learn_strangers, use_strange_group);
		assert_int_equal(outcome->questions, 0);
	}
}

static void use_all_but_unknown_names(const struct module *m)
{
	static char buffer[4096];
	struct passwd pwd;
	struct group grp;
	long start = 1, size = 1;
	int error = 0;
	gid_t *gids = malloc(sizeof *gids);
	(void)m->getpwuid(260000, &pwd, buffer, sizeof buffer, &error);
	(void)m->getgrgid(260000, &grp, buffer, sizeof buffer, &error);
	(void)m->initgroups("stranger", 7, &start, &size, &gids, 0, &error);
	(void)look_up(m, "user1");
	(void)look_up(m, "a:b");
	(void)look_up(m, "a\nb");
	(void)look_up(m, "");
	(void)look_up_group(m, "group0");
	(void)look_up_group(m, "a:b");
	(void)look_up_group(m, "");
	free(gids);
}

static void only_an_unknown_name_is_asked_for(void **state)
{
	(void)state;
	broken_without_stranger();
	in_process("ls", repair, use_all_but_unknown_names);
	assert_int_equal(outcome->questions, 0);
	static const enum rt_condition quiet[] = { RT_COND_HEALTHY, RT_COND_UNKNOWN, RT_COND_NO_DC, RT_COND_DNS_FAILURE,
		                                   RT_COND_CLOCK_SKEW };
	for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++) {
		write_health(quiet[i], 0);
		in_process("sshd", repair, use_stranger);
		assert_int_equal(outcome->status, NSS_STATUS_NOTFOUND);
		assert_int_equal(outcome->questions, 0);
	}
	(void)unlink("run/health");
	in_process("sshd", repair, use_stranger);
	assert_int_equal(outcome->questions, 0);
}

static void use_known(const struct module *m)
{
	(void)look_up(m, "user1");
}

static void say_healthy(int sock)
{
	write_health(RT_COND_HEALTHY, 0);
	say_result(sock, false);
}

static void use_known_and_stranger_twice(const struct module *m)
{
	for (int i = 0; i < 2; i++) {
		if (look_up(m, "user1") != NSS_STATUS_NOTFOUND) /* deleted since: it isn't raised from the dead */
			abort();
		(void)look_up(m, "stranger");
	}
}

/* Nobody has looked for a while: health may be over, so that a name that nobody knows is worth a question. */
static void an_old_verdict_is_asked_about(void **state)
{
	struct timespec up;
	(void)state;
	(void)clock_gettime(CLOCK_BOOTTIME, &up);
	if (up.tv_sec < 7 * 60) /* nothing can be as old yet */
		skip();
	broken_without_stranger();
	write_health(RT_COND_HEALTHY, 4);
	in_process("sshd", repair, use_stranger);
	assert_int_equal(outcome->questions, 0);
	write_health(RT_COND_HEALTHY, 6);
	in_process("sshd", repair, use_stranger);
	assert_int_equal(outcome->questions, 1);
	assert_int_equal(outcome->status, NSS_STATUS_SUCCESS);
	write_health(RT_COND_HEALTHY, 6);
	in_process("sshd", say_healthy, use_known_and_stranger_twice);
	assert_int_equal(outcome->questions, 1);
	assert_int_equal(outcome->status, NSS_STATUS_NOTFOUND);
	write_health(RT_COND_HEALTHY, 6);
	in_process("systemd", repair, use_stranger);
	assert_int_equal(outcome->questions, 0);
}

static void those_whom_the_helper_needs_ask_nothing(void **state)
{
	(void)state;
	static const char *const quiet[] = { "systemd", "systemd-logind", "init", "dbus-daemon", "nscd" };
	static const char *const inner[] = {
		"retrust-helper", "sssd", "sssd_be", "sssd_nss", "krb5_child", "winbindd"
	};
	for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++) {
		broken_without_stranger();
		in_process(quiet[i], repair, use_stranger);
		assert_int_equal(outcome->questions, 0);
		in_process(quiet[i], repair, use_known);
		assert_int_equal(outcome->status, NSS_STATUS_SUCCESS);
	}
	for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
		broken_without_stranger();
		in_process(inner[i], repair, use_stranger);
		assert_int_equal(outcome->questions, 0);
		in_process(inner[i], repair, use_known);
		assert_int_equal(outcome->status, NSS_STATUS_NOTFOUND);
	}
	assert_int_equal(setenv("_SSS_LOOPS", "NO", 1), 0);
	in_process("sshd", repair, use_known);
	assert_int_equal(unsetenv("_SSS_LOOPS"), 0);
	assert_int_equal(outcome->status, NSS_STATUS_NOTFOUND);
	in_process("sshd", repair, use_known);
	assert_int_equal(outcome->status, NSS_STATUS_SUCCESS);
}

static void where_nobody_listens(void **state)
{
	(void)state;
	broken_without_stranger();
	memset(outcome, 0, sizeof *outcome);
	struct module m = module_load();
	assert_int_equal(look_up(&m, "stranger"), NSS_STATUS_NOTFOUND);
	assert_in_range(outcome->elapsed_ms, 0, 100);
	assert_int_equal(dlclose(m.handle), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_try_succeeds),
		cmocka_unit_test(a_helper_that_hangs_dies_or_lies),
		cmocka_unit_test(questions_are_rare),
		cmocka_unit_test(a_group_is_asked_for_like_a_user),
		cmocka_unit_test(only_an_unknown_name_is_asked_for),
		cmocka_unit_test(an_old_verdict_is_asked_about),
		cmocka_unit_test(those_whom_the_helper_needs_ask_nothing),
		cmocka_unit_test(where_nobody_listens),
	};
	char directory[] = "/tmp/test_nss_question.XXXXXX";
	bool whole_root;
	if (!stage_enter(directory, &whole_root)) {
		print_message("test_nss_question: neither root nor a user namespace, nothing tried\n");
		return 0;
	}
	outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
