/* The few messages of SMB2 that a session and a named pipe take, as bytes ([MS-SMB2] 2.2). Dialects 2.0.2 and 2.1;
 * requests aren't signed. No sockets here.
 *
 * SECURITY: what is read comes from an unproven server. Nothing is looked at outside the message that was read, and a
 * length or an offset that doesn't fit makes the whole message nothing.
 */
#ifndef RETRUST_SMB2_MESSAGE_H
#define RETRUST_SMB2_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SMB2_PREFIX = 4,         /* bytes before each message: a zero and its length, big-endian (2.1) */
	SMB2_HEADER = 64,        /* bytes of the header */
	SMB2_MESSAGE_MAX = 9216, /* longer ones are neither made nor read */
	SMB2_OUTPUT_MAX = 8192,  /* what a pipe may give at once */
	SMB2_FILE_ID = 16,
	SMB2_SIGNATURE_AT = 48, /* of the header, 16 bytes to its end */
	SMB2_SIGNATURE = 16
};

enum smb2_command {
	SMB2_NEGOTIATE = 0,
	SMB2_SESSION_SETUP = 1,
	SMB2_TREE_CONNECT = 3,
	SMB2_CREATE = 5,
	SMB2_READ = 8,
	SMB2_IOCTL = 11
};

#define SMB2_STATUS_PENDING 0x00000103u         /* an answer will follow */
#define SMB2_STATUS_BUFFER_OVERFLOW 0x80000005u /* there is more to read */
#define SMB2_STATUS_MORE_PROCESSING 0xC0000016u /* of a session setup: the server's challenge */

/* Where a conversation stands: what every request's header repeats. */
struct smb2_state {
	uint64_t message; /* of the next request */
	uint64_t session;
	uint32_t tree;
	uint8_t file[SMB2_FILE_ID];
};

/* Each writes one request without its prefix into SMB2_MESSAGE_MAX bytes and returns its length, 0 when it doesn't fit.
 * state->message goes on. */
size_t smb2_message_negotiate(struct smb2_state *state, const uint8_t guid[16], uint8_t ret_bytes[SMB2_MESSAGE_MAX]);
size_t smb2_message_session_setup(struct smb2_state *state, const uint8_t *token, size_t token_len,
                                  uint8_t ret_bytes[SMB2_MESSAGE_MAX]);
size_t smb2_message_tree_connect(struct smb2_state *state, const char *server, uint8_t ret_bytes[SMB2_MESSAGE_MAX]);
size_t smb2_message_create(struct smb2_state *state, const char *pipe, uint8_t ret_bytes[SMB2_MESSAGE_MAX]);
size_t smb2_message_transceive(struct smb2_state *state, const uint8_t *data, size_t len,
                               uint8_t ret_bytes[SMB2_MESSAGE_MAX]);
size_t smb2_message_read(struct smb2_state *state, uint8_t ret_bytes[SMB2_MESSAGE_MAX]);

/* The length that a prefix announces, 0 when it isn't one of a message that may be read. */
size_t smb2_message_length(const uint8_t prefix[SMB2_PREFIX]);

/* An answer. */
struct smb2_reply {
	uint16_t command;
	uint32_t status;
	uint64_t message, session;
	uint32_t tree;  /* 0 in a late answer */
	bool is_signed; /* bears a signature, which nobody has looked at */
	const uint8_t *bytes;
	size_t len;
};

/* The body of the answer to a session setup. */
struct smb2_setup {
	bool is_somebody; /* neither a guest nor anonymous */
	const uint8_t *token;
	size_t token_len;
};

/* Takes the header of a whole message. False when it isn't a single answer of SMB2. */
bool smb2_message_reply(const uint8_t *bytes, size_t len, struct smb2_reply *ret_reply);

/* The bodies of the answers. Each is false when the body isn't one. */
bool smb2_message_negotiated(const struct smb2_reply *reply); /* to one of our dialects */
bool smb2_message_setup(const struct smb2_reply *reply, struct smb2_setup *ret_setup);
bool smb2_message_is_pipe_share(const struct smb2_reply *reply); /* of a tree connect */
bool smb2_message_created(const struct smb2_reply *reply, uint8_t ret_file[SMB2_FILE_ID]);
/* What the pipe gave, of a transceive or a read; inside the message. */
bool smb2_message_data(const struct smb2_reply *reply, const uint8_t **ret_data, size_t *ret_len);

#endif
