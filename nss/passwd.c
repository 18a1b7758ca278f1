/* NSS entry points for passwd: names and signatures are libc's. */
#include "entry.h"

#include "verdict.h"

static _Atomic uint64_t position;

/* Out of the entry points, so that what they do on a healthy host stays small. */
static __attribute__((noinline)) enum nss_status find_user(struct query query, struct pack pack, int *errnop)
{
	return answer_one(&query, &pack, errnop);
}

enum nss_status _nss_retrust_getpwnam_r(const char *name, struct passwd *pwd, char *buffer, size_t size, int *errnop)
{
	if (verdict_is_nothing())
		return NSS_STATUS_NOTFOUND;
	return find_user((struct query){ .name = name }, (struct pack){ .pwd = pwd, .buffer = buffer, .size = size },
	                 errnop);
}

enum nss_status _nss_retrust_getpwuid_r(uid_t uid, struct passwd *pwd, char *buffer, size_t size, int *errnop)
{
	if (verdict_is_nothing())
		return NSS_STATUS_NOTFOUND;
	return find_user((struct query){ .id = uid }, (struct pack){ .pwd = pwd, .buffer = buffer, .size = size },
	                 errnop);
}

enum nss_status _nss_retrust_setpwent(int stay_open)
{
	(void)stay_open;
	atomic_store(&position, 0);
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_retrust_getpwent_r(struct passwd *pwd, char *buffer, size_t size, int *errnop)
{
	struct pack pack = { .pwd = pwd, .buffer = buffer, .size = size };
	return answer_next(false, &position, &pack, errnop);
}

enum nss_status _nss_retrust_endpwent(void)
{
	atomic_store(&position, 0);
	return NSS_STATUS_SUCCESS;
}
