/* The settings of retrust.conf as a structure (the table is retrust/setting.h). */
#ifndef RETRUST_SETTINGS_H
#define RETRUST_SETTINGS_H

#include "fault.h"

#include <retrust/setting.h>
#include <stdbool.h>

#define SETTINGS_TEXT_MAX 256

/* Types of the table's columns as members. */
#define SETTINGS_MEMBER_TEXT(key) char key[SETTINGS_TEXT_MAX];
#define SETTINGS_MEMBER_PATH(key) char key[SETTINGS_TEXT_MAX];
#define SETTINGS_MEMBER_BOOL(key) bool key;
#define SETTINGS_MEMBER_NUMBER(key) long key;

struct settings {
#define X(key, type, standard, least, most, help) SETTINGS_MEMBER_##type(key)
	RT_SETTINGS(X)
#undef X
};

/* Every setting at its default. */
void settings_default(struct settings *ret_settings);

/* Defaults, then the file (INI without sections, inih). No file is fine. An unknown or repeated key, a bad value, a file that
 * isn't root's or that others may write: -1 with *fault (FAULT_CONFIG, "file:line: …"). */
int settings_load(const char *path, struct settings *ret_settings, struct fault *fault);

#endif
