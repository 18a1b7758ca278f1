/* events: what the helper recorded in the journal, newest last.
 *
 * SECURITY: anybody may write RETRUST_EVENT into the journal; only what journald itself says came from uid 0 is
 * believed.
 */
#include "json.h"
#include "text.h"
#include "verb.h"

#include <systemd/sd-journal.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { VALUE_MAX = 1024, USEC = 1000000 };

/* The journal's fields and the keys of the contract. */
static const struct {
	const char *field;
	const char *key;
	bool number;
} fields[] = {
	{ "RETRUST_EVENT", "event", true },           { "RETRUST_CONDITION", "condition", false },
	{ "RETRUST_NTSTATUS", "ntstatus", false },    { "RETRUST_DC", "dc", false },
	{ "RETRUST_ACCOUNT", "account", false },      { "RETRUST_RUNG", "rung", false },
	{ "RETRUST_ELAPSED_MS", "elapsed_ms", true }, { "MESSAGE", "message", false },
};

static int no_journal(struct fault *fault)
{
	bool there = access("/run/log/journal", F_OK) == 0 || access("/var/log/journal", F_OK) == 0;
	if (there && geteuid() != 0)
		return fault_set(
			fault, FAULT_PERMISSION,
			"the journal can't be read by this user: run `sudo retrust events`, or be a member of the "
			"group systemd-journal");
	return fault_set(fault, FAULT_UNSURE,
	                 "this host has no journal: the events are in the system log (syslog, identifier retrust)");
}

/* Records with any value of RETRUST_EVENT: matches of one field are alternatives, another field narrows them. */
static int match(sd_journal *journal)
{
	const void *data;
	size_t len;
	int status = sd_journal_query_unique(journal, "RETRUST_EVENT");
	if (status < 0)
		return status;
	bool any = false;
	while ((status = sd_journal_enumerate_unique(journal, &data, &len)) > 0) {
		status = sd_journal_add_match(journal, data, len);
		if (status < 0)
			return status;
		any = true;
	}
	if (status < 0 || !any)
		return status;
	status = sd_journal_add_match(journal, "_UID=0", 0);
	return status < 0 ? status : 1;
}

/* A field's value as text; false when the record hasn't got it. */
static bool value_of(sd_journal *journal, const char *field, char *buf, size_t size)
{
	const void *data;
	size_t len, name = strlen(field) + 1;
	if (sd_journal_get_data(journal, field, &data, &len) < 0 || len < name)
		return false;
	len -= name;
	if (len >= size)
		len = size - 1;
	memcpy(buf, (const char *)data + name, len);
	buf[len] = '\0';
	return len > 0;
}

static json_t *field_json(sd_journal *journal, size_t i)
{
	char value[VALUE_MAX], *end;
	if (!value_of(journal, fields[i].field, value, sizeof value) || strcmp(value, "0x00000000") == 0)
		return json_null(); /* an absent fact, also where the record has an NTSTATUS of 0 */
	if (!fields[i].number)
		return json_text(value);
	long long number = strtoll(value, &end, 10);
	return *end == '\0' ? json_integer(number) : json_null();
}

static json_t *record(sd_journal *journal)
{
	uint64_t usec = 0;
	char stamp[64] = "";
	struct tm tm;
	(void)sd_journal_get_realtime_usec(journal, &usec);
	time_t t = (time_t)(usec / USEC);
	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	json_t *object = json_pack("{so}", "time", json_sprintf("%s.%06uZ", stamp, (unsigned int)(usec % USEC)));
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		(void)json_object_set_new(object, fields[i].key, field_json(journal, i));
	return object;
}

static void add_detail(const json_t *object, const char *key, const char *label)
{
	const json_t *value = json_object_get(object, key);
	if (json_is_string(value)) {
		char plain[VALUE_MAX];
		text_plain(json_string_value(value), plain, sizeof plain);
		printf("  %s %s", label, plain);
	} else if (json_is_integer(value)) {
		printf("  %s %lld", label, (long long)json_integer_value(value));
	}
}

/* One line a record, in local time; --verbose adds the other facts. */
static void print_record(sd_journal *journal, const json_t *object, bool verbose)
{
	static const char *const details[][2] = { { "ntstatus", "NTSTATUS" },
		                                  { "dc", "DC" },
		                                  { "account", "account" },
		                                  { "rung", "rung" },
		                                  { "elapsed_ms", "ms" } };
	uint64_t usec = 0;
	char stamp[64] = "", first[160];
	struct tm tm;
	(void)sd_journal_get_realtime_usec(journal, &usec);
	time_t t = (time_t)(usec / USEC);
	if (localtime_r(&t, &tm) != NULL)
		(void)strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm);
	const char *condition = json_string_value(json_object_get(object, "condition"));
	const char *message = json_string_value(json_object_get(object, "message"));
	(void)snprintf(first, sizeof first, "%s  %4lld  %-20.64s  ", stamp,
	               (long long)json_integer_value(json_object_get(object, "event")),
	               condition != NULL ? condition : "");
	text_wrap(stdout, first, "                     ", message != NULL ? message : "", 4096);
	if (!verbose)
		return;
	printf("%19s", "");
	for (size_t i = 0; i < sizeof details / sizeof *details; i++)
		add_detail(object, details[i][0], details[i][1]);
	putchar('\n');
}

static int list(sd_journal *journal, const struct options *options, json_t *events)
{
	int status = match(journal);
	if (status <= 0)
		return status; /* nothing was ever recorded */
	status = sd_journal_seek_realtime_usec(journal, (uint64_t)options->since_unix * USEC);
	while (status >= 0 && (status = sd_journal_next(journal)) > 0) {
		json_t *object = record(journal);
		if (!options_has(options, OPTION_JSON))
			print_record(journal, object, options_has(options, OPTION_VERBOSE));
		else
			(void)json_array_append(events, object);
		json_decref(object);
	}
	return status;
}

int verb_events(const struct options *options, struct fault *fault)
{
	sd_journal *journal = NULL;
	int status = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
	if (status < 0)
		return fault_errno(fault, FAULT_INTERNAL, -status, "the journal can't be opened");
	if (sd_journal_has_runtime_files(journal) <= 0 && sd_journal_has_persistent_files(journal) <= 0) {
		sd_journal_close(journal);
		return no_journal(fault);
	}
	json_t *events = json_array();
	status = list(journal, options, events);
	sd_journal_close(journal);
	if (status < 0) {
		json_decref(events);
		return fault_errno(fault, FAULT_INTERNAL, -status, "the journal can't be read");
	}
	if (options_has(options, OPTION_JSON))
		json_emit(json_pack("{ss so}", "verb", "events", "events", events));
	else
		json_decref(events);
	return 0;
}
