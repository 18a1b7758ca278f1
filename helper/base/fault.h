/* One error: filled in where it is first known, passed up, told once.
 *
 * The kind is the exit code of the contract, so that an error carries its own meaning to the end.
 */
#ifndef RETRUST_FAULT_H
#define RETRUST_FAULT_H

enum fault_kind {
	FAULT_NONE = 0,
	FAULT_BROKEN = 1,     /* the channel stays broken */
	FAULT_UNSURE = 2,     /* cannot tell: network, clock; nothing was changed */
	FAULT_REFUSED = 3,    /* policy, an administrator is needed, the DC did not prove itself */
	FAULT_USAGE = 64,
	FAULT_INTERNAL = 70,  /* also: disk full, I/O error */
	FAULT_PERMISSION = 77,
	FAULT_CONFIG = 78
};

struct fault {
	enum fault_kind kind;
	char text[768]; /* what, where (file, line, host) and the next step; never a secret */
};

/* Fills in *fault unless it is filled already (the first cause is the one to tell). fault may be NULL.
 * Returns -1 always, so that a caller can write `return fault_set(…)`. */
int fault_set(struct fault *fault, enum fault_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with ": " and the text of an errno value behind it. */
int fault_errno(struct fault *fault, enum fault_kind kind, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Empties it, for a second attempt whose error counts. */
void fault_clear(struct fault *fault);

#endif
