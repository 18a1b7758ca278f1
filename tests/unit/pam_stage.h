/* A stage for tests of pam_retrust.so: the real libpam, the documented stack, a helper that plays a script.
 *
 * Beside the test stand pam_role.so, which plays the identity service's module, and pam_retrust.so, built to look for
 * its door, its helper and passwd below the working directory: run/, libexec/, passwd.
 */
#ifndef RETRUST_TEST_PAM_STAGE_H
#define RETRUST_TEST_PAM_STAGE_H

#include "fake_helper.h"
#include "traces.h"

#include <libgen.h>
#include <limits.h>
#include <security/pam_appl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <syslog.h>

#include <cmocka.h>

#define KB                                                                                                             \
	"E:The system cannot log you on to this domain because the system's\n"                                         \
	"computer account in its primary domain is missing or the password on\n"                                       \
	"that account is incorrect.\n"
#define STEPS "I:Resetting secure channel ...\nI:The computer \\\\M1 joined the domain LAB successfully.\n"

/* One logon. */
struct attempt {
	const char *user;    /* NULL: alice, of the domain */
	int first;           /* what the identity service says at first */
	const char *token;   /* the password item: "placeholder" (or cut to 10 letters: "placeholder10"), NULL: what alice typed */
	const char *options; /* of pam_retrust.so */
	int flags;
	fake_script *script; /* NULL: nobody listens */
	bool session;        /* pam_open_session() instead of pam_authenticate() */
	const char *says;    /* the identity service's module tells the person, for a stack that begins with `before` */
	bool dies;           /* what the identity service says ends the stack */
};

/* What came of it; in memory shared with the processes that log on and that play the helper. */
struct outcome {
	int code;
	int afterwards;      /* of pam_setcred() or pam_close_session() */
	bool retried;        /* the identity service was asked again, with the password as it was typed */
	char said[2000];     /* E: or I:, one message after the other */
	struct fake_log log; /* of the helper */
	int64_t elapsed_ms;
	const char *left; /* behind in the process that logged on, or NULL */
	volatile int children_told;
};

static struct outcome *outcome;

static char modules[PATH_MAX]; /* where they stand */

static inline int converse(int count, const struct pam_message **messages, struct pam_response **ret_responses,
                           void *data)
{
	(void)data;
	for (int i = 0; i < count; i++) {
		const char *kind = messages[i]->msg_style == PAM_ERROR_MSG ? "E:" : "I:";
		traces_note(outcome->said, sizeof outcome->said, kind, messages[i]->msg);
	}
	*ret_responses = calloc((size_t)count, sizeof **ret_responses);
	return PAM_SUCCESS;
}

/* The five lines of the documented stack, and lines for the other entry points. */
static inline void write_stack(const struct attempt *a)
{
	const char *options = a->options != NULL ? a->options : "";
	FILE *file = fopen("pam/test", "we");
	if (file == NULL)
		abort();
	if (a->says != NULL)
		(void)fprintf(file, "auth [default=ignore] %s/pam_retrust.so before\n", modules);
	(void)fprintf(file,
	              "auth [success=3 new_authtok_reqd=3 auth_err=die system_err=ignore authinfo_unavail=ignore "
	              "user_unknown=ignore acct_expired=%s default=die] %s/pam_role.so name=first code=%d token=%s %s%s%s\n"
	              "auth [success=ok default=die] %s/pam_retrust.so %s\n"
	              "auth [success=1 default=ignore] %s/pam_role.so name=retry code=0\n"
	              "auth requisite pam_deny.so\n"
	              "auth required pam_permit.so\n"
	              "account required %s/pam_retrust.so\n"
	              "account required pam_permit.so\n"
	              "session optional %s/pam_retrust.so %s\n"
	              "password required %s/pam_retrust.so\n"
	              "password required pam_permit.so\n",
	              a->says != NULL && !a->dies ? "ignore" : "die", modules, a->first, a->token != NULL ? a->token : "typed",
	              a->says != NULL ? "[says=" : "", a->says != NULL ? a->says : "", a->says != NULL ? "]" : "", modules,
	              options, modules, modules, modules, options, modules);
	(void)fclose(file);
}

static inline void on_sigchld(int number)
{
	(void)number;
	outcome->children_told++;
}

static inline void run_pam(const struct attempt *a)
{
	struct pam_conv conv = { .conv = converse };
	pam_handle_t *pamh = NULL;
	if (pam_start_confdir("test", a->user != NULL ? a->user : "alice", &conv, "pam", &pamh) != PAM_SUCCESS)
		_exit(1);
	int64_t began = traces_now_ms();
	outcome->code = a->session ? pam_open_session(pamh, a->flags) : pam_authenticate(pamh, a->flags);
	outcome->elapsed_ms = traces_now_ms() - began;
	if (outcome->code == PAM_SUCCESS)
		outcome->afterwards = a->session ? pam_close_session(pamh, 0) : pam_setcred(pamh, PAM_ESTABLISH_CRED);
	const char *password = pam_getenv(pamh, "retry");
	outcome->retried = password != NULL && strcmp(password, "Passw0rd-alice") == 0;
	(void)pam_end(pamh, outcome->code);
}

/* The process of login, sshd … */
static inline void log_on(const struct attempt *a)
{
	struct sigaction count = { .sa_handler = on_sigchld };
	(void)sigaction(SIGCHLD, &count, NULL);
	(void)alarm(30);
	struct traces before = traces_take();
	run_pam(a);
	closelog(); /* libc's own descriptor, where the module had something for the log */
	outcome->left = traces_left(&before);
	_exit(0);
}

/* Runs the attempt; afterwards *outcome tells, and nothing was left behind. The request of a session is looked for
 * when all is over, because nobody waits for an answer. */
static inline void attempt(const struct attempt *a)
{
	memset(outcome, 0, sizeof *outcome);
	outcome->code = -1;
	outcome->left = "no end";
	write_stack(a);
	int listener = a->script != NULL ? fake_listen("run/helper.sock", 5) : -1;
	pid_t server = a->script != NULL && !a->session ? fake_serve(listener, a->script, &outcome->log) : -1;
	pid_t caller = fork();
	if (caller == 0) {
		(void)close(listener);
		log_on(a);
	}
	assert_int_equal(waitpid(caller, NULL, 0), caller);
	if (server > 0) {
		(void)kill(server, SIGKILL);
		assert_int_equal(waitpid(server, NULL, 0), server);
	} else if (listener >= 0) {
		(void)fcntl(listener, F_SETFL, O_NONBLOCK);
		int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		fake_hear(sock, &outcome->log);
		(void)close(sock);
	}
	(void)close(listener);
	(void)unlink("run/helper.sock");
	if (outcome->left != NULL)
		fail_msg("left behind: %s", outcome->left);
	assert_int_equal(outcome->children_told, 0);
}

static inline void say_result(int sock, enum rt_condition condition, enum rt_tag flag, const char *words)
{
	struct rt_msg msg;
	fake_result(&msg, 0, condition);
	proto_put_u32(&msg, flag, 1);
	if (flag == RT_TAG_REPAIRED)
		proto_put_u32(&msg, RT_TAG_RETRY, 1);
	proto_put_text(&msg, RT_TAG_WORDS, words);
	(void)proto_send(sock, &msg, -1, 1000);
}

static inline void say_repaired(int sock)
{
	fake_step(sock, RT_STEP_RESET, NULL, NULL);
	fake_step(sock, RT_STEP_JOINED, "M1", "LAB");
	say_result(sock, RT_COND_HEALTHY, RT_TAG_REPAIRED, NULL);
}

/* The directory, the files in it, the shared memory. Returns false where nothing can be tried. */
static inline bool stage_enter(char *directory, bool *ret_whole_root)
{
	/* "edge" crosses the boundary of the module's buffer, "last" has no newline behind it */
	char passwd[5000];
	(void)snprintf(passwd, sizeof passwd, "%-4094s\nedge:x:6:6::/:/bin/sh\n+ali:x:::::\nlast:x:7:7::/:/bin/sh",
	               "root:x:0:0:root:/root:/bin/sh\n#");
	if (!traces_become_root(ret_whole_root) || readlink("/proc/self/exe", modules, sizeof modules - 1) < 0)
		return false;
	(void)dirname(modules);
	outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	traces_enter(directory);
	return outcome != MAP_FAILED && mkdir("pam", 0755) == 0 && mkdir("run", 0755) == 0 &&
	       mkdir("libexec", 0755) == 0 && traces_write("passwd", passwd);
}

#endif
