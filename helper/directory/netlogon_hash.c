/* The NT hash of the machine's secret, see netlogon.h. */
#include "netlogon.h"

#include <krb5.h>

int netlogon_hash_of_password(const struct secret *password, struct secret *ret_hash)
{
	const krb5_data text = { .magic = KV5M_DATA,
		                 .length = (unsigned int)password->len,
		                 .data = (char *)(uintptr_t)password->bytes };
	const krb5_data salt = { .magic = KV5M_DATA };
	krb5_keyblock block = { .magic = KV5M_KEYBLOCK };
	secret_wipe(ret_hash);
	/* The derivation of a key needs no context, and so no krb5.conf. */
	if (krb5_c_string_to_key(NULL, ENCTYPE_ARCFOUR_HMAC, &text, &salt, &block) != 0)
		return -1;
	const bool fits = block.length == NETLOGON_HASH_LEN && secret_set(ret_hash, block.contents, block.length);
	krb5_free_keyblock_contents(NULL, &block); /* wipes it */
	return fits ? 0 : -1;
}

bool netlogon_hash_of_keys(const struct machine_keys *keys, int32_t kvno, struct secret *ret_hash)
{
	secret_wipe(ret_hash);
	for (size_t i = 0; i < keys->count; i++) {
		const struct machine_key *key = &keys->key[i];
		if (key->kvno == kvno && key->enctype == ENCTYPE_ARCFOUR_HMAC && key->key.len == NETLOGON_HASH_LEN)
			return secret_set(ret_hash, key->key.bytes, key->key.len);
	}
	return false;
}
