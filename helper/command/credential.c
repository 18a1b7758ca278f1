/* The credential that an administrator names, see credential.h. */
#include "credential.h"

#include "prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Both formats of MIT Kerberos begin with 5 and a version. */
enum { FORMAT_MARK = 5, KEYTAB_VERSION = 2, CCACHE_VERSION = 4 };

struct kind {
	const char *name;
	uint8_t version;
	const char *other; /* what a file with the other version is */
};

static const struct kind ccache_kind = { "credential cache", CCACHE_VERSION, "it is a keytab: use --keytab" };
static const struct kind keytab_kind = { "keytab", KEYTAB_VERSION, "it is a credential cache: use --ccache" };

/* libkrb5's names of files: FILE:path, WRFILE:path (keytab) or the path alone. NULL: it lives elsewhere. */
static const char *path_of(const char *name)
{
	static const char *const elsewhere[] = { "KEYRING:", "KCM:", "DIR:", "MEMORY:", "API:", "SRVTAB:" };
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (strncmp(name, elsewhere[i], strlen(elsewhere[i])) == 0)
			return NULL;
	if (strncmp(name, "FILE:", 5) == 0)
		return name + 5;
	return strncmp(name, "WRFILE:", 7) == 0 ? name + 7 : name;
}

static int check_file(int fd, const char *path, const struct kind *kind, struct fault *fault)
{
	struct stat st;
	uint8_t head[2] = { 0, 0 };
	if (fstat(fd, &st) != 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s '%s'", kind->name, path);
	if (!S_ISREG(st.st_mode))
		return fault_set(fault, FAULT_USAGE, "%s '%s' isn't a regular file", kind->name, path);
	ssize_t n = pread(fd, head, sizeof head, 0);
	if (n < 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s '%s' can't be read", kind->name, path);
	if (n == 0)
		return fault_set(fault, FAULT_USAGE, "%s '%s' is empty", kind->name, path);
	if (n < 2 || head[0] != FORMAT_MARK || head[1] == 0 || head[1] > CCACHE_VERSION)
		return fault_set(fault, FAULT_USAGE, "'%s' isn't a %s", path, kind->name);
	if (head[1] != kind->version && (head[1] == KEYTAB_VERSION || head[1] == CCACHE_VERSION))
		return fault_set(fault, FAULT_USAGE, "'%s' isn't a %s, %s", path, kind->name, kind->other);
	return 0;
}

static int open_file(const char *name, const struct kind *kind, struct fault *fault)
{
	const char *path = path_of(name);
	if (path == NULL)
		return fault_set(fault, FAULT_USAGE,
		                 "%s '%s' isn't a file: put the tickets into one, for instance with kinit -c FILE:PATH",
		                 kind->name, name);
	/* O_NONBLOCK: a FIFO must not hang us; it is refused as no regular file. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return fault_errno(fault, FAULT_PERMISSION, errno, "%s '%s' can't be opened", kind->name, path);
	if (fd < 0)
		return fault_errno(fault, FAULT_USAGE, errno, "%s '%s' can't be opened", kind->name, path);
	if (check_file(fd, path, kind, fault) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int add_password(const struct options *options, struct rt_msg *request, struct fault *fault)
{
	const char *user = options->value[OPTION_USER];
	SECRET_AUTO password = { 0 };
	char question[320];
	(void)snprintf(question, sizeof question, "Password of %s: ", user);
	int status = options_has(options, OPTION_PASSWORD_STDIN) ? prompt_stdin(&password, fault)
	                                                         : prompt_password(question, &password, fault);
	if (status != 0)
		return -1;
	proto_put_u32(request, RT_TAG_CRED_KIND, RT_CRED_PASSWORD);
	proto_put_bytes(request, RT_TAG_CRED_SECRET, password.bytes, password.len);
	return 0;
}

int credential_add(const struct options *options, struct rt_msg *request, int *ret_fd, struct fault *fault)
{
	const char *ccache = options->value[OPTION_CCACHE], *keytab = options->value[OPTION_KEYTAB];
	const char *user = options->value[OPTION_USER];
	*ret_fd = -1;
	if (user != NULL)
		proto_put_text(request, RT_TAG_CRED_USER, user);
	if (ccache != NULL || keytab != NULL) {
		bool tickets = ccache != NULL;
		*ret_fd = open_file(tickets ? ccache : keytab, tickets ? &ccache_kind : &keytab_kind, fault);
		proto_put_u32(request, RT_TAG_CRED_KIND, tickets ? RT_CRED_CCACHE : RT_CRED_KEYTAB);
		return *ret_fd < 0 ? -1 : 0;
	}
	return user != NULL ? add_password(options, request, fault) : 0;
}
