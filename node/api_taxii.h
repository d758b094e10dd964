/* api_taxii: TAXII 2.1 at the doors of the local API: between libmicrohttpd and node/taxii. */
#ifndef KAI_NODE_API_TAXII_H
#define KAI_NODE_API_TAXII_H

#include <microhttpd.h>

#include "node/call.h"
#include "node/taxii/taxii.h"

/* Whether an address is one of TAXII. */
bool kai_api_taxii_is(const char *url);
/* Whether a Host header names the proxy of which the configuration knows (taxii-url): where that
 * does not say another name to us. NULL is none. */
bool kai_api_taxii_host(const char *host, const struct kai_config *cfg);
/* Who asks with "Authorization: Basic": the token is the password, the user's name anything.
 * Errors: as kai_who_of_token(). */
KAI_MUST_USE enum kai_err kai_api_taxii_who(struct kai_who *out, struct kai_core *c,
                                            struct MHD_Connection *conn, struct kai_why *why);
/* Answer a request that came whole, or (err) could not be taken. */
enum MHD_Result kai_api_taxii(struct kai_call *call, enum kai_err err, struct MHD_Connection *conn,
                              const char *url, const char *method);

#endif
