/* Asks an NT4-style domain (`security = domain`: a classic PDC; no DNS, no Kerberos, no LDAP). Changes nothing.
 *
 * The facts speak Kerberos' words there too, so that there is one table of conditions: a secret that the PDC proves to
 * know is 0 (by Netlogon; by an SMB session, directory/smb_logon.h, where facts.netlogon stays "not tried"), one that it
 * refuses 24, an account that it doesn't know 6, a disabled one 18.
 *
 * Each secret that the PDC takes by Netlogon ends winbindd's session (directory/netlogon.h): these functions have
 * winbindd open a new one before they return, but for nt4_ask.
 */
#ifndef RETRUST_NT4_H
#define RETRUST_NT4_H

#include "domain.h"

/* domain_probe and domain_confirm on such a host. */
void nt4_probe(struct host *host, const struct domain_wish *wish);
void nt4_confirm(struct host *host);

/* Asks the pinned PDC for one password: 0 (the PDC has proved that it knows it too) or a code as above or of enum
 * facts_code. An empty one isn't asked. The caller has winbindd told soon. ret_status: the NTSTATUS or a result of
 * directory/netlogon.h; may be NULL. */
int32_t nt4_ask(struct host *host, const struct secret *password, uint32_t *ret_status);

#endif
