/* The bytes of a keytab between the disk and libkrb5, see keytab_file.h. */
#include "keytab_file.h"

#include "file.h"

#include <errno.h>
#include <profile.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* No configuration file: a broken krb5.conf must not make a keytab unreadable. */
static krb5_error_code bare_context(krb5_context *ret_krb)
{
	profile_t profile;
	krb5_error_code code = (krb5_error_code)profile_init_path("/dev/null", &profile);
	if (code != 0)
		return code;
	code = krb5_init_context_profile(profile, 0, ret_krb);
	profile_release(profile);
	return code;
}

static int open_memory(struct keytab_file *file, struct fault *fault)
{
	char name[64];
	file->fd = memfd_create("retrust-keytab", MFD_CLOEXEC);
	if (file->fd < 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "no memory file for a keytab");
	krb5_error_code code = bare_context(&file->krb);
	if (code != 0)
		return fault_set(fault, FAULT_INTERNAL, "libkrb5 does not start (code %d)", (int)code);
	(void)snprintf(name, sizeof name, "FILE:/proc/self/fd/%d", file->fd);
	code = krb5_kt_resolve(file->krb, name, &file->keytab);
	if (code != 0)
		return fault_set(fault, FAULT_INTERNAL, "libkrb5 opens no keytab in memory (code %d)", (int)code);
	return 0;
}

int keytab_file_new(struct keytab_file *ret_file, struct fault *fault)
{
	*ret_file = (struct keytab_file){ .fd = -1 };
	/* libkrb5 writes the format's version only into a file that it created itself. */
	static const uint8_t version[2] = { 5, 2 };
	if (open_memory(ret_file, fault) == 0 &&
	    pwrite(ret_file->fd, version, sizeof version, 0) == (ssize_t)sizeof version)
		return 0;
	(void)fault_set(fault, FAULT_INTERNAL, "no memory for a keytab");
	keytab_file_close(ret_file);
	return -1;
}

static int32_t big_endian(const uint8_t *bytes)
{
	return (int32_t)((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3]);
}

/* Version 0x0502 (0x0501 ended with the last century), then records of a length (negative: a hole) and so many bytes.
 * libkrb5 takes a record that runs over the end for the end of the file: whoever writes the file anew would lose what
 * stood behind. */
static bool is_whole(const uint8_t *data, size_t len, size_t *ret_records)
{
	size_t at = 2;
	*ret_records = 0;
	if (len < 2 || data[0] != 5 || data[1] != 2)
		return false;
	while (at + 4 <= len) {
		int64_t size = big_endian(data + at);
		if (size == 0)
			return true;
		*ret_records += size > 0;
		size = size < 0 ? -size : size;
		at += 4;
		if ((uint64_t)size > len - at)
			return false;
		at += (size_t)size;
	}
	return at == len;
}

int keytab_file_load(const char *path, struct keytab_file *ret_file, struct fault *fault)
{
	void *data = NULL;
	*ret_file = (struct keytab_file){ .fd = -1 };
	/* Before it is read: who writes in between is noticed. */
	struct stat looks;
	if (stat(path, &looks) != 0)
		memset(&looks, 0, sizeof looks);
	ssize_t len = file_read(path, &data, fault);
	if (len < 0)
		return errno == ENOENT ? 0 : -1;
	int result = len == 0 ? 0 : -1;
	size_t records = 0;
	if (len > 0 && !is_whole(data, (size_t)len, &records))
		(void)fault_set(fault, FAULT_INTERNAL,
		                "%s: junk, or cut off; move it away or restore it, it is left as it is", path);
	else if (len > 0 && open_memory(ret_file, fault) == 0) {
		ret_file->records = records;
		if (pwrite(ret_file->fd, data, (size_t)len, 0) == len)
			result = 1;
		else
			(void)fault_errno(fault, FAULT_INTERNAL, errno, "%s: no memory for it", path);
	}
	file_free(data, (size_t)len);
	if (result < 0)
		keytab_file_close(ret_file);
	ret_file->looks = looks;
	return result;
}

krb5_error_code keytab_file_each(struct keytab_file *file, keytab_visitor *visit, void *data)
{
	krb5_kt_cursor cursor;
	size_t seen = 0;
	krb5_error_code code = krb5_kt_start_seq_get(file->krb, file->keytab, &cursor);
	if (code != 0)
		return code;
	while (code == 0) {
		krb5_keytab_entry entry;
		code = krb5_kt_next_entry(file->krb, file->keytab, &entry, &cursor);
		if (code != 0)
			break;
		seen++;
		code = visit(file->krb, &entry, data);
		(void)krb5_free_keytab_entry_contents(file->krb, &entry);
	}
	(void)krb5_kt_end_seq_get(file->krb, file->keytab, &cursor);
	if (code != KRB5_KT_END)
		return code;
	return seen == file->records ? 0 : KRB5_KT_FORMAT;
}

bool keytab_file_changed(const struct keytab_file *file, const char *path)
{
	struct stat now;
	const struct stat *then = &file->looks;
	if (stat(path, &now) != 0)
		memset(&now, 0, sizeof now);
	return now.st_ino != then->st_ino || now.st_dev != then->st_dev || now.st_size != then->st_size ||
	       now.st_mtim.tv_sec != then->st_mtim.tv_sec || now.st_mtim.tv_nsec != then->st_mtim.tv_nsec;
}

int keytab_file_save(const struct keytab_file *file, const char *path, struct fault *fault)
{
	struct stat st;
	if (fstat(file->fd, &st) != 0 || st.st_size == 0)
		return fault_set(fault, FAULT_INTERNAL, "%s: an empty keytab isn't written", path);
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, file->fd, 0);
	if (data == MAP_FAILED)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s", path);
	int result = file_replace(path, data, (size_t)st.st_size, 0600, fault);
	(void)munmap(data, (size_t)st.st_size);
	return result;
}

void keytab_file_close(struct keytab_file *file)
{
	if (file->keytab != NULL)
		(void)krb5_kt_close(file->krb, file->keytab);
	if (file->krb != NULL)
		krb5_free_context(file->krb);
	if (file->fd >= 0)
		(void)close(file->fd);
	*file = (struct keytab_file){ .fd = -1 };
}
