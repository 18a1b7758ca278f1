/* What a word or a number of the field means, see explain.h. */
#include "explain.h"

#include "json.h"

#include <retrust/codes.h>
#include <retrust/condition.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_LENGTH = 64, EVENT_AT_MEMBER = 3210, EVENT_AT_DC = 5722 };

static const char *const at_logon_names[] = {
	[RT_LOGON_NOTHING] = "nothing",
	[RT_LOGON_WORDS] = "words",
	[RT_LOGON_KB] = "kb",
};

static const char *const names[] = {
#define X(id, name, ntstatus, event, severity, exit, at_logon, mend, words, advice) name,
	RT_CONDITIONS(X)
#undef X
#define X(number, name, meaning) name,
		RT_KERBEROS_CODES(X)
#undef X
#define X(value, name, meaning) name,
			RT_NTSTATUS_CODES(X)
#undef X
};

/* ---- objects ---- */

static json_t *condition_object(enum rt_condition condition)
{
	const struct rt_condition_info *info = condition_info(condition);
	return json_pack("{ss so so sb ss so ss}", "name", info->name, "ntstatus", json_hex(info->ntstatus), "event",
	                 info->event != 0 ? json_integer(info->event) : json_null(), "repairable", info->mendable,
	                 "at_logon", at_logon_names[info->at_logon], "words",
	                 json_text(*info->words != '\0' ? info->words : NULL), "advice", info->advice);
}

/* Names of the conditions that report this event or, where event is 0, this NTSTATUS. A DC writes 5722 for what the
 * member writes 3210 for. */
static json_t *conditions_with(int event, uint32_t ntstatus)
{
	if (event == EVENT_AT_DC)
		event = EVENT_AT_MEMBER;
	json_t *found = json_array();
	for (int i = 0; i < RT_COND_COUNT; i++) {
		const struct rt_condition_info *info = condition_info((enum rt_condition)i);
		if (event != 0 ? info->event == event : info->ntstatus == ntstatus && ntstatus != 0)
			(void)json_array_append_new(found, json_string(info->name));
	}
	return found;
}

static json_t *event_object(const struct codes_event *row)
{
	return json_pack("{si ss ss so}", "number", row->number, "where", row->where, "text", row->text, "conditions",
	                 conditions_with(row->number, 0));
}

static json_t *ntstatus_object(const struct codes_ntstatus *row)
{
	return json_pack("{so ss ss so}", "ntstatus", json_sprintf("0x%08X", row->value), "name", row->name, "meaning",
	                 row->meaning, "conditions", conditions_with(0, row->value));
}

static json_t *kerberos_object(const struct codes_kerberos *row)
{
	return json_pack("{si ss ss}", "number", row->number, "name", row->name, "meaning", row->meaning);
}

/* ---- finding ---- */

/* A whole decimal number, with or without a sign. */
static bool decimal(const char *what, long *ret_number)
{
	char *end;
	if (!isdigit((unsigned char)what[*what == '-']))
		return false;
	*ret_number = strtol(what, &end, 10);
	return *end == '\0' && *ret_number >= INT32_MIN && *ret_number <= INT32_MAX;
}

/* Events first: they begin where Kerberos numbers end. A positive number of libkrb5's size lacks its minus. */
static json_t *find_number(const char *what, const char **ret_kind)
{
	long number;
	if (!decimal(what, &number))
		return NULL;
	const struct codes_event *event = codes_event((int)number);
	*ret_kind = event != NULL ? "event" : "kerberos";
	if (event != NULL)
		return event_object(event);
	const struct codes_kerberos *row = codes_kerberos((int32_t)number);
	if (row == NULL && number > 0)
		row = codes_kerberos((int32_t)-number);
	return row == NULL ? NULL : kerberos_object(row);
}

static json_t *find_ntstatus(const char *what, const char **ret_kind)
{
	const struct codes_ntstatus *row = codes_ntstatus_by_name(what);
	if (strncasecmp(what, "0x", 2) == 0 && isxdigit((unsigned char)what[2])) {
		char *end;
		unsigned long value = strtoul(what, &end, 16);
		row = *end == '\0' && value <= UINT32_MAX ? codes_ntstatus((uint32_t)value) : NULL;
	}
	*ret_kind = "ntstatus";
	return row == NULL ? NULL : ntstatus_object(row);
}

static json_t *find_name(const char *what, const char **ret_kind)
{
	char lower[NAME_MAX_LENGTH];
	size_t len = strlen(what);
	enum rt_condition condition;
	if (len >= sizeof lower)
		return NULL;
	for (size_t i = 0; i <= len; i++)
		lower[i] = (char)tolower((unsigned char)what[i]);
	*ret_kind = "condition";
	if (condition_by_name(lower, &condition))
		return condition_object(condition);
	const struct codes_kerberos *row = codes_kerberos_by_name(what);
	*ret_kind = "kerberos";
	return row == NULL ? NULL : kerberos_object(row);
}

json_t *explain_find(const char *what)
{
	const char *kind;
	json_t *row = find_number(what, &kind);
	if (row == NULL)
		row = find_ntstatus(what, &kind);
	if (row == NULL)
		row = find_name(what, &kind);
	if (row == NULL)
		return NULL;
	json_t *object = json_pack("{ss so ss}", "verb", "explain", "what", json_text(what), "kind", kind);
	(void)json_object_update(object, row);
	json_decref(row);
	return object;
}

json_t *explain_list(void)
{
	json_t *list = json_array();
	for (int i = 0; i < RT_COND_COUNT; i++)
		(void)json_array_append_new(list, condition_object((enum rt_condition)i));
	return json_pack("{ss so}", "verb", "explain", "conditions", list);
}

/* ---- near matches ---- */

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;
	return smaller < c ? smaller : c;
}

/* Edit distance, without regard to case. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_LENGTH + 1], len = strlen(b);
	if (len > NAME_MAX_LENGTH)
		return SIZE_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t above = row[j];
			bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
			row[j] = least(above + 1, row[j - 1] + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[len];
}

/* How far a name is from what was typed: a part of a name is nearer than a misspelling. SIZE_MAX: not near. */
static size_t farness(const char *what, const char *name)
{
	size_t len = strlen(what);
	if (len >= 3 && strcasestr(name, what) != NULL)
		return 0;
	size_t edits = distance(what, name);
	return edits <= len / 3 ? edits : SIZE_MAX;
}

size_t explain_near(const char *what, const char *ret_names[EXPLAIN_NEAR_MAX])
{
	size_t far[EXPLAIN_NEAR_MAX] = { 0 }, count = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t f = farness(what, names[i]), at = count;
		if (f == SIZE_MAX)
			continue;
		while (at > 0 && f < far[at - 1])
			at--;
		if (at == EXPLAIN_NEAR_MAX)
			continue;
		size_t last = count < EXPLAIN_NEAR_MAX ? count++ : EXPLAIN_NEAR_MAX - 1;
		for (; last > at; last--) {
			far[last] = far[last - 1];
			ret_names[last] = ret_names[last - 1];
		}
		far[at] = f;
		ret_names[at] = names[i];
	}
	return count;
}
