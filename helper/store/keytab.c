/* Reads the computer account's keys from a keytab, see keytab.h. */
#include "keytab.h"

#include "keytab_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_account(krb5_const_principal principal, const struct keytab *keytab)
{
	if (principal->length != 1 || principal->data[0].length < 2)
		return false;
	const krb5_data *name = &principal->data[0], *realm = &principal->realm;
	if (name->length >= sizeof keytab->account)
		return false;
	if (keytab->account[0] == '\0' && name->data[name->length - 1] != '$')
		return false;
	if (realm->length == 0 || realm->length >= sizeof keytab->realm)
		return false;
	bool same_name = strlen(keytab->account) == name->length &&
	                 strncasecmp(keytab->account, name->data, name->length) == 0;
	bool same_realm = strlen(keytab->realm) == realm->length &&
	                  strncasecmp(keytab->realm, realm->data, realm->length) == 0;
	return (keytab->account[0] == '\0' || same_name) && (keytab->realm[0] == '\0' || same_realm);
}

static bool has_name(const struct keytab_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i], name) == 0)
			return true;
	return false;
}

/* A name that is there already, or doesn't fit, is left out. */
static krb5_error_code add_name(krb5_context krb, krb5_const_principal principal, struct keytab_names *names)
{
	char *name = NULL;
	krb5_error_code code = krb5_unparse_name(krb, principal, &name);
	if (code == 0 && names->count < KEYTAB_PRINCIPALS_MAX && strlen(name) < KEYTAB_NAME_MAX && !has_name(names, name))
		memcpy(names->name[names->count++], name, strlen(name) + 1);
	krb5_free_unparsed_name(krb, name);
	return code;
}

/* Some tools keep every version for ever: where there are more than fit, the newest are wanted. */
static struct machine_key *place_for(struct machine_keys *keys, int32_t kvno)
{
	struct machine_key *oldest = &keys->key[0];
	if (keys->count < MACHINE_KEYS_MAX)
		return &keys->key[keys->count++];
	for (size_t i = 1; i < keys->count; i++)
		if (keys->key[i].kvno < oldest->kvno)
			oldest = &keys->key[i];
	return oldest->kvno < kvno ? oldest : NULL;
}

/* First pass: the account's name as the keytab spells it, and its keys. */
static krb5_error_code take_key(krb5_context krb, krb5_keytab_entry *entry, void *data)
{
	struct keytab *keytab = data;
	if (!is_account(entry->principal, keytab))
		return 0;
	if (keytab->keys.count == 0) {
		const krb5_data *account = &entry->principal->data[0], *realm = &entry->principal->realm;
		memcpy(keytab->account, account->data, account->length);
		memcpy(keytab->realm, realm->data, realm->length);
		keytab->account[account->length] = keytab->realm[realm->length] = '\0';
		(void)add_name(krb, entry->principal, &keytab->names);
	}
	struct machine_key *key = place_for(&keytab->keys, (int32_t)entry->vno);
	if (key == NULL)
		return 0;
	if (!secret_set(&key->key, entry->key.contents, entry->key.length))
		return KRB5_KT_FORMAT;
	if ((int64_t)(uint32_t)entry->timestamp > keytab->written_unix)
		keytab->written_unix = (int64_t)(uint32_t)entry->timestamp;
	key->kvno = (int32_t)entry->vno;
	key->enctype = entry->key.enctype;
	return 0;
}

static bool shares_key(const krb5_keyblock *block, const struct machine_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct machine_key *key = &keys->key[i];
		if (key->enctype == block->enctype && key->key.len == block->length &&
		    memcmp(key->key.bytes, block->contents, block->length) == 0)
			return true;
	}
	return false;
}

/* Second pass: who else is the same account. */
static krb5_error_code take_name(krb5_context krb, krb5_keytab_entry *entry, void *data)
{
	struct keytab *keytab = data;
	return shares_key(&entry->key, &keytab->keys) ? add_name(krb, entry->principal, &keytab->names) : 0;
}

/* Third pass: the same names in another case, which joins by different tools leave behind. The domain doesn't tell them
 * apart, so that SSSD may open a ticket with any of them: each needs the newest key. */
static krb5_error_code take_variant(krb5_context krb, krb5_keytab_entry *entry, void *data)
{
	struct keytab *keytab = data;
	char *name = NULL;
	krb5_error_code code = krb5_unparse_name(krb, entry->principal, &name);
	bool ours = false;
	for (size_t i = 0; code == 0 && i < keytab->names.count && !ours; i++)
		ours = strcasecmp(keytab->names.name[i], name) == 0;
	krb5_free_unparsed_name(krb, name);
	return ours ? add_name(krb, entry->principal, &keytab->names) : code;
}

struct lag {
	const struct keytab *keytab;
	bool has_newest[KEYTAB_PRINCIPALS_MAX];
};

static krb5_error_code look_for_newest(krb5_context krb, krb5_keytab_entry *entry, void *data)
{
	struct lag *lag = data;
	char *name = NULL;
	if ((int32_t)entry->vno != lag->keytab->keys.key[0].kvno)
		return 0;
	krb5_error_code code = krb5_unparse_name(krb, entry->principal, &name);
	for (size_t i = 0; code == 0 && i < lag->keytab->names.count; i++)
		if (strcmp(lag->keytab->names.name[i], name) == 0)
			lag->has_newest[i] = true;
	krb5_free_unparsed_name(krb, name);
	return code;
}

/* Does a name lag that exists in the newest version too, in whatever case? (One that doesn't was given up: a former host
 * name, a service that is gone.) */
static krb5_error_code find_lag(struct keytab_file *file, struct keytab *keytab)
{
	struct lag lag = { .keytab = keytab };
	const struct keytab_names *names = &keytab->names;
	krb5_error_code code = keytab_file_each(file, look_for_newest, &lag);
	for (size_t i = 0; i < names->count; i++)
		for (size_t j = 0; j < names->count && !lag.has_newest[i]; j++)
			if (lag.has_newest[j] && strcasecmp(names->name[i], names->name[j]) == 0)
				keytab->lags = true;
	return code;
}

static int newest_first(const void *a, const void *b)
{
	const struct machine_key *x = a, *y = b;
	if (x->kvno != y->kvno)
		return x->kvno < y->kvno ? 1 : -1;
	return (x->enctype < y->enctype) - (x->enctype > y->enctype);
}

static void read_entries(struct keytab_file *file, const char *path, struct keytab *keytab, struct fault *fault)
{
	krb5_error_code code = keytab_file_each(file, take_key, keytab);
	if (code == 0)
		code = keytab_file_each(file, take_name, keytab);
	if (code == 0)
		code = keytab_file_each(file, take_variant, keytab);
	if (code != 0) {
		(void)fault_set(fault, FAULT_INTERNAL,
		                "%s: not a readable keytab (libkrb5 code %d); move it away or restore it, it is left as it is",
		                path, (int)code);
		machine_keys_wipe(&keytab->keys);
		keytab->state = KEYTAB_UNREADABLE;
		return;
	}
	qsort(keytab->keys.key, keytab->keys.count, sizeof *keytab->keys.key, newest_first);
	(void)find_lag(file, keytab);
	keytab->state = keytab->keys.count > 0 ? KEYTAB_OK : KEYTAB_NO_MACHINE_KEY;
}

int keytab_read(const char *path, const char *account, const char *realm, struct keytab *ret_keytab,
                struct fault *fault)
{
	struct keytab_file file;
	memset(ret_keytab, 0, sizeof *ret_keytab);
	if (strlen(account) >= sizeof ret_keytab->account || strlen(realm) >= sizeof ret_keytab->realm)
		return fault_set(fault, FAULT_CONFIG, "the account's or realm's name is too long: %.80s, %.80s", account, realm);
	memcpy(ret_keytab->account, account, strlen(account) + 1);
	memcpy(ret_keytab->realm, realm, strlen(realm) + 1);
	int loaded = keytab_file_load(path, &file, fault);
	if (loaded <= 0) {
		ret_keytab->state = loaded == 0 ? KEYTAB_MISSING : KEYTAB_UNREADABLE;
		return 0;
	}
	read_entries(&file, path, ret_keytab, fault);
	keytab_file_close(&file);
	return 0;
}

void keytab_wipe(struct keytab *keytab)
{
	explicit_bzero(keytab, sizeof *keytab);
}
