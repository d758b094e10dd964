/* fetch: from a row back to what was published: the object's exact bytes, a list, one value of a
 * list. The body of the last entry is kept, so that neighbours are cheap. */
#ifndef KAI_PROJECT_FETCH_H
#define KAI_PROJECT_FETCH_H

#include "item/list.h"
#include "log/body.h"
#include "log/entry.h"
#include "query/index.h"

/* Where entries and keys come from; ctx goes to each. */
struct kai_fetch_source {
    void *ctx;
    const uint8_t *nid;
    /* An entry with its payload, valid until the next call. Errors: KAI_ENOTFOUND, KAI_ECORRUPT,
     * ... as kai_snap_entry_no(). */
    enum kai_err (*entry)(void *ctx, uint64_t log_no, uint64_t seq, struct kai_entry *out);
    /* The epoch key that kid names in this log. Errors: KAI_ENOTFOUND. */
    enum kai_err (*key)(void *ctx, uint64_t log_no, const uint8_t kid[static KAI_TAG_BYTES],
                        uint8_t key[static KAI_KEY_BYTES]);
};

struct kai_fetch;                                                /* One thread. */
KAI_MUST_USE enum kai_err kai_fetch_new(struct kai_fetch **out); /* Errors: KAI_ENOMEM. */
void kai_fetch_free(struct kai_fetch *f); /* Wipes what it held. NULL does nothing. */

/* The content of a row, byte for byte; its hash is the row's item id. Valid until the next call.
 * Errors: KAI_EDENIED (sealed: no node can read it), KAI_ENOTFOUND (pruned, all of it or a part, or
 * no key), KAI_EAUTH, KAI_ECORRUPT (another content stands there), KAI_ENOMEM, what source returns.
 */
KAI_MUST_USE enum kai_err kai_fetch_object(struct kai_fetch *f, const struct kai_fetch_source *s,
                                           const struct kai_row *row, struct kai_view *content);
/* The same, read as a list. Errors: those, and KAI_EMALFORMED (the row is no list). */
KAI_MUST_USE enum kai_err kai_fetch_list(struct kai_fetch *f, const struct kai_fetch_source *s,
                                         const struct kai_row *row, struct kai_list *list);
/* One value of it; list may be NULL. Errors: those, and KAI_ENOTFOUND (no such index). */
KAI_MUST_USE enum kai_err kai_fetch_value(struct kai_fetch *f, const struct kai_fetch_source *s,
                                          const struct kai_row *row, uint64_t index,
                                          struct kai_list *list, struct kai_view *norm);

/* The item that the row's content stands in, OBJ or RESHARE, as it came: for who signed it, and to
 * pass it on. Of an object in parts each item of the entries that hold them, others among them.
 * Errors: KAI_ENOTFOUND, what source and item return. */
KAI_MUST_USE enum kai_err kai_fetch_items(struct kai_fetch *f, const struct kai_fetch_source *s,
                                          const struct kai_row *row, kai_body_fn *item, void *ctx);

#endif
