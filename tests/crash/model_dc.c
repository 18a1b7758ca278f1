/* A model of a domain controller, see model_dc.h. Keys are a plain hash of password, salt and enctype: what matters here is only
 * that equal passwords make equal keys and others don't. */
#include "model_dc.h"

#include "../../helper/directory/account.h"
#include "../../helper/directory/companion.h"
#include "../../helper/directory/netlogon.h"
#include "../../helper/directory/samr_lookup.h"
#include "../../helper/directory/smb_logon.h"
#include "../../helper/probe/nt4_locate.h"
#include "cut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { AES256 = 18, AES128 = 17, CLIENT_UNKNOWN = 6, PREAUTH_FAILED = 24 };
#define SALT "model"

struct model_dc *model;

struct kdc {
	struct dc dc;
};

struct kdc_ticket {
	bool spare;
	int32_t kvno;
	struct secret key; /* the account's at that time */
};

void model_start(void)
{
	model = mmap(NULL, sizeof *model, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (model == MAP_FAILED)
		abort();
}

static void make_key(const struct secret *password, const char *salt, int32_t enctype, struct secret *ret_key)
{
	uint64_t hash = 14695981039346656037u ^ (uint64_t)(uint32_t)enctype;
	uint8_t bytes[32];
	for (size_t i = 0; i < password->len; i++)
		hash = (hash ^ password->bytes[i]) * 1099511628211u;
	for (const char *c = salt; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 1099511628211u;
	for (size_t i = 0; i < sizeof bytes; i++) {
		hash = (hash ^ i) * 1099511628211u;
		bytes[i] = (uint8_t)(hash >> 32);
	}
	(void)secret_set(ret_key, bytes, enctype == AES256 ? 32 : 16);
}

static struct kdc_ticket *new_ticket(bool spare)
{
	struct kdc_ticket *ticket = calloc(1, sizeof *ticket);
	ticket->spare = spare;
	ticket->kvno = model->kvno;
	make_key(&model->password, SALT, AES256, &ticket->key);
	return ticket;
}

static const struct secret *password_of(const char *principal)
{
	if (strcmp(principal, "M1$") == 0)
		return &model->password;
	return strcmp(principal, "M1-spare") == 0 ? &model->spare : NULL;
}

static int32_t judge(const char *principal, bool right, struct kdc_ticket **ret_ticket)
{
	cut_here();
	if (password_of(principal) == NULL)
		return CLIENT_UNKNOWN;
	if (!right)
		return PREAUTH_FAILED;
	if (ret_ticket != NULL)
		*ret_ticket = new_ticket(strcmp(principal, "M1-spare") == 0);
	return 0;
}

static enum locate_result found(struct dc *ret_dc)
{
	cut_here();
	memset(ret_dc, 0, sizeof *ret_dc);
	(void)snprintf(ret_dc->host, sizeof ret_dc->host, "dc1.model");
	(void)snprintf(ret_dc->address, sizeof ret_dc->address, "model");
	ret_dc->pdc = true;
	return LOCATE_FOUND;
}

enum locate_result locate_pdc(const char *realm, struct deadline deadline, struct dc *ret_dc, struct fault *fault)
{
	(void)realm, (void)deadline, (void)fault;
	return found(ret_dc);
}

enum locate_result locate_any(const char *realm, struct deadline deadline, struct dc *ret_dc, struct fault *fault)
{
	return locate_pdc(realm, deadline, ret_dc, fault);
}

enum locate_result locate_named(const char *host, const char *realm, struct deadline deadline, struct dc *ret_dc,
                                struct fault *fault)
{
	(void)host;
	return locate_pdc(realm, deadline, ret_dc, fault);
}

/* The same DC as a PDC of an NT4-style domain. */
enum locate_result nt4_locate(const char *named, const struct smbconf *conf, const char *domain,
                              struct deadline deadline, struct dc *ret_dc, struct fault *fault)
{
	(void)named, (void)conf, (void)domain, (void)deadline, (void)fault;
	const enum locate_result result = found(ret_dc);
	ret_dc->nt4 = true;
	return result;
}

enum samr_lookup samr_lookup(const struct dc *dc, const char *sid, const char *account, struct deadline deadline,
                             struct fault *fault)
{
	(void)dc, (void)sid, (void)account, (void)deadline, (void)fault;
	cut_here();
	return SAMR_LOOKUP_PRESENT;
}

int kdc_open(const char *realm, const struct dc *dc, struct deadline deadline, struct kdc **ret_kdc,
             struct fault *fault)
{
	(void)realm, (void)deadline, (void)fault;
	*ret_kdc = calloc(1, sizeof **ret_kdc);
	(*ret_kdc)->dc = *dc;
	return 0;
}

void kdc_close(struct kdc *kdc)
{
	free(kdc);
}

int32_t kdc_clock_offset(const struct kdc *kdc)
{
	(void)kdc;
	return 0;
}

int32_t kdc_as_keys(struct kdc *kdc, const char *principal, const struct machine_keys *keys, const char *service,
                    struct kdc_ticket **ret_ticket, struct fault *fault)
{
	(void)kdc, (void)service, (void)fault;
	bool right = false;
	SECRET_AUTO key = { 0 };
	const struct secret *password = password_of(principal);
	for (size_t i = 0; password != NULL && i < keys->count; i++) {
		make_key(password, SALT, keys->key[i].enctype, &key);
		right = right || secret_equal(&key, &keys->key[i].key);
	}
	return judge(principal, right, ret_ticket);
}

int32_t kdc_as_password(struct kdc *kdc, const char *principal, const struct secret *password, const char *service,
                        struct kdc_ticket **ret_ticket, struct fault *fault)
{
	(void)kdc, (void)service, (void)fault;
	const struct secret *have = password_of(principal);
	return judge(principal, have != NULL && secret_equal(have, password), ret_ticket);
}

int32_t kdc_tgs(struct kdc *kdc, const struct kdc_ticket *tgt, const char *service, struct kdc_ticket **ret_ticket,
                struct fault *fault)
{
	(void)kdc, (void)service, (void)fault;
	cut_here();
	*ret_ticket = new_ticket(tgt->spare);
	return 0;
}

int kdc_ticket_kvno(const struct kdc_ticket *ticket, int32_t *ret_kvno, int32_t *ret_enctype)
{
	*ret_kvno = ticket->kvno;
	*ret_enctype = AES256;
	return 0;
}

int32_t kdc_ticket_opens(struct kdc *kdc, const struct kdc_ticket *ticket, const struct machine_keys *keys)
{
	(void)kdc;
	int32_t code = 44;
	for (size_t i = 0; i < keys->count; i++)
		if (keys->key[i].kvno == ticket->kvno && keys->key[i].enctype == AES256)
			code = secret_equal(&keys->key[i].key, &ticket->key) ? 0 : 31;
	return code;
}

void kdc_ticket_free(struct kdc_ticket *ticket)
{
	free(ticket);
}

int32_t kdc_salt(struct kdc *kdc, const char *principal, char *ret_salt, size_t size, struct fault *fault)
{
	(void)kdc, (void)fault;
	cut_here();
	(void)snprintf(ret_salt, size, SALT);
	return password_of(principal) != NULL ? 0 : CLIENT_UNKNOWN;
}

int kdc_derive(struct kdc *kdc, const struct secret *password, const char *salt, int32_t kvno, bool rc4,
               struct machine_keys *ret_keys, struct fault *fault)
{
	static const int32_t enctypes[] = { AES256, AES128 };
	(void)kdc, (void)rc4, (void)fault;
	machine_keys_wipe(ret_keys);
	for (size_t i = 0; i < 2; i++) {
		ret_keys->key[i].kvno = kvno;
		ret_keys->key[i].enctype = enctypes[i];
		make_key(password, salt, enctypes[i], &ret_keys->key[i].key);
		ret_keys->count++;
	}
	return 0;
}

/* One set, whichever way it comes. */
static enum set_result set(const struct secret *password, struct fault *fault)
{
	enum model_fate fate = model->fate;
	model->fate = MODEL_NORMAL;
	cut_here();
	if (fate == MODEL_REFUSES)
		return (void)fault_set(fault, FAULT_REFUSED, "the model refuses"), SET_REFUSED;
	if (fate != MODEL_REQUEST_LOST) {
		model->password = *password;
		model->kvno++;
		model->sets++;
	}
	cut_here();
	if (fate != MODEL_NORMAL)
		return (void)fault_set(fault, FAULT_UNSURE, "no answer"), SET_UNKNOWN;
	return SET_DONE;
}

enum set_result kpasswd_set(struct kdc *kdc, const struct kdc_ticket *changepw, const char *target,
                            const struct secret *password, struct deadline deadline, int *ret_code, struct fault *fault)
{
	(void)kdc, (void)target, (void)deadline, (void)changepw;
	if (ret_code != NULL)
		*ret_code = model->kpasswd_closed ? KPASSWD_NO_SERVICE : -1;
	if (!model->kpasswd_closed)
		return set(password, fault);
	cut_here();
	return (void)fault_set(fault, FAULT_UNSURE, "connection refused"), SET_REFUSED;
}

/* The model's NT hash is the AES128 key: of 16 bytes too. */
bool netlogon_hash_of_keys(const struct machine_keys *keys, int32_t kvno, struct secret *ret_hash)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->key[i].kvno == kvno && keys->key[i].enctype == AES128)
			return secret_set(ret_hash, keys->key[i].key.bytes, keys->key[i].key.len);
	return false;
}

static bool is_nt_hash(const struct secret *nt_hash)
{
	SECRET_AUTO right = { 0 };
	make_key(&model->password, SALT, AES128, &right);
	cut_here();
	return secret_equal(&right, nt_hash);
}

uint32_t netlogon_verify(const struct dc *dc, const char *account, const char *computer, const struct secret *nt_hash,
                         struct deadline deadline, struct fault *fault)
{
	(void)dc, (void)account, (void)computer, (void)deadline, (void)fault;
	return is_nt_hash(nt_hash) ? 0 : 0xC0000022;
}

/* Whether it is asked follows from a winbindd on the machine that the tests run on, and the points mustn't. */
bool smb_logon_proves(const struct dc *dc, const struct smb_logon *logon, struct deadline deadline, struct fault *fault)
{
	(void)dc, (void)logon, (void)deadline;
	return fault_set(fault, FAULT_UNSURE, "the model takes no sessions") == 0;
}

enum set_result netlogon_set_password(const struct dc *dc, const char *account, const char *computer,
                                      const struct secret *nt_hash, const struct secret *new_password,
                                      struct deadline deadline, uint32_t *ret_ntstatus, struct fault *fault)
{
	(void)dc, (void)account, (void)computer, (void)deadline, (void)ret_ntstatus;
	if (!is_nt_hash(nt_hash))
		return (void)fault_set(fault, FAULT_BROKEN, "the model answers with 0xC0000022"), SET_REFUSED;
	return set(new_password, fault);
}

int netlogon_hash_of_password(const struct secret *password, struct secret *ret_hash)
{
	make_key(password, SALT, AES128, ret_hash);
	return 0;
}

int ldapconn_ping(const struct dc *dc, const char *realm, const char *account, struct deadline deadline,
                  struct ping *ret_ping, struct fault *fault)
{
	(void)dc, (void)realm, (void)account, (void)deadline, (void)ret_ping;
	return fault_set(fault, FAULT_UNSURE, "the model has no LDAP");
}
