/* One Kerberos request and its reply over a connected TCP socket (RFC 4120 section 7.2.2: four bytes of length before
 * each).
 *
 * SECURITY: the peer may be anybody. Every length is bounded, every wait has a deadline, a reply is never longer than
 * TRANSPORT_MAX and nothing of it is looked at here.
 */
#ifndef RETRUST_TRANSPORT_H
#define RETRUST_TRANSPORT_H

#include "stream.h"

#define TRANSPORT_MAX ((size_t)1 << 20)

enum transport_result {
	TRANSPORT_OK,
	TRANSPORT_NOT_SENT, /* the kernel never took the whole request: the peer can't have acted on it */
	TRANSPORT_NO_REPLY  /* sent, but no whole reply came: the peer may have acted on it */
};

struct transport_bytes {
	uint8_t *data;
	size_t len;
};

/* Sends the request and reads one reply (1 … TRANSPORT_MAX bytes) into ret_reply->data, which the caller frees; on
 * failure it is NULL and *fault (FAULT_UNSURE) names the peer. The stream stays open and isn't fit for a second
 * exchange after a failure. Blocks until its deadline at the most. */
enum transport_result transport_exchange(const struct stream *stream, const struct transport_bytes *request,
                                         struct transport_bytes *ret_reply, struct fault *fault);

#endif
