/* envelope: the objects of a TAXII 2.1 envelope, each as its source's bytes: {"objects": [...]}. */
#ifndef KAI_ITEM_ENVELOPE_H
#define KAI_ITEM_ENVELOPE_H

#include "base/bytes.h"
#include "base/err.h"
#include "item/stix.h"

struct kai_enveloped {
    struct kai_view text; /* Points into the envelope. */
    /* Whether a scan of a bundle with it in goes on behind it, whatever is wrong inside, and takes
     * the bundle for text. */
    bool scans;
    char id[KAI_STIX_ID_CAP]; /* "" where it has none that can be read. */
    char
        version[KAI_STIX_ID_CAP]; /* modified, else created, as it says; "" where it has neither. */
};

/* Call f for each object. Anything but KAI_OK from it stops, and is returned.
 * Errors: KAI_EMALFORMED (no envelope with at least one object, or something in its list is none),
 * KAI_ENOMEM. f may have been called before a failure. */
typedef enum kai_err kai_envelope_fn(void *ctx, const struct kai_enveloped *o);
KAI_MUST_USE enum kai_err kai_envelope_scan(struct kai_view text, kai_envelope_fn *f, void *ctx);

#endif
