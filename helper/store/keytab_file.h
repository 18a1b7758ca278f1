/* The bytes of a keytab between the disk and libkrb5: a keytab in memory that libkrb5 can open by name. */
#ifndef RETRUST_KEYTAB_FILE_H
#define RETRUST_KEYTAB_FILE_H

#include "../base/fault.h"

#include <krb5.h>
#include <stdbool.h>
#include <sys/stat.h>

struct keytab_file {
	krb5_context krb;
	krb5_keytab keytab; /* NULL: there is no file, or an empty one */
	int fd;             /* memfd with the content */
	size_t records;     /* entries that the file's own structure promises */
	struct stat looks;  /* of the file when it was loaded; all 0 = there was none */
};

/* Returns 0 to go on, or a krb5 error. The entry is the caller's until it returns. */
typedef krb5_error_code keytab_visitor(krb5_context krb, krb5_keytab_entry *entry, void *data);

/* A context without any configuration file and an empty keytab in memory, to which entries can be added. */
int keytab_file_new(struct keytab_file *ret_file, struct fault *fault);

/* The content of path. Returns 1, 0 when there is no file or an empty one (still to be closed), -1 with *fault. */
int keytab_file_load(const char *path, struct keytab_file *ret_file, struct fault *fault);

/* Visits each entry. Returns 0, a visitor's error, or KRB5_KT_FORMAT when libkrb5 finds fewer entries than the file promises. */
krb5_error_code keytab_file_each(struct keytab_file *file, keytab_visitor *visit, void *data);

/* Has somebody written to path since it was loaded? */
bool keytab_file_changed(const struct keytab_file *file, const char *path);

/* Writes the content to path by file_replace. */
int keytab_file_save(const struct keytab_file *file, const char *path, struct fault *fault);

void keytab_file_close(struct keytab_file *file);

#endif
