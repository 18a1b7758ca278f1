/* A request as it came over the door, checked and taken apart. */
#ifndef RETRUST_REQUEST_H
#define RETRUST_REQUEST_H

#include "../rung/rung.h"

struct request {
	enum rt_verb verb;
	uint32_t flags;
	int timeout_ms;
	uint64_t failed_boot_ms; /* logon: when the identity service had refused it */
	char dc[256];
	char container[512];
	char name[256];
	struct credential credential;
};

/* Takes a checked REQUEST apart; fd (or -1) came with it and belongs to *ret_request afterwards. Returns 0, or -1 with
 * *fault (FAULT_USAGE) naming what is wrong. Free it with request_free in either case. */
int request_parse(struct rt_msg *msg, int fd, struct request *ret_request, struct fault *fault);

/* Wipes the credential and closes its descriptor. */
void request_free(struct request *request);

/* May a caller with that effective uid ask this? The table is in request.c. */
bool request_permitted(enum rt_verb verb, uid_t uid);

#endif
