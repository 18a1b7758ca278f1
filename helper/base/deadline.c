/* Deadlines on the monotonic clock, see deadline.h. */
#include "deadline.h"

#include <limits.h>
#include <time.h>

static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;
	if (clock_gettime(clock, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t deadline_now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

uint64_t deadline_boot_ms(void)
{
	return (uint64_t)clock_ms(CLOCK_BOOTTIME);
}

struct deadline deadline_in(int64_t ms)
{
	return (struct deadline){ .at_ms = deadline_now_ms() + ms };
}

struct deadline deadline_cap(struct deadline outer, int64_t ms)
{
	struct deadline inner = deadline_in(ms);
	return inner.at_ms < outer.at_ms ? inner : outer;
}

int deadline_left_ms(struct deadline deadline)
{
	int64_t left = deadline.at_ms - deadline_now_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}
