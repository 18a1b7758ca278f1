/* What the kdc_*.c files (and kpasswd.c, which speaks with the same library context) share. Nobody else includes it.
 *
 * Who sends: libkrb5's step interface (krb5_init_creds_step, krb5_tkt_creds_step) hands out each request and takes each
 * reply; kdc_exchange carries them. Not krb5_set_kdc_send_hook: that is called only after libkrb5 has looked for a KDC,
 * with every locator plugin that the host has, and winbind's can hang for a minute.
 */
#ifndef RETRUST_KDC_INTERNAL_H
#define RETRUST_KDC_INTERNAL_H

#include "kdc.h"

#include <krb5.h>

/* A code of RFC 4120 by libkrb5's name for it: KDC_CODE(KRB5KDC_ERR_PREAUTH_FAILED) is 24. */
#define KDC_CODE(name) ((int32_t)((name)-ERROR_TABLE_BASE_krb5))

enum { KDC_ROUNDS_MAX = 4 }; /* requests of one exchange: a KDC that goes on asking is no KDC */

struct kdc {
	krb5_context context;
	struct dc dc;
	struct deadline deadline;
	char realm[256];
	int port, kpasswd_port; /* 88 and 464; unit tests have no right to those */
	int32_t offset;
	unsigned long serial; /* for names in memory that must be unique */
};

struct kdc_ticket {
	struct kdc *kdc;
	krb5_creds creds;
	krb5_ccache ccache; /* holds creds, and for a service ticket the TGT too */
	char *name;
};

/* kdc.c */

/* Sends one request and takes its reply, over a connection of its own. Returns 0 (*ret_reply is freed with
 * krb5_free_data_contents) or KDC_UNREACHABLE with *fault. */
int32_t kdc_exchange(struct kdc *kdc, const krb5_data *request, krb5_data *ret_reply, struct fault *fault);

/* The code (0 … 127) of a KRB-ERROR; -1 when the reply isn't one. On 37 the clock offset is taken from it. */
int32_t kdc_reply_error(struct kdc *kdc, const krb5_data *reply);

/* Tells a result other than 0 in *fault (what: who or what was asked for) and returns it. code is libkrb5's, for
 * KDC_FAILED. */
int32_t kdc_tell(struct kdc *kdc, int32_t result, krb5_error_code code, const char *what, struct fault *fault);

/* KDC_FAILED, with libkrb5's code. */
int32_t kdc_failed(struct kdc *kdc, krb5_error_code code, const char *what, struct fault *fault);

/* kdc_ticket.c */

/* Parses "M1$", "user@REALM", "host/m1.lab.example". Another realm than the pinned one is refused. Returns 0 or
 * KDC_FAILED with *fault. */
int32_t kdc_principal(struct kdc *kdc, const char *name, krb5_principal *ret_principal, struct fault *fault);

/* Makes a ticket of creds (which it takes over, also on failure), beside tgt where not NULL. Returns 0 or KDC_FAILED.
 */
int32_t kdc_ticket_keep(struct kdc *kdc, krb5_creds *creds, const struct kdc_ticket *tgt,
                        struct kdc_ticket **ret_ticket, struct fault *fault);

#endif
