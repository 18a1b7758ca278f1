/* retrust-gen: prints what is made from the tables at build time, so that code, manual and examples can't drift apart.
 *
 *     retrust-gen conf            the example retrust.conf
 *     retrust-gen man-settings    the settings, for retrust.conf(5)
 *     retrust-gen man-conditions  the conditions, for retrust(8)
 *     retrust-gen catalog         the journal's message catalogue
 */
#include "text.h"

#include <retrust/codes.h>
#include <retrust/condition.h>
#include <retrust/setting.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CONF_WIDTH = 100, CATALOG_WIDTH = 78 };

static const struct {
	const char *key, *type, *standard;
	long least, most;
	const char *help;
} settings[] = {
#define X(key, type, standard, least, most, help) { #key, #type, standard, least, most, help },
	RT_SETTINGS(X)
#undef X
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static const struct codes_event events[] = {
#define X(number, where, text) { number, where, text },
	RT_EVENTS(X)
#undef X
};
enum { EVENTS = sizeof events / sizeof *events };

static void print_conf(void)
{
	puts("# retrust.conf: settings of retrust, see retrust.conf(5).\n"
	     "#\n"
	     "# Every key has a default: the file may be absent. A line that begins with # is a comment; the lines "
	     "below\n"
	     "# show each key with its default. The file must belong to root and be writable by nobody else.");
	for (int i = 0; i < SETTINGS; i++) {
		putchar('\n');
		text_wrap(stdout, "# ", "# ", settings[i].help, CONF_WIDTH);
		if (strcmp(settings[i].type, "NUMBER") == 0)
			printf("# From %ld to %ld.\n", settings[i].least, settings[i].most);
		printf("#%s =%s%s\n", settings[i].key, *settings[i].standard != '\0' ? " " : "", settings[i].standard);
	}
}

/* Text for man(7): `command` in bold, what troff would read otherwise escaped. Begins a line. */
static void man_text(const char *text)
{
	bool bold = false;
	if (*text == '.' || *text == '\'')
		(void)fputs("\\&", stdout);
	for (; *text != '\0'; text++) {
		if (*text == '`') {
			bold = !bold;
			(void)fputs(bold ? "\\fB" : "\\fR", stdout);
		} else if (*text == '\\') {
			(void)fputs("\\e", stdout);
		} else if (*text == '-') {
			(void)fputs("\\-", stdout);
		} else {
			putchar(*text);
		}
	}
	putchar('\n');
}

static const char *type_words(const char *type)
{
	if (strcmp(type, "BOOL") == 0)
		return "yes or no";
	if (strcmp(type, "NUMBER") == 0)
		return "number";
	return strcmp(type, "PATH") == 0 ? "path" : "text";
}

static void print_man_settings(void)
{
	for (int i = 0; i < SETTINGS; i++) {
		printf(".TP\n\\fB%s\\fR (%s", settings[i].key, type_words(settings[i].type));
		if (strcmp(settings[i].type, "NUMBER") == 0)
			printf(" from %ld to %ld", settings[i].least, settings[i].most);
		printf("; default: %s)\n", *settings[i].standard != '\0' ? settings[i].standard : "empty");
		man_text(settings[i].help);
	}
}

static void print_man_conditions(void)
{
	for (int i = 0; i < RT_COND_COUNT; i++) {
		const struct rt_condition_info *info = condition_info((enum rt_condition)i);
		(void)fputs(".TP\n.B ", stdout);
		man_text(info->name);
		man_text(info->advice);
		if (info->ntstatus != 0)
			printf("NTSTATUS 0x%08X%s%s.\n", info->ntstatus,
			       *codes_ntstatus_name(info->ntstatus) != '\0' ? " " : "",
			       codes_ntstatus_name(info->ntstatus));
		if (info->event != 0)
			printf("Event %d.\n", info->event);
		puts(info->mendable ? "retrust may repair it." : "retrust doesn't repair it.");
	}
}

static void catalog_conditions(int event)
{
	char first[64];
	for (int i = 0; i < RT_COND_COUNT; i++) {
		const struct rt_condition_info *info = condition_info((enum rt_condition)i);
		if (info->event != event)
			continue;
		(void)snprintf(first, sizeof first, "%s: ", info->name);
		putchar('\n');
		text_wrap(stdout, first, "", info->advice, CATALOG_WIDTH);
	}
}

/* journald fills in what stands between @. 5722 is the domain controller's own: no record of ours has it. */
static void print_catalog(void)
{
	for (int i = 0; i < EVENTS; i++) {
		if (strcmp(events[i].where, "member") != 0)
			continue;
		printf("%s-- " RT_MESSAGE_ID_PREFIX "%08x\n", i == 0 ? "" : "\n", (unsigned int)events[i].number);
		printf("Subject: Secure channel to the domain: @RETRUST_CONDITION@ (event %d)\n", events[i].number);
		puts("Defined-By: retrust\n"
		     "Documentation: man:retrust(8)\n"
		     "\n"
		     "Computer account @RETRUST_ACCOUNT@, domain controller @RETRUST_DC@, NTSTATUS "
		     "@RETRUST_NTSTATUS@.");
		catalog_conditions(events[i].number);
	}
}

static const struct {
	const char *name;
	void (*print)(void);
} outputs[] = {
	{ "conf", print_conf },
	{ "man-settings", print_man_settings },
	{ "man-conditions", print_man_conditions },
	{ "catalog", print_catalog },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof outputs / sizeof *outputs; i++) {
		if (strcmp(outputs[i].name, argv[1]) != 0)
			continue;
		outputs[i].print();
		if (fflush(stdout) == 0 && ferror(stdout) == 0)
			return EXIT_SUCCESS;
		perror("retrust-gen: standard output");
		return EXIT_FAILURE;
	}
	(void)fputs("usage: retrust-gen conf|man-settings|man-conditions|catalog\n", stderr);
	return 64;
}
