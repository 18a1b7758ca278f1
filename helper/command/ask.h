/* The question whether root takes a domain controller that nothing proves. */
#ifndef RETRUST_ASK_H
#define RETRUST_ASK_H

#include <stdbool.h>

/* Is there a terminal to ask on? */
bool ask_possible(void);

/* Shows the helper's question on /dev/tty and reads the answer: only "yes", spelt out, is yes. What was typed before
 * the question stood there doesn't count. A listener of client_ask: data isn't used. */
bool ask_question(void *data, const char *question);

#endif
