/* What one request carries through the engine's files. */
#ifndef RETRUST_RUN_H
#define RETRUST_RUN_H

#include "engine.h"

struct run {
	struct host *host;
	const struct engine_request *request;
	struct engine_outcome *outcome;
	struct fault *fault;
	uint64_t started_boot_ms;
	uint64_t failed_boot_ms; /* a logon's first try */
	bool samba_was_right;    /* as the domain was first asked */
};

/* May the request change something here or in the domain? Then it holds the lock and asks the PDC emulator. */
bool run_may_change(const struct engine_request *request);

/* Nobody decided to repair just now: a logon, a look-up. */
bool run_is_unattended(const struct engine_request *request);

/* Asks the domain and says what is the matter: outcome->found and ->condition. */
void run_observe(struct run *run);

#endif
