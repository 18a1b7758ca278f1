/* The journal of a change of secret: RT_STATEDIR/journal, root only.
 *
 * The next secret is on the disk before the DC hears of it, and leaves only when every store has it or the DC is known to
 * have refused it. Whoever finds one asks the DC which secret it takes, and finishes.
 */
#ifndef RETRUST_JOURNAL_H
#define RETRUST_JOURNAL_H

#include "../secret/secret.h"

struct journal {
	char account[64];
	char realm[256];
	char dc[256];        /* where it was, or was to be, set */
	int64_t started_unix;
	struct secret next;  /* the password */
};

/* Writes it durably (fsync of file and directory). Returns 0, or -1 with *fault: then nothing may be sent. */
int journal_write(const char *path, const struct journal *journal, struct fault *fault);

/* Returns 1 with *ret_journal (journal_wipe it), 0 when there is none, -1 with *fault when it is damaged. */
int journal_read(const char *path, struct journal *ret_journal, struct fault *fault);

void journal_wipe(struct journal *journal);

/* Removes it durably. */
int journal_clear(const char *path, struct fault *fault);

#endif
