/* Messages of a KDC for tests, made by hand in DER: tickets, AS replies, errors. Whoever has the key can make them, as
 * the real one; the tests see to it that nobody else is believed. */
#ifndef RETRUST_TEST_FAKE_KDC_H
#define RETRUST_TEST_FAKE_KDC_H

#include "../../helper/directory/der.h"
#include "../../helper/directory/kdc_internal.h"

#include "fake_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FAKE_REALM "LAB.EXAMPLE"

enum { FAKE_MESSAGE_MAX = 4096, DER_BIT_STRING = 0x03, DER_TIME = 0x18 };

/* Who the fake KDC is. */
struct fake_kdc {
	struct kdc *kdc;
	struct machine_key client_key, service_key;
	const char *client, *service;
	uint8_t session[32];
	time_t clock; /* its own */
};

/* Elements [n]; written from the end, so the last of a sequence comes first. */
static void put_int(struct der_out *out, unsigned int n, int32_t value)
{
	const uint8_t bytes[] = { (uint8_t)((uint32_t)value >> 24), (uint8_t)((uint32_t)value >> 16),
		                  (uint8_t)((uint32_t)value >> 8), (uint8_t)value };
	size_t skip = 0;
	while (skip < 3 && bytes[skip] == 0 && (bytes[skip + 1] & 0x80) == 0)
		skip++;
	const uint8_t *end = out->at;
	der_out_value(out, DER_INTEGER, bytes + skip, 4 - skip);
	der_out_wrap(out, DER_CONTEXT + n, end);
}

static void put_value(struct der_out *out, unsigned int n, unsigned int tag, const void *bytes, size_t len)
{
	const uint8_t *end = out->at;
	der_out_value(out, tag, bytes, len);
	der_out_wrap(out, DER_CONTEXT + n, end);
}

static void put_text(struct der_out *out, unsigned int n, const char *text)
{
	put_value(out, n, DER_GENERAL_STRING, text, strlen(text));
}

static inline void put_time(struct der_out *out, unsigned int n, time_t when)
{
	char text[32];
	struct tm tm;
	(void)strftime(text, sizeof text, "%Y%m%d%H%M%SZ", gmtime_r(&when, &tm));
	put_value(out, n, DER_TIME, text, 15);
}

static inline void put_flags(struct der_out *out, unsigned int n)
{
	static const uint8_t initial[] = { 0, 0x00, 0x40, 0, 0 };
	put_value(out, n, DER_BIT_STRING, initial, sizeof initial);
}

static inline void put_name(struct der_out *out, unsigned int n, const char *name)
{
	const uint8_t *end = out->at;
	const char *slash = strchr(name, '/');
	if (slash != NULL)
		der_out_value(out, DER_GENERAL_STRING, slash + 1, strlen(slash + 1));
	der_out_value(out, DER_GENERAL_STRING, name, slash != NULL ? (size_t)(slash - name) : strlen(name));
	der_out_wrap(out, DER_SEQUENCE, end);
	der_out_wrap(out, DER_CONTEXT + 1, end);
	put_int(out, 0, 1);
	der_out_wrap(out, DER_SEQUENCE, end);
	der_out_wrap(out, DER_CONTEXT + n, end);
}

static inline void put_session(struct der_out *out, unsigned int n, const struct fake_kdc *fake)
{
	const uint8_t *end = out->at;
	put_value(out, 1, DER_OCTET_STRING, fake->session, sizeof fake->session);
	put_int(out, 0, ENCTYPE_AES256_CTS_HMAC_SHA1_96);
	der_out_wrap(out, DER_SEQUENCE, end);
	der_out_wrap(out, DER_CONTEXT + n, end);
}

/* EncryptedData of `plain`. */
static inline void put_sealed(struct der_out *out, unsigned int n, struct kdc *kdc, const struct machine_key *key,
                              int usage, const struct der_out *plain)
{
	uint8_t sealed[FAKE_MESSAGE_MAX];
	krb5_keyblock block = { .enctype = key->enctype, .length = (unsigned int)key->key.len };
	block.contents = (krb5_octet *)(uintptr_t)key->key.bytes;
	const krb5_data data = { .length = (unsigned int)(plain->end - plain->at), .data = (char *)plain->at };
	krb5_enc_data result = { .ciphertext = { .length = sizeof sealed, .data = (char *)sealed } };
	size_t len = 0;
	if (krb5_c_encrypt_length(kdc->context, block.enctype, data.length, &len) != 0 || len > sizeof sealed)
		abort();
	result.ciphertext.length = (unsigned int)len;
	if (krb5_c_encrypt(kdc->context, &block, usage, NULL, &data, &result) != 0)
		abort();
	const uint8_t *end = out->at;
	put_value(out, 2, DER_OCTET_STRING, sealed, len);
	put_int(out, 1, key->kvno);
	put_int(out, 0, key->enctype);
	der_out_wrap(out, DER_SEQUENCE, end);
	der_out_wrap(out, DER_CONTEXT + n, end);
}

/* A Ticket for fake->service, encrypted with its key. */
static inline void put_ticket(struct der_out *out, const struct fake_kdc *fake)
{
	uint8_t buf[FAKE_MESSAGE_MAX];
	struct der_out plain = der_out_begin(buf, sizeof buf);
	put_time(&plain, 7, fake->clock + 3600);
	put_time(&plain, 5, fake->clock);
	const uint8_t *transited = plain.at;
	put_value(&plain, 1, DER_OCTET_STRING, "", 0);
	put_int(&plain, 0, 1);
	der_out_wrap(&plain, DER_SEQUENCE, transited);
	der_out_wrap(&plain, DER_CONTEXT + 4, transited);
	put_name(&plain, 3, fake->client);
	put_text(&plain, 2, FAKE_REALM);
	put_session(&plain, 1, fake);
	put_flags(&plain, 0);
	der_out_wrap(&plain, DER_SEQUENCE, plain.end);
	der_out_wrap(&plain, DER_APPLICATION + 3, plain.end);
	const uint8_t *end = out->at;
	put_sealed(out, 3, fake->kdc, &fake->service_key, KRB5_KEYUSAGE_KDC_REP_TICKET, &plain);
	put_name(out, 2, fake->service);
	put_text(out, 1, FAKE_REALM);
	put_int(out, 0, 5);
	der_out_wrap(out, DER_SEQUENCE, end);
	der_out_wrap(out, DER_APPLICATION + 1, end);
}

/* An AS-REP, sealed with the client's key, for that nonce. */
static inline void put_as_rep(struct der_out *out, const struct fake_kdc *fake, int32_t nonce)
{
	uint8_t buf[FAKE_MESSAGE_MAX];
	struct der_out plain = der_out_begin(buf, sizeof buf);
	put_name(&plain, 10, fake->service);
	put_text(&plain, 9, FAKE_REALM);
	put_time(&plain, 7, fake->clock + 3600);
	put_time(&plain, 5, fake->clock);
	put_flags(&plain, 4);
	put_int(&plain, 2, nonce);
	const uint8_t *last_req = plain.at;
	put_time(&plain, 1, 0);
	put_int(&plain, 0, 0);
	der_out_wrap(&plain, DER_SEQUENCE, last_req);
	der_out_wrap(&plain, DER_SEQUENCE, last_req);
	der_out_wrap(&plain, DER_CONTEXT + 1, last_req);
	put_session(&plain, 0, fake);
	der_out_wrap(&plain, DER_SEQUENCE, plain.end);
	der_out_wrap(&plain, DER_APPLICATION + 25, plain.end);
	put_sealed(out, 6, fake->kdc, &fake->client_key, KRB5_KEYUSAGE_AS_REP_ENCPART, &plain);
	const uint8_t *end = out->at;
	put_ticket(out, fake);
	der_out_wrap(out, DER_CONTEXT + 5, end);
	put_name(out, 4, fake->client);
	put_text(out, 3, FAKE_REALM);
	put_int(out, 1, 11);
	put_int(out, 0, 5);
	der_out_wrap(out, DER_SEQUENCE, out->end);
	der_out_wrap(out, DER_APPLICATION + 11, out->end);
}

/* A KRB-ERROR. e_data may be empty. */
static inline void put_error(struct der_out *out, int32_t code, time_t clock, const void *e_data, size_t len)
{
	if (len > 0)
		put_value(out, 12, DER_OCTET_STRING, e_data, len);
	put_name(out, 10, "krbtgt/" FAKE_REALM);
	put_text(out, 9, FAKE_REALM);
	put_int(out, 6, code);
	put_int(out, 5, 0);
	put_time(out, 4, clock);
	put_int(out, 1, 30);
	put_int(out, 0, 5);
	der_out_wrap(out, DER_SEQUENCE, out->end);
	der_out_wrap(out, DER_APPLICATION + 30, out->end);
}

/* The nonce of an AS-REQ, -1 when it isn't one. */
static inline int32_t nonce_of(const uint8_t *request, size_t len)
{
	struct der in = { .at = request, .left = len }, body, fields, field;
	int32_t nonce;
	if (der_enter(&in, DER_APPLICATION + 10, &body) && der_enter(&body, DER_SEQUENCE, &fields) &&
	    der_find(&fields, DER_CONTEXT + 4, &field) && der_enter(&field, DER_SEQUENCE, &body) &&
	    der_find(&body, DER_CONTEXT + 7, &field) && der_int(&field, &nonce))
		return nonce;
	return -1;
}

/* A context whose KDC is nobody yet: tests set kdc->port. */
static inline struct kdc *fake_kdc_context(struct deadline deadline)
{
	struct dc dc = { .host = "dc1.lab.example", .address = "127.0.0.1", .sa_len = sizeof(struct sockaddr_in) };
	struct sockaddr_in *sa = (struct sockaddr_in *)&dc.sa;
	struct fault fault = { .kind = FAULT_NONE };
	struct kdc *kdc = NULL;
	sa->sin_family = AF_INET;
	sa->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (kdc_open(FAKE_REALM, &dc, deadline, &kdc, &fault) != 0)
		abort();
	kdc->port = kdc->kpasswd_port = 1;
	return kdc;
}

/* A KDC that knows the same key as the host. */
static inline struct fake_kdc fake_kdc_make(struct kdc *kdc, const char *service)
{
	struct fake_kdc fake = { .kdc = kdc, .client = "M1$", .service = service, .clock = time(NULL) };
	fake.client_key = (struct machine_key){ .kvno = 4, .enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96 };
	(void)secret_set(&fake.client_key.key, "0123456789abcdef0123456789abcdef", 32);
	fake.service_key = (struct machine_key){ .kvno = 7, .enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96 };
	(void)secret_set(&fake.service_key.key, "service-key-service-key-service-", 32);
	memcpy(fake.session, "session-key-session-key-session-", 32);
	return fake;
}

/* A ticket of that KDC as if it had been fetched. */
static inline struct kdc_ticket *fake_kdc_ticket(const struct fake_kdc *fake)
{
	uint8_t buf[FAKE_MESSAGE_MAX];
	struct kdc_ticket *ticket = NULL;
	krb5_creds creds = { .magic = KV5M_CREDS }, copy = { .magic = KV5M_CREDS }, *heap = NULL;
	struct der_out out = der_out_begin(buf, sizeof buf);
	put_ticket(&out, fake);
	copy.keyblock = (krb5_keyblock){ .enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96, .length = 32 };
	copy.keyblock.contents = (krb5_octet *)(uintptr_t)fake->session;
	copy.ticket = (krb5_data){ .length = (unsigned int)(out.end - out.at), .data = (char *)out.at };
	copy.times.authtime = (krb5_timestamp)fake->clock;
	copy.times.endtime = (krb5_timestamp)fake->clock + 3600;
	if (kdc_principal(fake->kdc, fake->client, &copy.client, NULL) != 0 ||
	    kdc_principal(fake->kdc, fake->service, &copy.server, NULL) != 0 ||
	    krb5_copy_creds(fake->kdc->context, &copy, &heap) != 0)
		abort();
	creds = *heap;
	free(heap);
	krb5_free_principal(fake->kdc->context, copy.client);
	krb5_free_principal(fake->kdc->context, copy.server);
	if (kdc_ticket_keep(fake->kdc, &creds, NULL, &ticket, NULL) != 0)
		abort();
	return ticket;
}

enum answer {
	ERROR,     /* KRB-ERROR code */
	ACCEPT,    /* an AS-REP with the right key */
	REPLAY,    /* the same for another nonce */
	WRONG_KEY, /* one made with another key */
	JUNK,
	SILENCE
};

/* What the KDC says to its nth request; the last one to all after it. */
struct script {
	const struct fake_kdc *fake;
	size_t answers;
	struct {
		enum answer kind;
		int32_t code;
	} answer[4];
};

static inline void fake_kdc_serve(int fd, int nth, const void *data)
{
	const struct script *script = data;
	uint8_t request[FAKE_MESSAGE_MAX], buf[FAKE_MESSAGE_MAX];
	const size_t len = fake_server_request(fd, request, sizeof request);
	const size_t i = (size_t)nth < script->answers ? (size_t)nth : script->answers - 1;
	struct fake_kdc own = *script->fake;
	struct der_out out = der_out_begin(buf, sizeof buf);
	switch (script->answer[i].kind) {
	case ERROR:
		put_error(&out, script->answer[i].code, own.clock, NULL, 0);
		break;
	case WRONG_KEY:
		own.client_key.key.bytes[0] ^= 1;
		put_as_rep(&out, &own, nonce_of(request, len));
		break;
	case ACCEPT:
		put_as_rep(&out, &own, nonce_of(request, len));
		break;
	case REPLAY:
		put_as_rep(&out, &own, nonce_of(request, len) ^ 1);
		break;
	case JUNK:
		der_out_bytes(&out, "\x6b\x82\x01\x02 and so on", 14);
		break;
	case SILENCE:
		(void)pause();
		break;
	}
	fake_server_reply(fd, out.at, (size_t)(out.end - out.at));
}

#endif
