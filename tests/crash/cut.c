/* Kills this process at the N-th step, see cut.h. The calls below stand before libc's for everybody in the process, libtdb and
 * libkrb5 included, because the executable exports them. */
#include "cut.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

static long step, limit;
static int failure;

#define EXPORT __attribute__((visibility("default")))

void cut_at(long n)
{
	step = 0;
	limit = n;
	failure = 0;
}

void cut_fail(long n, int error)
{
	cut_at(n);
	failure = error;
}

long cut_count(void)
{
	return step;
}

void cut_here(void)
{
	if (++step == limit && failure == 0)
		(void)kill(getpid(), SIGKILL);
}

/* A file call: dies or fails at its number. Returns nonzero when it fails. */
static int file_step(void)
{
	cut_here();
	if (step != limit || failure == 0)
		return 0;
	errno = failure;
	return 1;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

EXPORT ssize_t write(int fd, const void *data, size_t len);
EXPORT ssize_t pwrite(int fd, const void *data, size_t len, off_t at);
EXPORT ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at);
EXPORT int fsync(int fd);
EXPORT int fdatasync(int fd);
EXPORT int rename(const char *from, const char *to);
EXPORT int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned int flags);
EXPORT int unlink(const char *path);
EXPORT int ftruncate(int fd, off_t len);

ssize_t write(int fd, const void *data, size_t len)
{
	return file_step() ? -1 : REAL("write", ssize_t (*)(int, const void *, size_t))(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	return file_step() ? -1 : REAL("pwrite", ssize_t (*)(int, const void *, size_t, off_t))(fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	return file_step() ? -1 : REAL("pwrite64", ssize_t (*)(int, const void *, size_t, off64_t))(fd, data, len, at);
}

int fsync(int fd)
{
	return file_step() ? -1 : REAL("fsync", int (*)(int))(fd);
}

int fdatasync(int fd)
{
	return file_step() ? -1 : REAL("fdatasync", int (*)(int))(fd);
}

int rename(const char *from, const char *to)
{
	return file_step() ? -1 : REAL("rename", int (*)(const char *, const char *))(from, to);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned int flags)
{
	return file_step() ? -1
	                   : REAL("renameat2", int (*)(int, const char *, int, const char *, unsigned int))(from_at, from, to_at,
	                                                                                                  to, flags);
}

int unlink(const char *path)
{
	return file_step() ? -1 : REAL("unlink", int (*)(const char *))(path);
}

int ftruncate(int fd, off_t len)
{
	return file_step() ? -1 : REAL("ftruncate", int (*)(int, off_t))(fd, len);
}
