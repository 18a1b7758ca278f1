/* What the tests of helper/store/samba.c and samba_tdb.c share: real TDB files in a folder of each test's own. */
#ifndef RETRUST_SAMBA_SAMPLE_H
#define RETRUST_SAMBA_SAMPLE_H

#include "../../helper/store/samba.h"
#include "samba_blob_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tdb.h>

#define NOW 1800000000
#define TIME_NOW "\x00\xd2\x49\x6b" /* the same, u32 LE */
#define SID_BYTES "\1\4\0\0\0\0\0\5"

static char folder[32], path[64];
static struct samba_secrets secrets;
static struct fault fault;

static inline TDB_DATA datum(const void *bytes, size_t len)
{
	TDB_DATA data = { .dptr = malloc(len + 1), .dsize = len };
	assert_non_null(data.dptr);
	memcpy(data.dptr, bytes, len);
	return data;
}

static inline void put_in(struct tdb_context *tdb, const char *kind, const char *domain, const void *bytes, size_t len)
{
	char key[128];
	(void)snprintf(key, sizeof key, "SECRETS/%s/%s", kind, domain);
	TDB_DATA k = datum(key, strlen(key)), v = datum(bytes, len);
	assert_int_equal(tdb_store(tdb, k, v, 0), 0);
	free(k.dptr);
	free(v.dptr);
}

static inline struct tdb_context *open_tdb(void)
{
	struct tdb_context *tdb = tdb_open(path, 131, TDB_DEFAULT, O_RDWR | O_CREAT, 0600);
	assert_non_null(tdb);
	return tdb;
}

static inline void put(const char *kind, const char *domain, const void *bytes, size_t len)
{
	struct tdb_context *tdb = open_tdb();
	put_in(tdb, kind, domain, bytes, len);
	assert_int_equal(tdb_close(tdb), 0);
}

static inline void put_text(const char *kind, const char *text)
{
	put(kind, "LAB", text, strlen(text) + 1);
}

static inline void put_time(int64_t when)
{
	uint8_t bytes[4] = { (uint8_t)when, (uint8_t)(when >> 8), (uint8_t)(when >> 16), (uint8_t)(when >> 24) };
	put("MACHINE_LAST_CHANGE_TIME", "LAB", bytes, sizeof bytes);
}

/* len -1: the key is not there. */
static inline void assert_value(const char *kind, const void *bytes, ssize_t len)
{
	char key[128];
	struct tdb_context *tdb = open_tdb();
	(void)snprintf(key, sizeof key, "SECRETS/%s/LAB", kind);
	TDB_DATA k = datum(key, strlen(key)), v = tdb_fetch(tdb, k);
	assert_int_equal(tdb_close(tdb), 0);
	assert_int_equal(v.dptr == NULL ? -1 : (ssize_t)v.dsize, len);
	if (v.dptr != NULL)
		assert_memory_equal(v.dptr, bytes, (size_t)len);
	free(k.dptr);
	free(v.dptr);
}

static inline void assert_text(const char *kind, const char *text)
{
	assert_value(kind, text, (ssize_t)strlen(text) + 1);
}

static inline void assert_secret(const struct secret *secret, const char *text)
{
	assert_string_equal((const char *)secret->bytes, text);
	assert_int_equal(secret->len, strlen(text));
}

/* A member as Samba leaves it. */
static inline void make_member(void)
{
	put("SID", "LAB", SID_BYTES, 8);
	put("SID", "M10", SID_BYTES, 8);
	put_text("MACHINE_PASSWORD", SAMPLE_CURRENT);
	put_text("MACHINE_PASSWORD.PREV", SAMPLE_OLD);
	put_time(SAMPLE_REBUILT_CHANGED);
	put("MACHINE_SEC_CHANNEL_TYPE", "LAB", "\2\0\0\0", 4);
	put("MACHINE_DOMAIN_INFO", "LAB", sample_rebuilt, sizeof sample_rebuilt);
}

static inline int read_domain(const char *domain)
{
	memset(&fault, 0, sizeof fault);
	return samba_read(path, domain, &secrets, &fault);
}

static inline void assert_read(enum samba_state state, const char *current, const char *previous, const char *next)
{
	assert_int_equal(read_domain("LAB"), 0);
	assert_int_equal(secrets.state, state);
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_secret(&secrets.current, current);
	assert_secret(&secrets.previous, previous);
	assert_secret(&secrets.next, next);
}

static inline int write_password(const char *text, const char *previous)
{
	struct secret secret, before;
	memset(&fault, 0, sizeof fault);
	assert_true(secret_set(&secret, text, strlen(text)) && secret_set(&before, previous, strlen(previous)));
	return samba_write(path, "lab", &secret, &before, NOW, &fault);
}

static inline void assert_fault(enum fault_kind kind, const char *says)
{
	assert_int_equal(fault.kind, kind);
	assert_non_null(strstr(fault.text, says));
	assert_non_null(strstr(fault.text, path));
	assert_null(strstr(fault.text, "Passw0rd"));
}

static inline int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/test_samba.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/secrets.tdb", folder);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	samba_wipe(&secrets);
	if (remove(path) != 0 && errno != ENOENT)
		return -1;
	return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
