/* beside: what else is known about an item, for who gets it: items with the same value, notes,
 * sightings, and what can be done against it. All of it within the reader's clearance. */
#ifndef KAI_NODE_BESIDE_H
#define KAI_NODE_BESIDE_H

#include "node/reader.h"

/* Members of the object that is open in j (docs/api.md): same_value, notes, sightings,
 * sightings_sum, countermeasures, each with NAME_more: how many are not listed. stix: the object
 * itself. What is listed of others is a read of theirs in the audit log. The reader has begun; what
 * it fetched before is gone. Errors: KAI_EIO, KAI_ENOMEM, KAI_ECORRUPT. */
KAI_MUST_USE enum kai_err kai_beside_put(struct kai_jput *j, struct kai_reader *r,
                                         const struct kai_row *row, uint64_t index,
                                         struct kai_view stix);

#endif
