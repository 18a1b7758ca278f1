/* From a look into the identities file to what NSS wants to hear. */
#ifndef RETRUST_NSS_ANSWER_H
#define RETRUST_NSS_ANSWER_H

#include "pack.h"

#include <nss.h>

/* An entry of passwd (pack->pwd) or group (pack->grp) by name or id, as far as the verdict allows. errno stays as it
 * was with NSS_STATUS_SUCCESS and NSS_STATUS_NOTFOUND; else *errnop says why: ERANGE (a larger buffer helps), EAGAIN,
 * ENOMEM. */
enum nss_status answer_one(const struct query *query, struct pack *pack, int *errnop);

/* The next entry of an enumeration, which remembers *pos. */
enum nss_status answer_next(bool group, _Atomic uint64_t *pos, struct pack *pack, int *errnop);

/* The groups of a user. */
enum nss_status answer_gids(const char *user, struct pack_gids *gids, int *errnop);

#endif
