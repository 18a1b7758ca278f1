/* spawn.c: what a started helper inherits, what its starter is left with, and whom it isn't started for.
 *
 * The helper is a copy of this very program: called by the helper's name, it does what the request's RT_TAG_DC says.
 * What starts it needs root (supplementary groups have to be dropped) and is skipped otherwise.
 */
#include "fake_helper.h"
#include "traces.h"

#include "../../helper/client/spawn.h"
#include <retrust/client.h>

#include <grp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cmocka.h>

static bool whole_root;

/* A line of /proc/self/status, without its newline. */
static void status_line(const char *key, char *buf, size_t size)
{
	char line[200];
	FILE *file = fopen("/proc/self/status", "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, key, strlen(key)) == 0)
			(void)snprintf(buf, size, "%.*s", (int)strcspn(line, "\n"), line);
	}
	if (file != NULL)
		(void)fclose(file);
}

/* All that the helper was born with, in one line. */
static void report(char *buf, size_t size, int argc, char **argv)
{
	struct traces t = traces_take();
	char blocked[100] = "";
	char ignored[100] = "";
	char target[2][32] = { "", "" };
	char fds[100] = "";
	struct rlimit file;
	for (int fd = 0; fd < TRACES_FDS; fd++) {
		if (t.open[fd])
			(void)snprintf(fds + strlen(fds), sizeof fds - strlen(fds), " %d", fd);
	}
	(void)!readlink("/proc/self/fd/1", target[0], sizeof target[0] - 1);
	(void)!readlink("/proc/self/fd/2", target[1], sizeof target[1] - 1);
	(void)getrlimit(RLIMIT_FSIZE, &file);
	status_line("SigBlk", blocked, sizeof blocked);
	status_line("SigIgn", ignored, sizeof ignored);
	(void)snprintf(
		buf, size,
		"%d %s|fds%s|%s %s|ids %u %u %u %u %u %u|groups %d|env %zu|cwd %s|umask %o|%s|%s|tty %d|fsize %d", argc,
		argv[0], fds, target[0], target[1], t.ids[0], t.ids[1], t.ids[2], t.ids[3], t.ids[4], t.ids[5],
		getgroups(0, NULL), t.variables, t.directory, t.mask, blocked, ignored,
		open("/dev/tty", O_RDONLY | O_CLOEXEC), file.rlim_cur == RLIM_INFINITY);
}

static const char clean_report[] =
	"1 retrust-helper|fds 0 1 2|/dev/null /dev/null|ids 0 0 0 0 0 0|groups 0|env 0|cwd /|umask 77|"
	"SigBlk:\t0000000000000000|SigIgn:\t0000000000000000|tty -1|fsize 1";

/* main() of the copy. */
static int play_helper(int argc, char **argv)
{
	struct rt_msg msg;
	struct ucred peer;
	socklen_t size = sizeof peer;
	char wish[200];
	char text[1000];
	report(text, sizeof text, argc, argv);
	if (proto_recv(0, &msg, NULL, 5000) != RT_MSG_REQUEST ||
	    proto_get_text(&msg, RT_TAG_DC, wish, sizeof wish) < 0 ||
	    getsockopt(0, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return 1;
	if (wish[0] == '/') { /* the name of a file to make once the starter is dead */
		while (kill(peer.pid, 0) == 0)
			(void)usleep(1000);
		(void)usleep(50000);
		return traces_write(wish, "done") ? 0 : 1;
	}
	fake_result(&msg, (int)peer.uid, RT_COND_HEALTHY);
	proto_put_u32(&msg, RT_TAG_RETRY, getsid(0) != getsid(peer.pid) && getppid() != peer.pid);
	proto_put_text(&msg, RT_TAG_JSON, text);
	return proto_send(0, &msg, -1, 1000);
}

/* Starts the helper and gives it an order. Returns 0, or the errno of what failed. */
static int order(const char *path, const char *what, struct rt_result *ret_result)
{
	struct rt_msg request;
	int sock = client_connect(&(struct rt_door){ .socket_path = "absent", .helper_path = path }, 1000);
	if (sock < 0)
		return errno;
	proto_begin(&request, RT_MSG_REQUEST);
	proto_put_text(&request, RT_TAG_DC, what);
	int error = client_ask(sock, &request, -1, NULL, 5000, ret_result) == 0 ? 0 : errno;
	(void)close(sock);
	return error;
}

/* A process for callers that change themselves: its result is in shared memory, NULL or what was wrong. */
static const char **verdict;
static struct rt_result *result;

static void in_a_process(void (*caller)(void))
{
	if (!whole_root)
		skip();
	*verdict = "it did not end";
	memset(result, 0, sizeof *result);
	pid_t pid = fork();
	if (pid == 0) {
		(void)alarm(60);
		caller();
		_exit(0);
	}
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && *verdict != NULL)
		fail_msg("the caller was left with %s; the helper said: %s", *verdict, result->json);
}

static volatile sig_atomic_t children_told;

static void on_sigchld(int number)
{
	(void)number;
	children_told++;
}

/* As su is: real ids of a user, effective uid 0; and as untidy as a process can be. */
static void call_like_su(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction count = { .sa_handler = on_sigchld };
	struct rlimit none = { 0, RLIM_INFINITY };
	gid_t groups[] = { 1234, 1235 };
	sigset_t some;
	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGTERM);
	(void)sigaction(SIGINT, &ignore, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGCHLD, &count, NULL);
	(void)sigprocmask(SIG_BLOCK, &some, NULL);
	(void)umask(0);
	(void)setrlimit(RLIMIT_FSIZE, &none);
	(void)setenv("LD_DEBUG", "all", 1);
	(void)dup2(1, 50);
	(void)dup2(1, 1000);
	if (setgroups(2, groups) != 0 || setresgid(1234, 1234, 1234) != 0 || setresuid(1234, 0, 0) != 0)
		_exit(1);
	struct traces before = traces_take();
	int error = order("retrust-helper", "report", result);
	*verdict = error != 0 ? strerror(error) : traces_left(&before);
	if (children_told != 0)
		*verdict = "SIGCHLD";
}

static void the_helper_inherits_nothing_and_the_caller_neither(void **state)
{
	(void)state;
	in_a_process(call_like_su);
	assert_string_equal(result->json, clean_report);
	assert_int_equal(result->exit_code, 0); /* the caller's effective uid, as the helper sees it */
	assert_true(result->retry);             /* another session, another parent */
}

/* Descriptors 0 to 3 closed, in all mixtures: the new ones land there. */
static void call_without_standard_descriptors(void)
{
	*verdict = NULL;
	for (int closed = 1; closed < 16 && *verdict == NULL; closed++) {
		for (int fd = 0; fd < 4; fd++) {
			(void)dup2(50, fd);
			if ((closed & 1 << fd) != 0)
				(void)close(fd);
		}
		struct traces before = traces_take();
		int error = order("retrust-helper", "report", result);
		*verdict = error != 0 ? strerror(error) : traces_left(&before);
		if (*verdict == NULL && strcmp(result->json, clean_report) != 0)
			*verdict = "a helper with other descriptors";
	}
}

static void call_with_descriptor_50(void)
{
	(void)dup2(1, 50);
	call_without_standard_descriptors();
}

static void the_callers_own_descriptors_do_not_matter(void **state)
{
	(void)state;
	in_a_process(call_with_descriptor_50);
}

static volatile bool stop;

static void *churn(void *data)
{
	(void)data;
	while (!stop) {
		free(malloc(1000));
		(void)!setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1); /* glibc signals every thread */
	}
	return NULL;
}

static void *reap(void *data)
{
	bool *reaped = data;
	while (!stop) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			*reaped = true;
	}
	return NULL;
}

static void *order_many(void *data)
{
	const char **wrong = data;
	struct rt_result *r = malloc(sizeof *r);
	for (int i = 0; r != NULL && i < 15; i++) {
		int error = order("retrust-helper", "report", r);
		if (error != 0)
			*wrong = strerror(error);
		else if (strcmp(r->json, clean_report) != 0)
			*wrong = "a helper that inherited something";
	}
	free(r);
	return NULL;
}

static void call_with_threads(void)
{
	enum { ORDERERS = 6 };
	pthread_t threads[ORDERERS + 2];
	const char *wrong[ORDERERS] = { NULL };
	bool reaped = false;
	struct traces before = traces_take();
	(void)pthread_create(&threads[ORDERERS], NULL, churn, NULL);
	(void)pthread_create(&threads[ORDERERS + 1], NULL, reap, &reaped);
	for (int i = 0; i < ORDERERS; i++)
		(void)pthread_create(&threads[i], NULL, order_many, &wrong[i]);
	for (int i = 0; i < ORDERERS; i++)
		(void)pthread_join(threads[i], NULL);
	stop = true;
	(void)pthread_join(threads[ORDERERS], NULL);
	(void)pthread_join(threads[ORDERERS + 1], NULL);
	*verdict = reaped ? "a child that another thread reaped" : traces_left(&before);
	for (int i = 0; i < ORDERERS; i++)
		*verdict = wrong[i] != NULL ? wrong[i] : *verdict;
}

static void threads_do_no_harm(void **state)
{
	(void)state;
	in_a_process(call_with_threads);
}

static void call_and_be_killed(void)
{
	struct rt_msg request;
	int sock = spawn_helper("retrust-helper");
	char *path = realpath(".", NULL);
	char marker[300];
	(void)snprintf(marker, sizeof marker, "%s/marker", path != NULL ? path : "");
	proto_begin(&request, RT_MSG_REQUEST);
	proto_put_text(&request, RT_TAG_DC, marker);
	if (sock < 0 || proto_send(sock, &request, -1, 1000) != 0)
		_exit(1);
	*verdict = NULL;
	(void)kill(0, SIGKILL); /* the whole process group */
}

static void call_as_a_group_of_its_own(void)
{
	(void)setpgid(0, 0);
	call_and_be_killed();
}

static void the_helper_outlives_its_caller(void **state)
{
	(void)state;
	in_a_process(call_as_a_group_of_its_own);
	int waited = 0;
	while (access("marker", F_OK) != 0 && waited++ < 3000)
		(void)usleep(1000);
	assert_int_equal(access("marker", F_OK), 0);
}

static void assert_refused(const char *path, int error)
{
	assert_int_equal(spawn_helper(path), -1);
	assert_int_equal(errno, error);
}

static void only_a_safe_program_is_started(void **state)
{
	(void)state;
	struct traces before = traces_take();
	assert_true(traces_copy_self("other", 0755));
	assert_int_equal(symlink("other", "link"), 0);
	assert_refused("link", EPERM);
	assert_refused("none", ENOENT);
	assert_refused(".", EPERM);
	assert_int_equal(chmod("other", 0775), 0);
	assert_refused("other", EPERM);
	assert_int_equal(chmod("other", 0757), 0);
	assert_refused("other", EPERM);
	assert_int_equal(chmod("other", 0644), 0);
	assert_refused("other", EACCES);
	assert_null(traces_left(&before));
}

static void only_roots_own_program_is_started(void **state)
{
	(void)state;
	if (!whole_root)
		skip();
	struct traces before = traces_take();
	assert_true(traces_copy_self("own", 0755));
	assert_int_equal(order("own", "report", result), 0);
	assert_int_equal(chown("own", 1234, 0), 0);
	assert_refused("own", EPERM);
	assert_true(traces_write("junk", "junk") && chmod("junk", 0755) == 0);
	assert_int_equal(order("junk", "report", result), EPIPE);
	assert_null(traces_left(&before));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_helper_inherits_nothing_and_the_caller_neither),
		cmocka_unit_test(the_callers_own_descriptors_do_not_matter),
		cmocka_unit_test(threads_do_no_harm),
		cmocka_unit_test(the_helper_outlives_its_caller),
		cmocka_unit_test(only_a_safe_program_is_started),
		cmocka_unit_test(only_roots_own_program_is_started),
	};
	if (strcmp(argv[0], "retrust-helper") == 0)
		return play_helper(argc, argv);
	if (!traces_become_root(&whole_root)) {
		print_message("test_spawn: neither root nor a user namespace, nothing tried\n");
		return 0;
	}
	size_t size = sizeof *verdict + sizeof *result;
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
	verdict = shared;
	result = (struct rt_result *)(verdict + 1);
	char directory[] = "/tmp/test_spawn.XXXXXX";
	traces_enter(directory);
	if (!traces_copy_self("retrust-helper", 0755))
		abort();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
