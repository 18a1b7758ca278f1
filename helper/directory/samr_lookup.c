/* An account looked up as nobody, see samr_lookup.h. */
#include "samr_lookup.h"

#include "ndr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPNUM_OPEN_DOMAIN = 7,
	OPNUM_LOOKUP_NAMES = 17,
	OPNUM_OPEN_USER = 34,
	OPNUM_QUERY_USER = 36,
	OPNUM_CONNECT2 = 57,
	HANDLE = 20,
	OPENED = HANDLE + 4,   /* a handle and a status */
	ACCESS_CONNECT = 0x21, /* and look a domain up */
	ACCESS_DOMAIN_LOOKUP = 0x200,
	ACCESS_READ_ACCOUNT = 0x10,
	LEVEL_CONTROL = 16,
	NAMES_MAX = 1000, /* of the array, as the interface has it */
	USE_USER = 1,
	FLAG_DISABLED = 1,
	SUB_AUTHORITIES_MAX = 15,
	STUB_MAX = 512
};

#define STATUS_NONE_MAPPED 0xC0000073u

/* 12345778-1234-abcd-ef00-0123456789ac, version 1.0 ([MS-SAMR] 1.9) */
static const struct rpc_pdu_syntax samr = { .uuid = { 0x78, 0x57, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01,
	                                              0x23, 0x45, 0x67, 0x89, 0xac },
	                                    .major = 1 };

static size_t length(const struct ndr_out *out)
{
	return out->full ? 0 : out->len;
}

/* [MS-SAMR] 3.1.5.1.2 */
static size_t connect_stub(const char *host, uint8_t *stub, size_t size)
{
	char server[300];
	struct ndr_out out = ndr_out_begin(stub, size);
	(void)snprintf(server, sizeof server, "\\\\%s", host);
	ndr_put_pointer(&out);
	ndr_put_string(&out, server);
	ndr_put_u32(&out, ACCESS_CONNECT);
	return length(&out);
}

/* "S-1-5-21-1-2-3" after its "S-1-": the numbers. Returns how many, 0 when it is no SID. */
static size_t take_sid(const char *text, uint32_t ret_numbers[SUB_AUTHORITIES_MAX + 1])
{
	size_t count = 0;
	if (strncmp(text, "S-1-", 4) != 0)
		return 0;
	for (const char *at = text + 3; *at != '\0'; count++) {
		char *next;
		errno = 0;
		const unsigned long number = strtoul(at + 1, &next, 10);
		if (*at != '-' || at[1] < '0' || at[1] > '9' || errno != 0 || number > UINT32_MAX ||
		    count > SUB_AUTHORITIES_MAX)
			return 0;
		ret_numbers[count] = (uint32_t)number;
		at = next;
	}
	return count;
}

/* [MS-SAMR] 3.1.5.1.5; RPC_SID: [MS-DTYP] 2.4.2.3 */
size_t samr_lookup_open_domain(const uint8_t handle[20], const char *sid, uint8_t *ret_stub, size_t size)
{
	uint32_t numbers[SUB_AUTHORITIES_MAX + 1];
	const size_t count = take_sid(sid, numbers);
	struct ndr_out out = ndr_out_begin(ret_stub, size);
	if (count < 2)
		return 0;
	ndr_put_bytes(&out, handle, HANDLE);
	ndr_put_u32(&out, ACCESS_DOMAIN_LOOKUP);
	ndr_put_u32(&out, (uint32_t)count - 1);
	ndr_put_u8(&out, 1);
	ndr_put_u8(&out, (uint8_t)(count - 1));
	ndr_put_u16(&out, 0);
	for (int shift = 24; shift >= 0; shift -= 8) /* the authority is big-endian */
		ndr_put_u8(&out, (uint8_t)(numbers[0] >> shift));
	for (size_t i = 1; i < count; i++)
		ndr_put_u32(&out, numbers[i]);
	return length(&out);
}

/* [MS-SAMR] 3.1.5.11.2 */
size_t samr_lookup_names(const uint8_t handle[20], const char *name, uint8_t *ret_stub, size_t size)
{
	uint8_t wide[256];
	const long len = ndr_utf16(name, strlen(name), wide, sizeof wide);
	struct ndr_out out = ndr_out_begin(ret_stub, size);
	if (len <= 0)
		return 0;
	const uint32_t units = (uint32_t)len / 2;
	ndr_put_bytes(&out, handle, HANDLE);
	ndr_put_u32(&out, 1);
	ndr_put_u32(&out, NAMES_MAX);
	ndr_put_u32(&out, 0);
	ndr_put_u32(&out, 1);
	ndr_put_u16(&out, (uint16_t)len);
	ndr_put_u16(&out, (uint16_t)len);
	ndr_put_pointer(&out);
	ndr_put_u32(&out, units);
	ndr_put_u32(&out, 0);
	ndr_put_u32(&out, units);
	ndr_put_bytes(&out, wide, (size_t)len);
	return length(&out);
}

enum samr_lookup samr_lookup_rid(const uint8_t *stub, size_t len, uint32_t *ret_rid)
{
	enum { RIDS = 36 };
	if (len < 4 || len % 4 != 0)
		return SAMR_LOOKUP_UNKNOWN;
	struct ndr last = ndr_begin(stub + len - 4, 4);
	const uint32_t status = ndr_u32(&last);
	if (status == STATUS_NONE_MAPPED)
		return SAMR_LOOKUP_ABSENT;
	if (status != 0 || len != RIDS)
		return SAMR_LOOKUP_UNKNOWN;
	struct ndr in = ndr_begin(stub, len); /* twice: count, pointer, size of the array, its one number */
	uint32_t numbers[8];
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		numbers[i] = ndr_u32(&in);
	if (numbers[0] != 1 || numbers[2] != 1 || numbers[4] != 1 || numbers[6] != 1 || numbers[7] != USE_USER)
		return SAMR_LOOKUP_UNKNOWN;
	*ret_rid = numbers[3];
	return SAMR_LOOKUP_PRESENT;
}

/* [MS-SAMR] 3.1.5.5.5.1 with 2.2.6.12: pointer, the level, the flags, status. */
enum samr_lookup samr_lookup_flags(const uint8_t *stub, size_t len)
{
	struct ndr in = ndr_begin(stub, len);
	const uint32_t pointer = ndr_u32(&in);
	const uint16_t level = ndr_u16(&in);
	const uint32_t flags = ndr_u32(&in), status = ndr_u32(&in);
	if (!ndr_done(&in) || pointer == 0 || level != LEVEL_CONTROL || status != 0)
		return SAMR_LOOKUP_UNKNOWN;
	return (flags & FLAG_DISABLED) != 0 ? SAMR_LOOKUP_DISABLED : SAMR_LOOKUP_PRESENT;
}

/* One conversation. */
struct talk {
	struct rpc *rpc;
	struct fault *fault;
	uint8_t stub[STUB_MAX];
	uint8_t handle[HANDLE]; /* the last that was opened */
};

static bool call(struct talk *talk, uint16_t opnum, size_t stub_len, struct rpc_reply *ret_reply)
{
	const struct rpc_pdu_call request = { .opnum = opnum, .stub = talk->stub, .stub_len = stub_len };
	return stub_len > 0 && rpc_call(talk->rpc, request, ret_reply, talk->fault) == RPC_OK;
}

static bool open_one(struct talk *talk, uint16_t opnum, size_t stub_len)
{
	struct rpc_reply reply;
	if (!call(talk, opnum, stub_len, &reply) || reply.len != OPENED)
		return false;
	struct ndr in = ndr_begin(reply.data + HANDLE, 4);
	memcpy(talk->handle, reply.data, HANDLE);
	return ndr_u32(&in) == 0;
}

/* [MS-SAMR] 3.1.5.1.9 and 3.1.5.5.6 */
static enum samr_lookup look_at_flags(struct talk *talk, uint32_t rid)
{
	struct rpc_reply reply;
	struct ndr_out out = ndr_out_begin(talk->stub, sizeof talk->stub);
	ndr_put_bytes(&out, talk->handle, HANDLE);
	ndr_put_u32(&out, ACCESS_READ_ACCOUNT);
	ndr_put_u32(&out, rid);
	if (!open_one(talk, OPNUM_OPEN_USER, length(&out)))
		return SAMR_LOOKUP_PRESENT;
	out = ndr_out_begin(talk->stub, sizeof talk->stub);
	ndr_put_bytes(&out, talk->handle, HANDLE);
	ndr_put_u16(&out, LEVEL_CONTROL);
	if (!call(talk, OPNUM_QUERY_USER, length(&out), &reply))
		return SAMR_LOOKUP_PRESENT;
	const enum samr_lookup result = samr_lookup_flags(reply.data, reply.len);
	return result == SAMR_LOOKUP_UNKNOWN ? SAMR_LOOKUP_PRESENT : result;
}

static enum samr_lookup ask(struct talk *talk, const char *host, const char *sid, const char *account)
{
	uint32_t rid;
	struct rpc_reply reply;
	if (!open_one(talk, OPNUM_CONNECT2, connect_stub(host, talk->stub, STUB_MAX)) ||
	    !open_one(talk, OPNUM_OPEN_DOMAIN, samr_lookup_open_domain(talk->handle, sid, talk->stub, STUB_MAX)) ||
	    !call(talk, OPNUM_LOOKUP_NAMES, samr_lookup_names(talk->handle, account, talk->stub, STUB_MAX), &reply))
		return SAMR_LOOKUP_UNKNOWN;
	const enum samr_lookup result = samr_lookup_rid(reply.data, reply.len, &rid);
	return result == SAMR_LOOKUP_PRESENT ? look_at_flags(talk, rid) : result;
}

enum samr_lookup samr_lookup(const struct dc *dc, const char *sid, const char *account, struct deadline deadline,
                             struct fault *fault)
{
	struct talk talk = { .fault = fault };
	const struct rpc_target target = { .dc = dc, .pipe = "samr", .interface = &samr };
	if (rpc_open(&target, deadline, &talk.rpc, fault) != RPC_OK)
		return SAMR_LOOKUP_UNKNOWN;
	const enum samr_lookup result = ask(&talk, dc->host, sid, account);
	rpc_close(talk.rpc);
	if (result == SAMR_LOOKUP_UNKNOWN)
		(void)fault_set(fault, FAULT_UNSURE, "%s (%s) does not say whether it knows %s", dc->host, dc->address,
		                account);
	return result;
}
