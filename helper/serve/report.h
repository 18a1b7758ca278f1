/* The result of a request as the contract's JSON object. */
#ifndef RETRUST_REPORT_H
#define RETRUST_REPORT_H

#include "../engine/engine.h"

/* Makes the object as text (free it). NULL when memory is out. */
char *report_json(const struct host *host, const struct engine_request *request, const struct engine_outcome *outcome,
                  const struct fault *fault, int elapsed_ms);

#endif
