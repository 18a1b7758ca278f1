/* Serves one request, see serve.h. */
#include "serve.h"

#include "../base/paths.h"
#include "../engine/engine.h"
#include "report.h"
#include "request.h"
#include "steps.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

/* What anybody may ask must not hold the lock longer than a logon does. */
enum { REQUEST_MS = 2000, RESULT_MS = 1000, STRANGER_MS = 15000 };

struct session {
	int sock;
	uid_t uid;
	struct request request;
	struct host host;
	struct engine_outcome outcome;
	struct fault fault;
	int64_t started_ms;
};

static enum remember_whom whom(const struct request *request)
{
	if ((request->flags & RT_FLAG_GROUP) != 0)
		return REMEMBER_MEMBERS;
	if ((request->flags & RT_FLAG_SEEN) != 0)
		return REMEMBER_SEEN;
	return request->name[0] != '\0' ? REMEMBER_USER : REMEMBER_ALL;
}

static struct engine_request engine_request(const struct session *session)
{
	const struct request *request = &session->request;
	return (struct engine_request){ .verb = request->verb,
		                        .plan_only = (request->flags & RT_FLAG_PLAN) != 0,
		                        .if_due = (request->flags & RT_FLAG_IF_DUE) != 0,
		                        .winbind = (request->flags & RT_FLAG_WINBIND) != 0,
		                        .failed_boot_ms = request->failed_boot_ms,
		                        .dc = request->dc,
		                        .container = request->container,
		                        .name = request->name,
		                        .whom = whom(request),
		                        .credential = &request->credential };
}

static void run(struct session *session)
{
	const struct request *request = &session->request;
	struct steps steps;
	struct engine_request wish = engine_request(session);
	int limit_ms = request->timeout_ms;
	if (session->uid != 0 && limit_ms > STRANGER_MS)
		limit_ms = STRANGER_MS;
	steps_init(&steps, session->sock, request->verb == RT_VERB_LOGON || request->verb == RT_VERB_LOOKUP, (request->flags & RT_FLAG_CAN_ASK) != 0);
	host_init(&session->host, deadline_in(limit_ms), &steps.teller);
	if (settings_load(PATH_CONF, &session->host.settings, &session->fault) == 0)
		engine_run(&session->host, &wish, &session->outcome, &session->fault);
	else
		session->outcome.exit_code = (int)session->fault.kind;
}

/* The reasons are for root: they name hosts, files and accounts. */
static void put_reasons(struct session *session, struct rt_msg *msg)
{
	struct engine_request wish = engine_request(session);
	char *json = report_json(&session->host, &wish, &session->outcome, &session->fault,
	                         (int)(deadline_now_ms() - session->started_ms));
	if (session->fault.text[0] != '\0')
		proto_put_text(msg, RT_TAG_ERROR, session->fault.text);
	proto_put_text(msg, RT_TAG_JSON, json);
	free(json);
}

static int send_result(struct session *session)
{
	const struct engine_outcome *outcome = &session->outcome;
	const char *words = condition_info(outcome->condition)->words;
	struct rt_msg msg;
	proto_begin(&msg, RT_MSG_RESULT);
	proto_put_u32(&msg, RT_TAG_EXIT, (uint32_t)outcome->exit_code);
	proto_put_u32(&msg, RT_TAG_CONDITION, (uint32_t)outcome->condition);
	proto_put_u32(&msg, RT_TAG_RETRY, outcome->retry);
	proto_put_u32(&msg, RT_TAG_REPAIRED, outcome->repaired);
	proto_put_u32(&msg, RT_TAG_USER_FAULT, outcome->user_fault);
	if (words[0] != '\0')
		proto_put_text(&msg, RT_TAG_WORDS, words);
	/* Reasons that don't fit must not cost the verdict. */
	struct rt_msg verdict = msg;
	if (session->uid == 0)
		put_reasons(session, &msg);
	if (msg.bad)
		msg = verdict;
	return proto_send(session->sock, &msg, -1, RESULT_MS);
}

/* A logon's reasons go nowhere else: the person reads the words, the operator the log. */
static void log_fault(const struct session *session)
{
	if (session->request.verb != RT_VERB_LOGON || session->fault.kind == FAULT_NONE)
		return;
	openlog("retrust", LOG_PID, LOG_AUTH);
	syslog(LOG_WARNING, "logon: %s", session->fault.text);
	closelog();
}

static int answer(struct session *session, struct rt_msg *msg, int fd)
{
	int parsed = request_parse(msg, fd, &session->request, &session->fault);
	proto_wipe(msg);
	if (parsed == 0 && !request_permitted(session->request.verb, session->uid))
		parsed = fault_set(&session->fault, FAULT_PERMISSION, "only root may ask this");
	if (parsed == 0)
		run(session);
	else
		session->outcome.exit_code = (int)session->fault.kind;
	int sent = send_result(session);
	log_fault(session);
	request_free(&session->request);
	host_free(&session->host);
	return sent;
}

int serve(int sock)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	struct rt_msg msg;
	int fd = -1;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return (int)FAULT_INTERNAL;
	struct session *session = calloc(1, sizeof *session);
	if (session == NULL)
		return (int)FAULT_INTERNAL;
	session->sock = sock;
	session->uid = peer.uid;
	session->started_ms = deadline_now_ms();
	int status = (int)FAULT_USAGE;
	if (proto_recv(sock, &msg, &fd, REQUEST_MS) == RT_MSG_REQUEST)
		status = answer(session, &msg, fd) == 0 ? 0 : (int)FAULT_INTERNAL;
	explicit_bzero(session, sizeof *session);
	free(session);
	return status;
}
