/* Who else changes the machine password, see rotator.h. */
#include "rotator.h"

#include "../base/paths.h"
#include "../base/smbconf.h"
#include "process.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SSSD_AGE "ad_maximum_machine_account_password_age"
#define SMB_TIMEOUT "machine password timeout"

/* What one section says so far; a section without the key leaves the default, which is to rotate. */
struct sssd_domain {
	char section[128];
	bool ad, off, found;
};

static void close_section(struct sssd_domain *domain)
{
	domain->found = domain->found || (domain->ad && !domain->off);
	domain->ad = domain->off = false;
}

static int on_sssd_line(void *data, const char *section, const char *name, const char *value)
{
	struct sssd_domain *domain = data;
	if (strncmp(section, "domain/", 7) != 0)
		return 1;
	if (strcmp(section, domain->section) != 0) {
		close_section(domain);
		(void)snprintf(domain->section, sizeof domain->section, "%s", section);
	}
	if ((strcmp(name, "id_provider") == 0 || strcmp(name, "auth_provider") == 0) && strcmp(value, "ad") == 0)
		domain->ad = true;
	if (strcmp(name, SSSD_AGE) == 0 && strtol(value, NULL, 10) == 0)
		domain->off = true;
	return 1;
}

static bool sssd_rotates(void)
{
	struct sssd_domain domain = { .section = "" };
	if (access("/usr/sbin/adcli", X_OK) != 0 || ini_parse(PATH_SSSDCONF, on_sssd_line, &domain) < 0)
		return false;
	close_section(&domain);
	return domain.found;
}

static bool winbind_rotates(void)
{
	struct smbconf conf;
	if (process_each("winbindd", NULL, NULL, NULL) == 0)
		return false;
	smbconf_read(PATH_SMBCONF, &conf);
	return conf.password_timeout != 0;
}

bool rotator_other(char *ret_text, size_t size)
{
	if (sssd_rotates())
		(void)snprintf(ret_text, size, "sssd (%s in %s)", SSSD_AGE, PATH_SSSDCONF);
	else if (winbind_rotates())
		(void)snprintf(ret_text, size, "winbind (%s in %s)", SMB_TIMEOUT, PATH_SMBCONF);
	else
		return false;
	return true;
}
