/* Samba's secrets.tdb as a store of the machine password.
 *
 * Keys, all with SECRETS/ in front (DOM is the NetBIOS domain in upper case): MACHINE_PASSWORD/DOM and
 * MACHINE_PASSWORD.PREV/DOM (UTF-8 with NUL), MACHINE_LAST_CHANGE_TIME/DOM (u32 LE), MACHINE_SEC_CHANNEL_TYPE/DOM (u32
 * LE), SID/DOM, and MACHINE_DOMAIN_INFO/DOM: an NDR blob (version 1 of secrets_domain_infoB) with the current, old and
 * older passwords and next_change, the one that an interrupted rotation of winbind was about to set. libtdb does the
 * transaction; the file is changed in place, because a running winbindd keeps it open.
 *
 * Samba believes the blob unless MACHINE_LAST_CHANGE_TIME is newer than the blob's own time, or the blob can't be read:
 * then it makes a new one from the legacy keys and SID/DOM.
 */
#ifndef RETRUST_SAMBA_H
#define RETRUST_SAMBA_H

#include "../secret/secret.h"
#include "samba_sid.h"

enum samba_state {
	SAMBA_NONE, /* no secrets.tdb, or nothing of this domain in it: Samba isn't a member here */
	SAMBA_OK,
	SAMBA_NO_SECRET, /* the domain is known (its SID, a channel type, a blob …) but there is no machine password */
	SAMBA_UNREADABLE /* junk or an I/O error; *fault told why */
};

struct samba_secrets {
	enum samba_state state;
	char domain[64];       /* DOM as the keys spell it */
	struct secret current; /* the one that Samba uses; len 0 = none */
	struct secret
		previous;      /* the next best: the legacy key's where Samba doesn't believe it, else the one before */
	struct secret next;    /* of an interrupted rotation (next_change), len 0 = none */
	int64_t changed_unix;  /* when Samba believes that current was set, 0 = unknown */
	uint32_t channel_type; /* 2 = workstation, 0 = unknown */
	char sid[SAMBA_SID_TEXT]; /* of the domain, "" = none: then Samba can use no password (samba_restore.h) */
};

#define SAMBA_SECRETS_AUTO __attribute__((cleanup(samba_wipe))) struct samba_secrets

/* Reads the secrets of a domain (case doesn't matter; "" = the only one in the file: one with a machine password,
 * channel type or blob, else the only SID that isn't this host's own). A password in UTF-16 that isn't valid text is
 * taken as absent. Returns 0 with state set, or -1 with *fault for our own failure: FAULT_UNSURE when another process
 * held the lock for 2 s, FAULT_CONFIG when "" could be several domains. What could be read of a damaged file is filled
 * in. Changes nothing. */
int samba_read(const char *path, const char *domain, struct samba_secrets *ret_secrets, struct fault *fault);

/* Makes `secret` the machine password in ONE transaction: legacy PASSWORD; PREV (= previous where its len is not 0,
 * else what Samba used until now; kept where that is `secret` already, so that it can be repeated); LAST_CHANGE_TIME =
 * now; SEC_CHANNEL_TYPE = 2 where it is absent; MACHINE_DOMAIN_INFO is removed, so that Samba rebuilds it and no stale
 * next_change stays. Refuses (FAULT_REFUSED) where there is no file or no SID/DOM: Samba couldn't use the password. In
 * place (the inode stays), mode and owner unchanged, durable on return. Returns 0, or -1 with *fault and the old
 * content; where the disk fails in the last of the commit's syncs it may be the new one, but never a mixture. */
int samba_write(const char *path, const char *domain, const struct secret *secret, const struct secret *previous,
                int64_t now_unix, struct fault *fault);

void samba_wipe(struct samba_secrets *secrets);

#endif
