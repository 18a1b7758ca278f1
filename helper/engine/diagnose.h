/* From facts to a condition: pure, no I/O, no clock, no globals. */
#ifndef RETRUST_DIAGNOSE_H
#define RETRUST_DIAGNOSE_H

#include "facts.h"

#include <retrust/condition.h>

enum rt_condition diagnose(const struct facts *facts);

#endif
