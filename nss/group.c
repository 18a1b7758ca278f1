/* NSS entry points for group and initgroups: names and signatures are libc's. */
#include "entry.h"

#include "verdict.h"

static _Atomic uint64_t position;

/* Out of the entry points, so that what they do on a healthy host stays small. */
static __attribute__((noinline)) enum nss_status find_group(struct query query, struct pack pack, int *errnop)
{
	return answer_one(&query, &pack, errnop);
}

enum nss_status _nss_retrust_getgrnam_r(const char *name, struct group *grp, char *buffer, size_t size, int *errnop)
{
	if (verdict_is_nothing())
		return NSS_STATUS_NOTFOUND;
	return find_group((struct query){ .group = true, .name = name },
	                  (struct pack){ .grp = grp, .buffer = buffer, .size = size }, errnop);
}

enum nss_status _nss_retrust_getgrgid_r(gid_t gid, struct group *grp, char *buffer, size_t size, int *errnop)
{
	if (verdict_is_nothing())
		return NSS_STATUS_NOTFOUND;
	return find_group((struct query){ .group = true, .id = gid },
	                  (struct pack){ .grp = grp, .buffer = buffer, .size = size }, errnop);
}

enum nss_status _nss_retrust_setgrent(int stay_open)
{
	(void)stay_open;
	atomic_store(&position, 0);
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_retrust_getgrent_r(struct group *grp, char *buffer, size_t size, int *errnop)
{
	struct pack pack = { .grp = grp, .buffer = buffer, .size = size };
	return answer_next(true, &position, &pack, errnop);
}

enum nss_status _nss_retrust_endgrent(void)
{
	atomic_store(&position, 0);
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_retrust_initgroups_dyn(const char *user, gid_t group, long *start, long *size, gid_t **groupsp,
                                            long limit, int *errnop)
{
	struct pack_gids gids = { .skip = group, .start = start, .size = size, .gids = groupsp, .limit = limit };
	return answer_gids(user, &gids, errnop);
}
