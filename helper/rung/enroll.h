/* Enrolment: the spare key, and the memory of who this host and its domain are. */
#ifndef RETRUST_ENROLL_H
#define RETRUST_ENROLL_H

#include "rung.h"

/* Makes or renews the spare account in container ("" = the domain's default) with an administrator's credential, proves its
 * key to the DC, stores it root-only, and remembers SIDs, GUIDs and the machine-id. The channel must be healthy: then the
 * pinned KDC has proved itself with the machine key. Returns 0 or -1 with *fault. */
int enroll_make(struct host *host, const struct credential *credential, const char *container, struct fault *fault);

/* Takes it all back: ACE, account and group in the domain, key and memory on the host. */
int enroll_remove(struct host *host, const struct credential *credential, struct fault *fault);

#endif
