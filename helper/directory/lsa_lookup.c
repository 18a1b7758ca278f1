/* An account looked up as nobody, see lsa_lookup.h. */
#include "lsa_lookup.h"

#include "ndr.h"

#include <stdio.h>
#include <string.h>

enum {
	OPNUM_LOOKUP_NAMES = 14,
	OPNUM_OPEN_POLICY2 = 44,
	HANDLE = 20,
	OPEN_REPLY = HANDLE + 4,
	POLICY_LOOKUP_NAMES = 0x800,
	LEVEL_WORKSTATION = 1, /* the domain's own accounts among others ([MS-LSAT] 2.2.16) */
	STUB_MAX = 1024
};

#define STATUS_NONE_MAPPED 0xC0000073u

/* 12345778-1234-abcd-ef00-0123456789ab, version 0.0 ([MS-LSAT] 1.9) */
static const struct rpc_pdu_syntax lsarpc = { .uuid = { 0x78, 0x57, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00,
	                                                0x01, 0x23, 0x45, 0x67, 0x89, 0xab } };

/* [MS-LSAT] 3.1.4.2 */
size_t lsa_lookup_open(const char *server, uint8_t *ret_stub, size_t size)
{
	struct ndr_out out = ndr_out_begin(ret_stub, size);
	ndr_put_pointer(&out);
	ndr_put_string(&out, server);
	ndr_put_align(&out, 4);
	ndr_put_u32(&out, 24); /* object attributes: their length, and nothing in them */
	for (int i = 0; i < 5; i++)
		ndr_put_u32(&out, 0);
	ndr_put_u32(&out, POLICY_LOOKUP_NAMES);
	return out.full ? 0 : out.len;
}

/* [MS-LSAT] 3.1.4.8 */
size_t lsa_lookup_names(const uint8_t handle[20], const char *name, uint8_t *ret_stub, size_t size)
{
	uint8_t wide[512];
	const long len = ndr_utf16(name, strlen(name), wide, sizeof wide);
	struct ndr_out out = ndr_out_begin(ret_stub, size);
	if (len <= 0)
		return 0;
	const uint32_t units = (uint32_t)len / 2;
	ndr_put_bytes(&out, handle, HANDLE);
	ndr_put_u32(&out, 1); /* one name … */
	ndr_put_u32(&out, 1); /* … and the size of its array */
	ndr_put_u16(&out, (uint16_t)len);
	ndr_put_u16(&out, (uint16_t)len);
	ndr_put_pointer(&out);
	ndr_put_u32(&out, units);
	ndr_put_u32(&out, 0);
	ndr_put_u32(&out, units);
	ndr_put_bytes(&out, wide, (size_t)len);
	ndr_put_align(&out, 4);
	ndr_put_u32(&out, 0); /* no SIDs yet */
	ndr_put_u32(&out, 0);
	ndr_put_u16(&out, LEVEL_WORKSTATION);
	ndr_put_u32(&out, 0); /* mapped so far */
	return out.full ? 0 : out.len;
}

/* The count and the status that end the answer are all that matters. */
enum lsa_lookup lsa_lookup_answer(const uint8_t *stub, size_t len)
{
	if (len < 8 || len % 4 != 0)
		return LSA_LOOKUP_UNKNOWN;
	struct ndr in = ndr_begin(stub + len - 8, 8);
	const uint32_t mapped = ndr_u32(&in), status = ndr_u32(&in);
	if (status == 0 && mapped == 1)
		return LSA_LOOKUP_PRESENT;
	return status == STATUS_NONE_MAPPED && mapped == 0 ? LSA_LOOKUP_ABSENT : LSA_LOOKUP_UNKNOWN;
}

static enum lsa_lookup ask(struct rpc *rpc, const struct dc *dc, const char *name, struct fault *fault)
{
	char server[300];
	uint8_t stub[STUB_MAX], handle[HANDLE];
	struct rpc_reply reply;
	(void)snprintf(server, sizeof server, "\\\\%s", dc->host);
	struct rpc_pdu_call call = { .opnum = OPNUM_OPEN_POLICY2, .stub = stub };
	call.stub_len = lsa_lookup_open(server, stub, sizeof stub);
	if (call.stub_len == 0 || rpc_call(rpc, call, &reply, fault) != RPC_OK || reply.len != OPEN_REPLY)
		return LSA_LOOKUP_UNKNOWN;
	memcpy(handle, reply.data, sizeof handle); /* where the status isn't 0 the next call fails */
	call.opnum = OPNUM_LOOKUP_NAMES;
	call.stub_len = lsa_lookup_names(handle, name, stub, sizeof stub);
	if (call.stub_len == 0 || rpc_call(rpc, call, &reply, fault) != RPC_OK)
		return LSA_LOOKUP_UNKNOWN;
	return lsa_lookup_answer(reply.data, reply.len);
}

enum lsa_lookup lsa_lookup(const struct dc *dc, const char *domain, const char *account, struct deadline deadline,
                           struct fault *fault)
{
	char name[160];
	struct rpc *rpc = NULL;
	const struct rpc_target target = { .dc = dc, .pipe = "lsarpc", .interface = &lsarpc };
	const int n = snprintf(name, sizeof name, "%s\\%s", domain, account);
	if (n < 0 || (size_t)n >= sizeof name || rpc_open(&target, deadline, &rpc, fault) != RPC_OK)
		return LSA_LOOKUP_UNKNOWN;
	const enum lsa_lookup result = ask(rpc, dc, name, fault);
	rpc_close(rpc);
	if (result == LSA_LOOKUP_UNKNOWN)
		(void)fault_set(fault, FAULT_UNSURE, "%s (%s) does not say whether it knows %s", dc->host, dc->address, name);
	return result;
}
