/* winbindd, see winbind.h. Samba's own tool asks it: its library would load half of Samba into the helper. */
#include "winbind.h"

#include "process.h"
#include "start.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WBINFO "/usr/bin/wbinfo"
#define WINBINDD "/usr/sbin/winbindd"
#define WINBINDD_PID "/run/samba/winbindd.pid"

/* A queue of old questions, or a DC that doesn't answer, holds one call for a minute and more. */
enum { PING_MS = 1500, CHECK_MS = 2500, FORGET_MS = 500, YOUNG_SECONDS = 60 };

static const char *const daemon_argv[] = { WINBINDD, "-D", NULL };
static const struct start_service winbind = { .unit = "winbind.service",
	                                      .pid_file = WINBINDD_PID,
	                                      .daemon = daemon_argv };

bool winbind_runs(void)
{
	return process_each("winbindd", NULL, NULL, NULL) > 0;
}

/* What a restart can mend is mended by one a minute. */
static bool is_young(void)
{
	struct stat st;
	return stat(WINBINDD_PID, &st) != 0 || time(NULL) - st.st_mtime < YOUNG_SECONDS;
}

static bool reaches_dc(struct deadline deadline)
{
	static const char *const ping[] = { WBINFO, "--ping-dc", NULL };
	return process_ask(ping, deadline_cap(deadline, PING_MS)) == 0;
}

static bool check(struct deadline deadline)
{
	static const char *const check_secret[] = { WBINFO, "-t", NULL };
	return process_ask(check_secret, deadline) == 0;
}

static enum winbind_state start(struct deadline deadline, const struct teller *teller)
{
	start_again(&winbind, deadline);
	while (!check(deadline)) {
		if (deadline_left_ms(deadline) == 0)
			return WINBIND_LOST;
		(void)poll(NULL, 0, 20);
	}
	teller_step(teller, RT_STEP_START, "winbind", NULL);
	return WINBIND_WOKEN;
}

/* It keeps on the disk which servers had not answered. */
static enum winbind_state restart(struct deadline deadline, const struct teller *teller)
{
	static const char *const forget[] = { "/usr/bin/net", "cache", "flush", NULL };
	if (is_young())
		return WINBIND_LOST;
	(void)process_ask(forget, deadline_cap(deadline, FORGET_MS));
	return start(deadline, teller);
}

bool winbind_notice(struct deadline deadline, const struct teller *teller)
{
	if (!winbind_runs() || !check(deadline))
		return false;
	teller_step(teller, RT_STEP_TELL, "winbind", NULL);
	return true;
}

enum winbind_state winbind_wake(bool changed, struct deadline deadline, const struct teller *teller)
{
	if (access(WBINFO, X_OK) != 0 || access(WINBINDD, X_OK) != 0)
		return WINBIND_LOST;
	if (!winbind_runs())
		return start(deadline, teller);
	if (!changed && reaches_dc(deadline)) {
		(void)check(deadline_cap(deadline, CHECK_MS));
		return WINBIND_FINE;
	}
	if (winbind_notice(deadline_cap(deadline, CHECK_MS), teller))
		return WINBIND_WOKEN;
	return restart(deadline, teller);
}
