/* The module's options, see options.h. */
#include "options.h"

#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>

enum { TIMEOUT_DEFAULT = 15, TIMEOUT_MIN = 1, TIMEOUT_MAX = 120 };

static const char timeout_key[] = "timeout=";

/* Takes "1" to "120", nothing before or behind it. */
static bool parse_timeout(const char *digits, int *ret_seconds)
{
	int seconds = 0;
	for (const char *p = digits; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || seconds > TIMEOUT_MAX)
			return false;
		seconds = seconds * 10 + (*p - '0');
	}
	if (seconds < TIMEOUT_MIN || seconds > TIMEOUT_MAX)
		return false;
	*ret_seconds = seconds;
	return true;
}

static bool parse_word(const char *word, struct options *options)
{
	int seconds;
	size_t key_len = sizeof timeout_key - 1;
	if (strcmp(word, "debug") == 0) {
		options->debug = true;
	} else if (strcmp(word, "silent") == 0) {
		options->silent = true;
	} else if (strcmp(word, "winbind") == 0) {
		options->winbind = true;
	} else if (strcmp(word, "before") == 0) {
		options->before = true;
	} else if (strncmp(word, timeout_key, key_len) == 0 && parse_timeout(word + key_len, &seconds)) {
		options->timeout_ms = seconds * 1000;
	} else {
		return false;
	}
	return true;
}

void options_parse(pam_handle_t *pamh, int flags, int argc, const char **argv, struct options *ret_options)
{
	*ret_options = (struct options){
		.silent = ((unsigned int)flags & PAM_SILENT) != 0,
		.timeout_ms = TIMEOUT_DEFAULT * 1000,
	};
	for (int i = 0; i < argc; i++) {
		if (!parse_word(argv[i], ret_options))
			pam_syslog(pamh, LOG_ERR, "option \"%s\" ignored: known are before, debug, silent, winbind and timeout=%d to %d",
			           argv[i], TIMEOUT_MIN, TIMEOUT_MAX);
	}
}
