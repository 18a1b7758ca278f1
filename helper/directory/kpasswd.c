/* Setting a password by RFC 3244, see kpasswd.h.
 *
 * SECURITY: only a KRB-PRIV that decrypts with the ticket's session (sub)key speaks for the DC. A KRB-ERROR can come
 * from anybody on the way, also after the DC has set the password: it is told to the operator and otherwise counts as
 * no answer.
 */
#include "kpasswd.h"

#include "kdc_internal.h"
#include "kpasswd_message.h"
#include "transport.h"

#include <com_err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = UINT16_MAX };

/* One change under way. */
struct change {
	struct kdc *kdc;
	krb5_auth_context auth;
	int fd;
	int code; /* of RFC 3244, or as kpasswd.h says */
};

static enum set_result refuse(const struct change *change, krb5_error_code code, struct fault *fault)
{
	(void)fault_set(fault, FAULT_INTERNAL, "cannot make a change-password request for %s: %s", change->kdc->dc.host,
	                error_message(code));
	return SET_REFUSED;
}

/* KRB-PRIV wants the sender's address. Port and scope don't count. */
static krb5_error_code set_local_address(struct change *change)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof sa;
	krb5_address address = { .magic = KV5M_ADDRESS };
	if (getsockname(change->fd, (struct sockaddr *)&sa, &len) != 0)
		return KRB5_LOCAL_ADDR_REQUIRED;
	if (sa.ss_family == AF_INET6) {
		address.addrtype = ADDRTYPE_INET6;
		address.length = sizeof(struct in6_addr);
		address.contents = (krb5_octet *)&((struct sockaddr_in6 *)&sa)->sin6_addr;
	} else {
		address.addrtype = ADDRTYPE_INET;
		address.length = sizeof(struct in_addr);
		address.contents = (krb5_octet *)&((struct sockaddr_in *)&sa)->sin_addr;
	}
	return krb5_auth_con_setaddrs(change->kdc->context, change->auth, &address, NULL);
}

/* The AP-REQ with a subkey of its own for this request, so that no other reply under the same ticket fits. */
static krb5_error_code make_ap_req(struct change *change, const struct kdc_ticket *ticket, krb5_data *ret_ap_req)
{
	krb5_context context = change->kdc->context;
	krb5_error_code code = krb5_auth_con_init(context, &change->auth);
	if (code == 0)
		code = krb5_auth_con_setflags(context, change->auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE);
	if (code == 0)
		code = krb5_mk_req_extended(context, &change->auth, AP_OPTS_USE_SUBKEY, NULL,
		                            (krb5_creds *)(uintptr_t)&ticket->creds, ret_ap_req);
	return code == 0 ? set_local_address(change) : code;
}

static krb5_error_code make_priv(struct change *change, const char *target, const struct secret *password,
                                 krb5_data *ret_priv)
{
	uint8_t buf[KPASSWD_MESSAGE_DATA_MAX];
	struct kpasswd_part part;
	krb5_error_code code = EMSGSIZE;
	if (kpasswd_message_data(password, target, change->kdc->realm, buf, &part)) {
		const krb5_data data = { .magic = KV5M_DATA,
			                 .length = (unsigned int)part.len,
			                 .data = (char *)(uintptr_t)part.data };
		code = krb5_mk_priv(change->kdc->context, change->auth, &data, ret_priv, NULL);
	}
	explicit_bzero(buf, sizeof buf);
	return code;
}

/* Builds the request, in memory the caller frees. */
static krb5_error_code make_request(struct change *change, const struct kdc_ticket *ticket, const char *target,
                                    const struct secret *password, struct transport_bytes *ret_request)
{
	krb5_data ap_req = { .length = 0 }, priv = { .length = 0 };
	krb5_error_code code = make_ap_req(change, ticket, &ap_req);
	if (code == 0)
		code = make_priv(change, target, password, &priv);
	ret_request->data = code == 0 ? malloc(REQUEST_MAX) : NULL;
	if (ret_request->data != NULL) {
		const struct kpasswd_part a = { .data = (const uint8_t *)ap_req.data, .len = ap_req.length },
					  b = { .data = (const uint8_t *)priv.data, .len = priv.length };
		ret_request->len = kpasswd_message_request(&a, &b, ret_request->data, REQUEST_MAX);
	}
	if (code == 0 && (ret_request->data == NULL || ret_request->len == 0))
		code = EMSGSIZE;
	krb5_free_data_contents(change->kdc->context, &ap_req);
	krb5_free_data_contents(change->kdc->context, &priv);
	return code;
}

static enum set_result unknown(const struct change *change, const char *what, krb5_error_code code, struct fault *fault)
{
	(void)fault_set(fault, FAULT_UNSURE,
	                "%s (%s) port %d: the answer to the change of password proves nothing: %s%s%s",
	                change->kdc->dc.host, change->kdc->dc.address, change->kdc->kpasswd_port, what,
	                code != 0 ? ": " : "", code != 0 ? error_message(code) : "");
	return SET_UNKNOWN;
}

static krb5_data as_data(const struct kpasswd_part *part)
{
	return (krb5_data){ .magic = KV5M_DATA,
		            .length = (unsigned int)part->len,
		            .data = (char *)(uintptr_t)part->data };
}

/* Opens AP-REP and KRB-PRIV; after that the contents are the DC's. */
static krb5_error_code open_reply(struct change *change, const struct kpasswd_reply *reply, krb5_data *ret_clear)
{
	krb5_context context = change->kdc->context;
	krb5_ap_rep_enc_part *rep = NULL;
	const krb5_data ap_rep = as_data(&reply->ap_rep), priv = as_data(&reply->priv);
	krb5_error_code code = krb5_rd_rep(context, change->auth, &ap_rep, &rep);
	if (code != 0)
		return code;
	krb5_free_ap_rep_enc_part(context, rep);
	return krb5_rd_priv(context, change->auth, &priv, ret_clear, NULL);
}

static void tell_refusal(const struct change *change, const struct kpasswd_part *text, struct fault *fault)
{
	char *why = NULL;
	const krb5_data data = as_data(text);
	if (krb5_chpw_message(change->kdc->context, &data, &why) != 0)
		why = NULL;
	(void)fault_set(fault, FAULT_REFUSED, "%s refused to set the password: result %d%s%.400s", change->kdc->dc.host,
	                change->code, why != NULL ? ", " : "", why != NULL ? why : "");
	krb5_free_string(change->kdc->context, why);
}

static enum set_result judge(struct change *change, const struct transport_bytes *message, struct fault *fault)
{
	struct kpasswd_reply reply;
	struct kpasswd_part text;
	krb5_data clear = { .length = 0 };
	if (!kpasswd_message_reply(message->data, message->len, &reply))
		return unknown(change, "malformed", 0, fault);
	if (reply.error.len > 0) {
		const krb5_data error = as_data(&reply.error);
		const int32_t code = kdc_reply_error(change->kdc, &error);
		return unknown(change, "an error message that anybody could have sent",
		               code > 0 ? ERROR_TABLE_BASE_krb5 + code : 0, fault);
	}
	const krb5_error_code code = open_reply(change, &reply, &clear);
	if (code != 0)
		return unknown(change, "not made with the ticket's key", code, fault);
	enum set_result result = SET_DONE;
	if (!kpasswd_message_result((const uint8_t *)clear.data, clear.length, &change->code, &text)) {
		result = unknown(change, "no result code", 0, fault);
	} else if (change->code != 0) {
		result = SET_REFUSED;
		tell_refusal(change, &text, fault);
	}
	krb5_free_data_contents(change->kdc->context, &clear);
	return result;
}

/* Sent once, whatever happens: libkrb5 resends, and the DC would count a second version. */
static enum set_result send_once(struct change *change, const struct transport_bytes *request, struct deadline deadline,
                                 struct fault *fault)
{
	struct transport_bytes reply;
	const struct stream stream = { .fd = change->fd,
		                       .port = change->kdc->kpasswd_port,
		                       .deadline = deadline,
		                       .dc = &change->kdc->dc };
	const enum transport_result sent = transport_exchange(&stream, request, &reply, fault);
	if (sent == TRANSPORT_NOT_SENT)
		return SET_REFUSED;
	if (sent == TRANSPORT_NO_REPLY)
		return SET_UNKNOWN;
	const enum set_result result = judge(change, &reply, fault);
	free(reply.data);
	return result;
}

enum set_result kpasswd_set(struct kdc *kdc, const struct kdc_ticket *changepw, const char *target,
                            const struct secret *password, struct deadline deadline, int *ret_code, struct fault *fault)
{
	struct change change = { .kdc = kdc, .code = -1 };
	struct transport_bytes request = { .data = NULL };
	enum set_result result = SET_REFUSED;
	change.fd = locate_connect(&kdc->dc, kdc->kpasswd_port, deadline, fault);
	if (change.fd >= 0) {
		const krb5_error_code code = make_request(&change, changepw, target, password, &request);
		result = code == 0 ? send_once(&change, &request, deadline, fault) : refuse(&change, code, fault);
		(void)close(change.fd);
	} else {
		change.code = KPASSWD_NO_SERVICE;
	}
	free(request.data);
	if (change.auth != NULL)
		krb5_auth_con_free(kdc->context, change.auth);
	if (ret_code != NULL)
		*ret_code = change.code;
	return result;
}
