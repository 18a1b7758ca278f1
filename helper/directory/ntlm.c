/* NTLM's client side, see ntlm.h. Sections are those of [MS-NLMP]. */
#include "ntlm.h"

#include "ndr.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
	FLAG_UNICODE = 0x1,
	FLAG_REQUEST_TARGET = 0x4,
	FLAG_NTLM = 0x200,
	FLAG_ANONYMOUS = 0x800,
	FLAG_ALWAYS_SIGN = 0x8000,
	FLAG_EXTENDED = 0x80000,
	FLAG_TARGET_INFO = 0x800000,
	FLAGS = FLAG_UNICODE | FLAG_REQUEST_TARGET | FLAG_NTLM | FLAG_ALWAYS_SIGN | FLAG_EXTENDED
};

enum {
	CHALLENGE_FIXED = 48,    /* up to the target information's field; some servers end there */
	AUTHENTICATE_FIXED = 64, /* without version and MIC, which are told by flags and in the target information */
	LM_RESPONSE = 24,
	AV_END = 0,
	AV_TIME = 7,
	NAME_MAX_UTF16 = 512
};

void ntlm_response_wipe(struct ntlm_response *response)
{
	explicit_bzero(response, sizeof *response);
}

/* 2.2.2.1: the list as far as its MsvAvEOL. */
static bool take_info(const uint8_t *bytes, size_t len, struct ntlm_challenge *challenge)
{
	struct ndr in = ndr_begin(bytes, len);
	for (;;) {
		/* The pairs aren't aligned. */
		const uint8_t *head = ndr_bytes(&in, 4);
		if (head == NULL)
			return false;
		const unsigned int id = head[0] | (unsigned int)head[1] << 8;
		const size_t value_len = head[2] | (size_t)head[3] << 8;
		const uint8_t *value = ndr_bytes(&in, value_len);
		if (value == NULL || (id == AV_TIME && value_len != NTLM_TIME))
			return false;
		if (id == AV_TIME)
			challenge->time = value;
		if (id == AV_END)
			break;
	}
	challenge->info = bytes;
	challenge->info_len = len - in.left;
	return challenge->info_len <= NTLM_INFO_MAX;
}

/* 2.2.1.2 */
bool ntlm_challenge(const uint8_t *bytes, size_t len, struct ntlm_challenge *ret_challenge)
{
	static const uint8_t start[12] = { 'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, 2 };
	struct ndr in = ndr_begin(bytes, len);
	*ret_challenge = (struct ntlm_challenge){ .info = NULL };
	const uint8_t *signature = ndr_bytes(&in, sizeof start);
	(void)ndr_bytes(&in, 12); /* target name, flags */
	const uint8_t *nonce = ndr_bytes(&in, NTLM_NONCE);
	(void)ndr_bytes(&in, 8); /* reserved */
	const uint16_t info_len = ndr_u16(&in);
	(void)ndr_u16(&in); /* room for it */
	const uint32_t offset = ndr_u32(&in);
	if (in.bad || memcmp(signature, start, sizeof start) != 0)
		return false;
	memcpy(ret_challenge->server, nonce, NTLM_NONCE);
	if (info_len == 0)
		return true;
	return offset >= CHALLENGE_FIXED && offset <= len && info_len <= len - offset &&
	       take_info(bytes + offset, info_len, ret_challenge);
}

static bool hmac_md5(const uint8_t *key, const uint8_t *bytes, size_t len, uint8_t ret_sum[NTLM_KEY])
{
	unsigned int sum_len = 0;
	return HMAC(EVP_md5(), key, NTLM_KEY, bytes, len, ret_sum, &sum_len) != NULL && sum_len == NTLM_KEY;
}

static bool put_name(struct ndr_out *out, const char *name)
{
	uint8_t wide[NAME_MAX_UTF16];
	const long len = ndr_utf16(name, strlen(name), wide, sizeof wide);
	ndr_put_bytes(out, wide, len > 0 ? (size_t)len : 0);
	return len > 0;
}

static bool put_upper(struct ndr_out *out, const char *name)
{
	for (const char *c = name; *c != '\0'; c++) {
		if ((unsigned char)*c >= 0x80)
			return false;
		const bool lower = *c >= 'a' && *c <= 'z';
		ndr_put_u16(out, (uint16_t)(lower ? *c - 'a' + 'A' : *c));
	}
	return name[0] != '\0';
}

/* 3.3.2, NTOWFv2 */
bool ntlm_key(const struct secret *nt_hash, const char *user, const char *domain, struct secret *ret_key)
{
	uint8_t names[2 * NAME_MAX_UTF16], sum[NTLM_KEY];
	struct ndr_out out = ndr_out_begin(names, sizeof names);
	secret_wipe(ret_key);
	const bool made = nt_hash->len == NTLM_KEY && put_upper(&out, user) && put_name(&out, domain) && !out.full &&
	                  hmac_md5(nt_hash->bytes, names, out.len, sum) && secret_set(ret_key, sum, sizeof sum);
	explicit_bzero(sum, sizeof sum);
	return made;
}

/* 2.2.2.7 NTLMv2_CLIENT_CHALLENGE, 3.3.2's temp */
static void put_temp(struct ndr_out *out, const struct ntlm_challenge *challenge, const uint8_t *client,
                     const uint8_t *now)
{
	static const uint8_t head[8] = { 1, 1 }, zero[4];
	ndr_put_bytes(out, head, sizeof head);
	ndr_put_bytes(out, challenge->time != NULL ? challenge->time : now, NTLM_TIME);
	ndr_put_bytes(out, client, NTLM_NONCE);
	ndr_put_bytes(out, zero, sizeof zero);
	ndr_put_bytes(out, challenge->info, challenge->info_len);
	ndr_put_bytes(out, zero, sizeof zero);
}

/* 3.3.2, ComputeResponse: NTProofStr and temp. The server's nonce stands where the proof will, to be summed up. */
bool ntlm_respond(const struct secret *key, const struct ntlm_challenge *challenge, const uint8_t client[NTLM_NONCE],
                  const uint8_t now[NTLM_TIME], struct ntlm_response *ret_response)
{
	uint8_t *bytes = ret_response->bytes, proof[NTLM_KEY];
	struct ndr_out out = ndr_out_begin(bytes + NTLM_KEY, NTLM_RESPONSE_MAX - NTLM_KEY);
	if (key->len != NTLM_KEY || challenge->info == NULL)
		return false;
	put_temp(&out, challenge, client, now);
	memcpy(bytes + NTLM_KEY - NTLM_NONCE, challenge->server, NTLM_NONCE);
	if (out.full || !hmac_md5(key->bytes, bytes + NTLM_KEY - NTLM_NONCE, NTLM_NONCE + out.len, proof))
		return false;
	memcpy(bytes, proof, sizeof proof);
	ret_response->len = NTLM_KEY + out.len;
	return hmac_md5(key->bytes, proof, sizeof proof, ret_response->session_key);
}

static struct ndr_out begin(uint32_t type, uint8_t *bytes, size_t size)
{
	struct ndr_out out = ndr_out_begin(bytes, size);
	ndr_put_bytes(&out, "NTLMSSP", 8);
	ndr_put_u32(&out, type);
	return out;
}

static void put_field(struct ndr_out *out, size_t len, size_t offset)
{
	ndr_put_u16(out, (uint16_t)len);
	ndr_put_u16(out, (uint16_t)len);
	ndr_put_u32(out, (uint32_t)offset);
}

static size_t end(const struct ndr_out *out)
{
	return out->full ? 0 : out->len;
}

/* 2.2.1.1: no domain, no workstation. */
size_t ntlm_negotiate(uint8_t *ret_bytes, size_t size)
{
	struct ndr_out out = begin(1, ret_bytes, size);
	ndr_put_u32(&out, FLAGS);
	put_field(&out, 0, 0);
	put_field(&out, 0, 0);
	return end(&out);
}

/* 2.2.1.3 and 3.2.5.1.2: nobody, with one zero byte for the LM response. */
size_t ntlm_anonymous(uint8_t *ret_bytes, size_t size)
{
	struct ndr_out out = begin(3, ret_bytes, size);
	put_field(&out, 1, AUTHENTICATE_FIXED);
	for (int i = 0; i < 5; i++) /* NT response, domain, user, workstation, session key */
		put_field(&out, 0, AUTHENTICATE_FIXED + 1);
	ndr_put_u32(&out, FLAGS | FLAG_ANONYMOUS);
	ndr_put_u8(&out, 0);
	return end(&out);
}

/* 2.2.1.3 and 3.1.5.1.2: the LM response is zeroes, no key is exchanged. */
size_t ntlm_authenticate(const char *user, const char *domain, const struct ntlm_response *response, uint8_t *ret_bytes,
                         size_t size)
{
	static const uint8_t lm[LM_RESPONSE];
	uint8_t names[2 * NAME_MAX_UTF16];
	struct ndr_out text = ndr_out_begin(names, sizeof names), out = begin(3, ret_bytes, size);
	if (!put_name(&text, domain))
		return 0;
	const size_t domain_len = text.len;
	if (!put_name(&text, user) || text.full)
		return 0;
	const size_t lm_at = AUTHENTICATE_FIXED + text.len, nt_at = lm_at + LM_RESPONSE;
	put_field(&out, LM_RESPONSE, lm_at);
	put_field(&out, response->len, nt_at);
	put_field(&out, domain_len, AUTHENTICATE_FIXED);
	put_field(&out, text.len - domain_len, AUTHENTICATE_FIXED + domain_len);
	put_field(&out, 0, nt_at + response->len); /* workstation */
	put_field(&out, 0, nt_at + response->len); /* session key */
	ndr_put_u32(&out, FLAGS | FLAG_TARGET_INFO);
	ndr_put_bytes(&out, names, text.len);
	ndr_put_bytes(&out, lm, sizeof lm);
	ndr_put_bytes(&out, response->bytes, response->len);
	return end(&out);
}
