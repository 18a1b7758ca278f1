/* Starting a service again, see start.h. */
#include "start.h"

#include "process.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void stop(const char *pid_file, struct deadline deadline)
{
	FILE *file = fopen(pid_file, "re");
	char line[32] = "";
	bool read = file != NULL && fgets(line, sizeof line, file) != NULL;
	if (file != NULL)
		(void)fclose(file);
	long pid = read ? strtol(line, NULL, 10) : 0;
	if (pid <= 1 || kill((pid_t)pid, SIGTERM) != 0)
		return;
	while (kill((pid_t)pid, 0) == 0 && deadline_left_ms(deadline) > 0)
		(void)poll(NULL, 0, 5);
}

/* reset-failed: a service that gave up after a few failed starts would not be started at all. */
void start_again(const struct start_service *service, struct deadline deadline)
{
	const char *const reset[] = { "/usr/bin/systemctl", "reset-failed", service->unit, NULL };
	const char *const manager[] = { "/usr/bin/systemctl", "restart", service->unit, NULL };
	if (access("/run/systemd/system", F_OK) == 0) {
		(void)process_run(reset, deadline);
		(void)process_run(manager, deadline);
	} else {
		stop(service->pid_file, deadline);
		(void)process_run(service->daemon, deadline);
	}
}
