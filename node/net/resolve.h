/* resolve: looks a name up without making anybody wait. libzmq would do it in its one I/O thread,
 * where a slow name server stops every connection. */
#ifndef KAI_NODE_NET_RESOLVE_H
#define KAI_NODE_NET_RESOLVE_H

#include <stdbool.h>

#include "net/endpoint.h"

#define KAI_RESOLVES_MAX 16 /* At once, in the process: each is a thread. */

struct kai_resolve; /* Opaque: from kai_resolve_start() to kai_resolve_free(). */

/* NULL: too many at once, or no memory. */
struct kai_resolve *kai_resolve_start(const struct kai_endpoint *e);
/* false: not yet. Else *error is NULL and the endpoint's host is an address, or *error says in
 * English why there is none (static storage). */
bool kai_resolve_done(struct kai_resolve *r, struct kai_endpoint *e, const char **error);
void kai_resolve_free(struct kai_resolve *r); /* Also one that is not done: never waits. */

#endif
