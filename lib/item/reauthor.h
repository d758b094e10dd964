/* reauthor: makes of one source's content one that can go out under another's name without telling
 * whose it was.
 *
 * Kept: what the content says (pattern, types of indicator, confidence, ...). New: the id. Cut to
 * the day: created, modified, valid_from, valid_until. Dropped: created_by_ref,
 * object_marking_refs, granular_markings, name and description (where the type can do without).
 * Refused, unless kept by name: everything else, for what nobody knows may tell who wrote it.
 *
 * Reason codes (args): reauthor.type (type): no type that can be passed on; reauthor.property
 * (property): where is its JSON path; reauthor.required (property, type): dropped, but the type
 * needs it. And those of stix.h and list.h. */
#ifndef KAI_ITEM_REAUTHOR_H
#define KAI_ITEM_REAUTHOR_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/why.h"

/* Called for each top-level property that is left out, or refused. */
typedef void kai_reauthor_fn(void *ctx, const char *property, bool refused);

struct kai_reauthor {
    const uint8_t *uuid;     /* 16 bytes that tell nothing: the new id is made of them. */
    const char *const *keep; /* Names of top-level properties that go out as they are. */
    size_t n_keep;
    kai_reauthor_fn *note; /* NULL: nobody asks. */
    void *ctx;
};

/* Append the new object's text. Errors: KAI_EDENIED (reauthor.*), KAI_EMALFORMED, KAI_ELIMIT,
 * KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_reauthor_stix(struct kai_buf *out, struct kai_view object,
                                            const struct kai_reauthor *how, struct kai_why *why);
/* The same for a list (list.h): its values stay, its template is cut. how->uuid is not used: ids of
 * a list's indicators come from the organisation that publishes it. */
KAI_MUST_USE enum kai_err kai_reauthor_list(struct kai_buf *out, struct kai_view content,
                                            const struct kai_reauthor *how, struct kai_why *why);

#endif
