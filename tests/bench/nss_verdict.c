/* A health record of just now with the condition of that name, on standard output: nss_verdict CONDITION */
#include <retrust/health.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct rt_health health;
	struct timespec ts;
	enum rt_condition condition;
	memset(&health, 0, sizeof health);
	if (argc != 2 || !condition_by_name(argv[1], &condition) || clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		return 64;
	health.magic = RT_HEALTH_MAGIC;
	health.condition = condition;
	health.checked_boot_ms = (uint64_t)ts.tv_sec * 1000;
	health.check = health_sum(&health);
	return fwrite(&health, sizeof health, 1, stdout) == 1 ? 0 : 1;
}
