/* Events: to the systemd journal, or to syslog where there is none. */
#ifndef RETRUST_EVENT_H
#define RETRUST_EVENT_H

#include <retrust/condition.h>

/* Events that tell a deed, beside those of the conditions. */
enum event_deed { EVENT_NO_DEED = 0, EVENT_REPAIRED = 9100, EVENT_ROTATED = 9101 };

struct event {
	enum rt_condition condition;
	enum event_deed deed; /* its number is recorded instead of the condition's */
	const char *dc;      /* "" = none */
	const char *domain;
	const char *account;
	const char *computer;
	const char *rung;    /* the one that repaired, "" = none */
	const char *detail;  /* one more line, "" = none; never a secret */
	int elapsed_ms;
};

/* Records one event with the contract's fields and the text of codes.h. One without a number is not recorded. Never fails, never
 * blocks longer than the local datagram. */
void event_record(const struct event *event);

/* Records a remark without an event number. */
void event_remark(const char *text);

#endif
