/* The machine's secret tried by an SMB2 session, see smb_logon.h. */
#include "smb_logon.h"

#include "smb_pipe.h"
#include "smb_session.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SHA256 = 32 };

/* The 1st of January 1601, in seconds before 1970; a FILETIME counts tenths of microseconds from there. */
#define FILETIME_EPOCH 11644473600u

static void filetime_now(uint8_t ret_time[NTLM_TIME])
{
	const uint64_t now = ((uint64_t)time(NULL) + FILETIME_EPOCH) * 10000000u;
	for (int i = 0; i < NTLM_TIME; i++)
		ret_time[i] = (uint8_t)(now >> (8 * i));
}

static bool failed(const struct smb_session *session, const char *what, struct fault *fault)
{
	return fault_set(fault, FAULT_INTERNAL, "no SMB session with %s: %s", session->stream->dc->host, what) == 0;
}

static bool respond(const struct smb_session *session, const struct smb_logon *logon,
                    const struct ntlm_challenge *challenge, struct ntlm_response *ret_response, struct fault *fault)
{
	SECRET_AUTO key = { 0 };
	uint8_t nonce[NTLM_NONCE], now[NTLM_TIME];
	filetime_now(now);
	if (RAND_bytes(nonce, sizeof nonce) != 1)
		return failed(session, "no random bytes", fault);
	if (!ntlm_key(logon->nt_hash, logon->account, logon->domain, &key) ||
	    !ntlm_respond(&key, challenge, nonce, now, ret_response))
		return failed(
			session,
			"NTLMv2 can't be had here (the system's cryptographic policy, the account's name) or there",
			fault);
	return true;
}

/* [MS-SMB2] 3.1.5.1 with 3.1.4.1: HMAC-SHA256 over the message without its signature. The key is NTLM's
 * ([MS-SMB2] 3.2.1.3, Session.SigningKey of the dialects before 3.0). */
static bool is_proven(const struct smb2_reply *reply, const uint8_t key[NTLM_KEY])
{
	uint8_t bytes[SMB2_MESSAGE_MAX], sum[SHA256];
	unsigned int len = 0;
	if (!reply->is_signed || reply->len > sizeof bytes)
		return false;
	memcpy(bytes, reply->bytes, reply->len);
	memset(bytes + SMB2_SIGNATURE_AT, 0, SMB2_SIGNATURE);
	return HMAC(EVP_sha256(), key, NTLM_KEY, bytes, reply->len, sum, &len) != NULL && len == sizeof sum &&
	       CRYPTO_memcmp(sum, reply->bytes + SMB2_SIGNATURE_AT, SMB2_SIGNATURE) == 0;
}

static bool talk(struct smb_session *session, const struct stream *stream, const struct smb_logon *logon,
                 struct fault *fault)
{
	NTLM_RESPONSE_AUTO response = { 0 };
	uint8_t token[NTLM_TOKEN_MAX];
	struct ntlm_challenge challenge;
	struct smb2_reply reply;
	struct smb2_setup setup;
	if (smb_session_begin(session, stream, &challenge, fault) != RPC_OK ||
	    !respond(session, logon, &challenge, &response, fault))
		return false;
	const size_t len = ntlm_authenticate(logon->account, logon->domain, &response, token, sizeof token);
	if (smb_session_answer(session, token, len, &reply, fault) != RPC_OK)
		return false;
	if (!smb2_message_setup(&reply, &setup) || !setup.is_somebody || !is_proven(&reply, response.session_key)) {
		(void)smb_session_bad(session, "lets in whoever comes, or doesn't prove that it knows the secret",
		                      fault);
		return false;
	}
	return true;
}

bool smb_logon_talk(const struct stream *stream, const struct smb_logon *logon, struct fault *fault)
{
	struct smb_session session = { .stream = stream };
	const bool proven = talk(&session, stream, logon, fault);
	explicit_bzero(&session, sizeof session);
	return proven;
}

bool smb_logon_proves(const struct dc *dc, const struct smb_logon *logon, struct deadline deadline, struct fault *fault)
{
	const int fd = locate_connect(dc, SMB_PIPE_PORT, deadline, fault);
	const struct stream stream = { .fd = fd, .port = SMB_PIPE_PORT, .deadline = deadline, .dc = dc };
	const bool proven = fd >= 0 && smb_logon_talk(&stream, logon, fault);
	if (fd >= 0)
		(void)close(fd);
	return proven;
}
