/* keytab_install.c against libkrb5: new keys come in, the previous and those of others stay, or nothing changes. */
#include "../../helper/store/keytab.h"

#include "keytab_text.h"

static void new_keys(struct machine_keys *keys, int32_t kvno)
{
	uint8_t bytes[32];
	memset(keys, 0, sizeof *keys);
	for (int32_t enctype = 18; enctype >= 17; enctype--) {
		struct machine_key *key = &keys->key[keys->count++];
		memset(bytes, enctype == 18 ? 'N' : 'n', sizeof bytes);
		key->kvno = kvno;
		key->enctype = enctype;
		assert_true(secret_set(&key->key, bytes, key_length(enctype)));
	}
}

static void two_names(struct keytab_names *names)
{
	memset(names, 0, sizeof *names);
	strcpy(names->name[names->count++], "M1$@LAB.EXAMPLE");
	strcpy(names->name[names->count++], "host/m1@LAB.EXAMPLE");
}

static int install(int32_t kvno, const char *backup, struct fault *ret_fault)
{
	static struct machine_keys keys;
	static struct keytab_names names;
	*ret_fault = (struct fault){ .kind = FAULT_NONE };
	new_keys(&keys, kvno);
	two_names(&names);
	return keytab_install(PATH, backup, &names, &keys, ret_fault);
}

#define NEW(kvno)                                                                                                      \
	"M1$@LAB.EXAMPLE " #kvno " 17 n\nM1$@LAB.EXAMPLE " #kvno " 18 N\nhost/m1@LAB.EXAMPLE " #kvno                   \
	" 17 n\nhost/m1@LAB.EXAMPLE " #kvno " 18 N\n"

/* Before, the new version, and after (sorted by principal, then by the line's text). */
static const struct {
	const char *name, *before;
	int32_t kvno;
	const char *after;
} installs[] = {
	{ "nothing there", NULL, 5, NEW(5) },
	{ "the one before stays", "M1$@LAB.EXAMPLE 4 18 a\nhost/m1@LAB.EXAMPLE 4 18 a\n", 5,
	  "M1$@LAB.EXAMPLE 4 18 a\nM1$@LAB.EXAMPLE 5 17 n\nM1$@LAB.EXAMPLE 5 18 N\nhost/m1@LAB.EXAMPLE 4 18 a\n"
	  "host/m1@LAB.EXAMPLE 5 17 n\nhost/m1@LAB.EXAMPLE 5 18 N\n" },
	{ "older ones go", "M1$@LAB.EXAMPLE 2 18 a\nM1$@LAB.EXAMPLE 4 18 c\nM1$@LAB.EXAMPLE 3 18 b\n", 5,
	  "M1$@LAB.EXAMPLE 4 18 c\n" NEW(5) },
	{ "with a gap the newest below stays",
	  "M1$@LAB.EXAMPLE 1 18 a\nM1$@LAB.EXAMPLE 2 17 b\nM1$@LAB.EXAMPLE 2 18 b\n", 9,
	  "M1$@LAB.EXAMPLE 2 17 b\nM1$@LAB.EXAMPLE 2 18 b\n" NEW(9) },
	{ "higher ones are dropped", "M1$@LAB.EXAMPLE 6 18 a\nM1$@LAB.EXAMPLE 300 18 b\nM1$@LAB.EXAMPLE 3 18 c\n", 5,
	  "M1$@LAB.EXAMPLE 3 18 c\n" NEW(5) },
	{ "the same one is replaced", "M1$@LAB.EXAMPLE 5 18 a\nM1$@LAB.EXAMPLE 5 23 b\nhost/m1@LAB.EXAMPLE 5 18 a\n", 5,
	  NEW(5) },
	{ "others are untouched",
	  "M1$@OTHER 7 18 o\nM2$@LAB.EXAMPLE 8 18 p\nhost/m1.lab.example@LAB.EXAMPLE 6 18 q\nM1$@LAB.EXAMPLE 7 18 a\n"
	  "z/m1@LAB.EXAMPLE 1 23 r\nz/m1@LAB.EXAMPLE 2 18 r\n",
	  5,
	  "M1$@LAB.EXAMPLE 5 17 n\nM1$@LAB.EXAMPLE 5 18 N\nM1$@OTHER 7 18 o\nM2$@LAB.EXAMPLE 8 18 p\n"
	  "host/m1.lab.example@LAB.EXAMPLE 6 18 q\nhost/m1@LAB.EXAMPLE 5 17 n\nhost/m1@LAB.EXAMPLE 5 18 N\n"
	  "z/m1@LAB.EXAMPLE 1 23 r\nz/m1@LAB.EXAMPLE 2 18 r\n" },
	{ "over 255", "M1$@LAB.EXAMPLE 255 18 a\nM1$@LAB.EXAMPLE 254 18 b\n", 256,
	  "M1$@LAB.EXAMPLE 255 18 a\n" NEW(256) },
	{ "far over 255", "M1$@LAB.EXAMPLE 70000 18 a\nM1$@LAB.EXAMPLE 113 18 b\n", 70001,
	  "M1$@LAB.EXAMPLE 70000 18 a\n" NEW(70001) },
	{ "back to 1", "M1$@LAB.EXAMPLE 3 18 a\nM1$@LAB.EXAMPLE 257 18 a\nhost/m1@LAB.EXAMPLE 2 18 b\n", 1, NEW(1) },
	{ "only others", "z/m1@LAB.EXAMPLE 1 18 r\n", 2, NEW(2) "z/m1@LAB.EXAMPLE 1 18 r\n" },
};

static void installing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof installs / sizeof *installs; i++) {
		struct fault fault;
		(void)unlink(PATH);
		if (installs[i].before != NULL)
			write_keytab(PATH, installs[i].before);
		if (install(installs[i].kvno, NULL, &fault) != 0)
			fail_msg("%s: %s", installs[i].name, fault.text);
		const char *found = listing(PATH);
		if (strcmp(found, installs[i].after) != 0)
			fail_msg("%s:\n%sinstead of\n%s", installs[i].name, found, installs[i].after);
	}
}

static void what_is_installed_is_read(void **state)
{
	static struct keytab keytab;
	struct fault fault;
	(void)state;
	write_keytab(PATH, HOST);
	assert_int_equal(install(256, NULL, &fault), 0);
	assert_int_equal(keytab_read(PATH, "", "", &keytab, NULL), 0);
	assert_int_equal(keytab.state, KEYTAB_OK);
	assert_int_equal(keytab.keys.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(keytab.keys.key[i].kvno, i < 2 ? 256 : 4);
		assert_int_equal(keytab.keys.key[i].enctype, i % 2 == 0 ? 18 : 17);
		assert_int_equal(keytab.keys.key[i].key.bytes[0], "Nncd"[i]);
	}
	assert_int_equal(keytab.names.count, 3);
}

/* Twice the same is the same: a repair that is begun again after a crash. */
static void again_changes_nothing(void **state)
{
	char first[4000];
	struct fault fault;
	(void)state;
	write_keytab(PATH, HOST FOREIGN);
	assert_int_equal(install(5, NULL, &fault), 0);
	strcpy(first, listing(PATH));
	assert_int_equal(install(5, NULL, &fault), 0);
	assert_string_equal(listing(PATH), first);
}

static void a_new_file_is_private(void **state)
{
	struct stat st;
	struct fault fault;
	(void)state;
	(void)unlink(PATH);
	assert_int_equal(install(5, NULL, &fault), 0);
	assert_int_equal(stat(PATH, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	spill(PATH, NULL, 0);
	assert_int_equal(chmod(PATH, 0640), 0);
	assert_int_equal(install(5, NULL, &fault), 0);
	assert_string_equal(listing(PATH), NEW(5));
	assert_int_equal(stat(PATH, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
}

static void the_backup_is_the_old_file(void **state)
{
	uint8_t before[2000], after[2000];
	struct stat st;
	struct fault fault;
	(void)state;
	write_keytab(PATH, HOST FOREIGN);
	assert_int_equal(chmod(PATH, 0644), 0);
	(void)unlink(BACKUP);
	size_t len = slurp(PATH, before, sizeof before);
	assert_int_equal(install(5, BACKUP, &fault), 0);
	assert_int_equal(slurp(BACKUP, after, sizeof after), len);
	assert_memory_equal(before, after, len);
	assert_int_equal(stat(BACKUP, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(stat(PATH, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	(void)unlink(BACKUP);
	(void)unlink(PATH);
	assert_int_equal(install(5, BACKUP, &fault), 0);
	assert_int_equal(access(BACKUP, F_OK), -1);
}

/* Does installing fail, and leave the file as it was? */
static bool fails(const char *backup)
{
	static uint8_t before[3000], after[3000];
	struct fault fault;
	size_t len = slurp(PATH, before, sizeof before);
	int result = install(5, backup, &fault);
	return result == -1 && fault.kind == FAULT_INTERNAL && slurp(PATH, after, sizeof after) == len &&
	       memcmp(before, after, len) == 0;
}

static void without_a_backup_nothing_is_written(void **state)
{
	(void)state;
	write_keytab(PATH, HOST);
	assert_true(fails("absent/backup"));
}

static void junk_is_left_alone(void **state)
{
	(void)state;
	spill(PATH, (const uint8_t *)"junk that is no keytab at all\n", 30);
	assert_true(fails(BACKUP));
	spill(PATH, (const uint8_t *)"\x05", 1);
	assert_true(fails(BACKUP));
}

static int install_over_every_cut(void)
{
	uint8_t data[3000];
	int wrong = 0;
	size_t len = slurp(PATH, data, sizeof data);
	for (size_t i = 3; i < len; i++) {
		if (is_boundary(data, i))
			continue;
		spill(PATH, data, i);
		if (!fails(NULL) && wrong++ == 0)
			print_error("%zu of %zu bytes were replaced\n", i, len);
	}
	return wrong;
}

/* Keys of others may stand behind the cut: better no repair than a file without them. */
static void a_truncated_file_is_left_alone(void **state)
{
	(void)state;
	write_keytab(PATH, HOST FOREIGN);
	assert_int_equal(wrong_in_child(install_over_every_cut), 0);
}

static void nothing_to_write_is_an_error(void **state)
{
	static struct machine_keys keys, no_keys;
	static struct keytab_names names, no_names;
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	write_keytab(PATH, HOST);
	char before[2000];
	strcpy(before, listing(PATH));
	new_keys(&keys, 5);
	two_names(&names);
	assert_int_equal(keytab_install(PATH, NULL, &no_names, &keys, &fault), -1);
	assert_int_equal(fault.kind, FAULT_INTERNAL);
	assert_int_equal(keytab_install(PATH, NULL, &names, &no_keys, NULL), -1);
	strcpy(names.name[1], "host/a@b@c@");
	assert_int_equal(keytab_install(PATH, NULL, &names, &keys, NULL), -1);
	assert_string_equal(listing(PATH), before);
}

static void no_descriptor_is_left(void **state)
{
	struct fault fault;
	(void)state;
	write_keytab(PATH, HOST);
	struct traces before = traces_take();
	assert_int_equal(install(5, BACKUP, &fault), 0);
	spill(PATH, (const uint8_t *)"junk", 4);
	assert_int_equal(install(5, BACKUP, &fault), -1);
	assert_null(traces_left(&before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(installing),
		cmocka_unit_test(what_is_installed_is_read),
		cmocka_unit_test(again_changes_nothing),
		cmocka_unit_test(a_new_file_is_private),
		cmocka_unit_test(the_backup_is_the_old_file),
		cmocka_unit_test(without_a_backup_nothing_is_written),
		cmocka_unit_test(junk_is_left_alone),
		cmocka_unit_test(a_truncated_file_is_left_alone),
		cmocka_unit_test(nothing_to_write_is_an_error),
		cmocka_unit_test(no_descriptor_is_left),
	};
	char directory[] = "/tmp/test_keytab_install.XXXXXX";
	if (!begin_keytabs(directory))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	end_keytabs(directory);
	return failed;
}
