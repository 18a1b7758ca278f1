/* Setting a password by the Kerberos change-password protocol (RFC 3244) at the pinned DC, port 464 over TCP.
 *
 * Written here because libkrb5's own sends a request again when a reply is lost, so that the DC counts twice and the keytab's
 * kvno is wrong; this one sends exactly once and tells "refused" from "unknown". The AP-REQ / KRB-PRIV cryptography is
 * libkrb5's.
 */
#ifndef RETRUST_KPASSWD_H
#define RETRUST_KPASSWD_H

#include "kdc.h"

enum set_result {
	SET_DONE,    /* the DC said so, in a reply that its ticket's session key authenticates */
	SET_REFUSED, /* certainly not set: the authenticated reply says no, or the request never left this host */
	SET_UNKNOWN  /* sent, and no (authentic) answer: ask the DC later which secret it takes */
};

/* No connection came about, so that nothing was sent: the service is closed or filtered, and another way may be tried. */
#define KPASSWD_NO_SERVICE (-2)

/* Sets the password of target ("M1$"; NULL: the ticket's own client changes its own) with an initial or service ticket
 * for kadmin/changepw. fault says why not: result code and the DC's text. ret_code: RFC 3244 result code (5 access
 * denied, 4 soft error/policy …), -1 when none came, KPASSWD_NO_SERVICE with SET_REFUSED; may be NULL. */
enum set_result kpasswd_set(struct kdc *kdc, const struct kdc_ticket *changepw, const char *target,
                            const struct secret *password, struct deadline deadline, int *ret_code,
                            struct fault *fault);

#endif
