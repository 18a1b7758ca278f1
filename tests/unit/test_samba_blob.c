/* helper/store/samba_blob.c: real records, and what isn't one. */
#include "../../helper/store/samba_blob.h"
#include "samba_blob_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_secret(const struct secret *secret, const char *text)
{
	assert_int_equal(secret->len, strlen(text));
	assert_string_equal((const char *)secret->bytes, text);
}

/* In memory of exactly its size, so that AddressSanitizer sees a byte too far. */
static bool parse(const uint8_t *data, size_t len, struct samba_blob *blob)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	assert_non_null(copy);
	memcpy(copy, data, len);
	bool good = samba_blob_parse(copy, len, blob);
	free(copy);
	return good;
}

static void assert_empty(const struct samba_blob *blob)
{
	static const struct samba_blob empty;
	assert_memory_equal(blob, &empty, sizeof empty);
}

static void pending_record(void **state)
{
	(void)state;
	struct samba_blob blob;
	assert_true(parse(sample_pending, sizeof sample_pending, &blob));
	assert_secret(&blob.current, SAMPLE_CURRENT);
	assert_secret(&blob.old, SAMPLE_OLD);
	assert_secret(&blob.older, SAMPLE_OLDER);
	assert_secret(&blob.next, SAMPLE_NEXT);
	assert_true(blob.changed_unix == SAMPLE_PENDING_CHANGED);
	assert_int_equal(blob.channel_type, 2);
	samba_blob_wipe(&blob);
	assert_empty(&blob);
}

static void rebuilt_record(void **state)
{
	(void)state;
	struct samba_blob blob;
	assert_true(parse(sample_rebuilt, sizeof sample_rebuilt, &blob));
	assert_secret(&blob.current, SAMPLE_CURRENT);
	assert_secret(&blob.old, SAMPLE_OLD);
	assert_int_equal(blob.older.len, 0);
	assert_int_equal(blob.next.len, 0);
	assert_true(blob.changed_unix == SAMPLE_REBUILT_CHANGED);
}

static void truncated_at_every_length(void **state)
{
	(void)state;
	struct samba_blob blob;
	for (size_t len = 0; len < sizeof sample_pending; len++) {
		assert_false(parse(sample_pending, len, &blob));
		assert_empty(&blob);
	}
}

/* Every byte with every bit flipped: a record is understood whole or not at all. */
static void flipped_bits(void **state)
{
	(void)state;
	uint8_t copy[sizeof sample_pending];
	struct samba_blob blob;
	size_t good = 0;
	for (size_t i = 0; i < sizeof copy * 8; i++) {
		memcpy(copy, sample_pending, sizeof copy);
		copy[i / 8] = (uint8_t)(copy[i / 8] ^ 1u << i % 8);
		if (!parse(copy, sizeof copy, &blob)) {
			assert_empty(&blob);
			continue;
		}
		good++;
		assert_true(blob.current.len <= SECRET_MAX && blob.next.len <= SECRET_MAX);
	}
	assert_in_range(good, 1, sizeof copy * 8 - 1);
}

static void other_versions(void **state)
{
	(void)state;
	uint8_t copy[sizeof sample_rebuilt];
	struct samba_blob blob;
	static const size_t at[] = { 0, 8 }; /* version, arm of the union */
	for (size_t i = 0; i < 2; i++) {
		memcpy(copy, sample_rebuilt, sizeof copy);
		copy[at[i]] = 2;
		assert_false(parse(copy, sizeof copy, &blob));
		assert_empty(&blob);
	}
	memcpy(copy, sample_rebuilt, sizeof copy);
	memset(copy + 12, 0, 4); /* a NULL where the record should be */
	assert_false(parse(copy, sizeof copy, &blob));
}

/* The computer's name: more units than its maximum, or not from its first one. */
static void counts_that_contradict(void **state)
{
	(void)state;
	static const size_t at[] = { 0x20, 0x24 };
	uint8_t copy[sizeof sample_rebuilt];
	struct samba_blob blob;
	for (size_t i = 0; i < 2; i++) {
		memcpy(copy, sample_rebuilt, sizeof copy);
		copy[at[i]] = 1;
		assert_false(parse(copy, sizeof copy, &blob));
		assert_empty(&blob);
	}
}

/* sample_rebuilt with another current password, of any bytes. */
static bool parse_with(const void *cleartext, size_t len, struct samba_blob *blob)
{
	static uint8_t copy[8192];
	static const uint8_t first[] = { 'C', 0, 'u', 0, 'r', 0, 'r', 0 };
	const size_t old_len = 2 * strlen(SAMPLE_CURRENT);
	const uint8_t *text = memmem(sample_rebuilt, sizeof sample_rebuilt, first, sizeof first);
	assert_non_null(text);
	size_t head = (size_t)(text - sample_rebuilt), tail = (head + old_len + 16 + 3) / 4 * 4;
	memset(copy, 0, sizeof copy);
	memcpy(copy, sample_rebuilt, head);
	copy[head - 4] = (uint8_t)len;
	copy[head - 3] = (uint8_t)(len >> 8);
	memcpy(copy + head, cleartext, len);
	/* behind it the low half of a surrogate pair, for a reader that goes too far */
	copy[head + len] = 0x11;
	copy[head + len + 1] = 0xdd;
	size_t at = (head + len + 16 + 3) / 4 * 4;
	memcpy(copy + at, sample_rebuilt + tail, sizeof sample_rebuilt - tail);
	return parse(copy, at + sizeof sample_rebuilt - tail, blob);
}

static void passwords_beyond_ascii(void **state)
{
	(void)state;
	struct samba_blob blob;
	assert_true(parse_with(u"a\u00df\u20ac\uffff\U0001f511z", 14, &blob));
	assert_secret(&blob.current, "a\u00df\u20ac\xef\xbf\xbf\U0001f511z");
	assert_secret(&blob.old, SAMPLE_OLD);
	assert_true(parse_with(u"\x7f\x80\x7ff\x800\U00010000\U0010ffff", 16, &blob));
	assert_secret(&blob.current, "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void what_is_no_text_is_absent(void **state)
{
	(void)state;
	static const struct {
		size_t len;
		uint8_t bytes[6];
	} bad[] = {
		{ 0, { 0 } },                                  /* empty */
		{ 3, { 'a', 0, 'b' } },                        /* half a unit */
		{ 4, { 'a', 0, 0, 0 } },                       /* a NUL */
		{ 2, { 0x3d, 0xd8 } },                         /* a high surrogate at the end */
		{ 6, { 0x3d, 0xd8, 'a', 0, 'b', 0 } },         /* without its low one */
		{ 4, { 0x11, 0xdd, 'a', 0 } },                 /* a low one alone */
		{ 6, { 0x3d, 0xd8, 0x3d, 0xd8, 0x11, 0xdd } }, /* two high ones */
	};
	struct samba_blob blob;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_true(parse_with(bad[i].bytes, bad[i].len, &blob));
		assert_secret(&blob.current, "");
		assert_secret(&blob.old, SAMPLE_OLD);
	}
}

static void the_longest_password(void **state)
{
	(void)state;
	static uint8_t text[2 * SECRET_MAX + 2];
	char wanted[SECRET_MAX + 1];
	struct samba_blob blob;
	for (size_t i = 0; i < sizeof text; i += 2)
		text[i] = 'x';
	memset(wanted, 'x', SECRET_MAX);
	wanted[SECRET_MAX] = '\0';
	assert_true(parse_with(text, 2 * SECRET_MAX, &blob));
	assert_secret(&blob.current, wanted);
	assert_true(parse_with(text, 2 * SECRET_MAX + 2, &blob));
	assert_int_equal(blob.current.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pending_record),
		cmocka_unit_test(rebuilt_record),
		cmocka_unit_test(truncated_at_every_length),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(other_versions),
		cmocka_unit_test(counts_that_contradict),
		cmocka_unit_test(passwords_beyond_ascii),
		cmocka_unit_test(what_is_no_text_is_absent),
		cmocka_unit_test(the_longest_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
