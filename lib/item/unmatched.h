/* unmatched: indicators whose patterns hold no value that anything is found by: LIKE and MATCHES,
 * paths of nobody's, "192.0.2.1:80" as an address. They go out, and whoever publishes them is told.
 * Private to lib/item. */
#ifndef KAI_ITEM_UNMATCHED_H
#define KAI_ITEM_UNMATCHED_H

#include "item/importer.h"

struct kai_unmatched {
    uint64_t n;
    uint64_t line; /* Of the first. */
    char path[64];
    char pattern[KAI_WHY_ARG_BYTES];
};

/* Look at an object, which may be anything. Errors: KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_unmatched_look(struct kai_unmatched *u, const json_t *o,
                                             uint64_t line, const char *path);
/* Tell it, where there is something to tell. */
void kai_unmatched_tell(const struct kai_unmatched *u, struct importer *im);

#endif
