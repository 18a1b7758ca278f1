/* status: what is known, without the network. Root asks the helper; everybody else reads the last verdict. */
#include "human.h"
#include "json.h"
#include "verb.h"

#include "../base/paths.h"

#include <retrust/health.h>

#include <unistd.h>

static const char *spare_name(uint32_t state)
{
	static const char *const names[] = {
		[RT_SPARE_UNKNOWN] = "unknown",
		[RT_SPARE_NONE] = "none",
		[RT_SPARE_WORKS] = "works",
		[RT_SPARE_REFUSED] = "refused",
	};
	return names[state <= RT_SPARE_REFUSED ? state : RT_SPARE_UNKNOWN];
}

static json_t *number_or_null(int64_t number, bool known)
{
	return known ? json_integer((json_int_t)number) : json_null();
}

/* A newer helper's condition is unknown here. */
static enum rt_condition condition_of(const struct rt_health *health)
{
	return health->condition < RT_COND_COUNT ? (enum rt_condition)health->condition : RT_COND_UNKNOWN;
}

/* The keys that the helper's own object has, as far as the record knows them. */
static json_t *object_of(const struct rt_health *health)
{
	enum rt_condition condition = condition_of(health);
	const struct rt_condition_info *info = condition_info(condition);
	json_t *object = json_pack("{ss ss sb sb so so}", "verb", "status", "condition", info->name, "healthy",
	                           condition == RT_COND_HEALTHY, "repairable", info->mendable, "ntstatus",
	                           json_hex(info->ntstatus), "event", number_or_null(info->event, info->event != 0));
	json_t *facts = json_pack(
		"{so so so s{ss} so so ss si}", "kerberos", number_or_null(health->kerberos, health->kerberos >= 0),
		"kvno", number_or_null(health->kvno, health->kvno > 0), "dc",
		json_text(*health->dc != '\0' ? health->dc : NULL), "spare", "state", spare_name(health->spare),
		"checked", number_or_null(health->checked_unix, health->checked_unix > 0), "repaired_at",
		number_or_null(health->repaired_unix, health->repaired_unix > 0), "advice", info->advice, "exit",
		info->exit_code);
	(void)json_object_update(object, facts);
	json_decref(facts);
	return object;
}

int verb_status(const struct options *options, struct fault *fault)
{
	struct rt_health health;
	if (geteuid() == 0)
		return verb_request(options, fault);
	if (!health_read(PATH_HEALTH, &health))
		return fault_set(
			fault, FAULT_UNSURE,
			"nothing is known: there is no verdict in %s yet; `sudo retrust verify` asks the domain",
			PATH_HEALTH);
	json_t *object = object_of(&health);
	if (options_has(options, OPTION_JSON)) {
		json_emit(object);
	} else {
		human_print(stdout, object, options_has(options, OPTION_VERBOSE));
		json_decref(object);
	}
	return condition_info(condition_of(&health))->exit_code;
}
