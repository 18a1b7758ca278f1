/* helper/directory/netlogon_ping.c: a real answer of a Samba DC, and malformed ones. */
#include "../../helper/directory/netlogon_ping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Samba 4.17 for (User=M1$)(AAC=\80\00\00\00)(NtVer=\16\00\00\00): forest lab.example at 24, domain = jump to 24, host
 * dc1 + jump, NetBIOS LAB, computer DC1, user M1$, two site names, the second a jump. */
static const uint8_t reply[] = {
	0x17, 0x00, 0x00, 0x00, 0xbd, 0x11, 0x00, 0x00, 0xf5, 0x50, 0xbe, 0xb7, 0x18, 0x56, 0xe0, 0x40,
	0xb5, 0x0e, 0xc7, 0xc8, 0x38, 0xc8, 0xf1, 0x13, 0x03, 0x6c, 0x61, 0x62, 0x07, 0x65, 0x78, 0x61,
	0x6d, 0x70, 0x6c, 0x65, 0x00, 0xc0, 0x18, 0x03, 0x64, 0x63, 0x31, 0xc0, 0x18, 0x03, 0x4c, 0x41,
	0x42, 0x00, 0x04, 0x44, 0x43, 0x31, 0x00, 0x03, 0x4d, 0x31, 0x24, 0x00, 0x17, 0x44, 0x65, 0x66,
	0x61, 0x75, 0x6c, 0x74, 0x2d, 0x46, 0x69, 0x72, 0x73, 0x74, 0x2d, 0x53, 0x69, 0x74, 0x65, 0x2d,
	0x4e, 0x61, 0x6d, 0x65, 0x00, 0xc0, 0x3c, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
};

enum { FOREST = 24, DOMAIN = 37, HOST = 39, NETBIOS = 45, NAMES_END = 50 };

/* Parses an exact copy on the heap, so that AddressSanitizer sees a read one byte too far. */
static int parse(const uint8_t *bytes, size_t len, struct ping *ping)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, len);
	memset(ping, 0xaa, sizeof *ping);
	int status = netlogon_ping_parse(copy, len, ping);
	free(copy);
	if (status != 0)
		assert_int_equal(ping->account, PING_NOT_ASKED);
	return status;
}

static int parse_changed(size_t at, uint8_t value, struct ping *ping)
{
	uint8_t bytes[sizeof reply];
	memcpy(bytes, reply, sizeof bytes);
	bytes[at] = value;
	return parse(bytes, sizeof bytes, ping);
}

static void real_answer(void **state)
{
	(void)state;
	struct ping ping;
	assert_int_equal(parse(reply, sizeof reply, &ping), 0);
	assert_int_equal(ping.account, PING_ENABLED);
	assert_int_equal(ping.flags, 0x11bd);
	assert_string_equal(ping.netbios_domain, "LAB");
	assert_string_equal(ping.dns_domain, "lab.example");
	assert_string_equal(ping.dc_host, "dc1.lab.example");
	assert_string_equal(ping.domain_guid, "b7be50f5-5618-40e0-b50e-c7c838c8f113");
}

static void opcodes(void **state)
{
	(void)state;
	struct ping ping;
	assert_int_equal(parse_changed(0, 25, &ping), 0);
	assert_int_equal(ping.account, PING_ABSENT);
	assert_string_equal(ping.dc_host, "dc1.lab.example");
	assert_int_equal(parse_changed(0, 24, &ping), 0); /* the DC is paused: it says nothing of the account */
	assert_int_equal(ping.account, PING_NO_ANSWER);
	assert_int_equal(parse_changed(0, 22, &ping), -1);
	assert_int_equal(parse_changed(0, 26, &ping), -1);
	assert_int_equal(parse_changed(0, 19, &ping), -1); /* the older form without domain GUID */
	assert_int_equal(parse_changed(1, 1, &ping), -1);
}

static void truncated_answers(void **state)
{
	(void)state;
	struct ping ping;
	for (size_t len = 0; len < NAMES_END; len++)
		assert_int_equal(parse(reply, len, &ping), -1);
	assert_int_equal(parse(reply, NAMES_END, &ping), 0); /* what follows isn't read */
}

static void jumps_only_lead_back(void **state)
{
	(void)state;
	struct ping ping;
	assert_int_equal(parse_changed(DOMAIN + 1, DOMAIN, &ping), -1);     /* to itself */
	assert_int_equal(parse_changed(DOMAIN + 1, DOMAIN + 1, &ping), -1); /* into itself */
	assert_int_equal(parse_changed(DOMAIN + 1, NETBIOS, &ping), -1);    /* forward */
	assert_int_equal(parse_changed(DOMAIN, 0xff, &ping), -1);           /* far beyond */
	assert_int_equal(parse_changed(HOST + 5, HOST, &ping), -1); /* to the beginning of the same name: a circle */
	assert_int_equal(parse_changed(DOMAIN + 1, FOREST + 4, &ping), 0); /* into the middle of a name */
	assert_string_equal(ping.dns_domain, "example");
}

/* Each name a jump to the one before: many jumps, no circle, and they end. */
static void a_chain_of_jumps_ends(void **state)
{
	(void)state;
	struct ping ping;
	uint8_t bytes[sizeof reply];
	memcpy(bytes, reply, sizeof bytes);
	bytes[HOST] = 0xc0;
	bytes[HOST + 1] = DOMAIN;
	bytes[HOST + 2] = 0xc0;
	bytes[HOST + 3] = HOST;
	assert_int_equal(parse(bytes, sizeof bytes, &ping), 0);
	assert_string_equal(ping.dc_host, "lab.example");
	assert_string_equal(ping.netbios_domain, "lab.example");
}

static void bad_labels(void **state)
{
	(void)state;
	struct ping ping;
	assert_int_equal(parse_changed(FOREST, 0x40, &ping), -1); /* reserved */
	assert_int_equal(parse_changed(FOREST, 0x80, &ping), -1);
	assert_int_equal(parse_changed(NETBIOS, 63, &ping), -1); /* longer than what is left */
}

/* The answer isn't authenticated: nothing in it may act on a terminal, a log line or JSON. */
static void names_are_made_harmless(void **state)
{
	(void)state;
	static const uint8_t bad[] = { 0x1b, 0x0a, 0x00, 0x7f, 0x80, 0xff, ' ', '"', '\\' };
	struct ping ping;
	for (size_t i = 0; i < sizeof bad; i++) {
		assert_int_equal(parse_changed(NETBIOS + 2, bad[i], &ping), 0);
		assert_string_equal(ping.netbios_domain, "L?B");
	}
}

static void long_names(void **state)
{
	(void)state;
	uint8_t bytes[700] = { 23 };
	struct ping ping;
	size_t at = 24;
	/* forest: root only; domain: 3 × 63 + 62 and dots = 254 characters */
	bytes[at++] = 0;
	for (int i = 0; i < 4; i++) {
		uint8_t n = i < 3 ? 63 : 62;
		bytes[at++] = n;
		memset(bytes + at, 'a' + i, n);
		at += n;
	}
	bytes[at++] = 0;
	const size_t host = at;
	const uint8_t rest[] = { 0,   16,  'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H',
		                 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 0 };
	memcpy(bytes + at, rest, sizeof rest);
	assert_int_equal(parse(bytes, at + sizeof rest, &ping), 0);
	assert_int_equal(strlen(ping.dns_domain), 254);
	assert_string_equal(ping.netbios_domain, "ABCDEFGHIJKLMNOP");
	/* the host "x." and the domain: 256 characters, one more than a name has */
	bytes[host] = 1;
	bytes[host + 1] = 'x';
	bytes[host + 2] = 0xc0;
	bytes[host + 3] = 25;
	assert_int_equal(parse(bytes, sizeof bytes, &ping), -1);
}

static void long_netbios_name(void **state)
{
	(void)state;
	uint8_t bytes[48] = { 23 };
	struct ping ping;
	bytes[27] = 17;
	memset(bytes + 28, 'A', 17);
	assert_int_equal(parse(bytes, sizeof bytes, &ping), -1);
	bytes[27] = 16;
	bytes[44] = 0;
	assert_int_equal(parse(bytes, sizeof bytes, &ping), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_answer),
		cmocka_unit_test(opcodes),
		cmocka_unit_test(truncated_answers),
		cmocka_unit_test(jumps_only_lead_back),
		cmocka_unit_test(a_chain_of_jumps_ends),
		cmocka_unit_test(bad_labels),
		cmocka_unit_test(names_are_made_harmless),
		cmocka_unit_test(long_names),
		cmocka_unit_test(long_netbios_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
