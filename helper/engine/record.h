/* What a look at the domain leaves behind: the health record, the memory of the identity, events. */
#ifndef RETRUST_RECORD_H
#define RETRUST_RECORD_H

#include "engine.h"

/* Writes the health record for the outcome (found, condition, repaired), remembers names on a healthy channel, records an
 * event for each change of state. A failure is noted in host->note: a verdict stays true when it can't be written. */
void record_outcome(struct host *host, struct engine_outcome *outcome, uint64_t started_boot_ms);

#endif
