/* Keytabs for tests, written by libkrb5 from a text and read back by it as one.
 *
 * An entry a line: principal, kvno, enctype and a letter that fills its key.
 */
#ifndef RETRUST_TEST_KEYTAB_TEXT_H
#define RETRUST_TEST_KEYTAB_TEXT_H

#include "traces.h"

#include <krb5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PATH "krb5.keytab"
#define BACKUP "backup"

/* A host as adcli leaves it after three changes, and a service of another account. */
#define HOST                                                                                                           \
	"M1$@LAB.EXAMPLE 4 18 c\nM1$@LAB.EXAMPLE 4 17 d\nM1$@LAB.EXAMPLE 3 18 a\nM1$@LAB.EXAMPLE 3 17 b\n"             \
	"host/m1.lab.example@LAB.EXAMPLE 4 18 c\nhost/m1.lab.example@LAB.EXAMPLE 3 18 a\n"
#define FOREIGN "HTTP/web.lab.example@LAB.EXAMPLE 9 18 w\nm1-spare@LAB.EXAMPLE 2 18 s\n"

static krb5_context krb;

static inline size_t key_length(int enctype)
{
	return enctype == 18 ? 32 : 16;
}

/* Replaces the keytab by the entries of the text. */
static inline void write_keytab(const char *path, const char *text)
{
	char name[200], principal[300], letter;
	int kvno, enctype, used;
	krb5_keytab keytab;
	(void)unlink(path);
	(void)snprintf(name, sizeof name, "FILE:%s", path);
	assert_int_equal(krb5_kt_resolve(krb, name, &keytab), 0);
	for (; sscanf(text, "%299s %d %d %c\n%n", principal, &kvno, &enctype, &letter, &used) == 4; text += used) {
		uint8_t key[32];
		krb5_keytab_entry entry = { .vno = (krb5_kvno)kvno };
		memset(key, letter, sizeof key);
		entry.key.enctype = enctype;
		entry.key.length = (unsigned int)key_length(enctype);
		entry.key.contents = key;
		assert_int_equal(krb5_parse_name(krb, principal, &entry.principal), 0);
		assert_int_equal(krb5_kt_add_entry(krb, keytab, &entry), 0);
		krb5_free_principal(krb, entry.principal);
	}
	assert_int_equal(krb5_kt_close(krb, keytab), 0);
}

static inline int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What libkrb5 reads from the file, as such a text, sorted. */
static inline const char *listing(const char *path)
{
	static char text[20000], lines[300][300];
	char name[200], *principal;
	size_t count = 0;
	krb5_keytab keytab;
	krb5_kt_cursor cursor;
	krb5_keytab_entry entry;
	(void)snprintf(name, sizeof name, "FILE:%s", path);
	assert_int_equal(krb5_kt_resolve(krb, name, &keytab), 0);
	assert_int_equal(krb5_kt_start_seq_get(krb, keytab, &cursor), 0);
	while (krb5_kt_next_entry(krb, keytab, &entry, &cursor) == 0) {
		assert_int_equal(krb5_unparse_name(krb, entry.principal, &principal), 0);
		assert_int_equal(entry.key.length, key_length(entry.key.enctype));
		for (unsigned int i = 1; i < entry.key.length; i++)
			assert_int_equal(entry.key.contents[i], entry.key.contents[0]);
		(void)snprintf(lines[count++], sizeof lines[0], "%s %d %d %c\n", principal, (int)entry.vno,
		               (int)entry.key.enctype, entry.key.contents[0]);
		krb5_free_unparsed_name(krb, principal);
		(void)krb5_free_keytab_entry_contents(krb, &entry);
	}
	assert_int_equal(krb5_kt_end_seq_get(krb, keytab, &cursor), 0);
	assert_int_equal(krb5_kt_close(krb, keytab), 0);
	qsort(lines, count, sizeof lines[0], by_text);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		strcat(text, lines[i]);
	return text;
}

static inline size_t slurp(const char *path, uint8_t *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size);
	if (n < 0 || (size_t)n >= size || close(fd) != 0)
		abort();
	return (size_t)n;
}

static inline void spill(const char *path, const uint8_t *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) != 0)
		abort();
}

/* Runs a check in a process of its own: libkrb5 loses memory over damaged entries, which isn't ours to find. The check
 * returns how often it was wrong; it must not use cmocka's assertions. */
static inline int wrong_in_child(int (*check)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		int wrong = check();
		_exit(wrong < 100 ? wrong : 100);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Lengths at which a file of those entries is whole: after the version, and after each entry. */
static inline bool is_boundary(const uint8_t *data, size_t len)
{
	size_t at = 2;
	while (at < len) { /* data is longer: the length that is read there is whole */
		size_t entry =
			(size_t)data[at] << 24 | (size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 | data[at + 3];
		at += 4 + entry;
	}
	return at == len;
}

/* Runs the tests in a directory of their own, without a krb5.conf. */
static inline bool begin_keytabs(char *directory)
{
	(void)umask(022);
	if (setenv("KRB5_CONFIG", "/dev/null", 1) != 0 || krb5_init_context(&krb) != 0)
		return false;
	traces_enter(directory);
	return true;
}

static inline void end_keytabs(const char *directory)
{
	traces_leave(directory);
	krb5_free_context(krb);
}

#endif
