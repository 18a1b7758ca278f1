/* Files that must be whole at every instant: read whole, replaced whole. */
#ifndef RETRUST_FILE_H
#define RETRUST_FILE_H

#include "../base/fault.h"

#include <stddef.h>
#include <sys/types.h>

#define FILE_MAX (1u << 20) /* no file that retrust reads is larger */

/* Reads a whole regular file into fresh memory (*ret_data, free it with file_free; a byte 0 stands behind the data).
 * Returns the length, -1 with errno ENOENT where there is none (*fault untouched), or -1 with *fault. */
ssize_t file_read(const char *path, void **ret_data, struct fault *fault);

/* Reads size bytes of an open file; fewer where it ends before. Returns how many, or -1 with errno. */
ssize_t file_read_fd(int fd, void *buf, size_t size);

/* Wipes and frees what file_read gave; NULL is fine. */
void file_free(void *data, size_t len);

/* Replaces a file: temporary file beside it, fsync, rename, fsync of the directory. Where the file exists, its owner, mode and
 * extended attributes (SELinux label, ACL) are kept; else it becomes root's with that mode. A symbolic link is followed,
 * so that the link stays and its target is replaced. Returns 0, or -1 with *fault and the old file as it was. */
int file_replace(const char *path, const void *data, size_t len, mode_t mode, struct fault *fault);

/* Makes what was renamed or linked to that path durable. Returns 0 or -1 with errno. */
int file_sync_directory_of(const char *path);

/* Takes away what a writer of that file left beside it when it was killed. Under the lock that its writers hold. */
void file_sweep(const char *path);

/* Removes a file durably; none there is fine. Returns 0 or -1 with *fault. */
int file_remove(const char *path, struct fault *fault);

/* Makes a directory of root's (mode) where there is none. Returns 0 or -1 with *fault. */
int file_directory(const char *path, mode_t mode, struct fault *fault);

#endif
