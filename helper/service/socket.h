/* TCP connections of another process, from /proc. */
#ifndef RETRUST_SOCKET_H
#define RETRUST_SOCKET_H

#include <sys/types.h>

/* How many established TCP connections of that process go to one of the ports (0 ends the list). */
int socket_established(pid_t pid, const int ports[]);

#endif
