/* collections: the audiences that a reader is shown by TAXII, one collection each.
 *
 * A collection's UUID is version 5 over the audience's id: the same at every node, for ever. */
#ifndef KAI_NODE_TAXII_COLLECTIONS_H
#define KAI_NODE_TAXII_COLLECTIONS_H

#include "node/core.h"
#include "node/who.h"

struct kai_taxii_collection {
    uint8_t uuid[16];
    uint8_t aud_id[KAI_ID_BYTES];
    char title[KAI_TEXT_BYTES_MAX + 1]; /* Of the audience: its name, or the beginning of its id. */
    bool is_mailbox;                    /* The organisation's own: only others write there. */
    const char *why_not; /* The code of what keeps who from writing there; NULL: who may. */
};

/* Audiences that who is shown and that we are a member of; none of persons, whose contents no node
 * can read. False from f stops. */
typedef bool kai_taxii_collection_fn(void *ctx, const struct kai_taxii_collection *c);
void kai_taxii_collections(const struct kai_outlook *o, const struct kai_core *c,
                           const struct kai_who *who, kai_taxii_collection_fn *f, void *ctx);
/* The one with this UUID. False: there is none for who, whether or not for others. */
bool kai_taxii_collection(const struct kai_outlook *o, const struct kai_core *c,
                          const struct kai_who *who, const uint8_t uuid[static 16],
                          struct kai_taxii_collection *out);

#endif
