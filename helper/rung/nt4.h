/* Repair of an NT4-style domain's member with an administrator's password. */
#ifndef RETRUST_RUNG_NT4_H
#define RETRUST_RUNG_NT4_H

#include "rung.h"

/* The rung: has the account take a password by Samba's `net rpc join`, kept apart from the host's own secrets.tdb, and
 * with it begins a change as any other (change.h), over Netlogon. So it mends a deleted account, which is created
 * again, as well as a wrong password. */
enum rung_result nt4_repair(struct host *host, const struct credential *credential, struct fault *fault);

#endif
