/* Looks at this host alone, see local.h. */
#include "local.h"

#include "../base/paths.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static void copy(char *to, size_t size, const char *from)
{
	size_t n = strnlen(from, size - 1);
	memcpy(to, from, n);
	to[n] = '\0';
}

static const char *first_of(const char *a, const char *b, const char *c)
{
	return a[0] != '\0' ? a : b[0] != '\0' ? b : c;
}

/* The keytab names the account; what is remembered says which one to look for where there are several. A host that was
 * joined again under another name has a keytab that doesn't fit the memory: then the keytab is right. */
static int read_keytab(struct host *host, struct fault *fault)
{
	const struct settings *set = &host->settings;
	const char *account = first_of(set->account, host->identity.account, "");
	const char *realm = first_of(set->realm, host->identity.realm, "");
	struct fault junk = { 0 };
	if (keytab_read(set->keytab, account, realm, &host->keytab, &junk) != 0)
		return fault_set(fault, junk.kind, "%s", junk.text);
	if (host->keytab.state == KEYTAB_NO_MACHINE_KEY && set->account[0] == '\0' && account[0] != '\0') {
		struct keytab other;
		if (keytab_read(set->keytab, "", set->realm, &other, &junk) == 0 && other.state == KEYTAB_OK) {
			memset(&host->identity, 0, sizeof host->identity);
			keytab_wipe(&host->keytab);
			host->keytab = other;
		}
		keytab_wipe(&other);
	}
	if (host->keytab.state == KEYTAB_UNREADABLE)
		(void)fault_set(&host->note, FAULT_BROKEN, "%s", junk.text);
	return 0;
}

static bool has_aes(const struct keytab *keytab)
{
	for (size_t i = 0; i < keytab->keys.count; i++)
		if (keytab->keys.key[i].kvno == keytab->keys.key[0].kvno &&
		    (keytab->keys.key[i].enctype == 17 || keytab->keys.key[i].enctype == 18))
			return true;
	return false;
}

static bool samba_is_member(const struct smbconf *conf)
{
	return strcasecmp(conf->security, "ads") == 0 || strcasecmp(conf->security, "domain") == 0;
}

/* Joined as to a domain of NT4's kind, and nothing here says that it is a realm. */
static bool is_nt4(const struct host *host)
{
	return host->keytab.state != KEYTAB_OK && host->settings.realm[0] == '\0' && host->identity.realm[0] == '\0' &&
	       strcasecmp(host->smbconf.security, "domain") == 0;
}

/* Joined by Samba, which keeps no keytab unless told to, and nothing here wants one or ever had one. */
static bool needs_no_keytab(const struct host *host)
{
	return host->keytab.state != KEYTAB_OK && host->keytab.state != KEYTAB_UNREADABLE &&
	       host->identity.names.count == 0 && samba_is_member(&host->smbconf) && !host->smbconf.keeps_keytab &&
	       access(PATH_SSSDCONF, F_OK) != 0;
}

static void keytab_facts(struct host *host)
{
	static const enum facts_keytab states[] = {
		[KEYTAB_OK] = FACTS_KEYTAB_OK,
		[KEYTAB_MISSING] = FACTS_KEYTAB_MISSING,
		[KEYTAB_NO_MACHINE_KEY] = FACTS_KEYTAB_NO_KEY,
		[KEYTAB_UNREADABLE] = FACTS_KEYTAB_UNREADABLE,
	};
	struct facts *facts = &host->facts;
	facts->nt4 = is_nt4(host);
	facts->keytab = facts->nt4 || needs_no_keytab(host) ? FACTS_KEYTAB_NONE : states[host->keytab.state];
	facts->newest_kvno = host->keytab.keys.count > 0 ? host->keytab.keys.key[0].kvno : 0;
	facts->keytab_lags = host->keytab.lags;
	facts->keytab_has_aes = facts->keytab == FACTS_KEYTAB_NONE || has_aes(&host->keytab); /* a password makes any key */
}

/* NetBIOS name where nobody told it: the realm's first label, as Windows proposes. */
static void guess_domain(const char *realm, char *buf, size_t size)
{
	size_t n = strcspn(realm, ".");
	(void)snprintf(buf, size, "%.*s", (int)(n < 15 ? n : 15), realm);
	for (char *c = buf; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
}

/* Samba's own name for this host: what smb.conf says, else the first label of the host's name in capitals. */
static void name_by_samba(struct host *host)
{
	char node[256] = "";
	const char *name = host->smbconf.netbios_name;
	if (name[0] == '\0' && gethostname(node, sizeof node - 1) == 0)
		name = node;
	size_t n = strcspn(name, ".");
	if (n == 0)
		return;
	(void)snprintf(host->account, sizeof host->account, "%.*s$", (int)(n < 15 ? n : 15), name);
	for (char *c = host->account; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	if (!host->facts.nt4)
		copy(host->realm, sizeof host->realm, host->smbconf.realm);
}

static void name_host(struct host *host)
{
	const struct settings *set = &host->settings;
	bool read = host->keytab.state == KEYTAB_OK;
	const char *realm = first_of(read ? host->keytab.realm : "", set->realm, host->identity.realm);
	const char *account = first_of(read ? host->keytab.account : "", set->account, host->identity.account);
	if (host->facts.keytab == FACTS_KEYTAB_NONE)
		name_by_samba(host);
	if (realm[0] != '\0')
		copy(host->realm, sizeof host->realm, realm);
	if (account[0] != '\0')
		copy(host->account, sizeof host->account, account);
	for (char *c = host->realm; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	copy(host->computer, sizeof host->computer, host->account);
	size_t n = strlen(host->computer);
	if (n > 0 && host->computer[n - 1] == '$')
		host->computer[n - 1] = '\0';
	guess_domain(host->realm, host->domain, sizeof host->domain);
	const char *known = first_of(set->domain, host->identity.domain, host->samba.domain);
	if (known[0] == '\0' && host->facts.keytab == FACTS_KEYTAB_NONE)
		known = host->smbconf.workgroup;
	if (known[0] != '\0')
		copy(host->domain, sizeof host->domain, known);
	const char *where = host->facts.nt4 ? host->domain : host->realm;
	host->facts.named = where[0] != '\0' && host->account[0] != '\0';
}

static void read_spare(struct host *host)
{
	struct keytab spare;
	struct fault fault = { 0 };
	if (host->identity.spare_account[0] == '\0')
		return;
	if (keytab_read(PATH_SPARE, host->identity.spare_account, host->realm, &spare, &fault) != 0 || spare.state != KEYTAB_OK)
		(void)fault_set(&host->note, FAULT_INTERNAL,
		                "%s: no readable spare key; run `retrust enroll` again while the channel is healthy", PATH_SPARE);
	else
		machine_keys_of_kvno(&spare.keys, spare.keys.key[0].kvno, &host->spare);
	host->facts.has_spare = host->spare.count > 0;
	keytab_wipe(&spare);
}

static void read_journal(struct host *host)
{
	struct fault fault = { 0 };
	int found = journal_read(PATH_JOURNAL, &host->journal, &fault);
	if (found < 0)
		(void)fault_set(&host->note, FAULT_INTERNAL, "%s", fault.text);
	host->facts.has_pending = found > 0;
}

static bool is_clone(const struct identity *identity)
{
	char id[33];
	identity_machine_id(id, sizeof id);
	return identity->machine_id[0] != '\0' && id[0] != '\0' && strcmp(id, identity->machine_id) != 0;
}

/* A secrets.tdb that is gone, or knows nothing of the domain, where there was one, or where there must be one. */
static void lost_samba(struct host *host)
{
	const char *known = first_of(host->settings.domain, host->identity.samba, host->smbconf.workgroup);
	if (host->samba.state != SAMBA_NONE || !samba_is_member(&host->smbconf) || known[0] == '\0' ||
	    (host->identity.samba[0] == '\0' && host->facts.keytab != FACTS_KEYTAB_NONE))
		return;
	host->samba.state = SAMBA_NO_SECRET;
	for (size_t i = 0; i + 1 < sizeof host->samba.domain && known[i] != '\0'; i++)
		host->samba.domain[i] = (char)toupper((unsigned char)known[i]);
}

/* A damaged or locked secrets.tdb must not keep people out: the keytab is what SSSD and sshd use. It is told and left alone. */
static void read_samba(struct host *host)
{
	static const enum facts_samba states[] = {
		[SAMBA_NONE] = FACTS_SAMBA_NONE,
		[SAMBA_OK] = FACTS_SAMBA_OK,
		[SAMBA_NO_SECRET] = FACTS_SAMBA_NO_SECRET,
		[SAMBA_UNREADABLE] = FACTS_SAMBA_UNREADABLE,
	};
	struct fault junk = { 0 };
	const char *domain = first_of(host->settings.domain, host->identity.samba, host->identity.domain);
	samba_wipe(&host->samba);
	if (samba_read(host->settings.secrets_tdb, domain, &host->samba, &junk) != 0)
		host->samba.state = SAMBA_UNREADABLE;
	if (host->samba.state == SAMBA_UNREADABLE)
		(void)fault_set(&host->note, FAULT_INTERNAL, "%s", junk.text);
	lost_samba(host);
	host->facts.samba = states[host->samba.state];
	host->facts.has_samba_next = host->samba.next.len > 0;
}

int local_probe(struct host *host, struct fault *fault)
{
	struct fault memory = { 0 };
	smbconf_read(PATH_SMBCONF, &host->smbconf);
	if (identity_read(PATH_IDENTITY, &host->identity, &memory) < 0)
		(void)fault_set(&host->note, FAULT_INTERNAL, "%s", memory.text);
	if (read_keytab(host, fault) != 0)
		return -1;
	keytab_facts(host);
	read_samba(host);
	name_host(host);
	read_spare(host);
	read_journal(host);
	host->facts.clone = is_clone(&host->identity);
	return 0;
}

int local_stores(struct host *host, struct fault *fault)
{
	keytab_wipe(&host->keytab);
	if (read_keytab(host, fault) != 0)
		return -1;
	keytab_facts(host);
	read_samba(host);
	return 0;
}
