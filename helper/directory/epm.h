/* The endpoint mapper (C706 appendices L and O, [MS-RPCE] 2.2.1.2): on which TCP port of the pinned DC an interface
 * lives.
 *
 * SECURITY: unproven. A liar can only name another port of the same address.
 */
#ifndef RETRUST_EPM_H
#define RETRUST_EPM_H

#include "rpc.h"

/* Asks port 135. Results as of rpc_call; RPC_REFUSED too when the interface isn't registered there. */
enum rpc_result epm_map(const struct dc *dc, const struct rpc_pdu_syntax *interface, struct deadline deadline,
                        int *ret_port, struct fault *fault);

/* The parameters of ept_map for an interface over TCP. Returns their length, 0 when they don't fit. */
size_t epm_encode(const struct rpc_pdu_syntax *interface, uint8_t *ret_stub, size_t size);

/* Its answer: the port of the first tower that names that interface over TCP, 0 when the mapper knows none, -1 when the
 * answer is malformed. */
int epm_decode(const struct rpc_pdu_syntax *interface, const uint8_t *stub, size_t len);

#endif
