/* srv.c: the order of SRV records, and DNS answers made by somebody who wishes us ill. locate.c: who listens, who
 * doesn't. */
#include "../../helper/directory/locate.h"
#include "../../helper/directory/resolver.h"
#include "../../helper/directory/srv.h"

#include "fake_server.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint32_t drawn; /* what the next draw gives */

static uint32_t draw_given(uint32_t n)
{
	return drawn <= n ? drawn : n;
}

static uint32_t draw_most(uint32_t n)
{
	return n;
}

static void test_priority(void **state)
{
	struct srv_record records[] = { { "c", 20, 0, 389 }, { "a", 0, 0, 389 }, { "b", 10, 0, 389 } };
	(void)state;
	srv_order(records, 3, draw_given);
	assert_string_equal(records[0].host, "a");
	assert_string_equal(records[1].host, "b");
	assert_string_equal(records[2].host, "c");
	srv_order(records, 0, draw_given);
}

/* RFC 2782: the running sum that first reaches the draw picks; weight 0 only when 0 is drawn. */
static void test_weight(void **state)
{
	static const struct {
		uint32_t draw;
		const char *first;
	} rows[] = { { 0, "zero" }, { 1, "ten" }, { 10, "ten" }, { 11, "ninety" }, { 100, "ninety" } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct srv_record records[] = { { "ten", 0, 10, 389 },
			                        { "zero", 0, 0, 389 },
			                        { "ninety", 0, 90, 389 } };
		drawn = rows[i].draw;
		srv_order(records, 3, draw_given);
		assert_string_equal(records[0].host, rows[i].first);
	}
}

/* Nobody is lost, whatever is drawn; nobody of a later priority comes first. */
static void test_permutation(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct srv_record records[SRV_RECORDS_MAX];
		uint32_t seen = 0;
		for (uint16_t i = 0; i < SRV_RECORDS_MAX; i++)
			records[i] = (struct srv_record){ .priority = i % 3, .weight = UINT16_MAX, .port = i };
		srv_order(records, SRV_RECORDS_MAX, round % 2 ? srv_draw : draw_most);
		for (size_t i = 0; i < SRV_RECORDS_MAX; i++) {
			seen |= 1u << records[i].port;
			assert_true(i == 0 || records[i - 1].priority <= records[i].priority);
		}
		assert_int_equal(seen, UINT32_MAX);
	}
}

/* A message under construction. */
struct message {
	size_t len;
	uint8_t bytes[2048];
};

static void put(struct message *message, const void *bytes, size_t len)
{
	memcpy(message->bytes + message->len, bytes, len);
	message->len += len;
}

static void put_u16(struct message *message, unsigned int value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };
	put(message, bytes, 2);
}

static void put_name(struct message *message, const char *name)
{
	while (*name != '\0') {
		const size_t len = strcspn(name, ".");
		const uint8_t byte = (uint8_t)len;
		put(message, &byte, 1);
		put(message, name, len);
		name += len + (name[len] == '.');
	}
	put(message, "", 1);
}

static void begin(struct message *message, unsigned int answers)
{
	memset(message, 0, sizeof *message);
	put(message, "\x12\x34\x81\x80", 4);
	put_u16(message, 1);
	put_u16(message, answers);
	put(message, "\0\0\0\0", 4);
	put_name(message, "_ldap._tcp.lab.example");
	put_u16(message, 33);
	put_u16(message, 1);
}

static void put_record(struct message *message, unsigned int type, const char *owner, const void *data, size_t len)
{
	put_name(message, owner);
	put_u16(message, type);
	put_u16(message, 1);
	put(message, "\0\0\0\x3c", 4);
	put_u16(message, (unsigned int)len);
	put(message, data, len);
}

static void put_srv(struct message *message, unsigned int priority, unsigned int weight, const char *target)
{
	struct message data = { .len = 0 };
	put_u16(&data, priority);
	put_u16(&data, weight);
	put_u16(&data, 389);
	put_name(&data, target);
	put_record(message, 33, "_ldap._tcp.lab.example", data.bytes, data.len);
}

static void test_parse(void **state)
{
	struct message message;
	struct srv_answer answer;
	(void)state;
	begin(&message, 5);
	put_srv(&message, 1, 2, "DC1.Lab.Example");
	put_srv(&message, 0, 100, "dc2.lab.example");
	put_record(&message, 1, "dc1.lab.example", "\x0a\x4d\0\x0a", 4);
	put_record(&message, 28, "dc2.lab.example", "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	put_record(&message, 16, "dc1.lab.example", "\3txt", 4);
	assert_true(srv_parse(message.bytes, message.len, &answer));
	assert_int_equal(answer.records, 2);
	assert_string_equal(answer.record[0].host, "dc1.lab.example");
	assert_int_equal(answer.record[0].priority, 1);
	assert_int_equal(answer.record[0].weight, 2);
	assert_int_equal(answer.record[0].port, 389);
	assert_string_equal(answer.record[1].host, "dc2.lab.example");
	assert_int_equal(answer.addresses, 2);
	assert_int_equal(answer.address[0].family, AF_INET);
	assert_int_equal(ntohl(answer.address[0].ip.v4.s_addr), 0x0a4d000a);
	assert_int_equal(answer.address[1].family, AF_INET6);
}

/* Names that would go into a configuration file or a terminal, and records of a wrong size: left out. */
static void test_parse_bad_records(void **state)
{
	static const char *const names[] = { "",      "-dc1.lab.example", "dc 1.lab.example",  "dc1\n.lab.example",
		                             "dc1;x", "d\xc3\xa4",        "$(id).lab.example", "a\033[2J.lab" };
	struct message message;
	struct srv_answer answer;
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		begin(&message, 2);
		put_srv(&message, 0, 0, names[i]);
		put_srv(&message, 0, 0, "good.lab.example");
		assert_true(srv_parse(message.bytes, message.len, &answer));
		assert_int_equal(answer.records, 1);
		assert_string_equal(answer.record[0].host, "good.lab.example");
	}
	begin(&message, 3);
	put_record(&message, 1, "dc1.lab.example", "\x0a\0\0", 3);
	put_record(&message, 28, "dc1.lab.example", "\x0a\0\0\1", 4);
	put_record(&message, 33, "dc1.lab.example", "\0\0\0\0\0\0", 6);
	assert_true(srv_parse(message.bytes, message.len, &answer));
	assert_int_equal(answer.records + answer.addresses, 0);
}

static void test_parse_many(void **state)
{
	struct message message;
	struct srv_answer answer;
	(void)state;
	begin(&message, 40);
	for (int i = 0; i < 40; i++)
		put_srv(&message, 0, 0, "d.x");
	assert_true(srv_parse(message.bytes, message.len, &answer));
	assert_int_equal(answer.records, SRV_RECORDS_MAX);
	begin(&message, 70);
	for (int i = 0; i < 70; i++)
		put_record(&message, 1, "d.x", "\x0a\0\0\1", 4);
	assert_true(srv_parse(message.bytes, message.len, &answer));
	assert_int_equal(answer.addresses, SRV_ADDRESSES_MAX);
}

/* A name that points to itself, counts that lie, every cut, every changed byte: no crash, no byte too far. */
static void test_parse_junk(void **state)
{
	struct message message;
	struct srv_answer answer;
	(void)state;
	begin(&message, 1);
	put_record(&message, 33, "x", "\0\0\0\0\1\x85\xc0\x32", 8);
	message.bytes[message.len - 1] = (uint8_t)(message.len - 2);
	(void)srv_parse(message.bytes, message.len, &answer);
	assert_int_equal(answer.records, 0);
	begin(&message, 2);
	put_srv(&message, 1, 2, "dc1.lab.example");
	put_record(&message, 1, "dc1.lab.example", "\x0a\x4d\0\x0a", 4);
	for (size_t i = 0; i < message.len; i++) {
		uint8_t *exact = malloc(message.len);
		assert_non_null(exact);
		for (unsigned int flip = 1; flip < 256; flip <<= 1) {
			memcpy(exact, message.bytes, message.len);
			exact[i] ^= (uint8_t)flip;
			(void)srv_parse(exact, message.len, &answer);
		}
		free(exact);
		exact = malloc(i + 1);
		assert_non_null(exact);
		memcpy(exact, message.bytes, i + 1);
		(void)srv_parse(exact, i + 1, &answer);
		free(exact);
	}
	assert_false(srv_parse(message.bytes, 0, &answer));
}

/* An answer to another question, or by somebody who doesn't know the id. */
static void test_is_answer(void **state)
{
	struct message query, answer;
	(void)state;
	begin(&answer, 0);
	query = answer;
	query.bytes[2] &= 0x7f;
	const size_t body = query.len;
	put_srv(&answer, 0, 0, "dc1.lab.example");
	assert_true(resolver_is_answer(query.bytes, body, answer.bytes, answer.len));
	answer.bytes[14] = 'L'; /* in "_ldap" */
	assert_true(resolver_is_answer(query.bytes, body, answer.bytes, answer.len));
	assert_false(resolver_is_answer(query.bytes, body, query.bytes, query.len)); /* a question */
	for (size_t i = 0; i < body; i++) {
		struct message changed = answer;
		if ((i >= 3 && i < 4) || (i >= 6 && i < 12)) /* flags and counts of records may be what they like */
			continue;
		changed.bytes[i] ^= i == 2 ? 0x80 : 0x01;
		assert_false(resolver_is_answer(query.bytes, body, changed.bytes, changed.len));
	}
	for (size_t len = 0; len < body; len++)
		assert_false(resolver_is_answer(query.bytes, body, answer.bytes, len));
}

static void hold(int fd, int nth, const void *data)
{
	char byte;
	(void)nth;
	(void)data;
	(void)fake_server_read(fd, &byte, 1);
}

static void test_connect(void **state)
{
	struct dc dc = { .host = "dc1.lab.example", .address = "127.0.0.1", .sa_len = sizeof(struct sockaddr_in) };
	struct sockaddr_in *sa = (struct sockaddr_in *)&dc.sa;
	struct fault fault = { .kind = FAULT_NONE };
	struct fake_server server = fake_server_start(hold, NULL);
	(void)state;
	sa->sin_family = AF_INET;
	sa->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	const int fd = locate_connect(&dc, server.port, deadline_in(1000), &fault);
	assert_true(fd >= 0);
	assert_int_equal(sa->sin_port, 0); /* the DC stays as it was */
	assert_int_equal(recv(fd, &dc, 1, 0), -1);
	assert_int_equal(errno, EAGAIN); /* non-blocking */
	(void)close(fd);
	assert_int_equal(locate_connect(&dc, server.port, deadline_in(0), &fault), -1);
	(void)fake_server_stop(&server);
	fault_clear(&fault);
	assert_int_equal(locate_connect(&dc, server.port, deadline_in(1000), &fault), -1);
	assert_int_equal(fault.kind, FAULT_UNSURE);
	assert_non_null(strstr(fault.text, "dc1.lab.example (127.0.0.1) port "));
}

/* A numeric address where nobody listens at port 88 is asked of no DNS. */
static void test_named_nobody(void **state)
{
	struct dc dc;
	struct fault fault = { .kind = FAULT_NONE };
	const int64_t start = deadline_now_ms();
	(void)state;
	assert_int_equal(locate_named("127.0.0.2", "LAB.EXAMPLE", deadline_in(1000), &dc, &fault), LOCATE_NO_DC);
	assert_non_null(strstr(fault.text, "127.0.0.2"));
	assert_true(deadline_now_ms() - start < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_priority),          cmocka_unit_test(test_weight),
		cmocka_unit_test(test_permutation),       cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_bad_records), cmocka_unit_test(test_parse_many),
		cmocka_unit_test(test_parse_junk),        cmocka_unit_test(test_is_answer),
		cmocka_unit_test(test_connect),           cmocka_unit_test(test_named_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
