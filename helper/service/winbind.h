/* winbindd: made to notice that the machine password has changed. */
#ifndef RETRUST_WINBIND_H
#define RETRUST_WINBIND_H

#include "../base/deadline.h"
#include "../base/teller.h"

/* Where winbindd runs: one check of the trust secret (`wbinfo -t`, which is wbcCheckTrustCredentials), after which it uses the
 * new password; without it the next logons fail. Waits until the deadline. Returns true when winbindd found its channel
 * good, false when it isn't running or didn't. */
bool winbind_notice(struct deadline deadline, const struct teller *teller);

#endif
