/* The result of a request as a summary for people, see human.h. */
#include "human.h"

#include "text.h"

#include <retrust/codes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One line under construction; what doesn't fit is cut. */
struct line {
	size_t len;
	char text[1024];
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line->text + line->len, sizeof line->text - line->len, format, args);
	va_end(args);
	if (n > 0)
		line->len = strlen(line->text);
}

/* Comma between facts, none before the first. */
static void comma(struct line *line, size_t begun)
{
	if (line->len > begun)
		add(line, ", ");
}

static void row(FILE *out, const char *label, const struct line *line)
{
	char first[16];
	(void)snprintf(first, sizeof first, "%-12s", label);
	if (line->len > 0)
		text_wrap(out, first, "            ", line->text, TEXT_WIDTH);
}

/* A string that is there and not empty, or NULL. */
static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL && *text != '\0' ? text : NULL;
}

static void add_kerberos(struct line *line, size_t begun, const json_t *value)
{
	if (!json_is_integer(value))
		return;
	json_int_t number = json_integer_value(value);
	comma(line, begun);
	add(line, "Kerberos %lld", (long long)number);
	if (number > INT32_MIN && number < INT32_MAX && *codes_kerberos_name((int32_t)number) != '\0')
		add(line, " %s", codes_kerberos_name((int32_t)number));
}

static void add_ntstatus(struct line *line, size_t begun, const char *before, const json_t *value)
{
	const char *text = json_string_value(value);
	if (text == NULL)
		return;
	comma(line, begun);
	add(line, "%s%s", before, text);
	const char *name = codes_ntstatus_name((uint32_t)strtoul(text, NULL, 16));
	if (*name != '\0')
		add(line, " %s", name);
}

static void add_kvno(struct line *line, size_t begun, const json_t *value)
{
	if (!json_is_integer(value))
		return;
	comma(line, begun);
	add(line, "kvno %lld", (long long)json_integer_value(value));
}

static void print_channel(FILE *out, const json_t *result, bool verbose)
{
	struct line line = { 0 };
	const json_t *healthy = json_object_get(result, "healthy");
	const char *condition = text_of(result, "condition");
	if (json_is_true(healthy))
		add(&line, "healthy");
	else if (condition != NULL)
		add(&line, "%s", condition);
	else if (json_is_false(healthy))
		add(&line, "broken");
	if (json_is_true(json_object_get(result, "repairable")) && !json_is_true(healthy))
		add(&line, " (can be repaired)");
	row(out, "Channel:", &line);
	struct line codes = { 0 };
	add_ntstatus(&codes, 0, "", json_object_get(result, "ntstatus"));
	const json_t *event = json_object_get(result, "event");
	if (json_is_integer(event) && (verbose || !json_is_true(healthy))) {
		comma(&codes, 0);
		add(&codes, "event %lld", (long long)json_integer_value(event));
	}
	if (verbose || !json_is_true(healthy))
		add_kerberos(&codes, 0, json_object_get(result, "kerberos"));
	row(out, "Codes:", &codes);
}

static void print_account(FILE *out, const json_t *result)
{
	struct line line = { 0 };
	const char *account = text_of(result, "account"), *realm = text_of(result, "realm");
	const char *domain = text_of(result, "domain");
	add(&line, "%s", account != NULL ? account : "");
	if (realm != NULL)
		add(&line, "%s%s", line.len > 0 ? " of " : "realm ", realm);
	if (domain != NULL)
		add(&line, realm != NULL ? " (%s)" : " domain %s", domain);
	row(out, "Account:", &line);
}

/* The list of DCs says more than the one name, where there is a list. */
static void print_dcs(FILE *out, const json_t *result)
{
	const json_t *dcs = json_object_get(result, "dcs");
	const char *name = text_of(result, "dc");
	if (json_array_size(dcs) == 0 && name != NULL) {
		struct line line = { 0 };
		add(&line, "%s", name);
		row(out, "DC:", &line);
	}
	for (size_t i = 0; i < json_array_size(dcs); i++) {
		const json_t *dc = json_array_get(dcs, i);
		struct line line = { 0 };
		name = text_of(dc, "name");
		add(&line, "%s%s", name != NULL ? name : "?", json_is_true(json_object_get(dc, "pdc")) ? " (PDC)" : "");
		add(&line, ": ");
		size_t begun = line.len;
		add_kerberos(&line, begun, json_object_get(dc, "kerberos"));
		add_ntstatus(&line, begun, "Netlogon ", json_object_get(dc, "netlogon"));
		if (json_is_integer(json_object_get(dc, "event")))
			add(&line, " (event %lld)", (long long)json_integer_value(json_object_get(dc, "event")));
		add_kvno(&line, begun, json_object_get(dc, "kvno"));
		if (line.len == begun)
			line.text[begun - 2] = '\0'; /* nothing follows the colon */
		row(out, i == 0 ? "DC:" : "", &line);
	}
}

static void print_stores(FILE *out, const json_t *result)
{
	const json_t *stores = json_object_get(result, "stores");
	for (size_t i = 0; i < json_array_size(stores); i++) {
		const json_t *store = json_array_get(stores, i);
		struct line line = { 0 };
		const char *name = text_of(store, "name"), *path = text_of(store, "path");
		const char *verdict = text_of(store, "verdict");
		add(&line, "%s%s%s", name != NULL ? name : "?", path != NULL ? " " : "", path != NULL ? path : "");
		if (verdict != NULL)
			add(&line, ": %s", verdict);
		add_kvno(&line, 0, json_object_get(store, "kvno"));
		row(out, i == 0 ? "Store:" : "", &line);
	}
}

static void print_spare(FILE *out, const json_t *result)
{
	struct line line = { 0 };
	const json_t *spare = json_object_get(result, "spare");
	const char *state = text_of(spare, "state"), *account = text_of(spare, "account");
	if (state != NULL)
		add(&line, "%s", state);
	if (state != NULL && account != NULL)
		add(&line, " (%s)", account);
	row(out, "Spare key:", &line);
}

static void print_remembered(FILE *out, const json_t *result)
{
	struct line line = { 0 };
	const json_t *users = json_object_get(result, "users"), *groups = json_object_get(result, "groups");
	if (json_is_integer(users) && json_is_integer(groups))
		add(&line, "%lld users, %lld groups", (long long)json_integer_value(users),
		    (long long)json_integer_value(groups));
	row(out, "Remembered:", &line);
}

/* Rungs of the ladder: an object {"name","result","why"} or a text each. */
static void print_rungs(FILE *out, const char *label, const json_t *rungs)
{
	for (size_t i = 0; i < json_array_size(rungs); i++) {
		const json_t *rung = json_array_get(rungs, i);
		struct line line = { 0 };
		const char *name = json_is_string(rung) ? json_string_value(rung) : text_of(rung, "name");
		const char *result = text_of(rung, "result"), *why = text_of(rung, "why");
		add(&line, "%s", name != NULL ? name : "?");
		if (result != NULL)
			add(&line, ": %s", result);
		if (why != NULL)
			add(&line, result != NULL ? " (%s)" : ": %s", why);
		row(out, i == 0 ? label : "", &line);
	}
}

/* Moments are Unix seconds; people read them in their own time zone. */
static void print_moment(FILE *out, const char *label, const json_t *value)
{
	struct line line = { 0 };
	struct tm tm;
	time_t t = (time_t)json_integer_value(value);
	if (json_is_integer(value) && localtime_r(&t, &tm) != NULL &&
	    strftime(line.text, sizeof line.text, "%Y-%m-%d %H:%M:%S", &tm) > 0)
		line.len = strlen(line.text);
	row(out, label, &line);
}

static void print_text(FILE *out, const char *label, const char *text)
{
	struct line line = { 0 };
	if (text != NULL)
		add(&line, "%s", text);
	row(out, label, &line);
}

static void print_times(FILE *out, const json_t *result, bool verbose)
{
	struct line line = { 0 };
	const json_t *elapsed = json_object_get(result, "elapsed_ms");
	if (verbose && json_is_integer(elapsed))
		add(&line, "%lld ms", (long long)json_integer_value(elapsed));
	print_moment(out, "Checked:", json_object_get(result, "checked"));
	print_moment(out, "Repaired:", json_object_get(result, "repaired_at"));
	row(out, "Took:", &line);
}

void human_print(FILE *out, const json_t *result, bool verbose)
{
	print_channel(out, result, verbose);
	print_account(out, result);
	print_dcs(out, result);
	print_stores(out, result);
	print_spare(out, result);
	print_remembered(out, result);
	if (json_is_true(json_object_get(result, "pending")))
		print_text(out, "Pending:", "an interrupted change of the machine password");
	print_rungs(out, "Tried:", json_object_get(result, "rungs"));
	print_rungs(out, "Plan:", json_object_get(result, "plan"));
	print_text(out, "Why not:", text_of(result, "why"));
	print_times(out, result, verbose);
	print_text(out, "Note:", text_of(result, "note"));
	if (verbose || !json_is_true(json_object_get(result, "healthy")))
		print_text(out, "Advice:", text_of(result, "advice")); /* else it says: nothing to do */
}
