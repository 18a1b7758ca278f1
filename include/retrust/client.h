/* The client's side of the door: reach the helper, ask one thing, hear the steps and the result.
 *
 * Used by the PAM module, the NSS module and the command. libc only; no static state, no thread, no signal handler, no
 * stdio, no locale; what is opened is closed before return; a spawned helper leaves no zombie and raises no SIGCHLD.
 */
#ifndef RETRUST_CLIENT_H
#define RETRUST_CLIENT_H

#include <retrust/condition.h>
#include <retrust/proto.h>

/* Where the helper is. The paths are compiled in; tests pass their own (never from the environment). */
struct rt_door {
	const char *socket_path; /* listening socket of the service manager */
	const char *helper_path; /* started over a socketpair where nobody listens and the caller's euid is 0 */
};
extern const struct rt_door client_default_door;

/* What the helper answered. */
struct rt_result {
	int exit_code;
	enum rt_condition condition;
	bool retry;
	bool repaired;
	bool user_fault;
	char words[512];
	char error[1024];
	char json[RT_MSG_MAX]; /* empty where the helper sent none */
};

/* Called for what comes before the result. Either may be NULL (steps are dropped, a question is answered with no). */
struct rt_listener {
	void (*step)(void *data, const char *text);
	bool (*ask)(void *data, const char *question);
	void *data;
};

/* Reaches the helper: connects to the door's socket; where nobody listens (ENOENT, ECONNREFUSED) and the effective uid is
 * 0, starts the helper itself over a socketpair: every other descriptor closed, environment empty, real, effective and
 * saved ids 0, signals at their defaults, own session, working directory /. The listener behind the socket must be uid 0
 * (SO_PEERCRED), the socket must be owned by root, and the helper by root and writable by root alone, otherwise EPERM.
 * Returns a connected descriptor (close-on-exec) or -1 with errno. Blocks at most timeout_ms. */
int client_connect(const struct rt_door *door, int timeout_ms);

/* Sends one request over a connection and hears it to the end. fd: the credential file or -1.
 * Returns 0 with *ret_result filled, or -1 with errno: ETIMEDOUT (timeout_ms over; the helper goes on with what it may
 * not leave half done), EPIPE / ECONNRESET (the helper died), EPROTO. *ret_result is never set on failure.
 * Blocks at most timeout_ms, plus the time that listener->ask takes. */
int client_ask(int sock, const struct rt_msg *request, int fd, const struct rt_listener *listener, int timeout_ms,
               struct rt_result *ret_result);

#endif
