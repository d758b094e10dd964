/* acts: what is done with items after they went out: re-share, release, recall, withdraw
 * (docs/protocol.md 5, docs/access-rules.md). Facts are gathered here, lib/policy decides.
 *
 * Nothing here may run on the owning thread of a running loop. */
#ifndef KAI_NODE_ACTS_H
#define KAI_NODE_ACTS_H

#include "log/acts.h"
#include "node/reader.h"

#define KAI_ACT_ROWS_MAX 64u /* Audiences, origins and versions of what one id names. */

struct kai_act_rows {
    size_t n;
    struct kai_row row[KAI_ACT_ROWS_MAX];
};
/* The rows that a user means by an item id, the id of one value of a list (its list), a STIX id, or
 * the id of a sealed batch; each once, unless unwanted has one of its flags. The reader has begun.
 * Errors: KAI_ENOTFOUND (item.unknown), KAI_EAMBIGUOUS (name.ambiguous). */
KAI_MUST_USE enum kai_err kai_act_rows(struct kai_reader *r, const char *id, uint64_t unwanted,
                                       struct kai_act_rows *out, struct kai_why *why);

/* What a row stands for in its batch: the signed OBJ, and its content with its path, or the parts
 * of one that is too big. */
struct kai_subject {
    struct kai_row row;
    struct kai_obj o;
    struct kai_buf obj; /* As signed. */
    uint8_t sig[KAI_SIG_BYTES];
    size_t n;
    struct kai_content *contents; /* Point into bytes. */
    struct kai_buf bytes;
};
/* contents false: OBJ and signature alone, also of a sealed batch. The reader has begun. Errors: as
 * kai_fetch_items(); KAI_ECORRUPT. Free in any case. */
KAI_MUST_USE enum kai_err kai_subject_load(struct kai_reader *r, const struct kai_row *row,
                                           bool contents, struct kai_subject *out);
void kai_subject_free(struct kai_subject *s);
/* The indexes of its contents, or all where it has all of the OBJ. */
void kai_subject_indexes(const struct kai_subject *s, struct kai_indexes *x);

/* ---- Re-share. */
struct kai_act_shared {
    bool held;     /* It is in the target already: nothing was written. */
    bool released; /* A release of its origin made it pass. */
    uint64_t entries;
    struct kai_row row; /* What was passed on. */
};
/* Whether it might be written, as lib/policy says: NULL, or the code. release: NULL, or the one
 * that makes it pass where *released comes back true. The reader has begun. */
KAI_MUST_USE enum kai_err kai_act_may_reshare(struct kai_reader *r, const struct kai_subject *s,
                                              const uint8_t target[static KAI_ID_BYTES],
                                              const char **code, struct kai_buf *release,
                                              bool *released);
/* Whether a RESHARE of ours that waited may go to the target still, by the facts of now: each of
 * its contents must be held, and may be passed on. *code: as above; what is not known to be allowed
 * is not. Not inside a job. Errors: KAI_ECORRUPT, and as kai_core_run(). */
KAI_MUST_USE enum kai_err kai_act_reshare_still(struct kai_core *c, struct kai_view item,
                                                const uint8_t target[static KAI_ID_BYTES],
                                                const char **code);
/* Pass on what the rows name, of which the first that may goes. target_name: for words.
 * Errors: KAI_EDENIED (a code of lib/policy), KAI_ENOTFOUND, and as kai_post_begin(). */
KAI_MUST_USE enum kai_err kai_act_reshare(struct kai_core *c, const struct kai_act_rows *rows,
                                          const uint8_t target[static KAI_ID_BYTES],
                                          const char *target_name, struct kai_act_shared *out,
                                          struct kai_why *why);

/* ---- What only the source does. what: enum kai_policy_origin_what. Errors: KAI_EDENIED. */
KAI_MUST_USE enum kai_err kai_act_source(struct kai_core *c, const struct kai_row *row,
                                         unsigned what, uint8_t release_tlp, struct kai_why *why);

struct kai_act_release {
    uint8_t obj_hash[KAI_ID_BYTES];
    struct kai_indexes indexes;
    bool any;
    uint8_t target[KAI_ID_BYTES]; /* Unless any. */
    uint8_t tlp;                  /* 0: the label stays. */
    const uint8_t *asker;         /* Organisation that asked: told in its mailbox. NULL: none. */
};
/* Sign and write it into every audience of the OBJ that we may write to, and to who asked. s: the
 * OBJ, ours. *n: into how many. Errors: KAI_EDENIED, and what keeps it from being written anywhere.
 */
KAI_MUST_USE enum kai_err kai_act_release(struct kai_core *c, const struct kai_subject *s,
                                          const struct kai_act_release *what, uint64_t *n,
                                          struct kai_why *why);
KAI_MUST_USE enum kai_err kai_act_recall(struct kai_core *c, const struct kai_subject *s,
                                         uint64_t reason, const char *text, uint64_t *n,
                                         struct kai_why *why);
/* A new version that says revoked: true, into every audience that the row's item of ours stands in.
 * rows: of one STIX id, ours. Of a sealed batch, and of a list, a recall instead. */
KAI_MUST_USE enum kai_err kai_act_withdraw(struct kai_core *c, const struct kai_act_rows *rows,
                                           const char *text, uint64_t *n, struct kai_why *why);

/* A content of our own as a batch of its own, labelled and addressed as like is, into one of its
 * audiences. *obj_hash is set. Errors: as kai_post_begin() and kai_batch_add(). */
KAI_MUST_USE enum kai_err
kai_act_publish(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                const struct kai_obj *like, uint64_t kind, struct kai_view content,
                uint8_t obj_hash[static KAI_ID_BYTES], struct kai_why *why);

#endif
