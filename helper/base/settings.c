/* Reads retrust.conf with inih, see settings.h.
 *
 * SECURITY: the helper believes this file, so it must be root's and nobody else's to write.
 */
#include "settings.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum setting_type { TYPE_TEXT, TYPE_PATH, TYPE_BOOL, TYPE_NUMBER };

struct setting {
	const char *key;
	enum setting_type type;
	const char *standard;
	long least, most;
	size_t offset;
};

static const struct setting table[] = {
#define X(key, type, standard, least, most, help)                                                                      \
	{ #key, TYPE_##type, standard, least, most, offsetof(struct settings, key) },
	RT_SETTINGS(X)
#undef X
};

enum { SETTINGS_COUNT = sizeof table / sizeof *table };

static bool parse_bool(const char *value, bool *ret_bool)
{
	static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = { "no", "false", "off", "0" };
	for (size_t i = 0; i < 4; i++) {
		if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0) {
			*ret_bool = strcasecmp(value, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

/* Returns NULL, or what the value should have been. */
static const char *store_number(const struct setting *setting, const char *value, long *member, char *buf, size_t size)
{
	char *end;
	errno = 0;
	long number = strtol(value, &end, 10);
	if (end != value && *end == '\0' && errno == 0 && number >= setting->least && number <= setting->most) {
		*member = number;
		return NULL;
	}
	(void)snprintf(buf, size, "a number from %ld to %ld", setting->least, setting->most);
	return buf;
}

static const char *store(struct settings *settings, const struct setting *setting, const char *value, char *buf,
                         size_t size)
{
	void *member = (char *)settings + setting->offset;
	switch (setting->type) {
	case TYPE_BOOL:
		return parse_bool(value, member) ? NULL : "yes or no";
	case TYPE_NUMBER:
		return store_number(setting, value, member, buf, size);
	case TYPE_PATH:
		if (value[0] != '\0' && value[0] != '/')
			return "an absolute path";
		break;
	case TYPE_TEXT:
		break;
	}
	if (strlen(value) >= SETTINGS_TEXT_MAX)
		return "a text of at most 255 bytes";
	memcpy(member, value, strlen(value) + 1);
	return NULL;
}

void settings_default(struct settings *ret_settings)
{
	char buf[64];
	memset(ret_settings, 0, sizeof *ret_settings);
	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		(void)store(ret_settings, &table[i], table[i].standard, buf, sizeof buf);
}

struct reading {
	struct settings *settings;
	FILE *file;
	int line; /* the last one that was read */
	bool seen[SETTINGS_COUNT];
	char problem[256]; /* of the first bad line */
};

/* inih wants 1 for a good line; its own count of lines makes "file:line". */
static int on_line(void *data, const char *section, const char *name, const char *value)
{
	struct reading *reading = data;
	if (reading->problem[0] != '\0')
		return 0;
	if (section[0] != '\0') {
		(void)snprintf(reading->problem, sizeof reading->problem, "sections ([%.40s]) have no meaning here", section);
		return 0;
	}
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		if (strcmp(table[i].key, name) != 0)
			continue;
		char buf[64];
		const char *wanted = reading->seen[i] ? "said only once" :
		                                        store(reading->settings, &table[i], value, buf, sizeof buf);
		reading->seen[i] = true;
		if (wanted != NULL)
			(void)snprintf(reading->problem, sizeof reading->problem, "%s must be %s, not '%.60s'", name, wanted,
			               value);
		return wanted == NULL;
	}
	(void)snprintf(reading->problem, sizeof reading->problem, "unknown key '%.60s'; `man retrust.conf` lists the keys",
	               name);
	return 0;
}

/* inih cuts a long line in two and reads its tail as a line of its own: a comment's tail would set something. */
static char *read_line(char *buf, int size, void *stream)
{
	struct reading *reading = stream;
	if (reading->problem[0] != '\0' || fgets(buf, size, reading->file) == NULL)
		return NULL;
	reading->line++;
	if (strchr(buf, '\n') != NULL || (feof(reading->file) && (int)strlen(buf) < size - 1))
		return buf;
	(void)snprintf(reading->problem, sizeof reading->problem, "longer than %d bytes", size - 2);
	return NULL;
}

static int check_owner(FILE *file, const char *path, struct fault *fault)
{
	struct stat st;
	if (fstat(fileno(file), &st) != 0)
		return fault_errno(fault, FAULT_CONFIG, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return fault_set(fault, FAULT_CONFIG, "%s: not a regular file", path);
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fault_set(fault, FAULT_CONFIG,
		                 "%s: must belong to root and be writable by root alone (chown root, chmod 644)", path);
	return 0;
}

int settings_load(const char *path, struct settings *ret_settings, struct fault *fault)
{
	settings_default(ret_settings);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return errno == ENOENT ? 0 : fault_errno(fault, FAULT_CONFIG, errno, "%s", path);
	struct reading reading = { .settings = ret_settings, .file = file };
	int result = check_owner(file, path, fault);
	if (result == 0) {
		int bad = ini_parse_stream(read_line, &reading, on_line, &reading);
		if (reading.problem[0] != '\0' || bad != 0)
			result = fault_set(fault, FAULT_CONFIG, "%s:%d: %s", path, bad > 0 ? bad : reading.line,
			                   reading.problem[0] != '\0' ? reading.problem : "not of the form key = value");
	}
	(void)fclose(file);
	return result;
}
