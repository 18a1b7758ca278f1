/* identity.c: what is remembered of the membership. */
#include "../../helper/store/identity.h"

#include "traces.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PATH "identity.json"

static struct identity sample(void)
{
	struct identity identity;
	memset(&identity, 0, sizeof identity);
	strcpy(identity.realm, "LAB.EXAMPLE");
	strcpy(identity.domain, "LAB");
	strcpy(identity.account, "M1$");
	strcpy(identity.domain_sid, "S-1-5-21-1-2-3");
	strcpy(identity.domain_guid, "6e0f8e7c-5b0a-4f0e-9a5d-0d6a4d2f1c11");
	strcpy(identity.account_sid, "S-1-5-21-1-2-3-1104");
	strcpy(identity.account_guid, "6e0f8e7c-5b0a-4f0e-9a5d-0d6a4d2f1c12");
	strcpy(identity.machine_id, "0123456789abcdef0123456789abcdef");
	strcpy(identity.spare_account, "m1-spare");
	strcpy(identity.spare_dn, "CN=m1-spare,OU=\"M\xc3\xbcnchen\"\\, x,DC=lab,DC=example");
	strcpy(identity.samba, "LAB");
	strcpy(identity.names.name[0], "M1$@LAB.EXAMPLE");
	strcpy(identity.names.name[1], "host/m1.lab.example@LAB.EXAMPLE");
	identity.names.count = 2;
	return identity;
}

/* Compared whole: both start zeroed. */
static void assert_round_trip(const struct identity *identity)
{
	struct identity read;
	struct fault fault = { .kind = FAULT_NONE };
	memset(&read, 0x5a, sizeof read);
	assert_int_equal(identity_write(PATH, identity, &fault), 0);
	assert_int_equal(identity_read(PATH, &read, &fault), 1);
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_memory_equal(&read, identity, sizeof read);
}

static void round_trip(void **state)
{
	struct identity identity = sample();
	struct stat st;
	(void)state;
	assert_round_trip(&identity);
	assert_int_equal(stat(PATH, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	memset(identity.realm, 0, sizeof identity.realm);
	memset(identity.spare_dn, 0, sizeof identity.spare_dn);
	assert_round_trip(&identity);
	memset(&identity, 0, sizeof identity);
	assert_round_trip(&identity);
}

static void the_longest_of_all(void **state)
{
	struct identity identity = sample();
	(void)state;
	memset(identity.realm, 'r', sizeof identity.realm - 1);
	memset(identity.spare_dn, 'd', sizeof identity.spare_dn - 1);
	memset(identity.domain, 'n', sizeof identity.domain - 1);
	for (size_t i = 0; i < KEYTAB_PRINCIPALS_MAX; i++)
		memset(identity.names.name[i], 'a' + (int)(i % 26), KEYTAB_NAME_MAX - 1);
	identity.names.count = KEYTAB_PRINCIPALS_MAX;
	assert_round_trip(&identity);
}

static void none_is_no_error(void **state)
{
	static const struct identity empty;
	struct identity identity;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	memset(&identity, 0x5a, sizeof identity);
	assert_int_equal(identity_read("absent", &identity, &fault), 0);
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_memory_equal(&identity, &empty, sizeof identity);
}

/* A newer version may have written more. */
static void unknown_members_are_skipped(void **state)
{
	struct identity identity;
	(void)state;
	assert_true(traces_write(PATH, "{\"realm\":\"A\",\"later\":{\"x\":[1]},\"principals\":[]}"));
	assert_int_equal(identity_read(PATH, &identity, NULL), 1);
	assert_string_equal(identity.realm, "A");
	assert_string_equal(identity.account, "");
	assert_int_equal(identity.names.count, 0);
	assert_true(traces_write(PATH, "{}"));
	assert_int_equal(identity_read(PATH, &identity, NULL), 1);
}

static void assert_refused(const char *text)
{
	static const struct identity empty;
	struct identity identity;
	struct fault fault = { .kind = FAULT_NONE };
	assert_true(traces_write(PATH, text));
	memset(&identity, 0x5a, sizeof identity);
	if (identity_read(PATH, &identity, &fault) != -1)
		fail_msg("believed: %.200s", text);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_non_null(strstr(fault.text, PATH));
	assert_memory_equal(&identity, &empty, sizeof identity);
}

static void junk_is_refused(void **state)
{
	static const char *const junk[] = {
		"",
		" \n",
		"junk",
		"[]",
		"\"realm\"",
		"null",
		"{\"realm\":\"A\"",
		"{\"realm\":\"A\"} x",
		"{\"realm\":\"A\",\"realm\":\"A\"}",
		"{\"realm\":\"A\",\"account\":\"B$\",\"realm\":\"C\"}",
		"{\"realm\":1}",
		"{\"realm\":null}",
		"{\"realm\":[\"A\"]}",
		"{\"realm\":\"A\\u0000B\"}",
		"{\"realm\":\"\xff\"}",
		"{\"domain\":\"SIXTEEN-LETTERS-\xc3\xbc\"}",
		"{\"spare_account\":\"twenty-one-letters-ab\"}",
		"{\"machine_id\":\"0123456789abcdef0123456789abcdef0\"}",
		"{\"principals\":[\"A\",7]}",
		"{\"principals\":[\"A\",null]}",
		"{\"principals\":\"A\"}",
		"{\"principals\":{\"A\":\"B\"}}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
		assert_refused(junk[i]);
}

static void every_member_has_its_limit(void **state)
{
	static const struct {
		const char *key;
		size_t most;
	} members[] = {
		{ "realm", 255 },        { "domain", 16 },       { "account", 63 },      { "domain_sid", 191 },
		{ "domain_guid", 36 },   { "account_sid", 191 }, { "account_guid", 36 }, { "machine_id", 32 },
		{ "spare_account", 20 }, { "spare_dn", 511 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		char value[600] = "", text[700];
		memset(value, 'x', members[i].most);
		(void)snprintf(text, sizeof text, "{\"%s\":\"%s\"}", members[i].key, value);
		assert_true(traces_write(PATH, text));
		assert_int_equal(identity_read(PATH, &(struct identity){ .realm = "" }, NULL), 1);
		(void)snprintf(text, sizeof text, "{\"%s\":\"%sx\"}", members[i].key, value);
		assert_refused(text);
	}
}

static void principals_have_their_limits(void **state)
{
	char text[2000] = "{\"principals\":[\"x\"", name[KEYTAB_NAME_MAX + 1] = "";
	(void)state;
	for (int i = 1; i <= KEYTAB_PRINCIPALS_MAX; i++)
		strcat(text, ",\"x\"");
	strcat(text, "]}");
	assert_refused(text);
	memset(name, 'x', KEYTAB_NAME_MAX);
	(void)snprintf(text, sizeof text, "{\"principals\":[\"%s\"]}", name);
	assert_refused(text);
}

/* Cut anywhere it is junk, never half believed. */
static void truncated_anywhere(void **state)
{
	struct identity identity = sample();
	char text[4000] = "";
	(void)state;
	assert_int_equal(identity_write(PATH, &identity, NULL), 0);
	int fd = open(PATH, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof text - 1);
	assert_true(n > 100);
	assert_int_equal(close(fd), 0);
	char *end = strrchr(text, '}');
	for (*end = '\0'; end > text; *--end = '\0')
		assert_refused(text);
}

static void a_failing_write_is_told(void **state)
{
	struct identity identity = sample();
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	assert_int_equal(identity_write("absent/identity.json", &identity, &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_non_null(strstr(fault.text, "absent/identity.json"));
}

static void the_machine_id(void **state)
{
	char id[33], small[32];
	(void)state;
	memset(id, 'x', sizeof id);
	identity_machine_id(id, sizeof id);
	assert_true(strlen(id) == 0 || strlen(id) == 32);
	assert_int_equal(strlen(id) == 32, access("/etc/machine-id", R_OK) == 0 && strlen(id) > 0);
	for (const char *c = id; *c != '\0'; c++)
		assert_true(isxdigit((unsigned char)*c));
	identity_machine_id(small, sizeof small);
	assert_string_equal(small, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(the_longest_of_all),
		cmocka_unit_test(none_is_no_error),
		cmocka_unit_test(unknown_members_are_skipped),
		cmocka_unit_test(junk_is_refused),
		cmocka_unit_test(every_member_has_its_limit),
		cmocka_unit_test(principals_have_their_limits),
		cmocka_unit_test(truncated_anywhere),
		cmocka_unit_test(a_failing_write_is_told),
		cmocka_unit_test(the_machine_id),
	};
	char directory[] = "/tmp/test_identity.XXXXXX";
	traces_enter(directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
