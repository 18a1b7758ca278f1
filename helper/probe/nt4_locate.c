/* Finding the PDC of an NT4-style domain, see nt4_locate.h. Samba's tools ask, because they follow smb.conf: lmhosts,
 * WINS, broadcasts.
 *
 * SECURITY: names by NetBIOS are anybody's to claim. Whoever answers has to prove itself by Netlogon. */
#include "nt4_locate.h"

#include "../directory/smb_pipe.h"
#include "../service/process.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LOOKUP_MS = 3000, STATUS_MS = 1000 };

static bool is_numeric(const char *text)
{
	struct in6_addr address;
	return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

bool nt4_locate_listed(const char *list, char *ret_name, size_t size)
{
	static const char separators[] = " \t,";
	for (list += strspn(list, separators); *list != '\0'; list += strspn(list, separators)) {
		const size_t len = strcspn(list, separators);
		if (len < size && !(len == 1 && *list == '*')) {
			memcpy(ret_name, list, len);
			ret_name[len] = '\0';
			char *port = is_numeric(ret_name) ? NULL : strchr(ret_name, ':');
			if (port != NULL)
				*port = '\0';
			return ret_name[0] != '\0';
		}
		list += len;
	}
	return false;
}

bool nt4_locate_own_name(const char *output, char *ret_name, size_t size)
{
	for (const char *line = output; line != NULL && *line != '\0';) {
		const size_t len = strcspn(line, "\n"), indent = strspn(line, " \t");
		const char *text = line + indent, *type = memchr(line, '<', len);
		const size_t name = strcspn(text, " \t<\n");
		if (indent > 0 && type != NULL && strncmp(type, "<20>", 4) == 0 && name > 0 && name < size &&
		    memmem(line, len, "<GROUP>", 7) == NULL) {
			memcpy(ret_name, text, name);
			ret_name[name] = '\0';
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

/* The first line of a tool's output, where that is an address. */
static bool ask_address(const char *const argv[], struct deadline deadline, char *ret_address, size_t size)
{
	char output[512];
	const struct process_talk talk = { .ret_output = output, .size = sizeof output };
	if (process_talk(argv, &talk, deadline_cap(deadline, LOOKUP_MS)) != 0)
		return false;
	output[strcspn(output, "\n")] = '\0';
	if (!is_numeric(output) || strlen(output) >= size)
		return false;
	memcpy(ret_address, output, strlen(output) + 1);
	return true;
}

static bool resolve(const char *host, struct deadline deadline, char *ret_address, size_t size)
{
	char name[300];
	const char *const argv[] = { "/usr/bin/net", "lookup", "host", name, NULL };
	(void)snprintf(name, sizeof name, "%s#20", host);
	if (!is_numeric(host))
		return host[0] != '-' && ask_address(argv, deadline, ret_address, size);
	return snprintf(ret_address, size, "%s", host) < (int)size;
}

/* DOMAIN<1b>, else the first who bears DOMAIN<1c>: a PDC that has just started has the one some seconds after the
 * other. */
static bool resolve_pdc(const char *domain, struct deadline deadline, struct dc *dc, char *ret_address, size_t size)
{
	const char *const pdc[] = { "/usr/bin/net", "lookup", "pdc", domain, NULL };
	char name[80];
	const char *const any[] = { "/usr/bin/net", "lookup", "host", name, NULL };
	if (domain[0] == '-')
		return false;
	(void)snprintf(name, sizeof name, "%s#1c", domain);
	dc->pdc = ask_address(pdc, deadline, ret_address, size);
	return dc->pdc || ask_address(any, deadline, ret_address, size);
}

/* What an address calls itself. */
static void name_dc(struct dc *dc, struct deadline deadline)
{
	char output[4096];
	const struct process_talk talk = { .ret_output = output, .size = sizeof output };
	const char *const argv[] = { "/usr/bin/nmblookup", "-A", dc->address, NULL };
	if (process_talk(argv, &talk, deadline_cap(deadline, STATUS_MS)) == 0)
		(void)nt4_locate_own_name(output, dc->host, sizeof dc->host);
}

enum locate_result nt4_locate(const char *named, const struct smbconf *conf, const char *domain,
                              struct deadline deadline, struct dc *ret_dc, struct fault *fault)
{
	char host[256] = "", address[64] = "";
	memset(ret_dc, 0, sizeof *ret_dc);
	if (named[0] != '\0')
		(void)snprintf(host, sizeof host, "%s", named);
	else
		(void)nt4_locate_listed(conf->password_server, host, sizeof host);
	struct dc found = { .pdc = host[0] != '\0' };
	if (found.pdc ? !resolve(host, deadline, address, sizeof address)
	              : !resolve_pdc(domain, deadline, &found, address, sizeof address)) {
		(void)fault_set(fault, FAULT_UNSURE,
		                "nobody says where %s%s is: look at nmbd on the PDC, at `wins server` and `name "
		                "resolve order` in "
		                "smb.conf, or name it by --dc",
		                host[0] != '\0' ? host : "the PDC of domain ", host[0] != '\0' ? "" : domain);
		return LOCATE_NO_DC;
	}
	const enum locate_result result = locate_address(address, SMB_PIPE_PORT, deadline, ret_dc, fault);
	if (result != LOCATE_FOUND)
		return result;
	ret_dc->nt4 = true;
	ret_dc->pdc = found.pdc;
	if (host[0] != '\0' && !is_numeric(host))
		(void)snprintf(ret_dc->host, sizeof ret_dc->host, "%s", host);
	else
		name_dc(ret_dc, deadline);
	return LOCATE_FOUND;
}
