/* Looks at this host alone: settings, memory, stores, spare key, journal. No network. */
#ifndef RETRUST_LOCAL_H
#define RETRUST_LOCAL_H

#include "host.h"

/* Fills host->settings (which must be loaded already), names, stores, spare, journal and the facts about them. A damaged
 * memory or journal is noted (host->note) and taken as absent. Returns 0, or -1 with *fault. */
int local_probe(struct host *host, struct fault *fault);

/* Reads the stores again, after a rung changed them. */
int local_stores(struct host *host, struct fault *fault);

#endif
