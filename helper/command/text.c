/* Text for people, see text.h. */
#include "text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that the UTF-8 character with this first byte has; 0 where none begins so. */
static size_t announced(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xC2 || first > 0xF4)
		return 0;
	return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* Bytes of the UTF-8 character at text, 0 when it isn't one. The string's NUL is never a continuation byte, so this
 * can't run past the end. */
static size_t character(const unsigned char *text)
{
	size_t len = announced(text[0]);
	for (size_t i = 1; i < len; i++)
		if ((text[i] & 0xC0) != 0x80)
			return 0;
	if (len == 3 && ((text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xED && text[1] >= 0xA0)))
		return 0; /* overlong, or half of a surrogate pair */
	if (len == 4 && ((text[0] == 0xF0 && text[1] < 0x90) || (text[0] == 0xF4 && text[1] >= 0x90)))
		return 0; /* overlong, or past U+10FFFF */
	return len;
}

static bool is_control(const unsigned char *text)
{
	return (text[0] < 0x20 && text[0] != '\n') || text[0] == 0x7F || (text[0] == 0xC2 && text[1] < 0xA0);
}

void text_plain(const char *text, char *buf, size_t size)
{
	size_t used = 0;
	const unsigned char *at = (const unsigned char *)text;
	while (*at != '\0') {
		size_t len = character(at);
		bool harmless = len > 0 && !is_control(at);
		size_t need = harmless ? len : 1;
		if (used + need >= size)
			break;
		memcpy(buf + used, harmless ? (const char *)at : "?", need);
		used += need;
		at += len > 0 ? len : 1;
	}
	buf[used] = '\0';
}

char *text_plain_copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = calloc(size, 1);
	if (copy != NULL)
		text_plain(text, copy, size);
	return copy;
}

/* Columns of len bytes: continuation bytes of UTF-8 take none. */
static size_t columns(const char *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xC0) != 0x80;
	return n;
}

/* One paragraph without newlines. column is where the cursor stands; nothing of the paragraph is on that line yet. */
static void wrap_line(FILE *out, const char *rest, const char *text, size_t len, size_t column, size_t width)
{
	bool begun = false;
	for (size_t at = 0; at < len;) {
		size_t word = strcspn(text + at, " \n");
		if (word == 0) {
			at++;
			continue;
		}
		size_t need = columns(text + at, word);
		if (begun && column + 1 + need > width) {
			(void)fprintf(out, "\n%s", rest);
			column = columns(rest, strlen(rest));
			begun = false;
		}
		column += need + begun;
		(void)fprintf(out, "%s%.*s", begun ? " " : "", (int)word, text + at);
		begun = true;
		at += word;
	}
	(void)fputc('\n', out);
}

void text_wrap(FILE *out, const char *first, const char *rest, const char *text, size_t width)
{
	char *plain = text_plain_copy(text);
	if (plain == NULL)
		return;
	const char *at = plain, *lead = first;
	do {
		size_t len = strcspn(at, "\n");
		(void)fputs(lead, out);
		wrap_line(out, rest, at, len, columns(lead, strlen(lead)), width);
		at += len;
		lead = rest;
	} while (*at++ == '\n' && *at != '\0');
	free(plain);
}
