/* PDUs of DCE/RPC as bytes, see rpc_pdu.h. */
#include "rpc_pdu.h"

#include "ndr.h"

#include <string.h>

/* 8a885d04-1ceb-11c9-9fe8-08002b104860, version 2.0 (C706 appendix I) */
const struct rpc_pdu_syntax rpc_pdu_ndr = { .uuid = { 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08,
	                                              0x00, 0x2b, 0x10, 0x48, 0x60 },
	                                    .major = 2 };

enum {
	VERSION = 5,
	LITTLE_ENDIAN_ASCII = 0x10, /* first byte of the data representation label, C706 section 14.1 */
	RECEIVE_MAX = 5840,         /* the fragment that we ask for */
	AUTH_CONTEXT = 1,
	STUB_ALIGN = 16 /* of the padding before a security trailer, [MS-RPCE] 2.2.2.11 */
};

/* C706 section 12.6.3.1, the common fields. */
bool rpc_pdu_header(const uint8_t *bytes, struct rpc_pdu_header *ret_header)
{
	struct ndr in = ndr_begin(bytes, RPC_PDU_HEADER);
	const uint8_t major = ndr_u8(&in), minor = ndr_u8(&in);
	ret_header->type = ndr_u8(&in);
	ret_header->flags = ndr_u8(&in);
	const uint32_t representation = ndr_u32(&in);
	ret_header->frag_len = ndr_u16(&in);
	ret_header->auth_len = ndr_u16(&in);
	ret_header->call_id = ndr_u32(&in);
	const size_t auth = ret_header->auth_len > 0 ? ret_header->auth_len + (size_t)RPC_PDU_TRAILER : 0;
	return major == VERSION && minor <= 1 && (representation & 0xff) == LITTLE_ENDIAN_ASCII &&
	       ret_header->frag_len >= RPC_PDU_HEADER + auth;
}

/* Cuts the security trailer and its token off the end (C706 section 13.2.6.1, [MS-RPCE] 2.2.2.11). */
static void take_trailer(struct rpc_pdu *pdu, const uint8_t *bytes, size_t *len)
{
	if (pdu->header.auth_len == 0)
		return;
	*len -= pdu->header.auth_len + (size_t)RPC_PDU_TRAILER;
	struct ndr in = ndr_begin(bytes + *len, RPC_PDU_TRAILER);
	pdu->auth_type = ndr_u8(&in);
	pdu->auth_level = ndr_u8(&in);
	pdu->auth_pad = ndr_u8(&in);
	pdu->token = bytes + *len + RPC_PDU_TRAILER;
}

/* The fixed part of the type's own header. */
static bool take_fixed(struct rpc_pdu *pdu, struct ndr *in)
{
	uint16_t context = 0;
	switch (pdu->header.type) {
	case RPC_PDU_BIND_ACK:
		(void)ndr_bytes(in, 8); /* fragment sizes and association group */
		break;
	case RPC_PDU_BIND_NAK:
		pdu->status = ndr_u16(in);
		break;
	case RPC_PDU_RESPONSE:
	case RPC_PDU_FAULT:
		(void)ndr_u32(in); /* allocation hint: a hint is not worth a risk */
		context = ndr_u16(in);
		(void)ndr_u16(in); /* cancel count */
		if (pdu->header.type == RPC_PDU_FAULT)
			pdu->status = ndr_u32(in);
		break;
	default:
		return false;
	}
	return !in->bad && context == 0;
}

bool rpc_pdu_parse(uint8_t *bytes, size_t len, struct rpc_pdu *ret_pdu)
{
	memset(ret_pdu, 0, sizeof *ret_pdu);
	if (len < RPC_PDU_HEADER || !rpc_pdu_header(bytes, &ret_pdu->header) || ret_pdu->header.frag_len != len)
		return false;
	size_t end = len;
	take_trailer(ret_pdu, bytes, &end);
	struct ndr in = ndr_begin(bytes, end);
	(void)ndr_bytes(&in, RPC_PDU_HEADER);
	if (!take_fixed(ret_pdu, &in))
		return false;
	ret_pdu->body = bytes + (in.at - in.start);
	ret_pdu->body_len = in.left;
	return ret_pdu->auth_pad <= ret_pdu->body_len;
}

bool rpc_pdu_accepted(const struct rpc_pdu *ack)
{
	const uint8_t zero[2] = { 0, 0 };
	/* Alignment counts from the PDU's start; the body begins at 24, a multiple of 8. */
	struct ndr in = ndr_begin(ack->body, ack->body_len);
	(void)ndr_bytes(&in, ndr_u16(&in)); /* secondary address */
	ndr_align(&in, 4);
	const uint8_t results = ndr_u8(&in);
	ndr_align(&in, 4);
	const uint8_t *result = ndr_bytes(&in, 2);
	(void)ndr_u16(&in); /* reason of a refusal */
	const uint8_t *uuid = ndr_bytes(&in, sizeof rpc_pdu_ndr.uuid);
	const uint32_t version = ndr_u32(&in);
	return !in.bad && ack->header.type == RPC_PDU_BIND_ACK && results == 1 &&
	       memcmp(result, zero, sizeof zero) == 0 && memcmp(uuid, rpc_pdu_ndr.uuid, sizeof rpc_pdu_ndr.uuid) == 0 &&
	       version == rpc_pdu_ndr.major;
}

static struct ndr_out begin(enum rpc_pdu_type type, uint32_t call_id, uint8_t *bytes, size_t size)
{
	struct ndr_out out = ndr_out_begin(bytes, size);
	ndr_put_u8(&out, VERSION);
	ndr_put_u8(&out, 0);
	ndr_put_u8(&out, (uint8_t)type);
	ndr_put_u8(&out, RPC_PDU_FIRST | RPC_PDU_LAST);
	ndr_put_u32(&out, LITTLE_ENDIAN_ASCII);
	ndr_put_u32(&out, 0); /* lengths: end() */
	ndr_put_u32(&out, call_id);
	return out;
}

static void put_trailer(struct ndr_out *out, const struct rpc_pdu_auth *auth, size_t pad)
{
	ndr_put_u8(out, auth->type);
	ndr_put_u8(out, auth->level);
	ndr_put_u8(out, (uint8_t)pad);
	ndr_put_u8(out, 0);
	ndr_put_u32(out, AUTH_CONTEXT);
}

/* Fills in the lengths. Returns the PDU's, or 0. */
static size_t end(struct ndr_out *out, size_t auth_len)
{
	if (out->full || out->len > RPC_PDU_SEND_MAX)
		return 0;
	struct ndr_out lengths = ndr_out_begin(out->buf + 8, 4);
	ndr_put_u16(&lengths, (uint16_t)out->len);
	ndr_put_u16(&lengths, (uint16_t)auth_len);
	return out->len;
}

static void put_syntax(struct ndr_out *out, const struct rpc_pdu_syntax *syntax)
{
	ndr_put_bytes(out, syntax->uuid, sizeof syntax->uuid);
	ndr_put_u16(out, syntax->major);
	ndr_put_u16(out, syntax->minor);
}

/* C706 section 12.6.4.3. */
size_t rpc_pdu_bind(const struct rpc_pdu_syntax *interface, const struct rpc_pdu_auth *auth, uint32_t call_id,
                    uint8_t *ret_bytes, size_t size)
{
	struct ndr_out out = begin(RPC_PDU_BIND, call_id, ret_bytes, size);
	ndr_put_u16(&out, RECEIVE_MAX);
	ndr_put_u16(&out, RECEIVE_MAX);
	ndr_put_u32(&out, 0); /* a new association group */
	ndr_put_u32(&out, 1); /* one presentation context */
	ndr_put_u16(&out, 0); /* its id */
	ndr_put_u16(&out, 1); /* one transfer syntax */
	put_syntax(&out, interface);
	put_syntax(&out, &rpc_pdu_ndr);
	if (auth == NULL)
		return end(&out, 0);
	put_trailer(&out, auth, 0);
	ndr_put_bytes(&out, auth->token, auth->token_len);
	return end(&out, auth->token_len);
}

/* C706 section 12.6.4.9. */
struct rpc_pdu_parts rpc_pdu_request(const struct rpc_pdu_call *call, const struct rpc_pdu_auth *auth,
                                     uint8_t *ret_bytes, size_t size)
{
	static const uint8_t empty[64];
	struct rpc_pdu_parts parts = { .len = 0 };
	struct ndr_out out = begin(RPC_PDU_REQUEST, call->id, ret_bytes, size);
	ndr_put_u32(&out, (uint32_t)call->stub_len);
	ndr_put_u16(&out, 0); /* presentation context */
	ndr_put_u16(&out, call->opnum);
	parts.stub = out.len;
	ndr_put_bytes(&out, call->stub, call->stub_len);
	parts.stub_len = call->stub_len;
	if (auth != NULL && auth->token_len <= sizeof empty) {
		const size_t pad = (STUB_ALIGN - call->stub_len % STUB_ALIGN) % STUB_ALIGN;
		ndr_put_bytes(&out, empty, pad);
		parts.stub_len += pad;
		put_trailer(&out, auth, pad);
		parts.token = out.len;
		ndr_put_bytes(&out, empty, auth->token_len);
	}
	parts.len = end(&out, auth != NULL ? auth->token_len : 0);
	return parts;
}
