/* What is done on a healthy channel: enrolment, and remembering people for a time when it isn't. */
#ifndef RETRUST_ERRAND_H
#define RETRUST_ERRAND_H

#include "run.h"

/* RT_VERB_ENROLL and RT_VERB_UNENROLL, on a channel that was observed. */
void errand_enroll(struct run *run);

/* RT_VERB_REMEMBER, whole: on a channel that was found healthy some minutes ago there is nothing to ask the domain. */
void errand_remember(struct run *run);

/* Remembers the person of a logon or a look-up, once the channel is healthy; what was answered doesn't hang on it, but
 * for a look-up, whose answer it is (outcome->retry). */
void errand_person(struct run *run);

#endif
