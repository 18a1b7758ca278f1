/* Bytes to and from the pinned DC over one TCP connection, all of them or none, until a deadline.
 *
 * SECURITY: the peer may be anybody. Every wait has the deadline, and a peer that sends byte after byte can't outlast
 * it.
 */
#ifndef RETRUST_STREAM_H
#define RETRUST_STREAM_H

#include "locate.h"

#include <stddef.h>
#include <stdint.h>

/* What came of an exchange with the DC. */
enum rpc_result {
	RPC_OK,
	RPC_NOT_SENT,  /* not connected, or the kernel never took the whole request: the peer can't have acted on it */
	RPC_NO_REPLY,  /* sent, but no whole answer came: the peer may have acted on it */
	RPC_BAD_REPLY, /* sent, and the answer is malformed, isn't ours or doesn't unseal */
	RPC_REFUSED    /* a fault, a refused bind or pipe; not authenticated, even under a guard */
};

struct stream {
	int fd; /* non-blocking */
	int port;
	struct deadline deadline;
	const struct dc *dc;
};

/* Tells in *fault (FAULT_UNSURE) who it was and what happened; error 0: no errno to explain it. Returns -1. */
int stream_fail(const struct stream *stream, int error, const char *what, struct fault *fault);

/* Sends all of it. Returns 0, or -1 with *fault: then the peer has not got the whole of it. */
int stream_send(const struct stream *stream, const uint8_t *bytes, size_t len, struct fault *fault);

/* Receives exactly len bytes. Returns 0, or -1 with *fault. */
int stream_recv(const struct stream *stream, uint8_t *ret_bytes, size_t len, struct fault *fault);

#endif
