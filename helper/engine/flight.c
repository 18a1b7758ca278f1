/* Single flight, see flight.h. */
#include "flight.h"

#include "../base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

/* From the failure of the logon's first line to the helper's answer: a herd of logons keeps a host busy for seconds. */
enum { JUST_MS = 15000, POLL_MS = 5 };

int flight_lock(struct deadline deadline, bool *ret_waited, struct fault *fault)
{
	*ret_waited = false;
	int fd = open(PATH_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s", PATH_LOCK);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int error = errno;
		bool over = deadline_left_ms(deadline) == 0;
		if ((error != EWOULDBLOCK && error != EINTR) || over) {
			(void)close(fd);
			if (over)
				return fault_set(fault, FAULT_UNSURE, "%s: another repair is still under way; try again later",
				                 PATH_LOCK);
			return fault_errno(fault, FAULT_INTERNAL, error, "%s", PATH_LOCK);
		}
		*ret_waited = true;
		(void)poll(NULL, 0, POLL_MS);
	}
	return fd;
}

bool flight_fresh(const struct rt_health *health, uint64_t started_boot_ms, uint64_t now_boot_ms, long verdict_seconds)
{
	uint64_t made = health->tried_boot_ms;
	if (made == 0 || made > now_boot_ms)
		return false;
	return made >= started_boot_ms || now_boot_ms - made <= (uint64_t)verdict_seconds * 1000;
}

bool flight_just_repaired(const struct rt_health *health, uint64_t started_boot_ms)
{
	return health->repaired_boot_ms != 0 && health->repaired_boot_ms + JUST_MS >= started_boot_ms;
}
