/* Which process the module is in: some must not be answered from here, or must not wait for the helper. */
#ifndef RETRUST_NSS_CALLER_H
#define RETRUST_NSS_CALLER_H

enum caller {
	CALLER_ANY,   /* login, sshd, su, ls … */
	CALLER_QUIET, /* gets what is remembered; never asks the helper, which may need this very process to answer */
	CALLER_INNER  /* is or makes the live source: gets nothing, or what is remembered would come back as news */
};

/* Found once, then remembered. */
enum caller caller_kind(void);

#endif
