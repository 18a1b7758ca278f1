/* kdc_import.c: what an administrator brings along, junk too. */
#include "fake_kdc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

static struct kdc *kdc;
static struct fake_kdc fake;
static struct fault fault;

static int setup(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof fault);
	kdc = fake_kdc_context(deadline_in(20000));
	fake = fake_kdc_make(kdc, "host/m1.lab.example");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kdc_close(kdc);
	return 0;
}

/* A file in memory with these bytes. */
static int file_of(const void *bytes, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	return fd;
}

static int32_t import(const void *bytes, size_t len, bool keytab)
{
	char name[64];
	struct kdc_ticket *ticket = NULL;
	int fd = file_of(bytes, len);
	fault_clear(&fault);
	const int32_t result = keytab ? kdc_from_keytab(kdc, fd, NULL, NULL, name, sizeof name, &ticket, &fault)
	                              : kdc_from_ccache(kdc, fd, name, sizeof name, &ticket, &fault);
	(void)close(fd);
	kdc_ticket_free(ticket);
	return result;
}

static void test_import_junk(void **state)
{
	static uint8_t big[(1 << 20) + 1];
	static const uint8_t ccache[] = { 5, 4, 0, 12, 0, 1, 0, 8, 0xff, 0xff, 0xff, 0xff }; /* a header and no more */
	static const uint8_t keytab[] = { 5, 2, 0x7f, 0xff, 0xff, 0xff, 1 };
	(void)state;
	for (int k = 0; k < 2; k++) {
		assert_int_equal(import("", 0, k != 0), KDC_FAILED);
		assert_int_equal(fault.kind, FAULT_USAGE);
		assert_int_equal(import("junk", 4, k != 0), KDC_FAILED);
		assert_int_equal(fault.kind, FAULT_USAGE);
		assert_int_equal(import(big, sizeof big, k != 0), KDC_FAILED);
		assert_non_null(strstr(fault.text, "too large"));
	}
	assert_int_equal(import(ccache, sizeof ccache, false), KDC_FAILED);
	assert_true(import(keytab, sizeof keytab, true) < 0);
	assert_int_equal(import("\5\2", 2, true), KDC_NOT_ASKED); /* a keytab, and empty */
}

/* Writes a ccache file with one ticket, as kinit does. */
static int32_t import_ccache(const char *service, time_t clock)
{
	char path[] = "/tmp/retrust-test-XXXXXX", name[64], principal[64] = "";
	krb5_ccache ccache;
	struct kdc_ticket *ticket = NULL;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	fake.service = service;
	fake.clock = clock;
	struct kdc_ticket *source = fake_kdc_ticket(&fake);
	(void)snprintf(name, sizeof name, "FILE:%s", path);
	assert_int_equal(krb5_cc_resolve(kdc->context, name, &ccache), 0);
	assert_int_equal(krb5_cc_initialize(kdc->context, ccache, source->creds.client), 0);
	assert_int_equal(krb5_cc_store_cred(kdc->context, ccache, &source->creds), 0);
	(void)krb5_cc_close(kdc->context, ccache);
	kdc_ticket_free(source);
	(void)close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink(path), 0); /* it is read through the descriptor */
	fault_clear(&fault);
	const int32_t result = kdc_from_ccache(kdc, fd, principal, sizeof principal, &ticket, &fault);
	if (result == 0)
		assert_string_equal(principal, "M1$@LAB.EXAMPLE");
	kdc_ticket_free(ticket);
	(void)close(fd);
	return result;
}

static void test_import_ccache(void **state)
{
	(void)state;
	assert_int_equal(import_ccache("krbtgt/LAB.EXAMPLE", time(NULL)), 0);
	assert_int_equal(import_ccache("krbtgt/LAB.EXAMPLE", time(NULL) - 7200), KDC_FAILED);
	assert_non_null(strstr(fault.text, "expired"));
	assert_int_equal(import_ccache("host/m1.lab.example", time(NULL)), KDC_FAILED);
	assert_non_null(strstr(fault.text, "krbtgt/LAB.EXAMPLE"));
}

static void refuse(int fd, int nth, const void *data)
{
	uint8_t request[FAKE_MESSAGE_MAX], buf[FAKE_MESSAGE_MAX];
	struct der_out out = der_out_begin(buf, sizeof buf);
	(void)nth;
	(void)fake_server_request(fd, request, sizeof request);
	put_error(&out, *(const int32_t *)data, fake.clock, NULL, 0);
	fake_server_reply(fd, out.at, (size_t)(out.end - out.at));
}

/* A keytab with three versions: each is tried after a 24, and only the first after an 18. */
static void test_import_keytab(void **state)
{
	static const struct {
		int32_t code;
		int requests;
	} rows[] = { { 24, 3 }, { 18, 1 }, { 6, 1 } };
	/* clang-format off */
	static const uint8_t keytab[] = {
		5, 2,
		0, 0, 0, 49, 0, 1, 0, 11, 'L','A','B','.','E','X','A','M','P','L','E', 0, 3, 'M','1','$', 0, 0, 0, 1, 0, 0, 0, 0, 1,
			0, 17, 0, 16, 'A','A','A','A','A','A','A','A','A','A','A','A','A','A','A','A',
		0, 0, 0, 49, 0, 1, 0, 11, 'L','A','B','.','E','X','A','M','P','L','E', 0, 3, 'M','1','$', 0, 0, 0, 1, 0, 0, 0, 0, 3,
			0, 17, 0, 16, 'B','A','A','A','A','A','A','A','A','A','A','A','A','A','A','A',
		0, 0, 0, 49, 0, 1, 0, 11, 'L','A','B','.','E','X','A','M','P','L','E', 0, 3, 'M','1','$', 0, 0, 0, 1, 0, 0, 0, 0, 2,
			0, 17, 0, 16, 'C','A','A','A','A','A','A','A','A','A','A','A','A','A','A','A',
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char name[64];
		struct kdc_ticket *ticket = NULL;
		struct fake_server server = fake_server_start(refuse, &rows[i].code);
		int fd = file_of(keytab, sizeof keytab);
		kdc->port = server.port;
		fault_clear(&fault);
		assert_int_equal(kdc_from_keytab(kdc, fd, "", NULL, name, sizeof name, &ticket, &fault), rows[i].code);
		assert_string_equal(name, "M1$@LAB.EXAMPLE");
		assert_int_equal(fake_server_stop(&server), rows[i].requests);
		assert_int_equal(kdc_from_keytab(kdc, fd, "nobody", NULL, name, sizeof name, &ticket, NULL),
		                 KDC_NOT_ASKED);
		(void)close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_import_junk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_import_ccache, setup, teardown),
		cmocka_unit_test_setup_teardown(test_import_keytab, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
