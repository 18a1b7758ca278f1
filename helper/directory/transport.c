/* One Kerberos request and its reply over TCP, see transport.h. */
#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX = 4 };

/* Prefix and request leave in one segment: two would wait for each other's acknowledgement. */
static int send_request(const struct stream *stream, const struct transport_bytes *request, struct fault *fault)
{
	if (request->len == 0 || request->len > TRANSPORT_MAX)
		return fault_set(fault, FAULT_INTERNAL, "a Kerberos request of %zu bytes cannot be sent", request->len);
	uint8_t *packet = malloc(PREFIX + request->len);
	if (packet == NULL)
		return fault_errno(fault, FAULT_INTERNAL, ENOMEM, "cannot build a Kerberos request");
	const uint32_t length = htonl((uint32_t)request->len);
	memcpy(packet, &length, PREFIX);
	memcpy(packet + PREFIX, request->data, request->len);
	const int rc = stream_send(stream, packet, PREFIX + request->len, fault);
	free(packet);
	return rc;
}

static int recv_reply(const struct stream *stream, struct transport_bytes *ret_reply, struct fault *fault)
{
	uint32_t prefix;
	if (stream_recv(stream, (uint8_t *)&prefix, PREFIX, fault) != 0)
		return -1;
	const size_t len = ntohl(prefix);
	if (len == 0 || len > TRANSPORT_MAX)
		return stream_fail(stream, 0, "announced an answer of a length that cannot be right", fault);
	uint8_t *data = malloc(len);
	if (data == NULL)
		return fault_errno(fault, FAULT_INTERNAL, ENOMEM, "cannot keep an answer of %zu bytes", len);
	if (stream_recv(stream, data, len, fault) != 0) {
		free(data);
		return -1;
	}
	*ret_reply = (struct transport_bytes){ .data = data, .len = len };
	return 0;
}

enum transport_result transport_exchange(const struct stream *stream, const struct transport_bytes *request,
                                         struct transport_bytes *ret_reply, struct fault *fault)
{
	*ret_reply = (struct transport_bytes){ .data = NULL };
	if (send_request(stream, request, fault) != 0)
		return TRANSPORT_NOT_SENT;
	return recv_reply(stream, ret_reply, fault) == 0 ? TRANSPORT_OK : TRANSPORT_NO_REPLY;
}
