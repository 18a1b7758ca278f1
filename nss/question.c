/* Asking the helper, see question.h.
 *
 * Whoever waits here may be a logon, or a boot: so there is an end to it whatever the helper does, a pause after each
 * question in vain, and one question at a time.
 */
#include "question.h"

#include "../helper/base/deadline.h"
#include "caller.h"
#include "verdict.h"

#include <retrust/client.h>
#include <retrust/identities.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { VAIN_NAMES = 64 };

static _Atomic bool asking;
static _Atomic uint64_t pause_until;      /* verdict_clock_ms() */
static _Atomic uint64_t vain[VAIN_NAMES]; /* by hash: the hash, and below it until when, in units of 1024 ms */

static uint64_t vain_time(uint64_t ms)
{
	return ms >> 10 & UINT32_MAX;
}

static bool was_in_vain(uint32_t hash)
{
	uint64_t entry = atomic_load_explicit(&vain[hash % VAIN_NAMES], memory_order_relaxed);
	return entry >> 32 == hash && vain_time(verdict_clock_ms()) < (entry & UINT32_MAX);
}

static void note_in_vain(uint32_t hash)
{
	uint64_t now = verdict_clock_ms();
	atomic_store_explicit(&vain[hash % VAIN_NAMES], (uint64_t)hash << 32 | vain_time(now + QUESTION_MEMORY_MS),
	                      memory_order_relaxed);
	atomic_store_explicit(&pause_until, now + QUESTION_PAUSE_MS, memory_order_relaxed);
}

static bool send_request(int sock, struct rt_msg *msg, const struct query *query, struct deadline deadline)
{
	proto_begin(msg, RT_MSG_REQUEST);
	proto_put_u32(msg, RT_TAG_VERB, RT_VERB_LOOKUP);
	proto_put_u32(msg, RT_TAG_TIMEOUT_MS, QUESTION_REPAIR_MS);
	proto_put_u32(msg, RT_TAG_KIND, query->group ? RT_LOOKUP_GROUP_NAME : RT_LOOKUP_USER_NAME);
	proto_put_text(msg, RT_TAG_NAME, query->name);
	return proto_send(sock, msg, -1, deadline_left_ms(deadline)) == 0;
}

/* A step means that a repair is under way: worth a longer wait. */
static bool hear(int sock, struct rt_msg *msg, int64_t began, struct deadline deadline)
{
	for (;;) {
		int left = deadline_left_ms(deadline);
		uint32_t retry = 0;
		switch (left > 0 ? proto_recv(sock, msg, NULL, left) : -1) {
		case RT_MSG_STEP:
			deadline.at_ms = began + QUESTION_REPAIR_MS;
			break;
		case RT_MSG_RESULT:
			return proto_get_u32(msg, RT_TAG_RETRY, &retry) && retry == 1;
		default:
			return false;
		}
	}
}

static bool ask(const struct query *query, struct rt_msg *msg)
{
	int64_t began = deadline_now_ms();
	struct deadline deadline = { .at_ms = began + QUESTION_LIMIT_MS };
	int sock = client_connect(&client_default_door, QUESTION_LIMIT_MS);
	if (sock < 0)
		return false;
	bool known = send_request(sock, msg, query, deadline) && hear(sock, msg, began, deadline);
	(void)close(sock);
	return known;
}

/* The message is too large for a small thread's stack, and the heap may be the caller's business just now. */
static bool ask_with_message(const struct query *query)
{
	int error = errno;
	int cancel;
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	void *msg = mmap(NULL, sizeof(struct rt_msg), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool known = msg != MAP_FAILED && ask(query, msg);
	if (msg != MAP_FAILED)
		(void)munmap(msg, sizeof(struct rt_msg));
	(void)pthread_setcancelstate(cancel, NULL);
	errno = error;
	return known;
}

static bool is_name(const char *name, size_t len)
{
	if (len == 0 || len > RT_NAME_MAX)
		return false;
	for (; *name != '\0'; name++) {
		if ((unsigned char)*name < 0x20 || *name == 0x7f || *name == ':')
			return false;
	}
	return true;
}

enum question question_ask(const struct query *query)
{
	size_t len = query->name != NULL ? strlen(query->name) : 0;
	if (caller_kind() != CALLER_ANY || !is_name(query->name, len))
		return QUESTION_NO;
	uint32_t hash = identities_hash(query->name, len) ^ (query->group ? UINT32_MAX : 0);
	if (was_in_vain(hash))
		return QUESTION_NO;
	if (atomic_exchange(&asking, true))
		return QUESTION_BUSY;
	bool known = false;
	if (verdict_clock_ms() >= atomic_load_explicit(&pause_until, memory_order_relaxed)) {
		known = ask_with_message(query);
		if (!known)
			note_in_vain(hash);
	}
	atomic_store(&asking, false);
	return known ? QUESTION_YES : QUESTION_NO;
}

void question_after_fork(void)
{
	atomic_store(&asking, false);
}
