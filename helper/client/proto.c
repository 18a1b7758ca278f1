/* The protocol's messages and their way over a socket, see retrust/proto.h.
 *
 * SECURITY: both sides read what another process wrote. Every look into a packet goes through field_at(), which never
 * leaves it, checked or not.
 */
#include <retrust/proto.h>

#include "../base/deadline.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER_SIZE = 8, TYPE_AT = 4, COUNT_AT = 6, FIELD_SIZE = 4 };

static void store_le16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value & 0xff);
	at[1] = (uint8_t)(value >> 8);
}

static void store_le32(uint8_t *at, uint32_t value)
{
	store_le16(at, (uint16_t)(value & 0xffff));
	store_le16(at + 2, (uint16_t)(value >> 16));
}

static uint16_t load_le16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t load_le32(const uint8_t *at)
{
	return load_le16(at) | (uint32_t)load_le16(at + 2) << 16;
}

void proto_begin(struct rt_msg *msg, enum rt_msg_type type)
{
	store_le32(msg->buf, RT_PROTO_MAGIC);
	store_le16(msg->buf + TYPE_AT, (uint16_t)type);
	store_le16(msg->buf + COUNT_AT, 0);
	msg->len = HEADER_SIZE;
	msg->pos = HEADER_SIZE;
	msg->bad = false;
}

void proto_put_bytes(struct rt_msg *msg, enum rt_tag tag, const void *data, size_t len)
{
	size_t room = sizeof msg->buf - msg->len;
	if (room < FIELD_SIZE || len > room - FIELD_SIZE || len > UINT16_MAX) {
		msg->bad = true;
		return;
	}
	uint8_t *at = msg->buf + msg->len;
	store_le16(at, (uint16_t)tag);
	store_le16(at + 2, (uint16_t)len);
	if (len > 0)
		memcpy(at + FIELD_SIZE, data, len);
	msg->len += FIELD_SIZE + len;
	store_le16(msg->buf + COUNT_AT, (uint16_t)(load_le16(msg->buf + COUNT_AT) + 1));
}

void proto_put_u32(struct rt_msg *msg, enum rt_tag tag, uint32_t value)
{
	uint8_t bytes[4];
	store_le32(bytes, value);
	proto_put_bytes(msg, tag, bytes, sizeof bytes);
}

void proto_put_text(struct rt_msg *msg, enum rt_tag tag, const char *text)
{
	if (text != NULL)
		proto_put_bytes(msg, tag, text, strlen(text));
}

/* The field at *pos, which moves behind it. False at the end and where the field runs over it. */
static bool field_at(const struct rt_msg *msg, size_t *pos, struct rt_field *ret_field)
{
	if (*pos >= msg->len || msg->len - *pos < FIELD_SIZE)
		return false;
	const uint8_t *at = msg->buf + *pos;
	uint16_t len = load_le16(at + 2);
	if (msg->len - *pos - FIELD_SIZE < len)
		return false;
	*ret_field = (struct rt_field){ .tag = load_le16(at), .len = len, .data = at + FIELD_SIZE };
	*pos += FIELD_SIZE + (size_t)len;
	return true;
}

/* As many fields as the header says, each whole and of a tag of its own, and nothing behind them. */
static bool fields_valid(const struct rt_msg *msg)
{
	uint8_t seen[(UINT16_MAX + 1) / 8] = { 0 }; /* a bit for each tag, so that one pass is enough */
	size_t pos = HEADER_SIZE;
	struct rt_field field;
	unsigned int count = 0;
	for (; field_at(msg, &pos, &field); count++) {
		uint8_t bit = (uint8_t)(1u << (field.tag % 8));
		if ((seen[field.tag / 8] & bit) != 0)
			return false;
		seen[field.tag / 8] |= bit;
	}
	return pos == msg->len && count == load_le16(msg->buf + COUNT_AT);
}

int proto_check(struct rt_msg *msg)
{
	int type = -1;
	if (msg->len >= HEADER_SIZE && msg->len <= sizeof msg->buf && load_le32(msg->buf) == RT_PROTO_MAGIC)
		type = load_le16(msg->buf + TYPE_AT);
	if (type < RT_MSG_REQUEST || type > RT_MSG_RESULT || !fields_valid(msg)) {
		msg->len = 0; /* whoever asks it all the same finds no field */
		type = -1;
	}
	msg->pos = HEADER_SIZE;
	return type;
}

bool proto_next(struct rt_msg *msg, struct rt_field *ret_field)
{
	return field_at(msg, &msg->pos, ret_field);
}

bool proto_get_bytes(const struct rt_msg *msg, enum rt_tag tag, struct rt_field *ret_field)
{
	size_t pos = HEADER_SIZE;
	struct rt_field field;
	while (field_at(msg, &pos, &field)) {
		if (field.tag == (uint16_t)tag) {
			*ret_field = field;
			return true;
		}
	}
	return false;
}

bool proto_get_u32(const struct rt_msg *msg, enum rt_tag tag, uint32_t *ret_value)
{
	struct rt_field field;
	if (!proto_get_bytes(msg, tag, &field) || field.len != 4)
		return false;
	*ret_value = load_le32(field.data);
	return true;
}

int proto_get_text(const struct rt_msg *msg, enum rt_tag tag, char *buf, size_t size)
{
	struct rt_field field;
	if (size == 0)
		return -1;
	buf[0] = '\0';
	if (!proto_get_bytes(msg, tag, &field))
		return 0;
	if (field.len >= size || memchr(field.data, '\0', field.len) != NULL)
		return -1;
	memcpy(buf, field.data, field.len);
	buf[field.len] = '\0';
	return field.len;
}

/* Waits for the socket until the deadline. Returns 0, or -1 with errno (ETIMEDOUT). */
static int wait_for(int sock, short events, struct deadline deadline)
{
	for (;;) {
		struct pollfd poller = { .fd = sock, .events = events };
		int left = deadline_left_ms(deadline);
		int ready = left > 0 ? poll(&poller, 1, left) : 0;
		if (ready > 0)
			return 0;
		if (ready == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (errno != EINTR)
			return -1;
	}
}

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

int proto_send(int sock, const struct rt_msg *msg, int fd, int timeout_ms)
{
	if (msg->bad) {
		errno = EMSGSIZE;
		return -1;
	}
	/* sendmsg() only reads, but struct iovec has no const; a copy would be one more place with a secret */
	struct iovec iov = { .iov_base = (void *)(uintptr_t)msg->buf, .iov_len = msg->len };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control = { 0 };
	if (fd >= 0) {
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fd),
			                           .cmsg_level = SOL_SOCKET,
			                           .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
		header.msg_control = control.space;
		header.msg_controllen = sizeof control.space;
	}
	struct deadline deadline = deadline_in(timeout_ms);
	while (sendmsg(sock, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || wait_for(sock, POLLOUT, deadline) != 0)
			return -1;
	}
	return 0;
}

/* Takes the one packet that is there. Returns its length (0: closed), or -1 with errno; *ret_fd as proto_recv says. */
static ssize_t take_packet(int sock, struct rt_msg *msg, int *ret_fd)
{
	struct iovec iov = { .iov_base = msg->buf, .iov_len = sizeof msg->buf };
	union control control;
	/* CMSG_LEN, not CMSG_SPACE: in the padding there is room for a second descriptor, which nobody would close */
	struct msghdr header = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = CMSG_LEN(sizeof(int))
	};
	*ret_fd = -1;
	ssize_t len = recvmsg(sock, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (len < 0)
		return -1;
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	if (rights != NULL && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS &&
	    rights->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(rights), sizeof(int));
	if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		errno = EPROTO;
		return -1;
	}
	return len;
}

/* take_packet() with patience. ECONNRESET is said once, before what the peer sent and left behind: look again. */
static ssize_t await_packet(int sock, struct rt_msg *msg, int *ret_fd, struct deadline deadline)
{
	for (;;) {
		ssize_t len = take_packet(sock, msg, ret_fd);
		if (len >= 0)
			return len;
		if (errno == EINTR || errno == ECONNRESET)
			continue;
		if (errno != EAGAIN || wait_for(sock, POLLIN, deadline) != 0)
			return -1;
	}
}

int proto_recv(int sock, struct rt_msg *msg, int *ret_fd, int timeout_ms)
{
	int fd;
	ssize_t len = await_packet(sock, msg, &fd, deadline_in(timeout_ms));
	msg->len = len > 0 ? (size_t)len : 0;
	int type = len > 0 ? proto_check(msg) : (int)len;
	int error = len > 0 ? EPROTO : errno;
	if (fd >= 0 && (type <= 0 || ret_fd == NULL)) {
		(void)close(fd);
		fd = -1;
	}
	if (ret_fd != NULL)
		*ret_fd = fd;
	if (type < 0)
		errno = error;
	return type;
}

void proto_wipe(struct rt_msg *msg)
{
	explicit_bzero(msg, sizeof *msg);
}
