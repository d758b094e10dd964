/* contributed: the way back from what this organisation published for another one to what that one
 * gave (docs/protocol.md 5, NOTICE 6). It stands in the node's own store alone: in no log, index,
 * export or answer but to those cleared for the contribution itself. */
#ifndef KAI_NODE_CONTRIBUTED_H
#define KAI_NODE_CONTRIBUTED_H

#include "node/core.h"

struct kai_contributed {
    uint8_t item_id[KAI_ID_BYTES]; /* As published by us. */
    uint8_t from[KAI_ID_BYTES];    /* Organisation that gave it. */
    uint8_t given_item[KAI_ID_BYTES];
    uint8_t given_obj[KAI_ID_BYTES];
    uint64_t given_index;
};
/* Durable when it returns. Not on the owning thread of a running loop. */
KAI_MUST_USE enum kai_err kai_contributed_put(struct kai_core *c, const struct kai_contributed *m);
/* By the item we published, or by the item that was given. Errors: KAI_ENOTFOUND. */
KAI_MUST_USE enum kai_err kai_contributed_find(struct kai_core *c, bool by_given,
                                               const uint8_t item_id[static KAI_ID_BYTES],
                                               struct kai_contributed *out);
/* Sixteen bytes for the id of what we make of an item of theirs: the same for each version of it,
 * and nothing that tells whose it was. Not on the owning thread of a running loop. */
KAI_MUST_USE enum kai_err kai_contributed_uuid(struct kai_core *c,
                                               const uint8_t from[static KAI_ID_BYTES],
                                               const uint8_t stix_uuid[static 16],
                                               uint8_t uuid[static 16]);

#endif
