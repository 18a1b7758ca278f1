/* The command line: verbs and options as tables, and their parser.
 *
 * Global options stand before or after the verb. Help, error texts and checks are made from the tables.
 */
#ifndef RETRUST_OPTIONS_H
#define RETRUST_OPTIONS_H

#include "../base/fault.h"

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */

/* X(id, name, operand, summary) */
#define OPTIONS_VERBS(X)                                                                                               \
  X(STATUS,  "status",  "",       "what is known, without touching the network")                                       \
  X(VERIFY,  "verify",  "",       "ask the domain controllers now")                                                    \
  X(REPAIR,  "repair",  "",       "verify, and repair the secure channel")                                             \
  X(ROTATE,  "rotate",  "",       "change the machine password now, as a transaction")                                 \
  X(ENROLL,  "enroll",  "",       "while healthy: make the spare key and remember the domain's identity")              \
  X(REMEMBER, "remember", "",     "refresh the users and groups that stay known while the domain can't be asked")      \
  X(EVENTS,  "events",  "",       "what happened here, newest last")                                                   \
  X(EXPLAIN, "explain", "[WHAT]", "what a condition, event id, NTSTATUS (0x...) or Kerberos error means")

/* Sets of verbs */
#define OPTIONS_FOR_ASK  (1u << OPTIONS_VERIFY | 1u << OPTIONS_REPAIR | 1u << OPTIONS_ROTATE | 1u << OPTIONS_ENROLL |    \
                          1u << OPTIONS_REMEMBER)
#define OPTIONS_FOR_CRED (1u << OPTIONS_REPAIR | 1u << OPTIONS_ENROLL)
#define OPTIONS_FOR_ALL  (~0u)

/* X(id, long name, letter or 0, value's name or NULL, verbs, help) */
#define OPTIONS_LIST(X)                                                                                                \
  X(JSON,    "json",    0, NULL, OPTIONS_FOR_ALL, "print one JSON object on standard output and nothing else")         \
  X(QUIET,   "quiet",   0, NULL, OPTIONS_FOR_ALL, "don't tell the steps")                                              \
  X(VERBOSE, "verbose", 0, NULL, OPTIONS_FOR_ALL, "tell more: all codes, times and details")                           \
  X(TIMEOUT, "timeout", 0, "SECONDS", OPTIONS_FOR_ALL, "give up after so long (1 to 600; 60)")                         \
  X(DC,      "dc",      0, "HOST", OPTIONS_FOR_ALL, "use this domain controller and no other")                         \
  X(PLAN,    "plan",    0, NULL, 1u << OPTIONS_REPAIR, "say what would be done and why, and do nothing")               \
  X(IF_DUE,  "if-due",  0, NULL, 1u << OPTIONS_ROTATE,                                                                 \
    "only when the password is older than max_secret_age and nobody else rotates it (for the timer)")                  \
  X(GROUP,   "group",   0, "GROUP", 1u << OPTIONS_REMEMBER, "remember this group and all its members")                 \
  X(ALL_SEEN, "all-seen", 0, NULL, 1u << OPTIONS_REMEMBER, "remember everybody who has logged on here")                \
  X(REMOVE,  "remove",  0, NULL, 1u << OPTIONS_ENROLL, "take back what enroll made")                                   \
  X(CONTAINER, "container", 0, "DN", 1u << OPTIONS_ENROLL, "where the spare account is created")                       \
  X(USER,    "user",  'U', "USER", OPTIONS_FOR_CRED,                                                                   \
    "use this user's rights; asks for the password (with --keytab: the principal)")                                    \
  X(PASSWORD_STDIN, "password-stdin", 0, NULL, OPTIONS_FOR_CRED, "read the password from standard input, one line")    \
  X(CCACHE,  "ccache",  0, "FILE", OPTIONS_FOR_CRED, "use the tickets in this credential cache")                       \
  X(KEYTAB,  "keytab",  0, "FILE", OPTIONS_FOR_CRED, "use the key in this keytab")                                     \
  X(ACCEPT_DC, "accept-dc", 0, "FINGERPRINT", OPTIONS_FOR_CRED,                                                        \
    "send the typed password to the domain controller with this certificate (SHA-256)")                                \
  X(SINCE,   "since",   0, "TIME", 1u << OPTIONS_EVENTS,                                                               \
    "only from this time on: \"2026-01-31 12:00\", today, yesterday, -2h, \"3 days ago\"")                             \
  X(HELP,    "help",  'h', NULL, OPTIONS_FOR_ALL, "show this help")                                                    \
  X(VERSION, "version", 0, NULL, OPTIONS_FOR_ALL, "show the version")
/* clang-format on */

enum options_verb {
#define X(id, name, operand, summary) OPTIONS_##id,
	OPTIONS_VERBS(X)
#undef X
		OPTIONS_VERB_COUNT,
	OPTIONS_NO_VERB = OPTIONS_VERB_COUNT
};

enum options_id {
#define X(id, name, letter, value, verbs, help) OPTION_##id,
	OPTIONS_LIST(X)
#undef X
		OPTION_COUNT
};

struct options {
	enum options_verb verb;
	uint32_t seen;                   /* bits 1 << enum options_id */
	const char *value[OPTION_COUNT]; /* of options with a value; into argv */
	const char *operand;             /* of explain, or NULL */
	int timeout_ms;
	int64_t since_unix; /* 0 = from the beginning */
};

/* Parses and checks a command line; argv may be permuted. Returns 0, or -1 with *fault (FAULT_USAGE) that names the
 * option and says where the help is. Even then ret_options->verb and the --json bit are what could be read, so that
 * the error can be told in the form that was asked for. */
int options_parse(int argc, char **argv, struct options *ret_options, struct fault *fault);

/* Was the option given? */
bool options_has(const struct options *options, enum options_id id);

/* The verb's name, NULL without one. */
const char *options_verb_name(enum options_verb verb);

/* Prints the help of a verb, or of the whole command (OPTIONS_NO_VERB), on standard output. */
void options_help(enum options_verb verb);

#endif
