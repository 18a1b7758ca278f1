/* Kills this process at the N-th step: each call that changes a file, and each message to or from the DC. */
#ifndef RETRUST_CUT_H
#define RETRUST_CUT_H

/* The next process dies before its step number n (1 is the first); 0: never, steps are counted. */
void cut_at(long n);

/* A file call number n fails with that errno instead (0: as cut_at says). */
void cut_fail(long n, int error);

/* How many steps there were since cut_at or cut_fail. */
long cut_count(void);

/* A step: the model DC calls it for messages, the file calls of cut.c by themselves. */
void cut_here(void);

#endif
