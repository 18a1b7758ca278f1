/* winbindd: made to notice that the machine password has changed, or that its own channel is dead.
 *
 * It is asked by `wbinfo`. Without harm: --ping-dc, one call over the session that it holds (or makes). `wbinfo -t`
 * (wbcCheckTrustCredentials) makes a new session, and on a host whose secret is out of step ends the old one that still
 * works: only where the DC takes the secret in secrets.tdb. */
#ifndef RETRUST_WINBIND_H
#define RETRUST_WINBIND_H

#include "../base/deadline.h"
#include "../base/teller.h"

enum winbind_state {
	WINBIND_FINE,  /* it reaches the domain: there was nothing to notice, as far as can be seen */
	WINBIND_WOKEN, /* it didn't, and now does */
	WINBIND_LOST   /* it still doesn't, or did not answer in time */
};

/* Is there a winbindd, with a session that somebody else's Netlogon authentication would end? */
bool winbind_runs(void);

/* Where winbindd runs: one check of the trust secret, after which it uses the new password; without it the next logons
 * fail. Waits until the deadline. Returns true when winbindd found its channel good, false when it isn't running or
 * didn't. */
bool winbind_notice(struct deadline deadline, const struct teller *teller);

/* For a logon that winbindd refused, on a channel that is in order: makes sure that the next one goes through. Starts a
 * winbindd that doesn't run (it refuses to without its secret); has one check the secret that was changed, or can't reach
 * the DC; restarts one that can't even then: having met a DC that didn't answer, it believes for up to a minute that
 * there are no logon servers, and serves what had queued up before. Waits until the deadline.
 *
 * One that reaches the DC gets a new session too: when somebody else has authenticated as this host (a clone, another
 * tool), the DC takes right passwords for wrong ones on the old session, counts them, and nothing shows it. */
enum winbind_state winbind_wake(bool changed, struct deadline deadline, const struct teller *teller);

#endif
