/* A request as it came over the door, see request.h.
 *
 * SECURITY: everything here comes from the client; who may ask what is one table. */
#include "request.h"

#include "../rung/credential.h"

#include <string.h>

enum { TIMEOUT_DEFAULT_MS = 15000, TIMEOUT_MOST_MS = 600000 };

/* A logon's and a look-up's question are open to all: they carry nothing, change nothing that the machine wouldn't change by itself, and
 * is answered from a fresh verdict when it comes often. */
static const struct {
	enum rt_verb verb;
	bool root_only;
} permissions[] = {
	{ RT_VERB_LOGON, false }, { RT_VERB_STATUS, true }, { RT_VERB_VERIFY, true },
	{ RT_VERB_REPAIR, true }, { RT_VERB_ENROLL, true }, { RT_VERB_UNENROLL, true },
	{ RT_VERB_ROTATE, true },
	{ RT_VERB_LOOKUP, false },  { RT_VERB_REMEMBER, true },
};

bool request_permitted(enum rt_verb verb, uid_t uid)
{
	for (size_t i = 0; i < sizeof permissions / sizeof *permissions; i++)
		if (permissions[i].verb == verb)
			return uid == 0 || !permissions[i].root_only;
	return false;
}

static int take_text(const struct rt_msg *msg, enum rt_tag tag, char *buf, size_t size, struct fault *fault)
{
	if (proto_get_text(msg, tag, buf, size) < 0)
		return fault_set(fault, FAULT_USAGE, "field %d of the request is longer than %zu bytes", (int)tag, size - 1);
	return 0;
}

static int take_credential(const struct rt_msg *msg, int fd, struct credential *credential, struct fault *fault)
{
	uint32_t kind = RT_CRED_NONE;
	struct rt_field secret;
	(void)proto_get_u32(msg, RT_TAG_CRED_KIND, &kind);
	if (kind > RT_CRED_KEYTAB)
		return fault_set(fault, FAULT_USAGE, "unknown kind of credential %u", kind);
	credential->kind = (enum rt_cred_kind)kind;
	if ((kind == RT_CRED_CCACHE || kind == RT_CRED_KEYTAB) && fd < 0)
		return fault_set(fault, FAULT_USAGE, "the credential's file did not come with the request");
	if (take_text(msg, RT_TAG_CRED_USER, credential->user, sizeof credential->user, fault) != 0 ||
	    take_text(msg, RT_TAG_ACCEPT_DC, credential->accept_dc, sizeof credential->accept_dc, fault) != 0)
		return -1;
	if (kind != RT_CRED_PASSWORD)
		return 0;
	if (credential->user[0] == '\0' || !proto_get_bytes(msg, RT_TAG_CRED_SECRET, &secret) ||
	    !secret_set(&credential->password, secret.data, secret.len))
		return fault_set(fault, FAULT_USAGE, "a user and a password of at most %u bytes are needed", SECRET_MAX);
	return 0;
}

/* The whole time from its low half, as the one of the last minutes. Another one's time never counts for more than his
 * own logon: at worst he tries a password of his own twice. */
static uint64_t take_failed(const struct rt_msg *msg)
{
	uint64_t now = deadline_boot_ms();
	uint32_t low = (uint32_t)now;
	(void)proto_get_u32(msg, RT_TAG_FAILED_MS, &low);
	uint32_t ago = (uint32_t)now - low;
	return ago <= TIMEOUT_MOST_MS && ago <= now ? now - ago : now;
}

int request_parse(struct rt_msg *msg, int fd, struct request *ret_request, struct fault *fault)
{
	uint32_t verb = 0, timeout = 0;
	memset(ret_request, 0, sizeof *ret_request);
	ret_request->credential.fd = fd;
	if (!proto_get_u32(msg, RT_TAG_VERB, &verb) || verb == 0 || verb >= RT_VERB_COUNT)
		return fault_set(fault, FAULT_USAGE, "unknown verb %u in the request", verb);
	ret_request->verb = (enum rt_verb)verb;
	(void)proto_get_u32(msg, RT_TAG_FLAGS, &ret_request->flags);
	(void)proto_get_u32(msg, RT_TAG_TIMEOUT_MS, &timeout);
	ret_request->failed_boot_ms = take_failed(msg);
	if (timeout == 0)
		timeout = TIMEOUT_DEFAULT_MS;
	ret_request->timeout_ms = timeout > TIMEOUT_MOST_MS ? TIMEOUT_MOST_MS : (int)timeout;
	if (take_text(msg, RT_TAG_DC, ret_request->dc, sizeof ret_request->dc, fault) != 0 ||
	    take_text(msg, RT_TAG_CONTAINER, ret_request->container, sizeof ret_request->container, fault) != 0 ||
	    take_text(msg, RT_TAG_NAME, ret_request->name, sizeof ret_request->name, fault) != 0)
		return -1;
	return take_credential(msg, fd, &ret_request->credential, fault);
}

void request_free(struct request *request)
{
	credential_wipe(&request->credential);
}
