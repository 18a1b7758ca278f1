/* One DNS question, put to all configured servers at once.
 *
 * Not res_nquery: it asks one server after the other with whole seconds of patience, so that a dead first server eats
 * the time of a logon, and its TCP has no time-out at all. UDP only; a truncated answer is used as far as it goes.
 * SECURITY: an answer counts only from the server's own address, with our random id and our question in it.
 */
#ifndef RETRUST_RESOLVER_H
#define RETRUST_RESOLVER_H

#include "../base/deadline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESOLVER_ANSWER_MAX 4096u

enum resolver_result {
	RESOLVER_ANSWER,   /* there are records */
	RESOLVER_NOTHING,  /* the DNS says that there are none */
	RESOLVER_NO_ANSWER /* no server of /etc/resolv.conf answered in time */
};

/* Asks for records of a type (ns_t_srv …) of a full name. The first answer with records wins; "there are none" counts
 * only when the servers listed before that one have failed or been silent for a while, as with libc's resolver. answer
 * has RESOLVER_ANSWER_MAX bytes. */
enum resolver_result resolver_ask(const char *name, int type, struct deadline deadline, uint8_t *answer,
                                  size_t *ret_len);

/* Is it an answer to the query (header and question: `body` bytes)? Servers may change the case of letters. */
bool resolver_is_answer(const uint8_t *query, size_t body, const uint8_t *answer, size_t len);

#endif
