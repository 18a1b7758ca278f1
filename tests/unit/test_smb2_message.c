/* smb2_message.c: what is written, byte for byte where the specification fixes it, and what is taken as an answer.
 * (Lies on the wire: test_smb_pipe.c.) */
#include "../../helper/directory/smb2_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint8_t bytes[SMB2_MESSAGE_MAX];

static uint32_t at(size_t offset, size_t size)
{
	uint32_t value = 0;
	for (size_t i = size; i > 0; i--)
		value = value << 8 | bytes[offset + i - 1];
	return value;
}

static void test_header(void **state)
{
	struct smb2_state smb = { .message = 0x100000002, .session = 0x1122334455667788, .tree = 9 };
	(void)state;
	assert_int_equal(SMB2_HEADER + 49, smb2_message_read(&smb, bytes));
	assert_memory_equal("\xfeSMB\x40\0\0\0\0\0\0\0\x08\0", bytes, 14);
	assert_int_equal(2, at(24, 4));
	assert_int_equal(1, at(28, 4));
	assert_int_equal(9, at(36, 4));
	assert_int_equal(0x55667788, at(40, 4));
	assert_int_equal(0x11223344, at(44, 4));
	assert_true(smb.message == 0x100000003);
}

static void test_requests(void **state)
{
	struct smb2_state smb = { .message = 0 };
	const uint8_t guid[16] = { 1 };
	(void)state;
	memset(smb.file, 0x77, sizeof smb.file);
	assert_int_equal(SMB2_HEADER + 40, smb2_message_negotiate(&smb, guid, bytes));
	assert_memory_equal("\x02\x02\x10\x02", bytes + SMB2_HEADER + 36, 4);
	assert_int_equal(SMB2_HEADER + 24 + 3, smb2_message_session_setup(&smb, (const uint8_t *)"abc", 3, bytes));
	assert_int_equal(SMB2_HEADER + 24, at(SMB2_HEADER + 12, 2));
	assert_int_equal(3, at(SMB2_HEADER + 14, 2));
	assert_int_equal(SMB2_HEADER + 8 + 22, smb2_message_tree_connect(&smb, "pdc1", bytes));
	assert_memory_equal("\\\0\\\0p\0d\0c\0001\0\\\0I\0P\0C\0$\0", bytes + SMB2_HEADER + 8, 22);
	assert_int_equal(SMB2_HEADER + 56 + 16, smb2_message_create(&smb, "netlogon", bytes));
	assert_int_equal(16, at(SMB2_HEADER + 46, 2));
	assert_int_equal(SMB2_HEADER + 56 + 4, smb2_message_transceive(&smb, (const uint8_t *)"ping", 4, bytes));
	assert_int_equal(0x0011c017, at(SMB2_HEADER + 4, 4));
	assert_int_equal(SMB2_HEADER + 56, at(SMB2_HEADER + 24, 4));
	assert_memory_equal(smb.file, bytes + SMB2_HEADER + 8, sizeof smb.file);
	assert_memory_equal("ping", bytes + SMB2_HEADER + 56, 4);
	assert_true(smb.message == 5);
}

static void test_too_long(void **state)
{
	struct smb2_state smb = { .message = 0 };
	static uint8_t much[SMB2_MESSAGE_MAX];
	char name[400];
	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(0, smb2_message_transceive(&smb, much, sizeof much, bytes));
	assert_int_equal(0, smb2_message_session_setup(&smb, much, sizeof much, bytes));
	assert_int_equal(0, smb2_message_tree_connect(&smb, name, bytes));
	assert_int_equal(0, smb2_message_create(&smb, name, bytes));
	assert_int_equal(0, smb2_message_tree_connect(&smb, "\xff\xfe", bytes));
}

static void test_length(void **state)
{
	(void)state;
	assert_int_equal(SMB2_HEADER, smb2_message_length((const uint8_t *)"\0\0\0\x40"));
	assert_int_equal(SMB2_MESSAGE_MAX, smb2_message_length((const uint8_t *)"\0\0\x24\0"));
	assert_int_equal(0, smb2_message_length((const uint8_t *)"\0\0\0\x3f"));
	assert_int_equal(0, smb2_message_length((const uint8_t *)"\0\0\x24\x01"));
	assert_int_equal(0, smb2_message_length((const uint8_t *)"\x81\0\0\x40"));
}

/* Who a guest is let in as is nobody; a server that has nothing more to say has no token. */
static void test_setup(void **state)
{
	struct smb2_reply reply = { .bytes = bytes, .len = SMB2_HEADER + 8 };
	struct smb2_setup setup;
	(void)state;
	for (uint8_t flags = 0; flags < 8; flags++) {
		memset(bytes, 0, SMB2_HEADER + 8);
		bytes[SMB2_HEADER] = 9;
		bytes[SMB2_HEADER + 2] = flags;
		assert_true(smb2_message_setup(&reply, &setup));
		assert_int_equal((flags & 3) == 0, setup.is_somebody);
		assert_int_equal(0, setup.token_len);
	}
	bytes[SMB2_HEADER + 4] = SMB2_HEADER + 8;
	bytes[SMB2_HEADER + 6] = 5;
	assert_false(smb2_message_setup(&reply, &setup));
	reply.len += 5;
	assert_true(smb2_message_setup(&reply, &setup));
	assert_ptr_equal(bytes + SMB2_HEADER + 8, setup.token);
	assert_int_equal(5, setup.token_len);
}

/* An answer is never read past its end, whatever its length. */
static void test_cut(void **state)
{
	struct smb2_reply reply = { .bytes = bytes, .command = SMB2_IOCTL };
	uint8_t file[SMB2_FILE_ID];
	struct smb2_setup setup;
	const uint8_t *data;
	size_t len;
	(void)state;
	memset(bytes, 0xff, sizeof bytes);
	for (reply.len = SMB2_HEADER; reply.len < SMB2_HEADER + 100; reply.len++) {
		assert_false(smb2_message_negotiated(&reply));
		assert_false(smb2_message_setup(&reply, &setup));
		assert_false(smb2_message_is_pipe_share(&reply));
		assert_false(smb2_message_created(&reply, file));
		assert_false(smb2_message_data(&reply, &data, &len));
	}
	for (size_t n = 0; n < SMB2_HEADER; n++)
		assert_false(smb2_message_reply(bytes, n, &reply));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_header),   cmocka_unit_test(test_requests),
		                            cmocka_unit_test(test_too_long), cmocka_unit_test(test_length),
		                            cmocka_unit_test(test_setup),    cmocka_unit_test(test_cut) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
