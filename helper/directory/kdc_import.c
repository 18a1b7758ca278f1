/* Credentials that an administrator brings along: a ccache or a keytab. See kdc.h.
 *
 * SECURITY: the file belongs to whoever runs the command. It is read through the descriptor that came with the request,
 * never by a name, at most IMPORT_MAX bytes, into a file in memory that nobody else can change while libkrb5 parses it.
 */
#include "kdc_internal.h"

#include <com_err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { IMPORT_MAX = 1 << 20 };

/* Returns 0 or an errno value. */
static int copy_bytes(int from, int to)
{
	char buf[4096];
	int error = 0;
	for (off_t at = 0; error == 0;) {
		const ssize_t n = pread(from, buf, sizeof buf, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			error = errno;
		if (n <= 0)
			break;
		at += n;
		if (at > IMPORT_MAX)
			error = EFBIG;
		else if (write(to, buf, (size_t)n) != n)
			error = errno;
	}
	explicit_bzero(buf, sizeof buf);
	return error;
}

/* A copy in memory under a name that libkrb5 can open ("FILE:/proc/self/fd/N"). Returns its descriptor or -1. */
static int copy_file(int fd, char *ret_name, size_t size, struct fault *fault)
{
	static const char what[] = "cannot read the given credentials";
	int copy = memfd_create("credentials", MFD_CLOEXEC);
	if (copy < 0)
		return fault_errno(fault, FAULT_INTERNAL, errno, "%s", what);
	const int error = copy_bytes(fd, copy);
	if (error != 0) {
		(void)close(copy);
		return fault_errno(fault, FAULT_USAGE, error, "%s", what);
	}
	(void)snprintf(ret_name, size, "FILE:/proc/self/fd/%d", copy);
	return copy;
}

static bool unparse(struct kdc *kdc, krb5_const_principal principal, char *buf, size_t size)
{
	char *text = NULL;
	if (krb5_unparse_name(kdc->context, principal, &text) != 0)
		return false;
	const int n = snprintf(buf, size, "%s", text);
	krb5_free_unparsed_name(kdc->context, text);
	return n >= 0 && (size_t)n < size;
}

/* Takes the realm's TGT that lives longest. */
static krb5_error_code find_tgt(struct kdc *kdc, krb5_ccache ccache, krb5_creds *ret_creds)
{
	krb5_cc_cursor cursor;
	krb5_creds creds;
	krb5_principal tgs;
	krb5_error_code code = krb5_build_principal(kdc->context, &tgs, (unsigned int)strlen(kdc->realm), kdc->realm,
	                                            "krbtgt", kdc->realm, (char *)NULL);
	if (code != 0)
		return code;
	code = krb5_cc_start_seq_get(kdc->context, ccache, &cursor);
	while (code == 0 && krb5_cc_next_cred(kdc->context, ccache, &cursor, &creds) == 0) {
		const bool better = krb5_principal_compare(kdc->context, creds.server, tgs) &&
		                    krb5_realm_compare(kdc->context, creds.client, tgs) &&
		                    (uint32_t)creds.times.endtime > (uint32_t)ret_creds->times.endtime;
		krb5_free_cred_contents(kdc->context, better ? ret_creds : &creds);
		if (better)
			*ret_creds = creds;
	}
	if (code == 0)
		(void)krb5_cc_end_seq_get(kdc->context, ccache, &cursor);
	krb5_free_principal(kdc->context, tgs);
	return code;
}

static int32_t unusable(krb5_error_code code, const char *what, struct fault *fault)
{
	(void)fault_set(fault, FAULT_USAGE, "the given %s cannot be used: %s", what, error_message(code));
	return KDC_FAILED;
}

/* Returns 0 or KDC_FAILED with the reason. */
static int32_t check_tgt(struct kdc *kdc, krb5_error_code code, const krb5_creds *creds, struct fault *fault)
{
	krb5_timestamp now = 0;
	if (code != 0)
		return unusable(code, "credential cache", fault);
	if (creds->client == NULL) {
		(void)fault_set(fault, FAULT_REFUSED,
		                "the given credential cache has no ticket krbtgt/%s@%s: run kinit", kdc->realm,
		                kdc->realm);
		return KDC_FAILED;
	}
	(void)krb5_timeofday(kdc->context, &now);
	if ((uint32_t)creds->times.endtime > (uint32_t)now)
		return 0;
	(void)fault_set(fault, FAULT_REFUSED, "the ticket in the given credential cache has expired: run kinit");
	return KDC_FAILED;
}

int32_t kdc_from_ccache(struct kdc *kdc, int fd, char *ret_principal, size_t size, struct kdc_ticket **ret_ticket,
                        struct fault *fault)
{
	char name[64];
	krb5_ccache ccache = NULL;
	krb5_creds creds = { .magic = KV5M_CREDS };
	const int copy = copy_file(fd, name, sizeof name, fault);
	if (copy < 0)
		return KDC_FAILED;
	krb5_error_code code = krb5_cc_resolve(kdc->context, name, &ccache);
	if (code == 0)
		code = find_tgt(kdc, ccache, &creds);
	int32_t result = check_tgt(kdc, code, &creds, fault);
	if (result == 0 && !unparse(kdc, creds.client, ret_principal, size))
		result = unusable(ENAMETOOLONG, "credential cache", fault);
	if (result == 0)
		result = kdc_ticket_keep(kdc, &creds, NULL, ret_ticket, fault);
	krb5_free_cred_contents(kdc->context, &creds);
	if (ccache != NULL)
		(void)krb5_cc_close(kdc->context, ccache);
	(void)close(copy);
	return result;
}

/* Reads an entry into the keys of the principal in the name buffer; an empty one takes the entry's. Entries in the way
 * of nobody (other principals, more than fit) are left out. */
static void take_entry(struct kdc *kdc, const krb5_keytab_entry *entry, char *name, size_t size,
                       struct machine_keys *keys)
{
	krb5_principal wanted;
	if (name[0] == '\0' && !unparse(kdc, entry->principal, name, size))
		name[0] = '\0';
	if (name[0] == '\0' || keys->count >= MACHINE_KEYS_MAX || kdc_principal(kdc, name, &wanted, NULL) != 0)
		return;
	struct machine_key *key = &keys->key[keys->count];
	if (krb5_principal_compare(kdc->context, entry->principal, wanted) &&
	    secret_set(&key->key, entry->key.contents, entry->key.length)) {
		key->kvno = (int32_t)entry->vno;
		key->enctype = entry->key.enctype;
		keys->count++;
	}
	krb5_free_principal(kdc->context, wanted);
}

static krb5_error_code read_keytab(struct kdc *kdc, const char *file, char *name, size_t size,
                                   struct machine_keys *keys)
{
	krb5_keytab keytab;
	krb5_kt_cursor cursor;
	krb5_keytab_entry entry;
	krb5_error_code code = krb5_kt_resolve(kdc->context, file, &keytab);
	if (code != 0)
		return code;
	code = krb5_kt_start_seq_get(kdc->context, keytab, &cursor);
	while (code == 0 && (code = krb5_kt_next_entry(kdc->context, keytab, &entry, &cursor)) == 0) {
		take_entry(kdc, &entry, name, size, keys);
		(void)krb5_free_keytab_entry_contents(kdc->context, &entry);
	}
	if (code == KRB5_KT_END)
		code = krb5_kt_end_seq_get(kdc->context, keytab, &cursor);
	(void)krb5_kt_close(kdc->context, keytab);
	return code;
}

/* The highest kvno below `below`; -1 when there is none. */
static int32_t next_kvno(const struct machine_keys *keys, int64_t below)
{
	int32_t found = -1;
	for (size_t i = 0; i < keys->count; i++)
		if (keys->key[i].kvno > found && keys->key[i].kvno < below)
			found = keys->key[i].kvno;
	return found;
}

/* Is an older key worth a try after that result? */
static bool is_key_at_fault(int32_t result)
{
	return result == KDC_CODE(KRB5KDC_ERR_PREAUTH_FAILED) || result == KDC_CODE(KRB5KDC_ERR_ETYPE_NOSUPP) ||
	       result == KDC_NOT_ASKED;
}

/* The newest key's failure is the one to tell. */
static int32_t try_versions(struct kdc *kdc, const char *principal, const struct machine_keys *keys,
                            const char *service, struct kdc_ticket **ret_ticket, struct fault *fault)
{
	MACHINE_KEYS_AUTO of_one = { .count = 0 };
	struct fault first = { .kind = FAULT_NONE };
	int32_t first_result = 0;
	for (int32_t kvno = next_kvno(keys, INT64_MAX); kvno >= 0; kvno = next_kvno(keys, kvno)) {
		struct fault here = { .kind = FAULT_NONE };
		machine_keys_of_kvno(keys, kvno, &of_one);
		const int32_t result = kdc_as_keys(kdc, principal, &of_one, service, ret_ticket, &here);
		if (result == 0)
			return 0;
		if (first_result == 0) {
			first_result = result;
			first = here;
		}
		if (!is_key_at_fault(result))
			break;
	}
	if (first_result == 0)
		return kdc_tell(kdc, KDC_NOT_ASKED, 0, principal[0] != '\0' ? principal : "anybody of this realm",
		                fault);
	(void)fault_set(fault, first.kind, "%s", first.text);
	return first_result;
}

int32_t kdc_from_keytab(struct kdc *kdc, int fd, const char *principal, const char *service, char *ret_principal,
                        size_t size, struct kdc_ticket **ret_ticket, struct fault *fault)
{
	char file[64];
	MACHINE_KEYS_AUTO keys = { .count = 0 };
	(void)snprintf(ret_principal, size, "%s", principal != NULL ? principal : "");
	const int copy = copy_file(fd, file, sizeof file, fault);
	if (copy < 0)
		return KDC_FAILED;
	const krb5_error_code code = read_keytab(kdc, file, ret_principal, size, &keys);
	(void)close(copy);
	if (code != 0)
		return unusable(code, "keytab", fault);
	return try_versions(kdc, ret_principal, &keys, service, ret_ticket, fault);
}
