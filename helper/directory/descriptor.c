/* Security descriptors in the self-relative form, see descriptor.h.
 *
 * An ACE is spliced in or cut out where it stands and the offsets of the parts behind it are moved: everything that
 * isn't ours stays as the DC gave it, byte for byte, also what we don't understand.
 *
 * SECURITY: the bytes come from the network. A DACL that is absent or NULL ("everybody may everything") is malformed
 * for our purpose: writing one back with a single ACE would change what all others may do.
 */
#include "descriptor.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	HEADER_SIZE = 20,
	CONTROL_DACL_PRESENT = 0x0004,
	CONTROL_SELF_RELATIVE = 0x8000,
	OFFSET_OWNER = 4, /* where the header has the offset of each part */
	OFFSET_DACL = 16,
	ACL_HEADER_SIZE = 8,
	ACL_SIZE_MAX = 65532, /* a 16-bit size that is a multiple of 4 */
	ACL_REVISION = 2,
	ACL_REVISION_DS = 4, /* the one that may hold object ACEs */
	ACE_ALLOWED = 0,
	ACE_DENIED = 1,
	ACE_ALLOWED_OBJECT = 5,
	ACE_DENIED_OBJECT = 6,
	ACE_ALLOWED_CALLBACK = 9,
	ACE_DENIED_CALLBACK = 10,
	ACE_ALLOWED_CALLBACK_OBJECT = 11,
	ACE_DENIED_CALLBACK_OBJECT = 12,
	ACE_FLAG_INHERIT_ONLY = 0x08,
	ACE_FLAG_INHERITED = 0x10,
	ACE_OBJECT_TYPE = 1, /* which GUIDs an object ACE has */
	ACE_INHERITED_OBJECT_TYPE = 2,
	ACE_FIXED_SIZE = 8, /* type, flags, size, access mask */
	GUID_SIZE = 16,
	RIGHT_CONTROL_ACCESS = 0x100
};

/* User-Force-Change-Password, 00299570-246d-11d0-a768-00aa006e0529, as MS-DTYP 2.3.4.2 packs it. */
static const uint8_t reset_password[GUID_SIZE] = { 0x70, 0x95, 0x29, 0x00, 0x6d, 0x24, 0xd0, 0x11,
	                                           0xa7, 0x68, 0x00, 0xaa, 0x00, 0x6e, 0x05, 0x29 };

struct bytes {
	const uint8_t *at;
	size_t len;
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | (uint16_t)at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) | (uint32_t)get16(at + 2) << 16;
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value & 0xff);
	at[1] = (uint8_t)(value >> 8 & 0xff);
}

static void put32(uint8_t *at, size_t value)
{
	put16(at, value & 0xffff);
	put16(at + 2, value >> 16 & 0xffff);
}

/* The size of the SID at the beginning of len bytes, 0 when there is none. */
static size_t sid_size(const uint8_t *sid, size_t len)
{
	if (len < 8 || sid[0] != 1 || sid[1] > 15)
		return 0;
	size_t size = 8 + 4 * (size_t)sid[1];
	return size <= len ? size : 0;
}

static bool is_object_ace(unsigned int type)
{
	return type == ACE_ALLOWED_OBJECT || type == ACE_DENIED_OBJECT || type == ACE_ALLOWED_CALLBACK_OBJECT ||
	       type == ACE_DENIED_CALLBACK_OBJECT;
}

static bool is_deny_ace(unsigned int type)
{
	return type == ACE_DENIED || type == ACE_DENIED_OBJECT || type == ACE_DENIED_CALLBACK ||
	       type == ACE_DENIED_CALLBACK_OBJECT;
}

static bool is_plain_ace(unsigned int type)
{
	return type == ACE_ALLOWED || type == ACE_DENIED || type == ACE_ALLOWED_CALLBACK || type == ACE_DENIED_CALLBACK;
}

/* The SID of an ACE whose size has been checked; length 0 for types that we don't know and for malformed ones. */
static struct bytes ace_sid(const uint8_t *ace)
{
	size_t size = get16(ace + 2), at = ACE_FIXED_SIZE;
	if (is_object_ace(ace[0])) {
		if (size < ACE_FIXED_SIZE + 4)
			return (struct bytes){ NULL, 0 };
		uint32_t guids = get32(ace + ACE_FIXED_SIZE);
		at += 4 + (guids & ACE_OBJECT_TYPE ? (size_t)GUID_SIZE : 0) +
		      (guids & ACE_INHERITED_OBJECT_TYPE ? (size_t)GUID_SIZE : 0);
	} else if (!is_plain_ace(ace[0])) {
		return (struct bytes){ NULL, 0 };
	}
	if (at > size)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ ace + at, sid_size(ace + at, size - at) };
}

static bool ace_is_of(const uint8_t *ace, struct bytes sid)
{
	struct bytes its = ace_sid(ace);
	return its.len == sid.len && its.len > 0 && memcmp(its.at, sid.at, sid.len) == 0;
}

/* Does it give that SID the right on this very object? */
static bool ace_grants_reset(const uint8_t *ace, struct bytes sid)
{
	return ace[0] == ACE_ALLOWED_OBJECT && !(ace[1] & ACE_FLAG_INHERIT_ONLY) && ace_is_of(ace, sid) &&
	       (get32(ace + 4) & RIGHT_CONTROL_ACCESS) && get32(ace + ACE_FIXED_SIZE) == ACE_OBJECT_TYPE &&
	       memcmp(ace + ACE_FIXED_SIZE + 4, reset_password, GUID_SIZE) == 0;
}

/* Is it an ACL whose ACEs all lie within it, in len bytes? Known ACE types must hold a SID. */
static bool acl_is_sound(const uint8_t *acl, size_t len)
{
	if (len < ACL_HEADER_SIZE || acl[0] < ACL_REVISION || acl[0] > ACL_REVISION_DS)
		return false;
	size_t size = get16(acl + 2), at = ACL_HEADER_SIZE;
	if (size < ACL_HEADER_SIZE || size > len || size % 4 != 0)
		return false;
	for (unsigned int left = get16(acl + 4); left > 0; left--) {
		if (size - at < ACE_FIXED_SIZE)
			return false;
		const uint8_t *ace = acl + at;
		size_t ace_size = get16(ace + 2);
		if (ace_size < ACE_FIXED_SIZE || ace_size % 4 != 0 || ace_size > size - at)
			return false;
		if ((is_plain_ace(ace[0]) || is_object_ace(ace[0])) && ace_sid(ace).len == 0)
			return false;
		at += ace_size;
	}
	return true;
}

/* Are owner, group and SACL, where present, sound, and apart from the DACL (so that it may grow)? */
static bool others_are_sound(const uint8_t *sd, size_t len, size_t dacl, size_t dacl_size)
{
	for (size_t field = OFFSET_OWNER; field < OFFSET_DACL; field += 4) {
		size_t at = get32(sd + field), size;
		if (at == 0)
			continue;
		if (at < HEADER_SIZE || at >= len)
			return false;
		if (field == OFFSET_DACL - 4)
			size = acl_is_sound(sd + at, len - at) ? get16(sd + at + 2) : 0;
		else
			size = sid_size(sd + at, len - at);
		if (size == 0 || (at < dacl + dacl_size && dacl < at + size))
			return false;
	}
	return true;
}

/* The offset of the DACL, 0 when the descriptor is malformed or has none. */
static size_t find_dacl(const uint8_t *sd, size_t len)
{
	const unsigned int wanted = CONTROL_SELF_RELATIVE | CONTROL_DACL_PRESENT;
	if (len < HEADER_SIZE || len > DESCRIPTOR_MAX || sd[0] != 1 || (get16(sd + 2) & wanted) != wanted)
		return 0;
	size_t at = get32(sd + OFFSET_DACL);
	if (at < HEADER_SIZE || at >= len || !acl_is_sound(sd + at, len - at))
		return 0;
	return others_are_sound(sd, len, at, get16(sd + at + 2)) ? at : 0;
}

/* Moves the offsets of the parts that lie behind the DACL, whose own length changes by delta. */
static void move_offsets(uint8_t *sd, size_t dacl, long delta)
{
	for (size_t field = OFFSET_OWNER; field < OFFSET_DACL; field += 4)
		if (get32(sd + field) > dacl)
			put32(sd + field, (size_t)((long)get32(sd + field) + delta));
}

static size_t make_ace(struct bytes sid, uint8_t *ace)
{
	size_t size = ACE_FIXED_SIZE + 4 + GUID_SIZE + sid.len;
	ace[0] = ACE_ALLOWED_OBJECT;
	ace[1] = 0;
	put16(ace + 2, size);
	put32(ace + 4, RIGHT_CONTROL_ACCESS);
	put32(ace + ACE_FIXED_SIZE, ACE_OBJECT_TYPE);
	memcpy(ace + ACE_FIXED_SIZE + 4, reset_password, GUID_SIZE);
	memcpy(ace + ACE_FIXED_SIZE + 4 + GUID_SIZE, sid.at, sid.len);
	return size;
}

/* Where a new explicit allow ACE goes: behind the explicit denials at the beginning. SIZE_MAX: the right is granted
 * already. */
static size_t place_for_grant(const uint8_t *acl, struct bytes sid)
{
	size_t at = ACL_HEADER_SIZE, place = 0;
	for (unsigned int left = get16(acl + 4); left > 0; left--, at += get16(acl + at + 2)) {
		if (ace_grants_reset(acl + at, sid))
			return SIZE_MAX;
		bool denial = is_deny_ace(acl[at]) && !(acl[at + 1] & ACE_FLAG_INHERITED);
		if (place == 0 && !denial)
			place = at;
	}
	return place > 0 ? place : at;
}

long descriptor_grant_reset(const uint8_t *sd, size_t len, const uint8_t *sid, size_t sid_len, uint8_t *out,
                            size_t out_size)
{
	struct bytes who = { sid, sid_len };
	size_t dacl = find_dacl(sd, len);
	if (dacl == 0 || sid_size(sid, sid_len) != sid_len || sid_len == 0)
		return -1;
	size_t place = place_for_grant(sd + dacl, who);
	if (place == SIZE_MAX)
		return 0;
	uint8_t ace[ACE_FIXED_SIZE + 4 + GUID_SIZE + DESCRIPTOR_SID_MAX];
	size_t added = make_ace(who, ace), acl_size = get16(sd + dacl + 2) + added;
	if (acl_size > ACL_SIZE_MAX || len + added > out_size || len + added > DESCRIPTOR_MAX)
		return -1;
	size_t cut = dacl + place;
	memcpy(out, sd, cut);
	memcpy(out + cut, ace, added);
	memcpy(out + cut + added, sd + cut, len - cut);
	out[dacl] = ACL_REVISION_DS;
	put16(out + dacl + 2, acl_size);
	put16(out + dacl + 4, (size_t)get16(sd + dacl + 4) + 1);
	move_offsets(out, dacl, (long)added);
	return (long)(len + added);
}

long descriptor_revoke(const uint8_t *sd, size_t len, const uint8_t *sid, size_t sid_len, uint8_t *out, size_t out_size)
{
	struct bytes who = { sid, sid_len };
	size_t dacl = find_dacl(sd, len);
	if (dacl == 0 || sid_size(sid, sid_len) != sid_len || sid_len == 0 || len > out_size)
		return -1;
	size_t from = dacl + ACL_HEADER_SIZE, to = from, kept = 0;
	memcpy(out, sd, from);
	for (unsigned int left = get16(sd + dacl + 4); left > 0; left--) {
		size_t size = get16(sd + from + 2);
		if (!ace_is_of(sd + from, who)) {
			memcpy(out + to, sd + from, size);
			to += size;
			kept++;
		}
		from += size;
	}
	size_t taken = from - to;
	if (taken == 0)
		return 0;
	memcpy(out + to, sd + from, len - from);
	put16(out + dacl + 2, get16(sd + dacl + 2) - taken);
	put16(out + dacl + 4, kept);
	move_offsets(out, dacl, -(long)taken);
	return (long)(len - taken);
}

int descriptor_sid_text(const uint8_t *sid, size_t len, char *text, size_t size)
{
	if (len == 0 || sid_size(sid, len) != len)
		return -1;
	uint64_t authority = 0;
	for (size_t i = 2; i < 8; i++)
		authority = authority << 8 | sid[i];
	/* MS-DTYP 2.4.2.1: an authority of more than 32 bits is written in hexadecimal */
	int n = authority >> 32 ? snprintf(text, size, "S-1-0x%012" PRIX64, authority)
	                        : snprintf(text, size, "S-1-%" PRIu64, authority);
	for (size_t at = 8; at < len && n >= 0 && (size_t)n < size; at += 4)
		n += snprintf(text + n, size - (size_t)n, "-%" PRIu32, get32(sid + at));
	return n >= 0 && (size_t)n < size ? n : -1;
}
