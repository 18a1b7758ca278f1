/* keytab.c and keytab_file.c against libkrb5: what it wrote is read, and what is damaged is never believed. */
#include "../../helper/store/keytab.h"

#include "keytab_text.h"

static enum keytab_state read_state(const char *account, const char *realm, struct keytab *ret_keytab)
{
	struct fault fault = { .kind = FAULT_NONE };
	memset(ret_keytab, 0x5a, sizeof *ret_keytab);
	assert_int_equal(keytab_read(PATH, account, realm, ret_keytab, &fault), 0);
	assert_int_equal(fault.kind != FAULT_NONE, ret_keytab->state == KEYTAB_UNREADABLE);
	if (fault.kind != FAULT_NONE)
		assert_non_null(strstr(fault.text, PATH));
	return ret_keytab->state;
}

static void assert_key(const struct keytab *keytab, size_t i, int32_t kvno, int32_t enctype, int letter)
{
	uint8_t bytes[32];
	memset(bytes, letter, sizeof bytes);
	assert_true(i < keytab->keys.count);
	assert_int_equal(keytab->keys.key[i].kvno, kvno);
	assert_int_equal(keytab->keys.key[i].enctype, enctype);
	assert_int_equal(keytab->keys.key[i].key.len, key_length(enctype));
	assert_memory_equal(keytab->keys.key[i].key.bytes, bytes, key_length(enctype));
}

static void finds_the_account(void **state)
{
	static struct keytab keytab;
	(void)state;
	write_keytab(PATH, FOREIGN HOST);
	assert_int_equal(read_state("", "", &keytab), KEYTAB_OK);
	assert_string_equal(keytab.account, "M1$");
	assert_string_equal(keytab.realm, "LAB.EXAMPLE");
	assert_int_equal(keytab.keys.count, 4);
	assert_key(&keytab, 0, 4, 18, 'c');
	assert_key(&keytab, 1, 4, 17, 'd');
	assert_key(&keytab, 2, 3, 18, 'a');
	assert_key(&keytab, 3, 3, 17, 'b');
	assert_int_equal(keytab.names.count, 2);
	assert_string_equal(keytab.names.name[0], "M1$@LAB.EXAMPLE");
	assert_string_equal(keytab.names.name[1], "host/m1.lab.example@LAB.EXAMPLE");
	keytab_wipe(&keytab);
}

static void newest_first_however_it_is_written(void **state)
{
	static struct keytab keytab;
	(void)state;
	write_keytab(PATH, "host/m1@LAB.EXAMPLE 255 17 x\nM1$@LAB.EXAMPLE 255 17 x\nM1$@LAB.EXAMPLE 70000 17 y\n"
	                   "M1$@LAB.EXAMPLE 256 23 z\nM1$@LAB.EXAMPLE 256 18 u\n");
	assert_int_equal(read_state("", "", &keytab), KEYTAB_OK);
	assert_int_equal(keytab.keys.count, 4);
	assert_key(&keytab, 0, 70000, 17, 'y');
	assert_int_equal(keytab.keys.key[1].kvno, 256);
	assert_int_equal(keytab.keys.key[2].kvno, 256);
	assert_key(&keytab, 3, 255, 17, 'x');
	assert_string_equal(keytab.names.name[0], "M1$@LAB.EXAMPLE");
	assert_string_equal(keytab.names.name[1], "host/m1@LAB.EXAMPLE");
}

/* Who shares a key with the account is the account: the same bytes of the same enctype, whatever the number. */
static void names_that_share_a_key(void **state)
{
	static struct keytab keytab;
	(void)state;
	write_keytab(
		PATH,
		"HTTP/m1@LAB.EXAMPLE 2 18 c\nM1$@LAB.EXAMPLE 4 18 c\nM1$@LAB.EXAMPLE 4 17 d\nM1$@LAB.EXAMPLE 3 18 a\n"
		"RestrictedKrbHost/m1@LAB.EXAMPLE 4 18 c\nold/m1@LAB.EXAMPLE 3 18 a\n"
		"other/m1@LAB.EXAMPLE 4 18 x\nshort/m1@LAB.EXAMPLE 4 17 c\nrc4/m1@LAB.EXAMPLE 4 23 d\n"
		"HTTP/m1@LAB.EXAMPLE 4 18 c\n");
	assert_int_equal(read_state("", "", &keytab), KEYTAB_OK);
	assert_int_equal(keytab.names.count, 4);
	assert_string_equal(keytab.names.name[0], "M1$@LAB.EXAMPLE");
	assert_string_equal(keytab.names.name[1], "HTTP/m1@LAB.EXAMPLE");
	assert_string_equal(keytab.names.name[2], "RestrictedKrbHost/m1@LAB.EXAMPLE");
	assert_string_equal(keytab.names.name[3], "old/m1@LAB.EXAMPLE");
}

static void which_account(void **state)
{
	static const struct {
		const char *account, *realm;
		enum keytab_state state;
		const char *found;
		int key; /* the newest key's letter */
	} rows[] = {
		{ "", "", KEYTAB_OK, "M1$@LAB.EXAMPLE", 'c' },
		{ "M1$", "LAB.EXAMPLE", KEYTAB_OK, "M1$@LAB.EXAMPLE", 'c' },
		{ "m1$", "lab.example", KEYTAB_OK, "M1$@LAB.EXAMPLE", 'c' },
		{ "M2$", "", KEYTAB_OK, "M2$@OTHER", 'o' },
		{ "", "OTHER", KEYTAB_OK, "M2$@OTHER", 'o' },
		{ "M1-spare", "LAB.EXAMPLE", KEYTAB_OK, "m1-spare@LAB.EXAMPLE", 's' },
		{ "M1", "", KEYTAB_NO_MACHINE_KEY, NULL, 0 },
		{ "M1$$", "", KEYTAB_NO_MACHINE_KEY, NULL, 0 },
		{ "M1$", "OTHER", KEYTAB_NO_MACHINE_KEY, NULL, 0 },
		{ "M2$", "OTHERS", KEYTAB_NO_MACHINE_KEY, NULL, 0 },
		{ "", "NOWHERE", KEYTAB_NO_MACHINE_KEY, NULL, 0 },
		{ "HTTP", "", KEYTAB_NO_MACHINE_KEY, NULL, 0 },
	};
	static struct keytab keytab;
	(void)state;
	write_keytab(PATH, "two/M9$@LAB.EXAMPLE 8 18 t\n$@LAB.EXAMPLE 8 18 t\n" FOREIGN HOST "M2$@OTHER 7 18 o\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (read_state(rows[i].account, rows[i].realm, &keytab) != rows[i].state)
			fail_msg("row %zu: state %d", i, (int)keytab.state);
		if (rows[i].found == NULL)
			continue;
		assert_string_equal(keytab.names.name[0], rows[i].found);
		assert_int_equal(keytab.keys.key[0].key.bytes[0], rows[i].key);
	}
}

static void a_name_too_long_is_our_own_failure(void **state)
{
	static struct keytab keytab;
	char account[65], realm[257];
	struct fault fault = { .kind = FAULT_NONE };
	(void)state;
	memset(account, 'A', sizeof account);
	account[64] = '\0';
	assert_int_equal(keytab_read(PATH, account, "", &keytab, &fault), -1);
	assert_int_equal(fault.kind, FAULT_CONFIG);
	memset(realm, 'R', sizeof realm);
	realm[256] = '\0';
	assert_int_equal(keytab_read(PATH, "M1$", realm, &keytab, NULL), -1);
}

static void absent_empty_and_junk(void **state)
{
	static const struct {
		const char *content;
		size_t len;
		enum keytab_state state;
	} rows[] = {
		{ "", 0, KEYTAB_MISSING },
		{ "\x05", 1, KEYTAB_UNREADABLE },
		{ "\x05\x02", 2, KEYTAB_NO_MACHINE_KEY },
		{ "\x05\x09", 2, KEYTAB_UNREADABLE },
		{ "junk that is no keytab at all\n", 30, KEYTAB_UNREADABLE },
		{ "\0\0\0\0\0\0\0\0", 8, KEYTAB_UNREADABLE },
		{ "\x05\x02\xff\xff\xff\xff\xff\xff\xff\xff", 10, KEYTAB_UNREADABLE },
		{ "\x05\x02\x7f\xff\xff\xff\x00\x01", 8, KEYTAB_UNREADABLE },
		{ "\x05\x02\x00\x00\x00\x08\xff\xff\xff\xff\xff\xff\xff\xff", 14, KEYTAB_UNREADABLE },
		{ "\x05\x02\x80\x00\x00\x00\x00\x01", 8, KEYTAB_UNREADABLE },
	};
	static struct keytab keytab;
	int wrong = 0;
	(void)state;
	(void)unlink(PATH);
	assert_int_equal(read_state("", "", &keytab), KEYTAB_MISSING);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		spill(PATH, (const uint8_t *)rows[i].content, rows[i].len);
		if (read_state("", "", &keytab) != rows[i].state) {
			print_error("row %zu: state %d\n", i, (int)keytab.state);
			wrong++;
		}
		assert_int_equal(keytab.keys.count, 0);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(unlink(PATH), 0);
	assert_int_equal(mkdir(PATH, 0700), 0);
	assert_int_equal(read_state("", "", &keytab), KEYTAB_UNREADABLE);
	assert_int_equal(rmdir(PATH), 0);
	assert_int_equal(mkfifo(PATH, 0600), 0);
	assert_int_equal(read_state("", "", &keytab), KEYTAB_UNREADABLE);
	assert_int_equal(unlink(PATH), 0);
}

/* What a file of those bytes is taken for; -1 where the state and what comes with it don't fit. */
static int state_of(const uint8_t *data, size_t len)
{
	static struct keytab keytab;
	struct fault fault = { .kind = FAULT_NONE };
	spill(PATH, data, len);
	if (keytab_read(PATH, "", "", &keytab, &fault) != 0 ||
	    (fault.kind != FAULT_NONE) != (keytab.state == KEYTAB_UNREADABLE) ||
	    (keytab.keys.count > 0) != (keytab.state == KEYTAB_OK))
		return -1;
	return (int)keytab.state;
}

static int cut_everywhere(void)
{
	uint8_t data[2000];
	int wrong = 0;
	size_t len = slurp(PATH, data, sizeof data);
	for (size_t i = 1; i < len; i++) {
		enum keytab_state expected = i == 2                 ? KEYTAB_NO_MACHINE_KEY
		                             : is_boundary(data, i) ? KEYTAB_OK
		                                                    : KEYTAB_UNREADABLE;
		int found = state_of(data, i);
		if (found != (int)expected && wrong++ == 0)
			print_error("%zu of %zu bytes: state %d\n", i, len, found);
	}
	return wrong;
}

/* A cut file is told as unreadable: what is missing may be the key that counts. */
static void truncated_at_every_length(void **state)
{
	(void)state;
	write_keytab(PATH, HOST);
	assert_int_equal(wrong_in_child(cut_everywhere), 0);
}

static int damage_everywhere(void)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	uint8_t data[2000];
	int wrong = 0;
	size_t len = slurp(PATH, data, sizeof data);
	for (size_t i = 0; i < len; i++) {
		for (size_t j = 0; j < sizeof masks; j++) {
			data[i] ^= masks[j];
			wrong += state_of(data, len) < 0;
			data[i] ^= masks[j];
		}
	}
	return wrong;
}

/* No byte makes it crash or run over (the sanitizers look on). */
static void survives_every_damaged_byte(void **state)
{
	(void)state;
	write_keytab(PATH, HOST);
	assert_int_equal(wrong_in_child(damage_everywhere), 0);
}

static void more_keys_and_names_than_fit(void **state)
{
	static struct keytab keytab;
	static char text[20000];
	(void)state;
	text[0] = '\0';
	for (int i = 1; i <= MACHINE_KEYS_MAX + 10; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "M1$@LAB.EXAMPLE %d 18 %c\n", i,
		               'a' + i % 26);
	strcat(text, "M1$@LAB.EXAMPLE 2 17 z\n"); /* an old one that somebody put back */
	for (int i = 1; i <= KEYTAB_PRINCIPALS_MAX + 10; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "svc%d/m1@LAB.EXAMPLE 1 18 b\n", i);
	write_keytab(PATH, text);
	assert_int_equal(read_state("", "", &keytab), KEYTAB_OK);
	assert_int_equal(keytab.keys.count, MACHINE_KEYS_MAX);
	assert_int_equal(keytab.names.count, KEYTAB_PRINCIPALS_MAX);
	assert_int_equal(keytab.keys.key[0].kvno, MACHINE_KEYS_MAX + 10);
	assert_int_equal(keytab.keys.key[MACHINE_KEYS_MAX - 1].kvno, 11);
}

static void no_descriptor_is_left(void **state)
{
	static struct keytab keytab;
	(void)state;
	write_keytab(PATH, HOST);
	struct traces before = traces_take();
	assert_int_equal(read_state("", "", &keytab), KEYTAB_OK);
	spill(PATH, (const uint8_t *)"junk", 4);
	assert_int_equal(read_state("", "", &keytab), KEYTAB_UNREADABLE);
	assert_null(traces_left(&before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_account),
		cmocka_unit_test(newest_first_however_it_is_written),
		cmocka_unit_test(names_that_share_a_key),
		cmocka_unit_test(which_account),
		cmocka_unit_test(a_name_too_long_is_our_own_failure),
		cmocka_unit_test(absent_empty_and_junk),
		cmocka_unit_test(truncated_at_every_length),
		cmocka_unit_test(survives_every_damaged_byte),
		cmocka_unit_test(more_keys_and_names_than_fit),
		cmocka_unit_test(no_descriptor_is_left),
	};
	char directory[] = "/tmp/test_keytab.XXXXXX";
	if (!begin_keytabs(directory))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	end_keytabs(directory);
	return failed;
}
