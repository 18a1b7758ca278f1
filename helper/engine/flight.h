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

enum flight_met {
	FLIGHT_MET_HEALTHY,
	FLIGHT_MET_DOUBT, /* it was mended while the first try was on its way */
	FLIGHT_MET_BROKEN
};

/* What did a logon's first try, which had failed at failed_boot_ms, meet: a channel in order, or what somebody else has
 * mended in the meantime? For SSSD a failure soon after the mending counts too: it refuses wrong passwords before us. */
enum flight_met flight_met(const struct rt_health *health, uint64_t failed_boot_ms);

/* The same for winbind, whose failure may as well be the user's wrong password, which the domain has counted. Only one that
 * came before winbind's secret was changed, or winbindd was woken, is certain not to be, and only that is BROKEN: a
 * healthy channel must not see a second bad try. */
enum flight_met flight_met_winbind(const struct rt_health *health, uint64_t failed_boot_ms);

#endif
