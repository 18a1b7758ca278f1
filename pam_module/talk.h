/* What the module says to the person at the door. */
#ifndef RETRUST_TALK_H
#define RETRUST_TALK_H

#include "held.h"

#include <security/pam_modules.h>
#include <stdbool.h>

struct talk {
	pam_handle_t *pamh;
	bool silent;  /* say nothing */
	bool kb_told; /* the KB's message was said */
	char held[HELD_MAX]; /* what winbind's module wanted to say and nobody has heard yet, "" = nothing */
};

/* One message, PAM_ERROR_MSG or PAM_TEXT_INFO. An application that can't show it is no error of the logon. */
void talk_error(const struct talk *talk, const char *text);
void talk_info(const struct talk *talk, const char *text);

/* What was held back is not to be said: the computer was at fault. */
void talk_drop_held(struct talk *talk);

/* The message of KB Q175024, word for word, the first time that it is called. */
void talk_kb(struct talk *talk);

#endif
