/* What libnss_retrust.so.2 exports. The calls, their statuses and errno are glibc's contract for NSS modules. */
#ifndef RETRUST_NSS_ENTRY_H
#define RETRUST_NSS_ENTRY_H

#include "answer.h"

#pragma GCC visibility push(default)

enum nss_status _nss_retrust_getpwnam_r(const char *name, struct passwd *pwd, char *buffer, size_t size, int *errnop);
enum nss_status _nss_retrust_getpwuid_r(uid_t uid, struct passwd *pwd, char *buffer, size_t size, int *errnop);
enum nss_status _nss_retrust_setpwent(int stay_open);
enum nss_status _nss_retrust_getpwent_r(struct passwd *pwd, char *buffer, size_t size, int *errnop);
enum nss_status _nss_retrust_endpwent(void);

enum nss_status _nss_retrust_getgrnam_r(const char *name, struct group *grp, char *buffer, size_t size, int *errnop);
enum nss_status _nss_retrust_getgrgid_r(gid_t gid, struct group *grp, char *buffer, size_t size, int *errnop);
enum nss_status _nss_retrust_setgrent(int stay_open);
enum nss_status _nss_retrust_getgrent_r(struct group *grp, char *buffer, size_t size, int *errnop);
enum nss_status _nss_retrust_endgrent(void);
enum nss_status _nss_retrust_initgroups_dyn(const char *user, gid_t group, long *start, long *size, gid_t **groupsp,
                                            long limit, int *errnop);

#pragma GCC visibility pop

#endif
