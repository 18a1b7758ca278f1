/* A change of the machine password as a transaction: journal ► set at the pinned DC ► prove ► write the stores ► clear. */
#ifndef RETRUST_CHANGE_H
#define RETRUST_CHANGE_H

#include "rung.h"

#include "../directory/kpasswd.h"

/* How the DC is told: sends the password once. */
typedef enum set_result change_setter(struct host *host, void *data, const struct secret *next, struct fault *fault);

/* A whole change with a new random password. */
enum rung_result change_run(struct host *host, change_setter *set, void *data, struct fault *fault);

/* Makes a password that the DC takes (the journal's, a store's) the one of every store, with the number the DC has for it;
 * nothing changes in the domain. A journal goes when it is done. */
enum rung_result change_adopt(struct host *host, const struct secret *password, struct fault *fault);

/* May an earlier change, whose answer was lost, still be under way at the DC? */
bool change_in_flight(const struct host *host);

/* Ends a change that never happened: on a healthy channel, when the PDC refuses the journal's secret and the request can't be
 * under way any more, the journal goes. Returns 0 (also when there was nothing to do) or -1 with *fault. */
int change_forget(struct host *host, struct fault *fault);

/* The setter by kpasswd with the ticket for kadmin/changepw (struct kdc_ticket * as data) of somebody who may reset the
 * account. The host's own: own.c. */
enum set_result change_by_kpasswd(struct host *host, void *data, const struct secret *next, struct fault *fault);

#endif
