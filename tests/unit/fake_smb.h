/* The server's side of a named pipe over SMB2 for tests, and the ways in which it lies. */
#ifndef RETRUST_TEST_FAKE_SMB_H
#define RETRUST_TEST_FAKE_SMB_H

#include "../../helper/directory/ndr.h"
#include "../../helper/directory/smb2_message.h"

#include "fake_server.h"

/* The requests of a conversation, in their order. */
enum fake_smb_stage { NEGOTIATE, CHALLENGE, ANONYMOUS, TREE, CREATE, TRANSCEIVE, READ, STAGES };

enum fake_smb_lie {
	HONEST,
	LATE, /* says first that the answer will take its time */
	/* no whole answer */
	CLOSED,
	SILENT,
	DRIP, /* byte after byte, without end */
	CUT,  /* half of it, then the end */
	/* an answer that isn't one */
	HUGE,       /* announces 16 MiB */
	TINY,       /* announces less than a header */
	OTHER_TYPE, /* the prefix is of another kind of packet */
	GARBAGE,
	A_REQUEST, /* isn't flagged as an answer */
	CHAINED,   /* announces another one behind it */
	WRONG_MESSAGE,
	WRONG_COMMAND,
	PENDING,    /* puts it off without end */
	WRONG_BODY, /* another structure size */
	SHORT_BODY,
	LAST_EVERYWHERE = SHORT_BODY,
	/* where there is a buffer in the answer */
	OFFSET_OUTSIDE,
	OFFSET_IN_HEADER,
	LENGTH_OUTSIDE,
	EMPTY,
	/* an NTSTATUS */
	REFUSED
};

/* Signs the answer to that request. */
typedef void fake_smb_sign_fn(const uint8_t *request, uint8_t *answer, size_t len);

struct fake_smb_script {
	enum fake_smb_lie lie;
	enum fake_smb_stage stage; /* at which it lies */
	size_t first;              /* how much of the answer the transceive gives; the rest by reads */
	size_t total;              /* of the pipe's answer: bytes 0, 1, 2 … */
	uint16_t share_type, dialect;
	/* of the session setup; NULL: a challenge without target information, an answer without a signature */
	const uint8_t *challenge;
	size_t challenge_len;
	uint16_t session_flags;
	fake_smb_sign_fn *sign;
};

static inline void fake_smb_header(struct ndr_out *out, const uint8_t *request, uint32_t status, enum fake_smb_lie lie)
{
	ndr_put_bytes(out, request, 8);
	if (lie == GARBAGE)
		out->buf[0] = 'H';
	ndr_put_u32(out, status);
	ndr_put_bytes(out, request + 12, 4);
	if (lie == WRONG_COMMAND)
		out->buf[12] ^= 2;
	ndr_put_u32(out, lie == A_REQUEST ? 0 : 1);
	ndr_put_u32(out, lie == CHAINED ? 64 : 0);
	ndr_put_bytes(out, request + 24, 8);
	if (lie == WRONG_MESSAGE)
		out->buf[24] ^= 1;
	ndr_put_u32(out, 0);
	ndr_put_u32(out, 7);  /* tree */
	ndr_put_u32(out, 42); /* session */
	ndr_put_u32(out, 0);
	ndr_put_bytes(out, (const uint8_t[16]){ 0 }, 16);
}

/* A body of `fixed` bytes with that structure size and, where len > 0, a buffer behind it. */
struct fake_smb_body {
	uint16_t structure;
	size_t fixed;
	uint8_t bytes[96]; /* from the third byte on */
	const uint8_t *data;
	size_t len;
	fake_smb_sign_fn *sign;
};

static inline uint32_t fake_smb_offset(const struct fake_smb_body *body, enum fake_smb_lie lie)
{
	return (uint32_t)(lie == OFFSET_OUTSIDE ? 200000 : lie == OFFSET_IN_HEADER ? 8 : SMB2_HEADER + body->fixed);
}

static inline uint32_t fake_smb_len(const struct fake_smb_body *body, enum fake_smb_lie lie)
{
	return (uint32_t)(lie == LENGTH_OUTSIDE ? body->len + 1 : lie == EMPTY ? 0 : body->len);
}

static inline void fake_smb_put_prefix(uint8_t *bytes, size_t len, uint8_t type)
{
	bytes[0] = type;
	bytes[1] = (uint8_t)(len >> 16);
	bytes[2] = (uint8_t)(len >> 8);
	bytes[3] = (uint8_t)len;
}

static inline void fake_smb_send(int fd, const uint8_t *request, uint32_t status, const struct fake_smb_body *body,
                                 enum fake_smb_lie lie)
{
	static uint8_t packet[SMB2_PREFIX + SMB2_MESSAGE_MAX + 64];
	uint8_t *bytes = packet + SMB2_PREFIX;
	struct ndr_out out = ndr_out_begin(bytes, sizeof packet - SMB2_PREFIX);
	fake_smb_header(&out, request, status, lie);
	if (body != NULL) {
		ndr_put_u16(&out, (uint16_t)(body->structure + (lie == WRONG_BODY ? 1 : 0)));
		ndr_put_bytes(&out, body->bytes, body->fixed - 2);
		ndr_put_bytes(&out, body->data, body->len);
		if (lie == SHORT_BODY)
			out.len = SMB2_HEADER + 1;
		if (body->sign != NULL)
			body->sign(request, bytes, out.len);
	}
	size_t announced = out.len, sent = out.len;
	if (lie == HUGE)
		announced = 0xffffff;
	if (lie == TINY)
		announced = SMB2_HEADER - 1;
	if (lie == CUT)
		sent /= 2;
	fake_smb_put_prefix(packet, announced, lie == OTHER_TYPE ? 0x85 : 0);
	(void)send(fd, packet, SMB2_PREFIX + (lie == DRIP ? 0 : sent), MSG_NOSIGNAL);
	for (size_t i = 0; lie == DRIP && i < announced && send(fd, bytes + i, 1, MSG_NOSIGNAL) == 1; i++)
		(void)usleep(20000);
}

static inline void fake_smb_put32(uint8_t *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
}

/* The answer to a request of that stage. given: how much of the pipe's answer has been given. */
static inline uint32_t fake_smb_answer(const struct fake_smb_script *script, enum fake_smb_stage stage,
                                       enum fake_smb_lie lie, size_t *given, struct fake_smb_body *body)
{
	static const uint8_t plain[56] = { 'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, 2 };
	static uint8_t data[1 << 16];
	memset(body, 0, sizeof *body);
	switch (stage) {
	case NEGOTIATE:
		*body = (struct fake_smb_body){ .structure = 65, .fixed = 64 };
		body->bytes[2] = (uint8_t)script->dialect;
		body->bytes[3] = (uint8_t)(script->dialect >> 8);
		return 0;
	case CHALLENGE:
	case ANONYMOUS:
		*body = (struct fake_smb_body){ .structure = 9, .fixed = 8 };
		if (stage == ANONYMOUS) {
			body->bytes[0] = (uint8_t)script->session_flags;
			body->sign = script->sign;
			return 0;
		}
		body->data = script->challenge != NULL ? script->challenge : plain;
		body->len = script->challenge != NULL ? script->challenge_len : sizeof plain;
		fake_smb_put32(body->bytes + 2, (fake_smb_offset(body, lie) & 0xffff) | fake_smb_len(body, lie) << 16);
		return SMB2_STATUS_MORE_PROCESSING;
	case TREE:
		*body = (struct fake_smb_body){ .structure = 16, .fixed = 16 };
		body->bytes[0] = (uint8_t)script->share_type;
		return 0;
	case CREATE:
		*body = (struct fake_smb_body){ .structure = 89, .fixed = 88 };
		memset(body->bytes + 62, 0x33, SMB2_FILE_ID);
		return 0;
	default:
		break;
	}
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	const size_t left = script->total - *given, most = stage == READ ? SMB2_OUTPUT_MAX : script->first;
	*body = (struct fake_smb_body){ .structure = stage == READ ? 17 : 49, .fixed = stage == READ ? 16 : 48 };
	body->data = data + *given;
	body->len = left < most ? left : most;
	*given += body->len;
	if (stage == READ) {
		body->bytes[0] = (uint8_t)fake_smb_offset(body, lie == OFFSET_OUTSIDE ? HONEST : lie);
		if (lie == OFFSET_OUTSIDE)
			body->bytes[0] = 255;
		fake_smb_put32(body->bytes + 2, fake_smb_len(body, lie));
	} else {
		fake_smb_put32(body->bytes + 30, fake_smb_offset(body, lie));
		fake_smb_put32(body->bytes + 34, fake_smb_len(body, lie));
	}
	return *given < script->total ? SMB2_STATUS_BUFFER_OVERFLOW : 0;
}

/* Serves one conversation: fake_server_fn with a struct fake_smb_script. */
static inline void fake_smb_serve(int fd, int nth, const void *data)
{
	static const uint8_t commands[STAGES] = { SMB2_NEGOTIATE,    SMB2_SESSION_SETUP, SMB2_SESSION_SETUP,
		                                  SMB2_TREE_CONNECT, SMB2_CREATE,        SMB2_IOCTL,
		                                  SMB2_READ };
	const struct fake_smb_script *script = data;
	uint8_t request[SMB2_MESSAGE_MAX];
	struct fake_smb_body body;
	size_t given = 0;
	(void)nth;
	for (int stage = NEGOTIATE;;) {
		if (fake_server_request(fd, request, sizeof request) < SMB2_HEADER || request[12] != commands[stage])
			return;
		const enum fake_smb_lie lie = script->stage == (enum fake_smb_stage)stage ? script->lie : HONEST;
		uint32_t status = fake_smb_answer(script, (enum fake_smb_stage)stage, lie, &given, &body);
		if (lie == CLOSED)
			return;
		for (int i = 0; i < (lie == PENDING ? 100 : lie == LATE ? 1 : 0); i++)
			fake_smb_send(fd, request, SMB2_STATUS_PENDING, NULL, HONEST);
		if (lie == SILENT)
			(void)pause();
		fake_smb_send(fd, request, lie == REFUSED ? 0xC0000022u : status, &body, lie);
		if (lie == CUT)
			return;
		if (stage < READ)
			stage++;
	}
}

#endif
