/* request.c: what comes over the door, and who may ask it. */
#include "../../helper/serve/request.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct rt_msg msg;
static struct request request;
static struct fault fault;

static int begin(void **state)
{
	(void)state;
	proto_begin(&msg, RT_MSG_REQUEST);
	memset(&request, 0x5a, sizeof request);
	fault = (struct fault){ .kind = FAULT_NONE };
	return 0;
}

static int parse(int fd)
{
	assert_int_equal(proto_check(&msg), RT_MSG_REQUEST);
	return request_parse(&msg, fd, &request, &fault);
}

static void assert_refused(int fd, const char *says)
{
	assert_int_equal(parse(fd), -1);
	assert_int_equal(fault.kind, FAULT_USAGE);
	if (strstr(fault.text, says) == NULL)
		fail_msg("'%s' doesn't say '%s'", fault.text, says);
	request_free(&request);
	assert_int_equal(request.credential.fd, -1);
}

static void everything_said(void **state)
{
	(void)state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_ENROLL);
	proto_put_u32(&msg, RT_TAG_FLAGS, RT_FLAG_CAN_ASK | RT_FLAG_VERBOSE);
	proto_put_u32(&msg, RT_TAG_TIMEOUT_MS, 1234);
	proto_put_text(&msg, RT_TAG_DC, "dc1.lab.example");
	proto_put_text(&msg, RT_TAG_CONTAINER, "OU=x,DC=lab");
	proto_put_u32(&msg, RT_TAG_CRED_KIND, RT_CRED_KEYTAB);
	proto_put_text(&msg, RT_TAG_CRED_USER, "joiner");
	proto_put_text(&msg, RT_TAG_ACCEPT_DC, "aa:bb");
	assert_int_equal(parse(fd), 0);
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_int_equal(request.verb, RT_VERB_ENROLL);
	assert_int_equal(request.flags, RT_FLAG_CAN_ASK | RT_FLAG_VERBOSE);
	assert_int_equal(request.timeout_ms, 1234);
	assert_string_equal(request.dc, "dc1.lab.example");
	assert_string_equal(request.container, "OU=x,DC=lab");
	assert_int_equal(request.credential.kind, RT_CRED_KEYTAB);
	assert_int_equal(request.credential.fd, fd);
	assert_string_equal(request.credential.user, "joiner");
	assert_string_equal(request.credential.accept_dc, "aa:bb");
	assert_int_equal(request.credential.password.len, 0);
	request_free(&request);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_verb_alone(void **state)
{
	(void)state;
	proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_LOGON);
	assert_int_equal(parse(-1), 0);
	assert_int_equal(request.verb, RT_VERB_LOGON);
	assert_int_equal(request.flags, 0);
	assert_int_equal(request.timeout_ms, 15000);
	assert_string_equal(request.dc, "");
	assert_string_equal(request.container, "");
	assert_int_equal(request.credential.kind, RT_CRED_NONE);
	assert_int_equal(request.credential.fd, -1);
	assert_string_equal(request.credential.user, "");
	assert_string_equal(request.credential.accept_dc, "");
	request_free(&request);
}

static void a_typed_password(void **state)
{
	(void)state;
	proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_REPAIR);
	proto_put_u32(&msg, RT_TAG_CRED_KIND, RT_CRED_PASSWORD);
	proto_put_text(&msg, RT_TAG_CRED_USER, "Administrator");
	proto_put_bytes(&msg, RT_TAG_CRED_SECRET, "Adm1n", 5);
	assert_int_equal(parse(-1), 0);
	assert_int_equal(request.credential.kind, RT_CRED_PASSWORD);
	assert_string_equal(request.credential.user, "Administrator");
	assert_int_equal(request.credential.password.len, 5);
	assert_string_equal((const char *)request.credential.password.bytes, "Adm1n");
	request_free(&request);
	assert_null(memmem(&request, sizeof request, "Adm1n", 5));
}

static void unknown_verbs(void **state)
{
	static const uint32_t verbs[] = { 0, RT_VERB_COUNT, 77, UINT32_MAX };
	(void)state;
	assert_refused(-1, "verb");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		(void)begin(NULL);
		proto_put_u32(&msg, RT_TAG_VERB, verbs[i]);
		assert_refused(-1, "verb");
	}
	(void)begin(NULL);
	proto_put_text(&msg, RT_TAG_VERB, "repair");
	assert_refused(-1, "verb");
}

static void timeouts(void **state)
{
	static const struct {
		uint32_t said;
		int taken;
	} rows[] = { { 0, 15000 },          { 1, 1 }, { 600000, 600000 }, { 600001, 600000 }, { 0x80000000u, 600000 },
		     { UINT32_MAX, 600000 } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		(void)begin(NULL);
		proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_VERIFY);
		proto_put_u32(&msg, RT_TAG_TIMEOUT_MS, rows[i].said);
		assert_int_equal(parse(-1), 0);
		assert_int_equal(request.timeout_ms, rows[i].taken);
		request_free(&request);
	}
}

/* A text of that many letters: as long as may be, and one more. */
/* Only the low half of the time comes over the door; one that can't be is the present. */
static void when_the_logon_had_failed(void **state)
{
	static const struct {
		bool said;
		int64_t ago_ms;
		uint64_t taken_ms;
	} rows[] = { { false, 0, 0 }, { true, 0, 0 }, { true, 2000, 2000 }, { true, 700000, 0 }, { true, -5000, 0 } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t now = deadline_boot_ms();
		if (now < 10000)
			skip();
		proto_begin(&msg, RT_MSG_REQUEST);
		proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_LOGON);
		if (rows[i].said)
			proto_put_u32(&msg, RT_TAG_FAILED_MS, (uint32_t)((int64_t)now - rows[i].ago_ms));
		assert_int_equal(parse(-1), 0);
		assert_in_range(request.failed_boot_ms, now - rows[i].taken_ms, now - rows[i].taken_ms + 3000);
		request_free(&request);
	}
}

static void texts_have_their_limits(void **state)
{
	static const struct {
		enum rt_tag tag;
		size_t most;
	} rows[] = {
		{ RT_TAG_DC, 255 }, { RT_TAG_CONTAINER, 511 }, { RT_TAG_CRED_USER, 255 }, { RT_TAG_ACCEPT_DC, 127 }
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[600] = "";
		(void)begin(NULL);
		memset(text, 'x', rows[i].most);
		proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_REPAIR);
		proto_put_text(&msg, rows[i].tag, text);
		assert_int_equal(parse(-1), 0);
		request_free(&request);
		(void)begin(NULL);
		text[rows[i].most] = 'x';
		proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_REPAIR);
		proto_put_text(&msg, rows[i].tag, text);
		(void)snprintf(text, sizeof text, "field %d ", (int)rows[i].tag);
		assert_refused(-1, text);
		(void)begin(NULL);
		proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_REPAIR);
		proto_put_bytes(&msg, rows[i].tag, "a\0b", 3);
		assert_refused(-1, text);
	}
}

struct bad_credential {
	uint32_t kind;
	const char *user;
	size_t secret; /* its length; 0: none comes */
	const char *says;
};

static void put_credential(const struct bad_credential *row)
{
	char secret[SECRET_MAX + 1];
	memset(secret, 's', sizeof secret);
	(void)begin(NULL);
	proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_REPAIR);
	proto_put_u32(&msg, RT_TAG_CRED_KIND, row->kind);
	proto_put_text(&msg, RT_TAG_CRED_USER, row->user);
	if (row->secret > 0)
		proto_put_bytes(&msg, RT_TAG_CRED_SECRET, secret, row->secret);
}

static void bad_credentials(void **state)
{
	static const struct bad_credential rows[] = {
		{ 4, "u", 1, "unknown kind" },
		{ UINT32_MAX, "u", 1, "unknown kind" },
		{ RT_CRED_CCACHE, NULL, 0, "did not come" },
		{ RT_CRED_KEYTAB, "u", 0, "did not come" },
		{ RT_CRED_PASSWORD, NULL, 3, "a user and a password" },
		{ RT_CRED_PASSWORD, "", 3, "a user and a password" },
		{ RT_CRED_PASSWORD, "u", 0, "a user and a password" },
		{ RT_CRED_PASSWORD, "u", SECRET_MAX + 1, "a user and a password" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put_credential(&rows[i]);
		assert_refused(-1, rows[i].says);
		assert_null(strstr(fault.text, "sss"));
	}
}

/* Whatever is wrong, the descriptor is the request's and is closed. */
static void a_descriptor_never_leaks(void **state)
{
	(void)state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_refused(fd, "verb");
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	(void)begin(NULL);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	proto_put_u32(&msg, RT_TAG_VERB, RT_VERB_LOGON);
	assert_int_equal(parse(fd), 0);
	request_free(&request);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_true(fcntl(0, F_GETFD) >= 0 || fcntl(1, F_GETFD) >= 0);
}

static void who_may_ask_what(void **state)
{
	static const struct {
		uint32_t verb;
		bool root, others;
	} rows[] = {
		{ 0, false, false },
		{ RT_VERB_LOGON, true, true },
		{ RT_VERB_STATUS, true, false },
		{ RT_VERB_VERIFY, true, false },
		{ RT_VERB_REPAIR, true, false },
		{ RT_VERB_ENROLL, true, false },
		{ RT_VERB_UNENROLL, true, false },
		{ RT_VERB_ROTATE, true, false },
		{ RT_VERB_LOOKUP, true, true },
		{ RT_VERB_REMEMBER, true, false },
		{ RT_VERB_COUNT, false, false },
		{ 1000, false, false },
	};
	(void)state;
	assert_int_equal(sizeof rows / sizeof *rows, RT_VERB_COUNT + 2);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum rt_verb verb = (enum rt_verb)rows[i].verb;
		assert_int_equal(request_permitted(verb, 0), rows[i].root);
		assert_int_equal(request_permitted(verb, 1), rows[i].others);
		assert_int_equal(request_permitted(verb, 1000), rows[i].others);
		assert_int_equal(request_permitted(verb, (uid_t)-1), rows[i].others);
	}
}

/* Random fields of any length: it answers or refuses, and stays inside its arrays. */
static void survives_junk(void **state)
{
	static uint8_t junk[700];
	(void)state;
	srandom(1);
	for (int round = 0; round < 20000; round++) {
		(void)begin(NULL);
		for (enum rt_tag tag = RT_TAG_VERB; tag <= RT_TAG_CONTAINER; tag++) {
			size_t len = random() % 3 == 0 ? (size_t)(random() % 700) : 4;
			for (size_t i = 0; i < len; i++)
				junk[i] = (uint8_t)(random() % 4 == 0 ? random() : random() % 8);
			if (random() % 4 != 0)
				proto_put_bytes(&msg, tag, junk, len);
		}
		if (parse(-1) == 0)
			assert_true(request.verb > 0 && request.verb < RT_VERB_COUNT && request.timeout_ms > 0 &&
			            request.timeout_ms <= 600000);
		else
			assert_int_equal(fault.kind, FAULT_USAGE);
		request_free(&request);
	}
}

#define FRESH(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(everything_said),  FRESH(a_verb_alone),
		FRESH(a_typed_password), FRESH(unknown_verbs),
		FRESH(timeouts),         FRESH(when_the_logon_had_failed),
		FRESH(timeouts),         FRESH(texts_have_their_limits),
		FRESH(bad_credentials),  FRESH(a_descriptor_never_leaks),
		FRESH(who_may_ask_what), FRESH(survives_junk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
