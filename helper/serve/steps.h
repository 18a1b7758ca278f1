/* Steps on their way to the client. */
#ifndef RETRUST_STEPS_H
#define RETRUST_STEPS_H

#include "../base/teller.h"

#define STEPS_HELD 16

/* A logon hears nothing as long as the channel may be healthy: the first steps are held until one comes that only a
 * repair takes. Everybody else hears each step at once. */
struct steps {
	int sock;
	bool hold;
	int held;
	struct {
		enum rt_step step;
		char word1[128], word2[128];
	} waiting[STEPS_HELD];
	struct teller teller; /* give this to the engine */
};

/* can_ask: the client answers questions. */
void steps_init(struct steps *steps, int sock, bool hold, bool can_ask);

#endif
