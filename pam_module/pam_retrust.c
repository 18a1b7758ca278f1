/* PAM's six entry points: pam_retrust.so [debug] [silent] [winbind] [timeout=SECONDS], or [before]
 *
 * They know PAM's calling convention and nothing else; logon.c and session.c do the work.
 */
#pragma GCC visibility push(default)
#include <security/pam_modules.h>
#pragma GCC visibility pop

#include "held.h"
#include "logon.h"
#include "options.h"
#include "session.h"

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options options;
	options_parse(pamh, flags, argc, argv, &options);
	if (options.before) {
		held_begin(pamh);
		return PAM_IGNORE; /* it has judged nobody */
	}
	return logon_authenticate(pamh, &options);
}

/* There is no credential to set. PAM_SUCCESS rather than PAM_IGNORE: libpam takes the way through the stack that
 * pam_authenticate() took, and on that way both do no harm; but where nobody called it (sshd with a public key) our
 * line is judged by what is returned here, and default=die makes a refusal of PAM_IGNORE. It can't let anybody in: that
 * was decided before. */
int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}

/* PAM_IGNORE: an account that only we know nothing bad of must not pass for a valid one. */
int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_IGNORE;
}

/* PAM_SUCCESS whatever was found: a session must never fail because of us. */
int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options options;
	options_parse(pamh, flags, argc, argv, &options);
	session_open(pamh, &options);
	return PAM_SUCCESS;
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}

/* PAM_IGNORE: no password of a person is changed here, and none must seem to be. */
int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_IGNORE;
}
