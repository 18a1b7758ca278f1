/* file.c: whole files, whatever goes wrong. */
#include "../../helper/store/file.h"

#include "traces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include <cmocka.h>

enum { NOBODY = 1234 };

/* The file holds that text and no temporary file is left. */
static bool holds(const char *path, const char *text)
{
	void *data = NULL;
	char temporary[300];
	ssize_t len = file_read(path, &data, NULL);
	bool same = len == (ssize_t)strlen(text) && memcmp(data, text, (size_t)len + 1) == 0;
	if (len >= 0)
		file_free(data, (size_t)len);
	(void)snprintf(temporary, sizeof temporary, "%s.retrust", path);
	return same && access(temporary, F_OK) != 0;
}

static int replace(const char *path, const char *text, struct fault *ret_fault)
{
	*ret_fault = (struct fault){ .kind = FAULT_NONE };
	return file_replace(path, text, strlen(text), 0640, ret_fault);
}

static void assert_replaced(const char *path, const char *text)
{
	struct fault fault;
	if (replace(path, text, &fault) != 0)
		fail_msg("%s", fault.text);
	assert_true(holds(path, text));
}

/* Replacing it fails, says which file, and leaves the old one. */
static bool fails_and_keeps(const char *path, const char *old, const void *data, size_t len)
{
	struct fault fault = { .kind = FAULT_NONE };
	return file_replace(path, data, len, 0600, &fault) == -1 && fault.kind == FAULT_INTERNAL &&
	       strstr(fault.text, path) != NULL && holds(path, old);
}

static void a_new_file(void **state)
{
	struct stat st;
	(void)state;
	(void)umask(077);
	assert_replaced("new", "content");
	(void)umask(022);
	assert_int_equal(stat("new", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_uid, geteuid());
	assert_replaced("new", "");
	assert_replaced("new", "content again");
}

static void mode_stays(void **state)
{
	static const mode_t modes[] = { 0600, 0644, 0400, 0666, 0755 };
	struct stat st;
	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_replaced("mode", "old");
		assert_int_equal(chmod("mode", modes[i]), 0);
		assert_replaced("mode", "new");
		assert_int_equal(stat("mode", &st), 0);
		assert_int_equal(st.st_mode & 07777, modes[i]);
	}
}

static void owner_stays(void **state)
{
	struct stat st;
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_replaced("owner", "old");
	assert_int_equal(chown("owner", NOBODY, NOBODY + 1), 0);
	assert_int_equal(chmod("owner", 02660), 0);
	assert_replaced("owner", "new");
	assert_int_equal(stat("owner", &st), 0);
	assert_int_equal(st.st_uid, NOBODY);
	assert_int_equal(st.st_gid, NOBODY + 1);
	assert_int_equal(st.st_mode & 07777, 02660);
}

static void attributes_stay(void **state)
{
	char value[100] = "";
	(void)state;
	assert_replaced("attributes", "old");
	if (setxattr("attributes", "user.first", "one", 3, 0) != 0)
		skip();
	assert_int_equal(setxattr("attributes", "user.second", "", 0, 0), 0);
	assert_replaced("attributes", "new");
	assert_int_equal(getxattr("attributes", "user.first", value, sizeof value), 3);
	assert_string_equal(value, "one");
	assert_int_equal(getxattr("attributes", "user.second", value, sizeof value), 0);
}

static void a_link_stays_a_link(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(mkdir("elsewhere", 0700), 0);
	assert_replaced("elsewhere/target", "old");
	assert_int_equal(chmod("elsewhere/target", 0604), 0);
	assert_int_equal(symlink("elsewhere/target", "link"), 0);
	assert_int_equal(symlink("link", "link2"), 0);
	assert_replaced("link2", "new");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat("link2", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat("elsewhere/target", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0604);
	assert_true(holds("elsewhere/target", "new"));
	assert_true(holds("link", "new"));
}

/* A reader that has the old file open goes on reading the old content. */
static void it_is_a_new_file(void **state)
{
	char text[8] = "";
	(void)state;
	assert_replaced("inode", "old");
	int fd = open("inode", O_RDONLY | O_CLOEXEC);
	assert_replaced("inode", "new");
	assert_int_equal(read(fd, text, sizeof text), 3);
	assert_string_equal(text, "old");
	assert_int_equal(close(fd), 0);
}

static void what_a_power_cut_left_is_taken_away(void **state)
{
	(void)state;
	assert_replaced("cut", "old");
	assert_true(traces_write("cut.retrust", "half of something longer than the new content"));
	assert_replaced("cut", "new");
	assert_true(traces_write("first.retrust", "half"));
	assert_replaced("first", "new");
}

/* Somebody's link in the temporary file's place doesn't lead the content elsewhere. */
static void a_planted_link_isnt_followed(void **state)
{
	(void)state;
	assert_replaced("victim", "victim");
	assert_replaced("planted", "old");
	assert_int_equal(symlink("victim", "planted.retrust"), 0);
	assert_replaced("planted", "new");
	assert_true(holds("victim", "victim"));
}

static void a_failing_write_keeps_the_old_file(void **state)
{
	static char much[100000];
	struct rlimit before;
	(void)state;
	assert_replaced("limit", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit small = { 50000, before.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	bool kept = fails_and_keeps("limit", "old", much, sizeof much);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(kept);
}

/* Runs a check in a process of its own, which may become somebody else. */
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

enum { GOOD = 0, BAD = 1, CANT = 77 };

static int on_a_full_disk(void)
{
	static char much[200000];
	bool whole;
	struct fault fault;
	if (!traces_become_root(&whole) || unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", "disk", "tmpfs", 0, "size=65536") != 0)
		return CANT;
	if (replace("disk/file", "old", &fault) != 0 || !fails_and_keeps("disk/file", "old", much, sizeof much))
		return BAD;
	return mount("none", "disk", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0 &&
	                       fails_and_keeps("disk/file", "old", "new", 3)
	               ? GOOD
	               : BAD;
}

static void a_full_disk_keeps_the_old_file(void **state)
{
	(void)state;
	assert_int_equal(mkdir("disk", 0700), 0);
	int result = in_child(on_a_full_disk);
	if (result == CANT)
		skip();
	assert_int_equal(result, GOOD);
}

static int in_a_closed_directory(void)
{
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return CANT;
	return fails_and_keeps("closed/file", "old", "new", 3) && file_remove("closed/file", NULL) == -1 &&
	                       holds("closed/file", "old")
	               ? GOOD
	               : BAD;
}

static void a_closed_directory_keeps_the_old_file(void **state)
{
	(void)state;
	assert_int_equal(mkdir("closed", 0755), 0);
	assert_replaced("closed/file", "old");
	assert_int_equal(chmod("closed/file", 0666), 0);
	assert_int_equal(chmod("closed", 0555), 0);
	int result = in_child(in_a_closed_directory);
	assert_int_equal(chmod("closed", 0755), 0);
	if (result == CANT)
		skip();
	assert_int_equal(result, GOOD);
}

static void what_cant_be_replaced(void **state)
{
	char longest[300];
	struct fault fault;
	(void)state;
	assert_int_equal(replace("nowhere/file", "new", &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_non_null(strstr(fault.text, "nowhere/file"));
	assert_int_equal(mkdir("directory", 0700), 0);
	assert_int_equal(replace("directory", "new", &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_int_equal(access("directory.retrust", F_OK), -1);
	memset(longest, 'x', sizeof longest);
	longest[255] = '\0';
	assert_int_equal(replace(longest, "new", &fault), -1);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(replace("loop", "new", &fault), -1);
}

static void reading(void **state)
{
	void *data = NULL;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	errno = 0;
	assert_int_equal(file_read("absent", &data, &fault), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_int_equal(file_read(".", &data, &fault), -1);
	assert_int_not_equal(errno, ENOENT);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	fault_clear(&fault);
	assert_int_equal(file_read("/dev/zero", &data, &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_null(data);
	assert_true(traces_write("empty", ""));
	assert_int_equal(file_read("empty", &data, NULL), 0);
	assert_string_equal(data, "");
	file_free(data, 0);
	file_free(NULL, 5);
}

static void a_fifo_doesnt_hang(void **state)
{
	void *data = NULL;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	(void)alarm(5);
	assert_int_equal(file_read("fifo", &data, &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_non_null(strstr(fault.text, "fifo"));
	struct fault second;
	(void)replace("fifo", "new", &second);
	(void)alarm(0);
}

static void reading_has_a_limit(void **state)
{
	static char most[FILE_MAX + 1];
	void *data = NULL;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	memset(most, 'x', sizeof most);
	assert_int_equal(file_replace("big", most, FILE_MAX, 0600, NULL), 0);
	assert_int_equal(file_read("big", &data, NULL), FILE_MAX);
	assert_memory_equal(data, most, FILE_MAX);
	file_free(data, FILE_MAX);
	assert_int_equal(file_replace("big", most, FILE_MAX + 1, 0600, NULL), 0);
	assert_int_equal(file_read("big", &data, &fault), -1);
	assert_int_not_equal(errno, ENOENT);
	assert_non_null(strstr(fault.text, "big: not a regular file of at most 1 MiB"));
}

static void removing(void **state)
{
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	assert_replaced("gone", "old");
	assert_int_equal(file_remove("gone", &fault), 0);
	assert_int_equal(access("gone", F_OK), -1);
	assert_int_equal(file_remove("gone", &fault), 0);
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_int_equal(file_remove(".", &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
}

static void directories(void **state)
{
	struct stat st;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	(void)umask(077);
	assert_int_equal(file_directory("made", 0755, &fault), 0);
	(void)umask(022);
	assert_int_equal(stat("made", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	assert_int_equal(chmod("made", 0711), 0);
	assert_int_equal(file_directory("made", 0755, &fault), 0);
	assert_int_equal(stat("made", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0711);
	assert_int_equal(file_directory("nowhere/made", 0755, &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_non_null(strstr(fault.text, "nowhere/made"));
}

static void no_descriptor_is_left(void **state)
{
	struct fault fault;
	void *data = NULL;
	(void)state;
	assert_replaced("open", "old");
	struct traces before = traces_take();
	assert_replaced("open", "new");
	(void)replace("nowhere/file", "new", &fault);
	(void)replace("directory", "new", &fault);
	(void)file_read(".", &data, NULL);
	(void)file_read("absent", &data, NULL);
	assert_null(traces_left(&before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file),
		cmocka_unit_test(mode_stays),
		cmocka_unit_test(owner_stays),
		cmocka_unit_test(attributes_stay),
		cmocka_unit_test(a_link_stays_a_link),
		cmocka_unit_test(it_is_a_new_file),
		cmocka_unit_test(what_a_power_cut_left_is_taken_away),
		cmocka_unit_test(a_planted_link_isnt_followed),
		cmocka_unit_test(a_failing_write_keeps_the_old_file),
		cmocka_unit_test(a_full_disk_keeps_the_old_file),
		cmocka_unit_test(a_closed_directory_keeps_the_old_file),
		cmocka_unit_test(what_cant_be_replaced),
		cmocka_unit_test(reading),
		cmocka_unit_test(a_fifo_doesnt_hang),
		cmocka_unit_test(reading_has_a_limit),
		cmocka_unit_test(removing),
		cmocka_unit_test(directories),
		cmocka_unit_test(no_descriptor_is_left),
	};
	char directory[] = "/tmp/test_file.XXXXXX";
	(void)umask(022);
	traces_enter(directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
