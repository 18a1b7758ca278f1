/* Finding a domain controller, see locate.h. */
#include "locate.h"

#include "srv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { KDC_PORT = 88, DNS_LIMIT_MS = 2000, CONNECT_LIMIT_MS = 2000 };

/* One search: whom it is for, how long it may take, and what it met. */
struct search {
	const char *realm;
	struct deadline deadline;
	int64_t dns_ms;      /* left of DNS_LIMIT_MS: only the time spent waiting for DNS counts */
	enum srv_result dns; /* of the last question */
	bool any_address;    /* somebody could at least be tried */
	struct fault met;    /* the first reason, told only when nobody is found */
};

typedef enum srv_result query_fn(const char *name, struct deadline deadline, struct srv_answer *ret_answer);

static enum srv_result query(struct search *search, query_fn *fn, const char *name, struct srv_answer *ret_answer)
{
	const int64_t start = deadline_now_ms();
	search->dns = fn(name, deadline_cap(search->deadline, search->dns_ms), ret_answer);
	search->dns_ms -= deadline_now_ms() - start;
	return search->dns;
}

static void set_port(struct sockaddr_storage *sa, uint16_t port)
{
	if (sa->ss_family == AF_INET6)
		((struct sockaddr_in6 *)sa)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)sa)->sin_port = htons(port);
}

static int connect_fault(const struct dc *dc, int port, int error, struct fault *fault)
{
	return fault_errno(fault, FAULT_UNSURE, error, "cannot connect to %s (%s) port %d over TCP", dc->host,
	                   dc->address, port);
}

/* Waits for a connection under way. Returns 0 or an errno value. */
static int finish_connect(int fd, struct deadline deadline)
{
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLOUT };
		int left = deadline_left_ms(deadline), error = 0;
		socklen_t len = sizeof error;
		int n = poll(&pfd, 1, left);
		if (n > 0)
			return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
		if (n == 0)
			return ETIMEDOUT;
		if (errno != EINTR)
			return errno;
	}
}

int locate_connect(const struct dc *dc, int port, struct deadline deadline, struct fault *fault)
{
	struct sockaddr_storage sa = dc->sa;
	const int on = 1;
	set_port(&sa, (uint16_t)port);
	if (deadline_left_ms(deadline) == 0)
		return connect_fault(dc, port, ETIMEDOUT, fault);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return connect_fault(dc, port, errno, fault);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	int error = connect(fd, (const struct sockaddr *)&sa, dc->sa_len) == 0 ? 0 : errno;
	if (error == EINPROGRESS || error == EINTR)
		error = finish_connect(fd, deadline_cap(deadline, CONNECT_LIMIT_MS));
	if (error == 0)
		return fd;
	(void)close(fd);
	return connect_fault(dc, port, error, fault);
}

static void set_address(struct dc *dc, const struct srv_address *address)
{
	memset(&dc->sa, 0, sizeof dc->sa);
	dc->sa.ss_family = (sa_family_t)address->family;
	if (address->family == AF_INET6) {
		((struct sockaddr_in6 *)&dc->sa)->sin6_addr = address->ip.v6;
		dc->sa_len = sizeof(struct sockaddr_in6);
	} else {
		((struct sockaddr_in *)&dc->sa)->sin_addr = address->ip.v4;
		dc->sa_len = sizeof(struct sockaddr_in);
	}
	(void)inet_ntop(address->family, &address->ip, dc->address, sizeof dc->address);
}

/* Does somebody accept a connection there? */
static bool is_reachable(struct search *search, const struct dc *dc)
{
	search->any_address = true;
	int fd = locate_connect(dc, KDC_PORT, search->deadline, &search->met);
	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

/* Takes the first address of host in the answer that accepts a connection. */
static bool take_reachable(struct search *search, const char *host, const struct srv_answer *answer, struct dc *ret_dc)
{
	(void)snprintf(ret_dc->host, sizeof ret_dc->host, "%s", host);
	for (size_t i = 0; i < answer->addresses; i++) {
		if (strcasecmp(answer->address[i].host, host) != 0)
			continue;
		set_address(ret_dc, &answer->address[i]);
		if (is_reachable(search, ret_dc))
			return true;
	}
	return false;
}

static bool has_address(const struct srv_answer *answer, const char *host)
{
	for (size_t i = 0; i < answer->addresses; i++)
		if (strcasecmp(answer->address[i].host, host) == 0)
			return true;
	return false;
}

/* The same, asking for the addresses first where the SRV answer didn't bring them along. IPv6 only when nobody is
 * reached without: most domains have none, and the question would cost a round trip. */
static bool try_host(struct search *search, const char *host, const struct srv_answer *known, struct dc *ret_dc)
{
	static query_fn *const families[] = { srv_query_v4, srv_query_v6 };
	if (known != NULL && has_address(known, host))
		return take_reachable(search, host, known, ret_dc);
	for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
		struct srv_answer own;
		if (query(search, families[f], host, &own) != SRV_ANSWER)
			continue;
		for (size_t i = 0; i < own.addresses; i++) /* behind a CNAME the owner is another name */
			(void)snprintf(own.address[i].host, sizeof own.address[i].host, "%s", host);
		if (take_reachable(search, host, &own, ret_dc))
			return true;
	}
	return false;
}

static enum srv_result ask_srv(struct search *search, const char *prefix, struct srv_answer *ret_answer)
{
	char name[512];
	(void)snprintf(name, sizeof name, "%s.%s", prefix, search->realm);
	return query(search, srv_query, name, ret_answer);
}

/* what: "SRV record _ldap…LAB.EXAMPLE" or "address of dc1.lab.example" */
static enum locate_result dns_failure(const struct search *search, const char *what, struct fault *fault)
{
	(void)fault_set(fault, FAULT_UNSURE, "%s %s: check /etc/resolv.conf, and the domain's DNS",
	                search->dns == SRV_NO_ANSWER ? "no DNS server answers to the question for the" : "DNS knows no",
	                what);
	return LOCATE_DNS_FAILURE;
}

static enum locate_result no_srv(const struct search *search, const char *prefix, struct fault *fault)
{
	char what[512];
	(void)snprintf(what, sizeof what, "SRV record %s.%s", prefix, search->realm);
	return dns_failure(search, what, fault);
}

static enum locate_result none_found(const struct search *search, const char *host, struct fault *fault)
{
	char what[300];
	if (search->any_address) {
		(void)fault_set(fault, search->met.kind, "%s", search->met.text);
		return LOCATE_NO_DC;
	}
	(void)snprintf(what, sizeof what, "address of %.255s", host);
	return dns_failure(search, what, fault);
}

static enum locate_result try_all(struct search *search, struct srv_answer *answer, struct dc *ret_dc,
                                  struct fault *fault)
{
	srv_order(answer->record, answer->records, srv_draw);
	for (size_t i = 0; i < answer->records; i++)
		if (try_host(search, answer->record[i].host, answer, ret_dc))
			return LOCATE_FOUND;
	return none_found(search, answer->record[0].host, fault);
}

static struct search begin(const char *realm, struct deadline deadline, struct dc *ret_dc)
{
	memset(ret_dc, 0, sizeof *ret_dc);
	return (struct search){ .realm = realm, .deadline = deadline, .dns_ms = DNS_LIMIT_MS };
}

enum locate_result locate_pdc(const char *realm, struct deadline deadline, struct dc *ret_dc, struct fault *fault)
{
	struct search search = begin(realm, deadline, ret_dc);
	static const char prefix[] = "_ldap._tcp.pdc._msdcs";
	struct srv_answer answer;
	if (ask_srv(&search, prefix, &answer) != SRV_ANSWER)
		return no_srv(&search, prefix, fault);
	ret_dc->pdc = true;
	return try_all(&search, &answer, ret_dc, fault);
}

static bool is_pdc(struct search *search, const char *host)
{
	struct srv_answer answer;
	if (ask_srv(search, "_ldap._tcp.pdc._msdcs", &answer) != SRV_ANSWER)
		return false;
	for (size_t i = 0; i < answer.records; i++)
		if (strcasecmp(answer.record[i].host, host) == 0)
			return true;
	return false;
}

enum locate_result locate_any(const char *realm, struct deadline deadline, struct dc *ret_dc, struct fault *fault)
{
	struct search search = begin(realm, deadline, ret_dc);
	static const char prefix[] = "_ldap._tcp.dc._msdcs";
	struct srv_answer answer;
	enum srv_result result = ask_srv(&search, prefix, &answer);
	if (result == SRV_NOTHING)
		result = ask_srv(&search, "_kerberos._tcp", &answer);
	if (result != SRV_ANSWER)
		return no_srv(&search, prefix, fault);
	enum locate_result found = try_all(&search, &answer, ret_dc, fault);
	if (found == LOCATE_FOUND)
		ret_dc->pdc = is_pdc(&search, ret_dc->host);
	return found;
}

static bool host_has(struct search *search, const char *host, const struct dc *dc)
{
	struct srv_answer own;
	query_fn *fn = dc->sa.ss_family == AF_INET6 ? srv_query_v6 : srv_query_v4;
	if (query(search, fn, host, &own) != SRV_ANSWER)
		return false;
	for (size_t i = 0; i < own.addresses; i++) {
		struct dc other;
		set_address(&other, &own.address[i]);
		if (strcmp(other.address, dc->address) == 0)
			return true;
	}
	return false;
}

/* A numeric address: its DNS name is that of the DC in SRV which has it, else it stays the address. */
static void name_address(struct search *search, struct dc *dc)
{
	struct srv_answer answer;
	if (ask_srv(search, "_ldap._tcp.dc._msdcs", &answer) != SRV_ANSWER)
		return;
	for (size_t i = 0; i < answer.records; i++) {
		if (!host_has(search, answer.record[i].host, dc))
			continue;
		(void)snprintf(dc->host, sizeof dc->host, "%s", answer.record[i].host);
		return;
	}
}

static bool take_numeric(const char *text, struct srv_address *ret_address)
{
	memset(ret_address, 0, sizeof *ret_address);
	ret_address->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	return inet_pton(ret_address->family, text, &ret_address->ip) == 1;
}

enum locate_result locate_named(const char *host, const char *realm, struct deadline deadline, struct dc *ret_dc,
                                struct fault *fault)
{
	struct search search = begin(realm, deadline, ret_dc);
	struct srv_address address;
	bool found;
	if (take_numeric(host, &address)) {
		set_address(ret_dc, &address);
		(void)snprintf(ret_dc->host, sizeof ret_dc->host, "%s", host);
		found = is_reachable(&search, ret_dc);
		if (found)
			name_address(&search, ret_dc);
	} else {
		found = try_host(&search, host, NULL, ret_dc);
	}
	if (!found)
		return none_found(&search, host, fault);
	ret_dc->pdc = is_pdc(&search, ret_dc->host);
	return LOCATE_FOUND;
}

enum locate_result locate_address(const char *address, int port, struct deadline deadline, struct dc *ret_dc,
                                  struct fault *fault)
{
	struct srv_address numeric;
	memset(ret_dc, 0, sizeof *ret_dc);
	if (!take_numeric(address, &numeric)) {
		(void)fault_set(fault, FAULT_CONFIG, "'%s' is no numeric address", address);
		return LOCATE_NO_DC;
	}
	set_address(ret_dc, &numeric);
	(void)snprintf(ret_dc->host, sizeof ret_dc->host, "%s", ret_dc->address);
	const int fd = locate_connect(ret_dc, port, deadline, fault);
	if (fd < 0)
		return LOCATE_NO_DC;
	(void)close(fd);
	return LOCATE_FOUND;
}
