/* Asks the domain: finds a DC, pins it, tries every secret of this host against it. Changes nothing. */
#ifndef RETRUST_DOMAIN_H
#define RETRUST_DOMAIN_H

#include "host.h"

struct domain_wish {
	const char *dc;   /* the administrator's word; "" = by DNS */
	bool pdc;         /* the PDC emulator first: something may be changed */
	bool thorough;    /* also what a healthy channel needn't show: the spare key, the Netlogon channel */
	bool unattended;  /* somebody waits who asked for nothing: no more than what tells whether the channel is healthy */
};

/* Fills host->dc, host->kdc and the facts about the domain. What can't be found out is a fact, not an error; why a DC could
 * not be used goes to host->note. Tells SEARCH_PDC … VERIFY. */
void domain_probe(struct host *host, const struct domain_wish *wish);

/* Tries the keytab's newest keys again, after a rung: newest_code, self_code, account_kvno; and the second store. */
void domain_confirm(struct host *host);

#endif
