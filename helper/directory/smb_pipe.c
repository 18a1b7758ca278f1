/* A named pipe over SMB2, see smb_pipe.h. (smb2_message.c: the messages as bytes.) */
#include "smb_pipe.h"

#include "smb2_message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { PENDING_MAX = 16 }; /* a server that is slow says so once */

struct smb_pipe {
	const struct stream *stream;
	struct smb2_state state;
	bool asked;          /* a transceive is under way, its answer hasn't been read */
	size_t at, data_len; /* of data: what was received and not yet taken */
	uint8_t data[SMB2_OUTPUT_MAX];
	uint8_t message[SMB2_PREFIX + SMB2_MESSAGE_MAX];
};

static enum rpc_result bad(const struct smb_pipe *pipe, const char *what, struct fault *fault)
{
	(void)stream_fail(pipe->stream, 0, what, fault);
	return RPC_BAD_REPLY;
}

/* Sends what the encoders have written behind the prefix ([MS-SMB2] 2.1). */
static int send_message(struct smb_pipe *pipe, size_t len, struct fault *fault)
{
	if (len == 0)
		return fault_set(fault, FAULT_INTERNAL, "an SMB request for %s does not fit", pipe->stream->dc->host);
	pipe->message[0] = 0;
	pipe->message[1] = (uint8_t)(len >> 16);
	pipe->message[2] = (uint8_t)(len >> 8);
	pipe->message[3] = (uint8_t)len;
	return stream_send(pipe->stream, pipe->message, SMB2_PREFIX + len, fault);
}

static enum rpc_result recv_message(struct smb_pipe *pipe, struct smb2_reply *ret_reply, struct fault *fault)
{
	if (stream_recv(pipe->stream, pipe->message, SMB2_PREFIX, fault) != 0)
		return RPC_NO_REPLY;
	const size_t len = smb2_message_length(pipe->message);
	if (len == 0)
		return bad(pipe, "answers with something that isn't SMB2, or too long", fault);
	if (stream_recv(pipe->stream, pipe->message + SMB2_PREFIX, len, fault) != 0)
		return RPC_NO_REPLY;
	return smb2_message_reply(pipe->message + SMB2_PREFIX, len, ret_reply)
	               ? RPC_OK
	               : bad(pipe, "answers with a malformed SMB2 message", fault);
}

/* Reads the answer to the last request; interim ones ([MS-SMB2] 3.2.5.1.5) are skipped. */
static enum rpc_result recv_reply(struct smb_pipe *pipe, enum smb2_command command, struct smb2_reply *ret_reply,
                                  struct fault *fault)
{
	for (int i = 0; i < PENDING_MAX; i++) {
		const enum rpc_result result = recv_message(pipe, ret_reply, fault);
		if (result != RPC_OK)
			return result;
		if (ret_reply->command != command || ret_reply->message != pipe->state.message - 1)
			return bad(pipe, "answers an SMB request that was not made", fault);
		if (ret_reply->status != SMB2_STATUS_PENDING)
			return RPC_OK;
	}
	return bad(pipe, "puts an SMB request off without end", fault);
}

/* One request and its answer, which has to have that status. */
static enum rpc_result exchange(struct smb_pipe *pipe, size_t len, enum smb2_command command, uint32_t wanted,
                                struct smb2_reply *ret_reply, struct fault *fault)
{
	char what[64];
	if (send_message(pipe, len, fault) != 0)
		return RPC_NOT_SENT;
	const enum rpc_result result = recv_reply(pipe, command, ret_reply, fault);
	if (result != RPC_OK || ret_reply->status == wanted)
		return result;
	if (ret_reply->status == 0)
		return bad(pipe, "accepts an SMB request that can't be accepted yet", fault);
	(void)snprintf(what, sizeof what, "answers SMB command %d with 0x%08X", (int)command, ret_reply->status);
	(void)stream_fail(pipe->stream, 0, what, fault);
	return RPC_REFUSED;
}

/* Where a request is written. */
static uint8_t *room(struct smb_pipe *pipe)
{
	return pipe->message + SMB2_PREFIX;
}

/* [MS-SMB2] 3.2.4.2.2.2 */
static enum rpc_result negotiate(struct smb_pipe *pipe, struct fault *fault)
{
	uint8_t guid[16];
	struct smb2_reply reply;
	if (getrandom(guid, sizeof guid, 0) != (ssize_t)sizeof guid) {
		(void)fault_errno(fault, FAULT_INTERNAL, errno, "no random bytes");
		return RPC_NOT_SENT;
	}
	const enum rpc_result result = exchange(pipe, smb2_message_negotiate(&pipe->state, guid, room(pipe)),
	                                        SMB2_NEGOTIATE, 0, &reply, fault);
	if (result == RPC_OK && !smb2_message_negotiated(&reply))
		return bad(pipe, "agrees to no dialect of SMB2 that was offered", fault);
	return result;
}

/* [MS-SMB2] 3.2.4.2.3 with [MS-NLMP] 3.1.5.1: as nobody. */
static enum rpc_result set_up_session(struct smb_pipe *pipe, struct fault *fault)
{
	uint8_t token[128];
	struct smb2_reply reply;
	size_t len = smb2_message_ntlm_negotiate(token, sizeof token);
	enum rpc_result result = exchange(pipe, smb2_message_session_setup(&pipe->state, token, len, room(pipe)),
	                                  SMB2_SESSION_SETUP, SMB2_STATUS_MORE_PROCESSING, &reply, fault);
	if (result != RPC_OK)
		return result;
	if (!smb2_message_challenged(&reply))
		return bad(pipe, "answers an SMB session with something that isn't NTLM", fault);
	pipe->state.session = reply.session;
	len = smb2_message_ntlm_anonymous(token, sizeof token);
	return exchange(pipe, smb2_message_session_setup(&pipe->state, token, len, room(pipe)), SMB2_SESSION_SETUP, 0,
	                &reply, fault);
}

/* [MS-SMB2] 3.2.4.2.4 and 3.2.4.3 */
static enum rpc_result open_file(struct smb_pipe *pipe, const char *name, struct fault *fault)
{
	struct smb2_reply reply;
	enum rpc_result result =
		exchange(pipe, smb2_message_tree_connect(&pipe->state, pipe->stream->dc->host, room(pipe)),
	                 SMB2_TREE_CONNECT, 0, &reply, fault);
	if (result != RPC_OK)
		return result;
	if (!smb2_message_is_pipe_share(&reply))
		return bad(pipe, "has an IPC$ that isn't for pipes", fault);
	pipe->state.tree = reply.tree;
	result = exchange(pipe, smb2_message_create(&pipe->state, name, room(pipe)), SMB2_CREATE, 0, &reply, fault);
	if (result == RPC_OK && !smb2_message_created(&reply, pipe->state.file))
		return bad(pipe, "opens a pipe with a malformed answer", fault);
	return result;
}

enum rpc_result smb_pipe_open(const struct stream *stream, const char *name, struct smb_pipe **ret_pipe,
                              struct fault *fault)
{
	struct smb_pipe *pipe = calloc(1, sizeof *pipe);
	if (pipe == NULL) {
		(void)fault_errno(fault, FAULT_INTERNAL, ENOMEM, "cannot speak SMB with %s", stream->dc->host);
		return RPC_NOT_SENT;
	}
	pipe->stream = stream;
	enum rpc_result result = negotiate(pipe, fault);
	if (result == RPC_OK)
		result = set_up_session(pipe, fault);
	if (result == RPC_OK)
		result = open_file(pipe, name, fault);
	if (result == RPC_OK)
		*ret_pipe = pipe;
	else
		smb_pipe_close(pipe);
	return result;
}

void smb_pipe_close(struct smb_pipe *pipe)
{
	if (pipe == NULL)
		return;
	explicit_bzero(pipe, sizeof *pipe);
	free(pipe);
}

int smb_pipe_send(struct smb_pipe *pipe, const uint8_t *bytes, size_t len, struct fault *fault)
{
	pipe->asked = true;
	pipe->at = pipe->data_len = 0;
	return send_message(pipe, smb2_message_transceive(&pipe->state, bytes, len, room(pipe)), fault);
}

/* Reads what the pipe gives next: the transceive's answer, then, where that wasn't all, a read's. */
static enum rpc_result fill(struct smb_pipe *pipe, struct fault *fault)
{
	char what[64];
	struct smb2_reply reply;
	const uint8_t *data;
	const enum smb2_command command = pipe->asked ? SMB2_IOCTL : SMB2_READ;
	if (!pipe->asked && send_message(pipe, smb2_message_read(&pipe->state, room(pipe)), fault) != 0)
		return RPC_NO_REPLY;
	pipe->asked = false;
	const enum rpc_result result = recv_reply(pipe, command, &reply, fault);
	if (result != RPC_OK)
		return result;
	if (reply.status != 0 && reply.status != SMB2_STATUS_BUFFER_OVERFLOW) {
		(void)snprintf(what, sizeof what, "ends the pipe with 0x%08X", reply.status);
		(void)stream_fail(pipe->stream, 0, what, fault);
		return RPC_NO_REPLY; /* the call may have been carried out before */
	}
	if (!smb2_message_data(&reply, &data, &pipe->data_len) || pipe->data_len == 0 ||
	    pipe->data_len > sizeof pipe->data) {
		pipe->data_len = 0;
		return bad(pipe, "gives nothing, or too much, from a pipe", fault);
	}
	memcpy(pipe->data, data, pipe->data_len);
	pipe->at = 0;
	return RPC_OK;
}

enum rpc_result smb_pipe_recv(struct smb_pipe *pipe, uint8_t *ret_bytes, size_t len, struct fault *fault)
{
	for (size_t done = 0; done < len;) {
		const enum rpc_result result = pipe->at < pipe->data_len ? RPC_OK : fill(pipe, fault);
		if (result != RPC_OK)
			return result;
		const size_t have = pipe->data_len - pipe->at, want = len - done, n = have < want ? have : want;
		memcpy(ret_bytes + done, pipe->data + pipe->at, n);
		pipe->at += n;
		done += n;
	}
	return RPC_OK;
}
