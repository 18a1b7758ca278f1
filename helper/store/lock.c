/* Locks that end with their holder, see lock.h. */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

enum { POLL_MS = 5 };

int lock_take(const char *path, struct deadline deadline, bool *ret_waited, struct fault *fault)
{
	*ret_waited = false;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int error = errno;
		bool over = deadline_left_ms(deadline) == 0;
		if ((error != EWOULDBLOCK && error != EINTR) || over) {
			(void)close(fd);
			if (over)
				return fault_set(fault, FAULT_UNSURE,
				                 "%s: another request is still under way; try again later", path);
			return fault_errno(fault, FAULT_INTERNAL, error, "%s", path);
		}
		*ret_waited = true;
		(void)poll(NULL, 0, POLL_MS);
	}
	return fd;
}
