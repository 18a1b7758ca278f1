/* The host's own key changes the host's own password: rotate, and the way from a keytab to a store that wants a password
 * (a key can't be turned into one). */
#ifndef RETRUST_OWN_H
#define RETRUST_OWN_H

#include "rung.h"

/* A whole change with a new random password, by kpasswd. Where the pinned DC offers none (no connection, so that nothing
 * was sent) and an NT hash can be had, over Netlogon, with a session key of its own: never with an older one, which would
 * override an administrator's reset. */
enum rung_result own_run(struct host *host, struct fault *fault);

#endif
