/* What a word or a number of the field means, from the tables: as JSON objects, so that text and --json can't differ.
 */
#ifndef RETRUST_EXPLAIN_H
#define RETRUST_EXPLAIN_H

#include <jansson.h>

enum { EXPLAIN_NEAR_MAX = 3 };

/* Finds a condition's name, an event id, an NTSTATUS (0x… or its name) or a Kerberos error (24, -1765328360, its name;
 * the minus may be missing). Returns a new object with "verb", "what" and "kind" ("condition", "event", "ntstatus" or
 * "kerberos") and the row's facts, or NULL when the tables don't have it. */
json_t *explain_find(const char *what);

/* All conditions: {"verb","conditions":[…]}. New reference. */
json_t *explain_list(void);

/* The names that look most like what, best first; none that shares too little. Static strings. Returns how many. */
size_t explain_near(const char *what, const char *ret_names[EXPLAIN_NEAR_MAX]);

#endif
