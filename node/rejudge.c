/* rejudge: judges anew what could not be judged before: entries without a key, and what was
 * quarantined for want of a certificate, a rule or a release. */
#include <string.h>

#include "node/indexer_priv.h"

/* Places that this batch looks at, taken before it begins to write. */
struct places {
    struct kai_indexer *x;
    size_t n;
    struct kai_ix_waiting at[BATCH_ENTRIES_MAX];
};

/* Whether a place stands behind the one that was reached. */
static bool behind(const struct kai_ix_place *from, uint64_t log_no, uint64_t seq)
{
    return log_no > from->log_no || (log_no == from->log_no && seq > from->seq);
}

static bool has_key(struct kai_indexer *x, uint64_t log_no, const uint8_t *kid)
{
    static const uint8_t mixed[KAI_TAG_BYTES];
    const struct kai_log *log = kai_indexer_log(x, log_no);
    const struct kai_epoch *ep;

    if (log == NULL)
        return false;
    if (memcmp(kid, mixed, KAI_TAG_BYTES) == 0)
        return true; /* Some may have one. */
    ep = kai_outlook_epoch(x->o, log->aud_id, kid);
    return ep != NULL && !ep->route_only;
}

static bool on_waiting(void *ctx, const struct kai_ix_waiting *run)
{
    struct places *p = ctx;

    if (behind(&p->x->from, run->log_no, run->first_seq) && has_key(p->x, run->log_no, run->kid))
        p->at[p->n++] = *run;
    return p->n < BATCH_ENTRIES_MAX;
}

void kai_indexer_released(struct kai_indexer *x, const uint8_t obj_hash[static KAI_ID_BYTES])
{
    x->again = true;
    x->released[(size_t)(obj_hash[0] & 0x1f) << 8 | obj_hash[1]] |=
        (uint8_t)(1u << (obj_hash[0] >> 5));
}

static bool is_judged(const struct kai_indexer *x, const uint8_t *obj_hash)
{
    return !x->narrow ||
           (x->judging[(size_t)(obj_hash[0] & 0x1f) << 8 | obj_hash[1]] >> (obj_hash[0] >> 5) &
            1u) != 0;
}

static bool on_bad(void *ctx, const struct kai_ix_bad *bad)
{
    struct places *p = ctx;
    const struct kai_ix_waiting *last = p->n > 0 ? &p->at[p->n - 1] : NULL;
    bool same = last != NULL && last->log_no == bad->at.log_no && last->first_seq == bad->at.seq;

    if (bad->again && !same && is_judged(p->x, bad->obj_hash) &&
        behind(&p->x->from, bad->at.log_no, bad->at.seq))
        p->at[p->n++] = (struct kai_ix_waiting){
            .log_no = bad->at.log_no, .first_seq = bad->at.seq, .last_seq = bad->at.seq};
    return p->n < BATCH_ENTRIES_MAX;
}

static void judge(struct kai_indexer *x, uint64_t log_no, uint64_t seq)
{
    struct kai_entry e;
    enum kai_err err = kai_snap_entry_no(x->snap, log_no, seq, &e);

    if (err == KAI_OK)
        kai_indexer_project(x, log_no, &e, kai_wall_ms());
    else if (err != KAI_ENOTFOUND) /* Pruned since. */
        x->batch_err = err;
    x->from = (struct kai_ix_place){.log_no = log_no, .seq = seq};
}

static void judge_run(struct kai_indexer *x, struct kai_ix_waiting *run)
{
    uint64_t last = run->last_seq;

    for (uint64_t seq = run->first_seq; seq <= last && kai_indexer_room(x); seq++) {
        if (!x->at_bad) { /* Whatever still has no key waits again, under its own. */
            x->batch_err = kai_ix_waited(x->ix, run, seq);
            run->first_seq = seq + 1;
        }
        if (x->batch_err == KAI_OK)
            judge(x, run->log_no, seq);
    }
}

static enum kai_err fill(struct kai_indexer *x)
{
    struct places p = {.x = x};
    struct kai_ixsnap *r = kai_ix_reads(x->ix);
    enum kai_err err = KAI_EIO;

    if (r != NULL)
        err = x->at_bad ? kai_ixsnap_bad(r, on_bad, &p) : kai_ixsnap_waiting(r, on_waiting, &p);
    for (size_t i = 0; err == KAI_OK && i < p.n && kai_indexer_room(x); i++)
        judge_run(x, &p.at[i]);
    if (err == KAI_OK && p.n == 0) { /* Through with it. */
        x->from = (struct kai_ix_place){0};
        if (x->at_bad) {
            x->judged = x->passing;
            x->passing = 0;
        }
        x->at_bad = !x->at_bad;
    }
    return err;
}

enum kai_err kai_indexer_rejudge(struct kai_indexer *x, bool *more)
{
    enum kai_err err;

    if (x->passing == 0 && !x->again && x->judged == x->o->number)
        return KAI_OK;
    if (x->passing == 0) {
        x->passing = x->o->number;
        x->narrow = x->judged == x->o->number; /* Nothing else has changed. */
        x->at_bad = x->narrow;                 /* A release is no key. */
        memcpy(x->judging, x->released, sizeof x->judging);
        memset(x->released, 0, sizeof x->released);
        x->again = false;
        x->from = (struct kai_ix_place){0};
    }
    do {
        err = kai_indexer_batch(x, fill);
    } while (err == KAI_OK && x->passing != 0 && x->n == 0);
    *more = x->passing != 0 || x->again;
    return err;
}
