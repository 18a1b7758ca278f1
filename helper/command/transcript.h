/* The steps of a request, told while they happen. */
#ifndef RETRUST_TRANSCRIPT_H
#define RETRUST_TRANSCRIPT_H

/* Listeners of client_ask: one line a step, at once. On standard output; where that is to hold one JSON object alone,
 * on standard error. data isn't used. */
void transcript_out(void *data, const char *text);
void transcript_err(void *data, const char *text);

#endif
