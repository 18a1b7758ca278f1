/* The last verdict on the channel, as far as the module cares. */
#ifndef RETRUST_NSS_VERDICT_H
#define RETRUST_NSS_VERDICT_H

#include <stdint.h>

enum verdict {
	VERDICT_NOTHING, /* the live source can be asked, or nothing is known: the module knows nobody */
	VERDICT_CUT_OFF, /* the domain can't be asked, and no repair would change that: what is remembered counts */
	VERDICT_BROKEN   /* the same, and the helper may be able to repair it */
};

/* Of the health record in the project's run directory. It is read at most once in VERDICT_EVERY_MS; between two
 * readings this is a look at one word and at the kernel's coarse clock, without a system call. Any thread, any time. */
enum { VERDICT_EVERY_MS = 100 };
enum verdict verdict_now(void);

/* CLOCK_MONOTONIC as the kernel last told it, milliseconds; no system call. */
uint64_t verdict_clock_ms(void);

#endif
