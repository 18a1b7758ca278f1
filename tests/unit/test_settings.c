/* settings.c: retrust.conf, good and bad. */
#include "../../helper/base/settings.h"

#include "traces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CONF "retrust.conf"

static bool whole_root;

static int load(const char *text, struct settings *ret_settings, struct fault *ret_fault)
{
	assert_true(traces_write(CONF, text));
	memset(ret_settings, 0x5a, sizeof *ret_settings);
	*ret_fault = (struct fault){ .kind = FAULT_NONE };
	return settings_load(CONF, ret_settings, ret_fault);
}

static void assert_default(const struct settings *set)
{
	assert_string_equal(set->realm, "");
	assert_string_equal(set->domain, "");
	assert_string_equal(set->account, "");
	assert_string_equal(set->dc, "");
	assert_string_equal(set->keytab, "/etc/krb5.keytab");
	assert_string_equal(set->secrets_tdb, "/var/lib/samba/private/secrets.tdb");
	assert_int_equal(set->max_secret_age, 30);
	assert_string_equal(set->tls_ca_file, "");
	assert_true(set->repair_at_logon);
	assert_false(set->allow_rc4);
	assert_int_equal(set->verdict_seconds, 2);
}

static void no_file_means_defaults(void **state)
{
	struct settings set;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	memset(&set, 0x5a, sizeof set);
	assert_int_equal(settings_load("absent", &set, &fault), 0);
	assert_default(&set);
	memset(&set, 0x5a, sizeof set);
	settings_default(&set);
	assert_default(&set);
	assert_int_equal(load("", &set, &fault), 0);
	assert_default(&set);
	assert_int_equal(load("# a comment\n\n; another\n", &set, &fault), 0);
	assert_default(&set);
}

static void a_good_file(void **state)
{
	struct settings set;
	struct fault fault;
	(void)state;
	int result = load("# all of them\n"
	                  "realm = LAB.EXAMPLE\n"
	                  "domain=LAB\n"
	                  "  \n"
	                  "account = M1$\n"
	                  "dc = dc1.lab.example\n"
	                  "keytab = /srv/a b.keytab\n"
	                  "tls_ca_file = /etc/ssl/ca.pem\n"
	                  "repair_at_logon = no\n"
	                  "allow_rc4 = YES\n"
	                  "verdict_seconds = 60",
	                  &set, &fault);
	assert_string_equal(fault.text, "");
	assert_int_equal(result, 0);
	assert_string_equal(set.realm, "LAB.EXAMPLE");
	assert_string_equal(set.domain, "LAB");
	assert_string_equal(set.account, "M1$");
	assert_string_equal(set.dc, "dc1.lab.example");
	assert_string_equal(set.keytab, "/srv/a b.keytab");
	assert_string_equal(set.tls_ca_file, "/etc/ssl/ca.pem");
	assert_false(set.repair_at_logon);
	assert_true(set.allow_rc4);
	assert_int_equal(set.verdict_seconds, 60);
}

static void what_isnt_said_keeps_its_default(void **state)
{
	struct settings set;
	struct fault fault;
	(void)state;
	assert_int_equal(load("allow_rc4 = no\ntls_ca_file =\nverdict_seconds = 1\n", &set, &fault), 0);
	assert_int_equal(set.verdict_seconds, 1);
	set.verdict_seconds = 2;
	assert_default(&set);
}

static void words_for_yes_and_no(void **state)
{
	static const char *const words[] = { "yes", "no", "True", "false", "on", "OFF", "1", "0" };
	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct settings set;
		struct fault fault;
		char text[60];
		(void)snprintf(text, sizeof text, "allow_rc4 = %s\nrepair_at_logon = %s\n", words[i], words[i]);
		assert_int_equal(load(text, &set, &fault), 0);
		assert_int_equal(set.allow_rc4, i % 2 == 0);
		assert_int_equal(set.repair_at_logon, i % 2 == 0);
	}
}

static void bad_lines_are_told_with_their_place(void **state)
{
	static const struct {
		const char *text, *place, *says;
	} rows[] = {
		{ "realm = A\nallow_rc4 = maybe\n", ":2: ", "allow_rc4 must be yes or no, not 'maybe'" },
		{ "repair_at_logon =\n", ":1: ", "repair_at_logon must be yes or no" },
		{ "repair_at_logon = 2\n", ":1: ", "yes or no" },
		{ "verdict_seconds = 0\n", ":1: ", "a number from 1 to 60, not '0'" },
		{ "\n\nverdict_seconds = 61\n", ":3: ", "a number from 1 to 60" },
		{ "verdict_seconds = -1\n", ":1: ", "a number from 1 to 60" },
		{ "verdict_seconds = 5s\n", ":1: ", "a number from 1 to 60, not '5s'" },
		{ "verdict_seconds =\n", ":1: ", "a number from 1 to 60" },
		{ "verdict_seconds = 99999999999999999999\n", ":1: ", "a number from 1 to 60" },
		{ "keytab = krb5.keytab\n", ":1: ", "keytab must be an absolute path, not 'krb5.keytab'" },
		{ "tls_ca_file = ./ca.pem\n", ":1: ", "an absolute path" },
		{ "realm = A\nrepair_at_login = no\n", ":2: ", "unknown key 'repair_at_login'" },
		{ "Realm = A\n", ":1: ", "unknown key 'Realm'" },
		{ "realm = A\ndomain = B\nrealm = A\n", ":3: ", "realm must be said only once" },
		{ "[main]\nrealm = A\n", ":2: ", "sections ([main])" },
		{ "realm = A\njust words\n", ":2: ", "not of the form key = value" },
		{ "[broken\n", ":1: ", "not of the form key = value" },
		{ "nonsense = 1\nallow_rc4 = maybe\n", ":1: ", "nonsense" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct settings set;
		struct fault fault;
		int result = load(rows[i].text, &set, &fault);
		if (result != -1 || fault.kind != FAULT_CONFIG || strncmp(fault.text, CONF, strlen(CONF)) != 0 ||
		    strncmp(fault.text + strlen(CONF), rows[i].place, strlen(rows[i].place)) != 0 ||
		    strstr(fault.text, rows[i].says) == NULL)
			fail_msg("row %zu: %d, kind %d, '%s'", i, result, (int)fault.kind, fault.text);
	}
}

/* A value is taken whole or refused with its place; never cut, and never the beginning of another line. */
static void long_lines(void **state)
{
	static const size_t lengths[] = { 100, 150, 180, 190, 195, 200, 250, 255, 256, 300, 1000, 5000 };
	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		char text[6000] = "domain = B\nrealm = ";
		struct settings set;
		struct fault fault;
		memset(text + strlen(text), 'a', lengths[i]);
		strcat(text, "\n");
		if (load(text, &set, &fault) == 0) {
			assert_int_equal(strlen(set.realm), lengths[i]);
			assert_true(lengths[i] < SETTINGS_TEXT_MAX);
		} else if (lengths[i] <= 150 || fault.kind != FAULT_CONFIG ||
		           strncmp(fault.text, CONF ":2: ", strlen(CONF ":2: ")) != 0) {
			fail_msg("%zu letters: '%s'", lengths[i], fault.text);
		}
	}
}

/* What is commented out sets nothing, however long the line; it may be refused for its length. */
static void a_long_comment_sets_nothing(void **state)
{
	(void)state;
	for (size_t length = 100; length < 300; length++) {
		char text[400] = "#";
		struct settings set;
		struct fault fault;
		memset(text + 1, ' ', length);
		strcpy(text + 1 + length, "repair_at_logon = no\n");
		int result = load(text, &set, &fault);
		bool refused = result == -1 && strncmp(fault.text, CONF ":1: ", strlen(CONF ":1: ")) == 0;
		if (!refused && (result != 0 || !set.repair_at_logon))
			fail_msg("comment of %zu bytes: %d, repair_at_logon %d, '%s'", length, result,
			         set.repair_at_logon, fault.text);
	}
}

static void others_may_not_write_it(void **state)
{
	static const mode_t bad[] = { 0664, 0646, 0666, 0620, 0602 };
	struct settings set;
	struct fault fault;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_true(traces_write(CONF, "realm = A\n"));
		assert_int_equal(chmod(CONF, bad[i]), 0);
		fault = (struct fault){ .kind = FAULT_NONE };
		assert_int_equal(settings_load(CONF, &set, &fault), -1);
		assert_int_equal(fault.kind, FAULT_CONFIG);
		assert_non_null(strstr(fault.text, CONF ": must belong to root"));
	}
	assert_int_equal(chmod(CONF, 0600), 0);
	assert_int_equal(settings_load(CONF, &set, &(struct fault){ .kind = FAULT_NONE }), 0);
	assert_int_equal(chmod(CONF, 0644), 0);
}

static void it_must_be_roots(void **state)
{
	struct settings set;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	if (!whole_root)
		skip();
	assert_true(traces_write("others", "realm = A\n"));
	assert_int_equal(chown("others", 1234, 0), 0);
	assert_int_equal(settings_load("others", &set, &fault), -1);
	assert_int_equal(fault.kind, FAULT_CONFIG);
	assert_non_null(strstr(fault.text, "others: must belong to root"));
}

static void what_cant_be_read_is_told(void **state)
{
	struct settings set;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(settings_load("loop", &set, &fault), -1);
	assert_int_equal(fault.kind, FAULT_CONFIG);
	assert_non_null(strstr(fault.text, "loop"));
	assert_int_equal(mkdir("directory", 0755), 0);
	fault = (struct fault){ .kind = FAULT_NONE };
	assert_int_equal(settings_load("directory", &set, &fault), -1);
	assert_int_equal(fault.kind, FAULT_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_file_means_defaults),
		cmocka_unit_test(a_good_file),
		cmocka_unit_test(what_isnt_said_keeps_its_default),
		cmocka_unit_test(words_for_yes_and_no),
		cmocka_unit_test(bad_lines_are_told_with_their_place),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(a_long_comment_sets_nothing),
		cmocka_unit_test(others_may_not_write_it),
		cmocka_unit_test(it_must_be_roots),
		cmocka_unit_test(what_cant_be_read_is_told),
	};
	char directory[] = "/tmp/test_settings.XXXXXX";
	if (!traces_become_root(&whole_root))
		return print_message("[  SKIPPED ] neither root nor user namespaces\n"), 0;
	(void)umask(022);
	traces_enter(directory);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
