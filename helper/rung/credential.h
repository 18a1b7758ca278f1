/* Repair with somebody else's right: a ticket cache, a delegated keytab, a typed password. */
#ifndef RETRUST_CREDENTIAL_H
#define RETRUST_CREDENTIAL_H

#include "rung.h"

/* The rung. A ticket or a keytab's random key proves the KDC and the password is set by kpasswd; a typed password goes
 * over TLS to a DC that proved itself by a pinned CA or by root's word. */
enum rung_result credential_repair(struct host *host, const struct credential *credential, struct fault *fault);

/* A TGT of the credential at the pinned KDC, for enroll (typed passwords included: there the channel is healthy, so that the
 * KDC has proved itself with the machine key). NULL with *fault. */
struct kdc_ticket *credential_ticket(struct host *host, const struct credential *credential, struct fault *fault);

void credential_wipe(struct credential *credential);

#endif
