/* The command line, see options.h. */
#include "options.h"

#include "since.h"
#include "text.h"

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	LONG_BASE = 256, /* getopt's value of a long option: this + its id */
	TIMEOUT_LEAST = 1,
	TIMEOUT_MOST = 600,
	TIMEOUT_DEFAULT = 60,
	HOST_MAX = 255,
	USER_MAX = 255,
	DN_MAX = 511,
	FINGERPRINT_DIGITS = 64
};

static const struct {
	const char *name;
	const char *operand;
	const char *summary;
} verbs[] = {
#define X(id, name, operand, summary) { name, operand, summary },
	OPTIONS_VERBS(X)
#undef X
};

static const struct {
	const char *name;
	int letter;
	const char *value;
	unsigned int verbs;
	const char *help;
} list[] = {
#define X(id, name, letter, value, verbs, help) { name, letter, value, verbs, help },
	OPTIONS_LIST(X)
#undef X
};

bool options_has(const struct options *options, enum options_id id)
{
	return (options->seen & 1u << id) != 0;
}

const char *options_verb_name(enum options_verb verb)
{
	return verb < OPTIONS_VERB_COUNT ? verbs[verb].name : NULL;
}

/* ---- reading ---- */

/* libkrb5's error numbers are negative and would be read as options; explain takes them without their sign as well. */
static void take_sign_from_kerberos_codes(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "-17653", 6) == 0)
			argv[i]++;
}

static int id_of(int value)
{
	if (value >= LONG_BASE && value < LONG_BASE + OPTION_COUNT)
		return value - LONG_BASE;
	for (int id = 0; id < OPTION_COUNT; id++)
		if (list[id].letter != 0 && list[id].letter == value)
			return id;
	return -1;
}

/* The name only, without what stands behind "=": a secret may have been meant there. */
static void refuse(int value, char *const *argv, struct fault *fault)
{
	int id = id_of(optopt);
	if (value == ':' && id >= 0)
		(void)fault_set(fault, FAULT_USAGE, "option --%s needs a value (%s)", list[id].name, list[id].value);
	else if (id >= 0)
		(void)fault_set(fault, FAULT_USAGE, "option --%s takes no value", list[id].name);
	else if (optopt != 0)
		(void)fault_set(fault, FAULT_USAGE, "unknown option '-%c'", optopt);
	else
		(void)fault_set(fault, FAULT_USAGE, "unknown or ambiguous option '%.*s'",
		                (int)strcspn(argv[optind - 1], "="), argv[optind - 1]);
}

static void read_options(int argc, char **argv, struct options *options, struct fault *fault)
{
	struct option longs[OPTION_COUNT + 1] = { 0 };
	for (int id = 0; id < OPTION_COUNT; id++)
		longs[id] = (struct option){ list[id].name, list[id].value != NULL, NULL, LONG_BASE + id };
	take_sign_from_kerberos_codes(argc, argv);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	int value;
	while ((value = getopt_long(argc, argv, ":U:h", longs, NULL)) != -1) {
		int id = value == '?' || value == ':' ? -1 : id_of(value);
		if (id < 0) {
			refuse(value, argv, fault);
			continue;
		}
		options->seen |= 1u << id;
		options->value[id] = optarg;
	}
}

static void read_operands(int count, char **operand, struct options *options, struct fault *fault)
{
	if (count == 0)
		return;
	for (int verb = 0; verb < OPTIONS_VERB_COUNT; verb++)
		if (strcmp(verbs[verb].name, operand[0]) == 0)
			options->verb = (enum options_verb)verb;
	if (options->verb == OPTIONS_NO_VERB)
		(void)fault_set(fault, FAULT_USAGE, "unknown verb '%s'", operand[0]);
	else if (count > (*verbs[options->verb].operand != '\0' ? 2 : 1))
		(void)fault_set(fault, FAULT_USAGE, "'%s' is one argument too many", operand[count - 1]);
	else if (count == 2)
		options->operand = operand[1];
}

/* ---- checking ---- */

static int check_timeout(struct options *options, struct fault *fault)
{
	const char *text = options->value[OPTION_TIMEOUT];
	char *end = NULL;
	long seconds = text == NULL ? TIMEOUT_DEFAULT : strtol(text, &end, 10);
	bool number = text == NULL || (isdigit((unsigned char)text[0]) && *end == '\0');
	if (!number || seconds < TIMEOUT_LEAST || seconds > TIMEOUT_MOST)
		return fault_set(fault, FAULT_USAGE, "--timeout '%s' isn't a number of seconds from %d to %d", text,
		                 TIMEOUT_LEAST, TIMEOUT_MOST);
	options->timeout_ms = (int)seconds * 1000;
	return 0;
}

static int check_host(const char *host, struct fault *fault)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:";
	if (host == NULL || (strlen(host) <= HOST_MAX && host[0] != '-' && host[strspn(host, allowed)] == '\0'))
		return 0;
	return fault_set(fault, FAULT_USAGE, "--dc '%.*s' is neither a host name nor an address", HOST_MAX, host);
}

static int check_fingerprint(const char *text, struct fault *fault)
{
	int digits = 0;
	for (const char *at = text; at != NULL && *at != '\0'; at++) {
		if (isxdigit((unsigned char)*at))
			digits++;
		else if (*at != ':')
			digits = INT_MIN;
	}
	if (text == NULL || digits == FINGERPRINT_DIGITS)
		return 0;
	return fault_set(fault, FAULT_USAGE,
	                 "--accept-dc takes a SHA-256 fingerprint, %d hexadecimal digits with or without colons",
	                 FINGERPRINT_DIGITS);
}

/* "USER%PASSWORD" is Samba's way; here it would be a secret in everybody's list of processes. It isn't repeated. */
static int check_user(const char *user, struct fault *fault)
{
	if (user == NULL)
		return 0;
	if (strchr(user, '%') != NULL)
		return fault_set(fault, FAULT_USAGE,
		                 "-U takes a name without '%%': a password on the command line can be read by "
		                 "everybody; leave it out to be asked, or use --password-stdin");
	if (strchr(user, '\\') != NULL)
		return fault_set(fault, FAULT_USAGE, "-U takes USER or USER@REALM, not DOMAIN\\USER");
	if (strlen(user) > USER_MAX)
		return fault_set(fault, FAULT_USAGE, "the name behind -U is longer than %d bytes", USER_MAX);
	for (const char *at = user; *at != '\0'; at++)
		if (iscntrl((unsigned char)*at))
			return fault_set(fault, FAULT_USAGE, "the name behind -U contains a control character");
	return 0;
}

static int check_container(const char *dn, struct fault *fault)
{
	if (dn == NULL || (strchr(dn, '=') != NULL && strlen(dn) <= DN_MAX))
		return 0;
	return fault_set(fault, FAULT_USAGE,
	                 "--container takes a distinguished name such as OU=Spares,DC=lab,DC=example");
}

static int check_credential(const struct options *options, struct fault *fault)
{
	bool user = options_has(options, OPTION_USER), ccache = options_has(options, OPTION_CCACHE);
	bool keytab = options_has(options, OPTION_KEYTAB), typed = user && !keytab;
	if (ccache && (user || keytab))
		return fault_set(fault, FAULT_USAGE, "--ccache can't be used with %s", keytab ? "--keytab" : "-U");
	if (options_has(options, OPTION_PASSWORD_STDIN) && !typed)
		return fault_set(fault, FAULT_USAGE, "--password-stdin needs -U USER%s",
		                 keytab ? " without --keytab" : "");
	if (options_has(options, OPTION_ACCEPT_DC) && !typed)
		return fault_set(fault, FAULT_USAGE, "--accept-dc needs -U USER%s", keytab ? " without --keytab" : "");
	if (options->verb == OPTIONS_ENROLL && !user && !ccache && !keytab)
		return fault_set(fault, FAULT_USAGE,
		                 "enroll needs the rights of somebody who may create users: -U USER, --ccache FILE or "
		                 "--keytab FILE");
	if (options_has(options, OPTION_REMOVE) && options_has(options, OPTION_CONTAINER))
		return fault_set(fault, FAULT_USAGE, "--container can't be used with --remove");
	return 0;
}

/* Every option must belong to the verb, and have something in its value. */
static int check_options(const struct options *options, struct fault *fault)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		if (!options_has(options, (enum options_id)id))
			continue;
		if ((list[id].verbs & 1u << options->verb) == 0)
			return fault_set(fault, FAULT_USAGE, "option --%s doesn't belong to %s", list[id].name,
			                 verbs[options->verb].name);
		if (options->value[id] != NULL && options->value[id][0] == '\0')
			return fault_set(fault, FAULT_USAGE, "option --%s needs a value (%s)", list[id].name,
			                 list[id].value);
	}
	if (options_has(options, OPTION_QUIET) && options_has(options, OPTION_VERBOSE))
		return fault_set(fault, FAULT_USAGE, "--quiet and --verbose exclude each other");
	return 0;
}

static int check(struct options *options, struct fault *fault)
{
	const char *since = options->value[OPTION_SINCE];
	if (options->verb == OPTIONS_NO_VERB)
		return fault_set(fault, FAULT_USAGE, "no verb");
	if (check_options(options, fault) != 0 || check_timeout(options, fault) != 0 ||
	    check_host(options->value[OPTION_DC], fault) != 0 || check_user(options->value[OPTION_USER], fault) != 0 ||
	    check_fingerprint(options->value[OPTION_ACCEPT_DC], fault) != 0 ||
	    check_container(options->value[OPTION_CONTAINER], fault) != 0 || check_credential(options, fault) != 0)
		return -1;
	if (since != NULL && !since_parse(since, (int64_t)time(NULL), &options->since_unix))
		return fault_set(fault, FAULT_USAGE,
		                 "--since '%s' isn't a time such as \"2026-01-31 12:00\", today, yesterday or -2h",
		                 since);
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret_options, struct fault *fault)
{
	struct fault found = { 0 };
	*ret_options = (struct options){ .verb = OPTIONS_NO_VERB };
	read_options(argc, argv, ret_options, &found);
	read_operands(argc - optind, argv + optind, ret_options, &found);
	bool told = options_has(ret_options, OPTION_HELP) || options_has(ret_options, OPTION_VERSION);
	if (found.kind == FAULT_NONE && !told)
		(void)check(ret_options, &found);
	if (found.kind == FAULT_NONE)
		return 0;
	const char *verb = options_verb_name(ret_options->verb);
	return fault_set(fault, FAULT_USAGE, "%s. Try 'retrust %s%s--help'.", found.text, verb == NULL ? "" : verb,
	                 verb == NULL ? "" : " ");
}

/* ---- help ---- */

static void help_option(int id)
{
	char first[64];
	char letter[8] = "    ";
	if (list[id].letter != 0)
		(void)snprintf(letter, sizeof letter, "-%c, ", list[id].letter);
	int len = snprintf(first, sizeof first, "  %s--%s%s%s", letter, list[id].name,
	                   list[id].value != NULL ? " " : "", list[id].value != NULL ? list[id].value : "");
	(void)snprintf(first + len, sizeof first - (size_t)len, "%*s", len < 28 ? 30 - len : 2, "");
	text_wrap(stdout, first, "                              ", list[id].help, TEXT_WIDTH);
}

void options_help(enum options_verb verb)
{
	bool one = verb < OPTIONS_VERB_COUNT;
	if (one)
		printf("retrust %s%s%s [OPTION]...\n  %s\n\n", verbs[verb].name,
		       *verbs[verb].operand != '\0' ? " " : "", verbs[verb].operand, verbs[verb].summary);
	else
		printf("retrust VERB [OPTION]...\n  keeps this host's membership of its domain alive\n\n");
	for (int id = 0; !one && id < OPTIONS_VERB_COUNT; id++)
		printf("  %-8s %-8s %s\n", verbs[id].name, verbs[id].operand, verbs[id].summary);
	printf("%sOptions%s:\n", one ? "" : "\n", one ? "" : " of every verb ('retrust VERB --help' tells the others)");
	for (int id = 0; id < OPTION_COUNT; id++)
		if (one ? (list[id].verbs & 1u << verb) != 0 : list[id].verbs == OPTIONS_FOR_ALL)
			help_option(id);
	printf("\nExit: 0 healthy or done, 1 broken, 2 cannot tell, 3 refused, 64 usage, 70 internal error,\n"
	       "77 not permitted, 78 wrong configuration. See retrust(8).\n");
}
