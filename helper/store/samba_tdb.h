/* One TDB file of Samba's: libtdb for the content, bounded waits for the locks.
 *
 * libtdb waits for locks without an end (a stopped process that holds one would hang a logon). POSIX locks belong to
 * the process, not to the descriptor: so the whole file is locked here first, by polling, through a descriptor of our
 * own, and what libtdb then asks for it gets at once.
 */
#ifndef RETRUST_SAMBA_TDB_H
#define RETRUST_SAMBA_TDB_H

#include "../base/deadline.h"
#include "../base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h> /* tdb.h wants mode_t */
#include <tdb.h>

struct samba_tdb {
	struct tdb_context *tdb;
	int lock_fd;
	int copy_fd;
	bool damaged;     /* a record couldn't be read */
	const char *path; /* the caller's */
	struct deadline deadline;
};

enum samba_tdb_result {
	SAMBA_TDB_OPEN,
	SAMBA_TDB_NONE,  /* no such file */
	SAMBA_TDB_JUNK,  /* not a TDB, or an I/O error; *fault told */
	SAMBA_TDB_FAILED /* the lock's holder didn't give way, no memory; *fault told */
};

/* Opens a copy in memory that is made under the lock: nothing is held, nothing is written to the file (libtdb would
 * roll a commit back that was interrupted; here it does so in the copy), and it works where the file can't be written.
 */
enum samba_tdb_result samba_tdb_open_read(struct samba_tdb *ret_db, const char *path, struct fault *fault);

/* Opens the file itself, locked, in a transaction. Nothing changes before samba_tdb_commit; without it samba_tdb_close
 * drops all. */
enum samba_tdb_result samba_tdb_open_write(struct samba_tdb *ret_db, const char *path, struct fault *fault);

void samba_tdb_close(struct samba_tdb *db);

/* The value of a key, or a NULL dptr; samba_tdb_free wipes it. */
TDB_DATA samba_tdb_fetch(struct samba_tdb *db, const char *key);
void samba_tdb_free(TDB_DATA value);

/* Calls visit with every key (not terminated) until it returns false. */
void samba_tdb_keys(struct samba_tdb *db, bool (*visit)(const char *key, size_t len, void *arg), void *arg);

/* 0 when all that was asked for could be read, -1 with *fault. */
int samba_tdb_sound(const struct samba_tdb *db, struct fault *fault);

int samba_tdb_store(const struct samba_tdb *db, const char *key, const void *bytes, size_t len, struct fault *fault);
int samba_tdb_remove(const struct samba_tdb *db, const char *key, struct fault *fault); /* absent is fine */

/* Durable when it returns 0. */
int samba_tdb_commit(const struct samba_tdb *db, struct fault *fault);

#endif
