/* The module's beginning and end in a process: what a fork and a dlclose need. */
#include "question.h"
#include "view.h"

#include <pthread.h>

static void after_fork(void)
{
	view_after_fork();
	question_after_fork();
}

/* libc takes the handler away when the module is unloaded. Without memory for it only a process whose threads fork
 * while others look up would notice: its child might wait in vain and then say "try again". */
static __attribute__((constructor)) void begin(void)
{
	(void)pthread_atfork(NULL, NULL, after_fork);
}

static __attribute__((destructor)) void end(void)
{
	view_end();
}
