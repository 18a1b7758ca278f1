/* An SMB2 connection up to its session, see smb_session.h. (smb2_message.c, ntlm.c: the messages as bytes.) */
#include "smb_session.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

enum { PENDING_MAX = 16 }; /* a server that is slow says so once */

enum rpc_result smb_session_bad(const struct smb_session *session, const char *what, struct fault *fault)
{
	(void)stream_fail(session->stream, 0, what, fault);
	return RPC_BAD_REPLY;
}

/* Sends what the encoders have written behind the prefix ([MS-SMB2] 2.1). */
int smb_session_send(struct smb_session *session, size_t len, struct fault *fault)
{
	if (len == 0)
		return fault_set(fault, FAULT_INTERNAL, "an SMB request for %s does not fit",
		                 session->stream->dc->host);
	session->message[0] = 0;
	session->message[1] = (uint8_t)(len >> 16);
	session->message[2] = (uint8_t)(len >> 8);
	session->message[3] = (uint8_t)len;
	return stream_send(session->stream, session->message, SMB2_PREFIX + len, fault);
}

static enum rpc_result recv_message(struct smb_session *session, struct smb2_reply *ret_reply, struct fault *fault)
{
	if (stream_recv(session->stream, session->message, SMB2_PREFIX, fault) != 0)
		return RPC_NO_REPLY;
	const size_t len = smb2_message_length(session->message);
	if (len == 0)
		return smb_session_bad(session, "answers with something that isn't SMB2, or too long", fault);
	if (stream_recv(session->stream, session->message + SMB2_PREFIX, len, fault) != 0)
		return RPC_NO_REPLY;
	return smb2_message_reply(session->message + SMB2_PREFIX, len, ret_reply)
	               ? RPC_OK
	               : smb_session_bad(session, "answers with a malformed SMB2 message", fault);
}

/* Reads the answer to the last request; interim ones ([MS-SMB2] 3.2.5.1.5) are skipped. */
enum rpc_result smb_session_recv(struct smb_session *session, enum smb2_command command, struct smb2_reply *ret_reply,
                                 struct fault *fault)
{
	for (int i = 0; i < PENDING_MAX; i++) {
		const enum rpc_result result = recv_message(session, ret_reply, fault);
		if (result != RPC_OK)
			return result;
		if (ret_reply->command != command || ret_reply->message != session->state.message - 1)
			return smb_session_bad(session, "answers an SMB request that was not made", fault);
		if (ret_reply->status != SMB2_STATUS_PENDING)
			return RPC_OK;
	}
	return smb_session_bad(session, "puts an SMB request off without end", fault);
}

/* One request and its answer, which has to have that status. */
enum rpc_result smb_session_exchange(struct smb_session *session, size_t len, enum smb2_command command,
                                     uint32_t wanted, struct smb2_reply *ret_reply, struct fault *fault)
{
	char what[64];
	if (smb_session_send(session, len, fault) != 0)
		return RPC_NOT_SENT;
	const enum rpc_result result = smb_session_recv(session, command, ret_reply, fault);
	if (result != RPC_OK || ret_reply->status == wanted)
		return result;
	if (ret_reply->status == 0)
		return smb_session_bad(session, "accepts an SMB request that can't be accepted yet", fault);
	(void)snprintf(what, sizeof what, "answers SMB command %d with 0x%08X", (int)command, ret_reply->status);
	(void)stream_fail(session->stream, 0, what, fault);
	return RPC_REFUSED;
}

/* Where a request is written. */
uint8_t *smb_session_room(struct smb_session *session)
{
	return session->message + SMB2_PREFIX;
}

/* [MS-SMB2] 3.2.4.2.2.2 */
static enum rpc_result negotiate(struct smb_session *session, struct fault *fault)
{
	uint8_t guid[16];
	struct smb2_reply reply;
	if (getrandom(guid, sizeof guid, 0) != (ssize_t)sizeof guid) {
		(void)fault_errno(fault, FAULT_INTERNAL, errno, "no random bytes");
		return RPC_NOT_SENT;
	}
	const enum rpc_result result =
		smb_session_exchange(session, smb2_message_negotiate(&session->state, guid, smb_session_room(session)),
	                             SMB2_NEGOTIATE, 0, &reply, fault);
	if (result == RPC_OK && !smb2_message_negotiated(&reply))
		return smb_session_bad(session, "agrees to no dialect of SMB2 that was offered", fault);
	return result;
}

/* [MS-SMB2] 3.2.4.2.3 */
static enum rpc_result challenge(struct smb_session *session, struct ntlm_challenge *ret_challenge, struct fault *fault)
{
	uint8_t token[64];
	struct smb2_reply reply;
	struct smb2_setup setup;
	const size_t len = ntlm_negotiate(token, sizeof token);
	const enum rpc_result result = smb_session_exchange(
		session, smb2_message_session_setup(&session->state, token, len, smb_session_room(session)),
		SMB2_SESSION_SETUP, SMB2_STATUS_MORE_PROCESSING, &reply, fault);
	if (result != RPC_OK)
		return result;
	if (!smb2_message_setup(&reply, &setup) || !ntlm_challenge(setup.token, setup.token_len, ret_challenge))
		return smb_session_bad(session, "answers an SMB session with something that isn't NTLM", fault);
	session->state.session = reply.session;
	return RPC_OK;
}

enum rpc_result smb_session_begin(struct smb_session *session, const struct stream *stream,
                                  struct ntlm_challenge *ret_challenge, struct fault *fault)
{
	session->stream = stream;
	const enum rpc_result result = negotiate(session, fault);
	return result == RPC_OK ? challenge(session, ret_challenge, fault) : result;
}

enum rpc_result smb_session_answer(struct smb_session *session, const uint8_t *token, size_t len,
                                   struct smb2_reply *ret_reply, struct fault *fault)
{
	return smb_session_exchange(session,
	                            smb2_message_session_setup(&session->state, token, len, smb_session_room(session)),
	                            SMB2_SESSION_SETUP, 0, ret_reply, fault);
}
