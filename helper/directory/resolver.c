/* One DNS question, see resolver.h. */
#include "resolver.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SERVERS_MAX = MAXNS,
	QUERY_MAX = 512,
	PAYLOAD = 1232, /* that we take over UDP: passes every link without fragments */
	RESEND_MS = 500,
	PATIENCE_MS = 250 /* with the servers before one that knows nothing */
};

enum state { PENDING, NEGATIVE, FAILED };

struct question {
	uint8_t bytes[QUERY_MAX];
	size_t len;  /* with the EDNS record */
	size_t body; /* without: header and question */
	size_t servers;
	int fd[SERVERS_MAX];
	enum state state[SERVERS_MAX];
};

static void put_u16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The question with a random id, and behind it an OPT record (RFC 6891) that allows for more than 512 bytes. */
static bool make_query(struct __res_state *state, const char *name, int type, struct question *question)
{
	const size_t opt = 11;
	const int len = res_nmkquery(state, ns_o_query, name, ns_c_in, type, NULL, 0, NULL, question->bytes,
	                             (int)(sizeof question->bytes - opt));
	if (len < NS_HFIXEDSZ || getrandom(question->bytes, 2, 0) != 2)
		return false;
	question->body = (size_t)len;
	question->len = question->body + opt;
	uint8_t *at = question->bytes + question->body;
	memset(at, 0, opt);
	put_u16(at + 1, ns_t_opt);
	put_u16(at + 3, PAYLOAD);
	put_u16(question->bytes + 10, 1); /* one additional record */
	return true;
}

/* A connected socket: the kernel then drops what comes from another address, and tells when nobody listens. */
static int open_server(const struct __res_state *state, int i)
{
	const struct sockaddr *sa = (const struct sockaddr *)&state->nsaddr_list[i];
	socklen_t len = sizeof state->nsaddr_list[i];
	if (state->nsaddr_list[i].sin_family != AF_INET) { /* glibc keeps the others elsewhere */
		sa = (const struct sockaddr *)state->_u._ext.nsaddrs[i];
		len = sizeof *state->_u._ext.nsaddrs[i];
	}
	if (sa == NULL)
		return -1;
	const int fd = socket(sa->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, sa, len) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static bool begin(const char *name, int type, struct question *question)
{
	struct __res_state state;
	memset(&state, 0, sizeof state);
	memset(question, 0, sizeof *question);
	if (res_ninit(&state) != 0)
		return false;
	const bool made = make_query(&state, name, type, question);
	for (int i = 0; made && i < state.nscount && i < SERVERS_MAX; i++) {
		question->fd[question->servers] = open_server(&state, i);
		if (question->fd[question->servers] >= 0)
			question->servers++;
	}
	res_nclose(&state);
	return question->servers > 0;
}

static void send_all(struct question *question)
{
	for (size_t i = 0; i < question->servers; i++)
		if (question->state[i] == PENDING &&
		    send(question->fd[i], question->bytes, question->len, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			question->state[i] = FAILED;
}

bool resolver_is_answer(const uint8_t *query, size_t body, const uint8_t *answer, size_t len)
{
	const bool same_id = len >= body && body > NS_HFIXEDSZ && memcmp(answer, query, 2) == 0;
	if (!same_id || (answer[2] & 0x80) == 0 || memcmp(answer + 4, query + 4, 2) != 0)
		return false;
	for (size_t i = NS_HFIXEDSZ; i < body; i++)
		if (strncasecmp((const char *)answer + i, (const char *)query + i, 1) != 0)
			return false;
	return true;
}

/* Takes what server i sent. True when it has records. */
static bool take(struct question *question, size_t i, uint8_t *answer, size_t *ret_len)
{
	const ssize_t n = recv(question->fd[i], answer, RESOLVER_ANSWER_MAX, 0);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			question->state[i] = FAILED; /* ECONNREFUSED: nobody listens there */
		return false;
	}
	if (!resolver_is_answer(question->bytes, question->body, answer, (size_t)n))
		return false;
	const int code = answer[3] & 0xf;
	const bool records = (answer[6] | answer[7]) != 0, truncated = (answer[2] & 0x02) != 0;
	if (code == ns_r_noerror && records) {
		*ret_len = (size_t)n;
		return true;
	}
	const bool none = code == ns_r_nxdomain || (code == ns_r_noerror && !truncated);
	question->state[i] = none ? NEGATIVE : FAILED;
	return false;
}

/* Waits for the servers and takes what came. True when one has records. */
static bool wait_and_take(struct question *question, int timeout_ms, uint8_t *answer, size_t *ret_len)
{
	struct pollfd pfd[SERVERS_MAX];
	for (size_t i = 0; i < question->servers; i++)
		pfd[i] =
			(struct pollfd){ .fd = question->state[i] == PENDING ? question->fd[i] : -1, .events = POLLIN };
	if (poll(pfd, (nfds_t)question->servers, timeout_ms) <= 0)
		return false;
	for (size_t i = 0; i < question->servers; i++)
		if (pfd[i].revents != 0 && take(question, i, answer, ret_len))
			return true;
	return false;
}

/* Is the outcome known without records? impatient: no more waiting for servers before one that knows nothing. */
static bool is_settled(const struct question *question, bool impatient, enum resolver_result *ret_result)
{
	bool pending = false;
	for (size_t i = 0; i < question->servers; i++) {
		if (question->state[i] == NEGATIVE && (!pending || impatient)) {
			*ret_result = RESOLVER_NOTHING;
			return true;
		}
		pending = pending || question->state[i] == PENDING;
	}
	*ret_result = RESOLVER_NO_ANSWER;
	return !pending;
}

static int smaller(int a, int b)
{
	return a < b ? a : b;
}

static enum resolver_result run(struct question *question, struct deadline deadline, uint8_t *answer, size_t *ret_len)
{
	const struct deadline patience = deadline_in(PATIENCE_MS);
	struct deadline resend = deadline_in(0);
	enum resolver_result result = RESOLVER_NO_ANSWER;
	while (!is_settled(question, deadline_left_ms(patience) == 0, &result)) {
		const int left = deadline_left_ms(deadline);
		if (left == 0)
			break;
		if (deadline_left_ms(resend) == 0) {
			send_all(question);
			resend = deadline_in(RESEND_MS);
		}
		int wait = smaller(left, deadline_left_ms(resend));
		if (deadline_left_ms(patience) > 0)
			wait = smaller(wait, deadline_left_ms(patience));
		if (wait_and_take(question, wait, answer, ret_len))
			return RESOLVER_ANSWER;
	}
	return result;
}

enum resolver_result resolver_ask(const char *name, int type, struct deadline deadline, uint8_t *answer,
                                  size_t *ret_len)
{
	struct question question;
	const enum resolver_result result =
		begin(name, type, &question) ? run(&question, deadline, answer, ret_len) : RESOLVER_NO_ANSWER;
	for (size_t i = 0; i < question.servers; i++)
		(void)close(question.fd[i]);
	return result;
}
