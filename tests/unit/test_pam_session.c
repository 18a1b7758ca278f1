/* The other lines of pam_retrust.so: session, account, password, setcred; what it exports; and the helper that it
 * starts itself where nobody listens (a copy of this program, called by the helper's name).
 */
#include "pam_stage.h"

#include <retrust/health.h>

#include <dlfcn.h>

static bool whole_root;

/* The record of the last verdict, so many minutes old. */
static void write_health(enum rt_condition condition, int minutes)
{
	struct timespec ts;
	struct rt_health health;
	memset(&health, 0, sizeof health);
	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	health.magic = RT_HEALTH_MAGIC;
	health.condition = condition;
	health.checked_boot_ms = (uint64_t)ts.tv_sec * 1000 - (uint64_t)((int64_t)minutes * 60000);
	health.check = health_sum(&health);
	int fd = open("run/health", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, &health, sizeof health), sizeof health);
	assert_int_equal(close(fd), 0);
}

/* verb 0: the helper isn't asked. */
static void expect_session(const char *user, uint32_t verb, const char *said)
{
	char name[32] = "";
	uint32_t asked = 0;
	attempt(&(struct attempt){ .user = user, .session = true, .script = say_repaired });
	assert_int_equal(outcome->code, PAM_SUCCESS);
	assert_int_equal(outcome->afterwards, PAM_SUCCESS);
	assert_int_equal(outcome->log.asked, verb != 0);
	if (verb != 0) {
		assert_true(proto_get_u32(&outcome->log.request, RT_TAG_VERB, &asked));
		assert_int_equal(asked, verb);
		assert_true(proto_get_text(&outcome->log.request, RT_TAG_NAME, name, sizeof name) > 0);
		assert_string_equal(name, "alice");
	}
	assert_string_equal(outcome->said, said);
	assert_in_range(outcome->elapsed_ms, 0, 400);
}

static void a_session_notices_a_broken_channel(void **state)
{
	(void)state;
	static const char broken[] =
		"I:This computer's secure channel to its domain is broken; it is being repaired.\n";
	(void)unlink("run/health");
	expect_session(NULL, RT_VERB_LOGON, "");
	write_health(RT_COND_HEALTHY, 0);
	expect_session(NULL, RT_VERB_REMEMBER, "");
	write_health(RT_COND_HEALTHY, 6);
	expect_session(NULL, RT_VERB_LOGON, "");
	write_health(RT_COND_HEALTHY, -10);
	expect_session(NULL, RT_VERB_LOGON, "");
	write_health(RT_COND_NO_DC, 0);
	expect_session(NULL, RT_VERB_LOGON, "");
	write_health(RT_COND_SECRET_MISMATCH, 0);
	expect_session(NULL, RT_VERB_LOGON, broken);
	expect_session("root", 0, "");
	write_health(RT_COND_ACCOUNT_DISABLED, 0);
	expect_session(NULL, RT_VERB_LOGON,
	               "I:This computer's secure channel to its domain is broken.\n"
	               "I:The computer account is disabled; ask an administrator.\n");
	attempt(&(struct attempt){ .session = true, .flags = (int)PAM_SILENT, .script = say_repaired });
	assert_true(outcome->log.asked);
	assert_string_equal(outcome->said, "");
	attempt(&(struct attempt){ .session = true }); /* nobody listens, no helper to start */
	assert_int_equal(outcome->code, PAM_SUCCESS);
	(void)unlink("run/health");
}

/* main() of the copy: a helper that repairs, having been started as root and asked for a logon. */
static int play_helper(void)
{
	struct rt_msg request;
	uint32_t verb = 0;
	if (proto_recv(0, &request, NULL, 5000) != RT_MSG_REQUEST || !proto_get_u32(&request, RT_TAG_VERB, &verb) ||
	    verb != RT_VERB_LOGON)
		return 1;
	say_repaired(0);
	return 0;
}

static void where_nobody_listens_root_starts_the_helper(void **state)
{
	(void)state;
	if (!whole_root)
		skip();
	assert_true(traces_copy_self("libexec/retrust-helper", 0755));
	attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR });
	assert_int_equal(outcome->code, PAM_SUCCESS);
	assert_true(outcome->retried);
	assert_string_equal(outcome->said, KB STEPS);
	(void)unlink("run/health");
	attempt(&(struct attempt){ .session = true });
	assert_int_equal(outcome->code, PAM_SUCCESS);
	assert_int_equal(chmod("libexec/retrust-helper", 0775), 0);
	attempt(&(struct attempt){ .first = PAM_SYSTEM_ERR });
	assert_int_equal(outcome->code, PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(unlink("libexec/retrust-helper"), 0);
}

/* PAM in this process, with the documented stack or with pam_retrust.so alone behind type and control. */
static pam_handle_t *start(const char *alone)
{
	static const struct pam_conv conv = { .conv = converse };
	pam_handle_t *pamh = NULL;
	memset(outcome, 0, sizeof *outcome);
	write_stack(&(struct attempt){ .first = PAM_SYSTEM_ERR });
	FILE *file = alone != NULL ? fopen("pam/test", "we") : NULL;
	if (file != NULL) {
		(void)fprintf(file, "%s %s/pam_retrust.so\n", alone, modules);
		(void)fclose(file);
	}
	assert_int_equal(pam_start_confdir("test", "alice", &conv, "pam", &pamh), PAM_SUCCESS);
	return pamh;
}

/* sshd with a public key sets credentials without having authenticated. */
static void credentials_can_be_set_without_authentication(void **state)
{
	(void)state;
	pam_handle_t *pamh = start(NULL);
	assert_int_equal(pam_setcred(pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	(void)pam_end(pamh, 0);
	pamh = start("auth [success=ok default=die]");
	assert_int_equal(pam_setcred(pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	(void)pam_end(pamh, 0);
}

/* Where others decide we don't disturb; alone we make no account valid and no password changed. */
static void account_and_password_are_left_to_others(void **state)
{
	(void)state;
	pam_handle_t *pamh = start(NULL);
	assert_int_equal(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
	assert_int_equal(pam_chauthtok(pamh, 0), PAM_SUCCESS);
	(void)pam_end(pamh, 0);
	pamh = start("account sufficient");
	assert_int_not_equal(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
	(void)pam_end(pamh, 0);
	pamh = start("password sufficient");
	assert_int_not_equal(pam_chauthtok(pamh, 0), PAM_SUCCESS);
	(void)pam_end(pamh, 0);
	assert_string_equal(outcome->said, "");
}

static void only_pams_entry_points_are_exported(void **state)
{
	(void)state;
	static const char *const entries[] = { "pam_sm_authenticate", "pam_sm_setcred",       "pam_sm_acct_mgmt",
		                               "pam_sm_open_session", "pam_sm_close_session", "pam_sm_chauthtok" };
	static const char *const inner[] = { "logon_authenticate", "session_open", "client_connect", "proto_recv" };
	char path[PATH_MAX + 20];
	(void)snprintf(path, sizeof path, "%s/pam_retrust.so", modules);
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(module);
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
		assert_non_null(dlsym(module, entries[i]));
	for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++)
		assert_null(dlsym(module, inner[i]));
	assert_int_equal(dlclose(module), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_notices_a_broken_channel),
		cmocka_unit_test(where_nobody_listens_root_starts_the_helper),
		cmocka_unit_test(credentials_can_be_set_without_authentication),
		cmocka_unit_test(account_and_password_are_left_to_others),
		cmocka_unit_test(only_pams_entry_points_are_exported),
	};
	char directory[] = "/tmp/test_pam_session.XXXXXX";
	if (argc == 1 && strcmp(argv[0], "retrust-helper") == 0)
		return play_helper();
	if (!stage_enter(directory, &whole_root)) {
		print_message("test_pam_session: neither root nor a user namespace, nothing tried\n");
		return 0;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	traces_leave(directory);
	return failed;
}
