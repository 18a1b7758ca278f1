/* The command's own JSON objects: one on standard output, whatever happens. */
#ifndef RETRUST_JSON_H
#define RETRUST_JSON_H

#include "../base/fault.h"

#include <jansson.h>
#include <stdint.h>

/* A string value; what isn't UTF-8 and control characters are replaced. NULL gives null. New reference. */
json_t *json_text(const char *text);

/* A string value "0xC0000022", null for 0. New reference. */
json_t *json_hex(uint32_t value);

/* Prints the object with a newline and releases it. NULL (no memory) prints a fixed object that says so, so that a
 * reader always gets one. */
void json_emit(json_t *object);

/* The object of a request that failed before a helper could make one:
 * {"verb","condition":null,"healthy":null,"error","exit"}. verb may be NULL. New reference. */
json_t *json_failure(const char *verb, const char *error, int exit_code);

#endif
