/* Asks for a password: on the terminal with echo off, or one line of standard input. */
#ifndef RETRUST_PROMPT_H
#define RETRUST_PROMPT_H

#include "../secret/secret.h"

/* Shows question on /dev/tty and reads a line there without echo. Whatever happens, the terminal is as it was
 * afterwards: SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGTSTP take effect after it was restored (and Ctrl-Z asks again
 * when the command goes on). Not for use with several threads. Returns 0, or -1 with *fault: no terminal
 * (FAULT_USAGE), nothing typed, too long. */
int prompt_password(const char *question, struct secret *ret_secret, struct fault *fault);

/* Reads one line of standard input, and not a byte more. A terminal is refused: it would show what is typed. */
int prompt_stdin(struct secret *ret_secret, struct fault *fault);

#endif
