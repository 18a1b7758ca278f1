/* The secure channel itself: MS-NRPC with the pinned DC, over TCP (endpoint mapper on 135, then the port that it
 * names), or over the named pipe of an NT4-style one (dc->nt4).
 *
 * DANGER on a host where winbindd runs: a DC keeps one session key for each computer. When one of these calls
 * succeeds, it replaces the key that winbindd uses: the next logons with right passwords fail as WRONG_PASSWORD, and
 * some of them lock a user out. One wbcCheckTrustCredentials straight after cures it. A call that ends in a status
 * other than 0 did no harm. These functions don't know about winbindd: the caller decides.
 *
 * A result is the NTSTATUS that the DC says, or one of the three below:
 *
 *   0            accepted, and the DC's credential proved that it knows the secret too (netlogon_authenticate: up to a
 *                chance of 2^-32, see netlogon_crypto.h; netlogon_verify: a sealed answer besides)
 *   0xC0000022   access denied: the secret is wrong (also: an older one, or the account has none)
 *   0xC000018B   no trust account: absent, deleted or disabled, or the name or channel type is wrong; also with a right
 *                secret, and also when only Kerberos can tell which (6 against 18)
 *   0xC0000388   downgrade detected: the DC wants what we don't offer
 *
 * Only 0 proves anything. Other statuses of netlogon_authenticate aren't authenticated: they may start a diagnosis.
 * An account that has expired is accepted here (Kerberos says 18). Failures don't raise badPwdCount.
 *
 * account may bear its domain: "M1$@lab.example" or "LAB\M1$". The sealed channel needs it; where it has none ("M1$"),
 * the domain is what follows the first dot of the DC's name. computer is the NetBIOS name, "M1".
 *
 * Every call authenticates anew. An older session key is never used, for it survives an administrator's reset at the
 * DC. Each blocks until the deadline at the most. Names of statuses: codes_ntstatus_name() of retrust/codes.h.
 */
#ifndef RETRUST_NETLOGON_H
#define RETRUST_NETLOGON_H

#include "../secret/machine_key.h"
#include "kpasswd.h" /* enum set_result */
#include "locate.h"

/* No NT hash to be had: a keytab with AES alone and no password, FIPS mode. Nothing was sent: never "failed". */
#define NETLOGON_NOT_TRIED 0xFFFFFFFFu
/* No judgement: no connection, no whole answer in time, the service isn't there, or the call was refused by an RPC
 * fault, which anybody can forge. */
#define NETLOGON_UNREACHABLE 0xFFFFFFFEu
/* A malformed answer, or the DC's credential or seal is wrong: it does not know the secret. */
#define NETLOGON_BAD_REPLY 0xFFFFFFFDu

enum { NETLOGON_HASH_LEN = 16 };

/* The NT hash (MD4 of the password in UTF-16LE; 16 bytes) by libkrb5, whose key of arcfour-hmac it is: OpenSSL has MD4
 * in a provider that may be missing. Returns 0, or -1 (and *ret_hash empty) where policy forbids it or the password
 * isn't UTF-8. */
int netlogon_hash_of_password(const struct secret *password, struct secret *ret_hash);

/* The NT hash among the keys: the arcfour-hmac entry (23) of that kvno. False (and *ret_hash empty) when there is none.
 */
bool netlogon_hash_of_keys(const struct machine_keys *keys, int32_t kvno, struct secret *ret_hash);

/* Authenticates as the workstation (NetrServerReqChallenge, NetrServerAuthenticate3 with AES) and checks the DC's
 * credential. nt_hash empty: NETLOGON_NOT_TRIED. Returns a result as above; fault tells it when it isn't 0. */
uint32_t netlogon_authenticate(const struct dc *dc, const char *account, const char *computer,
                               const struct secret *nt_hash, struct deadline deadline, struct fault *fault);

/* The same, and then proves the sealed channel by NetrLogonGetCapabilities, whose answer also shows that nobody on the
 * way has weakened what was negotiated. */
uint32_t netlogon_verify(const struct dc *dc, const char *account, const char *computer, const struct secret *nt_hash,
                         struct deadline deadline, struct fault *fault);

/* Sets the account's password (UTF-8) over a sealed channel of its own by NetrServerPasswordSet2, once. SET_UNKNOWN
 * when it was sent and no authentic answer came. *ret_ntstatus (may be NULL) is a result as above: of the
 * authentication where that failed (then SET_REFUSED), else of the change. */
enum set_result netlogon_set_password(const struct dc *dc, const char *account, const char *computer,
                                      const struct secret *nt_hash, const struct secret *new_password,
                                      struct deadline deadline, uint32_t *ret_ntstatus, struct fault *fault);

#endif
