/* The server's side of DCE/RPC for tests, and the ways in which it lies. All connections of the code under test lead to
 * one fake_server: this file has the locate_connect that they use. */
#ifndef RETRUST_TEST_FAKE_RPC_H
#define RETRUST_TEST_FAKE_RPC_H

#include "../../helper/directory/locate.h"
#include "../../helper/directory/ndr.h"
#include "../../helper/directory/rpc_pdu.h"

#include "fake_server.h"

#include <fcntl.h>

/* HONEST, then lies that leave no whole answer, then lies that are an answer. */
enum fake_lie {
	HONEST,
	CLOSED,
	RESET,
	SILENT,
	DRIP, /* byte after byte, without end */
	CUT,  /* half of it, then the end */
	HUGE, /* announces 65535 bytes, sends few */
	LAST_NO_ANSWER = HUGE,
	TINY,    /* announces less than a header */
	GARBAGE, /* another protocol */
	BIG_ENDIAN_LABEL,
	WRONG_CALL,
	WRONG_TYPE,  /* an RPC packet of another kind */
	AUTH_LENGTH, /* announces a token longer than the packet */
	LONGER,      /* more bytes than the answer has */
	SHORTER,
	NO_FIRST, /* the first fragment isn't the first */
	ENDLESS,  /* fragments that never end */
	EMPTY,    /* fragments without bytes that never end */
	LAST_LIE = EMPTY,
	FAULT /* refuses with an RPC fault */
};

static uint16_t fake_rpc_port;

int locate_connect(const struct dc *dc, int port, struct deadline deadline, struct fault *fault)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(fake_rpc_port) };
	(void)deadline;
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = fake_rpc_port != 0 ? socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	return fault_set(fault, FAULT_UNSURE, "%s port %d: nobody there", dc->host, port);
}

static const struct dc fake_dc = { .host = "dc1.lab.example", .address = "127.0.0.1" };

/* A request or bind from the client. */
struct fake_request {
	uint8_t bytes[RPC_PDU_SEND_MAX];
	uint8_t type, pad;
	uint16_t opnum;
	uint32_t call_id;
	uint8_t *stub, *token;
	size_t stub_len, token_len;
};

static inline bool fake_rpc_read(int fd, struct fake_request *ret)
{
	if (!fake_server_read(fd, ret->bytes, RPC_PDU_HEADER))
		return false;
	struct ndr in = ndr_begin(ret->bytes + 8, 8);
	const size_t len = ndr_u16(&in);
	ret->token_len = ndr_u16(&in);
	ret->call_id = ndr_u32(&in);
	ret->type = ret->bytes[2];
	if (len < 24 || len > sizeof ret->bytes || !fake_server_read(fd, ret->bytes + 16, len - 16))
		return false;
	in = ndr_begin(ret->bytes + 22, 2);
	ret->opnum = ndr_u16(&in);
	ret->stub = ret->bytes + 24;
	ret->token = ret->bytes + len - ret->token_len;
	ret->stub_len = len - 24 - (ret->token_len > 0 ? ret->token_len + 8 : 0);
	ret->pad = ret->token_len > 0 ? ret->token[-6] : 0;
	return true;
}

/* An answer: stub, and where it is protected its padding's length and token. */
struct fake_reply {
	uint8_t stub[2048], token[64];
	size_t len, token_len;
	uint8_t pad;
};

static inline size_t fake_rpc_pdu(uint8_t type, uint8_t flags, uint32_t call_id, const struct fake_reply *reply,
                                  uint8_t *buf, size_t size)
{
	static const uint8_t zero[4];
	struct ndr_out out = ndr_out_begin(buf, size);
	const uint8_t head[] = { 5, 0, type, flags, 0x10, 0, 0, 0 };
	ndr_put_bytes(&out, head, sizeof head);
	ndr_put_u32(&out, 0);
	ndr_put_u32(&out, call_id);
	if (type == RPC_PDU_BIND_ACK) {
		ndr_put_u32(&out, 5840 | 5840u << 16);
		ndr_put_u32(&out, 77);
	} else {
		ndr_put_u32(&out, (uint32_t)reply->len);
		ndr_put_bytes(&out, zero, 4);
	}
	ndr_put_bytes(&out, reply->stub, reply->len);
	if (reply->token_len > 0) {
		const uint8_t trailer[] = { 0x44, 6, reply->pad, 0, 1, 0, 0, 0 };
		ndr_put_bytes(&out, trailer, sizeof trailer);
		ndr_put_bytes(&out, reply->token, reply->token_len);
	}
	struct ndr_out lengths = ndr_out_begin(buf + 8, 4);
	ndr_put_u16(&lengths, (uint16_t)out.len);
	ndr_put_u16(&lengths, (uint16_t)reply->token_len);
	return out.len;
}

static inline void fake_rpc_endless(int fd, uint32_t call_id, size_t each)
{
	static struct fake_reply reply;
	uint8_t bytes[4096];
	for (uint8_t flags = RPC_PDU_FIRST;; flags = 0) {
		reply.len = each;
		const size_t len = fake_rpc_pdu(RPC_PDU_RESPONSE, flags, call_id, &reply, bytes, sizeof bytes);
		if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
			return;
	}
}

/* Sends the answer or its caricature. Returns whether the conversation may go on. */
static inline bool fake_rpc_send(int fd, uint8_t type, uint32_t call_id, struct fake_reply *reply, enum fake_lie lie)
{
	static const struct linger reset = { .l_onoff = 1 };
	uint8_t bytes[4096];
	if (lie == LONGER)
		reply->len += 4;
	if (lie == SHORTER)
		reply->len -= 4;
	if (lie == WRONG_TYPE)
		type = type == RPC_PDU_RESPONSE ? RPC_PDU_BIND_ACK : RPC_PDU_RESPONSE;
	if (lie == FAULT) {
		type = RPC_PDU_FAULT;
		*reply = (struct fake_reply){ .stub = { 5, 0, 0, 0 }, .len = 8 };
	}
	const uint8_t flags = RPC_PDU_LAST | (lie == NO_FIRST ? 0 : RPC_PDU_FIRST);
	size_t len = fake_rpc_pdu(type, flags, call_id + (lie == WRONG_CALL), reply, bytes, sizeof bytes);
	switch (lie) {
	case CLOSED:
		return false;
	case RESET:
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		return false;
	case SILENT:
		(void)pause();
		return false;
	case DRIP:
		for (bytes[9] = 0xff; send(fd, bytes, 1, MSG_NOSIGNAL) == 1; memmove(bytes, bytes + 1, 100))
			(void)usleep(5000);
		return false;
	case ENDLESS:
		fake_rpc_endless(fd, call_id, 2000);
		return false;
	case EMPTY:
		fake_rpc_endless(fd, call_id, 0);
		return false;
	case GARBAGE:
		memcpy(bytes, "HTTP/1.1 400 Bad Request\r\n", 26);
		break;
	case TINY:
		bytes[8] = 8;
		bytes[9] = 0;
		break;
	case HUGE:
		bytes[8] = bytes[9] = 0xff;
		break;
	case BIG_ENDIAN_LABEL:
		bytes[4] = 0;
		break;
	case AUTH_LENGTH:
		bytes[10] = bytes[11] = 0xff;
		break;
	default:
		break;
	}
	(void)send(fd, bytes, lie == CUT ? len / 2 : len, MSG_NOSIGNAL);
	return lie == HONEST;
}

/* The rest of a bind_ack after its fixed part: no secondary address, one context accepted with NDR. */
static inline void fake_rpc_accept(struct fake_reply *reply)
{
	struct ndr_out out = ndr_out_begin(reply->stub, sizeof reply->stub);
	ndr_put_u16(&out, 4);
	ndr_put_bytes(&out, "135", 4);
	ndr_put_align(&out, 4);
	ndr_put_u32(&out, 1);
	ndr_put_u32(&out, 0);
	ndr_put_bytes(&out, rpc_pdu_ndr.uuid, 16);
	ndr_put_u32(&out, rpc_pdu_ndr.major);
	reply->len = out.len;
}

/* The endpoint mapper's answer: towers for that interface, each with the port. */
static inline void fake_rpc_towers(struct fake_reply *reply, const struct rpc_pdu_syntax *interface, uint16_t port,
                                   uint32_t towers)
{
	static const uint8_t nothing[20];
	struct ndr_out out = ndr_out_begin(reply->stub, sizeof reply->stub);
	ndr_put_bytes(&out, nothing, 20);
	ndr_put_u32(&out, towers);
	ndr_put_u32(&out, 16);
	ndr_put_u32(&out, 0);
	ndr_put_u32(&out, towers);
	for (uint32_t i = 0; i < towers; i++)
		ndr_put_pointer(&out);
	for (uint32_t i = 0; i < towers; i++) {
		const uint8_t head[] = { 5, 0, 19, 0, 0x0d }, tail[] = { 2, 0, 0, 0, 19, 0, 0x0d },
			      rest[] = { 2,
			                 0,
			                 2,
			                 0,
			                 0,
			                 0,
			                 1,
			                 0,
			                 0x0b,
			                 2,
			                 0,
			                 0,
			                 0,
			                 1,
			                 0,
			                 0x07,
			                 2,
			                 0,
			                 (uint8_t)(port >> 8),
			                 (uint8_t)port,
			                 1,
			                 0,
			                 0x09,
			                 4,
			                 0,
			                 127,
			                 0,
			                 0,
			                 1 };
		ndr_put_u32(&out, 75);
		ndr_put_u32(&out, 75);
		ndr_put_bytes(&out, head, sizeof head);
		ndr_put_bytes(&out, interface->uuid, 16);
		ndr_put_bytes(&out, (const uint8_t[]){ (uint8_t)interface->major, 0 }, 2);
		ndr_put_bytes(&out, tail, sizeof tail);
		ndr_put_bytes(&out, rpc_pdu_ndr.uuid, 16);
		ndr_put_bytes(&out, rest, sizeof rest);
		ndr_put_align(&out, 4);
	}
	ndr_put_u32(&out, 0);
	reply->len = out.len;
}

#endif
