/* Where retrust keeps its files; the directories come from the Makefile (the contract's table). */
#ifndef RETRUST_PATHS_H
#define RETRUST_PATHS_H

#define PATH_CONF RT_SYSCONFDIR "/retrust.conf"
#define PATH_SMBCONF RT_SYSCONFDIR "/samba/smb.conf"
#define PATH_SSSDCONF RT_SYSCONFDIR "/sssd/sssd.conf"
#define PATH_STATE RT_STATEDIR
#define PATH_IDENTITY RT_STATEDIR "/identity.json"
#define PATH_JOURNAL RT_STATEDIR "/journal"
#define PATH_SPARE RT_STATEDIR "/spare.keytab"
#define PATH_KEYTAB_BACKUP RT_STATEDIR "/keytab.previous"
#define PATH_LOCK RT_STATEDIR "/lock"
#define PATH_CACHE RT_CACHEDIR
#define PATH_IDENTITIES RT_CACHEDIR "/identities"
#define PATH_PEOPLE_LOCK RT_STATEDIR "/identities.lock"
#define PATH_RUN RT_RUNDIR
#define PATH_HEALTH RT_RUNDIR "/health"

#endif
