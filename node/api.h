/* api: the local HTTP/JSON interface on a Unix socket. POST /v1/VERB with a JSON object as its body
 * (publish: the file is the body, the object stands in ?args=) is answered with lines of JSON. */
#ifndef KAI_NODE_API_H
#define KAI_NODE_API_H

#include "node/config.h"
#include "node/core.h"

struct kai_api;

/* Errors: KAI_ELIMIT (home.path-long), KAI_EIO (api.socket), KAI_EPERM. */
KAI_MUST_USE enum kai_err kai_api_start(struct kai_api **out, struct kai_core *c,
                                        const struct kai_config *cfg, struct kai_why *why);
/* Ends streams and waits for the requests under way. NULL does nothing. */
void kai_api_stop(struct kai_api *a);

#endif
