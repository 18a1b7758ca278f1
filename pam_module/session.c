/* The session line, see session.h. */
#include "session.h"

#include "../helper/base/deadline.h"
#include "local.h"
#include "talk.h"

#include <retrust/client.h>
#include <retrust/health.h>

#include <errno.h>
#include <security/pam_ext.h>
#include <syslog.h>
#include <unistd.h>

/* A helper is started for every session: that it asks the domain too costs nobody anything, so that once a minute is enough. */
enum { STALE_MS = 60 * 1000, HAND_OVER_MS = 200 };

/* CLOCK_BOOTTIME on both sides, so a clock that was set doesn't matter. */
static bool is_old(const struct rt_health *health)
{
	return deadline_boot_ms() - health->checked_boot_ms > STALE_MS; /* one of the future wraps round to old */
}

static void tell_broken(const struct talk *talk, const struct rt_condition_info *info)
{
	if (info->mendable) {
		talk_info(talk, "This computer's secure channel to its domain is broken; it is being repaired.");
		return;
	}
	talk_info(talk, "This computer's secure channel to its domain is broken.");
	if (info->words[0] != '\0')
		talk_info(talk, info->words);
}

/* Sends the request and goes: the helper works on without a listener. Returns 0, or -1 with errno. */
static int hand_over(enum rt_verb verb, const char *user, const struct options *options)
{
	struct deadline deadline = deadline_in(HAND_OVER_MS);
	int sock = client_connect(&client_default_door, HAND_OVER_MS);
	if (sock < 0)
		return -1;
	struct rt_msg request;
	proto_begin(&request, RT_MSG_REQUEST);
	proto_put_u32(&request, RT_TAG_VERB, (uint32_t)verb);
	proto_put_u32(&request, RT_TAG_FLAGS, options->winbind ? RT_FLAG_WINBIND : 0);
	proto_put_text(&request, RT_TAG_NAME, user);
	int sent = proto_send(sock, &request, -1, deadline_left_ms(deadline));
	int error = errno;
	(void)close(sock);
	errno = error;
	return sent;
}

void session_open(pam_handle_t *pamh, const struct options *options)
{
	if (local_logon(pamh))
		return;
	struct rt_health health;
	bool known = health_read(RT_RUNDIR "/" RT_HEALTH_FILE, &health);
	const struct rt_condition_info *info = condition_info(known ? health.condition : RT_COND_UNKNOWN);
	bool broken = info->mendable || info->at_logon == RT_LOGON_KB;
	if (options->debug)
		pam_syslog(pamh, LOG_DEBUG, "last verdict: %s", known ? info->name : "none");
	bool look = !known || health.condition != RT_COND_HEALTHY || is_old(&health);
	const void *user = NULL;
	(void)pam_get_item(pamh, PAM_USER, &user);
	if (broken)
		tell_broken(&(struct talk){ .pamh = pamh, .silent = options->silent }, info);
	/* On a healthy channel the person is remembered, for a day when the domain can't be asked. */
	if (hand_over(look ? RT_VERB_LOGON : RT_VERB_REMEMBER, user, options) != 0)
		pam_syslog(
			pamh, LOG_ERR,
			"cannot hand a request to the helper at %s: %m; see `systemctl status retrust-helper.socket`",
			client_default_door.socket_path);
}
