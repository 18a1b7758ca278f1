/* Keys of the computer account as plain data, so that store/ and directory/ can speak of them without krb5.h. */
#ifndef RETRUST_MACHINE_KEY_H
#define RETRUST_MACHINE_KEY_H

#include "secret.h"

#define MACHINE_KEYS_MAX 64 /* entries of one principal: versions × enctypes */

struct machine_key {
	int32_t kvno;
	int32_t enctype; /* IANA Kerberos encryption type number: 18 aes256-cts-hmac-sha1-96, 17 aes128…, 23 arcfour-hmac */
	struct secret key;
};

/* Keys of one principal, newest version first. */
struct machine_keys {
	size_t count;
	struct machine_key key[MACHINE_KEYS_MAX];
};

/* Wipes all keys. */
void machine_keys_wipe(struct machine_keys *keys);

#define MACHINE_KEYS_AUTO __attribute__((cleanup(machine_keys_wipe))) struct machine_keys

/* Copies the keys with that kvno into *ret_keys (empty when none has it). */
void machine_keys_of_kvno(const struct machine_keys *keys, int32_t kvno, struct machine_keys *ret_keys);

#endif
