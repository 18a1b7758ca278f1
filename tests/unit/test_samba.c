/* helper/store/samba.c: what is read from a secrets.tdb and what a write leaves in it. */
#include "samba_sample.h"

#include <sys/stat.h>

static void no_file(void **state)
{
	(void)state;
	assert_read(SAMBA_NONE, "", "", "");
	assert_int_equal(write_password("New", ""), -1);
	assert_fault(FAULT_REFUSED, "no member");
	assert_int_equal(access(path, F_OK), -1);
}

static void member(void **state)
{
	(void)state;
	make_member();
	assert_read(SAMBA_OK, SAMPLE_CURRENT, SAMPLE_OLD, "");
	assert_true(secrets.changed_unix == SAMPLE_REBUILT_CHANGED);
	assert_int_equal(secrets.channel_type, 2);
	assert_string_equal(secrets.domain, "LAB");
	assert_int_equal(read_domain("lAb"), 0);
	assert_secret(&secrets.current, SAMPLE_CURRENT);
	assert_int_equal(read_domain("OTHER"), 0);
	assert_int_equal(secrets.state, SAMBA_NONE);
}

static void legacy_keys_alone(void **state)
{
	(void)state;
	put_text("MACHINE_PASSWORD", "Legacy-Passw0rd");
	assert_read(SAMBA_OK, "Legacy-Passw0rd", "", "");
	assert_true(secrets.changed_unix == 0);
	put("MACHINE_PASSWORD", "LAB", "no-NUL", 6);
	put_text("MACHINE_PASSWORD.PREV", "Before");
	put_time(NOW);
	assert_read(SAMBA_OK, "no-NUL", "Before", "");
	assert_true(secrets.changed_unix == NOW);
}

static void interrupted_rotation(void **state)
{
	(void)state;
	make_member();
	put_time(SAMPLE_PENDING_CHANGED);
	put("MACHINE_DOMAIN_INFO", "LAB", sample_pending, sizeof sample_pending);
	assert_read(SAMBA_OK, SAMPLE_CURRENT, SAMPLE_OLD, SAMPLE_NEXT);
}

/* As Samba does: the blob, unless the legacy keys are newer or it can't be read. Nothing that may work is left out. */
static void blob_and_legacy_keys_differ(void **state)
{
	(void)state;
	make_member();
	put_text("MACHINE_PASSWORD", "Other");
	assert_read(SAMBA_OK, SAMPLE_CURRENT, "Other", "");
	put_time(SAMPLE_REBUILT_CHANGED + 1);
	assert_read(SAMBA_OK, "Other", SAMPLE_OLD, "");
	put_text("MACHINE_PASSWORD.PREV", "Other");
	assert_read(SAMBA_OK, "Other", SAMPLE_CURRENT, "");
	put("MACHINE_DOMAIN_INFO", "LAB", "junk", 4);
	put_time(1);
	assert_read(SAMBA_OK, "Other", "", "");
}

static void no_machine_password(void **state)
{
	(void)state;
	static const char *const keys[] = { "SID", "MACHINE_SEC_CHANNEL_TYPE", "MACHINE_LAST_CHANGE_TIME",
		                            "MACHINE_DOMAIN_INFO", "MACHINE_PASSWORD" };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		(void)unlink(path);
		put("SID", "M10", SID_BYTES, 8);
		assert_read(SAMBA_NONE, "", "", "");
		put(keys[i], "LAB", "\0\0\0\0", 4);
		assert_read(SAMBA_NO_SECRET, "", "", "");
	}
	char text[SECRET_MAX + 2];
	memset(text, 'x', sizeof text);
	put("MACHINE_PASSWORD", "LAB", text, sizeof text);
	put_text("MACHINE_PASSWORD.PREV", "Before");
	assert_read(SAMBA_NO_SECRET, "", "Before", "");
}

static void the_only_domain(void **state)
{
	(void)state;
	char host[256] = "";
	assert_int_equal(gethostname(host, sizeof host - 1), 0);
	host[strcspn(host, ".") < 15 ? strcspn(host, ".") : 15] = '\0';
	put("SID", host, SID_BYTES, 8);
	assert_int_equal(read_domain(""), 0);
	assert_int_equal(secrets.state, SAMBA_NONE);
	put("SID", "LAB", SID_BYTES, 8);
	assert_int_equal(read_domain(""), 0);
	assert_int_equal(secrets.state, SAMBA_NO_SECRET);
	assert_string_equal(secrets.domain, "LAB");
	put("SID", "OLDNAME", SID_BYTES, 8);
	assert_int_equal(read_domain(""), -1);
	assert_fault(FAULT_CONFIG, "several domains");
	put_text("MACHINE_PASSWORD", "Password");
	put_text("MACHINE_PASSWORD.PREV", "Before");
	assert_int_equal(read_domain(""), 0);
	assert_string_equal(secrets.domain, "LAB");
	assert_secret(&secrets.current, "Password");
	put("MACHINE_PASSWORD", "SECOND", "x", 2);
	assert_int_equal(read_domain(""), -1);
	assert_fault(FAULT_CONFIG, "SECOND");
}

static void write_in_place(void **state)
{
	(void)state;
	struct stat before, after;
	make_member();
	put_time(SAMPLE_PENDING_CHANGED);
	put("MACHINE_DOMAIN_INFO", "LAB", sample_pending, sizeof sample_pending);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(write_password("New-Passw0rd", ""), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino == after.st_ino && before.st_mode == after.st_mode && before.st_uid == after.st_uid);
	assert_text("MACHINE_PASSWORD", "New-Passw0rd");
	assert_text("MACHINE_PASSWORD.PREV", SAMPLE_CURRENT);
	assert_value("MACHINE_LAST_CHANGE_TIME", TIME_NOW, 4);
	assert_value("MACHINE_SEC_CHANNEL_TYPE", "\2\0\0\0", 4);
	assert_value("MACHINE_DOMAIN_INFO", NULL, -1);
	assert_value("SID", SID_BYTES, 8);
	assert_read(SAMBA_OK, "New-Passw0rd", SAMPLE_CURRENT, "");
	assert_true(secrets.changed_unix == NOW);
}

static void previous_password(void **state)
{
	(void)state;
	make_member();
	assert_int_equal(write_password("Second", ""), 0);
	assert_int_equal(write_password("Second", ""), 0);
	assert_text("MACHINE_PASSWORD.PREV", SAMPLE_CURRENT);
	assert_int_equal(write_password("Third", "Given"), 0);
	assert_text("MACHINE_PASSWORD.PREV", "Given");
	put_text("MACHINE_PASSWORD", "Newer");
	assert_int_equal(write_password("Fourth", ""), 0);
	assert_text("MACHINE_PASSWORD.PREV", "Newer");
}

static void write_from_nothing(void **state)
{
	(void)state;
	put("SID", "LAB", SID_BYTES, 8);
	assert_int_equal(write_password("First", ""), 0);
	assert_read(SAMBA_OK, "First", "", "");
	assert_value("MACHINE_SEC_CHANNEL_TYPE", "\2\0\0\0", 4);
	assert_value("MACHINE_PASSWORD.PREV", NULL, -1);
	put("MACHINE_SEC_CHANNEL_TYPE", "LAB", "\6\0\0\0", 4);
	assert_int_equal(write_password("Second", ""), 0);
	assert_value("MACHINE_SEC_CHANNEL_TYPE", "\6\0\0\0", 4);
}

static void what_is_refused(void **state)
{
	(void)state;
	struct secret secret, none = { 0 };
	put_text("MACHINE_PASSWORD", "Password");
	assert_int_equal(write_password("New", ""), -1);
	assert_fault(FAULT_REFUSED, "no SID of the domain LAB");
	assert_text("MACHINE_PASSWORD", "Password");
	put("SID", "LAB", SID_BYTES, 8);
	assert_int_equal(write_password("", ""), -1);
	assert_fault(FAULT_INTERNAL, "empty");
	fault_clear(&fault);
	assert_true(secret_set(&secret, "a\0b", 3));
	assert_int_equal(samba_write(path, "LAB", &secret, &none, NOW, &fault), -1);
	assert_fault(FAULT_INTERNAL, "no text");
	assert_true(secret_set(&secret, "New", 3));
	static const char *const domains[] = { "", "A/B",
		                               "0123456789012345678901234567890123456789012345678901234567890123" };
	for (size_t i = 0; i < 3; i++) {
		fault_clear(&fault);
		assert_int_equal(samba_write(path, domains[i], &secret, &none, NOW, &fault), -1);
		assert_int_equal(fault.kind, FAULT_CONFIG);
	}
	assert_text("MACHINE_PASSWORD", "Password");
}

static void clock_before_1970(void **state)
{
	(void)state;
	struct secret secret, none = { 0 };
	put("SID", "LAB", SID_BYTES, 8);
	assert_true(secret_set(&secret, "New", 3));
	assert_int_equal(samba_write(path, "LAB", &secret, &none, -5, &fault), 0);
	assert_value("MACHINE_LAST_CHANGE_TIME", "\1\0\0\0", 4);
	assert_int_equal(samba_write(path, "LAB", &secret, &none, INT64_MAX, &fault), 0);
	assert_value("MACHINE_LAST_CHANGE_TIME", "\xff\xff\xff\xff", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_file),
		TEST(member),
		TEST(legacy_keys_alone),
		TEST(interrupted_rotation),
		TEST(blob_and_legacy_keys_differ),
		TEST(no_machine_password),
		TEST(the_only_domain),
		TEST(write_in_place),
		TEST(previous_password),
		TEST(write_from_nothing),
		TEST(what_is_refused),
		TEST(clock_before_1970),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
