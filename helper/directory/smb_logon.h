/* Does the pinned DC of an NT4-style domain take the machine's secret? Asked by an SMB2 session of the account's own
 * (NTLMv2), as winbindd opens one for its every connection: no Netlogon session is touched, so that winbindd's goes on.
 *
 * SECURITY: yes is a proof. The server has to sign its last answer ([MS-SMB2] 3.3.4.1.1) with a key of the NT hash and
 * both sides' nonces, which nobody can who doesn't know that secret. Who merely passes things on between us and the
 * real DC can have nothing else said than what the DC says. Everything but yes means nothing. */
#ifndef RETRUST_SMB_LOGON_H
#define RETRUST_SMB_LOGON_H

#include "../secret/secret.h"
#include "stream.h"

struct smb_logon {
	const char *account, *domain; /* "M1$", "NT4LAB" */
	const struct secret *nt_hash;
};

/* True when the DC takes the secret and has proved that it knows it; else *fault tells why not. Blocks until the
 * deadline at the most. */
bool smb_logon_proves(const struct dc *dc, const struct smb_logon *logon, struct deadline deadline,
                      struct fault *fault);

/* The same on a stream just connected, which stays the caller's. */
bool smb_logon_talk(const struct stream *stream, const struct smb_logon *logon, struct fault *fault);

#endif
