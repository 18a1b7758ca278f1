/* Fuzz target for helper/directory/descriptor.c: whatever the bytes, the functions end and stay inside them; what grant
 * makes is sound, has the right in it, and revoke takes it out again.
 *
 * With libFuzzer, or (-DFUZZ_STANDALONE) as a program that tries a bounded number of mutations of a sound descriptor,
 * the same ones in every run: fuzz_descriptor [NUMBER]
 */
#include "../../helper/directory/descriptor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* S-1-5-21-1-2-3-1000 */
static const uint8_t sid[] = { 1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xe8, 3, 0, 0 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t granted[DESCRIPTOR_MAX], revoked[DESCRIPTOR_MAX];
	char text[256];
	int written = descriptor_sid_text(data, size, text, sizeof text);
	if (written >= 0 && strlen(text) != (size_t)written)
		abort();
	long len = descriptor_grant_reset(data, size, sid, sizeof sid, granted, sizeof granted);
	long taken = descriptor_revoke(data, size, sid, sizeof sid, revoked, sizeof revoked);
	if (len <= 0)
		return 0;
	if (taken < 0 || descriptor_grant_reset(granted, (size_t)len, sid, sizeof sid, revoked, sizeof revoked) != 0)
		abort();
	long back = descriptor_revoke(granted, (size_t)len, sid, sizeof sid, revoked, sizeof revoked);
	if (back <= 0 || (size_t)back > size)
		abort();
	/* the original again, where it had no ACE of that SID (the ACL's revision may have become the one of object
	 * ACEs) */
	if (taken == 0 && (size_t)back == size) {
		for (size_t i = 0; i < size; i++)
			if (revoked[i] != data[i] && revoked[i] != 4)
				abort();
	} else if (taken == 0) {
		abort();
	}
	return 0;
}

#ifdef FUZZ_STANDALONE
/* Owner, DACL with a denial, an object ACE of the SID and an inherited ACE, group. */
static const uint8_t seed_input[] = {
	1, 0, 4,    0x80, 20,   0,    0, 0,    144,  0,    0,    0,    0,    0, 0,    0, 32,   0,  0,    0,  1,    1, 0,
	0, 0, 0,    0,    5,    18,   0, 0,    0,    4,    0,    112,  0,    3, 0,    0, 0,    1,  0,    20, 0,    0, 0,
	1, 0, 1,    1,    0,    0,    0, 0,    0,    1,    0,    0,    0,    0, 5,    0, 56,   0,  0,    1,  0,    0, 1,
	0, 0, 0,    0x71, 0x95, 0x29, 0, 0x6d, 0x24, 0xd0, 0x11, 0xa7, 0x68, 0, 0xaa, 0, 0x6e, 5,  0x29, 1,  5,    0, 0,
	0, 0, 0,    5,    21,   0,    0, 0,    1,    0,    0,    0,    2,    0, 0,    0, 3,    0,  0,    0,  0xe9, 3, 0,
	0, 0, 0x10, 20,   0,    0xff, 1, 0xf,  0,    1,    1,    0,    0,    0, 0,    0, 5,    18, 0,    0,  0,    0, 0,
	0, 0, 0,    0,    0,    0,    1, 1,    0,    0,    0,    0,    0,    5, 32,   0, 0,    0,
};

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
		size_t size = run % 5 ? sizeof seed_input : next(&state) % sizeof seed_input;
		uint8_t *input = malloc(size > 0 ? size : 1); /* exact, for AddressSanitizer */
		if (input == NULL)
			return 1;
		memcpy(input, seed_input, size);
		for (uint32_t n = run == 1 ? 0 : 1 + next(&state) % 4; n > 0 && size > 0; n--)
			input[next(&state) % size] = (uint8_t)(next(&state) % 2 ? next(&state) : next(&state) % 64);
		(void)LLVMFuzzerTestOneInput(input, size);
		free(input);
	}
	printf("fuzz_descriptor: %lu inputs\n", runs);
	return 0;
}
#endif
