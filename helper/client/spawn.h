/* Starting the helper where no service manager listens for it. */
#ifndef RETRUST_SPAWN_H
#define RETRUST_SPAWN_H

/* Starts the helper over a socketpair and returns the caller's end (close-on-exec), or -1 with errno: EPERM where path
 * isn't a regular file of root's that nobody else may write, EACCES where it can't be executed, what failed otherwise.
 * An exec that fails shows as a helper that closed at once.
 *
 * The helper gets: the socket as descriptor 0, /dev/null as 1 and 2 and no other; an empty environment; real, effective
 * and saved ids 0 and no supplementary groups; every signal at its default and none blocked; resource limits that no
 * user chose; working directory /, umask 077; a session of its own, no terminal, and not the caller as its parent, so
 * that it lives on when the caller is killed. The caller needs the effective uid 0.
 *
 * The caller gets no SIGCHLD and no child to wait for, whatever threads it has. Not bounded by a timeout: it waits
 * for one child that does a dozen system calls. */
int spawn_helper(const char *path);

#endif
