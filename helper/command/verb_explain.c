/* explain: what a word or a number of the field means and what to do. */
#include "explain.h"
#include "json.h"
#include "text.h"
#include "verb.h"

#include <string.h>

static const char indent[] = "            ";

static void row(const char *label, const char *text)
{
	char first[16];
	(void)snprintf(first, sizeof first, "%-12s", label);
	if (text != NULL && *text != '\0')
		text_wrap(stdout, first, indent, text, TEXT_WIDTH);
}

static const char *get(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void print_number(const char *label, const json_t *value)
{
	if (json_is_integer(value))
		printf("%-12s%lld\n", label, (long long)json_integer_value(value));
}

static void print_conditions(const json_t *conditions)
{
	for (size_t i = 0; i < json_array_size(conditions); i++)
		row(i == 0 ? "Conditions:" : "", json_string_value(json_array_get(conditions, i)));
}

static void print_one(const json_t *object)
{
	const char *kind = get(object, "kind"), *at_logon = get(object, "at_logon");
	printf("%-12s%s\n", "Kind:", kind);
	row("Name:", get(object, "name"));
	print_number("Number:", json_object_get(object, "number"));
	row("NTSTATUS:", get(object, "ntstatus"));
	print_number("Event:", json_object_get(object, "event"));
	row("Log of:", get(object, "where"));
	row("Text:", get(object, "text"));
	row("Meaning:", get(object, "meaning"));
	row("At logon:", at_logon == NULL                   ? NULL
	                 : strcmp(at_logon, "nothing") == 0 ? "nothing is shown"
	                 : strcmp(at_logon, "kb") == 0      ? "the message of KB Q175024"
	                                                    : NULL);
	row(at_logon != NULL && strcmp(at_logon, "words") == 0 ? "At logon:" : "", get(object, "words"));
	if (at_logon != NULL)
		row("Repair:", json_is_true(json_object_get(object, "repairable")) ? "retrust may repair it"
		                                                                   : "retrust doesn't repair it");
	row("Advice:", get(object, "advice"));
	print_conditions(json_object_get(object, "conditions"));
}

static void print_list(const json_t *object)
{
	const json_t *conditions = json_object_get(object, "conditions");
	for (size_t i = 0; i < json_array_size(conditions); i++) {
		const json_t *condition = json_array_get(conditions, i);
		printf("%s\n", get(condition, "name"));
		text_wrap(stdout, "    ", "    ", get(condition, "advice"), TEXT_WIDTH);
	}
}

static int unknown(const char *what, struct fault *fault)
{
	const char *near[EXPLAIN_NEAR_MAX];
	char text[256] = "";
	size_t count = explain_near(what, near);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(text);
		(void)snprintf(text + len, sizeof text - len, "%s%s",
		               i == 0          ? ""
		               : i + 1 < count ? ", "
		                               : " or ",
		               near[i]);
	}
	if (count > 0)
		return fault_set(fault, FAULT_USAGE, "'%.64s' is unknown here; did you mean %s?", what, text);
	return fault_set(
		fault, FAULT_USAGE,
		"'%.64s' is neither a condition, an event id, an NTSTATUS (0x...) nor a Kerberos error of this field; "
		"`retrust explain` lists the conditions",
		what);
}

int verb_explain(const struct options *options, struct fault *fault)
{
	json_t *object = options->operand == NULL ? explain_list() : explain_find(options->operand);
	if (object == NULL && options->operand != NULL)
		return unknown(options->operand, fault);
	if (options_has(options, OPTION_JSON)) {
		json_emit(object);
		return 0;
	}
	if (options->operand == NULL)
		print_list(object);
	else
		print_one(object);
	json_decref(object);
	return 0;
}
