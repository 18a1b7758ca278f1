/* kdc_*.c against a KDC of the test's own: who knows the key is believed, nobody else, and nothing hangs. */
#include "fake_kdc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct kdc *kdc;
static struct fake_kdc fake;
static struct machine_keys keys; /* the host's: the right ones */
static struct fault fault;

static int setup(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof fault);
	kdc = fake_kdc_context(deadline_in(20000));
	fake = fake_kdc_make(kdc, "krbtgt/" FAKE_REALM);
	keys.count = 1;
	keys.key[0] = fake.client_key;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kdc_close(kdc);
	return 0;
}

/* One AS exchange with the keys. Returns the result and how many requests it took. */
static int32_t ask(const struct script *script, int *ret_requests, struct kdc_ticket **ret_ticket)
{
	struct fake_server server = fake_server_start(fake_kdc_serve, script);
	kdc->port = server.port;
	fault_clear(&fault);
	const int32_t result = kdc_as_keys(kdc, "M1$", &keys, NULL, ret_ticket, &fault);
	*ret_requests = fake_server_stop(&server);
	return result;
}

static void test_names(void **state)
{
	static const char *const bad[] = { "", "LAB EXAMPLE", "LAB\nEXAMPLE", "LAB}", "LAB.EX\xc3\x84MPLE", "LAB=X" };
	struct dc dc = { .host = "dc1.lab.example", .address = "127.0.0.1" };
	struct kdc *other = NULL;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		fault_clear(&fault);
		assert_int_equal(kdc_open(bad[i], &dc, deadline_in(1000), &other, &fault), -1);
		assert_int_equal(fault.kind, FAULT_CONFIG);
	}
	(void)snprintf(dc.host, sizeof dc.host, "dc1\n[realms]");
	assert_int_equal(kdc_open("LAB.EXAMPLE", &dc, deadline_in(1000), &other, &fault), -1);
	assert_null(other);
}

/* What GSSAPI's own context will find. */
static void test_environment(void **state)
{
	char *text = NULL, buf[2048];
	krb5_context context;
	(void)state;
	assert_string_equal(getenv("SSSD_KRB5_LOCATOR_DISABLE"), "1");
	assert_string_equal(getenv("KRB5RCACHETYPE"), "none");
	FILE *file = fopen(getenv("KRB5_CONFIG"), "re");
	assert_non_null(file);
	buf[fread(buf, 1, sizeof buf - 1, file)] = '\0';
	(void)fclose(file);
	assert_non_null(strstr(buf, "dns_lookup_kdc = false"));
	assert_non_null(strstr(buf, "rdns = false"));
	assert_non_null(strstr(buf, "kdc = tcp/127.0.0.1"));
	assert_non_null(strstr(buf, "\tdc1.lab.example = LAB.EXAMPLE\n"));
	assert_non_null(strstr(buf, "\t.lab.example = LAB.EXAMPLE\n"));
	assert_int_equal(krb5_init_context(&context), 0);
	assert_int_equal(krb5_get_default_realm(context, &text), 0);
	assert_string_equal(text, "LAB.EXAMPLE");
	krb5_free_default_realm(context, text);
	krb5_free_context(context);
}

/* A code ends the exchange, or costs one more try without the shortcut: never a second failed logon for a wrong key. */
static void test_codes(void **state)
{
	static const struct {
		int32_t code;
		int requests;
		enum fault_kind kind;
	} rows[] = {
		{ 6, 1, FAULT_REFUSED }, { 18, 1, FAULT_REFUSED }, { 24, 1, FAULT_REFUSED }, { 14, 2, FAULT_REFUSED },
		{ 37, 2, FAULT_UNSURE }, { 29, 2, FAULT_UNSURE },  { 60, 2, FAULT_REFUSED }, { 127, 2, FAULT_REFUSED },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct script script = { .fake = &fake, .answers = 1, .answer = { { ERROR, rows[i].code } } };
		int requests;
		assert_int_equal(ask(&script, &requests, NULL), rows[i].code);
		assert_int_equal(requests, rows[i].requests);
		assert_int_equal(fault.kind, rows[i].kind);
		assert_non_null(strstr(fault.text, "dc1.lab.example (127.0.0.1) refused M1$"));
	}
}

static void test_accepted(void **state)
{
	const struct script script = { .fake = &fake, .answers = 1, .answer = { { ACCEPT, 0 } } };
	struct kdc_ticket *ticket = NULL;
	int requests;
	int32_t kvno, enctype;
	(void)state;
	assert_int_equal(ask(&script, &requests, &ticket), 0);
	assert_int_equal(requests, 1);
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_int_equal(kdc_ticket_kvno(ticket, &kvno, &enctype), 0);
	assert_int_equal(kvno, 7);
	assert_int_equal(enctype, 18);
	assert_memory_equal(kdc_ticket_ccache(ticket), "MEMORY:", 7);
	kdc_ticket_free(ticket);
	assert_int_equal(ask(&script, &requests, NULL), 0);
}

/* The shortcut fails, the normal exchange is fine: no trace of the first in the fault. */
static void test_second_try(void **state)
{
	const struct script script = { .fake = &fake, .answers = 2, .answer = { { ERROR, 37 }, { ACCEPT, 0 } } };
	int requests;
	(void)state;
	assert_int_equal(ask(&script, &requests, NULL), 0);
	assert_int_equal(requests, 2);
	assert_int_equal(fault.kind, FAULT_NONE);
}

static void test_not_believed(void **state)
{
	static const struct {
		enum answer kind;
		int32_t code;
	} rows[] = { { WRONG_KEY, 0 }, { REPLAY, 0 },        { JUNK, 0 },  { ERROR, 0 },
		     { ERROR, 128 },   { ERROR, INT32_MAX }, { ERROR, -1 } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct script script = { .fake = &fake,
			                       .answers = 1,
			                       .answer = { { rows[i].kind, rows[i].code } } };
		struct kdc_ticket *ticket = NULL;
		int requests;
		assert_int_equal(ask(&script, &requests, &ticket), KDC_BAD_REPLY);
		assert_null(ticket);
		assert_int_equal(requests, 1);
		assert_int_equal(fault.kind, FAULT_REFUSED);
	}
}

/* "Preauthentication required" for ever. */
static void test_endless(void **state)
{
	const struct script script = { .fake = &fake, .answers = 1, .answer = { { ERROR, 25 } } };
	int requests;
	(void)state;
	assert_int_equal(ask(&script, &requests, NULL), 25);
	assert_in_range(requests, 2, 2 * KDC_ROUNDS_MAX);
}

static int32_t ask_tgs(const struct script *script, const char *service, int *ret_requests)
{
	struct kdc_ticket *tgt = fake_kdc_ticket(&fake), *ticket = NULL;
	struct fake_server server = fake_server_start(fake_kdc_serve, script);
	kdc->port = server.port;
	fault_clear(&fault);
	const int32_t result = kdc_tgs(kdc, tgt, service, &ticket, &fault);
	*ret_requests = fake_server_stop(&server);
	assert_null(ticket);
	kdc_ticket_free(tgt);
	return result;
}

static void test_tgs(void **state)
{
	static const struct {
		enum answer kind;
		int32_t code, result;
		int requests;
	} rows[] = {
		{ ERROR, 7, 7, 2 }, /* asked again without canonicalization */
		{ ERROR, 0, KDC_BAD_REPLY, 0 },
		{ JUNK, 0, KDC_BAD_REPLY, 0 },
		{ ACCEPT, 0, KDC_BAD_REPLY, 0 }, /* an AS-REP is no answer */
	};
	int requests;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct script script = { .fake = &fake,
			                       .answers = 1,
			                       .answer = { { rows[i].kind, rows[i].code } } };
		assert_int_equal(ask_tgs(&script, "host/m1.lab.example", &requests), rows[i].result);
		if (rows[i].requests > 0)
			assert_int_equal(requests, rows[i].requests);
		assert_int_not_equal(fault.kind, FAULT_NONE);
		assert_int_equal(ask_tgs(&script, "host/m1@OTHER", &requests), KDC_FAILED);
		assert_int_equal(requests, 0);
	}
}

static void test_clock(void **state)
{
	const struct script refused = { .fake = &fake, .answers = 1, .answer = { { ERROR, 37 } } };
	const struct script accepted = { .fake = &fake, .answers = 1, .answer = { { ACCEPT, 0 } } };
	int requests;
	(void)state;
	assert_int_equal(kdc_clock_offset(kdc), 0);
	fake.clock += 5000;
	assert_int_equal(ask(&refused, &requests, NULL), 37);
	assert_in_range(kdc_clock_offset(kdc), 4990, 5001);
	fake.clock -= 10000;
	assert_int_equal(ask(&accepted, &requests, NULL), 0);
	assert_in_range(-kdc_clock_offset(kdc), 4990, 5010);
	assert_int_equal(ask(&refused, &requests, NULL), 37); /* measured from our clock, not from the corrected one */
	assert_in_range(-kdc_clock_offset(kdc), 4990, 5010);
}

static void test_unreachable(void **state)
{
	const struct script silent = { .fake = &fake, .answers = 1, .answer = { { SILENCE, 0 } } };
	int requests;
	(void)state;
	int64_t start = deadline_now_ms();
	assert_int_equal(kdc_as_keys(kdc, "M1$", &keys, NULL, NULL, &fault), KDC_UNREACHABLE); /* port 1 */
	assert_true(deadline_now_ms() - start < 1000);
	assert_int_equal(fault.kind, FAULT_UNSURE);
	kdc->deadline = deadline_in(200);
	start = deadline_now_ms();
	assert_int_equal(ask(&silent, &requests, NULL), KDC_UNREACHABLE);
	assert_int_equal(requests, 1);
	assert_true(deadline_now_ms() - start < 1500);
}

static void test_not_asked(void **state)
{
	const struct script script = { .fake = &fake, .answers = 1, .answer = { { ACCEPT, 0 } } };
	SECRET_AUTO password;
	int requests;
	(void)state;
	keys.count = 0;
	assert_int_equal(ask(&script, &requests, NULL), KDC_NOT_ASKED);
	assert_int_equal(requests, 0);
	keys.count = 1;
	keys.key[0].enctype = 3; /* DES */
	assert_int_equal(ask(&script, &requests, NULL), KDC_NOT_ASKED);
	assert_int_equal(requests, 0);
	assert_true(secret_set(&password, "a\0b", 3));
	assert_int_equal(kdc_as_password(kdc, "M1$", &password, NULL, NULL, &fault), KDC_NOT_ASKED);
}

/* Another realm's names are none of this DC's business; a realm in lower case is. */
static void test_realm(void **state)
{
	const struct script script = { .fake = &fake, .answers = 1, .answer = { { ACCEPT, 0 } } };
	struct fake_server server = fake_server_start(fake_kdc_serve, &script);
	(void)state;
	kdc->port = server.port;
	assert_int_equal(kdc_as_keys(kdc, "M1$@OTHER.EXAMPLE", &keys, NULL, NULL, &fault), KDC_FAILED);
	assert_int_equal(fault.kind, FAULT_USAGE);
	assert_int_equal(kdc_as_keys(kdc, "M1$@", &keys, NULL, NULL, NULL), KDC_FAILED);
	assert_int_equal(kdc_as_keys(kdc, "M1$@lab.example", &keys, NULL, NULL, NULL), 0);
	assert_int_equal(fake_server_stop(&server), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_codes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_accepted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_try, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_endless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tgs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreachable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_realm, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
