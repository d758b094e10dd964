/* parts: what the parts of the TAXII server do for taxii.c. Each writes call->out. */
#ifndef KAI_NODE_TAXII_PARTS_H
#define KAI_NODE_TAXII_PARTS_H

#include "node/taxii/collections.h"
#include "node/taxii/taxii.h"

/* resources.c: discovery, API root, collections, one collection. */
KAI_MUST_USE enum kai_err kai_taxii_discovery(struct kai_call *call,
                                              const struct kai_taxii_request *q);
KAI_MUST_USE enum kai_err kai_taxii_api_root(struct kai_call *call);
KAI_MUST_USE enum kai_err kai_taxii_list(struct kai_call *call);
KAI_MUST_USE enum kai_err kai_taxii_show(struct kai_call *call, const struct kai_taxii_path *p);
/* The collection of a path. Errors: KAI_ENOTFOUND (taxii.missing). */
KAI_MUST_USE enum kai_err kai_taxii_find(struct kai_call *call, const struct kai_taxii_path *p,
                                         struct kai_taxii_collection *out);

/* page.c: objects, one object, its versions, the manifest. */
KAI_MUST_USE enum kai_err kai_taxii_page(struct kai_call *call, const struct kai_taxii_path *p,
                                         const struct kai_taxii_request *q,
                                         struct kai_taxii_reply *reply);

/* post.c: objects are published, each judged by itself. */
KAI_MUST_USE enum kai_err kai_taxii_post(struct kai_call *call, const struct kai_taxii_path *p,
                                         const struct kai_taxii_request *q);
/* remove.c: an object is withdrawn. */
KAI_MUST_USE enum kai_err kai_taxii_remove(struct kai_call *call, const struct kai_taxii_path *p,
                                           const struct kai_taxii_request *q);

/* status.c: HOME/taxii/UUID keeps the status of a POST for who made it: the newest
 * KAI_TAXII_STATUSES_MAX of all. Errors: KAI_EFULL, KAI_EIO; to read KAI_ENOTFOUND (taxii.missing).
 */
KAI_MUST_USE enum kai_err kai_taxii_status_keep(struct kai_call *call,
                                                const uint8_t uuid[static 16]);
KAI_MUST_USE enum kai_err kai_taxii_status_show(struct kai_call *call,
                                                const uint8_t uuid[static 16]);

#endif
