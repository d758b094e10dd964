/* api_listen: the doors of the local API: a Unix socket, and a port on loopback where one is asked
 * for. */
#ifndef KAI_NODE_API_LISTEN_H
#define KAI_NODE_API_LISTEN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/why.h"
#include "keys/record.h"

/* Whether "tcp://HOST:PORT" names this machine alone: 127.0.0.1, [::1] or localhost. */
bool kai_api_loopback(const char *endpoint);
/* Whether a request's Host header does: a page of a stranger whose name was pointed at this machine
 * sends its own. NULL is none. */
bool kai_api_host_ok(const char *host);

/* A listening descriptor, -1 after a failure (api.socket). */
int kai_api_listen_unix(const char *path, struct kai_why *why);
/* actual: the endpoint with the port that was taken. */
int kai_api_listen_tcp(const char *endpoint, char actual[static KAI_ENDPOINT_BYTES_MAX],
                       struct kai_why *why);

#endif
