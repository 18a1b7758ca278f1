/* The command line: what is accepted, and that every refusal names its cause and says where the help is. */
#include "../../helper/command/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { ARGS_MAX = 16, LINE_MAX_LENGTH = 1024 };

/* Splits a line at single spaces ("~" stands for a space inside an argument) and parses it. */
static int parse(const char *line, struct options *options, struct fault *fault)
{
	static char copy[LINE_MAX_LENGTH];
	char *argv[ARGS_MAX + 1], name[] = "retrust", *rest = NULL;
	int argc = 0;
	argv[argc++] = name;
	assert_true((size_t)snprintf(copy, sizeof copy, "%s", line) < sizeof copy);
	for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		assert_true(argc < ARGS_MAX);
		for (char *at = word; (at = strchr(at, '~')) != NULL;)
			*at = ' ';
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	*fault = (struct fault){ 0 };
	return options_parse(argc, argv, options, fault);
}

static struct options accept(const char *line)
{
	struct options options;
	struct fault fault;
	if (parse(line, &options, &fault) != 0)
		fail_msg("'%s' was refused: %s", line, fault.text);
	return options;
}

/* Refused with FAULT_USAGE and a text that contains `text` and the hint at `help`. */
static struct options refuse(const char *line, const char *text, const char *help)
{
	struct options options;
	struct fault fault;
	if (parse(line, &options, &fault) == 0)
		fail_msg("'%s' was accepted", line);
	assert_int_equal(fault.kind, FAULT_USAGE);
	if (strstr(fault.text, text) == NULL || strstr(fault.text, help) == NULL)
		fail_msg("'%s': '%s' lacks '%s' or '%s'", line, fault.text, text, help);
	return options;
}

static void global_options_stand_before_and_after_the_verb(void **state)
{
	(void)state;
	static const char *const lines[] = { "--json --timeout 5 --dc dc1.lab.example verify",
		                             "verify --json --timeout 5 --dc dc1.lab.example",
		                             "--json verify --dc=dc1.lab.example --timeout=5" };
	for (size_t i = 0; i < 3; i++) {
		struct options options = accept(lines[i]);
		assert_int_equal(options.verb, OPTIONS_VERIFY);
		assert_true(options_has(&options, OPTION_JSON));
		assert_false(options_has(&options, OPTION_QUIET));
		assert_int_equal(options.timeout_ms, 5000);
		assert_string_equal(options.value[OPTION_DC], "dc1.lab.example");
	}
}

static void defaults_are_those_of_the_contract(void **state)
{
	(void)state;
	struct options options = accept("repair");
	assert_int_equal(options.verb, OPTIONS_REPAIR);
	assert_int_equal(options.timeout_ms, 60000);
	assert_int_equal(options.seen, 0);
	assert_null(options.operand);
	assert_int_equal(accept("verify --timeout 1").timeout_ms, 1000);
	assert_int_equal(accept("verify --timeout 600").timeout_ms, 600000);
}

static void credentials_are_read(void **state)
{
	(void)state;
	assert_string_equal(accept("repair -U Administrator").value[OPTION_USER], "Administrator");
	assert_string_equal(accept("repair --user admin@LAB.EXAMPLE --password-stdin").value[OPTION_USER],
	                    "admin@LAB.EXAMPLE");
	assert_string_equal(accept("enroll --ccache FILE:/tmp/cc").value[OPTION_CCACHE], "FILE:/tmp/cc");
	struct options options = accept("enroll --keytab /tmp/kt -U delegate --container OU=Spares,DC=lab");
	assert_string_equal(options.value[OPTION_KEYTAB], "/tmp/kt");
	assert_string_equal(options.value[OPTION_USER], "delegate");
	assert_string_equal(options.value[OPTION_CONTAINER], "OU=Spares,DC=lab");
	(void)accept("repair -U a --accept-dc "
	             "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF");
	(void)accept(
		"repair -U a --accept-dc 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:"
		"AA:BB:CC:DD:EE:FF");
}

static void credentials_that_contradict_are_refused(void **state)
{
	(void)state;
	refuse("repair --ccache a --keytab b", "--ccache can't be used with --keytab", "Try 'retrust repair --help'.");
	refuse("repair --ccache a -U b", "--ccache can't be used with -U", "Try 'retrust repair --help'.");
	refuse("repair --password-stdin", "--password-stdin needs -U", "Try");
	refuse("repair --password-stdin -U a --keytab b", "--password-stdin needs -U USER without --keytab", "Try");
	refuse("repair --accept-dc 00", "--accept-dc takes a SHA-256 fingerprint", "Try");
	refuse("repair --accept-dc 00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF", "needs -U",
	       "Try");
	refuse("repair -U a --accept-dc 00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF0", "64",
	       "Try");
	refuse("repair -U a --accept-dc g0112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF", "64", "Try");
	refuse("enroll", "enroll needs the rights", "Try 'retrust enroll --help'.");
	refuse("enroll --ccache a --remove --container OU=b", "--container can't be used with --remove", "Try");
	refuse("enroll --ccache a --container Spares", "distinguished name", "Try");
}

static void a_secret_on_the_command_line_is_refused_and_not_repeated(void **state)
{
	(void)state;
	struct options options;
	struct fault fault;
	assert_int_equal(parse("repair -U admin%hunter2", &options, &fault), -1);
	assert_non_null(strstr(fault.text, "password on the command line"));
	assert_null(strstr(fault.text, "hunter2"));
	assert_int_equal(parse("repair --password=hunter2", &options, &fault), -1);
	assert_null(strstr(fault.text, "hunter2"));
	assert_int_equal(parse("repair --bogus=hunter2", &options, &fault), -1);
	assert_non_null(strstr(fault.text, "'--bogus'"));
	assert_null(strstr(fault.text, "hunter2"));
}

static void wrong_options_are_named(void **state)
{
	(void)state;
	refuse("repair --bogus", "'--bogus'", "Try 'retrust repair --help'.");
	refuse("--bogus repair", "'--bogus'", "Try 'retrust repair --help'.");
	refuse("-x verify", "'-x'", "Try 'retrust verify --help'.");
	refuse("verify --c", "'--c'", "Try");
	refuse("verify --dc", "--dc needs a value (HOST)", "Try 'retrust verify --help'.");
	refuse("verify --dc=", "--dc needs a value (HOST)", "Try");
	refuse("repair -U", "--user needs a value (USER)", "Try");
	refuse("verify --json=1", "--json takes no value", "Try");
	refuse("verify --plan", "--plan doesn't belong to verify", "Try 'retrust verify --help'.");
	refuse("status -U a", "--user doesn't belong to status", "Try");
	refuse("verify --since today", "--since doesn't belong to verify", "Try");
	refuse("verify --quiet --verbose", "exclude each other", "Try");
	refuse("repair -U LAB\\admin", "USER@REALM", "Try");
	refuse("repair -U a\tb", "control character", "Try");
}

static void values_are_checked(void **state)
{
	(void)state;
	static const char *const timeouts[] = { "0", "601", "-5", "5s", "x", "+5", "99999999999999999999" };
	for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
		char line[64];
		(void)snprintf(line, sizeof line, "verify --timeout %s", timeouts[i]);
		refuse(line, "--timeout", "Try 'retrust verify --help'.");
	}
	refuse("verify --timeout ~5", "--timeout", "Try");
	refuse("verify --dc -x", "--dc", "Try");
	refuse("verify --dc a;b", "neither a host name nor an address", "Try");
	(void)accept("verify --dc 2001:db8::1");
	(void)accept("verify --dc 10.0.0.1");
	refuse("events --since garbage", "--since 'garbage'", "Try 'retrust events --help'.");
	assert_true(accept("events --since -1h").since_unix > 0);
	assert_true(accept("events --since 3~days~ago").since_unix > 0);
	assert_int_equal(accept("events").since_unix, 0);
}

static void verbs_and_operands(void **state)
{
	(void)state;
	refuse("", "no verb", "Try 'retrust --help'.");
	refuse("--json", "no verb", "Try 'retrust --help'.");
	refuse("bogus", "unknown verb 'bogus'", "Try 'retrust --help'.");
	refuse("verify dc1", "'dc1' is one argument too many", "Try 'retrust verify --help'.");
	refuse("explain 24 37", "'37' is one argument too many", "Try");
	assert_null(accept("explain").operand);
	assert_string_equal(accept("explain 0xC0000022 --json").operand, "0xC0000022");
	assert_string_equal(accept("explain -1765328360").operand, "1765328360");
	assert_string_equal(accept("--json explain -- -1765328360").operand, "1765328360");
}

static void help_and_version_win_over_what_is_missing(void **state)
{
	(void)state;
	struct options options = accept("repair --help");
	assert_int_equal(options.verb, OPTIONS_REPAIR);
	assert_true(options_has(&options, OPTION_HELP));
	options = accept("-h");
	assert_int_equal(options.verb, OPTIONS_NO_VERB);
	(void)accept("enroll -h");
	options = accept("--version");
	assert_true(options_has(&options, OPTION_VERSION));
	refuse("bogus --help", "unknown verb", "Try");
}

static void json_and_verb_are_known_after_an_error(void **state)
{
	(void)state;
	struct options options = refuse("--bogus --json status", "'--bogus'", "Try 'retrust status --help'.");
	assert_true(options_has(&options, OPTION_JSON));
	assert_int_equal(options.verb, OPTIONS_STATUS);
	options = refuse("verify --timeout 0 --json", "--timeout", "Try");
	assert_true(options_has(&options, OPTION_JSON));
}

static void the_first_error_is_told(void **state)
{
	(void)state;
	refuse("--first verify --second", "'--first'", "Try");
	refuse("verify --first extra", "'--first'", "Try");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(global_options_stand_before_and_after_the_verb),
		cmocka_unit_test(defaults_are_those_of_the_contract),
		cmocka_unit_test(credentials_are_read),
		cmocka_unit_test(credentials_that_contradict_are_refused),
		cmocka_unit_test(a_secret_on_the_command_line_is_refused_and_not_repeated),
		cmocka_unit_test(wrong_options_are_named),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(verbs_and_operands),
		cmocka_unit_test(help_and_version_win_over_what_is_missing),
		cmocka_unit_test(json_and_verb_are_known_after_an_error),
		cmocka_unit_test(the_first_error_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
