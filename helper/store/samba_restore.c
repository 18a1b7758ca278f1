/* A lost secrets.tdb, see samba_restore.h. */
#include "samba_restore.h"

#include "file.h"
#include "samba_sid.h"
#include "samba_tdb.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* A database without a record, as bytes: libtdb writes its head into a file of its own, in memory. */
static int fill(int fd, void **ret_data, size_t *ret_len, const char *path, struct fault *fault)
{
	char name[32];
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	struct tdb_context *tdb = tdb_open(name, 0, TDB_NOLOCK | TDB_NOMMAP, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (tdb == NULL || tdb_close(tdb) != 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s: an empty one can't be made", path);
	ssize_t len = file_read(name, ret_data, fault);
	*ret_len = len < 0 ? 0 : (size_t)len;
	return len < 0 ? -1 : 0;
}

/* Whole or not at all, and never in the place of one that somebody else has made meanwhile. */
static int put_file(const char *path, const void *data, size_t len, struct fault *fault)
{
	char anew[PATH_MAX];
	(void)snprintf(anew, sizeof anew, "%s.anew", path);
	if (file_replace(anew, data, len, 0600, fault) != 0)
		return -1;
	bool put = renameat2(AT_FDCWD, anew, AT_FDCWD, path, RENAME_NOREPLACE) == 0;
	int error = errno;
	if (!put)
		(void)unlink(anew);
	if (!put && error != EEXIST)
		return fault_errno(fault, FAULT_INTERNAL, error, "%s: it was lost, and can't be made anew", path);
	return file_sync_directory_of(path) == 0
	               ? 0
	               : fault_errno(fault, FAULT_INTERNAL, errno, "%s: its directory can't be synced", path);
}

static int make(const char *path, struct fault *fault)
{
	void *data = NULL;
	size_t len = 0;
	if (access(path, F_OK) == 0)
		return 0;
	int fd = memfd_create("secrets.tdb", MFD_CLOEXEC);
	if (fd < 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s: no memory for a new one", path);
	int result = fill(fd, &data, &len, path, fault);
	(void)close(fd);
	if (result == 0)
		result = put_file(path, data, len, fault);
	file_free(data, len);
	return result;
}

static int put_sid(struct samba_tdb *db, const char *domain, const uint8_t sid[SAMBA_SID_LEN], struct fault *fault)
{
	char key[128];
	(void)snprintf(key, sizeof key, "SECRETS/SID/%.64s", domain);
	TDB_DATA there = samba_tdb_fetch(db, key);
	samba_tdb_free(there);
	if (samba_tdb_sound(db, fault) != 0)
		return -1;
	if (there.dptr != NULL)
		return 0;
	if (samba_tdb_store(db, key, sid, SAMBA_SID_LEN, fault) != 0)
		return -1;
	return samba_tdb_commit(db, fault);
}

int samba_restore(const char *path, const char *domain, const char *sid, struct fault *fault)
{
	struct samba_tdb db;
	uint8_t bytes[SAMBA_SID_LEN];
	if (!samba_sid_bytes(sid, bytes))
		return fault_set(fault, FAULT_INTERNAL, "%s: the remembered SID of %s isn't one: %.60s", path, domain, sid);
	if (make(path, fault) != 0 || samba_tdb_open_write(&db, path, fault) != SAMBA_TDB_OPEN)
		return -1;
	int result = put_sid(&db, domain, bytes, fault);
	samba_tdb_close(&db);
	return result;
}
