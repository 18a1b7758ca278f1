/* Points in time as journalctl's users write them. */
#ifndef RETRUST_SINCE_H
#define RETRUST_SINCE_H

#include <stdbool.h>
#include <stdint.h>

/* Reads "YYYY-MM-DD[ HH:MM[:SS]]" (also with T between, and with Z or " UTC" behind; otherwise local time),
 * "HH:MM[:SS]" of today, "now", "today", "yesterday", "-1h", "1h 30min ago", "-2d" (units s, min or m, h, d, w and
 * their long names). now_unix is the time it counts from. Returns false and leaves *ret_unix alone when it understands
 * nothing. No I/O but the time zone's. */
bool since_parse(const char *text, int64_t now_unix, int64_t *ret_unix);

#endif
