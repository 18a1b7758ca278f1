/* One request's view of this host, see host.h. */
#include "host.h"

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

void host_free(struct host *host)
{
	if (host->kdc != NULL)
		kdc_close(host->kdc);
	explicit_bzero(host, sizeof *host);
}
