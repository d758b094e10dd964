/* openapi: describes the local API, as OpenAPI 3.1. Made from the table of verbs (call_table.h) and
 * that of TAXII's addresses, so that it says what there is. */
#ifndef KAI_NODE_OPENAPI_H
#define KAI_NODE_OPENAPI_H

#include "base/buf.h"
#include "base/err.h"
#include "text/json.h"

#define KAI_OPENAPI_PATH "/openapi.json"
#define KAI_OPENAPI_VERB "status" /* Who may do this may read it. */

/* Append the document. Errors: what out->err says. */
KAI_MUST_USE enum kai_err kai_openapi(struct kai_buf *out);

/* ---- Parts of it. */
/* {"$ref": "#/components/" what}, as key. */
void kai_openapi_ref(struct kai_jput *j, const char *key, const char *what);
/* The addresses of TAXII, into the open object of paths; what they name, into that of schemas. */
void kai_openapi_taxii(struct kai_jput *j);
void kai_openapi_taxii_schemas(struct kai_jput *j);

#endif
