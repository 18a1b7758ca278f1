/* Parameters and results of the Netlogon calls, see netlogon_message.h. */
#include "netlogon_message.h"

#include "ndr.h"

#include <stdio.h>
#include <string.h>

const struct rpc_pdu_syntax netlogon_message_interface = { .uuid = { 0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab,
	                                                             0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0xcf, 0xfb },
	                                                   .major = 1 };

enum { WORKSTATION = 2 /* WorkstationSecureChannel, 2.2.1.3.13 */, QUERY_CAPABILITIES = 1 };

/* NL_AUTH_MESSAGE flags, 2.2.1.3.1. */
enum bind_flag { BIND_OEM_DOMAIN = 1, BIND_OEM_COMPUTER = 2, BIND_DNS_DOMAIN = 4 };

static bool copy(char *ret_text, size_t size, const char *text, size_t len)
{
	if (len == 0 || len >= size)
		return false;
	memcpy(ret_text, text, len);
	ret_text[len] = '\0';
	return true;
}

bool netlogon_message_names(const char *dc_host, const char *account, const char *computer,
                            struct netlogon_names *ret_names)
{
	const char *backslash = strchr(account, '\\'), *at = strchr(account, '@'), *dot = strchr(dc_host, '.');
	const char *name = backslash != NULL ? backslash + 1 : account, *domain = dot != NULL ? dot + 1 : dc_host;
	const size_t name_len = backslash == NULL && at != NULL ? (size_t)(at - name) : strlen(name);
	if (backslash != NULL)
		domain = account;
	else if (at != NULL)
		domain = at + 1;
	ret_names->dns = backslash == NULL;
	const size_t domain_len = backslash != NULL ? (size_t)(backslash - account) : strlen(domain);
	const int server_len = snprintf(ret_names->server, sizeof ret_names->server, "\\\\%s", dc_host);
	return server_len > 2 && (size_t)server_len < sizeof ret_names->server &&
	       copy(ret_names->account, sizeof ret_names->account, name, name_len) &&
	       copy(ret_names->computer, sizeof ret_names->computer, computer, strlen(computer)) &&
	       copy(ret_names->domain, sizeof ret_names->domain, domain, domain_len);
}

static size_t length(const struct ndr_out *out)
{
	return out->full ? 0 : out->len;
}

/* PrimaryName: [unique, string] LOGONSRV_HANDLE */
static void put_server(struct ndr_out *out, const struct netlogon_names *names)
{
	ndr_put_pointer(out);
	ndr_put_string(out, names->server);
}

static void put_authenticator(struct ndr_out *out, const struct netlogon_authenticator *ours)
{
	ndr_put_align(out, 4);
	ndr_put_bytes(out, ours->credential, sizeof ours->credential);
	ndr_put_u32(out, ours->timestamp);
}

/* PrimaryName, AccountName, SecureChannelType, ComputerName: how Authenticate3 and PasswordSet2 begin. */
static void put_caller(struct ndr_out *out, const struct netlogon_names *names)
{
	put_server(out, names);
	ndr_put_string(out, names->account);
	ndr_put_u16(out, WORKSTATION);
	ndr_put_align(out, 4);
	ndr_put_string(out, names->computer);
}

/* NetrServerReqChallenge (opnum 4), 3.5.4.4.1. */
size_t netlogon_message_challenge(const struct netlogon_names *names, const uint8_t challenge[8], uint8_t *ret_stub,
                                  size_t size)
{
	struct ndr_out out = ndr_out_begin(ret_stub, size);
	put_server(&out, names);
	ndr_put_string(&out, names->computer);
	ndr_put_bytes(&out, challenge, 8);
	return length(&out);
}

/* NetrServerAuthenticate3 (opnum 26), 3.5.4.4.2. */
size_t netlogon_message_authenticate(const struct netlogon_names *names, const uint8_t credential[8], uint8_t *ret_stub,
                                     size_t size)
{
	struct ndr_out out = ndr_out_begin(ret_stub, size);
	put_caller(&out, names);
	ndr_put_bytes(&out, credential, 8);
	ndr_put_u32(&out, NETLOGON_FLAGS);
	return length(&out);
}

/* NetrLogonGetCapabilities (opnum 21), 3.5.4.4.10: here ServerName is no unique pointer. */
size_t netlogon_message_capabilities(const struct netlogon_names *names, const struct netlogon_authenticator *ours,
                                     uint8_t *ret_stub, size_t size)
{
	static const struct netlogon_authenticator none;
	struct ndr_out out = ndr_out_begin(ret_stub, size);
	ndr_put_string(&out, names->server);
	ndr_put_align(&out, 4);
	ndr_put_pointer(&out);
	ndr_put_string(&out, names->computer);
	put_authenticator(&out, ours);
	put_authenticator(&out, &none);
	ndr_put_u32(&out, QUERY_CAPABILITIES);
	return length(&out);
}

/* NetrServerPasswordSet2 (opnum 30), 3.5.4.4.6. */
size_t netlogon_message_password(const struct netlogon_names *names, const struct netlogon_authenticator *ours,
                                 const uint8_t password[NETLOGON_CRYPTO_PASSWORD], uint8_t *ret_stub, size_t size)
{
	struct ndr_out out = ndr_out_begin(ret_stub, size);
	put_caller(&out, names);
	put_authenticator(&out, ours);
	ndr_put_bytes(&out, password, NETLOGON_CRYPTO_PASSWORD);
	return length(&out);
}

static void take_credential(struct ndr *in, uint8_t ret_credential[8])
{
	const uint8_t *bytes = ndr_bytes(in, 8);
	if (bytes != NULL)
		memcpy(ret_credential, bytes, 8);
}

bool netlogon_message_reply(enum netlogon_message_opnum opnum, const uint8_t *stub, size_t len,
                            struct netlogon_message_reply *ret_reply)
{
	struct ndr in = ndr_begin(stub, len);
	memset(ret_reply, 0, sizeof *ret_reply);
	take_credential(&in, ret_reply->credential);
	switch (opnum) {
	case NETLOGON_REQ_CHALLENGE:
		break;
	case NETLOGON_AUTHENTICATE3:
		ret_reply->flags = ndr_u32(&in);
		(void)ndr_u32(&in); /* AccountRid */
		break;
	case NETLOGON_GET_CAPABILITIES:
		(void)ndr_u32(&in); /* Timestamp */
		if (ndr_u32(&in) != QUERY_CAPABILITIES)
			return false;
		ret_reply->flags = ndr_u32(&in);
		break;
	case NETLOGON_PASSWORD_SET2:
		(void)ndr_u32(&in); /* Timestamp */
		break;
	}
	ret_reply->status = ndr_u32(&in);
	return ndr_done(&in);
}

/* A DNS name in the compressed form of RFC 1035 section 4.1.4: labels with their lengths. */
static void put_labels(struct ndr_out *out, const char *name)
{
	while (*name != '\0') {
		const size_t len = strcspn(name, ".");
		if (len == 0 || len > 63)
			out->full = true;
		ndr_put_u8(out, (uint8_t)len);
		ndr_put_bytes(out, name, len);
		name += len;
		name += *name == '.';
	}
	ndr_put_u8(out, 0);
}

size_t netlogon_message_bind(const struct netlogon_names *names, uint8_t *ret_token, size_t size)
{
	struct ndr_out out = ndr_out_begin(ret_token, size);
	ndr_put_u32(&out, 0); /* MessageType: negotiate request */
	ndr_put_u32(&out, BIND_OEM_COMPUTER | (names->dns ? BIND_DNS_DOMAIN : BIND_OEM_DOMAIN));
	if (!names->dns)
		ndr_put_bytes(&out, names->domain, strlen(names->domain) + 1);
	ndr_put_bytes(&out, names->computer, strlen(names->computer) + 1);
	if (names->dns)
		put_labels(&out, names->domain);
	return length(&out);
}
