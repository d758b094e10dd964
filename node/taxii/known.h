/* known: whether an object that a client sends is here already, and whose it is. */
#ifndef KAI_NODE_TAXII_KNOWN_H
#define KAI_NODE_TAXII_KNOWN_H

#include "item/envelope.h"
#include "node/reader.h"

enum kai_taxii_whose {
    KAI_TAXII_NEW,  /* Nobody's that is in its way. */
    KAI_TAXII_HELD, /* The collection has it: ours in this version, or another's that is equal. */
    KAI_TAXII_FOREIGN, /* Another's in this version, from elsewhere: it is passed on by `reshare`.
                        */
    KAI_TAXII_LOWER,   /* Another's, under a stricter label than this text has. */
};

struct kai_taxii_known {
    enum kai_taxii_whose whose;
    struct kai_row row; /* That of what is not NEW. */
    uint8_t tlp;        /* LOWER: of the text. */
};

/* What stands in the way of publishing an object into an audience, as far as the reader may see.
 * What was ours first stays ours, whoever says the same; CLEAR may be said by anybody. Of what has
 * no versions, and of others', the content counts, not the white space. Of many rows under one id
 * the KAI_TAXII_LOOKS_MAX that came last count, and of texts what *bytes has left of
 * KAI_TAXII_COMPARED_MAX: begin with 0, and keep it for a request. r has begun. Errors: KAI_EIO,
 * KAI_ECORRUPT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_taxii_known(struct kai_reader *r,
                                          const uint8_t aud_id[static KAI_ID_BYTES],
                                          const struct kai_enveloped *e, uint64_t *bytes,
                                          struct kai_taxii_known *out);

#endif
