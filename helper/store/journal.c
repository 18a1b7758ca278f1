/* The journal of a change of secret, see journal.h.
 *
 * The file: magic, the structure as it is in memory (it never leaves the host), a check sum. */
#include "journal.h"

#include "file.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define JOURNAL_MAGIC 0x316e6a72u /* "rjn1" */

struct record {
	uint32_t magic;
	uint32_t size;
	struct journal journal;
	uint32_t check;
};

static uint32_t sum(const struct record *record)
{
	const uint8_t *bytes = (const uint8_t *)record;
	uint32_t hash = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < offsetof(struct record, check); i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

int journal_write(const char *path, const struct journal *journal, struct fault *fault)
{
	struct record record;
	memset(&record, 0, sizeof record); /* padding too: it is summed and written */
	record.magic = JOURNAL_MAGIC;
	record.size = sizeof record;
	record.journal = *journal;
	record.check = sum(&record);
	int result = file_replace(path, &record, sizeof record, 0600, fault);
	explicit_bzero(&record, sizeof record);
	return result;
}

static bool good(const struct record *record)
{
	const struct journal *journal = &record->journal;
	return record->magic == JOURNAL_MAGIC && record->size == sizeof *record && record->check == sum(record) &&
	       journal->next.len <= SECRET_MAX && memchr(journal->account, 0, sizeof journal->account) != NULL &&
	       memchr(journal->realm, 0, sizeof journal->realm) != NULL &&
	       memchr(journal->dc, 0, sizeof journal->dc) != NULL;
}

int journal_read(const char *path, struct journal *ret_journal, struct fault *fault)
{
	void *data = NULL;
	struct record record;
	ssize_t len = file_read(path, &data, fault);
	if (len < 0)
		return errno == ENOENT ? 0 : -1;
	int result = -1;
	if ((size_t)len == sizeof record) {
		memcpy(&record, data, sizeof record);
		if (good(&record)) {
			*ret_journal = record.journal;
			result = 1;
		}
		explicit_bzero(&record, sizeof record);
	}
	file_free(data, (size_t)len);
	if (result < 0)
		(void)fault_set(fault, FAULT_INTERNAL,
		                "%s: damaged, the interrupted change it tells of can't be finished from it", path);
	return result;
}

void journal_wipe(struct journal *journal)
{
	explicit_bzero(journal, sizeof *journal);
}

int journal_clear(const char *path, struct fault *fault)
{
	return file_remove(path, fault);
}
