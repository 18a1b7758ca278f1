/* Serves one request on one connected socket. */
#ifndef RETRUST_SERVE_H
#define RETRUST_SERVE_H

/* Reads one request, checks who may ask it, runs it, sends one result. Returns the process's exit status. */
int serve(int sock);

#endif
