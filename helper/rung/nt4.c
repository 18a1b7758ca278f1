/* Repair of an NT4-style domain's member, see nt4.h.
 *
 * SECURITY: the administrator's password goes to `net` through a pipe. `net` proves it by NTLMv2 and demands signing,
 * which only a PDC that knows the password's hash can do: a false one gets nothing but a response to guess at. It makes
 * the account take a password of `net`'s choice, in a folder of our own; what the host uses from then on is set with
 * the journal, over a channel on which the PDC proves that it knows that password. */
#include "nt4.h"

#include "../base/paths.h"
#include "../directory/netlogon.h"
#include "../service/process.h"
#include "change.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_JOIN PATH_STATE "/join"

/* What `net` may leave there. */
static const char *const files[] = { "secrets.tdb", "passdb.tdb", "netlogon_creds_cli.tdb", "schannel_store.tdb" };

static void remove_folder(void)
{
	char path[sizeof PATH_JOIN + 64];
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", PATH_JOIN, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(PATH_JOIN);
}

static int make_folder(struct fault *fault)
{
	remove_folder();
	if (mkdir(PATH_JOIN, 0700) != 0 && errno != EEXIST)
		return fault_errno(fault, FAULT_INTERNAL, errno, "cannot make the folder %s", PATH_JOIN);
	return 0;
}

/* Samba's file of a credential: a line ends it, and what is white before a value isn't part of it. */
static bool is_plain(const uint8_t *bytes, size_t len)
{
	if (len == 0 || isspace(bytes[0]) || isspace(bytes[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] < ' ')
			return false;
	return true;
}

static int write_credential(const struct credential *credential, struct secret *ret_text, struct fault *fault)
{
	char text[SECRET_MAX + sizeof credential->user + 64];
	const struct secret *password = &credential->password;
	if (!is_plain(password->bytes, password->len) ||
	    !is_plain((const uint8_t *)credential->user, strlen(credential->user)))
		return fault_set(
			fault, FAULT_REFUSED,
			"Samba's tools can't take a name or a password that is empty or begins or ends with a space");
	const int n = snprintf(text, sizeof text, "username = %s\npassword = %.*s\n", credential->user,
	                       (int)password->len, (const char *)password->bytes);
	const bool fits = n > 0 && (size_t)n < sizeof text && secret_set(ret_text, text, (size_t)n);
	explicit_bzero(text, sizeof text);
	return fits ? 0
	            : fault_set(fault, FAULT_REFUSED, "the user's name and password are too long for Samba's tools");
}

/* The last line of what `net` printed says why. */
static const char *last_line(char *output)
{
	size_t len = strlen(output);
	while (len > 0 && isspace((unsigned char)output[len - 1]))
		output[--len] = '\0';
	const char *line = strrchr(output, '\n');
	return line != NULL ? line + 1 : output;
}

static int run_net(struct host *host, const struct secret *credential, struct fault *fault)
{
	static const char apart[] = "--option=private dir=" PATH_JOIN;
	char output[2048] = "";
	const struct process_talk talk = {
		.input = credential->bytes, .input_len = credential->len, .ret_output = output, .size = sizeof output
	};
	const char *const argv[] = { "/usr/bin/net",
		                     "rpc",
		                     "join",
		                     "-S",
		                     host->dc.host,
		                     "-I",
		                     host->dc.address,
		                     "-A",
		                     "/dev/stdin",
		                     "--use-kerberos=off",
		                     "--client-protection=sign",
		                     apart,
		                     NULL };
	const int status = process_talk(argv, &talk, host->deadline);
	if (status == 0)
		return 0;
	if (status == 127)
		return fault_set(fault, FAULT_REFUSED,
		                 "/usr/bin/net is missing: install Samba's tools (samba-common-bin)");
	return fault_set(fault, FAULT_REFUSED, "%s (%s) doesn't let the administrator repair %s: %.400s", host->dc.host,
	                 host->dc.address, host->account, output[0] != '\0' ? last_line(output) : "no answer in time");
}

/* A domain made anew under the old name has another SID: its users wouldn't be those whom this host knows. */
static bool is_own_domain(const struct host *host, const char *sid)
{
	const char *remembered = host->identity.domain_sid, *own = host->samba.sid;
	return (remembered[0] == '\0' || strcmp(remembered, sid) == 0) && (own[0] == '\0' || strcmp(own, sid) == 0);
}

/* Has the account take a password: *ret_password. */
static int join(struct host *host, const struct credential *credential, struct secret *ret_password,
                struct fault *fault)
{
	SECRET_AUTO text = { 0 };
	SAMBA_SECRETS_AUTO joined = { .state = SAMBA_NONE };
	if (write_credential(credential, &text, fault) != 0 || make_folder(fault) != 0)
		return -1;
	int result = run_net(host, &text, fault);
	if (result == 0)
		result = samba_read(PATH_JOIN "/secrets.tdb", host->domain, &joined, fault);
	if (result == 0 && joined.current.len == 0)
		result = fault_set(fault, FAULT_INTERNAL, "/usr/bin/net left no machine password in %s", PATH_JOIN);
	if (result == 0 && !is_own_domain(host, joined.sid))
		result = fault_set(fault, FAULT_REFUSED, "%s (%s) is of another domain: its SID is %s, this host's %s",
		                   host->dc.host, host->dc.address, joined.sid,
		                   host->samba.sid[0] != '\0' ? host->samba.sid : host->identity.domain_sid);
	if (result == 0)
		*ret_password = joined.current;
	remove_folder();
	return result;
}

static enum set_result set(struct host *host, void *data, const struct secret *next, struct fault *fault)
{
	SECRET_AUTO hash = { 0 };
	char account[HOST_NETLOGON_ACCOUNT];
	if (netlogon_hash_of_password(data, &hash) != 0) {
		(void)fault_set(fault, FAULT_REFUSED,
		                "the system's cryptographic policy forbids the NT hash, and without it there "
		                "is no secure channel to an NT4-style domain");
		return SET_REFUSED;
	}
	host_netlogon_account(host, account, sizeof account);
	return netlogon_set_password(&host->dc, account, host->computer, &hash, next, host->deadline, NULL, fault);
}

enum rung_result nt4_repair(struct host *host, const struct credential *credential, struct fault *fault)
{
	SECRET_AUTO password = { 0 };
	if (credential->kind != RT_CRED_PASSWORD) {
		(void)fault_set(fault, FAULT_REFUSED,
		                "an NT4-style domain knows no tickets: give an administrator's name by -U");
		return RUNG_FAILED;
	}
	if (join(host, credential, &password, fault) != 0)
		return RUNG_FAILED;
	return change_run(host, set, &password, fault);
}
