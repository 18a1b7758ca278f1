/* Processes by the name of their program, see process.h. */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
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

/* in, out: descriptors for its input and outputs, -1 = /dev/null. */
static pid_t start(const char *const argv[], int in, int out)
{
	static char *const empty[] = { NULL };
	const pid_t pid = fork();
	if (pid != 0)
		return pid;
	const int null = open("/dev/null", O_RDWR);
	(void)dup2(in >= 0 ? in : null, 0);
	(void)dup2(out >= 0 ? out : null, 1);
	(void)dup2(out >= 0 ? out : null, 2);
	(void)close_range(3, ~0U, 0);
	(void)setsid();
	(void)execve(argv[0], (char *const *)(uintptr_t)argv, empty);
	_exit(127);
}

/* Has it ended? Then its exit status, -1 where a signal ended it, goes to *ret_status. */
static bool has_ended(pid_t pid, int *ret_status)
{
	int status;
	const pid_t done = waitpid(pid, &status, WNOHANG);
	if (done == 0 || (done < 0 && errno == EINTR))
		return false;
	*ret_status = done == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return true;
}

static bool wait_for_end(pid_t pid, struct deadline deadline, int *ret_status)
{
	while (!has_ended(pid, ret_status)) {
		if (deadline_left_ms(deadline) == 0)
			return false;
		(void)poll(NULL, 0, 5);
	}
	return true;
}

/* Its own session: its children too, unless it hasn't come so far. */
static void end(pid_t pid)
{
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR);
}

int process_run(const char *const argv[], struct deadline deadline)
{
	int status = -1;
	const pid_t pid = start(argv, -1, -1);
	if (pid > 0)
		(void)wait_for_end(pid, deadline, &status);
	return status;
}

int process_ask(const char *const argv[], struct deadline deadline)
{
	int status = -1;
	const pid_t pid = start(argv, -1, -1);
	if (pid > 0 && !wait_for_end(pid, deadline, &status))
		end(pid);
	return status;
}

/* Reads what is there now, for 5 ms at the most; what doesn't fit is dropped. */
static void read_some(int fd, const struct process_talk *talk, size_t *len)
{
	char dropped[256];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	if (poll(&pfd, 1, 5) <= 0)
		return;
	const size_t room = talk->size - 1 - *len;
	const ssize_t n = read(fd, room > 0 ? talk->ret_output + *len : dropped, room > 0 ? room : sizeof dropped);
	if (n > 0 && room > 0)
		*len += (size_t)n;
	else if (n == 0)
		(void)poll(NULL, 0, 5); /* it has closed its outputs and goes on */
}

static int listen_to(pid_t pid, int fd, const struct process_talk *talk, struct deadline deadline)
{
	int status = -1;
	size_t len = 0;
	bool ended = false;
	while (!ended && deadline_left_ms(deadline) > 0) {
		ended = has_ended(pid, &status);
		read_some(fd, talk, &len); /* once more after its end */
	}
	talk->ret_output[len] = '\0';
	if (!ended)
		end(pid);
	return status;
}

int process_talk(const char *const argv[], const struct process_talk *talk, struct deadline deadline)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, status = -1;
	talk->ret_output[0] = '\0';
	/* Nobody reads yet: the pipe itself holds the input. */
	bool good = talk->input_len <= PIPE_BUF && pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
	            write(in[1], talk->input, talk->input_len) == (ssize_t)talk->input_len;
	const pid_t pid = good ? start(argv, in[0], out[1]) : -1;
	for (int i = 0; i < 2; i++) {
		if (in[i] >= 0)
			(void)close(in[i]);
	}
	if (out[1] >= 0)
		(void)close(out[1]);
	if (pid > 0)
		status = listen_to(pid, out[0], talk, deadline);
	if (out[0] >= 0)
		(void)close(out[0]);
	return status;
}
