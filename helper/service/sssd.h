/* SSSD: is it there, does it believe that it is online, and how it is made to notice a repair. */
#ifndef RETRUST_SSSD_H
#define RETRUST_SSSD_H

#include "../base/deadline.h"
#include "../base/teller.h"

enum sssd_state {
	SSSD_ABSENT,  /* not configured here: nothing to tell */
	SSSD_STOPPED, /* configured and not running */
	SSSD_OFFLINE, /* running; believes that the domain is away */
	SSSD_MAYBE,   /* it has published a KDC and holds no connection: idle, or just failing to come back */
	SSSD_ONLINE
};

/* What SSSD believes about the domain of that realm, as far as it shows without D-Bus. When its backend goes offline it
 * takes back the KDC that it published (/var/lib/sss/pubconf/kdcinfo.REALM) and closes its LDAP connection; the file
 * alone is no proof of online, because each try to come back writes it first. A successful logon is none either: it
 * may come from the cache. No blocking but files. */
enum sssd_state sssd_state(const char *realm);

/* Makes it notice a repaired channel, so that the very next logon goes through: SIGUSR2 to each sssd_be where it is
 * offline, start where it is stopped; waits until it is online (its backend then writes a new ticket into
 * /var/lib/sss/db/ccache_REALM) or the deadline is over. Tells TELL or START when that
 * happened. Returns true when it was made to notice, false when there was nothing to do or it did not come online. */
bool sssd_notice(const char *realm, struct deadline deadline, const struct teller *teller);

#endif
