/* pick: which objects of a collection a request asks for, in the order in which they were added.
 */
#ifndef KAI_NODE_TAXII_PICK_H
#define KAI_NODE_TAXII_PICK_H

#include "node/reader.h"
#include "node/taxii/filter.h"
#include "node/taxii/path.h"

struct kai_taxii_pick {
    uint64_t row_no;
    uint64_t index; /* Of the value in a list; else 0. */
    uint64_t us;    /* When it was added. */
};

struct kai_taxii_picks {
    size_t n; /* At most the limit. */
    struct kai_taxii_pick pick[KAI_TAXII_PAGE_MAX + 1];
    bool more;           /* There are more behind */
    uint64_t reached_us; /* this. */
    bool exists;         /* Something that is named is there, whatever the filters say: */
    uint8_t exists_id[KAI_ID_BYTES]; /* an item of it, and its strictest label. */
    uint8_t exists_tlp;
};

/* r has begun, and its clearance and the rules of export decide what there is. A list is one row
 * and gives an object for each value. Ends early where many rows were looked at in vain: n may be 0
 * with more. Errors: KAI_ELIMIT (what is named takes more than KAI_TAXII_NAMED_MAX), KAI_EIO,
 * KAI_ECORRUPT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_taxii_pick(struct kai_reader *r,
                                         const uint8_t aud_id[static KAI_ID_BYTES],
                                         const struct kai_taxii_path *path,
                                         const struct kai_taxii_filter *f, uint64_t now_ms,
                                         struct kai_taxii_picks *out);

#endif
