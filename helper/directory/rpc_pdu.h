/* PDUs of connection-oriented DCE/RPC as bytes (C706 chapter 12, [MS-RPCE] 2.2.2): written for the client's side, read
 * for the server's. No sockets here.
 *
 * SECURITY: what is read comes from an unproven DC. A PDU is believed only if every length in it agrees with the
 * others.
 */
#ifndef RETRUST_RPC_PDU_H
#define RETRUST_RPC_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RPC_PDU_HEADER = 16,    /* bytes of the common header */
	RPC_PDU_TRAILER = 8,    /* bytes of the security trailer */
	RPC_PDU_MAX = 65535,    /* frag_length is 16 bits */
	RPC_PDU_SEND_MAX = 1432 /* what every server takes ([MS-RPCE] 2.2.2.6): a request of ours is never fragmented */
};

enum rpc_pdu_type {
	RPC_PDU_REQUEST = 0,
	RPC_PDU_RESPONSE = 2,
	RPC_PDU_FAULT = 3,
	RPC_PDU_BIND = 11,
	RPC_PDU_BIND_ACK = 12,
	RPC_PDU_BIND_NAK = 13
};

enum rpc_pdu_flag { RPC_PDU_FIRST = 1, RPC_PDU_LAST = 2 };

/* An interface or a transfer syntax: p_syntax_id_t of C706 section 12.6.3.1. */
struct rpc_pdu_syntax {
	uint8_t uuid[16]; /* as on the wire, little-endian */
	uint16_t major, minor;
};

extern const struct rpc_pdu_syntax rpc_pdu_ndr; /* the one transfer syntax that is offered: NDR 2.0 */

/* The common header of a PDU from the server. */
struct rpc_pdu_header {
	uint8_t type, flags;
	uint16_t frag_len, auth_len;
	uint32_t call_id;
};

/* Reads RPC_PDU_HEADER bytes. False unless version 5, little-endian, frag_len long enough for what auth_len says. */
bool rpc_pdu_header(const uint8_t *bytes, struct rpc_pdu_header *ret_header);

/* A PDU from the server, in the bytes that were read. */
struct rpc_pdu {
	struct rpc_pdu_header header;
	uint8_t *body;   /* after the fixed part of its type; of a response the stub data, in place, without padding
	                    unless   guarded */
	size_t body_len; /* of a guarded response with the padding: it is sealed too */
	uint32_t status; /* of a fault: its code; of a bind_nak: its reason */
	uint8_t auth_type, auth_level, auth_pad;
	const uint8_t *token; /* header.auth_len bytes; NULL when that is 0 */
};

/* Takes a whole PDU apart. bytes: exactly its frag_len. False when it isn't one of the types above that a server sends,
 * or its lengths don't agree. */
bool rpc_pdu_parse(uint8_t *bytes, size_t len, struct rpc_pdu *ret_pdu);

/* Whether a bind_ack accepts our one presentation context with NDR (C706 section 12.6.4.4). */
bool rpc_pdu_accepted(const struct rpc_pdu *ack);

/* What protects a connection: auth_verifier of [MS-RPCE] 2.2.2.11. */
struct rpc_pdu_auth {
	uint8_t type, level;
	const uint8_t *token; /* of a bind */
	size_t token_len;
};

/* Writes a bind with one presentation context (id 0). auth may be NULL. Returns its length, 0 when it doesn't fit. */
size_t rpc_pdu_bind(const struct rpc_pdu_syntax *interface, const struct rpc_pdu_auth *auth, uint32_t call_id,
                    uint8_t *ret_bytes, size_t size);

/* What is asked. */
struct rpc_pdu_call {
	uint32_t id;
	uint16_t opnum;
	const void *stub; /* the parameters in NDR */
	size_t stub_len;
};

/* Where the parts of a request that is to be sealed lie in its bytes. */
struct rpc_pdu_parts {
	size_t len;      /* whole PDU; 0: it doesn't fit */
	size_t stub;     /* where the stub data begins */
	size_t stub_len; /* with the padding, which is sealed too */
	size_t token;    /* where the token goes (zeroes so far) */
};

/* Writes a request in one fragment. auth->token isn't looked at; auth may be NULL. */
struct rpc_pdu_parts rpc_pdu_request(const struct rpc_pdu_call *call, const struct rpc_pdu_auth *auth,
                                     uint8_t *ret_bytes, size_t size);

#endif
