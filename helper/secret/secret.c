/* The one type that holds a secret, see secret.h. */
#include "secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>

enum { PASSWORD_LENGTH = 120 };

/* Without quotes, backslash, space, & < > and $: nothing a shell, an XML file or an old Samba tool would read otherwise. */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#%()*+,-./:;=?@[]^_{}~";

void secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof *secret);
}

bool secret_set(struct secret *secret, const void *bytes, size_t len)
{
	secret_wipe(secret);
	if (len > SECRET_MAX)
		return false;
	if (len > 0)
		memcpy(secret->bytes, bytes, len);
	secret->len = len;
	return true;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	if (a->len != b->len)
		return false;
	unsigned int difference = 0;
	for (size_t i = 0; i < a->len; i++)
		difference |= (unsigned int)(a->bytes[i] ^ b->bytes[i]);
	return difference == 0;
}

static int random_bytes(uint8_t *buf, size_t len, struct fault *fault)
{
	size_t have = 0;
	while (have < len) {
		ssize_t n = getrandom(buf + have, len - have, 0);
		if (n < 0 && errno != EINTR)
			return fault_errno(fault, FAULT_INTERNAL, errno, "no random bytes from the kernel");
		if (n > 0)
			have += (size_t)n;
	}
	return 0;
}

/* Every complexity rule asks for at most four of these classes; a draw that misses one is drawn again. */
static bool has_all_classes(const struct secret *secret)
{
	const char *text = (const char *)secret->bytes;
	return strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL && strpbrk(text, "abcdefghijklmnopqrstuvwxyz") != NULL &&
	       strpbrk(text, "0123456789") != NULL && strpbrk(text, "!#%()*+,-./:;=?@[]^_{}~") != NULL;
}

static int draw(struct secret *secret, struct fault *fault)
{
	/* Bytes past the last multiple of the alphabet's size are thrown away: the rest would favour its first letters. */
	const unsigned int letters = sizeof alphabet - 1, limit = 256 - 256 % letters;
	secret_wipe(secret);
	while (secret->len < PASSWORD_LENGTH) {
		uint8_t pool[64];
		if (random_bytes(pool, sizeof pool, fault) != 0)
			return -1;
		for (size_t i = 0; i < sizeof pool && secret->len < PASSWORD_LENGTH; i++)
			if (pool[i] < limit)
				secret->bytes[secret->len++] = (uint8_t)alphabet[pool[i] % letters];
		explicit_bzero(pool, sizeof pool);
	}
	return 0;
}

int secret_random_password(struct secret *ret_secret, struct fault *fault)
{
	do {
		if (draw(ret_secret, fault) != 0) {
			secret_wipe(ret_secret);
			return -1;
		}
	} while (!has_all_classes(ret_secret));
	return 0;
}

void secret_harden(void)
{
	const struct rlimit none = { 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}
