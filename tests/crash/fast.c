/* Every step of a rotation and of a repair, cut: the helper's engine runs against the model DC and is killed before its
 * first, second, third … step (a file call or a message to the DC), or the file call fails. After each cut the next repair
 * must bring the host back without an administrator, with every store right. Runs in a folder of its own. */
#include "../../helper/base/paths.h"
#include "../../helper/directory/kdc.h"
#include "../../helper/engine/engine.h"
#include "../../helper/store/file.h"
#include "cut.h"
#include "model_dc.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tdb.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define KEYTAB "krb5.keytab"
#define TDB "secrets.tdb"
#define REALM "MODEL"

enum { STEPS_MOST = 400 };

/* What a run leaves for the parent to look at; in shared memory like the model. */
struct report {
	int exit_code;
	enum rt_condition condition;
	long steps;
};

static struct report *report;

/* What the host keeps its secret in. */
static enum { KEYTAB_ALONE, TWO_STORES, TDB_ALONE, NT4 } kind;
static const char *const kind_names[] = { "keytab", "keytab and secrets.tdb", "secrets.tdb", "secrets.tdb, NT4" };

static bool has_keytab(void)
{
	return kind != TDB_ALONE && kind != NT4;
}

static void run(enum rt_verb verb)
{
	struct host *host = calloc(1, sizeof *host);
	struct engine_outcome *outcome = calloc(1, sizeof *outcome);
	struct fault fault = { 0 };
	const struct credential none = { .kind = RT_CRED_NONE, .fd = -1 };
	const struct engine_request request = { .verb = verb, .dc = "", .container = "", .name = "", .credential = &none };
	host_init(host, deadline_in(5000), NULL);
	settings_default(&host->settings);
	(void)snprintf(host->settings.keytab, sizeof host->settings.keytab, KEYTAB);
	(void)snprintf(host->settings.secrets_tdb, sizeof host->settings.secrets_tdb, TDB);
	engine_run(host, &request, outcome, &fault);
	report->exit_code = outcome->exit_code;
	report->condition = outcome->condition;
	report->steps = cut_count();
	_exit(0);
}

/* One helper: a process that is cut at step n, or whose file call fails there. Returns whether it was killed. */
static bool helper(enum rt_verb verb, long n, int error)
{
	int status;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		cut_fail(n, error);
		run(verb);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status);
}

static void store_password(const struct secret *password)
{
	struct kdc *kdc;
	struct dc dc;
	char salt[64];
	struct machine_keys keys;
	const struct keytab_names names = { .count = 2, .name = { "M1$@" REALM, "host/m1.model@" REALM } };
	(void)unlink(KEYTAB);
	assert_int_equal(locate_pdc(REALM, deadline_in(0), &dc, NULL), LOCATE_FOUND);
	assert_int_equal(kdc_open(REALM, &dc, deadline_in(0), &kdc, NULL), 0);
	assert_int_equal(kdc_salt(kdc, "M1$", salt, sizeof salt, NULL), 0);
	assert_int_equal(kdc_derive(kdc, password, salt, model->kvno, false, &keys, NULL), 0);
	if (has_keytab())
		assert_int_equal(keytab_install(KEYTAB, NULL, &names, &keys, NULL), 0);
	const struct keytab_names spare = { .count = 1, .name = { "M1-spare@" REALM } };
	assert_int_equal(kdc_derive(kdc, &model->spare, salt, 1, false, &keys, NULL), 0);
	assert_int_equal(keytab_install(PATH_SPARE, NULL, &spare, &keys, NULL), 0);
	kdc_close(kdc);
}

static void make_tdb(const struct secret *password)
{
	(void)unlink(TDB);
	if (kind == KEYTAB_ALONE)
		return;
	struct tdb_context *tdb = tdb_open(TDB, 0, TDB_DEFAULT, O_RDWR | O_CREAT, 0600);
	assert_non_null(tdb);
	char key[] = "SECRETS/SID/MODEL", sid[68] = { 1 };
	TDB_DATA k = { (unsigned char *)key, strlen(key) }, v = { (unsigned char *)sid, sizeof sid };
	assert_int_equal(tdb_store(tdb, k, v, TDB_REPLACE), 0);
	assert_int_equal(tdb_close(tdb), 0);
	struct fault fault = { 0 };
	assert_int_equal(samba_write(TDB, "MODEL", password, password, 1, &fault), 0);
}

/* A healthy, enrolled host in an empty folder. */
static void fresh_host(void)
{
	struct identity identity = { .realm = REALM, .domain = "MODEL", .account = "M1$", .spare_account = "M1-spare",
		                     .domain_sid = "S-1-5-21-1-2-3" };
	assert_int_equal(system("rm -rf lib retrust samba krb5.keytab* secrets.tdb* && mkdir lib"), 0);
	if (!has_keytab())
		assert_int_equal(system("mkdir samba && printf '[global]\nworkgroup=MODEL\nsecurity=ads\n' >samba/smb.conf"), 0);
	if (kind == NT4) {
		assert_int_equal(system("sed -i s/ads/domain/ samba/smb.conf"), 0);
		identity = (struct identity){ .domain = "MODEL", .account = "M1$" };
	}
	memset(model, 0, sizeof *model);
	model->kvno = 7;
	assert_int_equal(secret_random_password(&model->password, NULL), 0);
	assert_int_equal(secret_random_password(&model->spare, NULL), 0);
	assert_int_equal(file_directory(PATH_STATE, 0700, NULL), 0);
	store_password(&model->password);
	make_tdb(&model->password);
	assert_int_equal(identity_write(PATH_IDENTITY, &identity, NULL), 0);
}

static void reset_by_administrator(void)
{
	assert_int_equal(secret_random_password(&model->password, NULL), 0);
	model->kvno++;
}

static void lose_tdb(void)
{
	reset_by_administrator();
	assert_int_equal(unlink(TDB), 0);
}

static void close_kpasswd(void)
{
	model->kpasswd_closed = true;
}

/* No administrator, no spare, no Netlogon: what is on the disk must do. */
static void without_spare(void)
{
	model->kpasswd_closed = false;
	(void)secret_random_password(&model->spare, NULL);
}

static void assert_keytab(void)
{
	struct fault fault = { 0 };
	struct keytab *keytab = calloc(1, sizeof *keytab);
	assert_int_equal(keytab_read(KEYTAB, "", "", keytab, &fault), 0);
	assert_int_equal(keytab->keys.key[0].kvno, model->kvno);
	assert_int_equal(keytab->names.count, 2);
	free(keytab);
}

static void assert_tdb(void)
{
	struct fault fault = { 0 };
	struct samba_secrets *samba = calloc(1, sizeof *samba);
	assert_int_equal(samba_read(TDB, "MODEL", samba, &fault), 0);
	assert_true(secret_equal(&samba->current, &model->password));
	samba_wipe(samba);
	free(samba);
}

static void assert_mended(const char *what, long n)
{
	struct fault fault = { 0 };
	assert_false(helper(RT_VERB_REPAIR, 0, 0));
	if (report->condition != RT_COND_HEALTHY)
		fail_msg("%s, cut at %ld: the host stays %s", what, n, condition_info(report->condition)->name);
	assert_false(helper(RT_VERB_VERIFY, 0, 0));
	assert_int_equal(report->exit_code, 0);
	/* A journal may stay for a change that never arrived (it may still be under way), never for one that did. */
	struct journal journal;
	if (journal_read(PATH_JOURNAL, &journal, &fault) == 1)
		assert_false(secret_equal(&journal.next, &model->password));
	if (has_keytab())
		assert_keytab();
	else
		assert_int_equal(access(KEYTAB, F_OK), -1);
	if (kind != KEYTAB_ALONE)
		assert_tdb();
}

struct scenario {
	const char *name;
	enum rt_verb verb;
	void (*before)(void);
	void (*after)(void); /* what can't help any more after the cut */
	enum model_fate fate;
};

static const struct scenario scenarios[] = {
	{ "rotate", RT_VERB_ROTATE, NULL, without_spare, MODEL_NORMAL },
	{ "rotate, reply lost", RT_VERB_ROTATE, NULL, without_spare, MODEL_REPLY_LOST },
	{ "rotate, request lost", RT_VERB_ROTATE, NULL, without_spare, MODEL_REQUEST_LOST },
	{ "rotate by Netlogon", RT_VERB_ROTATE, close_kpasswd, without_spare, MODEL_NORMAL },
	{ "the same, reply lost", RT_VERB_ROTATE, close_kpasswd, without_spare, MODEL_REPLY_LOST },
	{ "the same, request lost", RT_VERB_ROTATE, close_kpasswd, without_spare, MODEL_REQUEST_LOST },
	{ "repair", RT_VERB_REPAIR, reset_by_administrator, NULL, MODEL_NORMAL },
	{ "repair, reply lost", RT_VERB_REPAIR, reset_by_administrator, NULL, MODEL_REPLY_LOST },
	{ "logon", RT_VERB_LOGON, reset_by_administrator, NULL, MODEL_NORMAL },
};
static const struct scenario lost_tdb = { "repair, no file", RT_VERB_REPAIR, lose_tdb, NULL, MODEL_NORMAL };

static long cut_everywhere(const struct scenario *scenario, int error)
{
	long n = 1, steps = 0;
	do {
		fresh_host();
		if (scenario->before != NULL)
			scenario->before();
		model->fate = scenario->fate;
		bool killed = helper(scenario->verb, n, error);
		steps = killed ? n : report->steps;
		assert_int_equal(killed, error == 0 && n <= steps);
		model->fate = MODEL_NORMAL;
		if (scenario->after != NULL)
			scenario->after();
		assert_mended(scenario->name, n);
		if (error == 0)
			assert_true(model->sets <= 1); /* what arrived is found again, never sent again */
		if (n > steps)
			break;
	} while (++n < STEPS_MOST);
	assert_true(n < STEPS_MOST);
	return n - 1;
}

static void cut_one(const struct scenario *scenario, int error)
{
	long points = cut_everywhere(scenario, error);
	print_message("  %-22s %s, %s: %3ld points, none lost\n", scenario->name, kind_names[kind],
	              error != 0 ? strerror(error) : "killed", points);
}

static void cut_all(int error)
{
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
		if (error == 0 || scenarios[i].before != close_kpasswd) /* by Netlogon: the same file calls */
			cut_one(&scenarios[i], error);
}

static void killed_keytab(void **state)
{
	(void)state;
	kind = KEYTAB_ALONE;
	cut_all(0);
}

static void killed_two_stores(void **state)
{
	(void)state;
	kind = TWO_STORES;
	cut_all(0);
}

static void killed_tdb(void **state)
{
	(void)state;
	kind = TDB_ALONE;
	cut_all(0);
	cut_one(&lost_tdb, 0);
}

/* There is no spare, and no administrator here: what a change leaves on the disk has to do. */
static void killed_nt4(void **state)
{
	(void)state;
	kind = NT4;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
		if (scenarios[i].verb == RT_VERB_ROTATE && scenarios[i].before == NULL)
			cut_one(&scenarios[i], 0);
}

static void full_disk(void **state)
{
	(void)state;
	kind = TWO_STORES;
	cut_all(ENOSPC);
	kind = TDB_ALONE;
	cut_one(&lost_tdb, ENOSPC);
}

static void io_error(void **state)
{
	(void)state;
	kind = TWO_STORES;
	cut_all(EIO);
	kind = TDB_ALONE;
	cut_one(&scenarios[0], EIO);
	cut_one(&lost_tdb, EIO);
}

int main(void)
{
	char folder[] = "/dev/shm/retrust-crash.XXXXXX"; /* a thousand hosts with their fsyncs: not on a disk */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_keytab),
		cmocka_unit_test(killed_two_stores),
		cmocka_unit_test(killed_tdb),
		cmocka_unit_test(killed_nt4),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(io_error),
	};
	if (mkdtemp(folder) == NULL || chdir(folder) != 0)
		return 1;
	model_start();
	report = (struct report *)(void *)(model + 1); /* the rest of the model's page */
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (failed == 0 && chdir("/") == 0 && fork() == 0)
		(void)execlp("rm", "rm", "-rf", folder, (char *)NULL);
	(void)wait(NULL);
	return failed;
}
