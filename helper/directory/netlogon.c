/* The secure channel, see netlogon.h. (netlogon_hash.c: the NT hash; netlogon_message.c: the calls as bytes;
 * netlogon_crypto.c: keys, credentials and the seal.)
 *
 * Order of a conversation ([MS-NRPC] 1.3.3 and 3.4.5.2): ask the endpoint mapper for the port, authenticate over an
 * unprotected connection, then, where more is wanted, bind a second connection under the new session key.
 */
#include "netlogon.h"

#include "epm.h"
#include "netlogon_message.h"
#include "smb_pipe.h"

#include <openssl/crypto.h>
#include <string.h>
#include <time.h>

enum { AUTH_NETLOGON = 0x44, AUTH_PRIVACY = 6 }; /* [MS-RPCE] 2.2.1.1.7 and 2.2.1.1.8 */

/* One conversation. */
struct session {
	const struct dc *dc;
	struct netlogon_names names;
	struct deadline deadline;
	struct fault *fault;
	int port;
	uint32_t flags; /* negotiated */
	struct netlogon_crypto crypto;
};

static void session_wipe(struct session *session)
{
	explicit_bzero(session, sizeof *session);
}

#define SESSION_AUTO __attribute__((cleanup(session_wipe))) struct session

static uint32_t unproven(const struct session *session, const char *what)
{
	(void)fault_set(session->fault, FAULT_REFUSED, "%s (%s) port %d: %s", session->dc->host, session->dc->address,
	                session->port, what);
	return NETLOGON_BAD_REPLY;
}

static uint32_t failed(const struct session *session, const char *what)
{
	(void)fault_set(session->fault, FAULT_INTERNAL, "cannot open a secure channel to %s: %s", session->dc->host,
	                what);
	return NETLOGON_NOT_TRIED;
}

/* A status of the DC's other than 0, told in the fault. */
static uint32_t refused(const struct session *session, const char *call, uint32_t status)
{
	(void)fault_set(session->fault, FAULT_BROKEN, "%s (%s) answers %s for %s with 0x%08X", session->dc->host,
	                session->dc->address, call, session->names.account, status);
	return status;
}

static uint32_t of_rpc(enum rpc_result result)
{
	return result == RPC_OK ? 0 : result == RPC_BAD_REPLY ? NETLOGON_BAD_REPLY : NETLOGON_UNREACHABLE;
}

/* One call and its answer. */
static enum rpc_result call(struct session *session, struct rpc *rpc, struct rpc_pdu_call request,
                            struct netlogon_message_reply *ret_reply)
{
	struct rpc_reply reply;
	enum rpc_result result = rpc_call(rpc, request, &reply, session->fault);
	if (result == RPC_OK &&
	    !netlogon_message_reply((enum netlogon_message_opnum)request.opnum, reply.data, reply.len, ret_reply)) {
		(void)unproven(session, "answers a Netlogon call with something else");
		result = RPC_BAD_REPLY;
	}
	return result;
}

/* Exchanges the challenges and derives the session key (3.4.5.2.1, 3.1.4.1). */
static uint32_t challenge(struct session *session, struct rpc *rpc, const struct secret *nt_hash, uint8_t ret_server[8])
{
	uint8_t client[8], stub[NETLOGON_MESSAGE_MAX];
	struct netlogon_message_reply reply;
	struct rpc_pdu_call request = { .opnum = NETLOGON_REQ_CHALLENGE, .stub = stub };
	if (!netlogon_crypto_challenge(client))
		return failed(session, "no random bytes");
	request.stub_len = netlogon_message_challenge(&session->names, client, stub, sizeof stub);
	const uint32_t status = of_rpc(call(session, rpc, request, &reply));
	if (status != 0)
		return status;
	if (reply.status != 0)
		return refused(session, "NetrServerReqChallenge", reply.status);
	memcpy(ret_server, reply.credential, sizeof reply.credential);
	if (!netlogon_crypto_challenge_sound(client, ret_server))
		return unproven(
			session,
			"sent a challenge that can prove nothing: it is not a domain controller of this domain");
	if (!netlogon_crypto_begin(&session->crypto, nt_hash, client, ret_server))
		return failed(session, "libcrypto does not offer AES-128-CFB8 and HMAC-SHA256");
	return 0;
}

/* Proves the secret and has the DC prove it (3.4.5.2.2). */
static uint32_t authenticate(struct session *session, struct rpc *rpc, const uint8_t server[8])
{
	uint8_t expected[8], stub[NETLOGON_MESSAGE_MAX];
	struct netlogon_message_reply reply;
	struct rpc_pdu_call request = { .opnum = NETLOGON_AUTHENTICATE3, .stub = stub };
	/* The first client credential is the one that is stored, 3.1.4.5. */
	request.stub_len = netlogon_message_authenticate(&session->names, session->crypto.stored, stub, sizeof stub);
	if (!netlogon_crypto_credential(&session->crypto, server, expected))
		return failed(session, "libcrypto does not offer AES-128-CFB8");
	const uint32_t status = of_rpc(call(session, rpc, request, &reply));
	if (status != 0)
		return status;
	if (reply.status != 0)
		return refused(session, "NetrServerAuthenticate3", reply.status);
	if (CRYPTO_memcmp(expected, reply.credential, sizeof expected) != 0 || (reply.flags & NETLOGON_FLAG_AES) == 0)
		return unproven(session,
		                "accepts the secret without knowing it: it is not a domain controller of this domain");
	session->flags = reply.flags;
	return 0;
}

/* Where the service listens ([MS-NRPC] 2.1): a TCP port that the endpoint mapper names, or the pipe. */
static uint32_t find_door(struct session *session)
{
	if (session->dc->nt4) {
		session->port = SMB_PIPE_PORT;
		return 0;
	}
	return of_rpc(
		epm_map(session->dc, &netlogon_message_interface, session->deadline, &session->port, session->fault));
}

static struct rpc_target door(const struct session *session, const struct rpc_guard *guard)
{
	return (struct rpc_target){ .dc = session->dc,
		                    .port = session->port,
		                    .pipe = session->dc->nt4 ? "netlogon" : NULL,
		                    .interface = &netlogon_message_interface,
		                    .guard = guard };
}

/* Fills in the session. Returns a result of netlogon.h. */
static uint32_t begin(struct session *session, const char *account, const char *computer, const struct secret *nt_hash)
{
	uint8_t server[8];
	struct rpc *rpc = NULL;
	if (nt_hash->len != NETLOGON_HASH_LEN)
		return failed(session,
		              "there is no NT hash of the machine's secret (the keytab has no arcfour-hmac key)");
	if (!netlogon_message_names(session->dc->host, account, computer, &session->names))
		return failed(session, "the name of the account, the computer or its domain is empty or too long");
	uint32_t status = find_door(session);
	if (status != 0)
		return status;
	const struct rpc_target target = door(session, NULL);
	status = of_rpc(rpc_open(&target, session->deadline, &rpc, session->fault));
	if (status == 0)
		status = challenge(session, rpc, nt_hash, server);
	if (status == 0)
		status = authenticate(session, rpc, server);
	rpc_close(rpc);
	return status;
}

static bool guard_seal(void *state, uint8_t *data, size_t len, uint8_t *ret_token)
{
	return netlogon_crypto_seal(state, data, len, ret_token);
}

static bool guard_open(void *state, uint8_t *data, size_t len, const uint8_t *token)
{
	return netlogon_crypto_open(state, data, len, token);
}

/* One sealed call on a connection of its own (3.3.4.1): a security context lives from its bind on. *ret_sent tells
 * whether the DC can have acted on it. */
static enum rpc_result sealed_call(struct session *session, const struct rpc_pdu_call *request, bool *ret_sent,
                                   struct netlogon_message_reply *ret_reply)
{
	uint8_t token[512];
	struct rpc *rpc = NULL;
	const struct rpc_guard guard = { .auth = { .type = AUTH_NETLOGON,
		                                   .level = AUTH_PRIVACY,
		                                   .token = token,
		                                   .token_len = netlogon_message_bind(&session->names, token,
		                                                                      sizeof token) },
		                         .token_len = NETLOGON_CRYPTO_TOKEN,
		                         .seal = guard_seal,
		                         .open = guard_open,
		                         .state = &session->crypto };
	const struct rpc_target target = door(session, &guard);
	*ret_sent = false;
	if (guard.auth.token_len == 0) {
		(void)failed(session, "the domain's name is no name");
		return RPC_NOT_SENT;
	}
	enum rpc_result result = rpc_open(&target, session->deadline, &rpc, session->fault);
	if (result == RPC_OK) {
		result = call(session, rpc, *request, ret_reply);
		*ret_sent = result != RPC_NOT_SENT;
	}
	rpc_close(rpc);
	return result;
}

uint32_t netlogon_authenticate(const struct dc *dc, const char *account, const char *computer,
                               const struct secret *nt_hash, struct deadline deadline, struct fault *fault)
{
	SESSION_AUTO session = { .dc = dc, .deadline = deadline, .fault = fault };
	return begin(&session, account, computer, nt_hash);
}

/* NetrLogonGetCapabilities (3.4.5.2.10): the DC repeats under seal what was negotiated in clear. */
uint32_t netlogon_verify(const struct dc *dc, const char *account, const char *computer, const struct secret *nt_hash,
                         struct deadline deadline, struct fault *fault)
{
	SESSION_AUTO session = { .dc = dc, .deadline = deadline, .fault = fault };
	struct netlogon_authenticator ours;
	struct netlogon_message_reply reply;
	uint8_t theirs[8], stub[NETLOGON_MESSAGE_MAX];
	bool sent;
	struct rpc_pdu_call request = { .opnum = NETLOGON_GET_CAPABILITIES, .stub = stub };
	uint32_t status = begin(&session, account, computer, nt_hash);
	if (status != 0)
		return status;
	if (!netlogon_crypto_step(&session.crypto, (uint32_t)time(NULL), &ours, theirs))
		return failed(&session, "libcrypto does not offer AES-128-CFB8");
	request.stub_len = netlogon_message_capabilities(&session.names, &ours, stub, sizeof stub);
	status = of_rpc(sealed_call(&session, &request, &sent, &reply));
	if (status != 0)
		return status;
	if (reply.status != 0)
		return refused(&session, "NetrLogonGetCapabilities", reply.status);
	if (CRYPTO_memcmp(theirs, reply.credential, sizeof theirs) != 0 || reply.flags != session.flags)
		return unproven(&session, "negotiated something else than it says under seal: somebody is between");
	return 0;
}

/* Sends the change, once. */
static enum set_result set_password(struct session *session, const struct secret *new_password, uint32_t *ret_status)
{
	struct netlogon_authenticator ours;
	struct netlogon_message_reply reply = { .status = 0 };
	uint8_t theirs[8], stub[NETLOGON_MESSAGE_MAX], password[NETLOGON_CRYPTO_PASSWORD];
	struct rpc_pdu_call request = { .opnum = NETLOGON_PASSWORD_SET2, .stub = stub };
	if (!netlogon_crypto_password(&session->crypto, new_password, password) ||
	    !netlogon_crypto_step(&session->crypto, (uint32_t)time(NULL), &ours, theirs)) {
		*ret_status = failed(session, "the new password is empty, too long or not UTF-8");
		return SET_REFUSED;
	}
	request.stub_len = netlogon_message_password(&session->names, &ours, password, stub, sizeof stub);
	bool sent;
	const enum rpc_result result = sealed_call(session, &request, &sent, &reply);
	*ret_status = of_rpc(result);
	if (result != RPC_OK)
		return sent ? SET_UNKNOWN : SET_REFUSED;
	if (reply.status != 0) {
		*ret_status = refused(session, "NetrServerPasswordSet2", reply.status);
		return SET_REFUSED; /* the seal proves who says so */
	}
	if (CRYPTO_memcmp(theirs, reply.credential, sizeof theirs) == 0)
		return SET_DONE;
	*ret_status = unproven(session, "says that the password is set, with a wrong authenticator");
	return SET_UNKNOWN;
}

enum set_result netlogon_set_password(const struct dc *dc, const char *account, const char *computer,
                                      const struct secret *nt_hash, const struct secret *new_password,
                                      struct deadline deadline, uint32_t *ret_ntstatus, struct fault *fault)
{
	SESSION_AUTO session = { .dc = dc, .deadline = deadline, .fault = fault };
	uint32_t status = begin(&session, account, computer, nt_hash);
	const enum set_result result = status != 0 ? SET_REFUSED : set_password(&session, new_password, &status);
	if (ret_ntstatus != NULL)
		*ret_ntstatus = status;
	return result;
}
