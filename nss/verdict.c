/* Reading the health record now and then, see verdict.h.
 *
 * The record isn't mapped: somebody who empties a mapped file kills all that read it with SIGBUS, and this code is in
 * every process of the host. So one word keeps what was read and until when that counts. A change shows within
 * VERDICT_EVERY_MS, and at once in a process that starts, or that asked the helper.
 */
#include "verdict.h"

#include "../helper/base/deadline.h"

#include <retrust/health.h>

#include <errno.h>
#include <pthread.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

_Atomic uint64_t verdict_word;

/* Remembered identities count where the host can't ask its domain. Where it can (the key works and only logons fail, a
 * read-only domain controller answers, another domain's trust is broken), the live source's "no such user" is the
 * truth, and who was deleted stays so. A state that cuts off only one of SSSD and winbind counts as cut off. */
static enum verdict judge(uint32_t condition)
{
	switch (condition) {
	case RT_COND_HEALTHY:
	case RT_COND_UNKNOWN:
	case RT_COND_NOT_JOINED:
	case RT_COND_KEYTAB_STALE_KVNO:
	case RT_COND_NAME_TRUNCATED:
	case RT_COND_READ_ONLY_DC:
	case RT_COND_SPN_MISSING:
	case RT_COND_SPN_DUPLICATE:
	case RT_COND_USER_DOMAIN_TRUST_BROKEN:
		return VERDICT_NOTHING;
	default:
		break;
	}
	if (condition >= RT_COND_COUNT)
		return VERDICT_NOTHING;
	const struct rt_condition_info *info = condition_info((enum rt_condition)condition);
	return info->mendable || info->at_logon == RT_LOGON_KB ? VERDICT_BROKEN : VERDICT_CUT_OFF;
}

static enum verdict read_record(void)
{
	struct rt_health health;
	if (!health_read(RT_RUNDIR "/" RT_HEALTH_FILE, &health))
		return VERDICT_NOTHING;
	uint64_t age = deadline_boot_ms() - health.checked_boot_ms;
	if (age > DAY_MS) /* one of the future wraps round to old */
		return VERDICT_NOTHING;
	if (health.condition == RT_COND_HEALTHY && age > VERDICT_OLD_MS)
		return VERDICT_OLD;
	return judge(health.condition);
}

void verdict_forget(void)
{
	atomic_store_explicit(&verdict_word, 0, memory_order_relaxed);
}

enum verdict verdict_now(void)
{
	uint64_t seen = atomic_load_explicit(&verdict_word, memory_order_relaxed);
	uint64_t now = verdict_clock_ms();
	if (now < seen >> VERDICT_BITS)
		return (enum verdict)(seen & VERDICT_MASK);
	int error = errno;
	int cancel;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* or the descriptor would stay open */
	enum verdict verdict = read_record();
	(void)pthread_setcancelstate(cancel, NULL);
	errno = error;
	uint64_t next = (now + VERDICT_EVERY_MS) << VERDICT_BITS | (uint64_t)verdict;
	atomic_store_explicit(&verdict_word, next, memory_order_relaxed);
	return verdict;
}
