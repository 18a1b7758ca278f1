/* Points in time as journalctl's users write them, see since.h. */
#include "since.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, WEEK = 604800 };

static const struct {
	const char *name;
	int seconds;
} units[] = {
	{ "s", 1 },        { "sec", 1 },         { "second", 1 },       { "seconds", 1 }, { "m", MINUTE },
	{ "min", MINUTE }, { "minute", MINUTE }, { "minutes", MINUTE }, { "h", HOUR },    { "hr", HOUR },
	{ "hour", HOUR },  { "hours", HOUR },    { "d", DAY },          { "day", DAY },   { "days", DAY },
	{ "w", WEEK },     { "week", WEEK },     { "weeks", WEEK },
};

static bool unit_seconds(const char *text, size_t len, int *ret_seconds)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strlen(units[i].name) != len || strncmp(units[i].name, text, len) != 0)
			continue;
		*ret_seconds = units[i].seconds;
		return true;
	}
	return false;
}

/* "1h 30min": numbers with units, at least one. *end becomes what follows. */
static bool span(const char *text, const char **end, int64_t *ret_seconds)
{
	int64_t total = 0;
	bool any = false;
	while (isdigit((unsigned char)*text)) {
		char *after;
		unsigned long number = strtoul(text, &after, 10);
		after += strspn(after, " ");
		size_t len = strspn(after, "abcdefghijklmnopqrstuvwxyz");
		int seconds;
		if (number > 1000000 || !unit_seconds(after, len, &seconds))
			return false;
		total += (int64_t)number * seconds;
		text = after + len;
		text += strspn(text, " ");
		any = true;
	}
	*end = text;
	*ret_seconds = total;
	return any;
}

static bool relative(const char *text, int64_t now, int64_t *ret_unix)
{
	bool minus = *text == '-';
	const char *end;
	int64_t seconds;
	if (!span(text + minus, &end, &seconds) || strcmp(end, minus ? "" : "ago") != 0)
		return false;
	*ret_unix = seconds < now ? now - seconds : 0;
	return true;
}

/* Midnight (local) of the day that lies `back` days before now. */
static int64_t midnight(int64_t now, int back)
{
	time_t t = (time_t)now;
	struct tm day;
	if (localtime_r(&t, &day) == NULL)
		return 0;
	day.tm_hour = day.tm_min = day.tm_sec = 0;
	day.tm_mday -= back;
	day.tm_isdst = -1;
	return (int64_t)mktime(&day);
}

/* Tries the forms one after another: strptime fails on what doesn't fit, and the end must be reached. */
static bool absolute(const char *text, int64_t now, int64_t *ret_unix)
{
	static const char *const forms[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d",          "%H:%M:%S",          "%H:%M"
	};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		time_t t = (time_t)now;
		struct tm tm;
		if (localtime_r(&t, &tm) == NULL)
			return false;
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		tm.tm_isdst = -1;
		const char *end = strptime(text, forms[i], &tm);
		bool utc = end != NULL && (strcmp(end, "Z") == 0 || strcmp(end, " UTC") == 0);
		if (end == NULL || (*end != '\0' && !utc))
			continue;
		int day = tm.tm_mday; /* 31 February becomes 3 March otherwise */
		int64_t result = (int64_t)(utc ? timegm(&tm) : mktime(&tm));
		if (result < 0 || tm.tm_mday != day)
			return false;
		*ret_unix = result;
		return true;
	}
	return false;
}

bool since_parse(const char *text, int64_t now_unix, int64_t *ret_unix)
{
	if (strcasecmp(text, "now") == 0)
		*ret_unix = now_unix;
	else if (strcasecmp(text, "today") == 0)
		*ret_unix = midnight(now_unix, 0);
	else if (strcasecmp(text, "yesterday") == 0)
		*ret_unix = midnight(now_unix, 1);
	else
		return relative(text, now_unix, ret_unix) || absolute(text, now_unix, ret_unix);
	return true;
}
