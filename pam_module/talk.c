/* Messages to the person, see talk.h. */
#include "talk.h"

#include <security/pam_ext.h>
#include <stddef.h>

static const char kb_message[] = "The system cannot log you on to this domain because the system's\n"
				 "computer account in its primary domain is missing or the password on\n"
				 "that account is incorrect.";

void talk_error(const struct talk *talk, const char *text)
{
	if (!talk->silent)
		(void)pam_error(talk->pamh, "%s", text);
}

void talk_info(const struct talk *talk, const char *text)
{
	if (!talk->silent)
		(void)pam_info(talk->pamh, "%s", text);
}

void talk_kb(struct talk *talk)
{
	if (!talk->kb_told)
		talk_error(talk, kb_message);
	talk->kb_told = true;
}

void talk_drop_held(struct talk *talk)
{
	talk->held[0] = '\0';
}
