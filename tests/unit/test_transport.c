/* transport.c against a server that lies: nothing hangs, nothing is believed, and "not sent" is told from "no reply".
 */
#include "../../helper/directory/transport.h"
#include "../../helper/directory/locate.h"

#include "fake_server.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum lie { HONEST, SLOW, SILENT, CLOSED, RESET, SHORT_PREFIX, SHORT_BODY, ZERO, HUGE, MEGABYTE, DRIP, DEAF };

static const uint8_t request_bytes[] = "request";

static void reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void send_prefix(int fd, uint32_t len)
{
	len = htonl(len);
	(void)send(fd, &len, sizeof len, MSG_NOSIGNAL);
}

static void drip(int fd)
{
	send_prefix(fd, 1000);
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		(void)usleep(20000);
}

static void answer_megabyte(int fd)
{
	static uint8_t block[65536];
	send_prefix(fd, TRANSPORT_MAX);
	for (size_t done = 0; done < TRANSPORT_MAX; done += sizeof block)
		(void)send(fd, block, sizeof block, MSG_NOSIGNAL);
}

static void serve(int fd, int nth, const void *data)
{
	uint8_t buf[64];
	const enum lie lie = *(const enum lie *)data;
	(void)nth;
	if (lie == DEAF) {
		(void)pause();
		return;
	}
	if (fake_server_request(fd, buf, sizeof buf) != sizeof request_bytes)
		return;
	switch (lie) {
	case SLOW:
		send_prefix(fd, 5);
		(void)usleep(30000);
		(void)send(fd, "re", 2, MSG_NOSIGNAL);
		(void)usleep(30000);
		(void)send(fd, "ply", 3, MSG_NOSIGNAL);
		break;
	case SILENT:
		(void)pause();
		break;
	case RESET:
		reset(fd);
		break;
	case SHORT_PREFIX:
		(void)send(fd, "\0\0", 2, MSG_NOSIGNAL);
		break;
	case SHORT_BODY:
		send_prefix(fd, 5);
		(void)send(fd, "rep", 3, MSG_NOSIGNAL);
		break;
	case ZERO:
		send_prefix(fd, 0);
		(void)pause();
		break;
	case HUGE:
		send_prefix(fd, (uint32_t)TRANSPORT_MAX + 1);
		(void)pause();
		break;
	case MEGABYTE:
		answer_megabyte(fd);
		break;
	case DRIP:
		drip(fd);
		break;
	case HONEST:
		fake_server_reply(fd, "reply", 5);
		break;
	case CLOSED:
	case DEAF:
		break;
	}
}

struct outcome {
	enum transport_result result;
	struct transport_bytes reply;
	struct fault fault;
	int64_t ms;
};

static int connect_to(const struct fake_server *server, struct fault *fault)
{
	struct dc dc = { .host = "dc1.lab.example", .address = "127.0.0.1", .sa_len = sizeof(struct sockaddr_in) };
	struct sockaddr_in *sa = (struct sockaddr_in *)&dc.sa;
	sa->sin_family = AF_INET;
	sa->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return locate_connect(&dc, server->port, deadline_in(1000), fault);
}

static enum transport_result exchange_by(int fd, const struct transport_bytes *request, int64_t limit_ms,
                                         struct transport_bytes *ret_reply, struct fault *fault)
{
	static const struct dc dc = { .host = "dc1.lab.example", .address = "127.0.0.1" };
	const struct stream stream = { .fd = fd, .port = 88, .deadline = deadline_in(limit_ms), .dc = &dc };
	return transport_exchange(&stream, request, ret_reply, fault);
}

static struct outcome exchange(enum lie lie, size_t len, int64_t limit_ms)
{
	struct outcome outcome = { .result = TRANSPORT_OK };
	struct fake_server server = fake_server_start(serve, &lie);
	uint8_t *bytes = calloc(1, len + 1);
	assert_non_null(bytes);
	memcpy(bytes, request_bytes, len < sizeof request_bytes ? len : sizeof request_bytes);
	const struct transport_bytes request = { .data = bytes, .len = len };
	const int fd = connect_to(&server, &outcome.fault);
	assert_true(fd >= 0);
	const int64_t start = deadline_now_ms();
	outcome.result = exchange_by(fd, &request, limit_ms, &outcome.reply, &outcome.fault);
	outcome.ms = deadline_now_ms() - start;
	(void)close(fd);
	free(bytes);
	(void)fake_server_stop(&server);
	return outcome;
}

static void test_honest(void **state)
{
	static const enum lie kinds[] = { HONEST, SLOW };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct outcome outcome = exchange(kinds[i], sizeof request_bytes, 3000);
		assert_int_equal(outcome.result, TRANSPORT_OK);
		assert_int_equal(outcome.reply.len, 5);
		assert_memory_equal(outcome.reply.data, "reply", 5);
		assert_int_equal(outcome.fault.kind, FAULT_NONE);
		free(outcome.reply.data);
	}
}

static void test_biggest(void **state)
{
	(void)state;
	struct outcome outcome = exchange(MEGABYTE, sizeof request_bytes, 5000);
	assert_int_equal(outcome.result, TRANSPORT_OK);
	assert_int_equal(outcome.reply.len, TRANSPORT_MAX);
	free(outcome.reply.data);
}

/* Sent, and no whole answer: whatever the lie, at once, with the peer named. */
static void test_lies(void **state)
{
	static const enum lie lies[] = { CLOSED, RESET, SHORT_PREFIX, SHORT_BODY, ZERO, HUGE };
	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct outcome outcome = exchange(lies[i], sizeof request_bytes, 3000);
		assert_int_equal(outcome.result, TRANSPORT_NO_REPLY);
		assert_null(outcome.reply.data);
		assert_int_equal(outcome.fault.kind, FAULT_UNSURE);
		assert_non_null(strstr(outcome.fault.text, "dc1.lab.example (127.0.0.1) port 88"));
		assert_true(outcome.ms < 1500);
	}
}

/* Silence, and a peer that sends a byte now and then, end at the deadline. */
static void test_deadline(void **state)
{
	static const enum lie lies[] = { SILENT, DRIP };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct outcome outcome = exchange(lies[i], sizeof request_bytes, 200);
		assert_int_equal(outcome.result, TRANSPORT_NO_REPLY);
		assert_true(outcome.ms >= 195 && outcome.ms < 1500);
		assert_non_null(strstr(outcome.fault.text, "in time"));
	}
}

/* More than the sockets' buffers hold, and a peer that reads nothing: the whole request never left. */
static void test_not_sent(void **state)
{
	static const enum lie deaf = DEAF;
	struct fault fault = { .kind = FAULT_NONE };
	struct transport_bytes reply, request = { .data = calloc(1, TRANSPORT_MAX), .len = TRANSPORT_MAX };
	const int small = 4096;
	(void)state;
	assert_non_null(request.data);
	struct fake_server server = fake_server_start(serve, &deaf);
	int fd = connect_to(&server, &fault);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	/* The receiver's window may grow to several MiB: fill it first. */
	while (send(fd, request.data, request.len, MSG_NOSIGNAL) > 0)
		;
	(void)usleep(100000);
	while (send(fd, request.data, request.len, MSG_NOSIGNAL) > 0)
		;
	assert_int_equal(exchange_by(fd, &request, 200, &reply, &fault), TRANSPORT_NOT_SENT);
	assert_null(reply.data);
	assert_int_equal(fault.kind, FAULT_UNSURE);
	(void)close(fd);
	free(request.data);
	(void)fake_server_stop(&server);
}

static void test_bad_request(void **state)
{
	static const size_t lengths[] = { 0, TRANSPORT_MAX + 1 };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct outcome outcome = exchange(HONEST, lengths[i], 1000);
		assert_int_equal(outcome.result, TRANSPORT_NOT_SENT);
		assert_int_equal(outcome.fault.kind, FAULT_INTERNAL);
	}
}

static void test_over_before_it_began(void **state)
{
	(void)state;
	struct outcome outcome = exchange(SILENT, sizeof request_bytes, 0);
	assert_int_equal(outcome.result, TRANSPORT_NO_REPLY); /* the kernel took it */
	assert_true(outcome.ms < 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest),
		cmocka_unit_test(test_biggest),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_not_sent),
		cmocka_unit_test(test_bad_request),
		cmocka_unit_test(test_over_before_it_began),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
