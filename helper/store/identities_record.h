/* One remembered user or group as the bytes of retrust/identities.h: made, and checked. */
#ifndef RETRUST_STORE_IDENTITIES_RECORD_H
#define RETRUST_STORE_IDENTITIES_RECORD_H

#include "identities.h"

#include <retrust/identities.h>

enum identities_kind { IDENTITIES_USER, IDENTITIES_GROUP };

/* Makes a record in fresh memory (*ret_record, a multiple of 8 bytes long, free it). least: no id below it. */
enum identities_put identities_record_user(const struct identities_user *user, uint32_t least, int64_t now,
                                           uint8_t **ret_record);
enum identities_put identities_record_group(const struct identities_group *group, uint32_t least, int64_t now,
                                            uint8_t **ret_record);

/* Is what stands at record, of which room bytes can be read, a whole record that breaks no rule? */
bool identities_record_ok(const uint8_t *record, size_t room, enum identities_kind kind, uint32_t least);

/* Parts of a record that is ok. The length counts what fills it up to a multiple of 8. */
size_t identities_record_len(const uint8_t *record, enum identities_kind kind);
const char *identities_record_name(const uint8_t *record, enum identities_kind kind);
struct rt_record identities_record_head(const uint8_t *record);

#endif
