/* kpasswd_message.c against bytes made by hand from RFC 3244, and kpasswd.c against a server that is the DC, or isn't.
 */
#include "../../helper/directory/kpasswd.h"
#include "../../helper/directory/kpasswd_message.h"

#include "fake_kdc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_data(void **state)
{
	/* clang-format off */
	static const uint8_t expected[] = {
		0x30, 0x2b,
		0xa0, 0x08, 0x04, 0x06, 'S', 'e', 'c', 'r', 'e', 't',
		0xa1, 0x10, 0x30, 0x0e,
			0xa0, 0x03, 0x02, 0x01, 0x01,
			0xa1, 0x07, 0x30, 0x05, 0x1b, 0x03, 'M', '1', '$',
		0xa2, 0x0d, 0x1b, 0x0b, 'L', 'A', 'B', '.', 'E', 'X', 'A', 'M', 'P', 'L', 'E',
	};
	static const uint8_t own[] = { 0x30, 0x0a, 0xa0, 0x08, 0x04, 0x06, 'S', 'e', 'c', 'r', 'e', 't' };
	/* clang-format on */
	uint8_t buf[KPASSWD_MESSAGE_DATA_MAX];
	struct kpasswd_part part;
	SECRET_AUTO password;
	(void)state;
	assert_true(secret_set(&password, "Secret", 6));
	assert_true(kpasswd_message_data(&password, "M1$", "LAB.EXAMPLE", buf, &part));
	assert_int_equal(part.len, sizeof expected);
	assert_memory_equal(part.data, expected, sizeof expected);
	assert_true(kpasswd_message_data(&password, NULL, "LAB.EXAMPLE", buf, &part));
	assert_int_equal(part.len, sizeof own);
	assert_memory_equal(part.data, own, sizeof own);
}

static void test_data_limits(void **state)
{
	uint8_t buf[KPASSWD_MESSAGE_DATA_MAX];
	char name[KPASSWD_MESSAGE_DATA_MAX];
	struct kpasswd_part part;
	SECRET_AUTO password;
	(void)state;
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	assert_true(secret_set(&password, name, SECRET_MAX));
	assert_true(kpasswd_message_data(&password, "M1$", "LAB.EXAMPLE", buf, &part));
	assert_int_equal(part.data[0], 0x30);
	assert_false(kpasswd_message_data(&password, name, "LAB.EXAMPLE", buf, &part));
	assert_false(kpasswd_message_data(&password, "M1$", name, buf, &part));
}

static void test_request(void **state)
{
	static const uint8_t expected[] = { 0, 11, 0xff, 0x80, 0, 3, 'r', 'e', 'q', 'p', 'v' };
	static uint8_t big[UINT16_MAX + 1u], buf[UINT16_MAX + 1u];
	const struct kpasswd_part req = { .data = (const uint8_t *)"req", .len = 3 },
				  priv = { .data = (const uint8_t *)"pv", .len = 2 };
	struct kpasswd_part huge = { .data = big, .len = UINT16_MAX };
	(void)state;
	assert_int_equal(kpasswd_message_request(&req, &priv, buf, sizeof buf), sizeof expected);
	assert_memory_equal(buf, expected, sizeof expected);
	assert_int_equal(kpasswd_message_request(&req, &priv, buf, sizeof expected - 1), 0);
	assert_int_equal(kpasswd_message_request(&huge, &priv, buf, sizeof buf), 0);
	huge.len = UINT16_MAX + 1u;
	assert_int_equal(kpasswd_message_request(&req, &huge, buf, sizeof buf), 0);
	huge.len = UINT16_MAX - 9u;
	assert_int_equal(kpasswd_message_request(&req, &huge, buf, sizeof buf), UINT16_MAX);
}

static void test_reply(void **state)
{
	static const struct {
		size_t len;
		uint8_t bytes[16];
		bool good;
		size_t ap_rep, priv, error;
	} rows[] = {
		{ 11, { 0, 11, 0, 1, 0, 3, 'r', 'e', 'p', 'p', 'v' }, true, 3, 2, 0 },
		{ 11, { 0, 11, 0xff, 0x80, 0, 3, 'r', 'e', 'p', 'p', 'v' }, true, 3, 2, 0 },
		{ 8, { 0, 8, 0, 1, 0, 0, 0x7e, 0 }, true, 0, 0, 2 },
		{ 2, { 0x7e, 0 }, true, 0, 0, 2 },
		{ 0, { 0 }, false, 0, 0, 0 },
		{ 1, { 0 }, false, 0, 0, 0 },
		{ 6, { 0, 6, 0, 1, 0, 0 }, false, 0, 0, 0 },                            /* nothing behind the header */
		{ 11, { 0, 12, 0, 1, 0, 3, 'r', 'e', 'p', 'p', 'v' }, false, 0, 0, 0 }, /* lengths differ */
		{ 11, { 0, 10, 0, 1, 0, 3, 'r', 'e', 'p', 'p', 'v' }, false, 0, 0, 0 },
		{ 11, { 0, 11, 0, 2, 0, 3, 'r', 'e', 'p', 'p', 'v' }, false, 0, 0, 0 }, /* version */
		{ 11, { 0, 11, 0, 1, 0, 5, 'r', 'e', 'p', 'p', 'v' }, false, 0, 0, 0 }, /* no KRB-PRIV left */
		{ 11, { 0, 11, 0, 1, 0xff, 0xff, 'r', 'e', 'p', 'p', 'v' }, false, 0, 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct kpasswd_reply reply;
		uint8_t *exact = malloc(rows[i].len + 1); /* on the heap: AddressSanitizer sees one byte too far */
		assert_non_null(exact);
		memcpy(exact + 1, rows[i].bytes, rows[i].len);
		assert_int_equal(kpasswd_message_reply(exact + 1, rows[i].len, &reply), rows[i].good);
		assert_int_equal(reply.ap_rep.len, rows[i].ap_rep);
		assert_int_equal(reply.priv.len, rows[i].priv);
		assert_int_equal(reply.error.len, rows[i].error);
		free(exact);
	}
}

static void test_result(void **state)
{
	static const uint8_t bytes[] = { 0, 5, 'n', 'o' };
	struct kpasswd_part text;
	int code = -1;
	(void)state;
	assert_true(kpasswd_message_result(bytes, sizeof bytes, &code, &text));
	assert_int_equal(code, 5);
	assert_int_equal(text.len, 2);
	assert_memory_equal(text.data, "no", 2);
	assert_true(kpasswd_message_result(bytes, 2, &code, &text));
	assert_int_equal(text.len, 0);
	assert_false(kpasswd_message_result(bytes, 1, &code, &text));
	assert_false(kpasswd_message_result(bytes, 0, &code, &text));
}

/* What the server answers. */
enum said { RESULT, STRANGER, NO_CODE, REFLECT, KRB_ERROR, NONSENSE, NOTHING };

struct change {
	const struct fake_kdc *fake;
	enum said kind;
	uint8_t code;
};

/* The DC's part: opens the AP-REQ with the service key, answers under its session. */
static size_t answer_as_dc(const struct change *script, const uint8_t *request, uint8_t *reply)
{
	krb5_context context = script->fake->kdc->context;
	krb5_auth_context auth = NULL;
	krb5_keytab none = NULL;
	uint8_t result[] = { 0, script->code, 'w', 'h', 'y' };
	krb5_keyblock key = { .enctype = 18, .length = 32 };
	krb5_address local = { .addrtype = ADDRTYPE_INET, .length = 4 };
	krb5_data ap_rep, priv,
		clear = { .length = script->kind == NO_CODE ? 1 : sizeof result, .data = (char *)result };
	struct in_addr loopback = { .s_addr = htonl(INADDR_LOOPBACK) };
	const size_t ap_len = (size_t)request[4] << 8 | request[5];
	const krb5_data ap_req = { .length = (unsigned int)ap_len, .data = (char *)(uintptr_t)request + 6 };
	key.contents = (krb5_octet *)(uintptr_t)script->fake->service_key.key.bytes;
	local.contents = (krb5_octet *)&loopback;
	if (krb5_auth_con_init(context, &auth) != 0 ||
	    krb5_auth_con_setflags(context, auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE) != 0 ||
	    krb5_auth_con_setuseruserkey(context, auth, &key) != 0 ||
	    krb5_rd_req(context, &auth, &ap_req, NULL, none, NULL, NULL) != 0 ||
	    krb5_auth_con_setaddrs(context, auth, &local, NULL) != 0 || krb5_mk_rep(context, auth, &ap_rep) != 0 ||
	    krb5_mk_priv(context, auth, &clear, &priv, NULL) != 0)
		_exit(2);
	const size_t len = 6u + ap_rep.length + priv.length;
	const uint8_t header[] = { (uint8_t)(len >> 8),           (uint8_t)len,          0, 1,
		                   (uint8_t)(ap_rep.length >> 8), (uint8_t)ap_rep.length };
	memcpy(reply, header, 6);
	memcpy(reply + 6, ap_rep.data, ap_rep.length);
	memcpy(reply + 6 + ap_rep.length, priv.data, priv.length);
	return len;
}

static void serve(int fd, int nth, const void *data)
{
	const struct change *script = data;
	uint8_t request[FAKE_MESSAGE_MAX], buf[FAKE_MESSAGE_MAX];
	struct der_out out = der_out_begin(buf, sizeof buf);
	const size_t len = fake_server_request(fd, request, sizeof request);
	size_t answered = 0;
	(void)nth;
	switch (script->kind) {
	case RESULT:
	case NO_CODE:
		answered = answer_as_dc(script, request, buf);
		break;
	case STRANGER: /* the DC's answer, changed on its way */
		answered = answer_as_dc(script, request, buf);
		buf[answered - 3] ^= 1;
		break;
	case REFLECT:
		fake_server_reply(fd, request, len);
		return;
	case KRB_ERROR:
		put_error(&out, 41, script->fake->clock, NULL, 0);
		fake_server_reply(fd, out.at, (size_t)(out.end - out.at));
		return;
	case NONSENSE:
		memcpy(buf, "junk that is long enough", answered = 24);
		break;
	case NOTHING:
		return;
	}
	fake_server_reply(fd, buf, answered);
}

static struct kdc *kdc;
static struct fake_kdc fake;
static struct kdc_ticket *ticket;
static struct fault fault;

static int setup(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof fault);
	kdc = fake_kdc_context(deadline_in(20000));
	fake = fake_kdc_make(kdc, "kadmin/changepw");
	ticket = fake_kdc_ticket(&fake);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kdc_ticket_free(ticket);
	kdc_close(kdc);
	return 0;
}

static enum set_result set(int *ret_code)
{
	SECRET_AUTO password;
	assert_true(secret_set(&password, "New-Passw0rd", 12));
	return kpasswd_set(kdc, ticket, "M1$", &password, deadline_in(3000), ret_code, &fault);
}

/* Only the DC's own word counts, and the request leaves once whatever comes back. */
static void test_set(void **state)
{
	static const struct {
		enum said kind;
		uint8_t code;
		enum set_result result;
		int ret_code;
	} rows[] = {
		{ RESULT, 0, SET_DONE, 0 },       { RESULT, 5, SET_REFUSED, 5 },     { RESULT, 4, SET_REFUSED, 4 },
		{ STRANGER, 0, SET_UNKNOWN, -1 }, { STRANGER, 5, SET_UNKNOWN, -1 },  { NO_CODE, 0, SET_UNKNOWN, -1 },
		{ REFLECT, 0, SET_UNKNOWN, -1 },  { KRB_ERROR, 0, SET_UNKNOWN, -1 }, { NONSENSE, 0, SET_UNKNOWN, -1 },
		{ NOTHING, 0, SET_UNKNOWN, -1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct change script = { .fake = &fake, .kind = rows[i].kind, .code = rows[i].code };
		struct fake_server server = fake_server_start(serve, &script);
		int code = 99;
		kdc->kpasswd_port = server.port;
		fault_clear(&fault);
		assert_int_equal(set(&code), rows[i].result);
		assert_int_equal(code, rows[i].ret_code);
		assert_int_equal(fault.kind != FAULT_NONE, rows[i].result != SET_DONE);
		assert_int_equal(fake_server_stop(&server), 1);
	}
}

/* Nobody there: certainly not set, and told apart from a request that was sent. */
static void test_not_sent(void **state)
{
	int code = 99;
	(void)state;
	assert_int_equal(set(&code), SET_REFUSED); /* port 1 */
	assert_int_equal(code, KPASSWD_NO_SERVICE);
	assert_int_equal(fault.kind, FAULT_UNSURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_data_limits),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_result),
		cmocka_unit_test_setup_teardown(test_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_sent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
