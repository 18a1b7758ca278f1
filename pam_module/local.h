/* Is a user of this host alone, not of the domain? */
#ifndef RETRUST_LOCAL_H
#define RETRUST_LOCAL_H

#include <security/pam_modules.h>
#include <stdbool.h>

/* Is the user at the door none of the domain's: a local one, or none at all? A name isn't asked for: the stack that
 * stands before us has done so. */
bool local_logon(pam_handle_t *pamh);

/* Looks for the name in a file of passwd(5) itself, never through NSS: NSS would ask the very service whose failure
 * brought us here, and may hang. Also true where the file can't be read: what can't be told apart is left alone. */
bool local_user(const char *passwd_file, const char *name);

#endif
