/* A TCP server for tests: a child on a port of the loopback interface that answers as its script says and counts what
 * it was asked. */
#ifndef RETRUST_TEST_FAKE_SERVER_H
#define RETRUST_TEST_FAKE_SERVER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct fake_server {
	pid_t pid;
	uint16_t port;
	int count; /* read end: a byte for each connection served */
};

/* Talks with one client on the connected (blocking) socket; nth counts from 0. */
typedef void fake_server_fn(int fd, int nth, const void *data);

/* Listens before it returns. */
static inline struct fake_server fake_server_start(fake_server_fn *serve, const void *data)
{
	struct fake_server server = { .pid = -1 };
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;
	int pipe_fd[2], fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0 || listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) != 0 || pipe(pipe_fd) != 0)
		return server;
	server.port = ntohs(sa.sin_port);
	server.count = pipe_fd[0];
	server.pid = fork();
	for (int nth = 0; server.pid == 0; nth++) {
		int client = accept(fd, NULL, NULL);
		if (client < 0 || write(pipe_fd[1], "x", 1) != 1)
			_exit(1);
		serve(client, nth, data);
		(void)close(client);
	}
	(void)close(fd);
	(void)close(pipe_fd[1]);
	return server;
}

/* A non-blocking connection to it, -1 when there is none. */
static inline int fake_server_connect(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (connect(fd, (struct sockaddr *)&sa, sizeof sa) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Ends it and returns how many clients it served. */
static inline int fake_server_stop(struct fake_server *server)
{
	char buf[256];
	int status, count = 0;
	(void)kill(server->pid, SIGKILL);
	(void)waitpid(server->pid, &status, 0);
	for (ssize_t n; (n = read(server->count, buf, sizeof buf)) > 0;)
		count += (int)n;
	(void)close(server->count);
	return count;
}

/* Reads exactly len bytes. */
static inline bool fake_server_read(int fd, void *buf, size_t len)
{
	return recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len;
}

/* Reads one length-prefixed message. Returns its length, 0 at the end. */
static inline size_t fake_server_request(int fd, uint8_t *buf, size_t size)
{
	uint32_t prefix;
	if (!fake_server_read(fd, &prefix, sizeof prefix) || ntohl(prefix) > size)
		return 0;
	return fake_server_read(fd, buf, ntohl(prefix)) ? ntohl(prefix) : 0;
}

static inline void fake_server_reply(int fd, const void *bytes, size_t len)
{
	const uint32_t prefix = htonl((uint32_t)len);
	(void)send(fd, &prefix, sizeof prefix, MSG_NOSIGNAL);
	(void)send(fd, bytes, len, MSG_NOSIGNAL);
}

#endif
