/* Starting the helper, see spawn.h.
 *
 * Why not fork(): its child raises SIGCHLD at the caller (sshd, gdm and their handlers), and fork handlers of other
 * libraries would run. A bare clone with exit signal 0 does neither; only waitpid(__WCLONE) sees such a child.
 *
 * SECURITY: the caller may be setuid (su: real uid of a user, effective uid 0) and may have threads. So between clone
 * and exec there are only bare system calls and async-signal-safe functions; the ids are set by bare system calls too,
 * because glibc's own wrappers call for the other threads, which the child doesn't have. All signals stay blocked until
 * the caller's handlers are gone.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the descriptors stand at the exec; the last one closes itself. */
enum { SOCK_FD = 0, OUT_FD = 1, ERR_FD = 2, HELPER_FD = 3, FIRST_FREE_FD = 4 };

/* All arguments 0, so their order, which differs between architectures, doesn't matter. */
static pid_t bare_fork(void)
{
	return (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
}

/* 32-bit machines have calls for 16-bit ids under the plain names. */
static bool set_ids(void)
{
#ifdef SYS_setresuid32
	return syscall(SYS_setgroups32, 0L, NULL) == 0 && syscall(SYS_setresgid32, 0L, 0L, 0L) == 0 &&
	       syscall(SYS_setresuid32, 0L, 0L, 0L) == 0;
#else
	return syscall(SYS_setgroups, 0L, NULL) == 0 && syscall(SYS_setresgid, 0L, 0L, 0L) == 0 &&
	       syscall(SYS_setresuid, 0L, 0L, 0L) == 0;
#endif
}

static bool set_descriptors(int sock, int helper)
{
	/* first above all places that are to be filled: the caller may have had 0, 1 or 2 closed */
	sock = fcntl(sock, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	helper = fcntl(helper, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	int null = open("/dev/null", O_RDWR); /* maybe as 1 or 2: then it must outlive the exec as it is */
	if (sock < 0 || helper < 0 || null < 0)
		return false;
	return dup2(null, OUT_FD) >= 0 && dup2(OUT_FD, ERR_FD) >= 0 && dup2(sock, SOCK_FD) >= 0 &&
	       dup3(helper, HELPER_FD, O_CLOEXEC) >= 0 && close_range(FIRST_FREE_FD, ~0u, 0) == 0;
}

/* Where root may not raise a hard limit (a container without CAP_SYS_RESOURCE) the soft one is raised to it. */
static void set_limit(int resource, rlim_t value)
{
	struct rlimit limit = { .rlim_cur = value, .rlim_max = value };
	if (setrlimit((__rlimit_resource_t)resource, &limit) == 0 ||
	    getrlimit((__rlimit_resource_t)resource, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit((__rlimit_resource_t)resource, &limit);
}

/* Whoever calls su chose its limits: one on file size or CPU time would cut a change of the keytab in half. */
static void set_limits(void)
{
	static const struct {
		int resource;
		rlim_t value;
	} limits[] = {
		{ RLIMIT_FSIZE, RLIM_INFINITY },
		{ RLIMIT_CPU, RLIM_INFINITY },
		{ RLIMIT_AS, RLIM_INFINITY },
		{ RLIMIT_DATA, RLIM_INFINITY },
		{ RLIMIT_STACK, 8 << 20 },
		{ RLIMIT_NOFILE, 1024 },
		{ RLIMIT_CORE, 0 },
	};
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		set_limit(limits[i].resource, limits[i].value);
}

/* What is ignored would stay ignored over the exec. The kernel's own call: libc's refuses the two signals of its threads,
 * which posix_spawn leaves ignored. All zero is the default in the kernel's structure. */
static void default_signals(void)
{
	static const unsigned long zero[8];
	for (int number = 1; number < NSIG; number++)
		(void)syscall(SYS_rt_sigaction, number, zero, NULL, NSIG / 8);
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The child: shapes the process, has a child of its own become the helper, and ends with the error or 0. */
static _Noreturn void run_child(int sock, int helper)
{
	char name[] = "retrust-helper";
	char *const argv[] = { name, NULL };
	char *const envp[] = { NULL };
	if (!set_ids() || setsid() < 0 || chdir("/") != 0 || !set_descriptors(sock, helper))
		_exit(errno);
	(void)umask(077);
	set_limits();
	default_signals();
	pid_t pid = bare_fork();
	if (pid != 0)
		_exit(pid < 0 ? errno : 0);
	(void)execveat(HELPER_FD, "", argv, envp, AT_EMPTY_PATH);
	_exit(127);
}

/* Waits for the child that ends at once. Another thread of the caller may have taken it with __WALL: then the socket
 * tells what became of it. */
static int await_child(pid_t pid)
{
	int status = 0;
	while (waitpid(pid, &status, (int)__WCLONE) < 0) {
		if (errno != EINTR)
			return 0;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
	return -1;
}

static int start(int sock, int helper)
{
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = bare_fork();
	if (pid == 0)
		run_child(sock, helper);
	int result = pid < 0 ? -1 : await_child(pid);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

/* Opens what will be executed, so that it can't be exchanged after the look at it. */
static int open_helper(const char *path)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	struct stat st;
	int error = 0;
	if (fstat(fd, &st) != 0)
		error = errno;
	else if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		error = EPERM;
	else if ((st.st_mode & S_IXUSR) == 0)
		error = EACCES;
	if (error == 0)
		return fd;
	(void)close(fd);
	errno = error;
	return -1;
}

int spawn_helper(const char *path)
{
	int helper = open_helper(path);
	if (helper < 0)
		return -1;
	int pair[2];
	int result = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
	if (result == 0) {
		result = start(pair[1], helper);
		int error = errno;
		(void)close(pair[1]);
		if (result != 0)
			(void)close(pair[0]);
		errno = error;
	}
	int error = errno;
	(void)close(helper);
	errno = error;
	return result == 0 ? pair[0] : -1;
}
