/* The words behind pam_retrust.so in a PAM stack: [debug] [silent] [winbind] [timeout=SECONDS], or [before] */
#ifndef RETRUST_OPTIONS_H
#define RETRUST_OPTIONS_H

#include <security/pam_modules.h>
#include <stdbool.h>

struct options {
	bool debug;     /* tell the log what is decided and why */
	bool silent;    /* show the person nothing: the option, or PAM_SILENT among the flags */
	bool winbind;   /* the identity service of this stack is winbind */
	bool before;    /* this line stands in front of pam_winbind's and only holds its words back (held.h) */
	int timeout_ms; /* for all that happens at one logon */
};

/* Fills in *ret_options from the defaults, the flags and the words. A word that is none of the above, or a timeout that
 * isn't 1 to 120, is named in the log and ignored: a typing error must not lock anybody out. */
void options_parse(pam_handle_t *pamh, int flags, int argc, const char **argv, struct options *ret_options);

#endif
