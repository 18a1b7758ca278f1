/* TCP connections of another process, see socket.h: the inodes of /proc/PID/net/tcp against the links in /proc/PID/fd. */
#include "socket.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { TCP_ESTABLISHED = 1, INODES_MAX = 256 };

struct inodes {
	size_t count;
	unsigned long inode[INODES_MAX];
};

static bool is_one_of(unsigned int port, const int ports[])
{
	for (; *ports != 0; ports++)
		if ((unsigned int)*ports == port)
			return true;
	return false;
}

/* "  sl  local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …"; addresses are hex, of both families. */
static void read_table(const char *path, const int ports[], struct inodes *inodes)
{
	char line[512];
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof line, file) != NULL && inodes->count < INODES_MAX) {
		unsigned int port, state;
		unsigned long inode;
		if (sscanf(line, " %*u: %*[0-9A-F]:%*x %*[0-9A-F]:%x %x %*x:%*x %*x:%*x %*x %*u %*u %lu", &port, &state,
		           &inode) == 3 &&
		    state == TCP_ESTABLISHED && is_one_of(port, ports))
			inodes->inode[inodes->count++] = inode;
	}
	(void)fclose(file);
}

static bool has(const struct inodes *inodes, unsigned long inode)
{
	for (size_t i = 0; i < inodes->count; i++)
		if (inodes->inode[i] == inode)
			return true;
	return false;
}

static int count_links(const char *path, const struct inodes *inodes)
{
	int count = 0;
	DIR *directory = opendir(path);
	if (directory == NULL)
		return 0;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		char link[64];
		unsigned long inode;
		ssize_t n = readlinkat(dirfd(directory), entry->d_name, link, sizeof link - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (sscanf(link, "socket:[%lu]", &inode) == 1 && has(inodes, inode))
			count++;
	}
	(void)closedir(directory);
	return count;
}

int socket_established(pid_t pid, const int ports[])
{
	char path[64];
	struct inodes inodes = { 0 };
	(void)snprintf(path, sizeof path, "/proc/%d/net/tcp", (int)pid);
	read_table(path, ports, &inodes);
	(void)snprintf(path, sizeof path, "/proc/%d/net/tcp6", (int)pid);
	read_table(path, ports, &inodes);
	if (inodes.count == 0)
		return 0;
	(void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	return count_links(path, &inodes);
}
