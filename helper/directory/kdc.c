/* The libkrb5 context pinned to one DC: its private configuration, one exchange, results. See kdc.h. */
#include "kdc_internal.h"

#include "transport.h"

#include <retrust/codes.h>

#include <com_err.h>
#include <ctype.h>
#include <errno.h>
#include <profile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	KDC_PORT = 88,
	KPASSWD_PORT = 464,
	EXCHANGE_LIMIT_MS =
		5000, /* a KDC under a herd's load needs seconds; a silent one is to cost no more than this */
	CODES = 128   /* that RFC 4120 and libkrb5's table have room for */
};

/* Nothing of the host is picked up by chance: no DNS, no plugin, no default ccache or keytab, no other KDC. GSSAPI's
 * context reads this file too. RC4 stays possible for the keys that an old keytab holds. */
static const char config_format[] =
	"[libdefaults]\n"
	"\tdefault_realm = %1$s\n"
	"\tdns_lookup_kdc = false\n"
	"\tdns_lookup_realm = false\n"
	"\tdns_uri_lookup = false\n"
	"\tdns_canonicalize_hostname = false\n"
	"\trdns = false\n"
	"\tqualify_shortname = \"\"\n"
	"\tudp_preference_limit = 1\n"
	"\tplugin_base_dir = /dev/null\n"
	"\tdefault_ccache_name = MEMORY:retrust\n"
	"\tdefault_keytab_name = MEMORY:retrust\n"
	"\tdefault_client_keytab_name = MEMORY:retrust\n"
	"\tpermitted_enctypes = aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96 arcfour-hmac\n"
	"\tallow_rc4 = true\n"
	"[realms]\n"
	"\t%1$s = {\n"
	"\t\tkdc = tcp/%2$s\n"
	"\t}\n"
	"[domain_realm]\n"
	"\t%3$s = %1$s\n"
	"\t.%4$s = %1$s\n"
	"\t%4$s = %1$s\n";

/* Realm and host become part of a configuration file. */
static bool is_name(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80 || (!isalnum((unsigned char)*c) && strchr("-._:%", *c) == NULL))
			return false;
	return text[0] != '\0';
}

static int write_config(const struct kdc *kdc, FILE *file)
{
	char domain[sizeof kdc->realm], address[sizeof kdc->dc.address + 2];
	size_t i = 0;
	for (; kdc->realm[i] != '\0'; i++)
		domain[i] = (char)tolower((unsigned char)kdc->realm[i]);
	domain[i] = '\0';
	(void)snprintf(address, sizeof address, strchr(kdc->dc.address, ':') ? "[%s]" : "%s", kdc->dc.address);
	int n = fprintf(file, config_format, kdc->realm, address, kdc->dc.host, domain);
	return n < 0 || fflush(file) != 0 ? -1 : 0;
}

/* Makes the configuration as a file in memory that stays for the life of the process: contexts that GSSAPI makes later
 * read it by its path, and a descriptor number that was used again would lead them to something else. */
static int make_config(const struct kdc *kdc, char *ret_path, size_t size, struct fault *fault)
{
	static const char what[] = "cannot make the private krb5.conf";
	int fd = memfd_create("krb5.conf", MFD_CLOEXEC);
	int copy = fd >= 0 ? dup(fd) : -1;
	FILE *file = copy >= 0 ? fdopen(copy, "w") : NULL;
	int rc = file != NULL ? write_config(kdc, file) : -1;
	const int error = errno;
	if (file != NULL)
		(void)fclose(file);
	else if (copy >= 0)
		(void)close(copy);
	if (rc == 0) {
		(void)snprintf(ret_path, size, "/proc/self/fd/%d", fd);
		return 0;
	}
	if (fd >= 0)
		(void)close(fd);
	return fault_errno(fault, FAULT_INTERNAL, error, "%s", what);
}

/* For GSSAPI, which makes contexts of its own from the environment. */
static int set_environment(const char *path, struct fault *fault)
{
	if (setenv("KRB5_CONFIG", path, 1) != 0 || setenv("SSSD_KRB5_LOCATOR_DISABLE", "1", 1) != 0 ||
	    setenv("KRB5RCACHETYPE", "none", 1) != 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "cannot prepare Kerberos");
	return 0;
}

/* The profile is given by hand: krb5_init_context doesn't look at KRB5_CONFIG when real and effective uid differ. */
static krb5_error_code init_context(struct kdc *kdc, const char *path)
{
	profile_t profile = NULL;
	krb5_error_code code = (krb5_error_code)profile_init_path(path, &profile);
	if (code != 0)
		return code;
	code = krb5_init_context_profile(profile, 0, &kdc->context);
	profile_release(profile);
	return code;
}

int kdc_open(const char *realm, const struct dc *dc, struct deadline deadline, struct kdc **ret_kdc,
             struct fault *fault)
{
	char path[64];
	if (!is_name(realm) || strlen(realm) >= sizeof(*ret_kdc)->realm || !is_name(dc->host) || !is_name(dc->address))
		return fault_set(fault, FAULT_CONFIG,
		                 "%.80s (%.80s): not the name of a realm and its domain controller", realm, dc->host);
	struct kdc *kdc = calloc(1, sizeof *kdc);
	if (kdc == NULL)
		return fault_errno(fault, FAULT_INTERNAL, ENOMEM, "cannot prepare Kerberos");
	kdc->dc = *dc;
	kdc->deadline = deadline;
	kdc->port = KDC_PORT;
	kdc->kpasswd_port = KPASSWD_PORT;
	(void)snprintf(kdc->realm, sizeof kdc->realm, "%s", realm);
	krb5_error_code code = 0;
	if (make_config(kdc, path, sizeof path, fault) != 0 || set_environment(path, fault) != 0 ||
	    (code = init_context(kdc, path)) != 0) {
		if (code != 0)
			(void)fault_set(fault, FAULT_INTERNAL, "cannot prepare Kerberos: %s", error_message(code));
		free(kdc);
		return -1;
	}
	*ret_kdc = kdc;
	return 0;
}

void kdc_close(struct kdc *kdc)
{
	if (kdc == NULL)
		return;
	krb5_free_context(kdc->context);
	free(kdc);
}

const struct dc *kdc_dc(const struct kdc *kdc)
{
	return &kdc->dc;
}

int32_t kdc_clock_offset(const struct kdc *kdc)
{
	return kdc->offset;
}

int32_t kdc_exchange(struct kdc *kdc, const krb5_data *request, krb5_data *ret_reply, struct fault *fault)
{
	const struct deadline deadline = deadline_cap(kdc->deadline, EXCHANGE_LIMIT_MS);
	const struct transport_bytes out = { .data = (uint8_t *)request->data, .len = request->length };
	struct transport_bytes in;
	const struct stream stream = { .fd = locate_connect(&kdc->dc, kdc->port, deadline, fault),
		                       .port = kdc->port,
		                       .deadline = deadline,
		                       .dc = &kdc->dc };
	if (stream.fd < 0)
		return KDC_UNREACHABLE;
	enum transport_result result = transport_exchange(&stream, &out, &in, fault);
	(void)close(stream.fd);
	if (result != TRANSPORT_OK)
		return KDC_UNREACHABLE;
	*ret_reply = (krb5_data){ .magic = KV5M_DATA, .length = (unsigned int)in.len, .data = (char *)in.data };
	return 0;
}

/* What a KRB-ERROR 37 says of the DC's clock. libkrb5's own time has the offset that is known already. */
static void note_skew(struct kdc *kdc, krb5_timestamp dc_time)
{
	krb5_timestamp now, known = 0;
	krb5_int32 micro;
	if (krb5_timeofday(kdc->context, &now) != 0 || krb5_get_time_offsets(kdc->context, &known, &micro) != 0)
		return;
	const int64_t offset = (int64_t)(uint32_t)dc_time - (uint32_t)now + known;
	if (offset >= INT32_MIN && offset <= INT32_MAX)
		kdc->offset = (int32_t)offset;
}

int32_t kdc_reply_error(struct kdc *kdc, const krb5_data *reply)
{
	krb5_error *error = NULL;
	if (reply->length == 0 || krb5_rd_error(kdc->context, reply, &error) != 0)
		return -1;
	const int32_t code = error->error < CODES ? (int32_t)error->error : -1;
	if (code == KDC_CODE(KRB5KRB_AP_ERR_SKEW))
		note_skew(kdc, error->stime);
	krb5_free_error(kdc->context, error);
	return code;
}

static enum fault_kind kind_of(int32_t result)
{
	switch (result) {
	case KDC_UNREACHABLE:
	case KDC_CODE(KRB5KRB_AP_ERR_SKEW):
	case KDC_CODE(KRB5KDC_ERR_SVC_UNAVAILABLE):
		return FAULT_UNSURE;
	case KDC_FAILED:
		return FAULT_INTERNAL;
	default:
		return FAULT_REFUSED;
	}
}

int32_t kdc_tell(struct kdc *kdc, int32_t result, krb5_error_code code, const char *what, struct fault *fault)
{
	const enum fault_kind kind = kind_of(result);
	if (result > 0)
		(void)fault_set(fault, kind, "%s (%s) refused %s: Kerberos error %d %s", kdc->dc.host, kdc->dc.address,
		                what, result, codes_kerberos_name(result));
	else if (result == KDC_BAD_REPLY)
		(void)fault_set(
			fault, kind,
			"%s (%s) answered to %s, but not as one who knows the keys: forged, replayed or damaged "
			"(%s)",
			kdc->dc.host, kdc->dc.address, what, error_message(code));
	else if (result == KDC_NOT_ASKED)
		(void)fault_set(fault, kind, "there is no key to ask for %s with", what);
	else if (result == KDC_FAILED)
		(void)fault_set(fault, kind, "%s: Kerberos failed on this host: %s", what, error_message(code));
	return result;
}

int32_t kdc_failed(struct kdc *kdc, krb5_error_code code, const char *what, struct fault *fault)
{
	return kdc_tell(kdc, KDC_FAILED, code, what, fault);
}
