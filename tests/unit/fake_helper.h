/* A helper for tests: listens on a socket of the test's own and plays a script to whoever connects. */
#ifndef RETRUST_TEST_FAKE_HELPER_H
#define RETRUST_TEST_FAKE_HELPER_H

#include <retrust/condition.h>
#include <retrust/proto.h>
#include <retrust/step.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What the helper says to a connection whose request was read. */
typedef void fake_script(int sock);

/* What it was asked; in memory shared with the test. */
struct fake_log {
	bool asked;
	struct rt_msg request;
};

static inline void fake_hear(int sock, struct fake_log *log)
{
	log->asked = sock >= 0 && proto_recv(sock, &log->request, NULL, 5000) == RT_MSG_REQUEST;
}

static inline int fake_listen(const char *path, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strncpy(address.sun_path, path, sizeof address.sun_path - 1);
	(void)unlink(path);
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0 || bind(sock, (const struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0666) != 0 ||
	    listen(sock, backlog) != 0)
		abort();
	return sock;
}

/* Accepts one connection, reads its request into *log and plays the script, in a process of its own. */
static inline pid_t fake_serve(int listener, fake_script *script, struct fake_log *log)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	(void)alarm(30);
	int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	fake_hear(sock, log);
	if (log->asked)
		script(sock);
	_exit(0);
}

static inline void fake_step(int sock, uint32_t step, const char *word1, const char *word2)
{
	struct rt_msg msg;
	proto_begin(&msg, RT_MSG_STEP);
	proto_put_u32(&msg, RT_TAG_STEP, step);
	proto_put_text(&msg, RT_TAG_WORD1, word1);
	proto_put_text(&msg, RT_TAG_WORD2, word2);
	(void)proto_send(sock, &msg, -1, 1000);
}

/* A result under construction: fake_result() and then what else it shall say, then proto_send(). */
static inline void fake_result(struct rt_msg *msg, int exit_code, enum rt_condition condition)
{
	proto_begin(msg, RT_MSG_RESULT);
	proto_put_u32(msg, RT_TAG_EXIT, (uint32_t)exit_code);
	proto_put_u32(msg, RT_TAG_CONDITION, condition);
}

#endif
