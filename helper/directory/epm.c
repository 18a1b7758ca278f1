/* The endpoint mapper, see epm.h. */
#include "epm.h"

#include "ndr.h"

#include <string.h>

enum { EPM_PORT = 135, EPT_MAP = 3, TOWERS_MAX = 16, FLOORS = 5, TOWER_LEN = 75 };

/* Protocol identifiers of a tower's floors, C706 appendix I. */
enum floor_protocol { FLOOR_UUID = 0x0d, FLOOR_RPC = 0x0b, FLOOR_TCP = 0x07, FLOOR_IP = 0x09 };

/* e1af8308-5d1f-11c9-91a4-08002b14a0fa, version 3.0 (C706 appendix O) */
static const struct rpc_pdu_syntax epm_interface = { .uuid = { 0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91,
	                                                       0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa },
	                                             .major = 3 };

/* One floor: its protocol with data, and the address on that level. Towers are packed, nothing in them is aligned. */
struct floor {
	uint8_t left[19];
	uint8_t right[4];
	size_t left_len, right_len;
};

static struct floor floor_of_syntax(const struct rpc_pdu_syntax *syntax)
{
	struct floor floor = { .left = { FLOOR_UUID }, .left_len = 19, .right_len = 2 };
	memcpy(floor.left + 1, syntax->uuid, sizeof syntax->uuid);
	floor.left[17] = (uint8_t)syntax->major;
	floor.left[18] = (uint8_t)(syntax->major >> 8);
	floor.right[0] = (uint8_t)syntax->minor;
	floor.right[1] = (uint8_t)(syntax->minor >> 8);
	return floor;
}

static struct floor floor_of_protocol(enum floor_protocol protocol, size_t right_len)
{
	return (struct floor){ .left = { (uint8_t)protocol }, .left_len = 1, .right_len = right_len };
}

static void put_length(struct ndr_out *out, size_t len)
{
	ndr_put_u8(out, (uint8_t)len);
	ndr_put_u8(out, (uint8_t)(len >> 8));
}

/* The five floors of ncacn_ip_tcp: interface, NDR, connection-oriented RPC, TCP, IP (C706 appendix L). */
static void put_tower(struct ndr_out *out, const struct rpc_pdu_syntax *interface)
{
	const struct floor floors[FLOORS] = { floor_of_syntax(interface), floor_of_syntax(&rpc_pdu_ndr),
		                              floor_of_protocol(FLOOR_RPC, 2), floor_of_protocol(FLOOR_TCP, 2),
		                              floor_of_protocol(FLOOR_IP, 4) };
	put_length(out, FLOORS);
	for (size_t i = 0; i < FLOORS; i++) {
		put_length(out, floors[i].left_len);
		ndr_put_bytes(out, floors[i].left, floors[i].left_len);
		put_length(out, floors[i].right_len);
		ndr_put_bytes(out, floors[i].right, floors[i].right_len);
	}
}

size_t epm_encode(const struct rpc_pdu_syntax *interface, uint8_t *ret_stub, size_t size)
{
	static const uint8_t nothing[20];
	struct ndr_out out = ndr_out_begin(ret_stub, size);
	ndr_put_u32(&out, 0); /* no object */
	ndr_put_pointer(&out);
	ndr_put_u32(&out, TOWER_LEN); /* the conformant array's size, then the structure's own length */
	ndr_put_u32(&out, TOWER_LEN);
	put_tower(&out, interface);
	ndr_put_align(&out, 4);
	ndr_put_bytes(&out, nothing, sizeof nothing); /* entry handle: from the start */
	ndr_put_u32(&out, TOWERS_MAX);
	return out.full ? 0 : out.len;
}

static size_t take_length(struct ndr *in)
{
	const size_t low = ndr_u8(in);
	return low | (size_t)ndr_u8(in) << 8;
}

static bool same(const uint8_t *bytes, size_t len, const struct floor *floor)
{
	return len == floor->left_len && memcmp(bytes, floor->left, len) == 0;
}

/* The port of a tower: 0 when it isn't the interface over TCP, -1 when it is no tower. */
static int tower_port(const struct rpc_pdu_syntax *interface, const uint8_t *bytes, size_t len)
{
	const struct floor wanted = floor_of_syntax(interface), ndr = floor_of_syntax(&rpc_pdu_ndr),
			   tcp = floor_of_protocol(FLOOR_TCP, 2);
	struct ndr in = ndr_begin(bytes, len);
	const size_t floors = take_length(&in);
	bool fits = floors >= 4;
	int port = 0;
	for (size_t i = 0; i < floors && !in.bad; i++) {
		const size_t left_len = take_length(&in);
		const uint8_t *left = ndr_bytes(&in, left_len);
		const size_t right_len = take_length(&in);
		const uint8_t *right = ndr_bytes(&in, right_len);
		if (in.bad)
			return -1;
		if ((i == 0 && !same(left, left_len, &wanted)) || (i == 1 && !same(left, left_len, &ndr)))
			fits = false;
		if (i == 3 && same(left, left_len, &tcp) && right_len == 2)
			port = right[0] << 8 | right[1]; /* big-endian, [MS-RPCE] 2.1.1.1 */
	}
	return in.bad ? -1 : fits ? port : 0;
}

int epm_decode(const struct rpc_pdu_syntax *interface, const uint8_t *stub, size_t len)
{
	struct ndr in = ndr_begin(stub, len);
	int port = 0;
	(void)ndr_bytes(&in, 20); /* entry handle */
	const uint32_t towers = ndr_u32(&in), most = ndr_u32(&in), offset = ndr_u32(&in), count = ndr_u32(&in);
	if (in.bad || towers != count || count > most || count > TOWERS_MAX || offset != 0)
		return -1;
	uint32_t present = 0;
	for (uint32_t i = 0; i < count; i++)
		present += ndr_u32(&in) != 0;
	for (uint32_t i = 0; i < present && !in.bad; i++) {
		const uint32_t size = ndr_u32(&in), length = ndr_u32(&in);
		const uint8_t *tower = ndr_bytes(&in, length);
		if (tower == NULL || size != length)
			return -1;
		const int found = tower_port(interface, tower, length);
		if (found < 0)
			return -1;
		if (port == 0)
			port = found;
	}
	(void)ndr_u32(&in); /* the call's status: without a tower it says no more than that there is none */
	return in.bad ? -1 : port;
}

enum rpc_result epm_map(const struct dc *dc, const struct rpc_pdu_syntax *interface, struct deadline deadline,
                        int *ret_port, struct fault *fault)
{
	const struct rpc_target target = { .dc = dc, .port = EPM_PORT, .interface = &epm_interface };
	uint8_t stub[256];
	struct rpc *rpc = NULL;
	struct rpc_reply reply;
	struct rpc_pdu_call call = { .opnum = EPT_MAP,
		                     .stub = stub,
		                     .stub_len = epm_encode(interface, stub, sizeof stub) };
	enum rpc_result result = rpc_open(&target, deadline, &rpc, fault);
	if (result == RPC_OK)
		result = rpc_call(rpc, call, &reply, fault);
	if (result == RPC_OK) {
		*ret_port = epm_decode(interface, reply.data, reply.len);
		if (*ret_port <= 0) {
			result = *ret_port < 0 ? RPC_BAD_REPLY : RPC_REFUSED;
			(void)fault_set(fault, FAULT_UNSURE, "%s (%s) port %d: %s", dc->host, dc->address, EPM_PORT,
			                *ret_port < 0
			                        ? "the endpoint mapper's answer is malformed"
			                        : "the endpoint mapper knows no TCP port of the Netlogon service");
		}
	}
	rpc_close(rpc);
	return result;
}
