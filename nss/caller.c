/* Telling the processes apart, see caller.h.
 *
 * By the name that libc keeps of the program, which its starter chose: a lie here only takes something away from the
 * liar's own process. SSSD says in the environment of its processes that NSS must not come back to it; that counts here
 * too.
 */
#include "caller.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A name that ends with '*' stands for all that begin so. */
struct program {
	const char *name;
	enum caller kind;
};

static const struct program programs[] = {
	{ "retrust-helper", CALLER_INNER }, /* asks the live source, to remember what it says */
	{ "sssd*", CALLER_INNER },          { "krb5_child", CALLER_INNER }, /* SSSD's */
	{ "ldap_child", CALLER_INNER },     { "proxy_child", CALLER_INNER }, { "winbindd*", CALLER_INNER },
	{ "systemd*", CALLER_QUIET }, /* it opens the door and starts all of the above */
	{ "init", CALLER_QUIET },           { "dbus-*", CALLER_QUIET }, /* carries the helper's words to services */
	{ "nscd", CALLER_QUIET },                                       /* others wait for it */
	{ "unscd", CALLER_QUIET },
};

static bool is_named(const char *name, const char *pattern)
{
	size_t len = strlen(pattern);
	if (pattern[len - 1] == '*')
		return strncmp(name, pattern, len - 1) == 0;
	return strcmp(name, pattern) == 0;
}

static enum caller find_out(void)
{
	const char *name = program_invocation_short_name;
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		if (is_named(name, programs[i].name))
			return programs[i].kind;
	}
	if (getenv("_SSS_LOOPS") != NULL)
		return CALLER_INNER;
	return getpid() == 1 ? CALLER_QUIET : CALLER_ANY;
}

enum caller caller_kind(void)
{
	static _Atomic int known = -1;
	int kind = atomic_load_explicit(&known, memory_order_relaxed);
	if (kind < 0) {
		kind = (int)find_out();
		atomic_store_explicit(&known, kind, memory_order_relaxed);
	}
	return (enum caller)kind;
}
