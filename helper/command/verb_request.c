/* Verbs that the helper answers: build the request, hear the steps, print the result. */
#include "ask.h"
#include "credential.h"
#include "human.h"
#include "json.h"
#include "text.h"
#include "transcript.h"
#include "verb.h"

#include <retrust/client.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	CONNECT_MS = 5000,
	GRACE_MS = 2000 /* the helper keeps the limit itself and says what was left undone: hear it out */
};

static void put_optional(struct rt_msg *request, enum rt_tag tag, const char *text)
{
	if (text != NULL)
		proto_put_text(request, tag, text);
}

static enum rt_verb wire_verb(const struct options *options)
{
	switch (options->verb) {
	case OPTIONS_VERIFY:
		return RT_VERB_VERIFY;
	case OPTIONS_REPAIR:
		return RT_VERB_REPAIR;
	case OPTIONS_ROTATE:
		return RT_VERB_ROTATE;
	case OPTIONS_REMEMBER:
		return RT_VERB_REMEMBER;
	case OPTIONS_ENROLL:
		return options_has(options, OPTION_REMOVE) ? RT_VERB_UNENROLL : RT_VERB_ENROLL;
	default:
		return RT_VERB_STATUS;
	}
}

static int build(const struct options *options, struct rt_msg *request, int *ret_fd, struct fault *fault)
{
	uint32_t flags = 0;
	if (options_has(options, OPTION_PLAN))
		flags |= RT_FLAG_PLAN;
	if (options_has(options, OPTION_VERBOSE))
		flags |= RT_FLAG_VERBOSE;
	if (options_has(options, OPTION_USER) && !options_has(options, OPTION_ACCEPT_DC) && ask_possible())
		flags |= RT_FLAG_CAN_ASK;
	if (options_has(options, OPTION_IF_DUE))
		flags |= RT_FLAG_IF_DUE;
	if (options_has(options, OPTION_GROUP))
		flags |= RT_FLAG_GROUP;
	if (options_has(options, OPTION_ALL_SEEN))
		flags |= RT_FLAG_SEEN;
	proto_begin(request, RT_MSG_REQUEST);
	proto_put_u32(request, RT_TAG_VERB, wire_verb(options));
	proto_put_u32(request, RT_TAG_FLAGS, flags);
	proto_put_u32(request, RT_TAG_TIMEOUT_MS, (uint32_t)options->timeout_ms);
	put_optional(request, RT_TAG_DC, options->value[OPTION_DC]);
	put_optional(request, RT_TAG_NAME, options->value[OPTION_GROUP]);
	put_optional(request, RT_TAG_ACCEPT_DC, options->value[OPTION_ACCEPT_DC]);
	put_optional(request, RT_TAG_CONTAINER, options->value[OPTION_CONTAINER]);
	if (credential_add(options, request, ret_fd, fault) != 0)
		return -1;
	return request->bad ? fault_set(fault, FAULT_INTERNAL, "the request doesn't fit a packet") : 0;
}

static int explain_connect(int error, struct fault *fault)
{
	const struct rt_door *door = &client_default_door;
	if (error == EPERM)
		return fault_set(
			fault, FAULT_INTERNAL,
			"%s or %s isn't root's alone: nothing was sent; check owner and mode, or install retrust again",
			door->socket_path, door->helper_path);
	if (error == ETIMEDOUT)
		return fault_set(fault, FAULT_UNSURE, "nobody answers at %s: look at the service retrust-helper",
		                 door->socket_path);
	return fault_errno(fault, FAULT_INTERNAL, error, "the helper can't be reached at %s nor started from %s",
	                   door->socket_path, door->helper_path);
}

static int explain_ask(int error, const struct options *options, struct fault *fault)
{
	if (error == ETIMEDOUT)
		return fault_set(
			fault, FAULT_UNSURE,
			"no result within %d s; the helper finishes what it may not leave half done: look with "
			"`retrust status` in a moment, or give it longer with --timeout",
			options->timeout_ms / 1000);
	if (error == EPROTO)
		return fault_set(fault, FAULT_INTERNAL, "the helper %s speaks another protocol: install retrust again",
		                 client_default_door.helper_path);
	if (error == EPIPE || error == ECONNRESET)
		return fault_set(fault, FAULT_INTERNAL,
		                 "the helper ended before it gave a result: see `retrust events` and the system log "
		                 "(identifier retrust)");
	return fault_errno(fault, FAULT_INTERNAL, error, "the helper can't be asked");
}

static int ask(const struct options *options, struct rt_result *ret_result, struct fault *fault)
{
	static struct rt_msg request; /* too large for a frame */
	const struct rt_listener listener = {
		.step = options_has(options, OPTION_QUIET)  ? NULL
		        : options_has(options, OPTION_JSON) ? transcript_err
		                                            : transcript_out,
		.ask = ask_question,
	};
	int fd = -1, sock = -1;
	int status = build(options, &request, &fd, fault);
	if (status == 0) {
		sock = client_connect(&client_default_door, CONNECT_MS);
		status = sock < 0 ? explain_connect(errno, fault) : 0;
	}
	if (status == 0) {
		status = client_ask(sock, &request, fd, &listener, options->timeout_ms + GRACE_MS, ret_result);
		if (status != 0)
			status = explain_ask(errno, options, fault);
	}
	proto_wipe(&request);
	if (sock >= 0)
		(void)close(sock);
	if (fd >= 0)
		(void)close(fd);
	return status;
}

/* The object of a result that came without one. */
static json_t *object_of(const struct options *options, const struct rt_result *result)
{
	json_t *object = json_failure(options_verb_name(options->verb), *result->error != '\0' ? result->error : NULL,
	                              result->exit_code);
	if (result->condition != RT_COND_UNKNOWN) {
		(void)json_object_set_new(object, "condition", json_string(condition_info(result->condition)->name));
		(void)json_object_set_new(object, "healthy", json_boolean(result->condition == RT_COND_HEALTHY));
	}
	return object;
}

static void print(const struct options *options, const struct rt_result *result)
{
	json_t *object = json_loads(result->json, JSON_REJECT_DUPLICATES, NULL);
	bool whole = json_is_object(object);
	if (!whole) {
		json_decref(object);
		object = object_of(options, result);
	}
	if (!options_has(options, OPTION_JSON)) {
		human_print(stdout, object, options_has(options, OPTION_VERBOSE));
		json_decref(object);
	} else if (whole) {
		puts(result->json); /* as the helper made it */
		json_decref(object);
	} else {
		json_emit(object);
	}
	(void)fflush(stdout);
	if (*result->error != '\0')
		text_wrap(stderr, "retrust: ", "  ", result->error, 4096);
}

int verb_request(const struct options *options, struct fault *fault)
{
	static struct rt_result result;
	if (geteuid() != 0)
		return fault_set(fault, FAULT_PERMISSION, "%s needs root: run `sudo retrust %s`",
		                 options_verb_name(options->verb), options_verb_name(options->verb));
	if (ask(options, &result, fault) != 0)
		return -1;
	if (result.exit_code < 0 || result.exit_code > 255)
		return fault_set(fault, FAULT_INTERNAL, "the helper gave the exit code %d", result.exit_code);
	print(options, &result);
	return result.exit_code;
}
