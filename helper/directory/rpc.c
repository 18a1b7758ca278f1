/* Calls of DCE/RPC over TCP, see rpc.h. */
#include "rpc.h"

#include "smb_pipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rpc {
	struct stream stream;
	struct smb_pipe *pipe; /* in the stream; NULL: RPC is in it itself */
	uint32_t call_id;
	const struct rpc_guard *guard;
	struct fault *fault; /* of the call under way */
	size_t reply_len;
	uint8_t fragment[RPC_PDU_MAX];
	uint8_t reply[RPC_REPLY_MAX];
};

static void fail(const struct rpc *rpc, const char *what)
{
	(void)stream_fail(&rpc->stream, 0, what, rpc->fault);
}

static enum rpc_result bad(const struct rpc *rpc, const char *what)
{
	fail(rpc, what);
	return RPC_BAD_REPLY;
}

static int send_all(struct rpc *rpc, const uint8_t *bytes, size_t len)
{
	return rpc->pipe != NULL ? smb_pipe_send(rpc->pipe, bytes, len, rpc->fault)
	                         : stream_send(&rpc->stream, bytes, len, rpc->fault);
}

static enum rpc_result recv_all(struct rpc *rpc, uint8_t *bytes, size_t len)
{
	if (rpc->pipe != NULL)
		return smb_pipe_recv(rpc->pipe, bytes, len, rpc->fault);
	return stream_recv(&rpc->stream, bytes, len, rpc->fault) == 0 ? RPC_OK : RPC_NO_REPLY;
}

/* Reads one PDU that answers the call under way. A fault or a bind_nak is RPC_REFUSED. */
static enum rpc_result recv_pdu(struct rpc *rpc, struct rpc_pdu *ret_pdu)
{
	struct rpc_pdu_header header;
	char what[96];
	enum rpc_result result = recv_all(rpc, rpc->fragment, RPC_PDU_HEADER);
	if (result != RPC_OK)
		return result;
	if (!rpc_pdu_header(rpc->fragment, &header))
		return bad(rpc, "answers with something that isn't DCE/RPC");
	result = recv_all(rpc, rpc->fragment + RPC_PDU_HEADER, header.frag_len - (size_t)RPC_PDU_HEADER);
	if (result != RPC_OK)
		return result;
	if (!rpc_pdu_parse(rpc->fragment, header.frag_len, ret_pdu))
		return bad(rpc, "answers with a malformed RPC packet");
	if (header.call_id != rpc->call_id)
		return bad(rpc, "answers a call that was not made");
	if (header.type == RPC_PDU_FAULT)
		(void)snprintf(what, sizeof what, "refuses the call with RPC fault 0x%08x", ret_pdu->status);
	else if (header.type == RPC_PDU_BIND_NAK)
		(void)snprintf(what, sizeof what, "refuses the RPC bind with reason %u", ret_pdu->status);
	else
		return RPC_OK;
	fail(rpc, what);
	return RPC_REFUSED;
}

/* C706 section 12.6.4.3 and 12.6.4.4; with a guard [MS-RPCE] 3.3.1.5.2.2: one leg each way. */
static enum rpc_result bind_interface(struct rpc *rpc, const struct rpc_pdu_syntax *interface)
{
	uint8_t bytes[RPC_PDU_SEND_MAX];
	struct rpc_pdu ack;
	const struct rpc_pdu_auth *auth = rpc->guard != NULL ? &rpc->guard->auth : NULL;
	const size_t len = rpc_pdu_bind(interface, auth, ++rpc->call_id, bytes, sizeof bytes);
	if (len == 0) {
		(void)fault_set(rpc->fault, FAULT_INTERNAL, "the names are too long for an RPC bind");
		return RPC_NOT_SENT;
	}
	if (send_all(rpc, bytes, len) != 0)
		return RPC_NOT_SENT;
	const enum rpc_result result = recv_pdu(rpc, &ack);
	if (result != RPC_OK)
		return result;
	if (ack.header.type != RPC_PDU_BIND_ACK)
		return bad(rpc, "answers a bind with another RPC packet");
	if (!rpc_pdu_accepted(&ack)) {
		fail(rpc, "does not offer the RPC interface that was asked for");
		return RPC_REFUSED;
	}
	if (auth != NULL && (ack.token == NULL || ack.auth_type != auth->type || ack.auth_level != auth->level))
		return bad(rpc, "accepts an RPC bind without the protection that was asked for");
	return RPC_OK;
}

enum rpc_result rpc_open(const struct rpc_target *target, struct deadline deadline, struct rpc **ret_rpc,
                         struct fault *fault)
{
	const int port = target->pipe != NULL ? SMB_PIPE_PORT : target->port;
	const int fd = locate_connect(target->dc, port, deadline, fault);
	struct rpc *rpc = fd >= 0 ? calloc(1, sizeof *rpc) : NULL;
	if (rpc == NULL) {
		if (fd >= 0) {
			(void)fault_errno(fault, FAULT_INTERNAL, ENOMEM, "cannot speak RPC with %s", target->dc->host);
			(void)close(fd);
		}
		return RPC_NOT_SENT;
	}
	rpc->stream = (struct stream){ .fd = fd, .port = port, .deadline = deadline, .dc = target->dc };
	rpc->guard = target->guard;
	rpc->fault = fault;
	enum rpc_result result = RPC_OK;
	if (target->pipe != NULL)
		result = smb_pipe_open(&rpc->stream, target->pipe, &rpc->pipe, fault);
	if (result == RPC_OK)
		result = bind_interface(rpc, target->interface);
	if (result == RPC_OK)
		*ret_rpc = rpc;
	else
		rpc_close(rpc);
	return result;
}

void rpc_close(struct rpc *rpc)
{
	if (rpc == NULL)
		return;
	smb_pipe_close(rpc->pipe);
	(void)close(rpc->stream.fd);
	explicit_bzero(rpc, sizeof *rpc);
	free(rpc);
}

static enum rpc_result send_request(struct rpc *rpc, const struct rpc_pdu_call *call)
{
	uint8_t bytes[RPC_PDU_SEND_MAX];
	struct rpc_pdu_auth auth;
	const struct rpc_guard *guard = rpc->guard;
	if (guard != NULL)
		auth = (struct rpc_pdu_auth){ .type = guard->auth.type,
			                      .level = guard->auth.level,
			                      .token_len = guard->token_len };
	const struct rpc_pdu_parts parts = rpc_pdu_request(call, guard != NULL ? &auth : NULL, bytes, sizeof bytes);
	enum rpc_result result = RPC_NOT_SENT;
	if (parts.len == 0 ||
	    (guard != NULL && !guard->seal(guard->state, bytes + parts.stub, parts.stub_len, bytes + parts.token)))
		(void)fault_set(rpc->fault, FAULT_INTERNAL, "cannot make an RPC request of %zu bytes for %s",
		                call->stub_len, rpc->stream.dc->host);
	else if (send_all(rpc, bytes, parts.len) == 0)
		result = RPC_OK;
	explicit_bzero(bytes, sizeof bytes);
	return result;
}

/* Unseals a fragment's stub data and takes the padding off; without a guard there must be no protection. */
static bool open_fragment(const struct rpc *rpc, struct rpc_pdu *pdu)
{
	const struct rpc_guard *guard = rpc->guard;
	if (guard == NULL)
		return pdu->token == NULL;
	if (pdu->token == NULL || pdu->header.auth_len != guard->token_len || pdu->auth_type != guard->auth.type ||
	    pdu->auth_level != guard->auth.level || !guard->open(guard->state, pdu->body, pdu->body_len, pdu->token))
		return false;
	pdu->body_len -= pdu->auth_pad;
	return true;
}

/* Adds one fragment of the answer (C706 section 12.6.4.10). */
static enum rpc_result add_fragment(struct rpc *rpc, bool first, bool *ret_last)
{
	struct rpc_pdu pdu;
	const enum rpc_result result = recv_pdu(rpc, &pdu);
	if (result != RPC_OK)
		return result;
	*ret_last = (pdu.header.flags & RPC_PDU_LAST) != 0;
	if (pdu.header.type != RPC_PDU_RESPONSE || ((pdu.header.flags & RPC_PDU_FIRST) != 0) != first)
		return bad(rpc, "answers a call with RPC packets out of order");
	if (!open_fragment(rpc, &pdu))
		return bad(rpc,
		           "answers a call, but the answer's protection is wrong: it does not hold the session key");
	if (pdu.body_len > sizeof rpc->reply - rpc->reply_len || (pdu.body_len == 0 && !*ret_last))
		return bad(rpc, "answers a call with more than any answer can be");
	memcpy(rpc->reply + rpc->reply_len, pdu.body, pdu.body_len);
	rpc->reply_len += pdu.body_len;
	return RPC_OK;
}

enum rpc_result rpc_call(struct rpc *rpc, struct rpc_pdu_call call, struct rpc_reply *ret_reply, struct fault *fault)
{
	bool last = false;
	rpc->fault = fault;
	rpc->reply_len = 0;
	call.id = ++rpc->call_id;
	enum rpc_result result = send_request(rpc, &call);
	for (bool first = true; result == RPC_OK && !last; first = false)
		result = add_fragment(rpc, first, &last);
	*ret_reply = (struct rpc_reply){ .data = rpc->reply, .len = rpc->reply_len };
	return result;
}
