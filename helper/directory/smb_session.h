/* An SMB2 connection with the pinned DC as far as the server's NTLM challenge, request by request (dialects 2.0.2 and
 * 2.1, [MS-SMB2]). What follows is smb_pipe.h's or smb_logon.h's.
 *
 * SECURITY: the server is unproven. Every length is bounded, every wait has the stream's deadline.
 */
#ifndef RETRUST_SMB_SESSION_H
#define RETRUST_SMB_SESSION_H

#include "ntlm.h"
#include "smb2_message.h"
#include "stream.h"

struct smb_session {
	const struct stream *stream;
	struct smb2_state state;
	uint8_t message[SMB2_PREFIX + SMB2_MESSAGE_MAX];
};

/* Where a request is written, SMB2_MESSAGE_MAX bytes. */
uint8_t *smb_session_room(struct smb_session *session);

/* RPC_BAD_REPLY, with *fault telling what the server did. */
enum rpc_result smb_session_bad(const struct smb_session *session, const char *what, struct fault *fault);

/* Sends the request of that length that stands in the room. Returns 0, or -1 with *fault. */
int smb_session_send(struct smb_session *session, size_t len, struct fault *fault);

/* Receives the answer to the last request, whatever its status; it takes the room. */
enum rpc_result smb_session_recv(struct smb_session *session, enum smb2_command command, struct smb2_reply *ret_reply,
                                 struct fault *fault);

/* One request and its answer, which has to have that status; RPC_REFUSED: it has another, ret_reply tells it. */
enum rpc_result smb_session_exchange(struct smb_session *session, size_t len, enum smb2_command command,
                                     uint32_t wanted, struct smb2_reply *ret_reply, struct fault *fault);

/* Agrees on a dialect and has the server send its challenge. The stream has just been connected to port 445 and
 * stays the caller's. What the challenge points to stands in the room. */
enum rpc_result smb_session_begin(struct smb_session *session, const struct stream *stream,
                                  struct ntlm_challenge *ret_challenge, struct fault *fault);

/* Answers the challenge with the client's token. */
enum rpc_result smb_session_answer(struct smb_session *session, const uint8_t *token, size_t len,
                                   struct smb2_reply *ret_reply, struct fault *fault);

#endif
