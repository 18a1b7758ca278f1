/* The machine password in Samba's secrets.tdb, see samba.h. */
#include "samba.h"

#include "samba_blob.h"
#include "samba_tdb.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEY_SIZE = 128, CHANNEL_WORKSTATION = 2 };

#define PREFIX "SECRETS/"
#define PASSWORD "MACHINE_PASSWORD"
#define PREVIOUS "MACHINE_PASSWORD.PREV"
#define CHANGED "MACHINE_LAST_CHANGE_TIME"
#define CHANNEL "MACHINE_SEC_CHANNEL_TYPE"
#define INFO "MACHINE_DOMAIN_INFO"
#define SID "SID"

static TDB_DATA fetch(struct samba_tdb *db, const char *kind, const char *domain)
{
	char key[KEY_SIZE];
	(void)snprintf(key, sizeof key, PREFIX "%s/%s", kind, domain);
	return samba_tdb_fetch(db, key);
}

/* The fetchers say whether the key exists; what it holds may still be of no use. */
static bool fetch_password(struct samba_tdb *db, const char *kind, const char *domain, struct secret *ret_secret)
{
	TDB_DATA value = fetch(db, kind, domain);
	secret_wipe(ret_secret);
	if (value.dptr == NULL)
		return false;
	(void)secret_set(ret_secret, value.dptr, strnlen((const char *)value.dptr, value.dsize));
	samba_tdb_free(value);
	return true;
}

static bool fetch_u32(struct samba_tdb *db, const char *kind, const char *domain, uint32_t *ret_number)
{
	TDB_DATA value = fetch(db, kind, domain);
	*ret_number = 0;
	if (value.dptr == NULL)
		return false;
	for (size_t i = 4; value.dsize == 4 && i-- > 0;)
		*ret_number = *ret_number << 8 | value.dptr[i];
	samba_tdb_free(value);
	return true;
}

/* A blob that can't be read counts as none, as it does for Samba. */
static bool fetch_blob(struct samba_tdb *db, const char *domain, struct samba_blob *ret_blob)
{
	TDB_DATA value = fetch(db, INFO, domain);
	memset(ret_blob, 0, sizeof *ret_blob);
	if (value.dptr == NULL)
		return false;
	(void)samba_blob_parse(value.dptr, value.dsize, ret_blob);
	samba_tdb_free(value);
	return true;
}

/* Whatever it looks like to us, it is Samba's. */
static bool fetch_sid(struct samba_tdb *db, const char *domain, char ret_text[SAMBA_SID_TEXT])
{
	TDB_DATA value = fetch(db, SID, domain);
	ret_text[0] = '\0';
	if (value.dptr == NULL)
		return false;
	(void)samba_sid_text(value.dptr, value.dsize, ret_text);
	samba_tdb_free(value);
	return true;
}

/* The first of the two that says something other than current does. */
static void choose_previous(struct samba_secrets *secrets, const struct secret *first, const struct secret *second)
{
	if (first->len > 0 && !secret_equal(first, &secrets->current))
		secrets->previous = *first;
	else if (!secret_equal(second, &secrets->current))
		secrets->previous = *second;
}

/* Adds what the blob says to what the legacy keys said. */
static void merge_blob(struct samba_secrets *secrets, const struct samba_blob *blob)
{
	SECRET_AUTO legacy = secrets->current;
	SECRET_AUTO legacy_previous = secrets->previous;
	secrets->next = blob->next;
	if (blob->current.len > 0 && blob->changed_unix >= secrets->changed_unix) {
		secrets->current = blob->current;
		secrets->changed_unix = blob->changed_unix;
		secret_wipe(&secrets->previous);
		choose_previous(secrets, &legacy, blob->old.len > 0 ? &blob->old : &legacy_previous);
	} else {
		secret_wipe(&secrets->previous);
		choose_previous(secrets, &legacy_previous, &blob->current);
	}
	if (secrets->channel_type == 0)
		secrets->channel_type = blob->channel_type;
}

static void read_secrets(struct samba_tdb *db, struct samba_secrets *secrets)
{
	struct samba_blob blob;
	uint32_t changed;
	const char *domain = secrets->domain;
	bool known = fetch_password(db, PASSWORD, domain, &secrets->current);
	known |= fetch_password(db, PREVIOUS, domain, &secrets->previous);
	known |= fetch_u32(db, CHANGED, domain, &changed);
	known |= fetch_u32(db, CHANNEL, domain, &secrets->channel_type);
	known |= fetch_blob(db, domain, &blob);
	known |= fetch_sid(db, domain, secrets->sid);
	secrets->changed_unix = changed;
	merge_blob(secrets, &blob);
	samba_blob_wipe(&blob);
	if (secrets->current.len > 0)
		secrets->state = SAMBA_OK;
	else
		secrets->state = known ? SAMBA_NO_SECRET : SAMBA_NONE;
}

static bool set_domain(char domain[64], const char *name, size_t len)
{
	if (len == 0 || len >= 64 || memchr(name, '/', len) != NULL)
		return false;
	for (size_t i = 0; i < len; i++)
		domain[i] = (char)toupper((unsigned char)name[i]);
	domain[len] = '\0';
	return true;
}

/* What the keys of the file say about which domain it is of. */
struct survey {
	bool by_sid; /* look at SID/…, not at the machine keys */
	char host[64];
	char domain[64];
	char second[64];
};

static bool survey_key(const char *key, size_t len, void *arg)
{
	static const char *const machine[] = { PREFIX PASSWORD "/", PREFIX CHANNEL "/", PREFIX INFO "/" };
	static const char *const sid[] = { PREFIX SID "/" };
	struct survey *survey = arg;
	const char *const *prefixes = survey->by_sid ? sid : machine;
	size_t count = survey->by_sid ? 1 : sizeof machine / sizeof *machine;
	char domain[64];
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(prefixes[i]);
		if (len <= n || memcmp(key, prefixes[i], n) != 0 || !set_domain(domain, key + n, len - n))
			continue;
		if (strcmp(domain, survey->host) == 0 || strcmp(domain, survey->domain) == 0)
			continue;
		memcpy(survey->domain[0] == '\0' ? survey->domain : survey->second, domain, sizeof domain);
	}
	return survey->second[0] == '\0';
}

/* Every Samba keeps a SID for its own host beside the domain's; a NetBIOS name has at most 15 characters. */
static void set_host(struct survey *survey)
{
	char name[256] = "";
	if (gethostname(name, sizeof name - 1) != 0)
		return;
	size_t len = strcspn(name, ".");
	(void)set_domain(survey->host, name, len < 15 ? len : 15);
}

/* Returns 1, 0 when no domain is in the file, -1 with *fault when there are several. */
static int find_domain(struct samba_tdb *db, char domain[64], struct fault *fault)
{
	struct survey survey = { 0 };
	samba_tdb_keys(db, survey_key, &survey);
	if (survey.domain[0] == '\0') {
		set_host(&survey);
		survey.by_sid = true;
		samba_tdb_keys(db, survey_key, &survey);
	}
	if (survey.second[0] != '\0')
		return fault_set(fault, FAULT_CONFIG,
		                 "%s: holds several domains, %s and %s; which one is this host's can't be told",
		                 db->path, survey.domain, survey.second);
	memcpy(domain, survey.domain, sizeof survey.domain);
	return domain[0] != '\0';
}

static int read_open(struct samba_tdb *db, struct samba_secrets *secrets, struct fault *fault)
{
	int found = secrets->domain[0] != '\0' ? 1 : find_domain(db, secrets->domain, fault);
	if (found > 0)
		read_secrets(db, secrets);
	if (samba_tdb_sound(db, fault) != 0)
		secrets->state = SAMBA_UNREADABLE;
	else if (found < 0)
		return -1;
	return 0;
}

int samba_read(const char *path, const char *domain, struct samba_secrets *ret_secrets, struct fault *fault)
{
	struct samba_tdb db;
	memset(ret_secrets, 0, sizeof *ret_secrets);
	if (domain[0] != '\0' && !set_domain(ret_secrets->domain, domain, strlen(domain)))
		return fault_set(fault, FAULT_CONFIG, "%s: not a NetBIOS domain name: %.80s", path, domain);
	enum samba_tdb_result result = samba_tdb_open_read(&db, path, fault);
	if (result == SAMBA_TDB_FAILED)
		return -1;
	if (result == SAMBA_TDB_JUNK)
		ret_secrets->state = SAMBA_UNREADABLE;
	if (result != SAMBA_TDB_OPEN)
		return 0;
	int read = read_open(&db, ret_secrets, fault);
	samba_tdb_close(&db);
	return read;
}

static int store(const struct samba_tdb *db, const char *kind, const char *domain, TDB_DATA value, struct fault *fault)
{
	char key[KEY_SIZE];
	(void)snprintf(key, sizeof key, PREFIX "%s/%s", kind, domain);
	if (value.dptr == NULL)
		return samba_tdb_remove(db, key, fault);
	return samba_tdb_store(db, key, value.dptr, value.dsize, fault);
}

/* With its NUL, which stands behind every secret. */
static int store_password(const struct samba_tdb *db, const char *kind, const char *domain, const struct secret *secret,
                          struct fault *fault)
{
	SECRET_AUTO text = *secret;
	text.bytes[text.len] = 0;
	return store(db, kind, domain, (TDB_DATA){ .dptr = text.bytes, .dsize = text.len + 1 }, fault);
}

static int store_u32(const struct samba_tdb *db, const char *kind, const char *domain, uint32_t number,
                     struct fault *fault)
{
	uint8_t bytes[4] = { (uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
		             (uint8_t)(number >> 24) };
	return store(db, kind, domain, (TDB_DATA){ .dptr = bytes, .dsize = sizeof bytes }, fault);
}

/* Samba takes a time of 0 for "never joined". */
static uint32_t samba_time(int64_t now_unix)
{
	if (now_unix < 1)
		return 1;
	return now_unix > UINT32_MAX ? UINT32_MAX : (uint32_t)now_unix;
}

static int replace(const struct samba_tdb *db, struct samba_secrets *old, const struct secret *secret,
                   const struct secret *previous, struct fault *fault)
{
	const char *domain = old->domain;
	if (previous->len == 0)
		previous = secret_equal(&old->current, secret) ? &old->previous : &old->current;
	if (previous->len > 0 && store_password(db, PREVIOUS, domain, previous, fault) != 0)
		return -1;
	if (old->channel_type == 0 && store_u32(db, CHANNEL, domain, CHANNEL_WORKSTATION, fault) != 0)
		return -1;
	if (store_password(db, PASSWORD, domain, secret, fault) != 0)
		return -1;
	return store(db, INFO, domain, (TDB_DATA){ 0 }, fault);
}

static int write_secrets(struct samba_tdb *db, struct samba_secrets *old, const struct secret *secret,
                         const struct secret *previous, int64_t now_unix, struct fault *fault)
{
	read_secrets(db, old);
	bool known = fetch_sid(db, old->domain, old->sid);
	if (samba_tdb_sound(db, fault) != 0)
		return -1;
	if (!known)
		return fault_set(fault, FAULT_REFUSED,
		                 "%s: has no SID of the domain %s, Samba could not use a password; join it with "
		                 "`net ads join`",
		                 db->path, old->domain);
	if (replace(db, old, secret, previous, fault) != 0 ||
	    store_u32(db, CHANGED, old->domain, samba_time(now_unix), fault) != 0)
		return -1;
	return samba_tdb_commit(db, fault);
}

/* libtdb calls a commit done also where it could not take its recovery mark off the file again: then whoever opens the file
 * next puts the old content back. */
static int check_written(const char *path, const char *domain, const struct secret *secret, struct fault *fault)
{
	SAMBA_SECRETS_AUTO now = { 0 };
	if (samba_read(path, domain, &now, fault) != 0)
		return -1;
	if (now.state == SAMBA_OK && secret_equal(&now.current, secret))
		return 0;
	return fault_set(fault, FAULT_INTERNAL, "%s: the new machine password did not stay in it; look at the disk", path);
}

int samba_write(const char *path, const char *domain, const struct secret *secret, const struct secret *previous,
                int64_t now_unix, struct fault *fault)
{
	SAMBA_SECRETS_AUTO old = { 0 };
	struct samba_tdb db;
	if (secret->len == 0 || memchr(secret->bytes, 0, secret->len) != NULL)
		return fault_set(fault, FAULT_INTERNAL, "%s: the new machine password is empty or no text", path);
	if (!set_domain(old.domain, domain, strlen(domain)))
		return fault_set(fault, FAULT_CONFIG, "%s: not a NetBIOS domain name: %.80s", path, domain);
	enum samba_tdb_result result = samba_tdb_open_write(&db, path, fault);
	if (result == SAMBA_TDB_NONE)
		return fault_set(fault, FAULT_REFUSED,
		                 "%s: there is none, Samba is no member here; join it with `net ads join`", path);
	if (result != SAMBA_TDB_OPEN)
		return -1;
	int written = write_secrets(&db, &old, secret, previous, now_unix, fault);
	samba_tdb_close(&db);
	return written == 0 ? check_written(path, old.domain, secret, fault) : -1;
}

void samba_wipe(struct samba_secrets *secrets)
{
	explicit_bzero(secrets, sizeof *secrets);
}
