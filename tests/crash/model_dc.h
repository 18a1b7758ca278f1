/* A model of a domain controller inside the test's own process, in place of helper/directory/.
 *
 * It knows one computer account and one spare account, and counts what is set. Its state lies in shared memory, so that it
 * outlives a helper that is killed. It stands beside the tests on a real domain, never instead of them: it lets every step of
 * the engine be cut within seconds.
 */
#ifndef RETRUST_MODEL_DC_H
#define RETRUST_MODEL_DC_H

#include "../../helper/secret/secret.h"

#include <stdbool.h>

/* What happens to the next set of a password. */
enum model_fate { MODEL_NORMAL, MODEL_REPLY_LOST, MODEL_REQUEST_LOST, MODEL_REFUSES };

struct model_dc {
	struct secret password; /* of the computer account */
	struct secret spare;    /* of the spare account */
	int32_t kvno;
	int sets;               /* how often the password was set */
	enum model_fate fate;
	bool kpasswd_closed;    /* only Netlogon changes a password */
};

/* In shared memory; made by model_start. */
extern struct model_dc *model;

void model_start(void);

#endif
