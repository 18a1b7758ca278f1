/* One logon's question to the helper, timed: what pam_retrust.so does between the failed line of the stack and the retry.
 *
 *     logon      prints "MICROSECONDS CONDITION repaired|unrepaired retry|noretry"
 *
 * Ends with 0 when the helper gave a result, whatever it was.
 */
#include <retrust/client.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_MS = 15000 };

static int64_t now_us(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int ask(struct rt_result *ret_result)
{
	struct rt_msg request;
	int sock = client_connect(&client_default_door, TIMEOUT_MS);
	if (sock < 0)
		return -1;
	proto_begin(&request, RT_MSG_REQUEST);
	proto_put_u32(&request, RT_TAG_VERB, RT_VERB_LOGON);
	proto_put_u32(&request, RT_TAG_TIMEOUT_MS, TIMEOUT_MS);
	int result = client_ask(sock, &request, -1, NULL, TIMEOUT_MS, ret_result);
	(void)close(sock);
	return result;
}

int main(void)
{
	static struct rt_result result;
	int64_t started = now_us();
	if (ask(&result) != 0) {
		(void)fprintf(stderr, "logon: no result from the helper: %s\n", strerror(errno));
		return 1;
	}
	printf("%lld %s %s %s\n", (long long)(now_us() - started), condition_info(result.condition)->name,
	       result.repaired ? "repaired" : "unrepaired", result.retry ? "retry" : "noretry");
	return 0;
}
