/* Fuzz target for helper/directory/{smb_session,smb_pipe,smb_logon,smb2_message,ntlm}.c: whatever a server sends, the
 * conversation ends, nothing is read outside the bytes that came, no more is given than was sent, and nobody is
 * believed.
 *
 * The first byte says how many of the opening's answers are sound; the rest of the input is what the server says after
 * them: raw, or behind sound headers.
 */
#include "../../helper/directory/smb2_message.h"
#include "../../helper/directory/smb_pipe.h"

/* Whole, for it wants a locate_connect, and the other targets have none. */
#include "../../helper/directory/smb_logon.c"

#include "../unit/fake_smb.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4096 };

/* What a client's request looks like: the answers repeat its numbers. */
static void make_request(uint8_t request[SMB2_HEADER], int stage)
{
	static const uint8_t commands[STAGES] = { SMB2_NEGOTIATE,    SMB2_SESSION_SETUP, SMB2_SESSION_SETUP,
		                                  SMB2_TREE_CONNECT, SMB2_CREATE,        SMB2_IOCTL,
		                                  SMB2_READ };
	memset(request, 0, SMB2_HEADER);
	memcpy(request, "\xfeSMB\x40", 5);
	request[12] = commands[stage < READ ? stage : READ];
	request[24] = (uint8_t)stage;
}

static int say_sound(int fd, int stages)
{
	static const struct fake_smb_script script = { .first = 30, .total = 90, .share_type = 2, .dialect = 0x0210 };
	uint8_t request[SMB2_HEADER];
	struct fake_smb_body body;
	size_t given = 0;
	for (int stage = 0; stage < stages; stage++) {
		make_request(request, stage);
		const uint32_t status = fake_smb_answer(&script, (enum fake_smb_stage)stage, HONEST, &given, &body);
		fake_smb_send(fd, request, status, &body, HONEST);
	}
	return stages;
}

/* Bodies behind sound headers: a byte of length, and that many bytes each. */
static void say_bodies(int fd, int stage, const uint8_t *bytes, size_t size)
{
	uint8_t packet[SMB2_PREFIX + SMB2_HEADER + 256], request[SMB2_HEADER];
	while (size > 1) {
		const size_t len = bytes[0] < size - 1 ? bytes[0] : size - 1;
		struct ndr_out out = ndr_out_begin(packet + SMB2_PREFIX, sizeof packet - SMB2_PREFIX);
		make_request(request, stage++);
		fake_smb_header(&out, request, request[24] == CHALLENGE ? SMB2_STATUS_MORE_PROCESSING : 0, HONEST);
		ndr_put_bytes(&out, bytes + 1, len);
		fake_smb_put_prefix(packet, out.len, 0);
		(void)send(fd, packet, SMB2_PREFIX + out.len, MSG_NOSIGNAL);
		bytes += 1 + len;
		size -= 1 + len;
	}
}

static const struct dc dc = { .host = "pdc1", .address = "10.77.0.20", .nt4 = true };

/* Nobody is connected to: both conversations are given a stream. */
int locate_connect(const struct dc *peer, int port, struct deadline deadline, struct fault *fault)
{
	(void)peer, (void)port, (void)deadline, (void)fault;
	return -1;
}

/* The server knows no secret. */
static void log_on(int fd)
{
	static const struct secret nt_hash = { .len = 16 };
	const struct stream stream = { .fd = fd, .port = 445, .deadline = deadline_in(1000), .dc = &dc };
	const struct smb_logon logon = { .account = "M1$", .domain = "NT4LAB", .nt_hash = &nt_hash };
	if (smb_logon_talk(&stream, &logon, NULL))
		abort();
}

static void converse(int fd, size_t sent)
{
	const struct stream stream = { .fd = fd, .port = 445, .deadline = deadline_in(1000), .dc = &dc };
	struct smb_pipe *pipe = NULL;
	uint8_t bytes[64];
	size_t got = 0;
	if (smb_pipe_open(&stream, "netlogon", &pipe, NULL) == RPC_OK && smb_pipe_send(pipe, bytes, 1, NULL) == 0)
		while (smb_pipe_recv(pipe, bytes, sizeof bytes, NULL) == RPC_OK)
			got += sizeof bytes;
	if (got > sent)
		abort();
	smb_pipe_close(pipe);
}

static void meet(const uint8_t *data, size_t size, bool as_somebody)
{
	int fd[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) != 0)
		abort();
	const int sound = say_sound(fd[1], data[0] % 8);
	if (data[0] >= 128)
		say_bodies(fd[1], sound, data + 1, size - 1);
	else
		(void)send(fd[1], data + 1, size - 1, MSG_NOSIGNAL);
	(void)shutdown(fd[1], SHUT_WR);
	if (as_somebody)
		log_on(fd[0]);
	else
		converse(fd[0], size + 90);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > INPUT_MAX)
		return 0;
	meet(data, size, false);
	meet(data, size, true);
	return 0;
}
