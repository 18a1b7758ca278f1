/* Deadlines: a point on CLOCK_MONOTONIC that every blocking call is given. */
#ifndef RETRUST_DEADLINE_H
#define RETRUST_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
	int64_t at_ms; /* CLOCK_MONOTONIC */
};

/* Milliseconds of CLOCK_MONOTONIC, and of CLOCK_BOOTTIME (which goes on during suspend). */
int64_t deadline_now_ms(void);
uint64_t deadline_boot_ms(void);

/* The deadline that lies ms milliseconds ahead. */
struct deadline deadline_in(int64_t ms);

/* The earlier of the two: one step's own limit inside the request's. */
struct deadline deadline_cap(struct deadline outer, int64_t ms);

/* Milliseconds left, 0 when over; fits poll(2). */
int deadline_left_ms(struct deadline deadline);

#endif
