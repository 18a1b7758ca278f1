/* SMB2 messages as bytes, see smb2_message.h. Fields are little-endian and, counted from the header's start, aligned to
 * their size: so NDR's reader and writer do. */
#include "smb2_message.h"

#include "ndr.h"

#include <stdio.h>
#include <string.h>

enum {
	PROTOCOL = 0x424d53fe, /* 0xFE 'S' 'M' 'B' */
	FLAG_RESPONSE = 1,
	FLAG_ASYNC = 2,
	FLAG_SIGNED = 8,
	CREDITS = 8, /* asked for with each request; one is used at a time */
	SIGNING_ENABLED = 1,
	SESSION_IS_GUEST = 1,
	SESSION_IS_NULL = 2,
	DIALECT_202 = 0x0202,
	DIALECT_210 = 0x0210,
	IMPERSONATION = 2,
	PIPE_ACCESS = 0x0012019f, /* read and write data, attributes and control, as pipe clients ask (2.2.13.1.1) */
	SHARE_ALL = 7,
	FILE_OPEN = 1,
	SHARE_IS_PIPE = 2,
	FSCTL_PIPE_TRANSCEIVE = 0x0011c017,
	IOCTL_IS_FSCTL = 1,
	NEGOTIATE_BODY = 36,
	SETUP_BODY = 24,
	TREE_BODY = 8,
	CREATE_BODY = 56,
	IOCTL_BODY = 56,
	CREATED_FILE_AT = 64 /* of the body */
};

static void put_u64(struct ndr_out *out, uint64_t value)
{
	ndr_put_u32(out, (uint32_t)value);
	ndr_put_u32(out, (uint32_t)(value >> 32));
}

static uint64_t get_u64(struct ndr *in)
{
	const uint64_t low = ndr_u32(in);
	return low | (uint64_t)ndr_u32(in) << 32;
}

/* 2.2.1.2: the header of a request, not signed. */
static struct ndr_out begin(struct smb2_state *state, enum smb2_command command, uint8_t *bytes)
{
	static const uint8_t no_signature[16];
	struct ndr_out out = ndr_out_begin(bytes, SMB2_MESSAGE_MAX);
	ndr_put_u32(&out, PROTOCOL);
	ndr_put_u16(&out, SMB2_HEADER);
	ndr_put_u16(&out, 0); /* credit charge: one */
	ndr_put_u32(&out, 0); /* status */
	ndr_put_u16(&out, (uint16_t)command);
	ndr_put_u16(&out, CREDITS);
	ndr_put_u32(&out, 0); /* flags */
	ndr_put_u32(&out, 0); /* no next command */
	put_u64(&out, state->message++);
	ndr_put_u32(&out, 0);
	ndr_put_u32(&out, state->tree);
	put_u64(&out, state->session);
	ndr_put_bytes(&out, no_signature, sizeof no_signature);
	return out;
}

static size_t end(const struct ndr_out *out)
{
	return out->full ? 0 : out->len;
}

/* 2.2.3 */
size_t smb2_message_negotiate(struct smb2_state *state, const uint8_t guid[16], uint8_t ret_bytes[SMB2_MESSAGE_MAX])
{
	struct ndr_out out = begin(state, SMB2_NEGOTIATE, ret_bytes);
	ndr_put_u16(&out, NEGOTIATE_BODY);
	ndr_put_u16(&out, 2); /* dialects */
	ndr_put_u16(&out, SIGNING_ENABLED);
	ndr_put_u16(&out, 0);
	ndr_put_u32(&out, 0); /* capabilities */
	ndr_put_bytes(&out, guid, 16);
	put_u64(&out, 0); /* client start time */
	ndr_put_u16(&out, DIALECT_202);
	ndr_put_u16(&out, DIALECT_210);
	return end(&out);
}

/* 2.2.5 */
size_t smb2_message_session_setup(struct smb2_state *state, const uint8_t *token, size_t token_len,
                                  uint8_t ret_bytes[SMB2_MESSAGE_MAX])
{
	struct ndr_out out = begin(state, SMB2_SESSION_SETUP, ret_bytes);
	ndr_put_u16(&out, SETUP_BODY + 1);
	ndr_put_u8(&out, 0);
	ndr_put_u8(&out, SIGNING_ENABLED);
	ndr_put_u32(&out, 0); /* capabilities */
	ndr_put_u32(&out, 0); /* channel */
	ndr_put_u16(&out, SMB2_HEADER + SETUP_BODY);
	ndr_put_u16(&out, (uint16_t)token_len);
	put_u64(&out, 0); /* no session before */
	ndr_put_bytes(&out, token, token_len);
	return token_len <= UINT16_MAX ? end(&out) : 0;
}

/* 2.2.9: the share of the named pipes. */
size_t smb2_message_tree_connect(struct smb2_state *state, const char *server, uint8_t ret_bytes[SMB2_MESSAGE_MAX])
{
	char path[320];
	uint8_t wide[sizeof path * 2];
	const int n = snprintf(path, sizeof path, "\\\\%s\\IPC$", server);
	const long len = n > 0 && (size_t)n < sizeof path ? ndr_utf16(path, (size_t)n, wide, sizeof wide) : -1;
	struct ndr_out out = begin(state, SMB2_TREE_CONNECT, ret_bytes);
	if (len <= 0)
		return 0;
	ndr_put_u16(&out, TREE_BODY + 1);
	ndr_put_u16(&out, 0);
	ndr_put_u16(&out, SMB2_HEADER + TREE_BODY);
	ndr_put_u16(&out, (uint16_t)len);
	ndr_put_bytes(&out, wide, (size_t)len);
	return end(&out);
}

/* 2.2.13 */
size_t smb2_message_create(struct smb2_state *state, const char *pipe, uint8_t ret_bytes[SMB2_MESSAGE_MAX])
{
	uint8_t name[64];
	const long len = ndr_utf16(pipe, strlen(pipe), name, sizeof name);
	struct ndr_out out = begin(state, SMB2_CREATE, ret_bytes);
	if (len <= 0)
		return 0;
	ndr_put_u16(&out, CREATE_BODY + 1);
	ndr_put_u16(&out, 0); /* security flags, no oplock */
	ndr_put_u32(&out, IMPERSONATION);
	put_u64(&out, 0); /* create flags */
	put_u64(&out, 0);
	ndr_put_u32(&out, PIPE_ACCESS);
	ndr_put_u32(&out, 0); /* file attributes */
	ndr_put_u32(&out, SHARE_ALL);
	ndr_put_u32(&out, FILE_OPEN);
	ndr_put_u32(&out, 0); /* options */
	ndr_put_u16(&out, SMB2_HEADER + CREATE_BODY);
	ndr_put_u16(&out, (uint16_t)len);
	put_u64(&out, 0); /* no create contexts */
	ndr_put_bytes(&out, name, (size_t)len);
	return end(&out);
}

/* 2.2.31 with FSCTL_PIPE_TRANSCEIVE (2.2.31 and [MS-FSCC] 2.3.50): writes, and reads what comes back. */
size_t smb2_message_transceive(struct smb2_state *state, const uint8_t *data, size_t len,
                               uint8_t ret_bytes[SMB2_MESSAGE_MAX])
{
	struct ndr_out out = begin(state, SMB2_IOCTL, ret_bytes);
	ndr_put_u16(&out, IOCTL_BODY + 1);
	ndr_put_u16(&out, 0);
	ndr_put_u32(&out, FSCTL_PIPE_TRANSCEIVE);
	ndr_put_bytes(&out, state->file, sizeof state->file);
	ndr_put_u32(&out, SMB2_HEADER + IOCTL_BODY);
	ndr_put_u32(&out, (uint32_t)len);
	ndr_put_u32(&out, 0); /* no input comes back */
	ndr_put_u32(&out, 0); /* output: none is sent */
	ndr_put_u32(&out, 0);
	ndr_put_u32(&out, SMB2_OUTPUT_MAX);
	ndr_put_u32(&out, IOCTL_IS_FSCTL);
	ndr_put_u32(&out, 0);
	ndr_put_bytes(&out, data, len);
	return end(&out);
}

/* 2.2.19 */
size_t smb2_message_read(struct smb2_state *state, uint8_t ret_bytes[SMB2_MESSAGE_MAX])
{
	struct ndr_out out = begin(state, SMB2_READ, ret_bytes);
	ndr_put_u16(&out, 49);
	ndr_put_u16(&out, 0); /* padding, flags */
	ndr_put_u32(&out, SMB2_OUTPUT_MAX);
	put_u64(&out, 0); /* offset */
	ndr_put_bytes(&out, state->file, sizeof state->file);
	ndr_put_u32(&out, 0); /* minimum count */
	ndr_put_u32(&out, 0); /* channel */
	ndr_put_u32(&out, 0); /* remaining bytes */
	ndr_put_u32(&out, 0); /* no channel info */
	ndr_put_u8(&out, 0);  /* the buffer has at least one byte */
	return end(&out);
}

size_t smb2_message_length(const uint8_t prefix[SMB2_PREFIX])
{
	const size_t len = (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 | prefix[3];
	return prefix[0] == 0 && len >= SMB2_HEADER && len <= SMB2_MESSAGE_MAX ? len : 0;
}

bool smb2_message_reply(const uint8_t *bytes, size_t len, struct smb2_reply *ret_reply)
{
	struct ndr in = ndr_begin(bytes, len);
	const uint32_t protocol = ndr_u32(&in);
	const uint16_t header = ndr_u16(&in);
	(void)ndr_u16(&in);
	*ret_reply = (struct smb2_reply){ .bytes = bytes, .len = len };
	ret_reply->status = ndr_u32(&in);
	ret_reply->command = ndr_u16(&in);
	(void)ndr_u16(&in); /* credits */
	const uint32_t flags = ndr_u32(&in), next = ndr_u32(&in);
	ret_reply->message = get_u64(&in);
	(void)ndr_u32(&in);
	const uint32_t tree = ndr_u32(&in); /* of a late answer this is half of another number */
	ret_reply->tree = (flags & FLAG_ASYNC) != 0 ? 0 : tree;
	ret_reply->session = get_u64(&in);
	ret_reply->is_signed = (flags & FLAG_SIGNED) != 0;
	(void)ndr_bytes(&in, 16);
	return !in.bad && protocol == (uint32_t)PROTOCOL && header == SMB2_HEADER && (flags & FLAG_RESPONSE) != 0 &&
	       next == 0;
}

/* The body from its structure size on, which must be the wanted one. */
static struct ndr body(const struct smb2_reply *reply, uint16_t structure_size)
{
	struct ndr in = ndr_begin(reply->bytes + SMB2_HEADER, reply->len - SMB2_HEADER);
	if (ndr_u16(&in) != structure_size)
		in.bad = true;
	return in;
}

/* The part of the message that a body of `fixed` bytes points to. */
static bool take_buffer(const struct smb2_reply *reply, size_t fixed, size_t offset, size_t len)
{
	return offset >= SMB2_HEADER + fixed && offset <= reply->len && len <= reply->len - offset;
}

/* 2.2.4 */
bool smb2_message_negotiated(const struct smb2_reply *reply)
{
	struct ndr in = body(reply, 65);
	(void)ndr_u16(&in); /* security mode: an anonymous session isn't signed even where signing is required */
	const uint16_t dialect = ndr_u16(&in);
	return !in.bad && (dialect == DIALECT_202 || dialect == DIALECT_210);
}

/* 2.2.6 */
bool smb2_message_setup(const struct smb2_reply *reply, struct smb2_setup *ret_setup)
{
	struct ndr in = body(reply, 9);
	const uint16_t flags = ndr_u16(&in), offset = ndr_u16(&in), len = ndr_u16(&in);
	if (in.bad || (len > 0 && !take_buffer(reply, 8, offset, len)))
		return false;
	ret_setup->is_somebody = (flags & (SESSION_IS_GUEST | SESSION_IS_NULL)) == 0;
	ret_setup->token = reply->bytes + (len > 0 ? offset : 0);
	ret_setup->token_len = len;
	return true;
}

/* 2.2.10 */
bool smb2_message_is_pipe_share(const struct smb2_reply *reply)
{
	struct ndr in = body(reply, 16);
	const uint8_t type = ndr_u8(&in);
	return !in.bad && type == SHARE_IS_PIPE;
}

/* 2.2.14 */
bool smb2_message_created(const struct smb2_reply *reply, uint8_t ret_file[SMB2_FILE_ID])
{
	struct ndr in = body(reply, 89);
	(void)ndr_bytes(&in, CREATED_FILE_AT - 2);
	const uint8_t *file = ndr_bytes(&in, SMB2_FILE_ID);
	if (in.bad)
		return false;
	memcpy(ret_file, file, SMB2_FILE_ID);
	return true;
}

/* 2.2.32 and 2.2.20 */
bool smb2_message_data(const struct smb2_reply *reply, const uint8_t **ret_data, size_t *ret_len)
{
	const bool is_read = reply->command == SMB2_READ;
	struct ndr in = body(reply, is_read ? 17 : 49);
	size_t offset;
	if (is_read) {
		offset = ndr_u8(&in);
		(void)ndr_u8(&in);
	} else {
		(void)ndr_bytes(&in, 30); /* code, file, where the input would be */
		offset = ndr_u32(&in);
	}
	const size_t len = ndr_u32(&in);
	if (in.bad || !take_buffer(reply, is_read ? 16 : 48, offset, len))
		return false;
	*ret_data = reply->bytes + offset;
	*ret_len = len;
	return true;
}
