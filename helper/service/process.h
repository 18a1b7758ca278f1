/* Processes by the name of their program, found in /proc. */
#ifndef RETRUST_PROCESS_H
#define RETRUST_PROCESS_H

#include "../base/deadline.h"

#include <stddef.h>
#include <sys/types.h>

/* Calls visit for each running process whose comm is `name` and whose real uid is root's or that of user `owner` (NULL:
 * root only); a person's own program of the same name doesn't count. Returns how many there were. */
int process_each(const char *name, const char *owner, void (*visit)(pid_t pid, void *data), void *data);

/* The number behind a key of /proc/PID/status ("PPid:", "voluntary_ctxt_switches:" …), -1 = none. */
long process_number(pid_t pid, const char *key);

/* Runs a program (absolute path, argv with the name first) with an empty environment, output thrown away, and waits until the
 * deadline. Returns its exit status, or -1. A program that doesn't end in time goes on by itself. */
int process_run(const char *const argv[], struct deadline deadline);

/* The same for a program that only asks: one that doesn't end in time is killed, and nothing of it stays. */
int process_ask(const char *const argv[], struct deadline deadline);

struct process_talk {
	const void *input; /* for its standard input, at most 4096 bytes; NULL = nothing */
	size_t input_len;
	char *ret_output;  /* what it prints, on both outputs; always terminated, cut where it doesn't fit */
	size_t size;
};

/* The same with words to and fro. */
int process_talk(const char *const argv[], const struct process_talk *talk, struct deadline deadline);

#endif
