/* A DC's Netlogon service for tests, from the endpoint mapper to the sealed call, and its lies. */
#ifndef RETRUST_TEST_FAKE_NETLOGON_H
#define RETRUST_TEST_FAKE_NETLOGON_H

#include "../../helper/directory/netlogon.h"
#include "../../helper/directory/netlogon_message.h"

#include "fake_rpc.h"

#include <openssl/evp.h>

/* The answers of a conversation, in their order. */
enum step { EPM_BIND, EPM_MAP, BIND, CHALLENGE, AUTHENTICATE, SEALED_BIND, SEALED_CALL, STEPS };

/* Lies that only a Netlogon server can tell. */
enum netlogon_lie {
	NONE,
	WRONG_CREDENTIAL, /* accepts whatever comes and knows nothing */
	REFLECTED,        /* our own challenge and credential back */
	NEARLY_REFLECTED, /* the same but for the last byte, which follows from ours */
	REPEATED,         /* one byte eight times, as in CVE-2020-1472 */
	NO_AES,
	OTHER_FLAGS,         /* says under seal something else than before */
	WRONG_AUTHENTICATOR, /* sealed rightly */
	WRONG_SEAL,
	UNSEALED,
	UNREGISTERED /* the endpoint mapper knows no Netlogon */
};

struct script {
	const char *password; /* the account's, as the DC knows it */
	const char *domain;   /* as the sealed bind must name it, in the token's form */
	enum step at;
	enum fake_lie lie;
	enum netlogon_lie netlogon;
	uint32_t status;          /* of the call at that step */
	const char *new_password; /* that the change must bear */
};

/* The DC's memory: one process serves all connections. */
static struct netlogon_crypto channel = { .server = true };
static uint8_t client_challenge[8], server_challenge[8];
static enum step now;

static inline bool lied(const struct script *script, enum netlogon_lie lie)
{
	return script->netlogon == lie;
}

static inline void make_challenge(const struct script *script, const struct fake_request *request, uint8_t *challenge)
{
	memcpy(client_challenge, request->stub + request->stub_len - 8, 8);
	memcpy(challenge, "\xa1\xb2\xc3\xd4\xe5\xf6\x07\x18", 8);
	challenge[0] = (uint8_t)~client_challenge[0];
	if (lied(script, REFLECTED) || lied(script, NEARLY_REFLECTED))
		memcpy(challenge, client_challenge, 8);
	if (lied(script, NEARLY_REFLECTED))
		challenge[7] ^= 1;
	if (lied(script, REPEATED))
		memset(challenge, 0, 8);
	memcpy(server_challenge, challenge, 8);
}

/* Returns the status. */
static inline uint32_t check_secret(const struct script *script, const struct fake_request *request,
                                    uint8_t *credential)
{
	/* before the flags, and before two bytes of padding that follow from the name "M1" */
	const uint8_t *theirs = request->stub + request->stub_len - 14;
	SECRET_AUTO password = { .len = 0 }, hash = { .len = 0 };
	if (!secret_set(&password, script->password, strlen(script->password)) ||
	    netlogon_hash_of_password(&password, &hash) != 0 ||
	    !netlogon_crypto_begin(&channel, &hash, client_challenge, server_challenge) ||
	    !netlogon_crypto_credential(&channel, server_challenge, credential))
		return 0xC000009A;
	const bool right = memcmp(channel.stored, theirs, 8) == 0;
	if (lied(script, WRONG_CREDENTIAL))
		credential[7] ^= 1;
	if (lied(script, REFLECTED) || lied(script, NEARLY_REFLECTED))
		memcpy(credential, theirs, 8);
	if (lied(script, NEARLY_REFLECTED))
		credential[7] ^= 1;
	if (lied(script, REPEATED))
		memset(credential, 0, 8);
	return right || script->netlogon != NONE ? 0 : 0xC0000022;
}

static inline bool decrypt(uint8_t *data, int len)
{
	static const uint8_t zero[16];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int done = 0;
	const bool good = ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_128_cfb8(), NULL, channel.key, zero) == 1 &&
	                  EVP_DecryptUpdate(ctx, data, &done, data, len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return good;
}

/* Right-aligned UTF-16LE and its length. */
static inline bool is_new_password(const struct script *script, uint8_t *bytes)
{
	uint8_t utf16[512];
	const long len = ndr_utf16(script->new_password, strlen(script->new_password), utf16, sizeof utf16);
	return decrypt(bytes, 516) && memcmp(bytes + 512 - len, utf16, (size_t)len) == 0 &&
	       bytes[512] == (uint8_t)len && bytes[513] == (uint8_t)(len >> 8) && bytes[514] == 0 && bytes[515] == 0;
}

/* The authenticator lies before what follows it. Writes the DC's; false when ours is wrong. */
static inline bool check_authenticator(const struct fake_request *request, size_t following, uint8_t *credential)
{
	const uint8_t *theirs = request->stub + request->stub_len - request->pad - following - 12;
	struct netlogon_authenticator expected;
	struct ndr in = ndr_begin(theirs + 8, 4);
	return netlogon_crypto_step(&channel, ndr_u32(&in), &expected, credential) &&
	       memcmp(expected.credential, theirs, 8) == 0;
}

static inline void sealed_answer(const struct script *script, struct fake_request *request, struct fake_reply *reply)
{
	uint8_t credential[8];
	uint32_t status = script->at == SEALED_CALL ? script->status : 0;
	struct ndr_out out = ndr_out_begin(reply->stub, sizeof reply->stub);
	if (!netlogon_crypto_open(&channel, request->stub, request->stub_len, request->token))
		_exit(1);
	const bool set = request->opnum == NETLOGON_PASSWORD_SET2;
	if (!check_authenticator(request, set ? 516 : 16, credential) ||
	    (set && !is_new_password(script, request->stub + request->stub_len - request->pad - 516)))
		status = 0xC0000022;
	credential[0] ^= lied(script, WRONG_AUTHENTICATOR);
	ndr_put_bytes(&out, credential, 8);
	ndr_put_u32(&out, 0);
	if (!set) {
		ndr_put_u32(&out, 1);
		ndr_put_u32(&out, NETLOGON_FLAGS ^ lied(script, OTHER_FLAGS));
	}
	ndr_put_u32(&out, status);
	reply->pad = (uint8_t)((16 - out.len % 16) % 16);
	ndr_put_align(&out, 16);
	reply->len = out.len;
	if (lied(script, UNSEALED))
		return;
	reply->token_len = NETLOGON_CRYPTO_TOKEN;
	if (!netlogon_crypto_seal(&channel, reply->stub, reply->len, reply->token))
		_exit(1);
	reply->stub[0] ^= lied(script, WRONG_SEAL);
}

static inline void plain_answer(const struct script *script, const struct fake_request *request,
                                struct fake_reply *reply)
{
	uint8_t credential[8];
	uint32_t status = script->at == now ? script->status : 0;
	struct ndr_out out = ndr_out_begin(reply->stub, sizeof reply->stub);
	if (now == CHALLENGE)
		make_challenge(script, request, credential);
	else if (status == 0)
		status = check_secret(script, request, credential);
	ndr_put_bytes(&out, credential, 8);
	if (now == AUTHENTICATE) {
		ndr_put_u32(&out, NETLOGON_FLAGS & ~(lied(script, NO_AES) ? NETLOGON_FLAG_AES : 0));
		ndr_put_u32(&out, 1106);
	}
	ndr_put_u32(&out, status);
	reply->len = out.len;
}

static inline void answer(const struct script *script, struct fake_request *request, struct fake_reply *reply)
{
	static const uint8_t accepted[] = { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	switch (now) {
	case EPM_MAP:
		fake_rpc_towers(reply, &netlogon_message_interface, 49152, lied(script, UNREGISTERED) ? 0 : 1);
		break;
	case CHALLENGE:
	case AUTHENTICATE:
		plain_answer(script, request, reply);
		break;
	case SEALED_CALL:
		sealed_answer(script, request, reply);
		break;
	case SEALED_BIND:
		if (memcmp(request->token + 4, script->domain, request->token_len - 4) != 0)
			_exit(1);
		memcpy(reply->token, accepted, sizeof accepted);
		reply->token_len = sizeof accepted;
		fake_rpc_accept(reply);
		break;
	default:
		fake_rpc_accept(reply);
	}
}

static inline void fake_netlogon_serve(int fd, int nth, const void *data)
{
	const struct script *script = data;
	struct fake_request request;
	if (nth == 0)
		now = EPM_BIND;
	for (; fake_rpc_read(fd, &request); now++) {
		static struct fake_reply reply;
		reply = (struct fake_reply){ .len = 0 };
		answer(script, &request, &reply);
		const bool bind = request.type == RPC_PDU_BIND;
		if (!fake_rpc_send(fd, bind ? RPC_PDU_BIND_ACK : RPC_PDU_RESPONSE, request.call_id, &reply,
		                   script->at == now ? script->lie : HONEST))
			return;
	}
}

#endif
