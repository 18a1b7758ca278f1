/* The last verdict on the channel, as far as the module cares. */
#ifndef RETRUST_NSS_VERDICT_H
#define RETRUST_NSS_VERDICT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum verdict {
	VERDICT_NOTHING, /* the live source can be asked, or nothing is known: the module knows nobody */
	VERDICT_CUT_OFF, /* the domain can't be asked, and no repair would change that: what is remembered counts */
	VERDICT_BROKEN,  /* the same, and the helper may be able to repair it */
	VERDICT_OLD      /* healthy, but nobody has looked for a while: what is remembered doesn't count, a question is worth it */
};

/* Of the health record in the project's run directory. It is read at most once in VERDICT_EVERY_MS; between two
 * readings this is a look at one word and at the kernel's coarse clock, without a system call. Any thread, any time. */
enum { VERDICT_EVERY_MS = 100, VERDICT_OLD_MS = 5 * 60 * 1000 };
enum verdict verdict_now(void);

/* The helper has looked: the next call reads the record again. */
void verdict_forget(void);

/* CLOCK_MONOTONIC as the kernel last told it, milliseconds; no system call. */
static inline uint64_t verdict_clock_ms(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* What verdict_now() keeps: the clock at which the record must be read again, and below it the verdict. 0: at once. */
enum { VERDICT_BITS = 2, VERDICT_MASK = (1 << VERDICT_BITS) - 1 };
extern _Atomic uint64_t verdict_word;

/* VERDICT_NOTHING, and read not long ago: the way that nearly all calls take. It stands at the beginning of each entry
 * point, in one line of the processor's cache or two: libc's own system call before has driven out what was there. */
static inline bool verdict_is_nothing(void)
{
	uint64_t seen = atomic_load_explicit(&verdict_word, memory_order_relaxed);
	return (seen & VERDICT_MASK) == VERDICT_NOTHING && verdict_clock_ms() < seen >> VERDICT_BITS;
}

#endif
