/* Single flight, see flight.h. */
#include "flight.h"

/* From the failure of the logon's first line to the helper's answer: a herd of logons keeps a host busy for seconds. */
enum { JUST_MS = 15000 };

bool flight_fresh(const struct rt_health *health, uint64_t started_boot_ms, uint64_t now_boot_ms, long verdict_seconds)
{
	uint64_t made = health->tried_boot_ms;
	if (made == 0 || made > now_boot_ms)
		return false;
	return made >= started_boot_ms || now_boot_ms - made <= (uint64_t)verdict_seconds * 1000;
}

bool flight_just_repaired(const struct rt_health *health, uint64_t started_boot_ms)
{
	return health->repaired_boot_ms != 0 && health->repaired_boot_ms + JUST_MS >= started_boot_ms;
}
