/* The last verdict: one small record in the project's run directory, world-readable, without secrets.
 *
 * Written by the helper under its lock, whole, into place by rename; read by anyone. A reader that finds no record, a
 * short one, another magic or a wrong check sum treats it as "nothing known".
 */
#ifndef RETRUST_HEALTH_H
#define RETRUST_HEALTH_H

#include <retrust/condition.h>
#include <stdbool.h>
#include <stdint.h>

#define RT_HEALTH_MAGIC 0x31686c74u /* "tlh1" */
#define RT_HEALTH_FILE "health"     /* below the project's run directory */

enum rt_spare_state { RT_SPARE_UNKNOWN, RT_SPARE_NONE, RT_SPARE_WORKS, RT_SPARE_REFUSED };

/* Fixed layout, host byte order (the file never leaves the host). Times are CLOCK_BOOTTIME milliseconds where "boot"
 * is said (unmoved by clock changes; /run is empty after a boot) and Unix seconds where "unix". 0 = never. */
struct rt_health {
	uint32_t magic;
	uint32_t condition;      /* enum rt_condition */
	uint64_t checked_boot_ms; /* when the condition was seen */
	int64_t checked_unix;
	uint64_t tried_boot_ms;  /* when a logon looked, or a repair was tried, and found this condition; 0 = neither */
	uint64_t repaired_boot_ms; /* when the last confirmed repair or rotation had written its stores */
	int64_t repaired_unix;     /* the last confirmed repair */
	int32_t kerberos;  /* KDC error code of the newest key, 0 = accepted, -1 = not asked */
	int32_t kvno;      /* of the account at the DC, 0 = unknown */
	uint32_t spare;    /* enum rt_spare_state */
	uint32_t winbind_ms; /* when winbind's secret was changed, or winbindd woken: low 32 bits of boot time, 0 = never */
	char dc[128];      /* host name of the DC that was asked */
	uint32_t check;    /* health_sum() of all that stands before it */
};

/* Reads and checks the record. Returns false when there is none that can be believed. No blocking but the file's. */
bool health_read(const char *path, struct rt_health *ret_health);

/* The check sum over the record without its last member (FNV-1a). */
uint32_t health_sum(const struct rt_health *health);

#endif
