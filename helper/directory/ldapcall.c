/* One LDAP operation at a time, see ldapcall.h. */
#include "ldapcall.h"

#include <netinet/in.h>
#include <openldap.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	INCOMING_MAX = 1 << 20, /* the largest message that we take: a peer that isn't proven names the length */
	VALUES_MAX = 8
};

static struct deadline limit;

/* ldap.conf and .ldaprc could weaken what we set (TLS_REQCERT, SASL_SECPROPS, a CA directory), and SASL would load
 * plugins from where its variables say. Both look once, at the first call. */
static void ignore_surroundings(void)
{
	(void)setenv("LDAPNOINIT", "1", 1);
	(void)unsetenv("SASL_PATH");
	(void)unsetenv("SASL_CONF_PATH");
}

int ldapcall_dns_off(void)
{
	if (!(_res.options & RES_INIT) && res_init() != 0)
		return 0;
	int servers = _res.nscount;
	_res.nscount = 0;
	return servers;
}

void ldapcall_dns_on(int servers)
{
	_res.nscount = servers;
}

void ldapcall_limit(struct deadline deadline)
{
	limit = deadline;
}

bool ldapcall_time(LDAP *ld, struct timeval *ret_left)
{
	int ms = deadline_left_ms(limit);
	*ret_left = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000L };
	(void)ldap_set_option(ld, LDAP_OPT_TIMEOUT, ret_left);
	(void)ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, ret_left);
	return ms > 0;
}

static void set_options(LDAP *ld)
{
	const int version = LDAP_VERSION3;
	ber_len_t incoming = INCOMING_MAX;
	Sockbuf *sockbuf = NULL;
	(void)ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	(void)ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	(void)ldap_set_option(ld, LDAP_OPT_RESTART, LDAP_OPT_ON);
	(void)ldap_set_option(ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sockbuf) == LDAP_OPT_SUCCESS)
		(void)ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_MAX_INCOMING, &incoming);
}

LDAP *ldapcall_open(const struct dc *dc, const char *scheme, int port, struct deadline deadline, struct fault *fault)
{
	ignore_surroundings();
	int fd = locate_connect(dc, port, deadline, fault);
	if (fd < 0)
		return NULL;
	char url[sizeof dc->host + 32];
	(void)snprintf(url, sizeof url, strchr(dc->host, ':') != NULL ? "%s://[%s]:%d/" : "%s://%s:%d/", scheme,
	               dc->host, port);
	LDAP *ld = NULL;
	int servers = ldapcall_dns_off();
	int rc = ldap_init_fd(fd, LDAP_PROTO_TCP, url, &ld);
	ldapcall_dns_on(servers);
	if (rc != LDAP_SUCCESS) {
		close(fd);
		fault_set(fault, FAULT_INTERNAL, "libldap takes no connection to %s: %s", url, ldap_err2string(rc));
		return NULL;
	}
	struct timeval left;
	set_options(ld);
	ldapcall_limit(deadline);
	(void)ldapcall_time(ld, &left);
	return ld;
}

void ldapcall_close(LDAP *ld)
{
	if (ld != NULL)
		(void)ldap_unbind_ext_s(ld, NULL, NULL);
}

int ldapcall_bind(LDAP *ld, const char *name, const struct secret *password)
{
	SECRET_AUTO copy = *password; /* libldap's type has no const */
	struct berval value = { .bv_len = copy.len, .bv_val = (char *)copy.bytes };
	struct timeval left;
	if (!ldapcall_time(ld, &left))
		return LDAP_TIMEOUT;
	return ldap_sasl_bind_s(ld, name, LDAP_SASL_SIMPLE, &value, NULL, NULL, NULL);
}

int ldapcall_search(LDAP *ld, const char *base, int scope, const char *filter, char *const *attributes,
                    LDAPControl *control, LDAPMessage **ret_result)
{
	LDAPControl *controls[] = { control, NULL };
	char *names[12] = { NULL };
	struct timeval left;
	LDAPMessage *result = NULL;
	*ret_result = NULL;
	if (!ldapcall_time(ld, &left))
		return LDAP_TIMEOUT;
	for (size_t i = 0; i + 1 < sizeof names / sizeof *names && attributes[i] != NULL; i++)
		names[i] = attributes[i];
	int rc = ldap_search_ext_s(ld, base != NULL ? base : "", scope, filter, names, 0, controls, NULL, &left,
	                           LDAP_NO_LIMIT, &result);
	if (rc == LDAP_SUCCESS)
		*ret_result = result;
	else
		ldap_msgfree(result);
	return rc;
}

struct change {
	LDAPMod mod;
	struct berval value, *values[2];
};

/* LDAPMod wants writable pointers, though libldap only reads through them. */
static void *writable(const void *bytes)
{
	void *same;
	memcpy(&same, &bytes, sizeof same);
	return same;
}

static void fill_change(struct change *change, const struct ldapcall_value *value)
{
	change->value.bv_val = writable(value->value);
	change->value.bv_len = value->len > 0 ? value->len : strlen(value->value);
	change->values[0] = &change->value;
	change->values[1] = NULL;
	change->mod.mod_op = value->op | LDAP_MOD_BVALUES;
	change->mod.mod_type = writable(value->name);
	change->mod.mod_bvalues = change->values;
}

static int write_entry(LDAP *ld, const char *dn, const struct ldapcall_value *values, size_t count, bool is_new,
                       LDAPControl *control)
{
	struct change changes[VALUES_MAX];
	LDAPMod *mods[VALUES_MAX + 1] = { NULL };
	LDAPControl *controls[] = { control, NULL };
	struct timeval left;
	if (count > VALUES_MAX)
		return LDAP_PARAM_ERROR;
	if (!ldapcall_time(ld, &left))
		return LDAP_TIMEOUT;
	for (size_t i = 0; i < count; i++) {
		fill_change(&changes[i], &values[i]);
		mods[i] = &changes[i].mod;
	}
	return is_new ? ldap_add_ext_s(ld, dn, mods, controls, NULL) : ldap_modify_ext_s(ld, dn, mods, controls, NULL);
}

int ldapcall_modify(LDAP *ld, const char *dn, const struct ldapcall_value *values, size_t count, LDAPControl *control)
{
	return write_entry(ld, dn, values, count, false, control);
}

int ldapcall_add(LDAP *ld, const char *dn, const struct ldapcall_value *values, size_t count)
{
	return write_entry(ld, dn, values, count, true, NULL);
}

int ldapcall_delete(LDAP *ld, const char *dn)
{
	struct timeval left;
	return ldapcall_time(ld, &left) ? ldap_delete_ext_s(ld, dn, NULL, NULL) : LDAP_TIMEOUT;
}

long ldapcall_bytes(LDAP *ld, LDAPMessage *entry, const char *attribute, void *buf, size_t size)
{
	struct berval **values = ldap_get_values_len(ld, entry, attribute);
	long len = -1;
	if (values != NULL && values[0] != NULL && values[0]->bv_len <= size) {
		memcpy(buf, values[0]->bv_val, values[0]->bv_len);
		len = (long)values[0]->bv_len;
	}
	ldap_value_free_len(values);
	return len;
}

long ldapcall_text(LDAP *ld, LDAPMessage *entry, const char *attribute, char *buf, size_t size)
{
	long len = ldapcall_bytes(ld, entry, attribute, buf, size - 1);
	buf[len > 0 ? len : 0] = '\0';
	if (len >= 0 && strlen(buf) == (size_t)len)
		return len;
	buf[0] = '\0';
	return -1;
}

int ldapcall_dn(LDAP *ld, LDAPMessage *entry, char *buf, size_t size)
{
	char *dn = ldap_get_dn(ld, entry);
	int n = dn != NULL ? snprintf(buf, size, "%s", dn) : -1;
	ldap_memfree(dn);
	return n >= 0 && (size_t)n < size ? 0 : -1;
}

int ldapcall_escape(const char *text, char *buf, size_t size)
{
	size_t at = 0;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c > 0x20 && c < 0x7f && strchr("()*\\", c) == NULL;
		if (at + (plain ? 1 : 3) >= size)
			return -1;
		if (plain)
			buf[at++] = *text;
		else
			at += (size_t)snprintf(buf + at, size - at, "\\%02x", c);
	}
	buf[at] = '\0';
	return 0;
}

static bool is_unsure(int rc)
{
	return rc == LDAP_SERVER_DOWN || rc == LDAP_TIMEOUT || rc == LDAP_CONNECT_ERROR || rc == LDAP_BUSY ||
	       rc == LDAP_UNAVAILABLE || rc == LDAP_DECODING_ERROR;
}

/* The DC's own words, made harmless for a terminal and a log. */
static void clean(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

int ldapcall_fault(LDAP *ld, int rc, struct fault *fault, const char *what)
{
	char *said = NULL, words[256] = "";
	(void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
	if (said != NULL && *said != '\0')
		(void)snprintf(words, sizeof words, " (%s)", said);
	ldap_memfree(said);
	clean(words);
	return fault_set(fault, is_unsure(rc) ? FAULT_UNSURE : FAULT_REFUSED, "%s: %s%s", what, ldap_err2string(rc),
	                 words);
}
