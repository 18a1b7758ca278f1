/* What the host remembers of its membership from a healthy time: RT_STATEDIR/identity.json, root only, no secret. */
#ifndef RETRUST_IDENTITY_H
#define RETRUST_IDENTITY_H

#include "keytab.h"

struct identity {
	char realm[256];
	char domain[17];       /* NetBIOS name, "" = unknown */
	char account[64];      /* "M1$" */
	char domain_sid[192];  /* "" until enrolled, or until a healthy secrets.tdb told it */
	char domain_guid[37];
	char account_sid[192];
	char account_guid[37];
	char machine_id[33];   /* of the host at enrolment: a clone has another, or the same account with another one */
	char spare_account[21]; /* "" = not enrolled */
	char spare_dn[512];
	char samba[64];        /* the domain of a healthy secrets.tdb; "" = none was seen */
	char rotator[128];     /* who else rotates the password, as it was last told; "" = nobody */
	struct keytab_names names; /* principals of the keytab */
};

/* Reads it. Returns 1, 0 when there is none (*ret_identity all empty), -1 with *fault (junk: the file is named; what it
 * said is not used). */
int identity_read(const char *path, struct identity *ret_identity, struct fault *fault);

/* Replaces it (mode 0600). Returns 0 or -1 with *fault. */
int identity_write(const char *path, const struct identity *identity, struct fault *fault);

/* This host's /etc/machine-id (32 hex digits), "" where there is none. */
void identity_machine_id(char *buf, size_t size);

#endif
