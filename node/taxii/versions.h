/* versions: what version a row of a collection is, and where it stands among the others of its
 * object: those of the same source in the same audience that the reader may have. What another says
 * under the same id is another object. */
#ifndef KAI_NODE_TAXII_VERSIONS_H
#define KAI_NODE_TAXII_VERSIONS_H

#include "node/reader.h"

/* Whether a row may leave by TAXII. */
bool kai_taxii_leaves(const struct kai_row *row, uint8_t clearance, uint64_t now_ms);
/* Whether a row is of a STIX type: it keeps the beginning of one that is longer. */
bool kai_taxii_is_type(const struct kai_row *row, struct kai_view type);
/* The version of a row that was added at us: its `modified`, else its `created`, else us. */
uint64_t kai_taxii_version_us(const struct kai_row *row, uint64_t us);

struct kai_taxii_version {
    struct kai_reader *r; /* Has begun. */
    const uint8_t *aud_id;
    uint64_t now_ms;
    const struct kai_row *row;
    uint64_t us;         /* When it was added. */
    struct kai_view key; /* Of the value, where the row is a list; else empty. */
};
/* Whether it is the newest, or the oldest, of its object. Of two with the same version the first
 * one counts. Of the rows under its id KAI_TAXII_LOOKS_MAX are looked at, from the last that came,
 * or the first: where there are more, it may be called the newest though another is. *looks counts
 * them on. Errors: KAI_EIO, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_taxii_newest(const struct kai_taxii_version *v, bool *is,
                                           uint64_t *looks);
KAI_MUST_USE enum kai_err kai_taxii_oldest(const struct kai_taxii_version *v, bool *is,
                                           uint64_t *looks);

#endif
