/* Starting a service again: by the service manager where there is one, else directly. */
#ifndef RETRUST_START_H
#define RETRUST_START_H

#include "../base/deadline.h"

struct start_service {
	const char *unit;          /* of systemd */
	const char *pid_file;      /* of the process that ends all others of the service */
	const char *const *daemon; /* argv with which it starts itself in the background */
};

/* Ends the service where it runs, and starts it. Waits for that until the deadline; what has begun goes on by itself. Whether it
 * came up the caller must find out. */
void start_again(const struct start_service *service, struct deadline deadline);

#endif
