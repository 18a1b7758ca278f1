/* Reading the health record, see retrust/health.h. Writing it is the helper's work. */
#include <retrust/health.h>

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

uint32_t health_sum(const struct rt_health *health)
{
	const uint8_t *bytes = (const uint8_t *)health;
	uint32_t sum = 2166136261u;
	for (size_t i = 0; i < offsetof(struct rt_health, check); i++)
		sum = (sum ^ bytes[i]) * 16777619u;
	return sum;
}

/* A file that only root, or the very user that reads it, can have written. */
static bool trustworthy(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && st.st_size == (off_t)sizeof(struct rt_health);
}

bool health_read(const char *path, struct rt_health *ret_health)
{
	/* O_NONBLOCK: a FIFO in its place must not hold a logon */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	struct rt_health health;
	bool whole = trustworthy(fd) && read(fd, &health, sizeof health) == (ssize_t)sizeof health;
	(void)close(fd);
	if (!whole || health.magic != RT_HEALTH_MAGIC || health.check != health_sum(&health) ||
	    health.dc[sizeof health.dc - 1] != '\0')
		return false;
	*ret_health = health;
	return true;
}
