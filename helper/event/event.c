/* Events, see event.h. The texts of 3210 and 5721 are those of KB Q175024. */
#include "event.h"

#include <retrust/codes.h>
#include <stdbool.h>
#include <stdio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

/* The text of the table with its %1 (DC), %2 (domain), %3 (computer), %4 (account). */
static void write_message(const struct event *event, int number, char *buf, size_t size)
{
	const struct codes_event *row = codes_event(number);
	const char *const words[] = { event->dc, event->domain, event->computer, event->account };
	size_t at = 0;
	for (const char *c = row != NULL ? row->text : ""; *c != '\0' && at + 1 < size; c++) {
		if (c[0] == '%' && c[1] >= '1' && c[1] <= '4')
			at += (size_t)snprintf(buf + at, size - at, "%s", words[*++c - '1']);
		else
			buf[at++] = *c;
		if (at >= size)
			at = size - 1;
	}
	buf[at] = '\0';
}

/* libsystemd throws records away silently where there is no journal. */
static bool has_journal(void)
{
	return access("/run/systemd/journal/socket", W_OK) == 0;
}

static bool to_journal(const struct event *event, int number, int severity, const char *message)
{
	const struct rt_condition_info *info = condition_info(event->condition);
	return has_journal() &&
	       sd_journal_send("MESSAGE=%s%s%s", message, event->detail[0] != '\0' ? " " : "", event->detail,
	                       "MESSAGE_ID=" RT_MESSAGE_ID_PREFIX "%08x", (unsigned int)number, "PRIORITY=%d", severity,
	                       "SYSLOG_IDENTIFIER=retrust", "RETRUST_EVENT=%d", number, "RETRUST_CONDITION=%s", info->name,
	                       "RETRUST_NTSTATUS=0x%08X", info->ntstatus, "RETRUST_DC=%s", event->dc,
	                       "RETRUST_ACCOUNT=%s", event->account, "RETRUST_RUNG=%s", event->rung,
	                       "RETRUST_ELAPSED_MS=%d", event->elapsed_ms, NULL) == 0;
}

void event_record(const struct event *event)
{
	const struct rt_condition_info *info = condition_info(event->condition);
	int number = event->deed != EVENT_NO_DEED ? (int)event->deed : info->event;
	int severity = event->deed != EVENT_NO_DEED ? LOG_NOTICE : info->severity;
	char message[1024];
	if (number == 0)
		return;
	write_message(event, number, message, sizeof message);
	if (to_journal(event, number, severity, message))
		return;
	openlog("retrust", LOG_PID, LOG_AUTH);
	syslog(severity, "event %d (%s, 0x%08X): %s%s%s", number, info->name, info->ntstatus, message,
	       event->detail[0] != '\0' ? " " : "", event->detail);
	closelog();
}

void event_remark(const char *text)
{
	openlog("retrust", LOG_PID, LOG_AUTH);
	syslog(LOG_NOTICE, "%s", text);
	closelog();
}
