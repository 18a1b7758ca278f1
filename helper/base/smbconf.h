/* What smb.conf says about the membership of this host ([global] only).
 *
 * `include`, `config backend = registry` and %-macros aren't followed: what stands in the file itself is read. The
 * settings of retrust.conf win over it.
 */
#ifndef RETRUST_SMBCONF_H
#define RETRUST_SMBCONF_H

#include <stdbool.h>

struct smbconf {
	char realm[256];     /* "" = not said, as everywhere here */
	char workgroup[64];
	char netbios_name[64];
	char security[32];   /* "ads", "domain", … */
	char password_server[256];
	bool keeps_keytab;   /* `kerberos method` makes Samba keep a keytab; its default doesn't */
	long password_timeout; /* `machine password timeout` in seconds; 0 = winbindd doesn't rotate */
};

/* Reads the file; what it doesn't say, or can't be read, is as if it weren't there (Samba's defaults: 604800 s). Names of
 * parameters are compared as Samba does, whatever their case and spaces. */
void smbconf_read(const char *path, struct smbconf *ret_conf);

#endif
