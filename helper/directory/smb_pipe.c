/* A named pipe over SMB2, see smb_pipe.h. (smb_session.c: the connection.) */
#include "smb_pipe.h"

#include "smb_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct smb_pipe {
	struct smb_session session;
	bool asked;          /* a transceive is under way, its answer hasn't been read */
	size_t at, data_len; /* of data: what was received and not yet taken */
	uint8_t data[SMB2_OUTPUT_MAX];
};

/* [MS-SMB2] 3.2.4.2.3 with [MS-NLMP] 3.1.5.1: as nobody. */
static enum rpc_result set_up_session(struct smb_pipe *pipe, const struct stream *stream, struct fault *fault)
{
	uint8_t token[128];
	struct smb2_reply reply;
	struct ntlm_challenge challenge; /* nothing of it is needed to stay anonymous */
	const enum rpc_result result = smb_session_begin(&pipe->session, stream, &challenge, fault);
	if (result != RPC_OK)
		return result;
	return smb_session_answer(&pipe->session, token, ntlm_anonymous(token, sizeof token), &reply, fault);
}

/* [MS-SMB2] 3.2.4.2.4 and 3.2.4.3 */
static enum rpc_result open_file(struct smb_pipe *pipe, const char *name, struct fault *fault)
{
	struct smb2_reply reply;
	enum rpc_result result =
		smb_session_exchange(&pipe->session,
	                             smb2_message_tree_connect(&pipe->session.state, pipe->session.stream->dc->host,
	                                                       smb_session_room(&pipe->session)),
	                             SMB2_TREE_CONNECT, 0, &reply, fault);
	if (result != RPC_OK)
		return result;
	if (!smb2_message_is_pipe_share(&reply))
		return smb_session_bad(&pipe->session, "has an IPC$ that isn't for pipes", fault);
	pipe->session.state.tree = reply.tree;
	result = smb_session_exchange(&pipe->session,
	                              smb2_message_create(&pipe->session.state, name, smb_session_room(&pipe->session)),
	                              SMB2_CREATE, 0, &reply, fault);
	if (result == RPC_OK && !smb2_message_created(&reply, pipe->session.state.file))
		return smb_session_bad(&pipe->session, "opens a pipe with a malformed answer", fault);
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
	enum rpc_result result = set_up_session(pipe, stream, fault);
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
	return smb_session_send(
		&pipe->session,
		smb2_message_transceive(&pipe->session.state, bytes, len, smb_session_room(&pipe->session)), fault);
}

/* Reads what the pipe gives next: the transceive's answer, then, where that wasn't all, a read's. */
static enum rpc_result fill(struct smb_pipe *pipe, struct fault *fault)
{
	char what[64];
	struct smb2_reply reply;
	const uint8_t *data;
	const enum smb2_command command = pipe->asked ? SMB2_IOCTL : SMB2_READ;
	if (!pipe->asked &&
	    smb_session_send(&pipe->session, smb2_message_read(&pipe->session.state, smb_session_room(&pipe->session)),
	                     fault) != 0)
		return RPC_NO_REPLY;
	pipe->asked = false;
	const enum rpc_result result = smb_session_recv(&pipe->session, command, &reply, fault);
	if (result != RPC_OK)
		return result;
	if (reply.status != 0 && reply.status != SMB2_STATUS_BUFFER_OVERFLOW) {
		(void)snprintf(what, sizeof what, "ends the pipe with 0x%08X", reply.status);
		(void)stream_fail(pipe->session.stream, 0, what, fault);
		return RPC_NO_REPLY; /* the call may have been carried out before */
	}
	if (!smb2_message_data(&reply, &data, &pipe->data_len) || pipe->data_len == 0 ||
	    pipe->data_len > sizeof pipe->data) {
		pipe->data_len = 0;
		return smb_session_bad(&pipe->session, "gives nothing, or too much, from a pipe", fault);
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
