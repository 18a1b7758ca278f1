/* The auth line, see logon.h. */
#include "logon.h"

#include "../helper/base/deadline.h"
#include "local.h"
#include "talk.h"

#include <retrust/client.h>

#include <errno.h>
#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* So much earlier than ours is the end of the helper's time, that it can still tell how far it came. */
enum { HEAD_START_MS = 200 };

/* What sshd gives to PAM in place of the typed password when it can't resolve the user: this, over and over, as long as
 * what was typed. */
static const char sshd_placeholder[] = "\b\n\r\177INCORRECT";

static void on_step(void *data, const char *text)
{
	struct talk *talk = data;
	talk_kb(talk);
	talk_info(talk, text);
}

/* One question to the helper. */
struct question {
	uint32_t flags;
	uint32_t failed_ms; /* when we were called: the identity service had just refused */
	struct deadline deadline;
};

static int exchange(int sock, struct talk *talk, const struct question *question, struct rt_result *ret_result)
{
	int left = deadline_left_ms(question->deadline);
	struct rt_listener listener = { .step = on_step, .data = talk };
	struct rt_msg request;
	proto_begin(&request, RT_MSG_REQUEST);
	proto_put_u32(&request, RT_TAG_VERB, RT_VERB_LOGON);
	proto_put_u32(&request, RT_TAG_FLAGS, question->flags);
	proto_put_u32(&request, RT_TAG_FAILED_MS, question->failed_ms);
	proto_put_u32(&request, RT_TAG_TIMEOUT_MS, left > 2 * HEAD_START_MS ? (uint32_t)(left - HEAD_START_MS) : 1);
	return client_ask(sock, &request, -1, &listener, left, ret_result);
}

/* Returns 0 with *ret_result, or -1 after a line to the log. */
static int ask_helper(struct talk *talk, const struct options *options, struct rt_result *ret_result)
{
	int timeout_ms = options->timeout_ms;
	const struct question question = { .flags = options->winbind ? RT_FLAG_WINBIND : 0,
		                           .failed_ms = (uint32_t)deadline_boot_ms(),
		                           .deadline = deadline_in(timeout_ms) };
	int sock = client_connect(&client_default_door, timeout_ms);
	if (sock < 0) {
		pam_syslog(
			talk->pamh, LOG_ERR,
			"cannot reach the helper at %s or start %s: %m; see `systemctl status retrust-helper.socket`",
			client_default_door.socket_path, client_default_door.helper_path);
		return -1;
	}
	int result = exchange(sock, talk, &question, ret_result);
	int error = errno;
	(void)close(sock);
	errno = error;
	if (result != 0)
		pam_syslog(talk->pamh, LOG_ERR, "no result from the helper within %d s: %m; the logon ends without it",
		           timeout_ms / 1000);
	return result;
}

static bool password_is_placeholder(pam_handle_t *pamh)
{
	const void *item = NULL;
	size_t i = 0;
	if (pam_get_item(pamh, PAM_AUTHTOK, &item) != PAM_SUCCESS || item == NULL)
		return false;
	for (const char *password = item; password[i] != '\0'; i++)
		if (password[i] != sshd_placeholder[i % (sizeof sshd_placeholder - 1)])
			return false;
	return i > 0;
}

/* The channel is in order now. With the placeholder another try would only count as a bad password of the user's. */
static int try_again(const struct talk *talk, const struct rt_result *result)
{
	if (!password_is_placeholder(talk->pamh))
		return PAM_SUCCESS;
	if (result->repaired)
		talk_info(talk, "The secure channel was repaired. Please connect again.");
	return PAM_AUTHINFO_UNAVAIL;
}

static void tell_what_stays(struct talk *talk, const struct rt_result *result)
{
	enum rt_at_logon at_logon = condition_info(result->condition)->at_logon;
	if (at_logon != RT_LOGON_NOTHING)
		talk_drop_held(talk);
	if (at_logon == RT_LOGON_KB)
		talk_kb(talk);
	if (at_logon != RT_LOGON_NOTHING && result->words[0] != '\0')
		talk_error(talk, result->words);
}

static int conclude(struct talk *talk, const struct rt_result *result)
{
	if (result->retry) {
		talk_drop_held(talk);
		return try_again(talk, result);
	}
	if (result->user_fault) {
		if (result->repaired)
			talk_info(talk, "The secure channel was repaired just now. If the password was right, try again.");
		return PAM_AUTH_ERR;
	}
	tell_what_stays(talk, result);
	return PAM_AUTHINFO_UNAVAIL;
}

static int authenticate(struct talk *talk, const struct options *options)
{
	struct rt_result result;
	/* A local user who comes this far gave a wrong password; our code may become the result of the stack. */
	if (local_logon(talk->pamh)) {
		if (options->debug)
			pam_syslog(talk->pamh, LOG_DEBUG, "declined: no user, or a local one");
		return PAM_AUTH_ERR;
	}
	if (ask_helper(talk, options, &result) != 0)
		return PAM_AUTHINFO_UNAVAIL;
	int code = conclude(talk, &result);
	if (options->debug)
		pam_syslog(talk->pamh, LOG_DEBUG, "condition %s, repaired %d, retry %d: returning %d",
		           condition_info(result.condition)->name, result.repaired, result.retry, code);
	return code;
}

int logon_authenticate(pam_handle_t *pamh, const struct options *options)
{
	struct talk talk = { .pamh = pamh, .silent = options->silent };
	held_end(pamh, talk.held);
	int code = authenticate(&talk, options);
	if (talk.held[0] != '\0') /* nothing explains it but the person's own account */
		talk_error(&talk, talk.held);
	return code;
}
