/* The codes of the field by name: Kerberos errors, NTSTATUS values and the events that are recorded.
 *
 * Only rows that a membership can meet; the journal catalogue, `retrust explain` and every place that shows a code
 * read them here. The conditions (what a code means for this host as a whole) are the table of condition.h.
 */
#ifndef RETRUST_CODES_H
#define RETRUST_CODES_H

#include <stdint.h>

/* libkrb5 returns the KDC's error n as this base + n; codes below the base + 128 are the protocol's. */
#define RT_KERBEROS_BASE (-1765328384)

/* Journal MESSAGE_ID of event n: this prefix (24 hex digits) and n as 8 hex digits. */
#define RT_MESSAGE_ID_PREFIX "7ba5b1f9c6a24c5f8e2d4a10"

/* clang-format off */

/* X(number, name, meaning here): the KDC's numbers (RFC 4120, RFC 4556), then libkrb5's own local errors. */
#define RT_KERBEROS_CODES(X)                                                                                           \
  X(0, "KDC_ERR_NONE", "Accepted: the domain controller takes this key.")                                              \
  X(6, "KDC_ERR_C_PRINCIPAL_UNKNOWN",                                                                                  \
    "The domain knows no account of that name: deleted, renamed, or a service name used as a client.")                 \
  X(7, "KDC_ERR_S_PRINCIPAL_UNKNOWN", "The domain knows no service of that name: a servicePrincipalName is missing.")  \
  X(12, "KDC_ERR_POLICY", "The domain's policy refuses it, for instance logon hours or a workstation restriction.")    \
  X(14, "KDC_ERR_ETYPE_NOSUPP",                                                                                        \
    "No encryption type in common, or the account has no keys (restored without a password).")                         \
  X(18, "KDC_ERR_CLIENT_REVOKED", "The account is disabled or expired, and the key is right.")                         \
  X(23, "KDC_ERR_KEY_EXPIRED", "The password has expired and has to be changed.")                                      \
  X(24, "KDC_ERR_PREAUTH_FAILED",                                                                                      \
    "The key isn't the account's. Also the answer of a disabled account, or of a wrong clock, to a wrong key.")        \
  X(25, "KDC_ERR_PREAUTH_REQUIRED", "The account exists and has to prove its key first: part of every exchange.")      \
  X(29, "KDC_ERR_SVC_UNAVAILABLE",                                                                                     \
    "The domain controller can't answer for the account, such as a read-only one that is cut off. Proves nothing.")    \
  X(31, "KRB_AP_ERR_BAD_INTEGRITY",                                                                                    \
    "What came doesn't decrypt with our key: a key of the right number but other content, or a forged reply.")         \
  X(32, "KRB_AP_ERR_TKT_EXPIRED", "The ticket has expired: get a new one with kinit.")                                 \
  X(33, "KRB_AP_ERR_TKT_NYV", "The ticket isn't valid yet: one of the clocks is wrong.")                               \
  X(34, "KRB_AP_ERR_REPEAT", "The request was seen before: a replay.")                                                 \
  X(36, "KRB_AP_ERR_BADMATCH", "Ticket and authenticator name different clients.")                                     \
  X(37, "KRB_AP_ERR_SKEW", "The clocks differ by more than 5 minutes.")                                                \
  X(41, "KRB_AP_ERR_MODIFIED", "The message was changed on its way, or encrypted with another account's key.")         \
  X(44, "KRB_AP_ERR_BADKEYVER",                                                                                        \
    "The ticket is encrypted with a key version that the keytab doesn't have: the keytab's number (kvno) is stale.")   \
  X(45, "KRB_AP_ERR_NOKEY", "The keytab has no key of that service.")                                                  \
  X(52, "KRB_ERR_RESPONSE_TOO_BIG", "The answer doesn't fit UDP: asked again over TCP.")                               \
  X(60, "KRB_ERR_GENERIC", "The domain controller gave no reason.")                                                    \
  X(62, "KDC_ERR_CLIENT_NOT_TRUSTED", "The domain controller doesn't trust the certificate of this host.")             \
  X(63, "KDC_ERR_KDC_NOT_TRUSTED", "The domain controller's certificate isn't trusted by this host.")                  \
  X(64, "KDC_ERR_INVALID_SIG", "The signature of the certificate's request is wrong.")                                 \
  X(68, "KDC_ERR_WRONG_REALM", "The account belongs to another realm.")                                                \
  X(70, "KDC_ERR_CANT_VERIFY_CERTIFICATE", "The domain controller can't verify the certificate's chain.")              \
  X(71, "KDC_ERR_INVALID_CERTIFICATE", "The certificate is damaged or not valid at this time.")                        \
  X(72, "KDC_ERR_REVOKED_CERTIFICATE", "The certificate was revoked.")                                                 \
  X(75, "KDC_ERR_CLIENT_NAME_MISMATCH", "The certificate names another account.")                                      \
  X(-1765328243, "KRB5_CC_NOTFOUND", "The credential cache holds no ticket of that kind.")                             \
  X(-1765328237, "KRB5_KDCREP_MODIFIED",                                                                               \
    "The reply doesn't match the request: replayed or forged. The domain controller proved nothing.")                  \
  X(-1765328230, "KRB5_REALM_UNKNOWN", "No domain controller is known for the realm: look at DNS.")                    \
  X(-1765328228, "KRB5_KDC_UNREACH", "No domain controller answers: look at the network and the firewall.")            \
  X(-1765328205, "KRB5_KT_BADNAME", "The name of the keytab makes no sense.")                                          \
  X(-1765328203, "KRB5_KT_NOTFOUND",                                                                                   \
    "The keytab has no key of that principal; upper and lower case matter (M1$, not m1$).")                            \
  X(-1765328189, "KRB5_FCC_NOFILE", "There is no credential cache: run kinit first.")                                  \
  X(-1765328185, "KRB5_CC_FORMAT", "The file isn't a credential cache.")                                               \
  X(-1765328174, "KRB5_PREAUTH_FAILED", "The preauthentication failed on this host, before the domain was asked.")     \
  X(-1765328171, "KRB5_KEYTAB_BADVNO", "The file isn't a keytab.")                                                     \
  X(-1765328164, "KRB5_REALM_CANT_RESOLVE", "The domain controller's name has no address: look at DNS.")               \
  X(-1765328154, "KRB5_KT_KVNONOTFOUND", "The keytab has the principal, but no key of that version (kvno).")

/* X(value, name, meaning here): names of MS-ERREF. */
#define RT_NTSTATUS_CODES(X)                                                                                           \
  X(0x00000000u, "STATUS_SUCCESS", "Accepted.")                                                                        \
  X(0xC0000022u, "STATUS_ACCESS_DENIED",                                                                               \
    "The computer account exists and its password is another one than this host's (event 3210).")                      \
  X(0xC000005Eu, "STATUS_NO_LOGON_SERVERS", "No domain controller answers.")                                           \
  X(0xC0000064u, "STATUS_NO_SUCH_USER", "The domain knows no account of that name.")                                   \
  X(0xC000006Au, "STATUS_WRONG_PASSWORD", "The password of the user is wrong.")                                        \
  X(0xC000006Cu, "STATUS_PASSWORD_RESTRICTION", "The new password breaks a rule of the domain.")                       \
  X(0xC000006Du, "STATUS_LOGON_FAILURE",                                                                               \
    "User name or password is wrong. winbind also says so when the host's own password is.")                           \
  X(0xC000006Eu, "STATUS_ACCOUNT_RESTRICTION", "A restriction of the account refuses it.")                             \
  X(0xC0000071u, "STATUS_PASSWORD_EXPIRED", "The password has expired.")                                               \
  X(0xC0000072u, "STATUS_ACCOUNT_DISABLED", "The account is disabled; winbind may mean the computer's by it.")         \
  X(0xC00000B5u, "STATUS_IO_TIMEOUT", "The domain controller didn't answer in time.")                                  \
  X(0xC00000BEu, "STATUS_BAD_NETWORK_PATH", "The domain controller's name was not found.")                             \
  X(0xC00000DAu, "STATUS_CANT_ACCESS_DOMAIN_INFO", "Samba has no machine password (secrets.tdb).")                     \
  X(0xC00000DFu, "STATUS_NO_SUCH_DOMAIN", "There is no such domain.")                                                  \
  X(0xC0000133u, "STATUS_TIME_DIFFERENCE_AT_DC", "The clocks of host and domain controller differ too much.")          \
  X(0xC000018Au, "STATUS_NO_TRUST_LSA_SECRET", "This host has no machine password.")                                   \
  X(0xC000018Bu, "STATUS_NO_TRUST_SAM_ACCOUNT",                                                                        \
    "The domain has no usable computer account for this host: deleted, renamed, disabled or of the wrong type "        \
    "(event 5721).")                                                                                                   \
  X(0xC000018Cu, "STATUS_TRUSTED_DOMAIN_FAILURE", "The trust between the domains failed.")                             \
  X(0xC000018Du, "STATUS_TRUSTED_RELATIONSHIP_FAILURE", "The trust between this host and its domain failed.")          \
  X(0xC0000192u, "STATUS_NETLOGON_NOT_STARTED", "The domain controller's Netlogon service isn't running.")             \
  X(0xC0000193u, "STATUS_ACCOUNT_EXPIRED", "The account has an expiry date in the past.")                              \
  X(0xC0000199u, "STATUS_NOLOGON_WORKSTATION_TRUST_ACCOUNT", "A computer account was used where a user's is needed.")  \
  X(0xC000019Bu, "STATUS_DOMAIN_TRUST_INCONSISTENT", "The name or SID of the domain isn't the one of the trust.")      \
  X(0xC000020Cu, "STATUS_CONNECTION_DISCONNECTED", "The connection to the domain controller was lost.")                \
  X(0xC0000224u, "STATUS_PASSWORD_MUST_CHANGE", "The user has to change the password first.")                          \
  X(0xC0000234u, "STATUS_ACCOUNT_LOCKED_OUT", "The account is locked after too many wrong passwords.")                 \
  X(0xC0000236u, "STATUS_CONNECTION_REFUSED", "The domain controller refuses the connection.")                         \
  X(0xC0000388u, "STATUS_DOWNGRADE_DETECTED",                                                                          \
    "The domain controller refuses the channel because AES was not offered: policy, not the secret.")

/* X(number, where, text): %1 the DC, %2 the domain, %3 the computer, %4 the computer account. The texts of 3210, 5721
 * and 5722 are the KB's (Q175024). */
#define RT_EVENTS(X)                                                                                                   \
  X(3210, "member", "Failed to authenticate with \\\\%1, a Windows NT domain controller for domain %2.")               \
  X(5721, "member",                                                                                                    \
    "The session setup to the Windows NT Domain Controller \\\\%1 for the domain %2 failed because the Windows NT "    \
    "Domain Controller does not have an account for the computer %3.")                                                 \
  X(5722, "DC",                                                                                                        \
    "The session setup from the computer %3 failed to authenticate. The name of the account referenced in the "        \
    "security database is %4. The following error occurred: Access is denied.")                                        \
  X(9000, "member", "The secure channel of computer %3 to domain %2 is healthy, as \\\\%1 confirms.")                  \
  X(9001, "member", "The state of the secure channel to domain %2 is unknown.")                                        \
  X(9002, "member", "The stores of computer %3 hold different machine passwords for domain %2.")                       \
  X(9003, "member", "Computer %3 has no key of its account %4 in its keytab.")                                         \
  X(9004, "member", "The keytab of computer %3 can't be read.")                                                        \
  X(9005, "member", "The keytab of computer %3 numbers the key of %4 otherwise than domain %2 does.")                  \
  X(9006, "member", "Samba's secrets.tdb on computer %3 has no machine password for domain %2.")                       \
  X(9007, "member", "The computer account %4 is disabled in domain %2.")                                               \
  X(9008, "member", "The computer account %4 has expired in domain %2.")                                               \
  X(9009, "member", "The account %4 in domain %2 isn't a workstation account.")                                        \
  X(9010, "member", "Computer %3 is a copy of another host that uses the account %4 of domain %2.")                    \
  X(9011, "member", "The name of computer %3 is too long for a computer account of domain %2.")                        \
  X(9012, "member", "The password of computer %3 is newer than the one of its account %4 in domain %2.")               \
  X(9013, "member", "The domain controllers of domain %2 disagree about the account %4.")                              \
  X(9014, "member", "Only a read-only domain controller of domain %2 answers: \\\\%1.")                                \
  X(9015, "member", "The clock of computer %3 differs too much from the one of domain %2.")                            \
  X(9016, "member", "No domain controller of domain %2 answers.")                                                      \
  X(9017, "member", "DNS names no domain controller of domain %2.")                                                    \
  X(9018, "member", "Computer %3 and domain %2 share no encryption type.")                                             \
  X(9019, "member", "Domain %2 issues no ticket for computer %3: its account %4 has no such service name.")            \
  X(9020, "member", "Another account of domain %2 bears a service name of computer %3.")                               \
  X(9021, "member", "The policy of \\\\%1 refuses the secure channel of computer %3.")                                 \
  X(9022, "member", "\\\\%1 did not prove that it is a domain controller of domain %2.")                               \
  X(9023, "member", "The trust between domain %2 and the domain of the user is broken.")                               \
  X(9024, "member", "Computer %3 isn't a member of a domain.")                                                         \
  X(9100, "member", "The secure channel of computer %3 to domain %2 was repaired on \\\\%1.")                          \
  X(9101, "member", "The machine password of computer %3 in domain %2 was changed on \\\\%1.")
/* clang-format on */

struct codes_kerberos {
	int32_t number;
	const char *name;
	const char *meaning;
};

struct codes_ntstatus {
	uint32_t value;
	const char *name;
	const char *meaning;
};

struct codes_event {
	int number;
	const char *where; /* whose log holds it: "member" or "DC" */
	const char *text;
};

/* Look-ups. All rows and strings are static; NULL (a name: "") when there is no such row. Names are found without
 * regard to case. A Kerberos number may be the KDC's (24) or libkrb5's (-1765328360): both find the row of 24. A name
 * may have the prefix of RFC 4120 (KDC_ERR_…, KRB_AP_ERR_…) or libkrb5's (KRB5KDC_ERR_…, KRB5KRB_AP_ERR_…), an
 * NTSTATUS also Samba's (NT_STATUS_…). No I/O. */
const struct codes_kerberos *codes_kerberos(int32_t number);
const struct codes_kerberos *codes_kerberos_by_name(const char *name);
const char *codes_kerberos_name(int32_t number);
const struct codes_ntstatus *codes_ntstatus(uint32_t value);
const struct codes_ntstatus *codes_ntstatus_by_name(const char *name);
const char *codes_ntstatus_name(uint32_t value);
const struct codes_event *codes_event(int number);

/* The event that a Windows member records when its DC answers the secure channel's set-up so, 0 = none. */
int codes_ntstatus_event(uint32_t value);

#endif
