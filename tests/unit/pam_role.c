/* A PAM module for test_pam: plays the identity service's module (pam_sss) in a stack.
 *
 *   pam_role.so name=NAME code=N [token=typed|placeholder|placeholder10] [says=TEXT]
 *
 * Tells the person TEXT as an error; returns N; notes the call as NAME=<password item> in the PAM environment, where the application can see it; leaves
 * what a person typed, or sshd's placeholder, as the password item.
 */
#pragma GCC visibility push(default)
#include <security/pam_modules.h>
#pragma GCC visibility pop

#include <security/pam_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *value_of(const char *key, int argc, const char **argv)
{
	size_t len = strlen(key);
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], key, len) == 0 && argv[i][len] == '=')
			return argv[i] + len + 1;
	}
	return "";
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	char call[200];
	const void *password = NULL;
	const char *token = value_of("token", argc, argv);
	(void)flags;
	if (strcmp(token, "typed") == 0)
		(void)pam_set_item(pamh, PAM_AUTHTOK, "Passw0rd-alice");
	if (strcmp(token, "placeholder") == 0)
		(void)pam_set_item(pamh, PAM_AUTHTOK, "\b\n\r\177INCORRECT\b\n\r\177INCORRE");
	if (strcmp(token, "placeholder10") == 0)
		(void)pam_set_item(pamh, PAM_AUTHTOK, "\b\n\r\177INCORR");
	(void)pam_get_item(pamh, PAM_AUTHTOK, &password);
	(void)snprintf(call, sizeof call, "%s=%s", value_of("name", argc, argv),
	               password != NULL ? (const char *)password : "");
	(void)pam_putenv(pamh, call);
	if (value_of("says", argc, argv)[0] != '\0')
		(void)pam_error(pamh, "%s", value_of("says", argc, argv));
	return (int)strtol(value_of("code", argc, argv), NULL, 10);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}
