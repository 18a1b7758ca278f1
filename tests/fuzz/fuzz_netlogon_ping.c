/* Fuzz target for helper/directory/netlogon_ping.c: whatever the bytes, the parser ends, stays inside them, and gives
 * names that are terminated and printable.
 *
 * With libFuzzer, or (-DFUZZ_STANDALONE) as a program that tries a bounded number of mutations of a sound answer, the
 * same ones in every run: fuzz_netlogon_ping [NUMBER]
 */
#include "../../helper/directory/netlogon_ping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name, size_t size)
{
	size_t len = strnlen(name, size);
	if (len == size)
		abort();
	for (size_t i = 0; i < len; i++)
		if (name[i] <= 0x20 || name[i] >= 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ping ping;
	memset(&ping, 0xaa, sizeof ping);
	int status = netlogon_ping_parse(data, size, &ping);
	check_name(ping.netbios_domain, sizeof ping.netbios_domain);
	check_name(ping.dns_domain, sizeof ping.dns_domain);
	check_name(ping.dc_host, sizeof ping.dc_host);
	if (status != 0 && ping.account != PING_NOT_ASKED)
		abort();
	return 0;
}

#ifdef FUZZ_STANDALONE
/* An answer with a jump in each place where there can be one. */
static const uint8_t seed_input[] =
	"\x17\0\0\0\xbd\x11\0\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20"
	"\3lab\7example\0\xc0\x18\3dc1\xc0\x18\3LAB\0\4DC1\0\0\3M1$\0\xc0\x18\xc0\x2d\5\0\0\0\xff\xff\xff\xff";

static uint32_t next(uint32_t *state) /* xorshift32: the same numbers everywhere */
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
	uint32_t state = 20260717;
	for (unsigned long run = 0; run < runs; run++) {
		size_t size = run % 3 ? sizeof seed_input - 1 : next(&state) % sizeof seed_input;
		uint8_t *input = malloc(size > 0 ? size : 1); /* exact, for AddressSanitizer */
		if (input == NULL)
			return 1;
		memcpy(input, seed_input, size);
		for (uint32_t n = 1 + next(&state) % 6; n > 0 && size > 0; n--)
			input[next(&state) % size] = (uint8_t)(next(&state) % 4 ? next(&state) : 0xc0);
		(void)LLVMFuzzerTestOneInput(input, size);
		free(input);
	}
	printf("fuzz_netlogon_ping: %lu inputs\n", runs);
	return 0;
}
#endif
