/* The module that returns at once: what a miss can cost at least. */
#include <nss.h>
#include <pwd.h>
#include <stddef.h>

__attribute__((visibility("default"))) enum nss_status _nss_null_getpwnam_r(const char *name, struct passwd *pwd,
                                                                            char *buffer, size_t size, int *errnop);

enum nss_status _nss_null_getpwnam_r(const char *name, struct passwd *pwd, char *buffer, size_t size, int *errnop)
{
	(void)name, (void)pwd, (void)buffer, (void)size, (void)errnop;
	return NSS_STATUS_NOTFOUND;
}
