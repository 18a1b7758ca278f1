/* The steps of a request, see transcript.h. */
#include "transcript.h"

#include "text.h"

#include <string.h>

static void line(FILE *out, const char *text)
{
	char plain[1024];
	text_plain(text, plain, sizeof plain);
	for (char *at = plain; (at = strchr(at, '\n')) != NULL;)
		*at = ' ';
	if (*plain == '\0')
		return; /* a step of a newer helper, which has no words here */
	(void)fprintf(out, "%s\n", plain);
	(void)fflush(out);
}

void transcript_out(void *data, const char *text)
{
	(void)data;
	line(stdout, text);
}

void transcript_err(void *data, const char *text)
{
	(void)data;
	line(stderr, text);
}
