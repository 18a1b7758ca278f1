/* Points in time as journalctl's users write them. */
#include "../../helper/command/since.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400 };

static const int64_t now = 1800000000; /* 2027-01-15 08:00:00 UTC */

static int64_t read_time(const char *text)
{
	int64_t result = -1;
	if (!since_parse(text, now, &result))
		fail_msg("'%s' wasn't understood", text);
	return result;
}

static void set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

static void words(void **state)
{
	(void)state;
	set_zone("UTC");
	assert_true(read_time("now") == now);
	assert_true(read_time("today") == now - 8 * HOUR);
	assert_true(read_time("yesterday") == now - 8 * HOUR - DAY);
	assert_true(read_time("Today") == now - 8 * HOUR);
}

static void relative_to_now(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t back;
	} cases[] = {
		{ "-1h", HOUR },         { "1h ago", HOUR },          { "-2d", 2 * DAY },
		{ "-30s", 30 },          { "5 min ago", 300 },        { "2 days ago", 2 * DAY },
		{ "-1w", 7 * DAY },      { "-1h30min", HOUR + 1800 }, { "1h 30min ago", HOUR + 1800 },
		{ "-90 minutes", 5400 }, { "1 hour ago", HOUR },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (read_time(cases[i].text) != now - cases[i].back)
			fail_msg("'%s' is wrong by %lld s", cases[i].text,
			         (long long)(read_time(cases[i].text) - now + cases[i].back));
}

static void dates(void **state)
{
	(void)state;
	set_zone("UTC");
	assert_true(read_time("2027-01-15") == now - 8 * HOUR);
	assert_true(read_time("2027-01-15 08:00") == now);
	assert_true(read_time("2027-01-15 08:00:07") == now + 7);
	assert_true(read_time("2027-01-15T08:00:07Z") == now + 7);
	assert_true(read_time("07:30") == now - 1800);
}

static void dates_are_local_unless_they_say_utc(void **state)
{
	(void)state;
	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_true(read_time("2027-01-15 09:00") == now);
	assert_true(read_time("2027-01-15 08:00 UTC") == now);
	assert_true(read_time("2027-07-15 10:00") == read_time("2027-07-15 08:00 UTC"));
	assert_true(read_time("today") == now - 9 * HOUR);
	set_zone("UTC");
}

static void what_is_no_time_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "",
		                             "garbage",
		                             "1h",
		                             "-",
		                             "-h",
		                             "- 1h ago",
		                             "-1h ago",
		                             "2027-13-01",
		                             "2027-02-30",
		                             "2027-01-15x",
		                             "25:00",
		                             "-1y2",
		                             "ago",
		                             "-1fortnight",
		                             "-99999999999d",
		                             "2027-01-15 08:00 CET",
		                             "@12",
		                             "--1h" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int64_t result = -7;
		if (since_parse(texts[i], now, &result))
			fail_msg("'%s' was understood as %lld", texts[i], (long long)result);
		assert_true(result == -7);
	}
}

static void before_the_epoch_is_the_epoch(void **state)
{
	(void)state;
	assert_true(read_time("-1000000w") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(relative_to_now),
		cmocka_unit_test(dates),
		cmocka_unit_test(dates_are_local_unless_they_say_utc),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(before_the_epoch_is_the_epoch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
