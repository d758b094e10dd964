/* taxii: the TAXII 2.1 server: answers one request (docs/taxii.md). It knows no HTTP library. */
#ifndef KAI_NODE_TAXII_TAXII_H
#define KAI_NODE_TAXII_TAXII_H

#include "node/call.h"
#include "node/taxii/filter.h"
#include "node/taxii/path.h"
#include "node/taxii/stamp.h"

/* What came; all texts are the caller's, NULL where there was none. */
struct kai_taxii_request {
    const char *method;
    const char *url; /* The path alone, percent-decoded. */
    const char *host;
    const char *accept;
    const char *content_type;
    size_t n_params; /* More than KAI_TAXII_PARAMS_MAX: refused. */
    struct {
        const char *key;
        const char *value;
    } params[KAI_TAXII_PARAMS_MAX];
    struct kai_view body;
};

/* What goes out beside call->out. */
struct kai_taxii_reply {
    int status;
    const char *allow;               /* Methods, with 405. */
    char first[KAI_TAXII_STAMP_CAP]; /* X-TAXII-Date-Added-First and -Last; "": none. */
    char last[KAI_TAXII_STAMP_CAP];
};

/* Answer for call->who. Whoever asks may do what the method takes (kai_taxii_verb()). */
void kai_taxii_run(struct kai_call *call, const struct kai_taxii_request *q,
                   struct kai_taxii_reply *reply);
/* The error resource of call->why for err, in call->out, and the status. */
void kai_taxii_fail(struct kai_call *call, enum kai_err err, struct kai_taxii_reply *reply);
/* The verb of the API whose role a method takes. */
const char *kai_taxii_verb(const char *method);

#endif
