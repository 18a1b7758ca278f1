/* retrust, the command: reads the command line, runs a verb, tells the error once.
 *
 * DIAGNOSTICS: results on standard output, errors on standard error with "retrust: " before them; with --json exactly
 * one object on standard output in every case. A standard output that can't be written is an error (70).
 */
#include "json.h"
#include "text.h"
#include "verb.h"

#include "../secret/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int run(const struct options *options, struct fault *fault)
{
	static int (*const verbs[OPTIONS_VERB_COUNT])(const struct options *, struct fault *) = {
		[OPTIONS_STATUS] = verb_status,  [OPTIONS_VERIFY] = verb_request, [OPTIONS_REPAIR] = verb_request,
		[OPTIONS_ENROLL] = verb_request, [OPTIONS_ROTATE] = verb_request, [OPTIONS_REMEMBER] = verb_request, [OPTIONS_EVENTS] = verb_events,  [OPTIONS_EXPLAIN] = verb_explain,
	};
	if (options_has(options, OPTION_HELP))
		options_help(options->verb);
	else if (options_has(options, OPTION_VERSION))
		puts("retrust " RT_VERSION);
	else
		return verbs[options->verb](options, fault);
	return 0;
}

static int fail(const struct options *options, const struct fault *fault)
{
	int code = fault->kind == FAULT_NONE ? FAULT_INTERNAL : (int)fault->kind;
	if (options_has(options, OPTION_JSON))
		json_emit(json_failure(options_verb_name(options->verb), fault->text, code));
	(void)fflush(stdout);
	text_wrap(stderr, "retrust: ", "  ", fault->text, 4096);
	return code;
}

/* Nobody must take half a result for a whole one. */
static int finish(int code)
{
	bool lost = ferror(stdout) != 0;
	if (fclose(stdout) == 0 && !lost)
		return code;
	(void)fprintf(stderr, "retrust: standard output can't be written: %s\n", strerror(errno));
	return FAULT_INTERNAL;
}

/* A connection must not get the number of a closed standard stream: the steps would be written into it. Opened for
 * reading, so that writing to a closed standard output still fails. */
static void hold_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			_exit(FAULT_INTERNAL);
}

int main(int argc, char **argv)
{
	struct options options;
	struct fault fault = { 0 };
	hold_standard_streams();
	(void)signal(SIGPIPE, SIG_IGN); /* a closed pager must not cut a repair short */
	secret_harden();
	int code = options_parse(argc, argv, &options, &fault);
	if (code == 0)
		code = run(&options, &fault);
	if (code < 0)
		code = fail(&options, &fault);
	return finish(code);
}
