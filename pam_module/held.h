/* What winbind's module says of the person while the computer is at fault ("Your account is disabled"), held back until it is
 * known whose account it is.
 *
 * The line of pam_retrust.so with the option `before` stands in front of pam_winbind's and puts a conversation function of ours
 * before the application's; the line behind it takes it away again. Nothing but the few texts of held.c is held back, all of
 * them said on a way that leads to that line; everything else goes through unchanged. Where no such line comes, the
 * function stays in place, lets all pass, and goes with the PAM handle.
 */
#ifndef RETRUST_HELD_H
#define RETRUST_HELD_H

#include <security/pam_modules.h>

enum { HELD_MAX = 256 };

/* Begins to hold back. Whatever goes wrong, the conversation stays as it was. */
void held_begin(pam_handle_t *pamh);

/* Ends it: the application's own conversation function is back. ret_text becomes the last text that was held back, "" = none. */
void held_end(pam_handle_t *pamh, char ret_text[HELD_MAX]);

#endif
