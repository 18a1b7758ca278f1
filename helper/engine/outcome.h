/* The exit code of an outcome: pure. */
#ifndef RETRUST_OUTCOME_H
#define RETRUST_OUTCOME_H

#include "../base/fault.h"

#include <retrust/condition.h>
#include <retrust/proto.h>

/* The contract's exit code: the fault's where there is one, otherwise the condition's. */
int outcome_exit(enum rt_verb verb, enum rt_condition condition, const struct fault *fault);

#endif
