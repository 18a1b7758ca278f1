/* The conditions a membership can be in: the vocabulary of diagnosis, once.
 *
 * Everything that names a condition (the helper's verdict, the PAM module, `retrust explain`, JSON, the manual pages
 * and the journal catalogue) is made from this table.
 *
 * Columns of RT_CONDITIONS(X):
 *   id        C identifier, RT_COND_<id>
 *   name      the stable name of the contract
 *   ntstatus  the NTSTATUS of MS-ERREF that Windows would report, 0 where none exists
 *   event     Netlogon event (3210, 5721: KB Q175024) or retrust's own from 9000 up, 0 where none is recorded
 *   severity  syslog priority of that event
 *   exit      exit code of `retrust verify` when this is what it sees (the contract's table)
 *   at_logon  what the person at the door reads when the condition stays: KB = the KB's message and then `words`,
 *             WORDS = only `words`, NOTHING = the logon ends as it would have ended without retrust
 *   mend      may retrust repair it at all: YES or NO (which rungs: engine/plan.c)
 *   words     one sentence for the person at logon ("" = none)
 *   advice    for the administrator: what it means and the next step
 */
#ifndef RETRUST_CONDITION_H
#define RETRUST_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

enum rt_at_logon { RT_LOGON_NOTHING, RT_LOGON_WORDS, RT_LOGON_KB };

/* clang-format off */
#define RT_CONDITIONS(X)                                                                                               \
  X(UNKNOWN, "unknown", 0, 9001, 4, 2, NOTHING, NO, "",                                                                \
    "What was seen fits no known state. Run `retrust verify --verbose` and look at the codes it shows.")               \
  X(HEALTHY, "healthy", 0, 9000, 5, 0, NOTHING, NO, "",                                                                \
    "The domain controller takes the machine password and the keytab opens a ticket for this host. Nothing to do.")    \
  X(SECRET_MISMATCH, "secret-mismatch", 0xC0000022, 3210, 3, 1, KB, YES,                                               \
    "An administrator has to repair this computer's account.",                                                         \
    "The domain holds another password for the computer account than this host: a reset by an administrator, a "       \
    "reverted snapshot or a restored backup. `retrust repair` uses the spare key; without one give it the "            \
    "credential of somebody who may reset the account: `retrust repair -U USER`.")                                     \
  X(SECRET_PREVIOUS, "secret-previous", 0xC0000022, 3210, 4, 1, KB, YES,                                               \
    "An administrator has to repair this computer's account.",                                                         \
    "The domain takes an older password of this host, not the newest: an interrupted change, or a domain restored "    \
    "from a backup. `retrust repair` makes the working key the newest of the keytab; the domain isn't changed.")       \
  X(SECRET_PENDING, "secret-pending", 0xC0000022, 3210, 4, 1, KB, YES,                                                 \
    "An administrator has to repair this computer's account.",                                                         \
    "A change of the machine password was interrupted. `retrust repair` asks the domain controller which secret it "   \
    "takes and finishes the change.")                                                                                  \
  X(STORES_DISAGREE, "stores-disagree", 0xC0000022, 9002, 4, 1, KB, YES, "",                                           \
    "The keytab and Samba's secrets.tdb hold different machine passwords. `retrust repair` copies the working one.")   \
  X(KEYTAB_MISSING, "keytab-missing", 0, 9003, 3, 1, KB, YES,                                                          \
    "An administrator has to repair this computer's account.",                                                         \
    "The host has no keytab, or none with a key of the computer account. `retrust repair` makes a new one with the "   \
    "spare key or with the credential of an administrator.")                                                           \
  X(KEYTAB_UNREADABLE, "keytab-unreadable", 0, 9004, 3, 1, KB, NO,                                                     \
    "An administrator has to look at this computer's keytab.",                                                         \
    "The keytab exists but can't be read: junk, a truncated file or an I/O error. It is left as it is, because it "    \
    "may hold keys of other services. Move it away or restore it, then run `retrust repair`.")                         \
  X(KEYTAB_STALE_KVNO, "keytab-stale-kvno", 0, 9005, 4, 1, KB, YES,                                                    \
    "An administrator has to repair this computer's keytab.",                                                          \
    "The domain takes the key, but numbers it otherwise than the keytab does, so that service tickets can't be "       \
    "opened: `kinit -k` succeeds and every logon fails. `retrust repair` writes the domain's number.")                 \
  X(SAMBA_SECRET_MISSING, "samba-secret-missing", 0xC00000DA, 9006, 4, 1, KB, YES, "",                                 \
    "secrets.tdb has no machine password although Samba is configured as a member.")                                   \
  X(ACCOUNT_MISSING, "account-missing", 0xC000018B, 5721, 3, 1, KB, NO,                                                \
    "An administrator has to restore or create this computer's account.",                                              \
    "The domain has no such computer account: deleted, or renamed. Restore the deleted object if you can (it keeps "   \
    "its SID and groups), otherwise join again. A restored account needs only `retrust repair`. An NT4-style domain "  \
    "keeps no deleted objects: there `retrust repair -U USER` creates the account again.")                             \
  X(ACCOUNT_DELETED_RESTORABLE, "account-deleted-restorable", 0xC000018B, 5721, 3, 1, KB, NO,                          \
    "An administrator has to restore this computer's account.",                                                        \
    "The computer account was deleted and its deleted object can be restored with its SID.")                           \
  X(ACCOUNT_DISABLED, "account-disabled", 0xC0000072, 9007, 3, 1, KB, NO,                                              \
    "The computer account is disabled; ask an administrator.",                                                         \
    "Somebody disabled the computer account. retrust never enables it: ask whoever did, then enable it in the domain." \
    " If the password was reset as well, `retrust repair` does the rest.")                                             \
  X(ACCOUNT_EXPIRED, "account-expired", 0xC0000193, 9008, 3, 1, KB, NO,                                                \
    "The computer account has expired; ask an administrator.",                                                         \
    "The computer account has an expiry date in the past. Clear accountExpires in the domain.")                        \
  X(ACCOUNT_WITHOUT_KEYS, "account-without-keys", 0xC0000022, 3210, 3, 1, KB, YES,                                     \
    "An administrator has to repair this computer's account.",                                                         \
    "The account exists but has no password: an object restored from the deleted ones, or pre-created. "               \
    "`retrust repair` sets one.")                                                                                      \
  X(ACCOUNT_WRONG_TYPE, "account-wrong-type", 0xC000018B, 9009, 3, 1, KB, NO, "",                                      \
    "The object of that name isn't a workstation account: Kerberos takes its key, the secure channel doesn't know "    \
    "it. Look at userAccountControl in the domain (4096 is a workstation's), or join again under another name.")       \
  X(HOST_RENAMED, "host-renamed", 0xC000018B, 5721, 3, 1, KB, NO, "",                                                  \
    "The host's name and the computer account's name differ.")                                                         \
  X(HOST_CLONED, "host-cloned", 0xC0000022, 9010, 3, 1, KB, NO,                                                        \
    "This computer is a copy of another one; ask an administrator.",                                                   \
    "The machine-id differs from the one at enrolment: this host is a clone and shares its account with another "      \
    "host. Repairing it would break the other. Join the clone under a name of its own.")                               \
  X(NAME_TRUNCATED, "name-truncated", 0, 9011, 4, 1, NOTHING, NO, "",                                                  \
    "The host's name is longer than the 15 characters of a computer account.")                                         \
  X(HOST_NEWER_THAN_DOMAIN, "host-newer-than-domain", 0xC0000022, 9012, 3, 1, KB, NO, "",                              \
    "The host's password is newer than the domain's: the domain was restored or lags. Repair the domain.")             \
  X(DCS_DISAGREE, "dcs-disagree", 0xC0000022, 9013, 4, 2, WORDS, NO,                                                   \
    "The domain controllers don't agree about this computer yet; try again in a minute.",                              \
    "Domain controllers take different passwords: a change is still being replicated, or replication is broken. "      \
    "Wait, then verify again; look at replication if it stays.")                                                       \
  X(READ_ONLY_DC, "read-only-dc", 0, 9014, 4, 2, NOTHING, NO, "",                                                      \
    "Only a read-only domain controller answers, which proves neither state.")                                         \
  X(CLOCK_SKEW, "clock-skew", 0xC0000133, 9015, 4, 2, WORDS, NO,                                                       \
    "This computer's clock differs too much from the domain's; ask an administrator.",                                 \
    "The clock differs by more than Kerberos allows (5 minutes). Set it (chronyc makestep), then verify again.")       \
  X(NO_DC, "no-dc", 0xC000005E, 9016, 4, 2, NOTHING, NO, "",                                                           \
    "No domain controller answers. Look at the network and at the firewall (TCP 88, 389, 464; of an NT4-style "        \
    "domain TCP 445 and UDP 137).")                                                                                    \
  X(DNS_FAILURE, "dns-failure", 0xC000005E, 9017, 4, 2, NOTHING, NO, "",                                               \
    "DNS doesn't name a domain controller: look at /etc/resolv.conf and at _ldap._tcp.dc._msdcs of the domain.")       \
  X(ENCTYPE_MISMATCH, "enctype-mismatch", 0, 9018, 4, 1, KB, NO, "",                                                   \
    "Host and domain share no encryption type.")                                                                       \
  X(SPN_MISSING, "spn-missing", 0, 9019, 4, 1, WORDS, NO,                                                              \
    "An administrator has to look at this computer's account.",                                                        \
    "The domain takes the key but issues no ticket for this host: servicePrincipalName or the account's type is "      \
    "wrong. Set the SPN host/<fqdn> on the computer account.")                                                         \
  X(SPN_DUPLICATE, "spn-duplicate", 0, 9020, 4, 1, NOTHING, NO, "",                                                    \
    "Another account bears this host's service principal name.")                                                       \
  X(CHANNEL_REFUSED, "channel-refused-by-policy", 0xC0000388, 9021, 4, 1, NOTHING, NO, "",                             \
    "The domain controller's policy refuses the channel although Kerberos takes the secret: it wants what this host "  \
    "doesn't offer. Look at its Netlogon and encryption policies.")                                                    \
  X(DC_NOT_PROVEN, "dc-not-proven", 0xC0000022, 9022, 2, 3, KB, NO,                                                    \
    "The domain controller that answers did not prove that it belongs to this domain.",                                \
    "The domain controller knows neither the machine password nor the spare key: it may be a false one. Nothing was "  \
    "changed. If it is the real one, repair with `retrust repair -U USER` after checking its fingerprint.")            \
  X(USER_DOMAIN_TRUST_BROKEN, "user-domain-trust-broken", 0xC000018B, 9023, 4, 1, NOTHING, NO, "",                     \
    "The channel to the own domain is healthy; the trust to the user's domain is not (KB Q102650).")                   \
  X(NOT_JOINED, "not-joined", 0, 9024, 4, 3, NOTHING, NO, "",                                                          \
    "This host isn't a member of a domain: no machine key, and no realm in /etc/retrust.conf or from an enrolment. "   \
    "Join it first (adcli join, realm join, net ads join).")
/* clang-format on */

enum rt_condition {
#define X(id, name, ntstatus, event, severity, exit, at_logon, mend, words, advice) RT_COND_##id,
	RT_CONDITIONS(X)
#undef X
		RT_COND_COUNT
};

/* One row of the table; all strings are static. */
struct rt_condition_info {
	const char *name;
	uint32_t ntstatus;
	int event;
	int severity;
	int exit_code;
	enum rt_at_logon at_logon;
	bool mendable;
	const char *words;
	const char *advice;
};

/* The row of a condition. Never NULL: a value out of range gives the row of RT_COND_UNKNOWN. No I/O. */
const struct rt_condition_info *condition_info(enum rt_condition condition);

/* Finds a condition by its stable name. Returns false and leaves *ret_condition alone when there is none. */
bool condition_by_name(const char *name, enum rt_condition *ret_condition);

#endif
