/* The tables of codes: complete for what the other tables name, without a row twice, and found by every kind of key. */
#include <retrust/codes.h>
#include <retrust/condition.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const int32_t kerberos_numbers[] = {
#define X(number, name, meaning) number,
	RT_KERBEROS_CODES(X)
#undef X
};

static const uint32_t ntstatus_values[] = {
#define X(value, name, meaning) value,
	RT_NTSTATUS_CODES(X)
#undef X
};

static const struct codes_event events[] = {
#define X(number, where, text) { number, where, text },
	RT_EVENTS(X)
#undef X
};

enum {
	KERBEROS_COUNT = sizeof kerberos_numbers / sizeof *kerberos_numbers,
	NTSTATUS_COUNT = sizeof ntstatus_values / sizeof *ntstatus_values,
	EVENT_COUNT = sizeof events / sizeof *events
};

static void every_row_is_found_by_its_number(void **state)
{
	(void)state;
	for (int i = 0; i < KERBEROS_COUNT; i++) {
		const struct codes_kerberos *row = codes_kerberos(kerberos_numbers[i]);
		assert_non_null(row);
		assert_int_equal(row->number, kerberos_numbers[i]);
		assert_ptr_equal(codes_kerberos_by_name(row->name), row); /* so no name and no number is there twice */
		assert_true(strlen(row->meaning) > 0);
	}
	for (int i = 0; i < NTSTATUS_COUNT; i++) {
		const struct codes_ntstatus *row = codes_ntstatus(ntstatus_values[i]);
		assert_non_null(row);
		assert_true(row->value == ntstatus_values[i]);
		assert_ptr_equal(codes_ntstatus_by_name(row->name), row);
		assert_true(strncmp(row->name, "STATUS_", 7) == 0);
	}
	for (int i = 0; i < EVENT_COUNT; i++)
		assert_string_equal(codes_event(events[i].number)->text, events[i].text);
}

static void kerberos_takes_both_ways_to_number(void **state)
{
	(void)state;
	assert_string_equal(codes_kerberos_name(24), "KDC_ERR_PREAUTH_FAILED");
	assert_string_equal(codes_kerberos_name(-1765328360), "KDC_ERR_PREAUTH_FAILED");
	assert_string_equal(codes_kerberos_name(-1765328378), "KDC_ERR_C_PRINCIPAL_UNKNOWN");
	assert_string_equal(codes_kerberos_name(-1765328366), "KDC_ERR_CLIENT_REVOKED");
	assert_string_equal(codes_kerberos_name(-1765328347), "KRB_AP_ERR_SKEW");
	assert_string_equal(codes_kerberos_name(-1765328370), "KDC_ERR_ETYPE_NOSUPP");
	assert_string_equal(codes_kerberos_name(-1765328203), "KRB5_KT_NOTFOUND");
	assert_string_equal(codes_kerberos_name(-1765328228), "KRB5_KDC_UNREACH");
	assert_string_equal(codes_kerberos_name(0), "KDC_ERR_NONE");
}

static void names_are_found_however_they_are_written(void **state)
{
	(void)state;
	assert_int_equal(codes_kerberos_by_name("KRB5KDC_ERR_PREAUTH_FAILED")->number, 24);
	assert_int_equal(codes_kerberos_by_name("krb5krb_ap_err_skew")->number, 37);
	assert_int_equal(codes_kerberos_by_name("krb_ap_err_badkeyver")->number, 44);
	assert_int_equal(codes_kerberos_by_name("KRB5_KDC_UNREACH")->number, -1765328228);
	assert_true(codes_ntstatus_by_name("NT_STATUS_ACCESS_DENIED")->value == 0xC0000022u);
	assert_true(codes_ntstatus_by_name("status_no_trust_sam_account")->value == 0xC000018Bu);
}

static void what_is_unknown_has_no_name(void **state)
{
	(void)state;
	assert_string_equal(codes_kerberos_name(4711), "");
	assert_string_equal(codes_kerberos_name(-1), "");
	assert_string_equal(codes_kerberos_name(INT32_MIN), "");
	assert_string_equal(codes_kerberos_name(RT_KERBEROS_BASE + 128), "");
	assert_string_equal(codes_ntstatus_name(0xDEADBEEFu), "");
	assert_null(codes_kerberos_by_name(""));
	assert_null(codes_kerberos_by_name("KDC_ERR_"));
	assert_null(codes_ntstatus_by_name("ACCESS_DENIED"));
	assert_null(codes_event(0));
}

static void conditions_name_only_known_codes(void **state)
{
	(void)state;
	for (int i = 0; i < RT_COND_COUNT; i++) {
		const struct rt_condition_info *info = condition_info((enum rt_condition)i);
		if (info->event != 0)
			assert_non_null(codes_event(info->event));
		if (info->ntstatus != 0)
			assert_string_not_equal(codes_ntstatus_name(info->ntstatus), "");
	}
}

static void texts_of_the_kb_are_word_for_word(void **state)
{
	(void)state;
	assert_string_equal(codes_event(3210)->text,
	                    "Failed to authenticate with \\\\%1, a Windows NT domain controller for domain %2.");
	assert_string_equal(
		codes_event(5721)->text,
		"The session setup to the Windows NT Domain Controller \\\\%1 for the domain %2 failed because "
		"the Windows NT Domain Controller does not have an account for the computer %3.");
	assert_string_equal(codes_event(5722)->where, "DC");
}

/* A member records the KB's event for these two, and nothing for a channel that stands. */
static void the_channel_has_its_events(void **state)
{
	(void)state;
	assert_int_equal(codes_ntstatus_event(0xC0000022u), 3210);
	assert_int_equal(codes_ntstatus_event(0xC000018Bu), 5721);
	assert_int_equal(codes_ntstatus_event(0), 0);
	assert_int_equal(codes_ntstatus_event(0xC0000388u), 0);
}

static void message_id_is_a_128_bit_id(void **state)
{
	(void)state;
	assert_int_equal(strlen(RT_MESSAGE_ID_PREFIX), 24);
	assert_int_equal(strspn(RT_MESSAGE_ID_PREFIX, "0123456789abcdef"), 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found_by_its_number),
		cmocka_unit_test(kerberos_takes_both_ways_to_number),
		cmocka_unit_test(names_are_found_however_they_are_written),
		cmocka_unit_test(what_is_unknown_has_no_name),
		cmocka_unit_test(conditions_name_only_known_codes),
		cmocka_unit_test(texts_of_the_kb_are_word_for_word),
		cmocka_unit_test(the_channel_has_its_events),
		cmocka_unit_test(message_id_is_a_128_bit_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
