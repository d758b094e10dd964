/* known: whether a collection has an object already. */
#ifndef KAI_NODE_TAXII_KNOWN_H
#define KAI_NODE_TAXII_KNOWN_H

#include "item/envelope.h"
#include "node/reader.h"

/* Whether it has it in this version, whoever it came from; of what has no versions, the same bytes;
 * of what was made of a value of a list, any. r has begun. */
KAI_MUST_USE enum kai_err kai_taxii_known(struct kai_reader *r,
                                          const uint8_t aud_id[static KAI_ID_BYTES],
                                          const struct kai_enveloped *e, bool *known);

#endif
