/* The client's side of the door, see retrust/client.h. */
#include <retrust/client.h>

#include "../base/deadline.h"
#include "spawn.h"

#include <retrust/step.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORD_SIZE = 512, STEP_SIZE = 2 * WORD_SIZE + 128, QUESTION_SIZE = 4096 };

const struct rt_door client_default_door = {
	.socket_path = RT_RUNDIR "/" RT_SOCKET_PATH,
	.helper_path = RT_LIBEXECDIR "/retrust-helper",
};

static int fail(int error)
{
	errno = error;
	return -1;
}

/* A blocking connect: it waits fairly where the listener's queue is full, and SO_SNDTIMEO bounds that wait. */
static int connect_within(int sock, const struct sockaddr_un *address, struct deadline deadline)
{
	for (;;) {
		int left = deadline_left_ms(deadline);
		if (left == 0)
			return fail(ETIMEDOUT);
		struct timeval limit = { .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000L };
		if (setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0)
			return -1;
		if (connect(sock, (const struct sockaddr *)address, sizeof *address) == 0)
			return 0;
		if (errno == EAGAIN)
			return fail(ETIMEDOUT);
		if (errno != EINTR)
			return -1;
	}
}

/* Who called listen(): the service manager, uid 0. */
static int demand_root_listener(int sock)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return -1;
	return peer.uid == 0 ? 0 : fail(EPERM);
}

static int connect_socket(const char *path, struct deadline deadline)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	if (len >= sizeof address.sun_path)
		return fail(ENAMETOOLONG);
	memcpy(address.sun_path, path, len);
	struct stat st;
	if (lstat(path, &st) != 0)
		return -1;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != 0)
		return fail(EPERM);
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -1;
	if (connect_within(sock, &address, deadline) == 0 && demand_root_listener(sock) == 0)
		return sock;
	int error = errno;
	(void)close(sock);
	return fail(error);
}

int client_connect(const struct rt_door *door, int timeout_ms)
{
	int sock = connect_socket(door->socket_path, deadline_in(timeout_ms));
	bool nobody_listens = sock < 0 && (errno == ENOENT || errno == ECONNREFUSED);
	if (!nobody_listens || geteuid() != 0)
		return sock;
	return spawn_helper(door->helper_path);
}

/* How the answering of one message went on: the next one, the end, or a failure with errno. */
enum hearing { HEARING_FAILED = -1, HEARING_DONE, HEARING_GOES_ON };

static enum hearing failed(int error)
{
	errno = error;
	return HEARING_FAILED;
}

static enum hearing hear_step(const struct rt_msg *msg, const struct rt_listener *listener)
{
	char word1[WORD_SIZE];
	char word2[WORD_SIZE];
	char text[STEP_SIZE];
	uint32_t step;
	if (!proto_get_u32(msg, RT_TAG_STEP, &step) || proto_get_text(msg, RT_TAG_WORD1, word1, sizeof word1) < 0 ||
	    proto_get_text(msg, RT_TAG_WORD2, word2, sizeof word2) < 0)
		return failed(EPROTO);
	step_text(step, word1, word2, text, sizeof text);
	if (listener->step != NULL && text[0] != '\0')
		listener->step(listener->data, text);
	return HEARING_GOES_ON;
}

/* The person's time to think isn't the helper's: the deadline moves by it. */
static enum hearing hear_question(int sock, struct rt_msg *msg, const struct rt_listener *listener,
                                  struct deadline *deadline)
{
	char question[QUESTION_SIZE];
	if (proto_get_text(msg, RT_TAG_QUESTION, question, sizeof question) < 0)
		return failed(EPROTO);
	int64_t asked = deadline_now_ms();
	bool yes = listener->ask != NULL && listener->ask(listener->data, question);
	deadline->at_ms += deadline_now_ms() - asked;
	proto_begin(msg, RT_MSG_ANSWER);
	proto_put_u32(msg, RT_TAG_YES, yes ? 1 : 0);
	return proto_send(sock, msg, -1, deadline_left_ms(*deadline)) == 0 ? HEARING_GOES_ON : HEARING_FAILED;
}

/* Would proto_get_text() take it? Asked beforehand, because a result is filled in whole or not at all. */
static bool text_fits(const struct rt_msg *msg, enum rt_tag tag, size_t size)
{
	struct rt_field field;
	return !proto_get_bytes(msg, tag, &field) || (field.len < size && memchr(field.data, '\0', field.len) == NULL);
}

static bool get_flag(const struct rt_msg *msg, enum rt_tag tag)
{
	uint32_t value = 0;
	return proto_get_u32(msg, tag, &value) && value == 1;
}

static enum hearing hear_result(const struct rt_msg *msg, struct rt_result *ret_result)
{
	uint32_t code;
	uint32_t condition;
	struct rt_result *r = ret_result;
	if (!proto_get_u32(msg, RT_TAG_EXIT, &code) || code > UINT8_MAX ||
	    !proto_get_u32(msg, RT_TAG_CONDITION, &condition) || !text_fits(msg, RT_TAG_WORDS, sizeof r->words) ||
	    !text_fits(msg, RT_TAG_ERROR, sizeof r->error) || !text_fits(msg, RT_TAG_JSON, sizeof r->json))
		return failed(EPROTO);
	r->exit_code = (int)code;
	r->condition = condition < RT_COND_COUNT ? (enum rt_condition)condition : RT_COND_UNKNOWN;
	r->retry = get_flag(msg, RT_TAG_RETRY);
	r->repaired = get_flag(msg, RT_TAG_REPAIRED);
	r->user_fault = get_flag(msg, RT_TAG_USER_FAULT);
	(void)proto_get_text(msg, RT_TAG_WORDS, r->words, sizeof r->words);
	(void)proto_get_text(msg, RT_TAG_ERROR, r->error, sizeof r->error);
	(void)proto_get_text(msg, RT_TAG_JSON, r->json, sizeof r->json);
	return HEARING_DONE;
}

/* One message. The deadline is asked first: a helper that never stops talking is as hung as a silent one. */
static enum hearing hear(int sock, const struct rt_listener *listener, struct deadline *deadline,
                         struct rt_result *ret_result)
{
	struct rt_msg msg;
	int left = deadline_left_ms(*deadline);
	if (left == 0)
		return failed(ETIMEDOUT);
	switch (proto_recv(sock, &msg, NULL, left)) {
	case -1:
		return HEARING_FAILED;
	case 0:
		return failed(EPIPE);
	case RT_MSG_STEP:
		return hear_step(&msg, listener);
	case RT_MSG_ASK:
		return hear_question(sock, &msg, listener, deadline);
	case RT_MSG_RESULT:
		return hear_result(&msg, ret_result);
	default:
		return failed(EPROTO);
	}
}

int client_ask(int sock, const struct rt_msg *request, int fd, const struct rt_listener *listener, int timeout_ms,
               struct rt_result *ret_result)
{
	static const struct rt_listener nobody = { 0 };
	struct deadline deadline = deadline_in(timeout_ms);
	enum hearing hearing = HEARING_GOES_ON;
	if (proto_send(sock, request, fd, timeout_ms) != 0)
		return -1;
	while (hearing == HEARING_GOES_ON)
		hearing = hear(sock, listener != NULL ? listener : &nobody, &deadline, ret_result);
	return hearing == HEARING_DONE ? 0 : -1;
}
