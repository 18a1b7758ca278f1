/* When the machine password is due for a change. */
#ifndef RETRUST_ROTATE_H
#define RETRUST_ROTATE_H

#include "../probe/host.h"

/* Is it time, and is it our job? Tells the answer as a step; that another one (SSSD, winbind) rotates is also recorded, once
 * until it changes. */
bool rotate_is_due(struct host *host);

#endif
