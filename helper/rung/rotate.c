/* When the machine password is due for a change, see rotate.h. */
#include "rotate.h"

#include "../base/paths.h"
#include "../event/event.h"
#include "../service/rotator.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400 };

/* A store that bears no time is old enough for anything. */
static long age_days(const struct host *host)
{
	bool samba = host->facts.keytab == FACTS_KEYTAB_NONE;
	int64_t written = samba ? host->samba.changed_unix : host->keytab.written_unix, now = (int64_t)time(NULL);
	if (written == 0)
		return LONG_MAX;
	return written > now ? 0 : (long)((now - written) / DAY);
}

/* Two rotators would each make the other's password old. */
static void leave(struct host *host, const char *other)
{
	char text[256];
	struct identity *identity = &host->identity;
	teller_step(host->teller, RT_STEP_LEAVE, other, NULL);
	if (strcmp(identity->rotator, other) == 0)
		return;
	(void)snprintf(text, sizeof text, "the rotation of the machine password is left to %s", other);
	event_remark(text);
	(void)snprintf(identity->rotator, sizeof identity->rotator, "%s", other);
	(void)identity_write(PATH_IDENTITY, identity, &host->note);
}

bool rotate_is_due(struct host *host)
{
	char other[128], age[24], limit[24];
	long days = age_days(host), most = host->settings.max_secret_age;
	if (rotator_other(other, sizeof other)) {
		leave(host, other);
		return false;
	}
	(void)snprintf(age, sizeof age, "%ld", days);
	(void)snprintf(limit, sizeof limit, "%ld", most);
	if (days < most)
		teller_step(host->teller, RT_STEP_NOT_DUE, age, limit);
	return days >= most;
}
