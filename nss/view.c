/* Holding and changing the snapshot, see view.h.
 *
 * A few slots, each with a snapshot and counts of its holders. A holder counts itself first and then looks whether the
 * slot is still the current one; who changes the slots looks at the counts after the slot ceased to be current. So one
 * of the two always sees the other (all of it sequentially consistent), and nobody reads what is being taken away.
 */
#include "view.h"

#include "verdict.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

/* STRIPES: threads count on different cache lines. WAITS: how many ms a thread waits for another's look at the file. */
enum { SLOTS = 4, STRIPES = 8, CACHE_LINE = 64, WAITS = 200 };

struct stripe {
	_Alignas(CACHE_LINE) _Atomic uint32_t holders;
};

struct slot {
	struct stripe stripes[STRIPES];
	struct snapshot snapshot;
};

/* A snapshot just made, and its file. */
struct opened {
	struct snapshot *snapshot;
	int fd;
};

static struct slot slots[SLOTS];
static _Atomic uint32_t current;    /* number of the slot + 1, 0 = there is no file */
static _Atomic uint64_t look_again; /* verdict_clock_ms() of the next look at the file */
static _Atomic bool busy;           /* somebody looks */

static size_t stripe_of_thread(void)
{
	uint64_t self = (uint64_t)(uintptr_t)pthread_self();
	return (size_t)((self * 0x9e3779b97f4a7c15u) >> 61);
}
_Static_assert(STRIPES == 1 << (64 - 61), "as many as stripe_of_thread() has results");

static enum look hold_current(struct view *ret_view)
{
	size_t stripe = stripe_of_thread();
	for (;;) {
		uint32_t number = atomic_load(&current);
		if (number == 0)
			return LOOK_ABSENT;
		struct slot *slot = &slots[number - 1];
		_Atomic uint32_t *holders = &slot->stripes[stripe].holders;
		(void)atomic_fetch_add(holders, 1);
		if (atomic_load(&current) == number) {
			snapshot_begin_reading(&ret_view->reader, &slot->snapshot);
			ret_view->holders = holders;
			return LOOK_FOUND;
		}
		(void)atomic_fetch_sub(holders, 1);
	}
}

void view_release(struct view *view)
{
	snapshot_end_reading(&view->reader);
	(void)atomic_fetch_sub_explicit(view->holders, 1, memory_order_release);
}

static bool is_held(struct slot *slot)
{
	for (size_t i = 0; i < STRIPES; i++) {
		if (atomic_load(&slot->stripes[i].holders) != 0)
			return true;
	}
	return false;
}

/* Empties the slots that nobody needs any more. Returns one, or NULL while all are held. */
static struct slot *sweep(void)
{
	struct slot *empty = NULL;
	for (uint32_t i = 0; i < SLOTS; i++) {
		if (atomic_load(&current) == i + 1 || is_held(&slots[i]))
			continue;
		snapshot_close(&slots[i].snapshot);
		empty = &slots[i];
	}
	return empty;
}

/* Only one thread at a time. */
static enum look change(struct opened *ret_opened)
{
	uint32_t number = atomic_load(&current);
	struct slot *slot = sweep();
	if (number != 0 && snapshot_is_current(&slots[number - 1].snapshot))
		return LOOK_FOUND;
	if (slot == NULL)
		return LOOK_AGAIN;
	enum look look = snapshot_open(&slot->snapshot, &ret_opened->fd);
	if (look == LOOK_AGAIN)
		return look;
	ret_opened->snapshot = &slot->snapshot;
	atomic_store(&current, look == LOOK_FOUND ? (uint32_t)(slot - slots) + 1 : 0);
	return LOOK_FOUND;
}

/* A thread that was late may use what it has, if it has something and needn't know better. Cancelled here, a thread
 * would leave the others waiting for ever. */
static enum look look_at_file(enum view_age age, struct opened *ret_opened)
{
	for (int waited = 0; atomic_exchange(&busy, true); waited++) {
		if ((age == VIEW_RECENT && atomic_load(&current) != 0) || waited == WAITS)
			return waited == WAITS ? LOOK_AGAIN : LOOK_FOUND;
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	enum look look = change(ret_opened);
	if (look == LOOK_FOUND)
		atomic_store(&look_again, verdict_clock_ms() + VIEW_EVERY_MS);
	atomic_store(&busy, false);
	return look;
}

static __attribute__((noinline)) enum look refresh(enum view_age age, struct opened *ret_opened)
{
	int error = errno;
	int cancel;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	enum look look = look_at_file(age, ret_opened);
	(void)pthread_setcancelstate(cancel, NULL);
	errno = error;
	return look;
}

enum look view_hold(enum view_age age, struct view *ret_view)
{
	if (age != VIEW_FRESH && verdict_clock_ms() < atomic_load_explicit(&look_again, memory_order_acquire))
		return hold_current(ret_view);
	struct opened opened = { .fd = -1 };
	enum look look = refresh(age, &opened);
	if (look == LOOK_FOUND)
		look = hold_current(ret_view);
	if (look == LOOK_FOUND && ret_view->reader.snapshot == opened.snapshot)
		ret_view->reader.fd = opened.fd; /* the file needn't be opened twice */
	else if (opened.fd >= 0)
		(void)close(opened.fd);
	return look;
}

void view_after_fork(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		for (size_t stripe = 0; stripe < STRIPES; stripe++)
			atomic_store(&slots[i].stripes[stripe].holders, 0);
	atomic_store(&busy, false);
}

void view_end(void)
{
	atomic_store(&current, 0);
	atomic_store(&look_again, 0);
	for (size_t i = 0; i < SLOTS; i++)
		snapshot_close(&slots[i].snapshot);
}
