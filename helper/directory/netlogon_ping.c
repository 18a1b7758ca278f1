/* The answer to the netlogon ping, see netlogon_ping.h. */
#include "netlogon_ping.h"

#include <stdio.h>
#include <string.h>

enum {
	OPCODE_RESPONSE = 23, /* LOGON_SAM_LOGON_RESPONSE_EX: the account exists and is enabled */
	OPCODE_PAUSED = 24,   /* LOGON_SAM_PAUSE_RESPONSE_EX: the DC isn't ready to serve */
	OPCODE_UNKNOWN = 25,  /* LOGON_SAM_USER_UNKNOWN_EX */
	GUID_AT = 8,
	NAMES_AT = 24,
	NAME_MAX_SIZE = 256 /* RFC 1035: 255 bytes */
};

struct reader {
	const uint8_t *bytes;
	size_t len, at;
};

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* One label of n bytes to the end of name. What isn't printable ASCII becomes '?'. */
static int add_label(const uint8_t *label, size_t n, char *name, size_t size)
{
	size_t have = strlen(name), dot = have > 0 ? 1 : 0;
	if (have + dot + n >= size)
		return -1;
	if (dot)
		name[have++] = '.';
	memcpy(name + have, label, n);
	for (char *c = name + have; c < name + have + n; c++)
		if (*c <= 0x20 || *c >= 0x7f || *c == '"' || *c == '\\')
			*c = '?';
	name[have + n] = '\0';
	return 0;
}

/* Reads a name of labels, which may end with a jump to an earlier one. Every jump must lead further back than the one
 * before, so that there can't be a circle. */
static int read_name(struct reader *reader, char *name, size_t size)
{
	size_t at = reader->at, earliest = reader->at;
	bool jumped = false;
	name[0] = '\0';
	for (;;) {
		if (at >= reader->len)
			return -1;
		size_t n = reader->bytes[at++];
		if ((n & 0xc0) == 0xc0) {
			if (at >= reader->len)
				return -1;
			size_t target = (n & 0x3f) << 8 | reader->bytes[at++];
			if (!jumped)
				reader->at = at;
			if (target >= earliest)
				return -1;
			jumped = true;
			at = earliest = target;
			continue;
		}
		if (n > 63 || n > reader->len - at)
			return -1;
		if (n == 0)
			break;
		if (add_label(reader->bytes + at, n, name, size) != 0)
			return -1;
		at += n;
	}
	if (!jumped)
		reader->at = at;
	return 0;
}

static void guid_text(const uint8_t *g, char text[37])
{
	(void)snprintf(text, 37, "%08x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", get32(g), g[5], g[4], g[7],
	               g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
}

static enum ping_account account_of(unsigned int opcode)
{
	if (opcode == OPCODE_RESPONSE)
		return PING_ENABLED;
	return opcode == OPCODE_UNKNOWN ? PING_ABSENT : PING_NO_ANSWER;
}

int netlogon_ping_parse(const uint8_t *reply, size_t len, struct ping *ret_ping)
{
	memset(ret_ping, 0, sizeof *ret_ping);
	if (len < NAMES_AT)
		return -1;
	unsigned int opcode = reply[0] | (unsigned int)reply[1] << 8;
	if (opcode < OPCODE_RESPONSE || opcode > OPCODE_UNKNOWN)
		return -1;
	struct reader reader = { reply, len, NAMES_AT };
	char forest[NAME_MAX_SIZE];
	struct ping ping = { .account = account_of(opcode), .flags = get32(reply + 4) };
	guid_text(reply + GUID_AT, ping.domain_guid);
	if (read_name(&reader, forest, sizeof forest) != 0 ||
	    read_name(&reader, ping.dns_domain, sizeof ping.dns_domain) != 0 ||
	    read_name(&reader, ping.dc_host, sizeof ping.dc_host) != 0 ||
	    read_name(&reader, ping.netbios_domain, sizeof ping.netbios_domain) != 0)
		return -1;
	*ret_ping = ping;
	return 0;
}
