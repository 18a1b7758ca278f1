/* Locks that end with their holder, however it ends. */
#ifndef RETRUST_LOCK_H
#define RETRUST_LOCK_H

#include "../base/deadline.h"
#include "../base/fault.h"

#include <stdbool.h>

/* Takes a lock file (made where there is none), waiting until the deadline. *ret_waited: somebody else held it. Returns a
 * descriptor (close it to unlock), or -1 with *fault (FAULT_UNSURE when the time is over). */
int lock_take(const char *path, struct deadline deadline, bool *ret_waited, struct fault *fault);

#endif
