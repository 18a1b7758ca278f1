/* Holding back winbind's words, see held.h. */
#include "held.h"

#include <libintl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DATA "retrust_held"

/* Of pam_winbind (Samba 4): PAM_ERROR_MSG, beside PAM_ACCT_EXPIRED, PAM_SYSTEM_ERR and PAM_AUTHINFO_UNAVAIL. */
static const char *const texts[] = {
	"Your account is disabled. Please contact your System administrator",
	"Access is denied",
	"No logon servers",
};

struct held {
	struct pam_conv before; /* the application's */
	char text[HELD_MAX];
};

/* In the language of the host it is said in that module's own translation. */
static bool is_held_back(const char *text)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strcmp(text, texts[i]) == 0 || strcmp(text, dgettext("pam_winbind", texts[i])) == 0)
			return strlen(text) < HELD_MAX;
	}
	return false;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses, void *data)
{
	struct held *held = data;
	if (count != 1 || messages[0]->msg_style != PAM_ERROR_MSG || messages[0]->msg == NULL ||
	    !is_held_back(messages[0]->msg))
		return held->before.conv(count, messages, ret_responses, held->before.appdata_ptr);
	*ret_responses = calloc(1, sizeof **ret_responses);
	if (*ret_responses == NULL)
		return PAM_BUF_ERR;
	memcpy(held->text, messages[0]->msg, strlen(messages[0]->msg) + 1);
	return PAM_SUCCESS;
}

/* Does the conversation lead to us? Somebody may have put his own before it. */
static bool is_ours(pam_handle_t *pamh, const struct held *held)
{
	const void *item = NULL;
	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
		return false;
	const struct pam_conv *conv = item;
	return conv->conv == converse && conv->appdata_ptr == held;
}

static void clean_up(pam_handle_t *pamh, void *data, int status)
{
	struct held *held = data;
	(void)status;
	if (is_ours(pamh, held))
		(void)pam_set_item(pamh, PAM_CONV, &held->before);
	free(held);
}

static struct held *of_handle(pam_handle_t *pamh)
{
	const void *data = NULL;
	if (pam_get_data(pamh, DATA, &data) != PAM_SUCCESS)
		return NULL;
	return (struct held *)(uintptr_t)data;
}

static struct held *make(pam_handle_t *pamh)
{
	struct held *held = calloc(1, sizeof *held);
	if (held != NULL && pam_set_data(pamh, DATA, held, clean_up) != PAM_SUCCESS) {
		free(held);
		return NULL;
	}
	return held;
}

void held_begin(pam_handle_t *pamh)
{
	const void *item = NULL;
	struct held *held = of_handle(pamh);
	const bool again = held != NULL;
	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
		return;
	const struct pam_conv before = *(const struct pam_conv *)item;
	if (!again)
		held = make(pamh);
	/* A second try with the same handle finds the application's own, or one that may lead to ours: that one stays. */
	if (held == NULL || before.conv == NULL || before.conv == converse || (again && before.conv != held->before.conv))
		return;
	held->before = before;
	held->text[0] = '\0';
	const struct pam_conv ours = { .conv = converse, .appdata_ptr = held };
	(void)pam_set_item(pamh, PAM_CONV, &ours);
}

void held_end(pam_handle_t *pamh, char ret_text[HELD_MAX])
{
	struct held *held = of_handle(pamh);
	ret_text[0] = '\0';
	if (held == NULL)
		return;
	memcpy(ret_text, held->text, HELD_MAX);
	held->text[0] = '\0';
	/* The memory stays until the handle ends: somebody else's function may lead to ours. */
	if (is_ours(pamh, held))
		(void)pam_set_item(pamh, PAM_CONV, &held->before);
}
