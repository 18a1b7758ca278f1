/* The rungs of the ladder: each a way to repair, run by the engine in the order of the plan. */
#ifndef RETRUST_RUNG_H
#define RETRUST_RUNG_H

#include "../engine/plan.h"
#include "../probe/host.h"

#include <retrust/proto.h>

/* The credential that came with the request. */
struct credential {
	enum rt_cred_kind kind;
	char user[256];
	struct secret password;
	int fd;                /* ccache or keytab, -1 = none; the request's */
	char accept_dc[128];   /* fingerprint that root accepts, "" = none */
};

enum rung_result {
	RUNG_DONE,   /* it says that it repaired; the engine asks the DC again before it believes it */
	RUNG_FAILED, /* nothing was changed */
	RUNG_UNSURE  /* the DC may have the new secret or not: the journal keeps it, no other rung may run now */
};

/* Runs one rung. fault says why not. */
enum rung_result rung_run(enum rung_id id, struct host *host, const struct credential *credential,
                          struct fault *fault);

#endif
