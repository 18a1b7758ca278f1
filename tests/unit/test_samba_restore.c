/* samba_restore.c and samba_sid.c: a secrets.tdb that was lost. */
#include "../../helper/store/samba_restore.h"
#include "samba_sample.h"

#include <sys/stat.h>

#define SID "S-1-5-21-1004336348-1177238915-682003330"

static int restore(const char *sid)
{
	memset(&fault, 0, sizeof fault);
	return samba_restore(path, "LAB", sid, &fault);
}

static void sid_round_trip(void **state)
{
	static const uint8_t bytes[SAMBA_SID_LEN] = { 1,    4,    0,    0,    0,    0,    0,    5,    21,   0,    0,   0,
		                                      0xdc, 0xf4, 0xdc, 0x3b, 0x83, 0x3d, 0x2b, 0x46, 0x82, 0x8b, 0xa6, 0x28 };
	uint8_t read[SAMBA_SID_LEN];
	char text[SAMBA_SID_TEXT];
	(void)state;
	assert_true(samba_sid_text(bytes, sizeof bytes, text));
	assert_string_equal(text, SID);
	assert_true(samba_sid_bytes(text, read));
	assert_memory_equal(read, bytes, sizeof bytes);
	assert_false(samba_sid_text(bytes, sizeof bytes - 1, text));
	assert_string_equal(text, "");
	memset(read, 0xff, sizeof read);
	assert_false(samba_sid_text(read, sizeof read, text));
	read[0] = 1, read[1] = 15;
	assert_true(samba_sid_text(read, sizeof read, text)); /* the longest there is */
}

static void no_sids(void **state)
{
	static const char *const texts[] = { "",         "S-1-",     "S-1-5",     "S-1-5-",         "S-1-5-21-4294967296",
		                             "S-2-5-21", "S-1-5-21x", "S-1-5--21", "S-1-5-21-99999999999999999999",
		                             "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16" };
	uint8_t bytes[SAMBA_SID_LEN];
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(samba_sid_bytes(texts[i], bytes));
	assert_int_equal(restore("S-1-5"), -1);
	assert_fault(FAULT_INTERNAL, "isn't one");
	assert_int_equal(access(path, F_OK), -1);
}

static void lost_file(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(restore(SID), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_read(SAMBA_NO_SECRET, "", "", "");
	assert_string_equal(secrets.sid, SID);
	assert_int_equal(write_password("New", ""), 0);
	assert_read(SAMBA_OK, "New", "", "");
	assert_int_equal(restore(SID), 0);
	assert_read(SAMBA_OK, "New", "", "");
}

static void lost_sid(void **state)
{
	(void)state;
	put_text("MACHINE_PASSWORD", "Password");
	assert_int_equal(restore(SID), 0);
	assert_read(SAMBA_OK, "Password", "", "");
	assert_string_equal(secrets.sid, SID);
}

static void sid_is_kept(void **state)
{
	(void)state;
	put("SID", "LAB", SID_BYTES, 8);
	assert_int_equal(restore(SID), 0);
	assert_value("SID", SID_BYTES, 8);
}

static void no_folder(void **state)
{
	char file[64];
	(void)state;
	(void)snprintf(file, sizeof file, "%s/none/secrets.tdb", folder);
	assert_int_equal(samba_restore(file, "LAB", SID, &fault), -1);
	assert_non_null(strstr(fault.text, file));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sid_round_trip), TEST(no_sids), TEST(lost_file), TEST(lost_sid), TEST(sid_is_kept), TEST(no_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
