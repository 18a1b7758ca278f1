/* Keys of the computer account as plain data, see machine_key.h. */
#include "machine_key.h"

#include <string.h>

void machine_keys_wipe(struct machine_keys *keys)
{
	explicit_bzero(keys, sizeof *keys);
}

void machine_keys_of_kvno(const struct machine_keys *keys, int32_t kvno, struct machine_keys *ret_keys)
{
	machine_keys_wipe(ret_keys);
	for (size_t i = 0; i < keys->count; i++)
		if (keys->key[i].kvno == kvno)
			ret_keys->key[ret_keys->count++] = keys->key[i];
}
