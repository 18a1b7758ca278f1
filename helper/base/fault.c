/* One error: filled in once, see fault.h. */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct fault *fault, enum fault_kind kind, int error, const char *format, va_list args)
	__attribute__((format(printf, 4, 0)));

static void fill(struct fault *fault, enum fault_kind kind, int error, const char *format, va_list args)
{
	if (fault == NULL || fault->kind != FAULT_NONE)
		return;
	fault->kind = kind;
	int n = vsnprintf(fault->text, sizeof fault->text, format, args);
	if (error == 0 || n < 0 || (size_t)n >= sizeof fault->text)
		return;
	char buf[128];
	(void)snprintf(fault->text + n, sizeof fault->text - (size_t)n, ": %s", strerror_r(error, buf, sizeof buf));
}

int fault_set(struct fault *fault, enum fault_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(fault, kind, 0, format, args);
	va_end(args);
	return -1;
}

int fault_errno(struct fault *fault, enum fault_kind kind, int error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(fault, kind, error, format, args);
	va_end(args);
	return -1;
}

void fault_clear(struct fault *fault)
{
	fault->kind = FAULT_NONE;
	fault->text[0] = '\0';
}
