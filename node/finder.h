/* finder: one thing among many by its name, or by a unique prefix of its id in hex. */
#ifndef KAI_NODE_FINDER_H
#define KAI_NODE_FINDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/why.h"

struct kai_finder { /* Begins as zeros. */
    const void *by_name;
    const void *by_id;
    size_t n_name;
    size_t n_id;
};

/* One of those that could be meant by text. */
void kai_finder_consider(struct kai_finder *f, const void *thing, const char *name,
                         const uint8_t id[static KAI_ID_BYTES], const char *text);
/* The one that is: a name goes before an id. Errors: KAI_ENOTFOUND (name.unknown), KAI_EAMBIGUOUS
 * (name.ambiguous). */
KAI_MUST_USE enum kai_err kai_finder_decide(const struct kai_finder *f, const char *text,
                                            const void **out, struct kai_why *why);

#endif
