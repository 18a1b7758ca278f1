/* The messages of RFC 3244 as bytes: no network, no cryptography, so that each can be tested against bytes made by
 * hand. */
#ifndef RETRUST_KPASSWD_MESSAGE_H
#define RETRUST_KPASSWD_MESSAGE_H

#include "../secret/secret.h"

#define KPASSWD_MESSAGE_DATA_MAX 1536u

/* Bytes inside a message. */
struct kpasswd_part {
	const uint8_t *data;
	size_t len;
};

/* ChangePasswdData in DER: password, and unless NULL the account and realm it is for. It lies at the end of buf (size
 * KPASSWD_MESSAGE_DATA_MAX), which the caller wipes. Returns false when it doesn't fit. */
bool kpasswd_message_data(const struct secret *password, const char *target, const char *realm, uint8_t *buf,
                          struct kpasswd_part *ret_data);

/* The request: length, version 0xff80, AP-REQ's length, AP-REQ, KRB-PRIV. Returns its size, 0 when it doesn't fit. */
size_t kpasswd_message_request(const struct kpasswd_part *ap_req, const struct kpasswd_part *priv, uint8_t *buf,
                               size_t size);

/* A reply is either AP-REP and KRB-PRIV, or (ap_rep.len 0) a KRB-ERROR. Points into the message. False when it is
 * neither. */
struct kpasswd_reply {
	struct kpasswd_part ap_rep, priv, error;
};
bool kpasswd_message_reply(const uint8_t *message, size_t len, struct kpasswd_reply *ret_reply);

/* The decrypted contents of the KRB-PRIV: a result code and a text. False when there is no code. */
bool kpasswd_message_result(const uint8_t *data, size_t len, int *ret_code, struct kpasswd_part *ret_text);

#endif
