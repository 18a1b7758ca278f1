/* A named pipe of the pinned DC over SMB2 (dialects 2.0.2 and 2.1), as nobody: how an NT4-style domain controller,
 * which offers no RPC over TCP, is asked ([MS-RPCE] 2.1.1.2, [MS-SMB2]).
 *
 * SECURITY: an anonymous session proves nothing and protects nothing: it carries bytes to whoever is there, as TCP
 * does. What is said over it has to bring its own proof. Every length is bounded, every wait has the stream's deadline.
 */
#ifndef RETRUST_SMB_PIPE_H
#define RETRUST_SMB_PIPE_H

#include "stream.h"

enum { SMB_PIPE_PORT = 445 };

struct smb_pipe;

/* Opens the pipe ("netlogon") on a stream just connected to SMB_PIPE_PORT, which stays the caller's to close, after the
 * pipe. RPC_REFUSED: the server says no, with an NTSTATUS that *fault tells. */
enum rpc_result smb_pipe_open(const struct stream *stream, const char *name, struct smb_pipe **ret_pipe,
                              struct fault *fault);

/* Wipes it; NULL is fine. */
void smb_pipe_close(struct smb_pipe *pipe);

/* Sends one message. Returns 0, or -1 with *fault: then the server has not got the whole of it. What an earlier one was
 * answered must have been received to its end. */
int smb_pipe_send(struct smb_pipe *pipe, const uint8_t *bytes, size_t len, struct fault *fault);

/* Receives exactly len bytes of the answer. */
enum rpc_result smb_pipe_recv(struct smb_pipe *pipe, uint8_t *ret_bytes, size_t len, struct fault *fault);

#endif
