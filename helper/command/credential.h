/* The credential that an administrator names: a typed password, a ticket cache or a keytab, put into a request.
 *
 * SECURITY: files are opened here, with the rights of whoever runs the command, and passed as a descriptor: the helper
 * opens no path of a client.
 */
#ifndef RETRUST_CREDENTIAL_H
#define RETRUST_CREDENTIAL_H

#include "options.h"

#include <retrust/proto.h>

/* Adds the fields of the credential to a request under construction; asks for the password where one is needed. *ret_fd
 * becomes the credential file (owned by the caller) or -1. Returns 0, or -1 with *fault that names the file and what is
 * wrong with it. */
int credential_add(const struct options *options, struct rt_msg *request, int *ret_fd, struct fault *fault);

#endif
