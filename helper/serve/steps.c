/* Steps on their way to the client, see steps.h. A client that doesn't listen any more must not stop a repair: sending
 * never waits long and its failure is nobody's error. */
#include "steps.h"

#include <retrust/proto.h>
#include <stdio.h>

enum { SEND_MS = 100, ASK_MS = 300000 };

static void send_step(int sock, enum rt_step step, const char *word1, const char *word2)
{
	struct rt_msg msg;
	proto_begin(&msg, RT_MSG_STEP);
	proto_put_u32(&msg, RT_TAG_STEP, (uint32_t)step);
	proto_put_text(&msg, RT_TAG_WORD1, word1);
	proto_put_text(&msg, RT_TAG_WORD2, word2);
	(void)proto_send(sock, &msg, -1, SEND_MS);
}

static bool is_look(enum rt_step step)
{
	return step == RT_STEP_SEARCH_PDC || step == RT_STEP_FOUND_PDC || step == RT_STEP_SEARCH_DC ||
	       step == RT_STEP_FOUND_DC || step == RT_STEP_MEMBER || step == RT_STEP_VERIFY || step == RT_STEP_TELL ||
	       step == RT_STEP_START;
}

static void hold(struct steps *steps, enum rt_step step, const char *word1, const char *word2)
{
	if (steps->held == STEPS_HELD)
		return;
	int i = steps->held++;
	steps->waiting[i].step = step;
	(void)snprintf(steps->waiting[i].word1, sizeof steps->waiting[i].word1, "%s", word1 != NULL ? word1 : "");
	(void)snprintf(steps->waiting[i].word2, sizeof steps->waiting[i].word2, "%s", word2 != NULL ? word2 : "");
}

static void on_step(void *data, enum rt_step step, const char *word1, const char *word2)
{
	struct steps *steps = data;
	if (steps->hold && is_look(step)) {
		hold(steps, step, word1, word2);
		return;
	}
	for (int i = 0; i < steps->held; i++)
		send_step(steps->sock, steps->waiting[i].step, steps->waiting[i].word1, steps->waiting[i].word2);
	steps->held = 0;
	steps->hold = false;
	send_step(steps->sock, step, word1, word2);
}

static bool on_ask(void *data, const char *question)
{
	struct steps *steps = data;
	struct rt_msg msg;
	uint32_t yes = 0;
	proto_begin(&msg, RT_MSG_ASK);
	proto_put_text(&msg, RT_TAG_QUESTION, question);
	if (proto_send(steps->sock, &msg, -1, SEND_MS) != 0 ||
	    proto_recv(steps->sock, &msg, NULL, ASK_MS) != RT_MSG_ANSWER)
		return false;
	return proto_get_u32(&msg, RT_TAG_YES, &yes) && yes == 1;
}

void steps_init(struct steps *steps, int sock, bool hold_looks, bool can_ask)
{
	*steps = (struct steps){ .sock = sock, .hold = hold_looks };
	steps->teller = (struct teller){ .step = on_step, .ask = can_ask ? on_ask : NULL, .data = steps };
}
