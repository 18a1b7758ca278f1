/* flight.c: when a record answers, and one holder of the lock at a time.
 *
 * The lock's place is compiled in: those tests run in a mount namespace of their own, below a tmpfs that hides the real
 * directory. Where namespaces can't be made they are skipped.
 */
#include "../../helper/engine/flight.h"
#include "../../helper/store/lock.h"

#include "../../helper/base/paths.h"
#include "traces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mount.h>

#include <cmocka.h>

static void a_record_answers_while_it_is_fresh(void **state)
{
	static const struct {
		const char *name;
		uint64_t checked, started, now;
		long seconds;
		bool fresh;
	} rows[] = {
		{ "never made", 0, 0, 100, 60, false },
		{ "made after the logon began", 5000, 4000, 90000, 1, true },
		{ "made as the logon began", 4000, 4000, 90000, 1, true },
		{ "just made", 3999, 4000, 4000, 1, true },
		{ "as old as may be", 4000, 9000, 9000, 5, true },
		{ "a millisecond older", 3999, 9000, 9000, 5, false },
		{ "old, the logon waited", 8999, 9000, 14000, 5, false },
		{ "of the future", 9001, 4000, 9000, 60, false },
		{ "of a boot long ago", UINT64_MAX, 4000, 9000, 60, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct rt_health tried = { .tried_boot_ms = rows[i].checked },
				       looked_at = { .checked_boot_ms = rows[i].checked };
		if (flight_fresh(&tried, rows[i].started, rows[i].now, rows[i].seconds) != rows[i].fresh ||
		    flight_fresh(&looked_at, rows[i].started, rows[i].now, rows[i].seconds))
			fail_msg("%s", rows[i].name);
	}
}

static void a_repair_counts_for_who_began_before(void **state)
{
	static const struct {
		const char *name;
		uint64_t repaired, started;
		bool just;
	} rows[] = {
		{ "never", 0, 0, false },
		{ "never, right after the boot", 0, 1000, false },
		{ "while it waited", 9000, 8000, true },
		{ "right before", 7999, 8000, true },
		{ "fifteen seconds before", 6000, 21000, true },
		{ "longer ago", 5999, 21000, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct rt_health health = { .repaired_boot_ms = rows[i].repaired };
		if (flight_met(&health, rows[i].started) != (rows[i].just ? FLIGHT_MET_BROKEN : FLIGHT_MET_HEALTHY))
			fail_msg("%s", rows[i].name);
	}
}

/* A try that winbind refused may be a mistyped password: after the mending it isn't made again. */
static void a_refusal_by_winbind_counts_before_the_mending_only(void **state)
{
	static const struct {
		const char *name;
		uint32_t mended;
		uint64_t failed;
		enum flight_met met;
	} rows[] = {
		{ "never", 0, 5000, FLIGHT_MET_HEALTHY },
		{ "failed, then mended", 9000, 8000, FLIGHT_MET_BROKEN },
		{ "at the same time", 9000, 9000, FLIGHT_MET_BROKEN },
		{ "a millisecond after", 9000, 9001, FLIGHT_MET_DOUBT },
		{ "as late as may be on its way", 9000, 11000, FLIGHT_MET_DOUBT },
		{ "later", 9000, 11001, FLIGHT_MET_HEALTHY },
		{ "a month later", 9000, 9000 + (UINT64_C(1) << 31), FLIGHT_MET_HEALTHY },
		{ "over the wrap of the low half", 3, (UINT64_C(1) << 32) - 5, FLIGHT_MET_BROKEN },
		{ "and back", UINT32_MAX, (UINT64_C(1) << 32) + 100, FLIGHT_MET_DOUBT },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		/* a repair of the keytab alone says nothing about winbind */
		const struct rt_health health = { .winbind_ms = rows[i].mended, .repaired_boot_ms = rows[i].failed };
		if (flight_met_winbind(&health, rows[i].failed) != rows[i].met)
			fail_msg("%s", rows[i].name);
	}
}

enum { GOOD = 0, NO_NAMESPACE = 77 };

/* Hides /var, /run … behind a tmpfs and makes the state directory there. */
static bool hide_state(void)
{
	char path[200] = PATH_STATE;
	bool whole;
	if (!traces_become_root(&whole) || unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	*strchr(path + 1, '/') = '\0';
	if (mount("none", path, "tmpfs", 0, "size=1m") != 0)
		return false;
	(void)strcpy(path, PATH_STATE);
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	return mkdir(path, 0700) == 0;
}

/* Returns the number of the line that failed. */
#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return __LINE__ % 256;                                                                         \
	} while (0)

static int one_holder(void)
{
	bool waited = true;
	struct fault fault = { .kind = FAULT_NONE };
	struct stat st;
	MUST(hide_state());
	int lock = lock_take(PATH_LOCK, deadline_in(1000), &waited, &fault);
	MUST(lock >= 0 && !waited && fault.kind == FAULT_NONE);
	MUST(fcntl(lock, F_GETFD) == FD_CLOEXEC);
	MUST(stat(PATH_LOCK, &st) == 0 && (st.st_mode & 07777) == 0600);
	int64_t before = deadline_now_ms();
	MUST(lock_take(PATH_LOCK, deadline_in(100), &waited, &fault) == -1);
	MUST(deadline_now_ms() - before >= 100 && deadline_now_ms() - before < 3000);
	MUST(waited && fault.kind == FAULT_UNSURE && strstr(fault.text, PATH_LOCK) != NULL);
	(void)close(lock);
	lock = lock_take(PATH_LOCK, deadline_in(0), &waited, &fault);
	MUST(lock >= 0 && !waited);
	return GOOD;
}

/* The holder dies without a word; who waits goes on. */
static int a_dead_holder(void)
{
	bool waited;
	int ready[2], status;
	char byte;
	MUST(hide_state() && pipe(ready) == 0);
	pid_t holder = fork();
	if (holder == 0) {
		int held = lock_take(PATH_LOCK, deadline_in(1000), &waited, NULL);
		_exit(held < 0 || write(ready[1], "x", 1) != 1 || pause());
	}
	(void)close(ready[1]);
	MUST(read(ready[0], &byte, 1) == 1);
	pid_t killer = fork();
	if (killer == 0) {
		(void)usleep(100000);
		_exit(kill(holder, SIGKILL) != 0);
	}
	int lock = lock_take(PATH_LOCK, deadline_in(20000), &waited, NULL);
	MUST(lock >= 0 && waited);
	MUST(waitpid(holder, &status, 0) == holder && WIFSIGNALED(status));
	MUST(waitpid(killer, &status, 0) == killer && status == 0);
	return GOOD;
}

static int no_place(void)
{
	bool waited = true;
	struct fault fault = { .kind = FAULT_NONE };
	MUST(hide_state());
	MUST(symlink("elsewhere", PATH_LOCK) == 0);
	MUST(lock_take(PATH_LOCK, deadline_in(100), &waited, &fault) == -1);
	MUST(!waited && fault.kind == FAULT_INTERNAL && strstr(fault.text, PATH_LOCK) != NULL);
	MUST(unlink(PATH_LOCK) == 0 && rmdir(PATH_STATE) == 0);
	MUST(lock_take(PATH_LOCK, deadline_in(100), &waited, NULL) == -1);
	return GOOD;
}

static int can_hide(void)
{
	return hide_state() ? GOOD : NO_NAMESPACE;
}

static int in_child(int (*check)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(check());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void locks(void **state)
{
	int (*const checks[])(void) = { one_holder, a_dead_holder, no_place };
	(void)state;
	if (in_child(can_hide) != GOOD)
		skip();
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		int line = in_child(checks[i]);
		if (line != GOOD)
			fail_msg("check %zu, line %d (mod 256)", i, line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_answers_while_it_is_fresh),
		cmocka_unit_test(a_repair_counts_for_who_began_before),
		cmocka_unit_test(a_refusal_by_winbind_counts_before_the_mending_only),
		cmocka_unit_test(locks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
