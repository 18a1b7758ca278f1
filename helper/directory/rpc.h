/* Calls of DCE/RPC (C706 chapters 9 and 12) at the pinned DC over TCP ([MS-RPCE] 2.1.1.1) or a named pipe (2.1.1.2):
 * connect, bind, ask, put the fragments of the answer together.
 *
 * SECURITY: the peer may be anybody. Every length is bounded, every wait has the deadline, an answer that is longer
 * than RPC_REPLY_MAX or has empty fragments in it isn't read to its end. Without a guard nothing that comes back is
 * proven.
 */
#ifndef RETRUST_RPC_H
#define RETRUST_RPC_H

#include "rpc_pdu.h"
#include "stream.h"

enum { RPC_REPLY_MAX = 65536 };

/* Protects a connection from its bind on. */
struct rpc_guard {
	struct rpc_pdu_auth auth;
	size_t token_len; /* of each request and response, at most 64 */
	/* Encrypts data in place and writes its token. */
	bool (*seal)(void *state, uint8_t *data, size_t len, uint8_t *ret_token);
	/* The reverse; false when it isn't what the peer sealed. */
	bool (*open)(void *state, uint8_t *data, size_t len, const uint8_t *token);
	void *state;
};

struct rpc_target {
	const struct dc *dc;
	int port;
	const char *pipe; /* "netlogon": by this named pipe, port isn't looked at; NULL: by TCP */
	const struct rpc_pdu_syntax *interface;
	const struct rpc_guard *guard; /* NULL: an unauthenticated bind */
};

struct rpc; /* a bound connection */

/* Connects and binds. On RPC_OK *ret_rpc is closed with rpc_close and keeps using guard->state; the whole conversation
 * ends at the deadline. */
enum rpc_result rpc_open(const struct rpc_target *target, struct deadline deadline, struct rpc **ret_rpc,
                         struct fault *fault);

/* Closes and wipes it; NULL is fine. */
void rpc_close(struct rpc *rpc);

struct rpc_reply {
	const uint8_t *data; /* inside *rpc, until the next call */
	size_t len;
};

/* One call; call->id is set here. After anything but RPC_OK the connection is of no further use. */
enum rpc_result rpc_call(struct rpc *rpc, struct rpc_pdu_call call, struct rpc_reply *ret_reply, struct fault *fault);

#endif
