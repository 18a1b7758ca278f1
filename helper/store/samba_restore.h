/* Makes a secrets.tdb that was lost, or lost what it knew of the domain, fit for a machine password again. */
#ifndef RETRUST_SAMBA_RESTORE_H
#define RETRUST_SAMBA_RESTORE_H

#include "../base/fault.h"

/* Without SID/DOM Samba uses no password. Puts it there (domain: the NetBIOS name in upper case; sid: "S-1-5-21-…", as it was
 * remembered), in one transaction; where there is no file it is made (mode 0600, durable), in a folder that must be there.
 * A SID that is there already is kept. Repeatable. Returns 0 or -1 with *fault. Blocks 2 s for a lock at the most. */
int samba_restore(const char *path, const char *domain, const char *sid, struct fault *fault);

#endif
