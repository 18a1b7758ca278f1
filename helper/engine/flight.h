/* Single flight: one look at the domain for many logons at once (the lock is PATH_LOCK, store/lock.h). */
#ifndef RETRUST_FLIGHT_H
#define RETRUST_FLIGHT_H

#include <retrust/health.h>
#include <stdbool.h>

/* May the record answer a logon that began at started_boot_ms without a look of its own?
 * Yes when it was made after the logon began (the logon waited for somebody else's look), or when it is at most
 * verdict_seconds old. Only a logon's own verdict counts, or that of an attempt to repair: what `retrust verify` or an
 * enrolment saw a moment ago must not keep a logon from looking. */
bool flight_fresh(const struct rt_health *health, uint64_t started_boot_ms, uint64_t now_boot_ms, long verdict_seconds);

/* Was the channel repaired so recently that this logon's first try may have met the broken one? */
bool flight_just_repaired(const struct rt_health *health, uint64_t started_boot_ms);

#endif
