/* winbindd, see winbind.h. Samba's own tool asks it: its library would load half of Samba into the helper. */
#include "winbind.h"

#include "process.h"

bool winbind_notice(struct deadline deadline, const struct teller *teller)
{
	static const char *const check[] = { "/usr/bin/wbinfo", "-t", NULL };
	if (process_each("winbindd", NULL, NULL, NULL) == 0)
		return false;
	if (process_run(check, deadline) != 0)
		return false;
	teller_step(teller, RT_STEP_TELL, "winbind", NULL);
	return true;
}
