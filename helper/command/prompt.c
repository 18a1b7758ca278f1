/* Asks for a password, see prompt.h.
 *
 * SECURITY: read(2) byte by byte straight into the secret: stdio would keep a copy in its buffer.
 */
#include "prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
enum { CAUGHT = sizeof caught / sizeof *caught };

static volatile sig_atomic_t arrived;

static void note(int signal)
{
	arrived = signal;
}

/* How signals and terminal were before. */
struct before {
	sigset_t mask;
	struct sigaction action[CAUGHT];
	struct termios modes;
};

/* The signals are blocked and only let in while ppoll waits: none can come between a look at `arrived` and the wait. An
 * ignored one stays ignored (nohup). */
static void signals_catch(struct before *before)
{
	sigset_t block;
	arrived = 0;
	(void)sigemptyset(&block);
	for (int i = 0; i < CAUGHT; i++) {
		struct sigaction action = { .sa_handler = note };
		(void)sigemptyset(&action.sa_mask);
		(void)sigaddset(&block, caught[i]);
		(void)sigaction(caught[i], NULL, &before->action[i]);
		if (before->action[i].sa_handler != SIG_IGN)
			(void)sigaction(caught[i], &action, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &block, &before->mask);
}

static void signals_restore(const struct before *before)
{
	for (int i = 0; i < CAUGHT; i++)
		(void)sigaction(caught[i], &before->action[i], NULL);
	if (arrived != 0)
		(void)raise(arrived); /* still blocked: takes effect with the next line, as it would have without us */
	(void)sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

static int echo_off(int tty, struct termios *ret_before)
{
	struct termios silent;
	if (tcgetattr(tty, ret_before) != 0)
		return -1;
	silent = *ret_before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	silent.c_lflag |= ICANON | ISIG;
	return tcsetattr(tty, TCSAFLUSH, &silent);
}

static void say(int tty, const char *text)
{
	size_t left = strlen(text);
	while (left > 0) {
		ssize_t n = write(tty, text, left);
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			text += n;
			left -= (size_t)n;
		}
	}
}

/* Reads a line into the secret. mask: the signals to let in while it waits, NULL = as it is. Returns 0; -1 with errno
 * (EINTR: a signal arrived; ENODATA: end of input before a byte; E2BIG: too long). */
static int read_line(int fd, const sigset_t *mask, struct secret *secret)
{
	size_t len = 0;
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		uint8_t byte = 0;
		if (ppoll(&wait, 1, NULL, mask) < 0) {
			if (errno == EINTR && arrived == 0)
				continue; /* a signal that isn't one of ours */
			return -1;
		}
		ssize_t n = read(fd, &byte, 1);
		if (n < 0)
			return -1;
		if (n == 0 && len == 0) {
			errno = ENODATA;
			return -1;
		}
		if (n == 0 || byte == '\n')
			break;
		if (len < SECRET_MAX)
			secret->bytes[len] = byte;
		len++;
		explicit_bzero(&byte, 1);
	}
	secret->len = len <= SECRET_MAX ? len : 0;
	errno = E2BIG;
	return len <= SECRET_MAX ? 0 : -1;
}

/* What read_line said, as an error that doesn't tell the secret; also refuses what can't be a password. */
static int judge(int status, int error, struct secret *secret, struct fault *fault)
{
	if (status != 0 && error == E2BIG)
		return fault_set(fault, FAULT_USAGE, "the password is longer than %u bytes", SECRET_MAX);
	if (status != 0 && error != ENODATA)
		return fault_errno(fault, FAULT_INTERNAL, error, "the password can't be read");
	if (secret->len == 0)
		return fault_set(fault, FAULT_USAGE, "no password was given");
	if (memchr(secret->bytes, '\0', secret->len) != NULL)
		return fault_set(fault, FAULT_USAGE, "the password contains a NUL byte");
	secret->bytes[secret->len] = '\0';
	return 0;
}

/* One question. Returns the status of read_line with *ret_error. */
static int ask_once(int tty, const char *question, struct secret *secret, int *ret_error)
{
	struct before before;
	signals_catch(&before);
	int status = echo_off(tty, &before.modes);
	*ret_error = errno;
	if (status == 0) {
		say(tty, question);
		secret_wipe(secret);
		status = read_line(tty, &before.mask, secret);
		*ret_error = errno;
		say(tty, "\n");
		(void)tcsetattr(tty, TCSAFLUSH, &before.modes);
	}
	signals_restore(&before);
	return status;
}

int prompt_password(const char *question, struct secret *ret_secret, struct fault *fault)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		return fault_set(fault, FAULT_USAGE,
		                 "there is no terminal to ask for the password: use --password-stdin");
	int status, error;
	do
		status = ask_once(tty, question, ret_secret, &error);
	while (status != 0 && error == EINTR && arrived == SIGTSTP);
	status = judge(status, error, ret_secret, fault);
	(void)close(tty);
	if (status != 0)
		secret_wipe(ret_secret);
	return status;
}

int prompt_stdin(struct secret *ret_secret, struct fault *fault)
{
	if (isatty(STDIN_FILENO))
		return fault_set(
			fault, FAULT_USAGE,
			"--password-stdin: standard input is a terminal, which would show the password; leave the "
			"option out");
	secret_wipe(ret_secret);
	int status = read_line(STDIN_FILENO, NULL, ret_secret);
	status = judge(status, errno, ret_secret, fault);
	if (status != 0)
		secret_wipe(ret_secret);
	return status;
}
