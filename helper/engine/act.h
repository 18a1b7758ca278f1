/* act ► confirm: repairing, and changing the password of a healthy host. */
#ifndef RETRUST_ACT_H
#define RETRUST_ACT_H

#include "run.h"

/* Makes the plan for outcome->condition and carries it out, unless only the plan was asked for; tells the services. */
void act_repair(struct run *run);

/* Changes the machine password of a healthy host (RT_VERB_ROTATE). */
void act_rotate(struct run *run);

/* Makes the services notice: outcome->retry, ->user_fault. */
void act_tell_services(struct run *run);

#endif
