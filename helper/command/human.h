/* The result of a request as a summary for people. */
#ifndef RETRUST_HUMAN_H
#define RETRUST_HUMAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints what the helper's JSON object says: condition and codes, account, domain controllers, stores, spare key, what
 * was tried or would be, advice. Absent, null or strange facts are left out. The error isn't printed: it goes to
 * standard error. verbose adds codes and advice of a healthy channel, and the time it took. */
void human_print(FILE *out, const json_t *result, bool verbose);

#endif
