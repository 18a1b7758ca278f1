/* The anonymous netlogon ping over LDAP, see ldapconn.h. (ldapsasl.c: GSSAPI; ldaptls.c: TLS.)
 *
 * Over TCP instead of the usual CLDAP datagram: one answer of any size, from the address that accepted the connection,
 * and the same firewall rule as everything else.
 */
#include "ldapcall.h"
#include "netlogon_ping.h"

#include <stdio.h>
#include <string.h>

/* AAC: ADS_UF_WORKSTATION_TRUST_ACCOUNT. NtVer: 2 + 4 (the EX answer) + 16, as Windows asks. */
static int make_filter(const char *realm, const char *account, char *filter, size_t size)
{
	char domain[3 * 256], user[3 * 64];
	if (ldapcall_escape(realm, domain, sizeof domain) != 0 || ldapcall_escape(account, user, sizeof user) != 0)
		return -1;
	int n = snprintf(filter, size, "(&(DnsDomain=%s)(User=%s)(AAC=\\80\\00\\00\\00)(NtVer=\\16\\00\\00\\00))",
	                 domain, user);
	return n > 0 && (size_t)n < size ? 0 : -1;
}

static int read_reply(LDAP *ld, LDAPMessage *result, const struct dc *dc, struct ping *ret_ping, struct fault *fault)
{
	uint8_t reply[2048];
	LDAPMessage *entry = ldap_first_entry(ld, result);
	long len = entry != NULL ? ldapcall_bytes(ld, entry, "netlogon", reply, sizeof reply) : -1;
	if (len < 0)
		return fault_set(fault, FAULT_UNSURE,
		                 "%s gives no answer to the netlogon ping: not a DC of this domain?", dc->host);
	if (netlogon_ping_parse(reply, (size_t)len, ret_ping) != 0)
		return fault_set(fault, FAULT_UNSURE, "%s answers the netlogon ping with %ld bytes that make no sense",
		                 dc->host, len);
	return 0;
}

int ldapconn_ping(const struct dc *dc, const char *realm, const char *account, struct deadline deadline,
                  struct ping *ret_ping, struct fault *fault)
{
	char filter[1200], netlogon[] = "netlogon", *attributes[] = { netlogon, NULL };
	memset(ret_ping, 0, sizeof *ret_ping);
	ret_ping->account = PING_NO_ANSWER;
	if (make_filter(realm, account, filter, sizeof filter) != 0)
		return fault_set(fault, FAULT_INTERNAL, "the name %.64s of the account is too long to ask for",
		                 account);
	LDAP *ld = ldapcall_open(dc, "ldap", 389, deadline, fault);
	if (ld == NULL)
		return -1;
	LDAPMessage *result = NULL;
	int rc = ldapcall_search(ld, "", LDAP_SCOPE_BASE, filter, attributes, NULL, &result), status = -1;
	if (rc == LDAP_SUCCESS) {
		status = read_reply(ld, result, dc, ret_ping, fault);
	} else {
		char what[sizeof dc->host + 32];
		(void)snprintf(what, sizeof what, "netlogon ping of %s", dc->host);
		(void)ldapcall_fault(ld, rc, fault, what);
	}
	ldap_msgfree(result);
	ldapcall_close(ld);
	if (status != 0)
		ret_ping->account = PING_NO_ANSWER;
	return status;
}
