/* retrust-helper: root, one process a request, on the connected socket that is its standard input.
 *
 * SECURITY: it is started by the service manager (Accept=yes) or by a client that is root; either way the environment
 * is emptied before any library reads it. Not setuid: whoever starts it by hand gains nothing. */
#include "../secret/secret.h"
#include "serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_seqpacket(int fd)
{
	int type = 0;
	socklen_t len = sizeof type;
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

int main(void)
{
	(void)clearenv();
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	if (geteuid() != 0 || !is_seqpacket(STDIN_FILENO)) {
		(void)fputs("retrust-helper is started by retrust and by the service manager, not by hand; see retrust(8)\n",
		            stderr);
		return 64;
	}
	/* Executed by descriptor: an older kernel would show its number as the name. */
	(void)prctl(PR_SET_NAME, "retrust-helper");
	secret_harden();
	return serve(STDIN_FILENO);
}
