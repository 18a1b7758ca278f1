/* The question for root, see ask.h. */
#include "ask.h"

#include "text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

static int terminal(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool ask_possible(void)
{
	int tty = terminal();
	if (tty < 0)
		return false;
	(void)close(tty);
	return true;
}

bool ask_question(void *data, const char *question)
{
	(void)data;
	char plain[4096], line[16] = "";
	int tty = terminal();
	FILE *stream = tty < 0 ? NULL : fdopen(tty, "r+");
	if (stream == NULL) {
		if (tty >= 0)
			(void)close(tty);
		return false;
	}
	(void)fflush(stdout);
	(void)tcflush(tty, TCIFLUSH);
	text_plain(question, plain, sizeof plain);
	size_t len = strlen(plain);
	(void)fprintf(stream, "%s%sType yes to accept it, anything else to refuse: ", plain,
	              len > 0 && plain[len - 1] != '\n' ? "\n" : "");
	(void)fflush(stream);
	bool yes = fgets(line, sizeof line, stream) != NULL && strcasecmp(line, "yes\n") == 0;
	(void)fclose(stream);
	return yes;
}
