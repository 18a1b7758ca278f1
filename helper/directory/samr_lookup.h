/* What an NT4-style domain says of an account, asked as nobody by the named pipe "samr" ([MS-SAMR]): there Netlogon
 * answers one and the same 0xC0000022 to a wrong secret, to a disabled account and for one that is gone.
 *
 * SECURITY: unproven. It may start a diagnosis and tells an administrator where to look; it proves nothing.
 */
#ifndef RETRUST_SAMR_LOOKUP_H
#define RETRUST_SAMR_LOOKUP_H

#include "rpc.h"

#include <stdbool.h>

enum samr_lookup { SAMR_LOOKUP_PRESENT, SAMR_LOOKUP_DISABLED, SAMR_LOOKUP_ABSENT, SAMR_LOOKUP_UNKNOWN };

/* Looks the account ("M1$") up in the domain of that SID ("S-1-5-21-…"). An account whose flags nobody may read counts
 * as present. SAMR_LOOKUP_UNKNOWN with *fault when there is no usable answer. Blocks until the deadline at the most. */
enum samr_lookup samr_lookup(const struct dc *dc, const char *sid, const char *account, struct deadline deadline,
                             struct fault *fault);

/* The parameters of SamrOpenDomain, and of SamrLookupNamesInDomain for one name. Each returns their length, 0 when they
 * don't fit or the SID is none. */
size_t samr_lookup_open_domain(const uint8_t handle[20], const char *sid, uint8_t *ret_stub, size_t size);
size_t samr_lookup_names(const uint8_t handle[20], const char *name, uint8_t *ret_stub, size_t size);

/* Their answers: SAMR_LOOKUP_PRESENT with the RID of a user's account; and what the flags of SamrQueryInformationUser
 * say, SAMR_LOOKUP_UNKNOWN when it isn't one. */
enum samr_lookup samr_lookup_rid(const uint8_t *stub, size_t len, uint32_t *ret_rid);
enum samr_lookup samr_lookup_flags(const uint8_t *stub, size_t len);

#endif
