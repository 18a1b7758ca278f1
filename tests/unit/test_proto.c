/* proto.c: messages, and their way over a socket. */
#include "traces.h"

#include <retrust/proto.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cmocka.h>

/* A small request: 8 bytes of header, a field of 4 + 4 and one of 4 + 3. */
static void make_request(struct rt_msg *msg)
{
	proto_begin(msg, RT_MSG_REQUEST);
	proto_put_u32(msg, RT_TAG_VERB, RT_VERB_LOGON);
	proto_put_text(msg, RT_TAG_DC, "dc1");
}

static void make_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void close_pair(const int pair[2])
{
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void the_bytes_are_those_of_the_header_file(void **state)
{
	(void)state;
	static const uint8_t expected[] = { 'r', 't', 'r', '1', 1, 0, 2, 0, 1,   0,   4,  0,
		                            1,   0,   0,   0,   4, 0, 3, 0, 'd', 'c', '1' };
	struct rt_msg msg;
	make_request(&msg);
	assert_false(msg.bad);
	assert_int_equal(msg.len, sizeof expected);
	assert_memory_equal(msg.buf, expected, sizeof expected);
}

static void what_was_put_in_comes_out(void **state)
{
	(void)state;
	struct rt_msg msg;
	struct rt_field field;
	uint32_t value = 0;
	char text[8];
	make_request(&msg);
	proto_put_bytes(&msg, RT_TAG_CRED_SECRET, "a\0b", 3);
	proto_put_bytes(&msg, RT_TAG_CRED_USER, NULL, 0);
	proto_put_text(&msg, RT_TAG_CONTAINER, NULL);
	proto_put_u32(&msg, (enum rt_tag)999, 0xfffefdfcu); /* of a newer peer: to be skipped */
	assert_int_equal(proto_check(&msg), RT_MSG_REQUEST);
	assert_true(proto_get_u32(&msg, RT_TAG_VERB, &value));
	assert_int_equal(value, RT_VERB_LOGON);
	assert_true(proto_get_u32(&msg, (enum rt_tag)999, &value));
	assert_int_equal(value, 0xfffefdfcu);
	assert_int_equal(proto_get_text(&msg, RT_TAG_DC, text, sizeof text), 3);
	assert_string_equal(text, "dc1");
	assert_true(proto_get_bytes(&msg, RT_TAG_CRED_SECRET, &field));
	assert_int_equal(field.len, 3);
	assert_memory_equal(field.data, "a\0b", 3);
	assert_int_equal(proto_get_text(&msg, RT_TAG_CRED_USER, text, sizeof text), 0);
	assert_false(proto_get_bytes(&msg, RT_TAG_CONTAINER, &field));
	int fields = 0;
	while (proto_next(&msg, &field))
		fields++;
	assert_int_equal(fields, 5);
}

static void getters_refuse_what_does_not_fit(void **state)
{
	(void)state;
	struct rt_msg msg;
	uint32_t value = 77;
	char text[8] = "old";
	make_request(&msg);
	proto_put_bytes(&msg, RT_TAG_WORD1, "a\0b", 3);
	assert_int_equal(proto_check(&msg), RT_MSG_REQUEST);
	assert_int_equal(proto_get_text(&msg, RT_TAG_WORD1, text, sizeof text), -1);
	assert_string_equal(text, "");
	assert_int_equal(proto_get_text(&msg, RT_TAG_DC, text, 3), -1);
	assert_int_equal(proto_get_text(&msg, RT_TAG_DC, text, 4), 3);
	assert_int_equal(proto_get_text(&msg, RT_TAG_DC, text, 0), -1);
	assert_int_equal(proto_get_text(&msg, RT_TAG_ERROR, text, sizeof text), 0);
	assert_string_equal(text, "");
	assert_false(proto_get_u32(&msg, RT_TAG_DC, &value));
	assert_false(proto_get_u32(&msg, RT_TAG_FLAGS, &value));
	assert_int_equal(value, 77);
}

static void a_message_is_full_at_its_last_byte(void **state)
{
	(void)state;
	static char big[UINT16_MAX + 2];
	struct rt_msg msg;
	memset(big, 'x', sizeof big - 1);
	proto_begin(&msg, RT_MSG_STEP);
	proto_put_bytes(&msg, RT_TAG_WORD1, big, RT_MSG_MAX - 8 - 4 - 4);
	assert_false(msg.bad);
	proto_put_bytes(&msg, RT_TAG_WORD2, big, 1);
	assert_true(msg.bad);
	msg.bad = false;
	proto_put_bytes(&msg, RT_TAG_WORD2, NULL, 0);
	assert_false(msg.bad);
	assert_int_equal(msg.len, RT_MSG_MAX);
	assert_int_equal(proto_check(&msg), RT_MSG_STEP);
	proto_begin(&msg, RT_MSG_STEP);
	proto_put_text(&msg, RT_TAG_WORD1, big);
	assert_true(msg.bad);
	assert_int_equal(proto_send(-1, &msg, -1, 0), -1);
	assert_int_equal(errno, EMSGSIZE);
}

/* One byte changed, or the length: what proto_check has to say no to. */
static void malformed_messages_are_refused(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint8_t value;
		size_t len; /* of the packet; 0 = as it was */
	} cases[] = {
		{ 0, 'R', 0 },
		{ 3, '2', 0 },
		{ 4, 0, 0 },
		{ 4, 6, 0 },
		{ 5, 1, 0 },
		{ 6, 1, 0 },
		{ 6, 3, 0 },
		{ 7, 1, 0 },
		{ 10, 5, 0 },
		{ 11, 0x40, 0 },
		{ 18, 2, 0 },
		{ 18, 4, 0 },
		{ 16, 1, 0 },
		{ 0, 'r', 7 },
		{ 0, 'r', 8 },
		{ 0, 'r', 22 },
		{ 0, 'r', 24 },
		{ 0, 'r', 20 },
		{ 0, 'r', RT_MSG_MAX + 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rt_msg msg;
		struct rt_field field;
		memset(&msg, 0, sizeof msg);
		make_request(&msg);
		msg.buf[cases[i].at] = cases[i].value;
		msg.len = cases[i].len != 0 ? cases[i].len : msg.len;
		assert_int_equal(proto_check(&msg), -1);
		assert_false(proto_next(&msg, &field));
		assert_false(proto_get_bytes(&msg, RT_TAG_VERB, &field));
	}
	struct rt_msg empty = { .len = 0 };
	assert_int_equal(proto_check(&empty), -1);
}

static void a_message_crosses_with_its_descriptor(void **state)
{
	(void)state;
	struct traces before = traces_take();
	struct rt_msg msg;
	int pair[2];
	int fd = -1;
	struct stat sent;
	struct stat got;
	make_pair(pair);
	make_request(&msg);
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(proto_send(pair[0], &msg, file, 100), 0);
	assert_int_equal(proto_send(pair[0], &msg, file, 100), 0);
	assert_int_equal(proto_send(pair[0], &msg, -1, 100), 0);
	assert_int_equal(proto_recv(pair[1], &msg, &fd, 100), RT_MSG_REQUEST);
	assert_true(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	assert_true(fstat(file, &sent) == 0 && fstat(fd, &got) == 0 && sent.st_rdev == got.st_rdev);
	(void)close(fd);
	assert_int_equal(proto_recv(pair[1], &msg, NULL, 100), RT_MSG_REQUEST);
	assert_int_equal(proto_recv(pair[1], &msg, &fd, 100), RT_MSG_REQUEST);
	assert_int_equal(fd, -1);
	(void)close(file);
	close_pair(pair);
	assert_null(traces_left(&before));
}

/* Sends bytes as they are, with so many descriptors of /dev/null. */
static void send_raw(int sock, const void *data, size_t len, size_t fds)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	int files[4];
	for (size_t i = 0; i < fds; i++)
		files[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fds > 0) {
		header.msg_control = control.space;
		header.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		control.header.cmsg_len = CMSG_LEN(fds * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.header), files, fds * sizeof(int));
	}
	assert_int_equal(sendmsg(sock, &header, 0), len);
	for (size_t i = 0; i < fds; i++)
		(void)close(files[i]);
}

static void bad_packets_are_refused_and_leave_no_descriptor(void **state)
{
	(void)state;
	static uint8_t big[RT_MSG_MAX + 1] = "rtr1\2";
	struct traces before = traces_take();
	struct rt_msg msg;
	int pair[2];
	make_pair(pair);
	make_request(&msg);
	for (size_t fds = 0; fds <= 4; fds++) {
		int fd = 99;
		send_raw(pair[0], fds < 2 ? "junk" : (const char *)msg.buf, fds < 2 ? 4 : msg.len, fds);
		struct rt_msg got;
		assert_int_equal(proto_recv(pair[1], &got, &fd, 100), -1);
		assert_int_equal(errno, EPROTO);
		assert_int_equal(fd, -1);
	}
	send_raw(pair[0], big, sizeof big, 1);
	assert_int_equal(proto_recv(pair[1], &msg, NULL, 100), -1);
	assert_int_equal(errno, EPROTO);
	close_pair(pair);
	assert_null(traces_left(&before));
}

static void the_end_of_the_peer_is_told(void **state)
{
	(void)state;
	struct rt_msg msg;
	int pair[2];
	make_pair(pair);
	make_request(&msg);
	(void)close(pair[1]);
	int fd = 99;
	assert_int_equal(proto_recv(pair[0], &msg, &fd, 100), 0);
	assert_int_equal(fd, -1);
	make_request(&msg);
	assert_int_equal(proto_send(pair[0], &msg, -1, 100), -1);
	assert_int_equal(errno, EPIPE);
	(void)close(pair[0]);
}

/* The peer answers and closes with something of ours unread: the kernel says ECONNRESET before it gives the answer. */
static void the_last_word_of_a_peer_that_reset_is_heard(void **state)
{
	(void)state;
	struct rt_msg msg;
	int pair[2];
	make_pair(pair);
	make_request(&msg);
	assert_int_equal(proto_send(pair[0], &msg, -1, 100), 0);
	assert_int_equal(proto_send(pair[1], &msg, -1, 100), 0);
	(void)close(pair[1]);
	assert_int_equal(proto_recv(pair[0], &msg, NULL, 100), RT_MSG_REQUEST);
	assert_int_equal(proto_recv(pair[0], &msg, NULL, 100), 0);
	(void)close(pair[0]);
}

static void on_alarm(int number)
{
	(void)number;
}

/* Signals that arrive on the way (without SA_RESTART) neither end nor prolong a wait. */
static void waits_are_bounded_and_survive_signals(void **state)
{
	(void)state;
	struct sigaction action = { .sa_handler = on_alarm };
	struct sigaction old;
	struct itimerval tick = { { 0, 20000 }, { 0, 20000 } };
	struct itimerval none = { { 0, 0 }, { 0, 0 } };
	struct rt_msg msg;
	int pair[2];
	make_pair(pair);
	make_request(&msg);
	assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &tick, NULL), 0);
	int64_t start = traces_now_ms();
	assert_int_equal(proto_recv(pair[0], &msg, NULL, 150), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_in_range(traces_now_ms() - start, 149, 1000);
	start = traces_now_ms();
	int sent = 0;
	make_request(&msg);
	while (sent < 10000 && proto_send(pair[0], &msg, -1, 150) == 0)
		sent++;
	assert_int_equal(errno, ETIMEDOUT);
	assert_in_range(sent, 1, 9999);
	assert_in_range(traces_now_ms() - start, 149, 2000);
	assert_int_equal(proto_recv(pair[0], &msg, NULL, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(proto_recv(pair[1], &msg, NULL, -5), RT_MSG_REQUEST); /* what is there is taken all the same */
	(void)setitimer(ITIMER_REAL, &none, NULL);
	(void)sigaction(SIGALRM, &old, NULL);
	close_pair(pair);
}

static void wiping_leaves_nothing(void **state)
{
	(void)state;
	struct rt_msg msg;
	make_request(&msg);
	proto_put_bytes(&msg, RT_TAG_CRED_SECRET, "Passw0rd", 8);
	proto_wipe(&msg);
	for (size_t i = 0; i < sizeof msg; i++)
		assert_int_equal(((const unsigned char *)&msg)[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_the_header_file),
		cmocka_unit_test(what_was_put_in_comes_out),
		cmocka_unit_test(getters_refuse_what_does_not_fit),
		cmocka_unit_test(a_message_is_full_at_its_last_byte),
		cmocka_unit_test(malformed_messages_are_refused),
		cmocka_unit_test(a_message_crosses_with_its_descriptor),
		cmocka_unit_test(bad_packets_are_refused_and_leave_no_descriptor),
		cmocka_unit_test(the_end_of_the_peer_is_told),
		cmocka_unit_test(the_last_word_of_a_peer_that_reset_is_heard),
		cmocka_unit_test(waits_are_bounded_and_survive_signals),
		cmocka_unit_test(wiping_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
