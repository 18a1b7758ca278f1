/* SSSD, see sssd.h. Its own tools need D-Bus or a second; the signal and the file need neither. */
#include "sssd.h"

#include "../base/paths.h"
#include "process.h"
#include "socket.h"
#include "start.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SSSD_PUBCONF "/var/lib/sss/pubconf/kdcinfo."
#define SSSD_TICKET "/var/lib/sss/db/ccache_"
#define SSSD_PIPE "/var/lib/sss/pipes/pam"
#define SSSD_PROGRAM "/usr/sbin/sssd"
#define SSSD_PID "/run/sssd.pid"
#define SSSD_USER "sssd"

enum { MAYBE_MS = 800, AGAIN_MS = 400 };

static const int ldap_ports[] = { 389, 636, 3268, 3269, 0 };

static bool has_published(const char *realm)
{
	char path[512];
	(void)snprintf(path, sizeof path, SSSD_PUBCONF "%.255s", realm);
	return access(path, F_OK) == 0;
}

static void count_connections(pid_t pid, void *data)
{
	int *count = data;
	*count += socket_established(pid, ldap_ports);
}

static bool is_connected(void)
{
	int count = 0;
	(void)process_each("sssd_be", SSSD_USER, count_connections, &count);
	return count > 0;
}

enum sssd_state sssd_state(const char *realm)
{
	if (access(PATH_SSSDCONF, F_OK) != 0 || access(SSSD_PROGRAM, X_OK) != 0)
		return SSSD_ABSENT;
	if (process_each("sssd_be", SSSD_USER, NULL, NULL) == 0)
		return SSSD_STOPPED;
	if (!has_published(realm))
		return SSSD_OFFLINE;
	return is_connected() ? SSSD_ONLINE : SSSD_MAYBE;
}

struct family {
	pid_t pid;
	bool is_backend;
};

static void look_at_parent(pid_t pid, void *data)
{
	struct family *family = data;
	family->is_backend = family->is_backend || pid == family->pid;
}

/* A child that a backend has just forked still bears its name; to it the signal is deadly. */
static void wake(pid_t pid, void *data)
{
	struct family parent = { .pid = (pid_t)process_number(pid, "PPid:") };
	(void)data;
	(void)process_each("sssd_be", SSSD_USER, look_at_parent, &parent);
	if (!parent.is_backend)
		(void)kill(pid, SIGUSR2);
}

/* Its monitor ends its children. */
static const char *const daemon_argv[] = { SSSD_PROGRAM, "-D", NULL };
static const struct start_service sssd = { .unit = "sssd.service", .pid_file = SSSD_PID, .daemon = daemon_argv };

/* The ticket with which the backend serves itself: it gets a new one each time it comes online. */
struct ticket {
	ino_t inode;
	struct timespec written;
};

static struct ticket look_at_ticket(const char *realm)
{
	char path[512];
	struct stat st;
	(void)snprintf(path, sizeof path, SSSD_TICKET "%.255s", realm);
	if (stat(path, &st) != 0)
		return (struct ticket){ 0 };
	return (struct ticket){ .inode = st.st_ino, .written = st.st_mtim };
}

static bool is_new(const struct ticket *ticket, const struct ticket *before)
{
	return ticket->inode != 0 &&
	       (ticket->inode != before->inode || ticket->written.tv_sec != before->written.tv_sec ||
	        ticket->written.tv_nsec != before->written.tv_nsec);
}

enum { IDLE_MS = 15 };

/* Runnable and waiting for a processor isn't asleep: then the number is another one each time. */
static void count_sleeps(pid_t pid, void *data)
{
	char path[64], stat[256] = "";
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	bool asleep = file != NULL && fgets(stat, sizeof stat, file) != NULL && strstr(stat, ") S ") != NULL;
	if (file != NULL)
		(void)fclose(file);
	*(long *)data += asleep ? process_number(pid, "voluntary_ctxt_switches:") : -deadline_now_ms();
}

/* The ticket is written before the backend has bound with it and calls itself online; a busy one takes its time. One
 * that has not woken up for a while has no work left. */
static void wait_idle(struct deadline deadline)
{
	long before = -1;
	while (deadline_left_ms(deadline) > 0) {
		long now = 0;
		(void)process_each("sssd_be", SSSD_USER, count_sleeps, &now);
		if (now == before && is_connected())
			return;
		before = now;
		(void)poll(NULL, 0, IDLE_MS);
	}
}

static bool wait_online(const char *realm, const struct ticket *before, struct deadline deadline)
{
	for (;;) {
		struct ticket now = look_at_ticket(realm);
		if (is_new(&now, before) && access(SSSD_PIPE, F_OK) == 0)
			return true;
		if (deadline_left_ms(deadline) == 0)
			return false;
		(void)poll(NULL, 0, 2);
	}
}

/* A backend that is just trying, with the broken keytab still, takes no notice: it is told again until it comes. */
static void wake_backends(const char *realm, const struct ticket *before, struct deadline deadline)
{
	do
		(void)process_each("sssd_be", SSSD_USER, wake, NULL);
	while (!wait_online(realm, before, deadline_cap(deadline, AGAIN_MS)) && deadline_left_ms(deadline) > 0);
}

bool sssd_notice(const char *realm, struct deadline deadline, const struct teller *teller)
{
	enum sssd_state state = sssd_state(realm);
	if (state == SSSD_ABSENT || state == SSSD_ONLINE)
		return false;
	struct ticket before = look_at_ticket(realm);
	if (state == SSSD_MAYBE) /* an idle one gets no new ticket */
		deadline = deadline_cap(deadline, MAYBE_MS);
	/* One that never was online with this cache doesn't know the domain's range of ids: told that it is online it
	 * still finds nobody for a minute. */
	bool restart = state == SSSD_STOPPED || before.inode == 0;
	if (restart)
		start_again(&sssd, deadline);
	else
		wake_backends(realm, &before, deadline);
	if (!wait_online(realm, &before, deadline))
		return false;
	wait_idle(deadline);
	teller_step(teller, restart ? RT_STEP_START : RT_STEP_TELL, "sssd", NULL);
	return true;
}
