/* libtdb with bounded waits, see samba_tdb.h. */
#include "samba_tdb.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 2000, LOCK_POLL_MS = 5 };

#define SIZE_MAX_TDB (64 << 20) /* a secrets.tdb is half a MiB, more after interrupted commits */

/* The whole file, TDB's open, transaction and record locks in one. */
static int lock_whole(int fd, short type, struct deadline deadline)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	while (fcntl(fd, F_SETLK, &lock) != 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -1;
		if (deadline_left_ms(deadline) == 0) {
			errno = EAGAIN;
			return -1;
		}
		(void)poll(NULL, 0, LOCK_POLL_MS);
	}
	return 0;
}

/* A POSIX lock names its holder, unless that lives in another namespace. */
static int tell_holder(const struct samba_tdb *db, struct fault *fault)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char who[48] = "another process";
	if (fcntl(db->lock_fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
		(void)snprintf(who, sizeof who, "process %d", (int)lock.l_pid);
	return fault_set(fault, FAULT_UNSURE, "%s: %s has held its lock for %d s; see what it waits for and try again",
	                 db->path, who, LOCK_WAIT_MS / 1000);
}

static int tell(const struct samba_tdb *db, const char *what, struct fault *fault)
{
	return fault_set(fault, FAULT_INTERNAL, "%s: %s failed (%s); see to the disk and try again", db->path, what,
	                 tdb_errorstr(db->tdb));
}

static enum samba_tdb_result open_file(struct samba_tdb *db, bool writable, struct fault *fault)
{
	/* O_NONBLOCK: a fifo put in the file's place must not make a logon hang. */
	db->lock_fd = open(db->path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (db->lock_fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return SAMBA_TDB_NONE;
	if (db->lock_fd < 0 || fstat(db->lock_fd, &st) != 0) {
		(void)fault_errno(fault, FAULT_INTERNAL, errno, "%s", db->path);
		return SAMBA_TDB_JUNK;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > SIZE_MAX_TDB) {
		(void)fault_set(fault, FAULT_INTERNAL, "%s: not a regular file of at most 64 MiB", db->path);
		return SAMBA_TDB_JUNK;
	}
	return SAMBA_TDB_OPEN;
}

static enum samba_tdb_result lock_file(struct samba_tdb *db, bool writable, struct fault *fault)
{
	if (lock_whole(db->lock_fd, writable ? F_WRLCK : F_RDLCK, db->deadline) == 0)
		return SAMBA_TDB_OPEN;
	if (errno == EAGAIN)
		(void)tell_holder(db, fault);
	else
		(void)fault_errno(fault, FAULT_INTERNAL, errno, "%s: locking it failed", db->path);
	return SAMBA_TDB_FAILED;
}

/* By sendfile: the secrets pass through no buffer of ours. */
static enum samba_tdb_result copy_file(struct samba_tdb *db, struct fault *fault)
{
	ssize_t n;
	db->copy_fd = memfd_create("secrets.tdb", MFD_CLOEXEC);
	if (db->copy_fd < 0) {
		(void)fault_errno(fault, FAULT_INTERNAL, errno, "%s: no memory for a copy", db->path);
		return SAMBA_TDB_FAILED;
	}
	do {
		n = sendfile(db->copy_fd, db->lock_fd, NULL, SIZE_MAX_TDB);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		(void)fault_errno(fault, FAULT_INTERNAL, errno, "%s: reading it failed", db->path);
		return SAMBA_TDB_JUNK;
	}
	return SAMBA_TDB_OPEN;
}

static enum samba_tdb_result open_tdb(struct samba_tdb *db, const char *name, int flags, struct fault *fault)
{
	errno = 0;
	db->tdb = tdb_open(name, 0, flags, O_RDWR | O_CLOEXEC, 0);
	if (db->tdb != NULL)
		return SAMBA_TDB_OPEN;
	(void)fault_errno(fault, FAULT_INTERNAL, errno, "%s: not a readable TDB; restore it, it is left as it is",
	                  db->path);
	return SAMBA_TDB_JUNK;
}

static enum samba_tdb_result attach_copy(struct samba_tdb *db, struct fault *fault)
{
	char name[32];
	enum samba_tdb_result result = copy_file(db, fault);
	if (result != SAMBA_TDB_OPEN)
		return result;
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", db->copy_fd);
	return open_tdb(db, name, TDB_NOLOCK | TDB_NOSYNC, fault);
}

/* Without mmap: an I/O error shall be an error and not a SIGBUS. */
static enum samba_tdb_result attach_file(struct samba_tdb *db, struct fault *fault)
{
	enum samba_tdb_result result = open_tdb(db, db->path, TDB_NOMMAP, fault);
	if (result != SAMBA_TDB_OPEN)
		return result;
	tdb_remove_flags(db->tdb, TDB_NOSYNC); /* whatever TDB_NO_FSYNC in the environment says */
	if (tdb_transaction_start(db->tdb) == 0)
		return SAMBA_TDB_OPEN;
	(void)tell(db, "starting a transaction", fault);
	return SAMBA_TDB_JUNK;
}

static enum samba_tdb_result attach(struct samba_tdb *db, const char *path, bool writable, struct fault *fault)
{
	*db = (struct samba_tdb){ .lock_fd = -1, .copy_fd = -1, .path = path, .deadline = deadline_in(LOCK_WAIT_MS) };
	enum samba_tdb_result result = open_file(db, writable, fault);
	if (result == SAMBA_TDB_OPEN)
		result = lock_file(db, writable, fault);
	if (result == SAMBA_TDB_OPEN)
		result = writable ? attach_file(db, fault) : attach_copy(db, fault);
	if (result != SAMBA_TDB_OPEN)
		samba_tdb_close(db);
	return result;
}

enum samba_tdb_result samba_tdb_open_read(struct samba_tdb *ret_db, const char *path, struct fault *fault)
{
	enum samba_tdb_result result = attach(ret_db, path, false, fault);
	if (result == SAMBA_TDB_OPEN) {
		(void)close(ret_db->lock_fd);
		ret_db->lock_fd = -1;
	}
	return result;
}

enum samba_tdb_result samba_tdb_open_write(struct samba_tdb *ret_db, const char *path, struct fault *fault)
{
	return attach(ret_db, path, true, fault);
}

void samba_tdb_close(struct samba_tdb *db)
{
	if (db->tdb != NULL)
		(void)tdb_close(db->tdb); /* drops an open transaction */
	if (db->copy_fd >= 0)
		(void)close(db->copy_fd);
	if (db->lock_fd >= 0)
		(void)close(db->lock_fd);
	*db = (struct samba_tdb){ .lock_fd = -1, .copy_fd = -1 };
}

/* libtdb's keys aren't const, but it doesn't write to them. */
static TDB_DATA datum(const void *bytes, size_t len)
{
	union {
		const void *in;
		unsigned char *out;
	} pointer = { .in = bytes };
	return (TDB_DATA){ .dptr = pointer.out, .dsize = len };
}

/* Why there is no record: libtdb finds a damaged chain only when it walks it. (tdb_check would look at everything, but
 * takes a good file for a damaged one after an interrupted commit: its search for the end of dead space never moves.)
 */
static void note_error(struct samba_tdb *db)
{
	enum TDB_ERROR error = tdb_error(db->tdb);
	if (error != TDB_SUCCESS && error != TDB_ERR_NOEXIST)
		db->damaged = true;
}

TDB_DATA samba_tdb_fetch(struct samba_tdb *db, const char *key)
{
	TDB_DATA value = tdb_fetch(db->tdb, datum(key, strlen(key)));
	if (value.dptr == NULL)
		note_error(db);
	return value;
}

void samba_tdb_free(TDB_DATA value)
{
	if (value.dptr != NULL)
		explicit_bzero(value.dptr, value.dsize);
	free(value.dptr);
}

void samba_tdb_keys(struct samba_tdb *db, bool (*visit)(const char *key, size_t len, void *arg), void *arg)
{
	TDB_DATA key = tdb_firstkey(db->tdb);
	while (key.dptr != NULL && visit((const char *)key.dptr, key.dsize, arg)) {
		TDB_DATA next = tdb_nextkey(db->tdb, key);
		free(key.dptr);
		key = next;
	}
	if (key.dptr == NULL)
		note_error(db);
	free(key.dptr);
}

int samba_tdb_sound(const struct samba_tdb *db, struct fault *fault)
{
	if (!db->damaged)
		return 0;
	return fault_set(fault, FAULT_INTERNAL, "%s: damaged; restore it, it is left as it is", db->path);
}

int samba_tdb_store(const struct samba_tdb *db, const char *key, const void *bytes, size_t len, struct fault *fault)
{
	if (tdb_store(db->tdb, datum(key, strlen(key)), datum(bytes, len), 0) != 0)
		return tell(db, "storing a record", fault);
	return 0;
}

int samba_tdb_remove(const struct samba_tdb *db, const char *key, struct fault *fault)
{
	if (tdb_delete(db->tdb, datum(key, strlen(key))) != 0 && tdb_error(db->tdb) != TDB_ERR_NOEXIST)
		return tell(db, "removing a record", fault);
	return 0;
}

int samba_tdb_commit(const struct samba_tdb *db, struct fault *fault)
{
	/* The transaction has turned our lock into one for reading, and the commit would wait for other readers. */
	if (lock_whole(db->lock_fd, F_WRLCK, db->deadline) != 0)
		return tell_holder(db, fault);
	if (tdb_transaction_commit(db->tdb) != 0)
		return tell(db, "the commit", fault);
	return 0;
}
