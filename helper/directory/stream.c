/* Bytes to and from the pinned DC, see stream.h. */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

int stream_fail(const struct stream *stream, int error, const char *what, struct fault *fault)
{
	if (error != 0)
		return fault_errno(fault, FAULT_UNSURE, error, "%s (%s) port %d: %s", stream->dc->host,
		                   stream->dc->address, stream->port, what);
	return fault_set(fault, FAULT_UNSURE, "%s (%s) port %d: %s", stream->dc->host, stream->dc->address,
	                 stream->port, what);
}

static int wait_for(const struct stream *stream, short events, struct fault *fault)
{
	for (;;) {
		struct pollfd pfd = { .fd = stream->fd, .events = events };
		const int left = deadline_left_ms(stream->deadline);
		const int n = left > 0 ? poll(&pfd, 1, left) : 0;
		if (n > 0)
			return 0; /* errors too: the next send or recv tells them */
		if (n == 0)
			return stream_fail(stream, 0,
			                   events == POLLIN ? "connected, but no whole answer in time"
			                                    : "takes no data in time",
			                   fault);
		if (errno != EINTR)
			return stream_fail(stream, errno, "cannot wait", fault);
	}
}

static bool is_transient(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int stream_send(const struct stream *stream, const uint8_t *bytes, size_t len, struct fault *fault)
{
	for (size_t done = 0; done < len;) {
		const ssize_t n = send(stream->fd, bytes + done, len - done, MSG_NOSIGNAL);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && !is_transient(errno))
			return stream_fail(stream, errno, "connection lost while sending", fault);
		else if (wait_for(stream, POLLOUT, fault) != 0)
			return -1;
	}
	return 0;
}

int stream_recv(const struct stream *stream, uint8_t *ret_bytes, size_t len, struct fault *fault)
{
	for (size_t done = 0; done < len;) {
		if (wait_for(stream, POLLIN, fault) != 0)
			return -1;
		const ssize_t n = recv(stream->fd, ret_bytes + done, len - done, 0);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			return stream_fail(stream, 0, "closed the connection before a whole answer", fault);
		else if (!is_transient(errno))
			return stream_fail(stream, errno, "connection lost before a whole answer", fault);
	}
	return 0;
}
