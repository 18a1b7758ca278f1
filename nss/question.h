/* The one question to the helper: a user or a group that nobody knows, on a host whose channel is broken. */
#ifndef RETRUST_NSS_QUESTION_H
#define RETRUST_NSS_QUESTION_H

#include "find.h"

/* LIMIT: for an answer that no repair precedes. REPAIR: from the start on, once the helper told a step.
 * PAUSE: after a question that came to nothing. MEMORY: before the same name is asked for again. */
enum { QUESTION_LIMIT_MS = 200, QUESTION_REPAIR_MS = 3000, QUESTION_PAUSE_MS = 2000, QUESTION_MEMORY_MS = 60000 };

enum question {
	QUESTION_NO,   /* not asked, or in vain */
	QUESTION_BUSY, /* another thread asks just now */
	QUESTION_YES   /* the identities file now knows what the live source says */
};

/* Asks for the user or the group of that name, if this process may and nothing speaks against it. An id isn't asked
 * for: listing a folder must not start repairs. */
enum question question_ask(const struct query *query);

/* In the child of a fork, where nobody asks any more. */
void question_after_fork(void);

#endif
