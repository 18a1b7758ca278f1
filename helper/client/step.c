/* The text of a step, see retrust/step.h.
 *
 * SECURITY: the words name hosts and domains as the network told them, and the text goes to a terminal: control
 * characters in a word become question marks.
 */
#include <retrust/step.h>

#include <stdbool.h>

static const char *const templates[RT_STEP_COUNT] = {
#define X(id, text) text,
	RT_STEPS(X)
#undef X
};

struct text {
	char *buf;
	size_t size; /* at least 1 */
	size_t used;
};

static void append(struct text *text, char c)
{
	if (text->used < text->size - 1)
		text->buf[text->used++] = c;
}

/* Is it a control character, of ASCII or the second byte of one of U+0080 to U+009F in UTF-8? */
static bool is_control(unsigned char previous, unsigned char c)
{
	return c < 0x20 || c == 0x7f || (previous == 0xc2 && c >= 0x80 && c < 0xa0);
}

static void append_word(struct text *text, const char *word)
{
	unsigned char previous = 0;
	for (; word != NULL && *word != '\0'; word++) {
		unsigned char c = (unsigned char)*word;
		if (is_control(previous, c))
			append(text, '?');
		else
			append(text, *word);
		previous = c;
	}
}

void step_text(uint32_t step, const char *word1, const char *word2, char *buf, size_t size)
{
	if (size == 0)
		return;
	struct text text = { .buf = buf, .size = size };
	for (const char *p = step < RT_STEP_COUNT ? templates[step] : ""; *p != '\0'; p++) {
		if (p[0] == '%' && (p[1] == '1' || p[1] == '2'))
			append_word(&text, *++p == '1' ? word1 : word2);
		else
			append(&text, *p);
	}
	buf[text.used] = '\0';
}
