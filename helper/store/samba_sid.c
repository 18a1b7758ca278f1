/* A SID in secrets.tdb, see samba_sid.h. */
#include "samba_sid.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 15, HEAD = 8 }; /* subauthorities; revision, their count, six bytes of authority */

bool samba_sid_text(const uint8_t *bytes, size_t len, char ret_text[SAMBA_SID_TEXT])
{
	uint64_t authority = 0;
	ret_text[0] = '\0';
	if (len != SAMBA_SID_LEN || bytes[0] != 1 || bytes[1] > MOST)
		return false;
	for (size_t i = 2; i < HEAD; i++)
		authority = authority << 8 | bytes[i];
	int n = snprintf(ret_text, SAMBA_SID_TEXT, "S-1-%" PRIu64, authority);
	for (size_t i = 0; i < bytes[1]; i++) {
		uint32_t sub;
		memcpy(&sub, bytes + HEAD + 4 * i, sizeof sub);
		n += snprintf(ret_text + n, SAMBA_SID_TEXT - (size_t)n, "-%" PRIu32, sub);
	}
	return true;
}

/* A number and what follows it; false when there is none or it is too large. */
static bool number(const char **text, uint64_t most, uint64_t *ret_number)
{
	char *end;
	if (**text < '0' || **text > '9')
		return false;
	*ret_number = strtoull(*text, &end, 10);
	*text = end;
	return *ret_number <= most && (*end == '-' || *end == '\0');
}

bool samba_sid_bytes(const char *text, uint8_t ret_bytes[SAMBA_SID_LEN])
{
	uint64_t value;
	memset(ret_bytes, 0, SAMBA_SID_LEN);
	if (strncmp(text, "S-1-", 4) != 0)
		return false;
	text += 4;
	if (!number(&text, (1ULL << 48) - 1, &value))
		return false;
	ret_bytes[0] = 1;
	for (size_t i = 0; i < 6; i++)
		ret_bytes[2 + i] = (uint8_t)(value >> (40 - 8 * i));
	while (*text == '-' && ret_bytes[1] < MOST) {
		text++;
		if (!number(&text, UINT32_MAX, &value))
			return false;
		uint32_t sub = (uint32_t)value;
		memcpy(ret_bytes + HEAD + 4 * (size_t)ret_bytes[1]++, &sub, sizeof sub);
	}
	return *text == '\0' && ret_bytes[1] > 0;
}
