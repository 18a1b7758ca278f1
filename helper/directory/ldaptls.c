/* LDAP inside TLS: the DC's certificate, and a simple bind once it has proven itself; see ldapconn.h.
 *
 * SECURITY: nothing of the credential leaves before the peer is proven. With a pinned CA libldap checks chain and name
 * (a subjectAltName where the certificate has one, the CN only where it has none, as Samba's own certificates). With a
 * fingerprint the handshake takes any certificate (it proves possession of the key), and the certificate's SHA-256 is
 * compared before the bind. An empty password is refused here: LDAP would take it for an anonymous bind and call it
 * success (RFC 4513, 5.1.2).
 */
#include "ldapcall.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { LDAP_TLS_PORT = 636 };

#define FINGERPRINT_SIZE 32u

/* Options of the handle, taken over into a TLS context of its own. ca_file NULL: any certificate will do for the
 * handshake. */
static int set_tls(LDAP *ld, const char *ca_file, struct fault *fault)
{
	const int check = ca_file != NULL ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER, san = LDAP_OPT_X_TLS_TRY;
	const int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;
	/* libldap 2.5 heeds its time limit during the handshake only in this mode */
	if (ldap_set_option(ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &check) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_SAN, &san) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest) != LDAP_OPT_SUCCESS ||
	    (ca_file != NULL && ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca_file) != LDAP_OPT_SUCCESS))
		return fault_set(fault, FAULT_INTERNAL, "libldap takes no TLS options");
	if (ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) != LDAP_OPT_SUCCESS)
		return fault_set(fault, FAULT_CONFIG, "%s: can't be used as a file of PEM certificates",
		                 ca_file != NULL ? ca_file : "TLS");
	return 0;
}

/* The library's text for a certificate that isn't good is "unknown error code": say what it may be. */
static void tell_handshake(LDAP *ld, int rc, const struct dc *dc, int port, const char *ca_file, struct fault *fault)
{
	char what[sizeof dc->host + 64];
	if (ca_file != NULL && rc == LDAP_CONNECT_ERROR)
		fault_set(fault, FAULT_REFUSED,
		          "%s port %d did not prove itself by %.200s: its certificate comes from another CA, is out of "
		          "date or "
		          "bears another name; nothing was sent to it",
		          dc->host, port, ca_file);
	(void)snprintf(what, sizeof what, "TLS with %s port %d", dc->host, port);
	(void)ldapcall_fault(ld, rc, fault, what);
}

static int handshake(LDAP *ld, bool start)
{
	struct timeval left;
	int rc =
		start ? ldap_extended_operation_s(ld, LDAP_EXOP_START_TLS, NULL, NULL, NULL, NULL, NULL) : LDAP_SUCCESS;
	if (rc != LDAP_SUCCESS)
		return rc;
	return ldapcall_time(ld, &left) ? ldap_install_tls(ld) : LDAP_TIMEOUT;
}

/* TLS over port 636, or, where nobody listens there, StartTLS over 389. */
static LDAP *open_tls(const struct dc *dc, const char *ca_file, struct deadline deadline, struct fault *fault)
{
	int port = LDAP_TLS_PORT;
	LDAP *ld = ldapcall_open(dc, "ldaps", port, deadline, NULL);
	if (ld == NULL) {
		port = LDAP_PORT;
		ld = ldapcall_open(dc, "ldap", port, deadline, fault);
	}
	if (ld == NULL)
		return NULL;
	if (set_tls(ld, ca_file, fault) == 0) {
		int rc = handshake(ld, port == LDAP_PORT);
		if (rc == LDAP_SUCCESS)
			return ld;
		tell_handshake(ld, rc, dc, port, ca_file, fault);
	}
	ldapcall_close(ld);
	return NULL;
}

static int peer_digest(LDAP *ld, const struct dc *dc, uint8_t digest[FINGERPRINT_SIZE], struct fault *fault)
{
	struct berval certificate = { 0, NULL };
	unsigned int len = 0;
	bool have = ldap_get_option(ld, LDAP_OPT_X_TLS_PEERCERT, &certificate) == LDAP_OPT_SUCCESS &&
	            certificate.bv_val != NULL && certificate.bv_len > 0 &&
	            EVP_Digest(certificate.bv_val, certificate.bv_len, digest, &len, EVP_sha256(), NULL) == 1 &&
	            len == FINGERPRINT_SIZE;
	ldap_memfree(certificate.bv_val);
	if (!have)
		return fault_set(fault, FAULT_REFUSED, "%s shows no certificate", dc->host);
	return 0;
}

/* "AB:CD:…"; the text has 3 * FINGERPRINT_SIZE bytes with its NUL. */
static void digest_text(const uint8_t digest[FINGERPRINT_SIZE], char text[3 * FINGERPRINT_SIZE])
{
	(void)snprintf(text, 3, "%02X", digest[0]);
	for (size_t i = 1; i < FINGERPRINT_SIZE; i++)
		(void)snprintf(text + 3 * i - 1, 4, ":%02X", digest[i]);
}

/* Upper case, without colons and white space. Returns false when something else than hexadecimal digits is in it, or
 * not exactly 32 bytes. */
static bool plain_hex(const char *text, char hex[2 * FINGERPRINT_SIZE + 1])
{
	size_t n = 0;
	for (; *text != '\0'; text++) {
		if (*text == ':' || isspace((unsigned char)*text))
			continue;
		if (!isxdigit((unsigned char)*text) || n == 2 * FINGERPRINT_SIZE)
			return false;
		hex[n++] = (char)toupper((unsigned char)*text);
	}
	hex[n] = '\0';
	return n == 2 * FINGERPRINT_SIZE;
}

/* Has the peer the certificate that root accepted (its plain_hex)? */
static int check_fingerprint(LDAP *ld, const struct dc *dc, const char *accepted, struct fault *fault)
{
	uint8_t digest[FINGERPRINT_SIZE] = { 0 };
	char text[3 * FINGERPRINT_SIZE], have[2 * FINGERPRINT_SIZE + 1];
	if (peer_digest(ld, dc, digest, fault) != 0)
		return -1;
	digest_text(digest, text);
	if (!plain_hex(text, have) || strcmp(have, accepted) != 0)
		return fault_set(fault, FAULT_REFUSED,
		                 "%s shows the certificate %s, which isn't the accepted one: nothing was sent to it",
		                 dc->host, text);
	return 0;
}

int ldapconn_fingerprint(const struct dc *dc, struct deadline deadline, char *ret_text, size_t size,
                         struct fault *fault)
{
	uint8_t digest[FINGERPRINT_SIZE] = { 0 };
	char text[3 * FINGERPRINT_SIZE];
	LDAP *ld = open_tls(dc, NULL, deadline, fault);
	if (ld == NULL)
		return -1;
	int status = peer_digest(ld, dc, digest, fault);
	ldapcall_close(ld);
	if (status != 0)
		return -1;
	digest_text(digest, text);
	if (snprintf(ret_text, size, "%s", text) >= (int)size)
		return fault_set(fault, FAULT_INTERNAL, "no room for a certificate's fingerprint");
	return 0;
}

static int bind_simple(LDAP *ld, const struct dc *dc, const char *name, const struct secret *password,
                       struct fault *fault)
{
	char what[sizeof dc->host + 160];
	int rc = ldapcall_bind(ld, name, password);
	if (rc == LDAP_SUCCESS)
		return 0;
	(void)snprintf(what, sizeof what, "LDAP bind as %.120s at %s", name, dc->host);
	return ldapcall_fault(ld, rc, fault, what);
}

/* What the caller gave, before anything goes out. name: user@REALM. hex: the accepted fingerprint, if one is. */
static int check_arguments(const char *name, const struct secret *password, const struct tls_trust *trust,
                           char hex[2 * FINGERPRINT_SIZE + 1], struct fault *fault)
{
	if ((trust->ca_file != NULL) == (trust->fingerprint != NULL))
		return fault_set(fault, FAULT_INTERNAL, "a TLS peer is proven either by a CA or by a fingerprint");
	if (trust->fingerprint != NULL && !plain_hex(trust->fingerprint, hex))
		return fault_set(
			fault, FAULT_USAGE,
			"a certificate's fingerprint is 64 hexadecimal digits (SHA-256), colons between them or not");
	if (password->len == 0 || *name == '@')
		return fault_set(fault, FAULT_USAGE, "the name and the password for LDAP must not be empty");
	return 0;
}

LDAP *ldapconn_tls(const struct dc *dc, const char *realm, const char *user, const struct secret *password,
                   const struct tls_trust *trust, struct deadline deadline, struct fault *fault)
{
	char name[512], hex[2 * FINGERPRINT_SIZE + 1] = "";
	bool complete = strpbrk(user, "@\\") != NULL;
	(void)snprintf(name, sizeof name, "%s%s%s", user, complete ? "" : "@", complete ? "" : realm);
	if (check_arguments(name, password, trust, hex, fault) != 0)
		return NULL;
	LDAP *ld = open_tls(dc, trust->ca_file, deadline, fault);
	if (ld == NULL)
		return NULL;
	if ((trust->fingerprint == NULL || check_fingerprint(ld, dc, hex, fault) == 0) &&
	    bind_simple(ld, dc, name, password, fault) == 0)
		return ld;
	ldapcall_close(ld);
	return NULL;
}
