/* Writes new keys into a keytab, see keytab_install() in keytab.h.
 *
 * The new content is put together in memory, entry by entry, and replaces the file in one rename. */
#include "keytab.h"

#include "file.h"
#include "keytab_file.h"

#include <errno.h>
#include <string.h>

static bool is_ours(krb5_context krb, krb5_const_principal principal, const struct keytab_names *names)
{
	char *name = NULL;
	if (krb5_unparse_name(krb, principal, &name) != 0)
		return false;
	bool found = false;
	for (size_t i = 0; i < names->count && !found; i++)
		found = strcmp(names->name[i], name) == 0;
	krb5_free_unparsed_name(krb, name);
	return found;
}

/* A pass over the old entries: copies those that stay into `to`, or (to NULL) finds the newest version of ours below
 * the new one, which stays for tickets in flight. */
struct pass {
	const struct keytab_names *names;
	int32_t kvno;     /* the new version */
	int32_t previous; /* the version that stays beside it, 0 = none */
	struct keytab_file *to;
};

static krb5_error_code take(krb5_context krb, krb5_keytab_entry *entry, void *data)
{
	struct pass *pass = data;
	bool ours = is_ours(krb, entry->principal, pass->names);
	int32_t kvno = (int32_t)entry->vno;
	if (pass->to == NULL) {
		if (ours && kvno < pass->kvno && kvno > pass->previous)
			pass->previous = kvno;
		return 0;
	}
	return ours && kvno != pass->previous ? 0 : krb5_kt_add_entry(pass->to->krb, pass->to->keytab, entry);
}

static krb5_error_code add_keys(struct keytab_file *to, const char *name, const struct machine_keys *keys)
{
	krb5_principal principal;
	krb5_error_code code = krb5_parse_name(to->krb, name, &principal);
	for (size_t i = 0; code == 0 && i < keys->count; i++) {
		const struct machine_key *key = &keys->key[i];
		krb5_keytab_entry entry = { .principal = principal, .vno = (krb5_kvno)key->kvno };
		entry.key.enctype = key->enctype;
		uint8_t bytes[SECRET_MAX];
		memcpy(bytes, key->key.bytes, key->key.len);
		entry.key.length = (unsigned int)key->key.len;
		entry.key.contents = bytes;
		code = krb5_kt_add_entry(to->krb, to->keytab, &entry);
		explicit_bzero(bytes, sizeof bytes);
	}
	krb5_free_principal(to->krb, principal);
	return code;
}

static int compose(struct keytab_file *old, struct keytab_file *to, const struct keytab_names *names,
                   const struct machine_keys *keys, struct fault *fault)
{
	struct pass pass = { .names = names, .kvno = keys->key[0].kvno };
	krb5_error_code code = old->keytab == NULL ? 0 : keytab_file_each(old, take, &pass);
	pass.to = to;
	if (code == 0 && old->keytab != NULL)
		code = keytab_file_each(old, take, &pass);
	for (size_t i = 0; code == 0 && i < names->count; i++)
		code = add_keys(to, names->name[i], keys);
	if (code != 0)
		return fault_set(fault, FAULT_INTERNAL, "libkrb5 can't put the new keytab together (code %d)",
		                 (int)code);
	return 0;
}

static int save_backup(const char *path, const char *backup, struct fault *fault)
{
	void *data = NULL;
	ssize_t len = file_read(path, &data, fault);
	if (len < 0)
		return errno == ENOENT ? 0 : -1;
	int result = file_replace(backup, data, (size_t)len, 0600, fault);
	file_free(data, (size_t)len);
	return result;
}

int keytab_install(const char *path, const char *backup, const struct keytab_names *names,
                   const struct machine_keys *keys, struct fault *fault)
{
	struct keytab_file old, to;
	if (names->count == 0 || keys->count == 0)
		return fault_set(fault, FAULT_INTERNAL, "%s: nothing to write", path);
	if (keytab_file_load(path, &old, fault) < 0)
		return -1;
	int result = keytab_file_new(&to, fault);
	if (result == 0) {
		result = compose(&old, &to, names, keys, fault);
		if (result == 0 && backup != NULL)
			result = save_backup(path, backup, fault);
		if (result == 0 && keytab_file_changed(&old, path))
			result = fault_set(
				fault, FAULT_UNSURE,
				"%s: another program wrote to it meanwhile; nothing was written, look again with "
				"`retrust repair`",
				path);
		if (result == 0)
			result = keytab_file_save(&to, path, fault);
		keytab_file_close(&to);
	}
	keytab_file_close(&old);
	return result;
}
