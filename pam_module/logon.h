/* The auth line: a logon failed; have the secure channel judged and repaired, and say whether to try again. */
#ifndef RETRUST_LOGON_H
#define RETRUST_LOGON_H

#include "options.h"

/* Returns PAM_SUCCESS only when trying the same password again makes sense: it lets nobody in by itself, the next line
 * of the stack asks the identity service again. PAM_AUTH_ERR where the user's password was at fault,
 * PAM_AUTHINFO_UNAVAIL for all else. Takes options->timeout_ms at the most, and the time that the application takes to
 * show the messages.
 *
 * SECURITY: looks at the password only to recognize sshd's placeholder, and never keeps, sends or logs it. */
int logon_authenticate(pam_handle_t *pamh, const struct options *options);

#endif
