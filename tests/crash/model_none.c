/* The parts of helper/directory/ that the crash tests never reach: an administrator's credential. */
#include "../../helper/directory/companion.h"

#include <stdio.h>
#include <stdlib.h>

static void never(const char *name)
{
	(void)fprintf(stderr, "the model has no %s\n", name);
	abort();
}

int32_t kdc_from_ccache(struct kdc *kdc, int fd, char *ret_principal, size_t size, struct kdc_ticket **ret_ticket,
                        struct fault *fault)
{
	(void)kdc, (void)fd, (void)ret_principal, (void)size, (void)ret_ticket, (void)fault;
	never(__func__);
	return KDC_FAILED;
}

int32_t kdc_from_keytab(struct kdc *kdc, int fd, const char *principal, const char *service, char *ret_principal,
                        size_t size, struct kdc_ticket **ret_ticket, struct fault *fault)
{
	(void)principal, (void)service;
	return kdc_from_ccache(kdc, fd, ret_principal, size, ret_ticket, fault);
}

LDAP *ldapconn_gssapi(struct kdc *kdc, const struct kdc_ticket *tgt, struct deadline deadline, struct fault *fault)
{
	(void)kdc, (void)tgt, (void)deadline, (void)fault;
	never(__func__);
	return NULL;
}

int ldapconn_fingerprint(const struct dc *dc, struct deadline deadline, char *ret_text, size_t size,
                         struct fault *fault)
{
	(void)dc, (void)deadline, (void)ret_text, (void)size, (void)fault;
	never(__func__);
	return -1;
}

LDAP *ldapconn_tls(const struct dc *dc, const char *realm, const char *user, const struct secret *password,
                   const struct tls_trust *trust, struct deadline deadline, struct fault *fault)
{
	(void)dc, (void)realm, (void)user, (void)password, (void)trust;
	return ldapconn_gssapi(NULL, NULL, deadline, fault);
}

int account_domain(LDAP *ld, char *ret_base, size_t base_size, char *ret_sid, size_t sid_size, struct fault *fault)
{
	(void)ld, (void)ret_base, (void)base_size, (void)ret_sid, (void)sid_size, (void)fault;
	never(__func__);
	return -1;
}

int account_find(LDAP *ld, const char *base, const char *sam_name, struct account *ret_account, struct fault *fault)
{
	(void)ld, (void)base, (void)sam_name, (void)ret_account, (void)fault;
	never(__func__);
	return -1;
}

enum set_result account_set_password(LDAP *ld, const char *dn, const struct secret *password, struct fault *fault)
{
	(void)ld, (void)dn, (void)password, (void)fault;
	never(__func__);
	return SET_REFUSED;
}

void companion_name(const char *account, char *buf, size_t size)
{
	(void)account, (void)buf, (void)size;
	never(__func__);
}

enum set_result companion_make(LDAP *ld, struct kdc *kdc, const struct kdc_ticket *admin_tgt, const char *base,
                               const char *container, const char *account, const struct secret *password,
                               struct deadline deadline, char *ret_dn, size_t dn_size, struct fault *fault)
{
	(void)ld, (void)kdc, (void)admin_tgt, (void)base, (void)container, (void)account, (void)password, (void)deadline;
	(void)ret_dn, (void)dn_size, (void)fault;
	never(__func__);
	return SET_REFUSED;
}

int companion_remove(LDAP *ld, const char *base, const char *account, struct fault *fault)
{
	(void)ld, (void)base, (void)account, (void)fault;
	never(__func__);
	return -1;
}
