/* Files that must be whole at every instant, see file.h. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

ssize_t file_read_fd(int fd, void *buf, size_t size)
{
	size_t have = 0;
	while (have < size) {
		ssize_t n = read(fd, (uint8_t *)buf + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static ssize_t read_fd(int fd, const char *path, void **ret_data, struct fault *fault)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_MAX)
		return fault_set(fault, FAULT_INTERNAL, "%s: not a regular file of at most 1 MiB", path);
	size_t size = (size_t)st.st_size;
	uint8_t *data = malloc(size + 1);
	if (data == NULL)
		return fault_errno(fault, FAULT_INTERNAL, ENOMEM, "%s", path);
	ssize_t len = file_read_fd(fd, data, size);
	if (len < 0) {
		int error = errno;
		file_free(data, size);
		return fault_errno(fault, FAULT_INTERNAL, error, "%s: reading it failed", path);
	}
	data[len] = 0;
	*ret_data = data;
	return len;
}

ssize_t file_read(const char *path, void **ret_data, struct fault *fault)
{
	/* O_NONBLOCK: a fifo put in the file's place must not make a logon hang. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		int error = errno;
		if (error != ENOENT)
			(void)fault_errno(fault, FAULT_INTERNAL, error, "%s", path);
		errno = error;
		return -1;
	}
	ssize_t len = read_fd(fd, path, ret_data, fault);
	(void)close(fd);
	if (len < 0)
		errno = EIO;
	return len;
}

void file_free(void *data, size_t len)
{
	if (data != NULL)
		explicit_bzero(data, len);
	free(data);
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Copies what isn't content. A file system without extended attributes has none to keep. */
static int copy_xattrs(int from, int to)
{
	char names[4096], value[4096];
	ssize_t len = flistxattr(from, names, sizeof names);
	if (len < 0)
		return errno == ENOTSUP ? 0 : -1;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		ssize_t n = fgetxattr(from, name, value, sizeof value);
		if (n < 0 || (fsetxattr(to, name, value, (size_t)n, 0) != 0 && errno != ENOTSUP))
			return -1;
	}
	return 0;
}

/* The new file looks like the old one to everybody who may read it. */
static int copy_looks(const char *path, int to, mode_t mode)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (from < 0)
		return errno == ENOENT ? fchmod(to, mode) : -1;
	struct stat st;
	int result = -1;
	if (fstat(from, &st) == 0 && fchown(to, st.st_uid, st.st_gid) == 0 && fchmod(to, st.st_mode & 07777) == 0)
		result = copy_xattrs(from, to);
	int error = errno;
	(void)close(from);
	errno = error;
	return result;
}

int file_sync_directory_of(const char *path)
{
	char directory[PATH_MAX];
	(void)snprintf(directory, sizeof directory, "%s", path);
	char *slash = strrchr(directory, '/');
	if (slash == NULL)
		return 0;
	slash[slash == directory ? 1 : 0] = '\0';
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int result = fsync(fd);
	int error = errno;
	(void)close(fd);
	errno = error;
	return result;
}

/* Where the bytes really go: the target of a symbolic link, or the path itself while there is nothing. */
static int resolve(const char *path, char *buf, size_t size)
{
	struct stat st;
	char *target = realpath(path, NULL);
	/* A link that points nowhere isn't replaced: what it was to point to may only be unmounted. */
	if (target == NULL && (errno != ENOENT || lstat(path, &st) == 0))
		return -1;
	int n = snprintf(buf, size, "%s", target != NULL ? target : path);
	free(target);
	if (n < 0 || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

static int fill(int fd, const char *target, const void *data, size_t len, mode_t mode)
{
	return copy_looks(target, fd, mode) == 0 && write_all(fd, data, len) == 0 && fsync(fd) == 0 ? 0 : -1;
}

int file_replace(const char *path, const void *data, size_t len, mode_t mode, struct fault *fault)
{
	char target[PATH_MAX - 16], temporary[PATH_MAX];
	if (resolve(path, target, sizeof target) != 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s", path);
	/* One fixed name, so that what a power cut leaves behind is taken away by the next writer. Writers hold the lock. */
	(void)snprintf(temporary, sizeof temporary, "%s.retrust", target);
	(void)unlink(temporary);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s: no new file can be made beside it", target);
	int result = fill(fd, target, data, len, mode);
	int error = errno;
	(void)close(fd);
	if (result == 0 && rename(temporary, target) != 0) {
		error = errno;
		result = -1;
	}
	if (result != 0) {
		(void)unlink(temporary);
		return fault_errno(fault, FAULT_INTERNAL, error, "%s: writing it failed and the old one stays", target);
	}
	if (file_sync_directory_of(target) != 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s: its directory can't be synced", target);
	return 0;
}

void file_sweep(const char *path)
{
	char temporary[PATH_MAX];
	(void)snprintf(temporary, sizeof temporary, "%s.retrust", path);
	(void)unlink(temporary);
}

int file_remove(const char *path, struct fault *fault)
{
	if (unlink(path) != 0)
		return errno == ENOENT ? 0 : fault_errno(fault, FAULT_INTERNAL, errno, "%s: can't be removed", path);
	if (file_sync_directory_of(path) != 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s: its directory can't be synced", path);
	return 0;
}

int file_directory(const char *path, mode_t mode, struct fault *fault)
{
	/* chmod: the helper's umask would take the others' rights away. */
	if ((mkdir(path, 0700) == 0 && chmod(path, mode) == 0) || errno == EEXIST)
		return 0;
	return fault_errno(fault, FAULT_INTERNAL, errno, "%s: can't be made", path);
}
