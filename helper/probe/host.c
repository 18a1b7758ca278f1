/* One request's view of this host, see host.h. */
#include "host.h"

#include "../directory/netlogon.h"

#include <stdio.h>
#include <string.h>

void host_init(struct host *ret_host, struct deadline deadline, const struct teller *teller)
{
	memset(ret_host, 0, sizeof *ret_host);
	ret_host->deadline = deadline;
	ret_host->teller = teller;
	struct facts *facts = &ret_host->facts;
	facts->dc = FACTS_DC_NOT_LOOKED;
	facts->newest_code = facts->account_code = facts->self_code = FACTS_NOT_ASKED;
	facts->samba_code = facts->samba_next_code = facts->samba_previous_code = FACTS_NOT_ASKED;
	facts->netlogon = FACTS_NETLOGON_NOT_TRIED;
	facts->pending_code = facts->spare_code = FACTS_NOT_ASKED;
}

bool host_nt_hash(const struct host *host, struct secret *ret_hash)
{
	const struct facts *facts = &host->facts;
	if (netlogon_hash_of_keys(&host->keytab.keys, facts->newest_kvno, ret_hash))
		return true;
	bool same = facts->newest_code == FACTS_NOT_ASKED || facts->samba_code == facts->newest_code;
	return same && host->samba.current.len > 0 && netlogon_hash_of_password(&host->samba.current, ret_hash) == 0;
}

void host_netlogon_account(const struct host *host, char *buf, size_t size)
{
	if (host->facts.nt4)
		(void)snprintf(buf, size, "%s\\%s", host->domain, host->account);
	else
		(void)snprintf(buf, size, "%s@%s", host->account, host->realm);
}

void host_free(struct host *host)
{
	if (host->kdc != NULL)
		kdc_close(host->kdc);
	explicit_bzero(host, sizeof *host);
}
