/* The auth line of pam_retrust.so: what the documented stack answers, what the person reads, what is left behind. */
#include "pam_stage.h"

#include "../../helper/base/deadline.h"

static void say_retry(int sock)
{
	say_result(sock, RT_COND_HEALTHY, RT_TAG_RETRY, NULL);
}

static void say_user_fault(int sock)
{
	say_result(sock, RT_COND_HEALTHY, RT_TAG_USER_FAULT, NULL);
}

static void say_just_repaired(int sock)
{
	struct rt_msg result;
	proto_begin(&result, RT_MSG_RESULT);
	proto_put_u32(&result, RT_TAG_EXIT, 0);
	proto_put_u32(&result, RT_TAG_CONDITION, RT_COND_HEALTHY);
	proto_put_u32(&result, RT_TAG_REPAIRED, 1);
	proto_put_u32(&result, RT_TAG_USER_FAULT, 1);
	(void)proto_send(sock, &result, -1, 1000);
}

static void say_no_dc(int sock)
{
	say_result(sock, RT_COND_NO_DC, RT_TAG_FLAGS, "not for the person");
}

static void say_clock_skew(int sock)
{
	say_result(sock, RT_COND_CLOCK_SKEW, RT_TAG_FLAGS, "The clock is off.");
}

static void say_disabled(int sock)
{
	say_result(sock, RT_COND_ACCOUNT_DISABLED, RT_TAG_FLAGS, "The account is disabled.");
}

static void say_tried_in_vain(int sock)
{
	fake_step(sock, RT_STEP_RESET, NULL, NULL);
	say_result(sock, RT_COND_SECRET_MISMATCH, RT_TAG_FLAGS, "Ask an administrator.");
}

static void hang_amid(int sock)
{
	fake_step(sock, RT_STEP_RESET, NULL, NULL);
	(void)sleep(10);
	(void)sock;
}

static void die(int sock)
{
	(void)sock;
}

static void lie(int sock)
{
	(void)!write(sock, "junk", 4);
}

/* A healthy logon, a wrong password, a locked user: the line before ours decides, and nobody hears of it. */
static void what_is_not_ours_never_reaches_the_helper(void **state)
{
	(void)state;
	static const int codes[] = { PAM_SUCCESS, PAM_AUTH_ERR, PAM_MAXTRIES, PAM_ACCT_EXPIRED, PAM_PERM_DENIED };
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		attempt(&(struct attempt){ .first = codes[i], .script = say_repaired });
		assert_int_equal(outcome->code, codes[i]);
		assert_int_equal(outcome->afterwards, PAM_SUCCESS);
		assert_false(outcome->log.asked);
		assert_string_equal(outcome->said, "");
	}
}

static void a_repaired_channel_lets_the_same_logon_go_on(void **state)
{
	(void)state;
	static const int codes[] = { PAM_SYSTEM_ERR, PAM_AUTHINFO_UNAVAIL, PAM_USER_UNKNOWN };
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		attempt(&(struct attempt){ .first = codes[i], .script = say_repaired });
		assert_int_equal(outcome->code, PAM_SUCCESS);
		assert_int_equal(outcome->afterwards, PAM_SUCCESS);
		assert_true(outcome->retried);
		assert_string_equal(outcome->said, KB STEPS);
	}
}

static void the_request_is_a_logon_and_without_the_password(void **state)
{
	(void)state;
	uint32_t verb = 0;
	uint32_t timeout = 0;
	attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR, .script = say_repaired, .options = "timeout=7" });
	assert_true(outcome->log.asked);
	assert_true(proto_get_u32(&outcome->log.request, RT_TAG_VERB, &verb));
	assert_true(proto_get_u32(&outcome->log.request, RT_TAG_TIMEOUT_MS, &timeout));
	assert_int_equal(verb, RT_VERB_LOGON);
	assert_in_range(timeout, 5000, 7000);
	assert_null(memmem(outcome->log.request.buf, outcome->log.request.len, "Passw0rd", 8));
	assert_null(memmem(outcome->log.request.buf, outcome->log.request.len, "alice", 5));
}

static void the_word_winbind_and_the_time_go_along(void **state)
{
	(void)state;
	static const char *const options[] = { "", "winbind", "debug winbind timeout=7" };
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		uint32_t flags = 99, failed = 0;
		attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR, .script = say_repaired, .options = options[i] });
		assert_true(proto_get_u32(&outcome->log.request, RT_TAG_FLAGS, &flags));
		assert_int_equal(flags, i > 0 ? RT_FLAG_WINBIND : 0);
		assert_true(proto_get_u32(&outcome->log.request, RT_TAG_FAILED_MS, &failed));
		assert_in_range((uint32_t)deadline_boot_ms() - failed, 0, 10000);
	}
}

/* What the stack answers and the person reads, by what the helper found. */
static void every_verdict_ends_as_the_contract_says(void **state)
{
	(void)state;
	static const struct {
		fake_script *script;
		int code;
		bool retried;
		const char *said;
	} cases[] = {
		{ say_retry, PAM_SUCCESS, true, "" },
		{ say_user_fault, PAM_AUTH_ERR, false, "" },
		{ say_just_repaired, PAM_AUTH_ERR, false,
		  "I:The secure channel was repaired just now. If the password was right, try again.\n" },
		{ say_no_dc, PAM_AUTHINFO_UNAVAIL, false, "" },
		{ say_clock_skew, PAM_AUTHINFO_UNAVAIL, false, "E:The clock is off.\n" },
		{ say_disabled, PAM_AUTHINFO_UNAVAIL, false, KB "E:The account is disabled.\n" },
		{ say_tried_in_vain, PAM_AUTHINFO_UNAVAIL, false,
		  KB "I:Resetting secure channel ...\nE:Ask an administrator.\n" },
		{ die, PAM_AUTHINFO_UNAVAIL, false, "" },
		{ lie, PAM_AUTHINFO_UNAVAIL, false, "" },
		{ NULL, PAM_AUTHINFO_UNAVAIL, false, "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR, .script = cases[i].script });
		assert_int_equal(outcome->code, cases[i].code);
		assert_int_equal(outcome->retried, cases[i].retried);
		assert_string_equal(outcome->said, cases[i].said);
	}
}

static void sshds_placeholder_is_not_tried_again(void **state)
{
	(void)state;
	attempt(&(struct attempt){ .first = PAM_USER_UNKNOWN, .token = "placeholder", .script = say_repaired });
	assert_int_equal(outcome->code, PAM_AUTHINFO_UNAVAIL);
	assert_false(outcome->retried);
	assert_string_equal(outcome->said, KB STEPS "I:The secure channel was repaired. Please connect again.\n");
	attempt(&(struct attempt){ .first = PAM_USER_UNKNOWN, .token = "placeholder10", .script = say_repaired });
	assert_false(outcome->retried);
	attempt(&(struct attempt){ .first = PAM_USER_UNKNOWN, .token = "placeholder", .script = say_retry });
	assert_int_equal(outcome->code, PAM_AUTHINFO_UNAVAIL);
	assert_string_equal(outcome->said, "");
}

static void silence_is_kept_and_the_work_done(void **state)
{
	(void)state;
	attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR, .options = "silent", .script = say_repaired });
	assert_int_equal(outcome->code, PAM_SUCCESS);
	assert_string_equal(outcome->said, "");
	attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR, .flags = (int)PAM_SILENT, .script = say_disabled });
	assert_int_equal(outcome->code, PAM_AUTHINFO_UNAVAIL);
	assert_string_equal(outcome->said, "");
}

static void a_hung_helper_costs_the_timeout(void **state)
{
	(void)state;
	attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR, .options = "timeout=1", .script = hang_amid });
	assert_int_equal(outcome->code, PAM_AUTHINFO_UNAVAIL);
	assert_in_range(outcome->elapsed_ms, 950, 2500);
	assert_string_equal(outcome->said, KB "I:Resetting secure channel ...\n");
}

/* Names that stand in passwd, whole, as a first field; also where passwd can't be read. */
static void local_users_are_left_alone(void **state)
{
	(void)state;
	static const char *const local[] = { "root", "edge", "last", "" };
	static const char *const foreign[] = { "ali", "alicex", "roo", "rootx", "root:x", "LAB\\root", "0" };
	for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
		attempt(&(struct attempt){ .user = local[i], .first = PAM_SYSTEM_ERR, .script = say_repaired });
		assert_int_equal(outcome->code, PAM_AUTH_ERR);
		assert_false(outcome->log.asked);
	}
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
		attempt(&(struct attempt){ .user = foreign[i], .first = PAM_SYSTEM_ERR, .script = say_repaired });
		assert_int_equal(outcome->code, PAM_SUCCESS);
	}
	assert_int_equal(rename("passwd", "passwd.away"), 0);
	attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR, .script = say_repaired });
	assert_int_equal(rename("passwd.away", "passwd"), 0);
	assert_int_equal(outcome->code, PAM_AUTH_ERR);
	assert_false(outcome->log.asked);
}

static void wrong_options_lock_nobody_out(void **state)
{
	(void)state;
	static const char *const wrong[] = { "sillent",     "timeout=",    "timeout=0",
		                             "timeout=121", "timeout=15s", "timeout=99999999999999999999",
		                             "timeout=-1",  "debug=1" };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		uint32_t timeout = 0;
		attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR, .options = wrong[i], .script = say_repaired });
		assert_int_equal(outcome->code, PAM_SUCCESS);
		assert_string_equal(outcome->said, KB STEPS);
		assert_true(proto_get_u32(&outcome->log.request, RT_TAG_TIMEOUT_MS, &timeout));
		assert_in_range(timeout, 13000, 15000);
	}
	attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR, .options = "debug timeout=120", .script = say_repaired });
	assert_int_equal(outcome->code, PAM_SUCCESS);
}

#define DISABLED "Your account is disabled. Please contact your System administrator"

/* winbind blames the person for the computer's account. */
static void winbinds_words_are_held_back(void **state)
{
	(void)state;
	static const struct {
		const char *says;
		fake_script *script;
		int first, code;
		const char *said;
	} rows[] = {
		{ DISABLED, say_disabled, PAM_ACCT_EXPIRED, PAM_AUTHINFO_UNAVAIL, KB "E:The account is disabled.\n" },
		{ DISABLED, say_repaired, PAM_ACCT_EXPIRED, PAM_SUCCESS, KB STEPS },
		{ "Access is denied", say_retry, PAM_SYSTEM_ERR, PAM_SUCCESS, "" },
		{ "No logon servers", say_repaired, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS, KB STEPS },
		/* it is the person's, or nobody can tell */
		{ DISABLED, say_user_fault, PAM_ACCT_EXPIRED, PAM_AUTH_ERR, "E:" DISABLED "\n" },
		{ DISABLED, die, PAM_ACCT_EXPIRED, PAM_AUTHINFO_UNAVAIL, "E:" DISABLED "\n" },
		{ "No logon servers", say_no_dc, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, "E:No logon servers\n" },
		/* whatever else it says goes through */
		{ "Your account has been locked", say_disabled, PAM_SYSTEM_ERR, PAM_AUTHINFO_UNAVAIL,
		  "E:Your account has been locked\n" KB "E:The account is disabled.\n" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		attempt(&(struct attempt){ .says = rows[i].says, .script = rows[i].script, .first = rows[i].first });
		assert_int_equal(outcome->code, rows[i].code);
		assert_string_equal(outcome->said, rows[i].said);
	}
	attempt(&(struct attempt){ .says = "Access is denied", .first = PAM_SYSTEM_ERR, .user = "edge", .script = say_repaired });
	assert_string_equal(outcome->said, "E:Access is denied\n");
	attempt(&(struct attempt){
		.says = DISABLED, .first = PAM_ACCT_EXPIRED, .script = say_disabled, .options = "silent" });
	assert_string_equal(outcome->said, "");
}

/* Healthy, or refused before our second line: nothing is changed but what the person isn't told. */
static void a_stack_that_never_comes_back(void **state)
{
	(void)state;
	attempt(&(struct attempt){ .says = "Your password will expire", .first = PAM_SUCCESS, .script = say_disabled });
	assert_int_equal(outcome->code, PAM_SUCCESS);
	assert_int_equal(outcome->afterwards, PAM_SUCCESS);
	assert_false(outcome->log.asked);
	assert_string_equal(outcome->said, "E:Your password will expire\n");
	attempt(&(struct attempt){ .says = "Locked", .first = PAM_ACCT_EXPIRED, .dies = true, .script = say_repaired });
	assert_int_equal(outcome->code, PAM_ACCT_EXPIRED);
	assert_string_equal(outcome->said, "E:Locked\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_ours_never_reaches_the_helper),
		cmocka_unit_test(a_repaired_channel_lets_the_same_logon_go_on),
		cmocka_unit_test(the_request_is_a_logon_and_without_the_password),
		cmocka_unit_test(the_word_winbind_and_the_time_go_along),
		cmocka_unit_test(every_verdict_ends_as_the_contract_says),
		cmocka_unit_test(sshds_placeholder_is_not_tried_again),
		cmocka_unit_test(silence_is_kept_and_the_work_done),
		cmocka_unit_test(a_hung_helper_costs_the_timeout),
		cmocka_unit_test(local_users_are_left_alone),
		cmocka_unit_test(wrong_options_lock_nobody_out),
		cmocka_unit_test(winbinds_words_are_held_back),
		cmocka_unit_test(a_stack_that_never_comes_back),
	};
	bool whole_root;
	char directory[] = "/tmp/test_pam.XXXXXX";
	if (!stage_enter(directory, &whole_root)) {
		print_message("test_pam: neither root nor a user namespace, nothing tried\n");
		return 0;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
