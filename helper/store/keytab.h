/* The keytab as a store of the computer account's keys.
 *
 * libkrb5 knows the format; the bytes are read and written whole by store/file (libkrb5 itself changes a keytab in place, an
 * entry and an fsync at a time, so that a kill leaves a half one).
 *
 * "Ours" are the entries of the computer account (M1$@REALM) and of every principal that shares a key with it (host/…,
 * RestrictedKrbHost/…, services an administrator added to the same account), also in another case: to the domain they are the
 * same name. Everything else is never touched.
 */
#ifndef RETRUST_KEYTAB_H
#define RETRUST_KEYTAB_H

#include "../secret/machine_key.h"

#define KEYTAB_PRINCIPALS_MAX 64
#define KEYTAB_NAME_MAX 256

enum keytab_state {
	KEYTAB_OK,
	KEYTAB_MISSING,        /* no file, or an empty one */
	KEYTAB_NO_MACHINE_KEY, /* a good file without keys of the computer account */
	KEYTAB_UNREADABLE      /* junk, truncated, a directory, an I/O error */
};

struct keytab_names {
	size_t count;
	char name[KEYTAB_PRINCIPALS_MAX][KEYTAB_NAME_MAX]; /* with realm */
};

struct keytab {
	enum keytab_state state;
	char account[64];  /* "M1$", as the keytab spells it; "" when none */
	char realm[256];
	int64_t written_unix; /* when the newest key was written, as its entry says; 0 = unknown */
	struct machine_keys keys; /* of the account, newest kvno first */
	struct keytab_names names; /* principals that are ours, the account itself first */
	bool lags;                 /* a principal of ours, or one that differs in case only, has no key of the newest kvno */
};

/* Reads a keytab. account "" = the first principal NAME$@REALM with one component; otherwise that account alone (case does
 * not matter; a name without $ is a user's, the spare's), with realm where it isn't "". Returns 0 with ret_keytab->state set (and for KEYTAB_UNREADABLE *fault
 * filled, to be told), or -1 with *fault for our own failure. Wipe it with keytab_wipe. */
int keytab_read(const char *path, const char *account, const char *realm, struct keytab *ret_keytab,
                struct fault *fault);

void keytab_wipe(struct keytab *keytab);

/* Makes keys (all of one kvno N) the newest of every principal in names: of ours, entries with a kvno of N or higher are
 * replaced or dropped (libkrb5 tries the highest only, so that a stale higher one breaks kinit -k), the newest version
 * below N is kept (tickets in flight), older ones go. Entries of others stay. owner, mode and label of the file stay; a new
 * file is root's with mode 0600. With a backup path the old content is saved there first (mode 0600).
 * Returns 0, or -1 with *fault and the old file as it was; FAULT_UNSURE when somebody else wrote to it meanwhile: his keys
 * may be the ones that the DC takes now. */
int keytab_install(const char *path, const char *backup, const struct keytab_names *names,
                   const struct machine_keys *keys, struct fault *fault);

#endif
