/* The steps a request tells while it runs: the KB's transcript (Q175024, NETDOM) as a table.
 *
 * The helper sends a step's number and up to two words when that step really happens; whoever listens (the command, the
 * PAM module) makes the text. %1 and %2 are the words.
 */
#ifndef RETRUST_STEP_H
#define RETRUST_STEP_H

#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define RT_STEPS(X)                                                                                                    \
  X(SEARCH_PDC,   "Searching PDC for domain %1 ...")                                                                   \
  X(FOUND_PDC,    "Found PDC \\\\%1")                                                                                  \
  X(SEARCH_DC,    "Searching a domain controller of domain %1 ...")                                                    \
  X(FOUND_DC,     "Found domain controller \\\\%1")                                                                    \
  X(MEMBER,       "Computer \\\\%1 is already a member of domain %2.")                                                 \
  X(VERIFY,       "Verifying secure channel on \\\\%1 ...")                                                            \
  X(WAIT,         "Another repair is under way; waiting for it ...")                                                   \
  X(PENDING,      "Finishing an interrupted change of the machine password ...")                                       \
  X(RESET,        "Resetting secure channel ...")                                                                      \
  X(CHANGE,       "Changing computer account on PDC \\\\%1 ...")                                                       \
  X(STORE,        "Writing the machine password to %1 ...")                                                            \
  X(LEAVE,        "Leaving the rotation to %1.")                                                                       \
  X(NOT_DUE,      "The machine password is %1 days old; it is changed after %2.")                                      \
  X(TELL,         "Telling service %1 ... told.")                                                                      \
  X(START,        "Starting service %1 .... started.")                                                                 \
  X(ENROLL,       "Creating the spare account %1 in %2 ...")                                                           \
  X(ENROLL_REUSE, "Renewing the spare account %1 in %2 ...")                                                           \
  X(GRANT,        "Granting it the right to reset %1, and nothing else ...")                                           \
  X(UNENROLL,     "Removing the spare account %1 ...")                                                                 \
  X(JOINED,       "The computer \\\\%1 joined the domain %2 successfully.")
/* clang-format on */

enum rt_step {
#define X(id, text) RT_STEP_##id,
	RT_STEPS(X)
#undef X
		RT_STEP_COUNT
};

/* Writes the text of a step into buf (size bytes, always terminated, cut where it doesn't fit). An unknown step (a
 * newer helper) gives an empty text. word1 and word2 may be NULL (as ""). No I/O, no allocation. */
void step_text(uint32_t step, const char *word1, const char *word2, char *buf, size_t size);

#endif
