/* Finding the PDC of an NT4-style domain: by the administrator's word, else by NetBIOS. Never by DNS's SRV records. */
#ifndef RETRUST_NT4_LOCATE_H
#define RETRUST_NT4_LOCATE_H

#include "../base/smbconf.h"
#include "../directory/locate.h"

/* named: the host of --dc or of the setting ("" = none). Else the first of smb.conf's `password server` that is a name,
 * else who bears DOMAIN<1b>, else one who bears DOMAIN<1c> (then it isn't taken for the PDC). Names are looked up as
 * smb.conf says (`name resolve order`), by Samba's own tools. *ret_dc has nt4 set, its host is the NetBIOS name where
 * it tells one, else the address. Whether it answers is seen by a TCP connection to port 445. Blocks until the deadline
 * at the most. */
enum locate_result nt4_locate(const char *named, const struct smbconf *conf, const char *domain,
                              struct deadline deadline, struct dc *ret_dc, struct fault *fault);

/* The first server in `password server` that names one ("*" doesn't), without a port. False where there is none. */
bool nt4_locate_listed(const char *list, char *ret_name, size_t size);

/* The server's own name in the output of `nmblookup -A`: the first unique name of type <20>. False where there is none.
 */
bool nt4_locate_own_name(const char *output, char *ret_name, size_t size);

#endif
