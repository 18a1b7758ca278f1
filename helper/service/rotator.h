/* Who else changes the machine password of this host from time to time. */
#ifndef RETRUST_ROTATOR_H
#define RETRUST_ROTATOR_H

#include <stdbool.h>
#include <stddef.h>

/* Finds another active rotator: SSSD with an AD domain whose ad_maximum_machine_account_password_age isn't 0 and adcli to do
 * it with, or a running winbindd whose `machine password timeout` isn't 0. Writes its name and the setting to change. Returns
 * false when there is none. No network. */
bool rotator_other(char *ret_text, size_t size);

#endif
