/* The snapshot that counts now, shared by all threads of the process.
 *
 * The file is looked at again at most once in VIEW_EVERY_MS; between two looks, holding the snapshot costs two atomic
 * additions and no system call. A snapshot that was replaced goes when its last holder has let go.
 */
#ifndef RETRUST_NSS_VIEW_H
#define RETRUST_NSS_VIEW_H

#include "snapshot.h"

#ifndef RT_VIEW_EVERY_MS /* the torture test's readers look more often */
#define RT_VIEW_EVERY_MS 100
#endif
enum { VIEW_EVERY_MS = RT_VIEW_EVERY_MS };

enum view_age {
	VIEW_RECENT, /* as of the last look */
	VIEW_FRESH   /* look now */
};

/* A hold on a snapshot. Not to be kept beyond one lookup. */
struct view {
	struct reader reader;
	_Atomic uint32_t *holders;
};

/* LOOK_FOUND and a hold; LOOK_ABSENT where there is no file that can be believed; LOOK_AGAIN when it can't be told now.
 */
enum look view_hold(enum view_age age, struct view *ret_view);
void view_release(struct view *view);

/* In the child of a fork, where only the calling thread is left: nobody holds anything. */
void view_after_fork(void);

/* Gives all memory back. No other thread may be inside. */
void view_end(void);

#endif
