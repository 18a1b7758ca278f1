/* What the probes saw. No judgement: diagnose() makes a condition of it, plan() a list of rungs.
 *
 * Codes are those of directory/kdc.h: 0 accepted, > 0 a KDC error of RFC 4120, < 0 local (enum facts_code). In an NT4-style
 * domain there is no KDC: what Netlogon says is put into the same codes (probe/nt4.h), netlogon has its own word.
 */
#ifndef RETRUST_FACTS_H
#define RETRUST_FACTS_H

#include <stdbool.h>
#include <stdint.h>

/* Results of the Netlogon channel that are no NTSTATUS of the DC's begin here (directory/netlogon.h). */
#define FACTS_NETLOGON_NOT_TRIED 0xFFFFFFFFu
#define FACTS_NETLOGON_LOCAL 0xFFFFFFFDu

enum facts_code { FACTS_NOT_ASKED = -1, FACTS_UNREACHABLE = -2, FACTS_BAD_REPLY = -3, FACTS_FAILED = -4 };

/* NONE: nothing here uses one, secrets.tdb is the host's only store; the codes of "the newest key" are then its password's. */
enum facts_keytab {
	FACTS_KEYTAB_OK,
	FACTS_KEYTAB_MISSING,
	FACTS_KEYTAB_NO_KEY,
	FACTS_KEYTAB_UNREADABLE,
	FACTS_KEYTAB_NONE
};
enum facts_samba { FACTS_SAMBA_NONE, FACTS_SAMBA_OK, FACTS_SAMBA_NO_SECRET, FACTS_SAMBA_UNREADABLE };
enum facts_dc { FACTS_DC_FOUND, FACTS_DC_NOT_LOOKED, FACTS_DC_DNS_FAILURE, FACTS_DC_NONE };
enum facts_ping { FACTS_PING_NONE, FACTS_PING_ENABLED, FACTS_PING_ABSENT };

struct facts {
	/* this host */
	bool named;                /* realm and account are known, from the keytab, the settings or memory */
	bool nt4;                  /* a member of an NT4-style domain; the domain's NetBIOS name stands for the realm */
	enum facts_keytab keytab;
	bool keytab_has_aes;       /* among the newest keys; true without a keytab, a password makes any key */
	int32_t newest_kvno;       /* of the keytab, 0 = none */
	bool keytab_lags;          /* a name of ours, in another case, has no key of that kvno */
	enum facts_samba samba;    /* secrets.tdb: is it a store here, and does it hold a machine password */
	bool has_samba_next;       /* it holds the password of an interrupted rotation */
	bool clone;                /* the machine-id differs from the one at enrolment */
	bool has_spare;
	bool has_pending;          /* the journal holds an unfinished change */

	/* the DC */
	enum facts_dc dc;
	bool pdc;                  /* the DC asked is the PDC emulator */
	int32_t newest_code;       /* AS exchange with the newest keys of the keytab */
	int32_t account_code;      /* AS request without a key: 0 exists and may log on, 6, 14, 18 …; asked only where needed */
	int32_t self_code;         /* a ticket for ourselves: 0 the keytab opens it, 44 no such kvno, 31 another key, 7 no SPN */
	int32_t account_kvno;      /* as that ticket shows, 0 = unknown */
	int32_t older_kvno;        /* the newest older version in the keytab whose keys the DC takes, 0 = none */
	int32_t pending_code;      /* AS exchange with the journal's secret */
	int32_t samba_code;        /* AS exchange with secrets.tdb's password (0 too where it gives the keytab's accepted key) */
	int32_t samba_next_code;   /* … with its next_change */
	int32_t samba_previous_code; /* … with its previous password */
	int32_t spare_code;        /* AS exchange with the spare key */
	uint32_t netlogon;         /* NTSTATUS of the secure channel (MS-NRPC), or FACTS_NETLOGON_NOT_TRIED … */
	enum facts_ping ping;      /* anonymous ping: an enabled account of that name exists, or none */
	int32_t clock_offset;      /* DC minus host, seconds, 0 = unknown */
};

#endif
