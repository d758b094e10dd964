/* publish_priv: one publication under way. */
#ifndef KAI_NODE_PUBLISH_PRIV_H
#define KAI_NODE_PUBLISH_PRIV_H

#include "item/reading.h"
#include "item/warn.h"
#include "node/hold.h"
#include "node/picked.h"
#include "node/post.h"
#include "node/publish.h"

#define KAI_PUBLISH_LABELS 50u /* TLP x PAP x exercise. */

struct kai_publish_run {
    struct kai_core *c;
    const struct kai_publish *p;
    struct kai_published *out;
    struct kai_why *why;
    struct kai_outlook *o;
    const struct kai_aud_name *aud;
    uint64_t kind;               /* Of the audience. */
    uint64_t ceiling;            /* And its ceiling. */
    struct kai_aud_name mailbox; /* aud, of a contribution. */
    struct kai_buf letters;      /* Hashes of the OBJs that are contributed. */
    const struct kai_aud_name *also[KAI_AUDIENCES_PER_OBJ_MAX];
    struct kai_ixsnap *index;
    struct kai_post *post;
    struct kai_batch
        *batches[KAI_PUBLISH_LABELS]; /* One for each label, opened when it is needed. */
    struct kai_obj obj;
    struct kai_picked picked;      /* What was judged good, from one thread to the other. */
    struct kai_readings *readings; /* And what that says; NULL: not kept. */
    bool given;                    /* The readings are the indexer's. */
    struct kai_published sum;      /* The writer's, as are these: */
    enum kai_err err;              /* how it ended, */
    struct kai_buf theirs;         /* ids of others' that were met. */
    struct kai_warn *warn;         /* NULL: this home has no warninglists. */
    bool any_malformed;
    struct kai_hold_items waiting; /* What waits for a key already. */
    bool waits;                    /* So does this. */
    uint8_t log_pk[KAI_KEY_BYTES]; /* Who holds it, is asked of this entry: */
    uint64_t last;                 /* 0 = of none. */
};

/* publish_judge.c: hand what is good over, and tell what is not. */
KAI_MUST_USE enum kai_err kai_publish_judge(struct kai_publish_run *r);
/* f for all that was judged good, from the file again; it has r for its ctx. Errors: KAI_EAGAIN
 * (the file has changed meanwhile), what f returned. */
KAI_MUST_USE enum kai_err kai_publish_again(struct kai_publish_run *r,
                                            enum kai_err (*f)(void *ctx,
                                                              const struct kai_candidate *c));

/* publish_theirs.c: note where a STIX object that goes out is another's; tell of them. */
void kai_publish_theirs(struct kai_publish_run *r, const uint8_t item[static KAI_ID_BYTES]);
void kai_publish_tell_theirs(const struct kai_publish_run *r);

/* publish_where.c: where it goes, and as whose. */
KAI_MUST_USE enum kai_err kai_publish_where(struct kai_publish_run *r);
/* The code of the rule that keeps out what has this label, or NULL; *about is the audience then. */
const char *kai_publish_verdict(const struct kai_publish_run *r, uint8_t tlp,
                                const struct kai_aud_name **about);

#endif
