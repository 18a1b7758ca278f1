/* Where progress and questions go: whoever runs a request tells its steps here and doesn't know who listens. */
#ifndef RETRUST_TELLER_H
#define RETRUST_TELLER_H

#include <retrust/step.h>
#include <stdbool.h>

struct teller {
	void (*step)(void *data, enum rt_step step, const char *word1, const char *word2);
	bool (*ask)(void *data, const char *question); /* NULL: nobody is there to ask */
	void *data;
};

/* Tells a step; a NULL teller drops it. */
static inline void teller_step(const struct teller *teller, enum rt_step step, const char *word1, const char *word2)
{
	if (teller != NULL && teller->step != NULL)
		teller->step(teller->data, step, word1, word2);
}

#endif
