/* What a library call could leave behind in the process that made it: looked at before and after.
 *
 * Also the ground that such tests stand on: a temporary directory, and uid 0 without being root.
 */
#ifndef RETRUST_TEST_TRACES_H
#define RETRUST_TEST_TRACES_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRACES_FDS = 1024 };

/* For tests of what a wait costs. */
static inline int64_t traces_now_ms(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct traces {
	bool open[TRACES_FDS];
	struct sigaction actions[NSIG];
	sigset_t blocked;
	char *const *environment;
	size_t variables;
	char *locale; /* compared as a pointer: setlocale(3) gives another one when it changes */
	uid_t ids[6];
	mode_t mask;
	char directory[256];
};

static inline struct traces traces_take(void)
{
	struct traces t = { .environment = environ, .locale = setlocale(LC_ALL, NULL) };
	for (int fd = 0; fd < TRACES_FDS; fd++)
		t.open[fd] = fcntl(fd, F_GETFD) >= 0;
	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, NULL, &t.actions[number]);
	(void)sigprocmask(SIG_SETMASK, NULL, &t.blocked);
	while (environ[t.variables] != NULL)
		t.variables++;
	(void)getresuid(&t.ids[0], &t.ids[1], &t.ids[2]);
	(void)getresgid(&t.ids[3], &t.ids[4], &t.ids[5]);
	t.mask = umask(077);
	(void)umask(t.mask);
	if (getcwd(t.directory, sizeof t.directory) == NULL)
		abort();
	return t;
}

/* What differs from now, or NULL. Children of any kind count as left behind. */
static inline const char *traces_left(const struct traces *before)
{
	struct traces now = traces_take();
	if (waitpid(-1, NULL, WNOHANG | (int)__WALL) != -1 || errno != ECHILD)
		return "a child";
	if (memcmp(before->open, now.open, sizeof now.open) != 0)
		return "descriptors";
	for (int number = 1; number < NSIG; number++) {
		if (before->actions[number].sa_handler != now.actions[number].sa_handler)
			return "a signal's disposition";
		if (sigismember(&before->blocked, number) != sigismember(&now.blocked, number))
			return "the signal mask";
	}
	if (before->environment != now.environment || before->variables != now.variables)
		return "the environment";
	if (before->locale != now.locale)
		return "the locale";
	if (memcmp(before->ids, now.ids, sizeof now.ids) != 0)
		return "the ids";
	return before->mask != now.mask || strcmp(before->directory, now.directory) != 0 ? "umask or directory" : NULL;
}

/* Adds a line to a text of size bytes; what doesn't fit is a mistake of the test. */
static inline void traces_note(char *text, size_t size, const char *kind, const char *line)
{
	size_t used = strlen(text);
	if ((size_t)snprintf(text + used, size - used, "%s%s\n", kind, line) >= size - used)
		abort();
}

static inline bool traces_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		(void)close(fd);
	return done;
}

/* A copy of the running test, which plays the helper when it is called by the helper's name. */
static inline bool traces_copy_self(const char *path, mode_t mode)
{
	struct stat st;
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (in < 0 || out < 0 || fstat(in, &st) != 0)
		return false;
	off_t left = st.st_size;
	while (left > 0) {
		ssize_t n = sendfile(out, in, NULL, (size_t)left);
		if (n <= 0)
			return false;
		left -= n;
	}
	return fchmod(out, mode) == 0 && close(in) == 0 && close(out) == 0;
}

/* Becomes uid 0: by being it, or as the only user of a namespace, where nobody else has a name and supplementary
 * groups can't be dropped. *ret_whole tells which. Call it before the first thread. */
static inline bool traces_become_root(bool *ret_whole)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();
	*ret_whole = geteuid() == 0;
	if (*ret_whole)
		return true;
	if (unshare(CLONE_NEWUSER) != 0 || !traces_write("/proc/self/setgroups", "deny"))
		return false;
	(void)snprintf(map, sizeof map, "0 %u 1", uid);
	bool mapped = traces_write("/proc/self/uid_map", map);
	(void)snprintf(map, sizeof map, "0 %u 1", gid);
	return mapped && traces_write("/proc/self/gid_map", map);
}

/* Makes a directory of the test's own and goes there. traces_leave() removes it with all that is in it. */
static inline void traces_enter(char *path)
{
	if (mkdtemp(path) == NULL || chmod(path, 0755) != 0 || chdir(path) != 0)
		abort();
}

static inline int traces_remove(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st, (void)type, (void)place;
	return remove(path);
}

static inline void traces_leave(const char *path)
{
	if (chdir("/") != 0 || nftw(path, traces_remove, 8, FTW_DEPTH | FTW_PHYS) != 0)
		abort();
}

#endif
