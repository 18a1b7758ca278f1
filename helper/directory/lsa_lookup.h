/* Does an NT4-style domain know an account? Asked as nobody by the named pipe "lsarpc" ([MS-LSAT] 3.1.4.8): there Netlogon
 * answers one and the same 0xC0000022 to a wrong secret and for an account that is gone.
 *
 * SECURITY: unproven. It may start a diagnosis and tells an administrator where to look; it proves nothing.
 */
#ifndef RETRUST_LSA_LOOKUP_H
#define RETRUST_LSA_LOOKUP_H

#include "rpc.h"

#include <stdbool.h>

enum lsa_lookup { LSA_LOOKUP_PRESENT, LSA_LOOKUP_ABSENT, LSA_LOOKUP_UNKNOWN };

/* Asks for "DOMAIN\account". LSA_LOOKUP_UNKNOWN with *fault when there is no usable answer. Blocks until the deadline at
 * the most. */
enum lsa_lookup lsa_lookup(const struct dc *dc, const char *domain, const char *account, struct deadline deadline,
                           struct fault *fault);

/* The parameters of LsarOpenPolicy2 and of LsarLookupNames for one name. Each returns their length, 0 when they don't
 * fit. */
size_t lsa_lookup_open(const char *server, uint8_t *ret_stub, size_t size);
size_t lsa_lookup_names(const uint8_t handle[20], const char *name, uint8_t *ret_stub, size_t size);

/* The answer of LsarLookupNames. */
enum lsa_lookup lsa_lookup_answer(const uint8_t *stub, size_t len);

#endif
