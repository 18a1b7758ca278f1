/* One request's view of this host and its domain: what the probes fill, the rungs use and the engine judges. */
#ifndef RETRUST_HOST_H
#define RETRUST_HOST_H

#include "../base/settings.h"
#include "../base/smbconf.h"
#include "../base/teller.h"
#include "../directory/kdc.h"
#include "../engine/facts.h"
#include "../store/identity.h"
#include "../store/journal.h"
#include "../store/keytab.h"
#include "../store/samba.h"

struct host {
	struct settings settings;
	struct deadline deadline;
	const struct teller *teller;

	char realm[256];   /* upper case; "" = not joined, or to an NT4-style domain */
	char account[64];  /* "M1$" */
	char domain[64];   /* NetBIOS name, or the best guess for messages */
	char computer[64]; /* the account without its $ */

	struct smbconf smbconf;
	struct identity identity;
	struct keytab keytab;
	struct samba_secrets samba;
	struct machine_keys spare; /* keys of identity.spare_account */
	struct journal journal;    /* where facts.has_pending */

	struct dc dc;
	struct kdc *kdc; /* pinned to dc; NULL until a DC is found, and for an NT4-style one */

	struct facts facts;
	struct fault note; /* a problem met on the way that did not end the request; told in the result */
};

void host_init(struct host *ret_host, struct deadline deadline, const struct teller *teller);

/* The NT hash of the secret that facts.newest_code speaks of: an arcfour key beside the keytab's newest, or Samba's password
 * where the DC says the same of it. False (and *ret_hash empty) where there is none: Netlogon isn't to be tried. */
bool host_nt_hash(const struct host *host, struct secret *ret_hash);

enum { HOST_NETLOGON_ACCOUNT = 64 + 256 };

/* "M1$@LAB.EXAMPLE", or "NT4LAB\M1$" in an NT4-style domain, as directory/netlogon.h wants it. */
void host_netlogon_account(const struct host *host, char *buf, size_t size);

/* Closes and wipes. */
void host_free(struct host *host);

#endif
