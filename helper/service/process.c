/* Processes by the name of their program, see process.h. */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool has_name(const char *pid, const char *name)
{
	char path[64], comm[64] = "";
	(void)snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, comm, sizeof comm - 1);
	(void)close(fd);
	if (n <= 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	return strcmp(comm, name) == 0;
}

long process_number(pid_t pid, const char *key)
{
	char path[64], line[128];
	long number = -1;
	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -1;
	while (number < 0 && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			number = strtol(line + strlen(key), NULL, 10);
	(void)fclose(file);
	return number;
}

/* The real uid: a setuid program that a person started under this name isn't the service. */
static bool has_owner(pid_t pid, uid_t owner)
{
	long uid = process_number(pid, "Uid:");
	return uid == 0 || uid == (long)owner;
}

/* From /etc/passwd alone: NSS could lead back to the very service that is looked for. */
static uid_t uid_of(const char *user)
{
	uid_t uid = 0;
	FILE *file = user == NULL ? NULL : fopen("/etc/passwd", "re");
	if (file == NULL)
		return 0;
	for (struct passwd *pw; (pw = fgetpwent(file)) != NULL;)
		if (strcmp(pw->pw_name, user) == 0)
			uid = pw->pw_uid;
	(void)fclose(file);
	return uid;
}

int process_each(const char *name, const char *owner, void (*visit)(pid_t pid, void *data), void *data)
{
	int count = 0;
	uid_t uid = uid_of(owner);
	DIR *proc = opendir("/proc");
	if (proc == NULL)
		return 0;
	for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !has_name(entry->d_name, name))
			continue;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (!has_owner(pid, uid))
			continue;
		count++;
		if (visit != NULL)
			visit(pid, data);
	}
	(void)closedir(proc);
	return count;
}

static void become(const char *const argv[])
{
	static char *const empty[] = { NULL };
	int null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		(void)dup2(null, 0);
		(void)dup2(null, 1);
		(void)dup2(null, 2);
	}
	(void)close_range(3, ~0U, 0);
	(void)setsid();
	(void)execve(argv[0], (char *const *)(uintptr_t)argv, empty);
	_exit(127);
}

int process_run(const char *const argv[], struct deadline deadline)
{
	int status;
	pid_t pid = fork();
	if (pid < 0)
		return -1;
	if (pid == 0)
		become(argv);
	for (;;) {
		pid_t done = waitpid(pid, &status, WNOHANG);
		if (done == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		if ((done < 0 && errno != EINTR) || deadline_left_ms(deadline) == 0)
			return -1;
		(void)poll(NULL, 0, 5);
	}
}
