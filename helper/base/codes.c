/* The codes of the field by name, see retrust/codes.h. */
#include <retrust/codes.h>

#include <stddef.h>
#include <strings.h>

enum { PROTOCOL_CODES = 128 }; /* RFC 4120 error codes end here; what follows in libkrb5's table is local */

static const struct codes_kerberos kerberos_rows[] = {
#define X(number, name, meaning) { number, name, meaning },
	RT_KERBEROS_CODES(X)
#undef X
};

static const struct codes_ntstatus ntstatus_rows[] = {
#define X(value, name, meaning) { value, name, meaning },
	RT_NTSTATUS_CODES(X)
#undef X
};

static const struct codes_event event_rows[] = {
#define X(number, where, text) { number, where, text },
	RT_EVENTS(X)
#undef X
};

enum {
	KERBEROS_COUNT = sizeof kerberos_rows / sizeof *kerberos_rows,
	NTSTATUS_COUNT = sizeof ntstatus_rows / sizeof *ntstatus_rows,
	EVENT_COUNT = sizeof event_rows / sizeof *event_rows
};

const struct codes_kerberos *codes_kerberos(int32_t number)
{
	if (number >= RT_KERBEROS_BASE && number < RT_KERBEROS_BASE + PROTOCOL_CODES)
		number -= RT_KERBEROS_BASE;
	for (size_t i = 0; i < KERBEROS_COUNT; i++)
		if (kerberos_rows[i].number == number)
			return &kerberos_rows[i];
	return NULL;
}

/* libkrb5 writes KRB5KDC_ERR_X and KRB5KRB_AP_ERR_X for the RFC's KDC_ERR_X and KRB_AP_ERR_X. */
const struct codes_kerberos *codes_kerberos_by_name(const char *name)
{
	if (strncasecmp(name, "KRB5KDC_", 8) == 0 || strncasecmp(name, "KRB5KRB_", 8) == 0)
		name += 4;
	for (size_t i = 0; i < KERBEROS_COUNT; i++)
		if (strcasecmp(kerberos_rows[i].name, name) == 0)
			return &kerberos_rows[i];
	return NULL;
}

const char *codes_kerberos_name(int32_t number)
{
	const struct codes_kerberos *row = codes_kerberos(number);
	return row == NULL ? "" : row->name;
}

const struct codes_ntstatus *codes_ntstatus(uint32_t value)
{
	for (size_t i = 0; i < NTSTATUS_COUNT; i++)
		if (ntstatus_rows[i].value == value)
			return &ntstatus_rows[i];
	return NULL;
}

const struct codes_ntstatus *codes_ntstatus_by_name(const char *name)
{
	if (strncasecmp(name, "NT_STATUS_", 10) == 0)
		name += 3;
	for (size_t i = 0; i < NTSTATUS_COUNT; i++)
		if (strcasecmp(ntstatus_rows[i].name, name) == 0)
			return &ntstatus_rows[i];
	return NULL;
}

const char *codes_ntstatus_name(uint32_t value)
{
	const struct codes_ntstatus *row = codes_ntstatus(value);
	return row == NULL ? "" : row->name;
}

const struct codes_event *codes_event(int number)
{
	for (size_t i = 0; i < EVENT_COUNT; i++)
		if (event_rows[i].number == number)
			return &event_rows[i];
	return NULL;
}

int codes_ntstatus_event(uint32_t value)
{
	return value == 0xC0000022u ? 3210 : value == 0xC000018Bu ? 5721 : 0;
}
