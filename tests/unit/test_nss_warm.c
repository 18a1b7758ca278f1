/* libnss_retrust.so: how many system calls a lookup makes: a warm one none, whichever it is, and a process' first one a
 * handful.
 *
 * What counts as warm: the process has looked up a few times, and the last look at the health record and at the
 * identities file is less than 100 ms old. The looks themselves are a handful of system calls, ten times a second at
 * most. So the lookups are made in a process that dies at any system call, within those 100 ms.
 */
#include "nss_stage.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

/* FIRST_CALLS: four for the health record, six for the identities file, one for the process' own number. */
enum { WARMING = 20, ROUNDS = 1000, GIDS = 64, FIRST_CALLS = 11 };

static struct module m;

/* One of each call. The numbers' user and group are known or not, all alike. */
static bool all_say(uint32_t n, enum nss_status wanted)
{
	static char buffer[4096], name[32];
	static gid_t gids[GIDS];
	struct passwd pwd;
	struct group grp;
	int error = 0;
	long start = 1, size = GIDS;
	gid_t *list = gids;
	(void)snprintf(name, sizeof name, "user%u", n);
	bool right = m.getpwnam(name, &pwd, buffer, sizeof buffer, &error) == wanted &&
	             m.getpwuid(FIRST_ID + n, &pwd, buffer, sizeof buffer, &error) == wanted &&
	             m.initgroups(name, GROUP_ID + n, &start, &size, &list, GIDS, &error) == wanted;
	(void)snprintf(name, sizeof name, "group%u", n);
	return m.getgrnam(name, &grp, buffer, sizeof buffer, &error) == wanted &&
	       m.getgrgid(GROUP_ID + n, &grp, buffer, sizeof buffer, &error) == wanted && right;
}

static bool answers_silently(uint32_t n, enum nss_status wanted)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		bool right = true;
		for (int i = 0; i < WARMING; i++)
			right = all_say(n, wanted) && right;
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
			_exit(2);
		for (int i = 0; i < ROUNDS; i++)
			right = all_say(n, wanted) && right;
		(void)syscall(SYS_exit, right ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(status == 0 || WIFSIGNALED(status));
	return status == 0;
}

/* Some tries, because a process that isn't let run for a while has to look again. */
static void expect_silence(enum rt_condition condition, uint32_t n, enum nss_status wanted)
{
	bool silent = false;
	write_health(condition, 0);
	for (int tries = 0; tries < 10 && !silent; tries++) {
		wait_for_module();
		silent = answers_silently(n, wanted);
	}
	assert_true(silent);
}

static void a_warm_hit_makes_no_system_call(void **state)
{
	(void)state;
	expect_silence(RT_COND_NO_DC, 7, NSS_STATUS_SUCCESS);
}

static void a_warm_miss_makes_no_system_call(void **state)
{
	(void)state;
	expect_silence(RT_COND_NO_DC, 77777, NSS_STATUS_NOTFOUND);
}

static void a_miss_on_a_healthy_host_makes_no_system_call(void **state)
{
	(void)state;
	expect_silence(RT_COND_HEALTHY, 7, NSS_STATUS_NOTFOUND);
}

/* The call stands between two system calls that nothing else makes. */
static void first_call(void)
{
	struct passwd pwd;
	char buffer[4096];
	int error = 0;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(2);
	(void)raise(SIGSTOP);
	(void)syscall(SYS_getppid);
	bool right = m.getpwnam("user7", &pwd, buffer, sizeof buffer, &error) == NSS_STATUS_SUCCESS;
	(void)syscall(SYS_getppid);
	_exit(right ? 0 : 1);
}

/* Lets the child run to its next system call. Returns its number, or -1 at the end, with *ret_status. */
static int64_t next_system_call(pid_t pid, int *ret_status)
{
	for (;;) {
		struct __ptrace_syscall_info info = { 0 };
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, ret_status, 0), pid);
		if (!WIFSTOPPED(*ret_status))
			return -1;
		(void)ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info);
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			return (int64_t)info.entry.nr;
	}
}

static void a_first_call_makes_few_and_maps_nothing(void **state)
{
	(void)state;
	int status = 0;
	int calls = 0;
	int marks = 0;
	write_health(RT_COND_NO_DC, 0);
	assert_int_equal(dlclose(m.handle), 0); /* what it keeps would come along */
	m = module_load();
	pid_t pid = fork();
	if (pid == 0)
		first_call();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)), 0);
	for (int64_t number; (number = next_system_call(pid, &status)) != -1;) {
		marks += number == SYS_getppid;
		calls += marks == 1;
		assert_true(marks != 1 || number != SYS_mmap);
	}
	assert_int_equal(status, 0);
	assert_int_equal(marks, 2);
	assert_in_range(calls - 1, 1, FIRST_CALLS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_warm_hit_makes_no_system_call),
		cmocka_unit_test(a_warm_miss_makes_no_system_call),
		cmocka_unit_test(a_miss_on_a_healthy_host_makes_no_system_call),
		cmocka_unit_test(a_first_call_makes_few_and_maps_nothing),
	};
	char directory[] = "/tmp/test_nss_warm.XXXXXX";
	bool whole_root;
	if (!stage_enter(directory, &whole_root)) {
		print_message("test_nss_warm: neither root nor a user namespace, nothing tried\n");
		return 0;
	}
	write_identities(1000, 20, 1);
	m = module_load();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)dlclose(m.handle);
	traces_leave(directory);
	return failed;
}
