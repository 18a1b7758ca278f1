/* Single flight, see flight.h. */
#include "flight.h"

enum {
	JUST_MS = 15000,  /* from the failure of the logon's first line to the helper: a herd keeps a host busy for seconds */
	DOUBT_MS = 2000,  /* how long a first try may have been on its way */
	WRAP_MS = 600000, /* what a time's low half is good for */
};

bool flight_fresh(const struct rt_health *health, uint64_t started_boot_ms, uint64_t now_boot_ms, long verdict_seconds)
{
	uint64_t made = health->tried_boot_ms;
	if (made == 0 || made > now_boot_ms)
		return false;
	return made >= started_boot_ms || now_boot_ms - made <= (uint64_t)verdict_seconds * 1000;
}

enum flight_met flight_met(const struct rt_health *health, uint64_t failed_boot_ms)
{
	bool broken = health->repaired_boot_ms != 0 && health->repaired_boot_ms + JUST_MS >= failed_boot_ms;
	return broken ? FLIGHT_MET_BROKEN : FLIGHT_MET_HEALTHY;
}

enum flight_met flight_met_winbind(const struct rt_health *health, uint64_t failed_boot_ms)
{
	uint32_t failed = (uint32_t)failed_boot_ms;
	if (health->winbind_ms == 0)
		return FLIGHT_MET_HEALTHY;
	if (health->winbind_ms - failed < WRAP_MS)
		return FLIGHT_MET_BROKEN;
	return failed - health->winbind_ms <= DOUBT_MS ? FLIGHT_MET_DOUBT : FLIGHT_MET_HEALTHY;
}
