/* Drives one helper for the crash tests: starts a command line (a helper, mostly under strace) with a connected socket
 * as its standard input, sends one request and prints in one line what became of it:
 *
 *     drive rotate|repair|verify|logon SECONDS COMMAND...
 *     exit CODE CONDITION REPAIRED | died SIGNAL | ended STATUS | hung
 *
 * Why not the retrust command: it starts the installed helper itself, without a place for a tracer between the two.
 * Whatever happens the command is gone when this program ends. */
#include <retrust/client.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USAGE = 64, FAILED = 70, GRACE_MS = 2000 };

static enum rt_verb verb_of(const char *name)
{
	static const struct {
		const char *name;
		enum rt_verb verb;
	} verbs[] = { { "rotate", RT_VERB_ROTATE },
		      { "repair", RT_VERB_REPAIR },
		      { "verify", RT_VERB_VERIFY },
		      { "logon", RT_VERB_LOGON } };
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return verbs[i].verb;
	return RT_VERB_COUNT;
}

/* In a process group of its own, so that tracer and helper can be ended together. */
static pid_t start(int sock, char *const argv[])
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(sock, STDIN_FILENO) == STDIN_FILENO)
		(void)execvp(argv[0], argv);
	_exit(127);
}

static int ask(int sock, enum rt_verb verb, int timeout_ms, struct rt_result *ret_result)
{
	struct rt_msg request;
	proto_begin(&request, RT_MSG_REQUEST);
	proto_put_u32(&request, RT_TAG_VERB, (uint32_t)verb);
	proto_put_u32(&request, RT_TAG_TIMEOUT_MS, (uint32_t)timeout_ms);
	return client_ask(sock, &request, -1, NULL, timeout_ms + GRACE_MS, ret_result);
}

/* The tracer ends as the helper did. One that hangs is ended here. */
static int await(pid_t pid)
{
	int status = 0;
	for (int waited = 0; waited < GRACE_MS; waited++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		(void)usleep(1000);
	}
	(void)kill(-pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return -1;
}

static void tell(int asked, int status, const struct rt_result *result)
{
	if (asked == 0)
		(void)printf("exit %d %s %d\n", result->exit_code, condition_info(result->condition)->name,
		             result->repaired);
	else if (status == -1)
		(void)puts("hung");
	else if (WIFSIGNALED(status))
		(void)printf("died %d\n", WTERMSIG(status));
	else
		(void)printf("ended %d\n", WEXITSTATUS(status));
}

int main(int argc, char *argv[])
{
	static struct rt_result result;
	int sock[2];
	long seconds = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
	enum rt_verb verb = seconds > 0 && seconds <= 60 ? verb_of(argv[1]) : RT_VERB_COUNT;
	if (verb == RT_VERB_COUNT) {
		(void)fputs("drive rotate|repair|verify|logon SECONDS COMMAND...\n", stderr);
		return USAGE;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) != 0)
		return FAILED;
	pid_t pid = start(sock[1], &argv[3]);
	if (pid < 0)
		return FAILED;
	(void)close(sock[1]);
	int asked = ask(sock[0], verb, (int)seconds * 1000, &result);
	(void)close(sock[0]);
	tell(asked, await(pid), &result);
	return 0;
}
