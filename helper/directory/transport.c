/* One Kerberos request and its reply over TCP, see transport.h. */
#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PREFIX = 4 };

/* One exchange under way. */
struct link {
	int fd;
	struct deadline deadline;
	struct fault *fault;
	char peer[96]; /* "10.77.0.10 port 88"; asked for at once: a connection that was reset has no peer any more */
};

static struct link begin(int fd, struct deadline deadline, struct fault *fault)
{
	struct link link = { .fd = fd, .deadline = deadline, .fault = fault };
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof sa;
	char host[NI_MAXHOST], port[NI_MAXSERV];
	if (getpeername(fd, (struct sockaddr *)&sa, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&sa, len, host, sizeof host, port, sizeof port,
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		(void)snprintf(link.peer, sizeof link.peer, "the domain controller");
	else
		(void)snprintf(link.peer, sizeof link.peer, "%.64s port %.16s", host, port);
	return link;
}

static int fail(const struct link *link, int error, const char *what)
{
	if (error == 0)
		return fault_set(link->fault, FAULT_UNSURE, "%s: %s", link->peer, what);
	return fault_errno(link->fault, FAULT_UNSURE, error, "%s: %s", link->peer, what);
}

static int wait_for(const struct link *link, short events)
{
	for (;;) {
		struct pollfd pfd = { .fd = link->fd, .events = events };
		const int left = deadline_left_ms(link->deadline);
		const int n = left > 0 ? poll(&pfd, 1, left) : 0;
		if (n > 0)
			return 0; /* errors too: the next send or recv tells them */
		if (n == 0)
			return fail(link, 0,
			            events == POLLIN ? "connected, but no whole answer in time"
			                             : "takes no data in time");
		if (errno != EINTR)
			return fail(link, errno, "cannot wait");
	}
}

/* Whether a failed send or recv is worth another try after waiting. */
static bool is_transient(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static int send_all(const struct link *link, const uint8_t *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t n = send(link->fd, bytes + done, len - done, MSG_NOSIGNAL);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && !is_transient(errno))
			return fail(link, errno, "connection lost while sending");
		else if (wait_for(link, POLLOUT) != 0)
			return -1;
	}
	return 0;
}

/* Waits before each read, so that a peer that sends byte after byte can't outlast the deadline. */
static int recv_all(const struct link *link, uint8_t *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		if (wait_for(link, POLLIN) != 0)
			return -1;
		const ssize_t n = recv(link->fd, bytes + done, len - done, 0);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			return fail(link, 0, "closed the connection before a whole answer");
		else if (!is_transient(errno))
			return fail(link, errno, "connection lost before a whole answer");
	}
	return 0;
}

/* Prefix and request leave in one segment: two would wait for each other's acknowledgement. */
static int send_request(const struct link *link, const struct transport_bytes *request)
{
	if (request->len == 0 || request->len > TRANSPORT_MAX)
		return fault_set(link->fault, FAULT_INTERNAL, "a Kerberos request of %zu bytes cannot be sent",
		                 request->len);
	uint8_t *packet = malloc(PREFIX + request->len);
	if (packet == NULL)
		return fault_errno(link->fault, FAULT_INTERNAL, ENOMEM, "cannot build a Kerberos request");
	const uint32_t length = htonl((uint32_t)request->len);
	memcpy(packet, &length, PREFIX);
	memcpy(packet + PREFIX, request->data, request->len);
	const int rc = send_all(link, packet, PREFIX + request->len);
	free(packet);
	return rc;
}

static int recv_reply(const struct link *link, struct transport_bytes *ret_reply)
{
	uint32_t prefix;
	if (recv_all(link, (uint8_t *)&prefix, PREFIX) != 0)
		return -1;
	const size_t len = ntohl(prefix);
	if (len == 0 || len > TRANSPORT_MAX)
		return fail(link, 0, "announced an answer of a length that cannot be right");
	uint8_t *data = malloc(len);
	if (data == NULL)
		return fault_errno(link->fault, FAULT_INTERNAL, ENOMEM, "cannot keep an answer of %zu bytes", len);
	if (recv_all(link, data, len) != 0) {
		free(data);
		return -1;
	}
	*ret_reply = (struct transport_bytes){ .data = data, .len = len };
	return 0;
}

enum transport_result transport_exchange(int fd, const struct transport_bytes *request, struct deadline deadline,
                                         struct transport_bytes *ret_reply, struct fault *fault)
{
	const struct link link = begin(fd, deadline, fault);
	*ret_reply = (struct transport_bytes){ .data = NULL };
	if (send_request(&link, request) != 0)
		return TRANSPORT_NOT_SENT;
	return recv_reply(&link, ret_reply) == 0 ? TRANSPORT_OK : TRANSPORT_NO_REPLY;
}
