/* Fuzz target for helper/directory/{rpc,rpc_pdu,epm,samr_lookup,ndr,netlogon_message}.c: whatever a DC sends, the conversation
 * ends, nothing is read outside the bytes that came, and no more is believed than was sent.
 *
 * The first byte chooses what gets the rest: a decoder alone, or a whole conversation, of which all that the DC says is
 * in the socket before it is asked: raw, behind a sound bind_ack, or as fragments with sound headers.
 */
#include "../../helper/directory/ndr.h"
#include "../../helper/directory/netlogon_message.h"

/* Whole, for they want the locate_connect of this file, and the other targets have none. */
#include "../../helper/directory/epm.c"
#include "../../helper/directory/samr_lookup.c"
#include "../../helper/directory/rpc.c"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 8192 };

/* What the DC says. */
static uint8_t words[WORDS_MAX];
static struct ndr_out said;
static int peer = -1;

/* In the place of locate.c: a DC that has said all it will say. */
int locate_connect(const struct dc *dc, int port, struct deadline deadline, struct fault *fault)
{
	int fd[2];
	(void)dc;
	(void)port;
	(void)deadline;
	(void)fault;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) != 0 ||
	    (said.len > 0 && write(fd[1], words, said.len) != (ssize_t)said.len))
		abort();
	(void)shutdown(fd[1], SHUT_WR);
	peer = fd[1];
	return fd[0];
}

static void end(void)
{
	(void)close(peer);
	peer = -1;
}

static void say_header(uint8_t type, uint8_t flags, size_t len, size_t token_len, uint8_t call_id)
{
	const uint8_t header[] = {
		5, 0,       type, flags, 0x10, 0, 0, 0, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)token_len,
		0, call_id, 0,    0,     0
	};
	ndr_put_bytes(&said, header, sizeof header);
}

static void say_ack(void)
{
	static const uint8_t start[] = { 0xd0, 0x16, 0xd0, 0x16, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 },
			     version[] = { 2, 0, 0, 0 }, trailer[] = { 0x44, 6, 0, 0, 1, 0, 0, 0 }, token[12] = { 1 };
	say_header(RPC_PDU_BIND_ACK, 3, 16 + sizeof start + 16 + 4 + 8 + 12, 12, 1);
	ndr_put_bytes(&said, start, sizeof start);
	ndr_put_bytes(&said, rpc_pdu_ndr.uuid, 16);
	ndr_put_bytes(&said, version, sizeof version);
	ndr_put_bytes(&said, trailer, sizeof trailer);
	ndr_put_bytes(&said, token, sizeof token);
}

/* Each fragment: a byte of flags, a byte of length (and padding), that many bytes. */
static void say_fragments(const uint8_t *bytes, size_t size, bool guarded)
{
	static const uint8_t fixed[8], token[NETLOGON_CRYPTO_TOKEN] = { 1 };
	while (size > 2) {
		const uint8_t flags = bytes[0] & 3;
		const size_t len = bytes[1] < size - 2 ? bytes[1] : size - 2;
		say_header(RPC_PDU_RESPONSE, flags, 24 + len + (guarded ? 8 + sizeof token : 0),
		           guarded ? sizeof token : 0, 2);
		ndr_put_bytes(&said, fixed, sizeof fixed);
		ndr_put_bytes(&said, bytes + 2, len);
		if (guarded) {
			const uint8_t trailer[] = { 0x44, 6, bytes[0] >> 2, 0, 1, 0, 0, 0 };
			ndr_put_bytes(&said, trailer, sizeof trailer);
			ndr_put_bytes(&said, token, sizeof token);
		}
		bytes += 2 + len;
		size -= 2 + len;
	}
}

static bool guard_seal(void *state, uint8_t *data, size_t len, uint8_t *ret_token)
{
	(void)state;
	memset(data, 0, len);
	memset(ret_token, 0, NETLOGON_CRYPTO_TOKEN);
	return true;
}

/* Takes every token, and touches all that it is told to. */
static bool guard_open(void *state, uint8_t *data, size_t len, const uint8_t *token)
{
	uint8_t *sum = state;
	for (size_t i = 0; i < len; i++)
		data[i] ^= token[i % NETLOGON_CRYPTO_TOKEN];
	for (size_t i = 0; i < len; i++)
		*sum = (uint8_t)(*sum + data[i]);
	return true;
}

static void converse(bool guarded)
{
	static const struct dc dc = { .host = "dc1.lab.example", .address = "10.77.0.10" };
	uint8_t sum = 0;
	const struct rpc_guard guard = {
		.auth = { .type = 0x44, .level = 6, .token = (const uint8_t *)"token", .token_len = 5 },
		.token_len = NETLOGON_CRYPTO_TOKEN,
		.seal = guard_seal,
		.open = guard_open,
		.state = &sum
	};
	const struct rpc_target target = {
		.dc = &dc, .port = 49152, .interface = &netlogon_message_interface, .guard = guarded ? &guard : NULL
	};
	const struct rpc_pdu_call call = { .opnum = NETLOGON_GET_CAPABILITIES, .stub = "stub", .stub_len = 4 };
	struct rpc *rpc = NULL;
	struct rpc_reply reply = { .len = 0 };
	struct netlogon_message_reply message;
	if (rpc_open(&target, deadline_in(1000), &rpc, NULL) == RPC_OK && rpc_call(rpc, call, &reply, NULL) == RPC_OK) {
		if (reply.len > said.len)
			abort();
		(void)netlogon_message_reply(NETLOGON_GET_CAPABILITIES, reply.data, reply.len, &message);
	}
	rpc_close(rpc);
	end();
}

static void map(void)
{
	static const struct dc dc = { .host = "dc1.lab.example", .address = "10.77.0.10" };
	int port = 0;
	if (epm_map(&dc, &netlogon_message_interface, deadline_in(1000), &port, NULL) == RPC_OK &&
	    (port < 1 || port > 65535))
		abort();
	end();
}

static void parse(uint8_t *bytes, size_t size)
{
	struct rpc_pdu pdu;
	if (!rpc_pdu_parse(bytes, size, &pdu))
		return;
	(void)rpc_pdu_accepted(&pdu);
	if (pdu.body < bytes || pdu.body_len > size || pdu.body + pdu.body_len > bytes + size ||
	    pdu.auth_pad > pdu.body_len)
		abort();
	if (pdu.token != NULL && (pdu.token < pdu.body || pdu.token + pdu.header.auth_len != bytes + size))
		abort();
}

/* A password of any bytes: UTF-16 of at most twice its size, or nothing. */
static void text(const uint8_t *bytes, size_t size)
{
	static uint8_t utf16[2 * WORDS_MAX];
	const long len = ndr_utf16(bytes, size, utf16, 2 * size);
	if (len > (long)(2 * size) || (len >= 0 && len % 2 != 0))
		abort();
}

static void decode(uint8_t choice, const uint8_t *bytes, size_t size)
{
	static const enum netlogon_message_opnum opnums[] = { NETLOGON_GET_CAPABILITIES, NETLOGON_REQ_CHALLENGE,
		                                              NETLOGON_AUTHENTICATE3, NETLOGON_PASSWORD_SET2 };
	struct netlogon_message_reply reply;
	const int port = epm_decode(&netlogon_message_interface, bytes, size);
	if (port < -1 || port > 65535)
		abort();
	uint32_t rid;
	(void)samr_lookup_rid(bytes, size, &rid);
	(void)samr_lookup_flags(bytes, size);
	(void)netlogon_message_reply(opnums[choice % 4], bytes, size, &reply);
}

/* What of the conversation is sound beforehand. */
static void talk(uint8_t choice, const uint8_t *bytes, size_t size)
{
	const bool guarded = choice % 2 != 0;
	said = ndr_out_begin(words, sizeof words);
	if (choice % 8 >= 2)
		say_ack();
	if (choice % 8 >= 6)
		say_fragments(bytes, size, guarded);
	else
		ndr_put_bytes(&said, bytes, size);
	if (choice % 8 == 4)
		map();
	else
		converse(guarded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > WORDS_MAX / 2)
		return 0;
	uint8_t *bytes = malloc(size - 1); /* exact, for AddressSanitizer */
	if (bytes == NULL)
		return 0;
	memcpy(bytes, data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		decode(data[0] / 4, bytes, size - 1);
		break;
	case 1:
		text(bytes, size - 1);
		break;
	case 2:
		talk(data[0] / 4, bytes, size - 1);
		break;
	default:
		parse(bytes, size - 1);
	}
	free(bytes);
	return 0;
}
