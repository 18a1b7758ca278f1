/* DNS: SRV records and addresses, see srv.h. */
#include "srv.h"

#include "resolver.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <resolv.h>
#include <string.h>
#include <sys/random.h>

/* Copies a name in lower case without its trailing dot, if it is one that a host can bear: it ends up in error texts
 * and in a krb5.conf. */
static bool take_host(const char *name, char *ret_host, size_t size)
{
	size_t len = strlen(name);
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= size || name[0] == '-' || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)name[i];
		if (c >= 0x80 || (!isalnum(c) && c != '-' && c != '.' && c != '_'))
			return false;
		ret_host[i] = (char)tolower(c);
	}
	ret_host[len] = '\0';
	return true;
}

static void take_record(const ns_msg *msg, const ns_rr *rr, struct srv_answer *answer)
{
	const uint8_t *data = ns_rr_rdata(*rr);
	const size_t fixed = 6;
	char name[NS_MAXDNAME];
	if (answer->records >= SRV_RECORDS_MAX || ns_rr_rdlen(*rr) <= fixed ||
	    dn_expand(ns_msg_base(*msg), ns_msg_end(*msg), data + fixed, name, sizeof name) < 0)
		return;
	struct srv_record *record = &answer->record[answer->records];
	if (!take_host(name, record->host, sizeof record->host))
		return; /* also the lone dot that says "no such service" */
	record->priority = (uint16_t)ns_get16(data);
	record->weight = (uint16_t)ns_get16(data + 2);
	record->port = (uint16_t)ns_get16(data + 4);
	answer->records++;
}

static void take_address(const ns_rr *rr, struct srv_answer *answer)
{
	const bool v4 = ns_rr_type(*rr) == ns_t_a;
	if (answer->addresses >= SRV_ADDRESSES_MAX || ns_rr_rdlen(*rr) != (v4 ? NS_INADDRSZ : NS_IN6ADDRSZ))
		return;
	struct srv_address *address = &answer->address[answer->addresses];
	if (!take_host(ns_rr_name(*rr), address->host, sizeof address->host))
		return;
	address->family = v4 ? AF_INET : AF_INET6;
	memcpy(&address->ip, ns_rr_rdata(*rr), ns_rr_rdlen(*rr));
	answer->addresses++;
}

static void take_section(ns_msg *msg, ns_sect section, struct srv_answer *answer)
{
	for (int i = 0; i < ns_msg_count(*msg, section); i++) {
		ns_rr rr;
		if (ns_parserr(msg, section, i, &rr) != 0)
			return;
		if (ns_rr_class(rr) != ns_c_in)
			continue;
		if (ns_rr_type(rr) == ns_t_srv && section == ns_s_an)
			take_record(msg, &rr, answer);
		else if (ns_rr_type(rr) == ns_t_a || ns_rr_type(rr) == ns_t_aaaa)
			take_address(&rr, answer);
	}
}

bool srv_parse(const uint8_t *message, size_t len, struct srv_answer *ret_answer)
{
	ns_msg msg;
	ret_answer->records = ret_answer->addresses = 0;
	if (len > NS_MAXMSG || ns_initparse(message, (int)len, &msg) != 0)
		return false;
	take_section(&msg, ns_s_an, ret_answer);
	take_section(&msg, ns_s_ar, ret_answer);
	return true;
}

uint32_t srv_draw(uint32_t n)
{
	uint32_t random;
	/* No security hangs on it, so a bias of 2^-16 does no harm; neither does the constant where there is no
	 * randomness. */
	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = 0;
	return random % (n + 1);
}

static void swap(struct srv_record *a, struct srv_record *b)
{
	struct srv_record keep = *a;
	*a = *b;
	*b = keep;
}

/* The index in [first, end) that the running sum of weights picks. RFC 2782: those of weight 0 come first in the sum,
 * so that they are picked only when the draw is 0. */
static size_t pick(const struct srv_record *records, size_t first, size_t end, uint32_t (*draw)(uint32_t n))
{
	uint32_t sum = 0;
	for (size_t i = first; i < end; i++)
		sum += records[i].weight;
	uint32_t at = draw(sum);
	for (size_t i = first; at == 0 && i < end; i++)
		if (records[i].weight == 0)
			return i;
	for (size_t i = first; i < end; i++) {
		if (records[i].weight >= at && records[i].weight > 0)
			return i;
		at -= records[i].weight;
	}
	return first;
}

void srv_order(struct srv_record *records, size_t count, uint32_t (*draw)(uint32_t n))
{
	for (size_t i = 0; i < count; i++) /* by priority */
		for (size_t k = i + 1; k < count; k++)
			if (records[k].priority < records[i].priority)
				swap(&records[i], &records[k]);
	for (size_t i = 0; i < count; i++) {
		size_t end = i;
		while (end < count && records[end].priority == records[i].priority)
			end++;
		swap(&records[i], &records[pick(records, i, end, draw)]);
	}
}

static enum srv_result ask(const char *name, int type, struct deadline deadline, struct srv_answer *ret_answer)
{
	uint8_t answer[RESOLVER_ANSWER_MAX];
	size_t len = 0;
	ret_answer->records = ret_answer->addresses = 0;
	switch (resolver_ask(name, type, deadline, answer, &len)) {
	case RESOLVER_ANSWER:
		return srv_parse(answer, len, ret_answer) ? SRV_ANSWER : SRV_NO_ANSWER;
	case RESOLVER_NOTHING:
		return SRV_NOTHING;
	case RESOLVER_NO_ANSWER:
		break;
	}
	return SRV_NO_ANSWER;
}

enum srv_result srv_query(const char *name, struct deadline deadline, struct srv_answer *ret_answer)
{
	const enum srv_result result = ask(name, ns_t_srv, deadline, ret_answer);
	return result == SRV_ANSWER && ret_answer->records == 0 ? SRV_NOTHING : result;
}

enum srv_result srv_query_v4(const char *host, struct deadline deadline, struct srv_answer *ret_answer)
{
	const enum srv_result result = ask(host, ns_t_a, deadline, ret_answer);
	return result == SRV_ANSWER && ret_answer->addresses == 0 ? SRV_NOTHING : result;
}

enum srv_result srv_query_v6(const char *host, struct deadline deadline, struct srv_answer *ret_answer)
{
	const enum srv_result result = ask(host, ns_t_aaaa, deadline, ret_answer);
	return result == SRV_ANSWER && ret_answer->addresses == 0 ? SRV_NOTHING : result;
}
