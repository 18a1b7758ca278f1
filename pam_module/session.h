/* The session line: a logon from cached credentials succeeds although the channel is broken; here it is noticed. */
#ifndef RETRUST_SESSION_H
#define RETRUST_SESSION_H

#include "options.h"

/* Reads the health record; where it is missing, a minute old or tells of a broken channel, hands a request to the helper
 * without waiting for what comes of it, and tells the person where it is broken. At most some 200 ms. Nothing at all
 * for local users. */
void session_open(pam_handle_t *pamh, const struct options *options);

#endif
