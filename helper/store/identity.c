/* What the host remembers of its membership, see identity.h. */
#include "identity.h"

#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <stddef.h>
#include <string.h>

struct member {
	const char *key;
	size_t offset, size;
};

#define MEMBER(name) { #name, offsetof(struct identity, name), sizeof(((struct identity *)0)->name) }
static const struct member members[] = {
	MEMBER(realm),        MEMBER(domain),     MEMBER(account),       MEMBER(domain_sid), MEMBER(domain_guid),
	MEMBER(account_sid),  MEMBER(account_guid), MEMBER(machine_id), MEMBER(spare_account), MEMBER(spare_dn),
	MEMBER(samba),        MEMBER(rotator),
};
enum { MEMBERS = sizeof members / sizeof *members };

static bool take_text(const json_t *value, char *buf, size_t size)
{
	const char *text = json_string_value(value);
	if (text == NULL || strlen(text) >= size)
		return false;
	memcpy(buf, text, strlen(text) + 1);
	return true;
}

static bool take_names(const json_t *list, struct keytab_names *names)
{
	size_t count = json_array_size(list);
	if ((list != NULL && !json_is_array(list)) || count > KEYTAB_PRINCIPALS_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!take_text(json_array_get(list, i), names->name[i], KEYTAB_NAME_MAX))
			return false;
	names->count = count;
	return true;
}

static bool take(const json_t *root, struct identity *identity)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		const json_t *value = json_object_get(root, members[i].key);
		if (value != NULL && !take_text(value, (char *)identity + members[i].offset, members[i].size))
			return false;
	}
	return take_names(json_object_get(root, "principals"), &identity->names);
}

int identity_read(const char *path, struct identity *ret_identity, struct fault *fault)
{
	void *data = NULL;
	json_error_t error = { 0 };
	memset(ret_identity, 0, sizeof *ret_identity);
	ssize_t len = file_read(path, &data, fault);
	if (len < 0)
		return errno == ENOENT ? 0 : -1;
	json_t *root = json_loadb(data, (size_t)len, JSON_REJECT_DUPLICATES, &error);
	file_free(data, (size_t)len);
	bool good = json_is_object(root) && take(root, ret_identity);
	json_decref(root);
	if (good)
		return 1;
	memset(ret_identity, 0, sizeof *ret_identity);
	return fault_set(fault, FAULT_INTERNAL, "%s:%d: not what retrust writes (%s); remove it and enroll again", path,
	                 error.line, error.text[0] != '\0' ? error.text : "a member is too long or of another type");
}

static json_t *to_json(const struct identity *identity)
{
	json_t *root = json_object(), *names = json_array();
	for (size_t i = 0; i < MEMBERS; i++) {
		const char *text = (const char *)identity + members[i].offset;
		if (text[0] != '\0')
			(void)json_object_set_new(root, members[i].key, json_string(text));
	}
	for (size_t i = 0; i < identity->names.count; i++)
		(void)json_array_append_new(names, json_string(identity->names.name[i]));
	(void)json_object_set_new(root, "principals", names);
	return root;
}

int identity_write(const char *path, const struct identity *identity, struct fault *fault)
{
	json_t *root = to_json(identity);
	char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_decref(root);
	if (text == NULL)
		return fault_errno(fault, FAULT_INTERNAL, ENOMEM, "%s", path);
	int result = file_replace(path, text, strlen(text), 0600, fault);
	free(text);
	return result;
}

void identity_machine_id(char *buf, size_t size)
{
	void *data = NULL;
	buf[0] = '\0';
	ssize_t len = file_read("/etc/machine-id", &data, NULL);
	if (len < 0)
		return;
	const char *text = data;
	size_t digits = 0;
	while (isxdigit((unsigned char)text[digits]))
		digits++;
	if (digits == 32 && digits < size) {
		memcpy(buf, text, digits);
		buf[digits] = '\0';
	}
	file_free(data, (size_t)len);
}
