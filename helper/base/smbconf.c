/* Reads smb.conf with inih, see smbconf.h. */
#include "smbconf.h"

#include <ctype.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WEEK = 604800 };

/* Samba's own way to compare a parameter's name. */
static bool is_named(const char *text, const char *name)
{
	for (;;) {
		while (isspace((unsigned char)*text))
			text++;
		while (*name == ' ')
			name++;
		if (tolower((unsigned char)*text) != *name)
			return false;
		if (*name == '\0')
			return true;
		text++, name++;
	}
}

static void take(char *buf, size_t size, const char *value)
{
	if (strlen(value) < size) /* a part of a name would be another name */
		memcpy(buf, value, strlen(value) + 1);
}

static int on_line(void *data, const char *section, const char *name, const char *value)
{
	struct smbconf *conf = data;
	if (!is_named(section, "global"))
		return 1;
	if (is_named(name, "realm"))
		take(conf->realm, sizeof conf->realm, value);
	else if (is_named(name, "workgroup"))
		take(conf->workgroup, sizeof conf->workgroup, value);
	else if (is_named(name, "netbios name"))
		take(conf->netbios_name, sizeof conf->netbios_name, value);
	else if (is_named(name, "security"))
		take(conf->security, sizeof conf->security, value);
	else if (is_named(name, "password server"))
		take(conf->password_server, sizeof conf->password_server, value);
	else if (is_named(name, "kerberos method"))
		conf->keeps_keytab = strcasecmp(value, "default") != 0 && strcasecmp(value, "secrets only") != 0;
	else if (is_named(name, "machine password timeout"))
		conf->password_timeout = strtol(value, NULL, 10);
	return 1;
}

/* Indented lines are new parameters here; to inih they go on with the one before. */
static char *read_line(char *buf, int size, void *stream)
{
	if (fgets(buf, size, stream) == NULL)
		return NULL;
	size_t indent = strspn(buf, " \t");
	memmove(buf, buf + indent, strlen(buf + indent) + 1);
	return buf;
}

void smbconf_read(const char *path, struct smbconf *ret_conf)
{
	*ret_conf = (struct smbconf){ .password_timeout = WEEK };
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	(void)ini_parse_stream(read_line, file, on_line, ret_conf); /* bad lines are Samba's to complain of */
	(void)fclose(file);
}
