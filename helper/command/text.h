/* Text for people: made harmless for a terminal, and wrapped.
 *
 * SECURITY: names of DCs, error texts and journal records come from the network or from other programs; an escape
 * sequence in them must not reach root's terminal.
 */
#ifndef RETRUST_TEXT_H
#define RETRUST_TEXT_H

#include <stdio.h>

enum { TEXT_WIDTH = 79 };

/* Copies text into buf (size bytes, terminated, cut at a character where it doesn't fit) with every control character
 * (C0 but the newline, DEL, C1) and every byte that isn't UTF-8 replaced by '?'. */
void text_plain(const char *text, char *buf, size_t size);

/* The same into a new string; free() it. NULL when there is no memory. */
char *text_plain_copy(const char *text);

/* Writes text, made plain, in lines of at most width columns: `first` stands before the first line, `rest` before the
 * others. A newline in text begins a new line; a word that is too long isn't split. Ends with a newline. */
void text_wrap(FILE *out, const char *first, const char *rest, const char *text, size_t width);

#endif
