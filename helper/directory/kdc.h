/* Kerberos with one pinned DC: AS exchanges, a ticket for ourselves, key derivation.
 *
 * libkrb5 does the cryptography and the messages by its step interface; the bytes travel over our own TCP connections to
 * the pinned DC, so that neither krb5.conf, DNS nor SSSD's locator plugin can lead them elsewhere, every wait has our
 * deadline, and nothing is sent twice.
 *
 * A result is a KDC error code of RFC 4120 (0 = accepted, 6 client unknown, 14 no common enctype, 18 client revoked, 24
 * preauthentication failed, 37 skew …), or one of enum kdc_local. Codes decide, never texts. A KRB-ERROR is not
 * authenticated: it may start a diagnosis, never prove anything. 0 from kdc_as_* proves the KDC: its reply was encrypted
 * with a key we hold. Names of codes: codes_kerberos_name() of retrust/codes.h.
 */
#ifndef RETRUST_KDC_H
#define RETRUST_KDC_H

#include "../secret/machine_key.h"
#include "locate.h"

enum kdc_local {
	KDC_NOT_ASKED = -1,   /* no key to ask with */
	KDC_UNREACHABLE = -2, /* no answer, connection lost, deadline over */
	KDC_BAD_REPLY = -3,   /* a reply that doesn't decrypt or match: forged, replayed or damaged */
	KDC_FAILED = -4       /* anything else local; *fault has the text */
};

struct kdc;        /* libkrb5 context pinned to one DC of one realm */
struct kdc_ticket; /* credentials in a memory cache; usable with every call on the same struct kdc */

/* A private, complete configuration instead of /etc/krb5.conf: also sets KRB5_CONFIG, SSSD_KRB5_LOCATOR_DISABLE and
 * KRB5RCACHETYPE in this process's environment (the helper is one process per request) for GSSAPI's own context.
 * realm in upper case. Returns 0 or -1 with *fault. */
int kdc_open(const char *realm, const struct dc *dc, struct deadline deadline, struct kdc **ret_kdc,
             struct fault *fault);
void kdc_close(struct kdc *kdc);
const struct dc *kdc_dc(const struct kdc *kdc);

/* Signed difference DC minus host in seconds as the last KRB-ERROR 37 or AS-REP showed; 0 when unknown. Unauthenticated
 * where it came with an error. */
int32_t kdc_clock_offset(const struct kdc *kdc);

/* AS exchange of a principal ("M1$" or "user", realm added where there is no @) with keys of ONE kvno (all its enctypes), for
 * service (NULL: krbtgt/REALM; "kadmin/changepw" …). Encrypted timestamp in the first message; on 37 or a failed
 * shortcut once more by the normal exchange. ret_ticket may be NULL; free it with kdc_ticket_free.
 * Returns a result as above. */
int32_t kdc_as_keys(struct kdc *kdc, const char *principal, const struct machine_keys *keys, const char *service,
                    struct kdc_ticket **ret_ticket, struct fault *fault);

/* The same with a password (salt as the KDC says; no shortcut). */
int32_t kdc_as_password(struct kdc *kdc, const char *principal, const struct secret *password, const char *service,
                        struct kdc_ticket **ret_ticket, struct fault *fault);

/* Takes the credentials of a FILE ccache, read through an open descriptor (copied into memory; the file isn't changed).
 * ret_principal (size bytes) becomes the client principal. Expired or junk: KDC_FAILED with *fault. */
int32_t kdc_from_ccache(struct kdc *kdc, int fd, char *ret_principal, size_t size, struct kdc_ticket **ret_ticket,
                        struct fault *fault);

/* AS exchange with a keytab read through an open descriptor: principal NULL or "" = its first one (written to
 * ret_principal). Tries each kvno, highest first. */
int32_t kdc_from_keytab(struct kdc *kdc, int fd, const char *principal, const char *service, char *ret_principal,
                        size_t size, struct kdc_ticket **ret_ticket, struct fault *fault);

/* TGS exchange: a ticket for service with a TGT. The reply's encryption proves the KDC (it knows the krbtgt key's session
 * key). Returns a result; 7 = service unknown. */
int32_t kdc_tgs(struct kdc *kdc, const struct kdc_ticket *tgt, const char *service, struct kdc_ticket **ret_ticket,
                struct fault *fault);

/* The kvno with which the DC encrypted a service ticket, and its enctype. Returns 0, or -1 when it can't be read. */
int kdc_ticket_kvno(const struct kdc_ticket *ticket, int32_t *ret_kvno, int32_t *ret_enctype);

/* Opens a service ticket with keys (exactly kvno and enctype as a keytab look-up does): the self-test. 0 = opened, 44
 * (KRB5KRB_AP_ERR_BADKEYVER) = no key of that kvno and enctype, 31 (BAD_INTEGRITY) = a key of that number that doesn't
 * fit, other: KDC_FAILED. */
int32_t kdc_ticket_opens(struct kdc *kdc, const struct kdc_ticket *ticket, const struct machine_keys *keys);

/* The name of the memory ccache, "MEMORY:…", for GSSAPI in this process; valid until the ticket is freed. */
const char *kdc_ticket_ccache(const struct kdc_ticket *ticket);
void kdc_ticket_free(struct kdc_ticket *ticket);

/* The salt that the KDC uses for a principal now (krb5_get_etype_info; unauthenticated: what is derived with it must be
 * proven by an AS exchange before it is stored). Returns a result; ret_salt is text of size bytes. */
int32_t kdc_salt(struct kdc *kdc, const char *principal, char *ret_salt, size_t size, struct fault *fault);

/* Derives the keys of a password: aes256 (18), aes128 (17) with the salt and, where rc4, arcfour (23) without. All with
 * that kvno. Pure computing, no network. Returns 0 or -1 with *fault. */
int kdc_derive(struct kdc *kdc, const struct secret *password, const char *salt, int32_t kvno, bool rc4,
               struct machine_keys *ret_keys, struct fault *fault);

#endif
