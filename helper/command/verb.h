/* The verbs: one function each.
 *
 * A verb prints its result (with --json: its one object) and returns the exit code; or it prints nothing and returns -1
 * with *fault, whose kind is the exit code and which main tells in the form that was asked for.
 */
#ifndef RETRUST_VERB_H
#define RETRUST_VERB_H

#include "options.h"

int verb_status(const struct options *options, struct fault *fault);

/* verify, repair, enroll, and status as root: ask the helper. */
int verb_request(const struct options *options, struct fault *fault);

int verb_events(const struct options *options, struct fault *fault);
int verb_explain(const struct options *options, struct fault *fault);

#endif
