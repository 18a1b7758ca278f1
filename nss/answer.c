/* The module's answers, see answer.h. */
#include "answer.h"

#include "caller.h"
#include "question.h"
#include "verdict.h"

#include <errno.h>

static enum nss_status status_of(enum look look, int *errnop)
{
	switch (look) {
	case LOOK_FOUND:
		return NSS_STATUS_SUCCESS;
	case LOOK_SHORT:
		*errnop = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	case LOOK_AGAIN:
		*errnop = EAGAIN;
		return NSS_STATUS_TRYAGAIN;
	default:
		return NSS_STATUS_NOTFOUND;
	}
}

static bool is_cut_off(enum verdict verdict)
{
	return verdict == VERDICT_CUT_OFF || verdict == VERDICT_BROKEN;
}

static bool may_answer(enum verdict verdict)
{
	return is_cut_off(verdict) && caller_kind() != CALLER_INNER;
}

/* After a repair the verdict is a healthy one; what the helper has just written is the live source's own word. */
static enum look look_after_question(const struct query *query, find_use *use, struct pack *pack)
{
	enum question asked = question_ask(query);
	verdict_forget();
	switch (asked) {
	case QUESTION_YES:
		return find_one(query, VIEW_FRESH, use, pack);
	case QUESTION_BUSY:
		return LOOK_AGAIN;
	default:
		return LOOK_ABSENT;
	}
}

enum nss_status answer_one(const struct query *query, struct pack *pack, int *errnop)
{
	enum verdict verdict = verdict_now();
	enum look look = LOOK_ABSENT;
	if (verdict == VERDICT_NOTHING || caller_kind() == CALLER_INNER)
		return NSS_STATUS_NOTFOUND;
	find_use *use = query->group ? pack_group : pack_user;
	if (is_cut_off(verdict))
		look = find_one(query, VIEW_RECENT, use, pack);
	if (look == LOOK_ABSENT && verdict != VERDICT_CUT_OFF)
		look = look_after_question(query, use, pack);
	return status_of(look, errnop);
}

enum nss_status answer_next(bool group, _Atomic uint64_t *pos, struct pack *pack, int *errnop)
{
	if (!may_answer(verdict_now()))
		return NSS_STATUS_NOTFOUND;
	return status_of(find_next(group, pos, group ? pack_group : pack_user, pack), errnop);
}

/* The helper isn't asked here. libc puts this question to every module whenever a session or a job begins, for root and
 * the local users too; and who wants to know the groups of somebody never seen has asked for the user before. */
enum nss_status answer_gids(const char *user, struct pack_gids *gids, int *errnop)
{
	struct query query = { .name = user };
	if (!may_answer(verdict_now()))
		return NSS_STATUS_NOTFOUND;
	enum nss_status status = status_of(find_one(&query, VIEW_RECENT, pack_gids, gids), errnop);
	if (!gids->no_memory)
		return status;
	*errnop = ENOMEM;
	return NSS_STATUS_TRYAGAIN;
}
