/* host.c: with which secret Netlogon may be asked. */
#include "../../helper/directory/netlogon.h"
#include "../../helper/probe/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RC4 = 23, AES = 18 };

static struct host host;

static int setup(void **state)
{
	(void)state;
	host_init(&host, deadline_in(1000), NULL);
	host.keytab.keys.count = 2;
	host.keytab.keys.key[0] = (struct machine_key){ .kvno = 3, .enctype = AES };
	host.keytab.keys.key[1] = (struct machine_key){ .kvno = 3, .enctype = RC4 };
	assert_true(secret_set(&host.keytab.keys.key[1].key, "0123456789abcdef", NETLOGON_HASH_LEN));
	host.facts.newest_kvno = 3;
	host.facts.newest_code = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_free(&host);
	return 0;
}

static void assert_hash(const char *bytes)
{
	SECRET_AUTO hash = { 0 };
	assert_int_equal(host_nt_hash(&host, &hash), bytes != NULL);
	assert_int_equal(hash.len, bytes != NULL ? NETLOGON_HASH_LEN : 0);
	if (bytes != NULL)
		assert_memory_equal(hash.bytes, bytes, NETLOGON_HASH_LEN);
}

static void the_arcfour_key_of_the_newest_version(void **state)
{
	(void)state;
	assert_hash("0123456789abcdef");
	host.keytab.keys.key[1].kvno = 2; /* the version before says nothing about the newest */
	assert_hash(NULL);
}

/* A hash of another secret than Kerberos spoke of would be evidence against the wrong one. */
static void sambas_password_where_the_dc_says_the_same_of_it(void **state)
{
	SECRET_AUTO expected = { 0 };
	(void)state;
	host.keytab.keys.count = 1;
	assert_hash(NULL);
	assert_true(secret_set(&host.samba.current, "Passw0rd", 8));
	assert_int_equal(netlogon_hash_of_password(&host.samba.current, &expected), 0);
	assert_hash(NULL); /* not asked about */
	host.facts.samba_code = 0;
	assert_hash((const char *)expected.bytes);
	host.facts.samba_code = 24;
	assert_hash(NULL);
	host.facts.newest_code = 24;
	assert_hash((const char *)expected.bytes);
	host.keytab.keys.count = 0;
	host.facts.newest_code = FACTS_NOT_ASKED;
	assert_hash((const char *)expected.bytes);
}

static void the_account_bears_its_domain(void **state)
{
	char name[sizeof host.account + sizeof host.realm];
	(void)state;
	strcpy(host.account, "M1$");
	strcpy(host.realm, "LAB.EXAMPLE");
	host_netlogon_account(&host, name, sizeof name);
	assert_string_equal(name, "M1$@LAB.EXAMPLE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_arcfour_key_of_the_newest_version, setup, teardown),
		cmocka_unit_test_setup_teardown(sambas_password_where_the_dc_says_the_same_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(the_account_bears_its_domain, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
