/* The one type that holds a secret: password, key, typed credential.
 *
 * Inline storage, no heap; SECRET_AUTO variables are wiped on every way out of their scope. The helper switches off core
 * dumps and ptrace (secret_harden) before the first secret exists.
 */
#ifndef RETRUST_SECRET_H
#define RETRUST_SECRET_H

#include "../base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_MAX 512u

struct secret {
	size_t len;
	uint8_t bytes[SECRET_MAX + 1]; /* one more: always followed by a NUL, so a password can be given as a C string */
};

#define SECRET_AUTO __attribute__((cleanup(secret_wipe))) struct secret

/* Overwrites it; the compiler can't leave it out. */
void secret_wipe(struct secret *secret);

/* Copies len bytes. Returns false (and *secret empty) when they are more than SECRET_MAX. */
bool secret_set(struct secret *secret, const void *bytes, size_t len);

/* Equal? In time that depends on the lengths alone. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* A new machine password: 120 printable ASCII characters from getrandom(2), more than 700 bits, with upper and lower
 * case, digits and punctuation so that no complexity rule refuses it, none that a shell or XML would mind.
 * Returns 0, or -1 with *fault. */
int secret_random_password(struct secret *ret_secret, struct fault *fault);

/* No core dump, no ptrace by others, no swap for what the process allocates (as far as RLIMIT_MEMLOCK lets it). */
void secret_harden(void);

#endif
