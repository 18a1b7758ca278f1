/* helper/store/samba_tdb.c through samba.c: files that are none, disks that are full, processes that die or hold locks.
 */
#include "samba_sample.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static size_t file_bytes(uint8_t *buf, size_t size)
{
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t len = fread(buf, 1, size, file);
	(void)fclose(file);
	return len;
}

static void make_file(const void *bytes, size_t len)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void not_a_tdb(void **state)
{
	(void)state;
	static const char junk[4096] = "this is not a TDB";
	static const size_t sizes[] = { 0, 17, sizeof junk };
	uint8_t bytes[sizeof junk + 1];
	for (size_t i = 0; i < 3; i++) {
		make_file(junk, sizes[i]);
		assert_int_equal(read_domain("LAB"), 0);
		assert_int_equal(secrets.state, SAMBA_UNREADABLE);
		assert_fault(FAULT_INTERNAL, "not a readable TDB");
		assert_int_equal(write_password("New", ""), -1);
		assert_fault(FAULT_INTERNAL, "not a readable TDB");
		assert_int_equal(file_bytes(bytes, sizeof bytes), sizes[i]);
		assert_memory_equal(bytes, junk, sizes[i]);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(read_domain("LAB"), 0);
	assert_int_equal(secrets.state, SAMBA_UNREADABLE);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(read_domain("LAB"), 0);
	assert_int_equal(secrets.state, SAMBA_UNREADABLE);
	assert_fault(FAULT_INTERNAL, "not a regular file");
}

/* A TDB whose header is good and whose records aren't, or that was cut off. */
static void damaged(void **state)
{
	(void)state;
	static uint8_t good[1 << 20], bad[1 << 20], after[1 << 20];
	make_member();
	size_t len = file_bytes(good, sizeof good);
	for (int i = 0; i < 2; i++) {
		memcpy(bad, good, len);
		memset(bad + 168, 0xff, 528); /* the hash chains' heads */
		size_t bad_len = i == 0 ? len : len / 2;
		make_file(i == 0 ? bad : good, bad_len);
		assert_int_equal(read_domain("LAB"), 0);
		assert_int_equal(secrets.state, SAMBA_UNREADABLE);
		assert_fault(FAULT_INTERNAL, "secrets.tdb");
		assert_int_equal(write_password("New", ""), -1);
		assert_int_equal(file_bytes(after, sizeof after), bad_len);
		assert_memory_equal(after, i == 0 ? bad : good, bad_len);
	}
}

/* A disk without room, at each size from nothing to enough: the old content, or in the end the new one. */
static void full_disk(void **state)
{
	(void)state;
	struct rlimit old, limit;
	int refused = 0;
	make_member();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	for (rlim_t size = 0; size < 1 << 20; size += 4096) {
		limit = (struct rlimit){ .rlim_cur = size, .rlim_max = old.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		int written = write_password("New-Passw0rd", "");
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		if (written == 0)
			break;
		refused++;
		assert_fault(FAULT_INTERNAL, "secrets.tdb");
		assert_read(SAMBA_OK, SAMPLE_CURRENT, SAMPLE_OLD, "");
	}
	(void)signal(SIGXFSZ, SIG_DFL);
	assert_true(refused > 0);
	assert_read(SAMBA_OK, "New-Passw0rd", SAMPLE_CURRENT, "");
}

static void file_not_writable(void **state)
{
	(void)state;
	const uid_t nobody = 65534;
	uid_t me = geteuid();
	make_member();
	assert_int_equal(chmod(path, 0400), 0);
	if (me == 0)
		assert_true(chown(path, nobody, nobody) == 0 && chown(folder, nobody, nobody) == 0 &&
		            seteuid(nobody) == 0);
	int written = write_password("New", "");
	assert_read(SAMBA_OK, SAMPLE_CURRENT, SAMPLE_OLD, "");
	if (me == 0)
		assert_int_equal(seteuid(me), 0);
	assert_int_equal(written, -1);
	assert_read(SAMBA_OK, SAMPLE_CURRENT, SAMPLE_OLD, "");
}

/* A child does `work` and then waits to be killed; returns when the work is done. */
static pid_t child_with(void (*work)(void))
{
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		work();
		if (write(ready[1], "x", 1) == 1)
			(void)pause();
		_exit(1);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return pid;
}

static void end_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void prepare_commit(void)
{
	struct tdb_context *tdb = open_tdb();
	assert_int_equal(tdb_transaction_start(tdb), 0);
	put_in(tdb, "MACHINE_PASSWORD", "LAB", "Half", 5);
	put_in(tdb, "MACHINE_LAST_CHANGE_TIME", "LAB", TIME_NOW, 4);
	assert_int_equal(tdb_transaction_prepare_commit(tdb), 0);
}

static void another_process_died_in_its_commit(void **state)
{
	(void)state;
	make_member();
	end_child(child_with(prepare_commit));
	assert_read(SAMBA_OK, SAMPLE_CURRENT, SAMPLE_OLD, "");
	end_child(child_with(prepare_commit));
	assert_int_equal(write_password("New", ""), 0);
	assert_read(SAMBA_OK, "New", SAMPLE_CURRENT, "");
}

static void lock_a_chain(void)
{
	char key[] = "SECRETS/MACHINE_PASSWORD/LAB";
	TDB_DATA k = datum(key, strlen(key));
	assert_int_equal(tdb_chainlock(open_tdb(), k), 0);
	free(k.dptr);
}

static int64_t now_ms(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void a_lock_that_stays(void **state)
{
	(void)state;
	char who[32];
	make_member();
	pid_t pid = child_with(lock_a_chain);
	(void)snprintf(who, sizeof who, "process %d ", (int)pid);
	int64_t start = now_ms();
	assert_int_equal(read_domain("LAB"), -1);
	assert_fault(FAULT_UNSURE, who);
	assert_in_range(now_ms() - start, 1900, 3000);
	assert_int_equal(write_password("New", ""), -1);
	assert_fault(FAULT_UNSURE, who);
	assert_in_range(now_ms() - start, 3800, 6000);
	end_child(pid);
	assert_read(SAMBA_OK, SAMPLE_CURRENT, SAMPLE_OLD, "");
}

static void lock_for_a_moment(void)
{
	lock_a_chain();
	(void)alarm(1);
}

static void a_lock_that_goes(void **state)
{
	(void)state;
	make_member();
	pid_t pid = child_with(lock_for_a_moment);
	assert_int_equal(write_password("New", ""), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_read(SAMBA_OK, "New", SAMPLE_CURRENT, "");
}

/* Like winbindd: has the file open and mapped all the time. */
static void a_process_that_has_it_open_sees_the_change(void **state)
{
	(void)state;
	char key[] = "SECRETS/MACHINE_PASSWORD/LAB";
	int go[2], status;
	make_member();
	assert_int_equal(pipe(go), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char byte;
		struct tdb_context *tdb = open_tdb();
		TDB_DATA k = { .dptr = (unsigned char *)key, .dsize = strlen(key) };
		TDB_DATA before = tdb_fetch(tdb, k);
		bool told = write(go[1], "x", 1) == 1 && before.dsize == sizeof SAMPLE_CURRENT;
		while (told && tdb_fetch(tdb, k).dsize != sizeof "The new one")
			(void)usleep(1000);
		_exit(told && read(go[0], &byte, 1) >= 0 ? 0 : 1);
	}
	char byte;
	assert_int_equal(read(go[0], &byte, 1), 1);
	assert_int_equal(write_password("The new one", ""), 0);
	assert_int_equal(write(go[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(go[0]);
	(void)close(go[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(not_a_tdb),
		TEST(damaged),
		TEST(full_disk),
		TEST(file_not_writable),
		TEST(another_process_died_in_its_commit),
		TEST(a_lock_that_stays),
		TEST(a_lock_that_goes),
		TEST(a_process_that_has_it_open_sees_the_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
