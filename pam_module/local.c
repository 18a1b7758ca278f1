/* Looking for a local user, see local.h. */
#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

/* A build for tests names another file. */
#ifndef RT_PASSWD_FILE
#define RT_PASSWD_FILE "/etc/passwd"
#endif

/* Compares the first field of each line with the name while the file goes by. */
struct search {
	const char *name;
	size_t matched; /* so many characters of the name stand at the line's start */
	bool comparing; /* inside a first field that fits so far */
};

/* Takes the file's next character. Returns true when it ends a field that is the name. */
static bool advance(struct search *search, char c)
{
	if (c == '\n') {
		search->matched = 0;
		search->comparing = true;
		return false;
	}
	if (!search->comparing)
		return false;
	if (c == ':' && search->name[search->matched] == '\0')
		return true;
	if (c != ':' && c == search->name[search->matched])
		search->matched++;
	else
		search->comparing = false;
	return false;
}

static bool found_in(int fd, const char *name)
{
	struct search search = { .name = name, .comparing = true };
	char buf[4096];
	for (;;) {
		ssize_t n = read(fd, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0;
		for (ssize_t i = 0; i < n; i++) {
			if (advance(&search, buf[i]))
				return true;
		}
	}
}

bool local_user(const char *passwd_file, const char *name)
{
	int fd = open(passwd_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return true;
	bool found = found_in(fd, name);
	(void)close(fd);
	return found;
}

bool local_logon(pam_handle_t *pamh)
{
	const void *user = NULL;
	return pam_get_item(pamh, PAM_USER, &user) != PAM_SUCCESS || user == NULL || *(const char *)user == '\0' ||
	       local_user(RT_PASSWD_FILE, user);
}
