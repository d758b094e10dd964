/* expire: payloads whose time is over. */
#include "node/expire.h"

#include <string.h>

#include "log/expiry.h"
#include "node/indexer_priv.h"

#define PASS_MS (UINT64_C(3600) * 1000)

/* ---- On the indexer's thread. */

struct hearing {
    const struct kai_roster *roster;
    const uint8_t *self_org;
    struct kai_expiry_others others;
};

static bool on_log(void *ctx, const struct kai_log *log)
{
    struct hearing *h = ctx;
    const struct kai_node *author =
        log->kind == KAI_LOG_DATA ? kai_roster_node(h->roster, log->author_node) : NULL;

    if (author != NULL && author->active && memcmp(author->org->id, h->self_org, KAI_ID_BYTES) != 0)
        kai_expiry_heard(&h->others, author->org->id, log->head_ts);
    return true;
}

static enum kai_err time_of(struct kai_indexer *x, uint64_t *now)
{
    struct kai_outlook *o = kai_outlook_get(x->c);
    struct hearing h = {.roster = o->roster, .self_org = x->c->self.org_id};
    enum kai_err err = kai_snap_logs(x->snap, on_log, &h);
    uint64_t wall = kai_wall_ms();
    uint64_t steady = kai_now_ms();

    kai_outlook_put(o);
    if (x->start_wall_ms == 0) {
        x->start_wall_ms = wall;
        x->start_ms = steady;
    }
    *now = kai_expiry_now(&h.others, wall, x->start_wall_ms + (steady - x->start_ms));
    return err;
}

struct search {
    struct kai_indexer *x;
    uint64_t now;
    uint64_t keep;
    size_t walked;
    bool whole;
};

static bool on_payload(void *ctx, const struct kai_payload_at *at)
{
    struct search *s = ctx;
    struct kai_indexer *x = s->x;
    uint64_t seen = kai_expiry_seen(&x->gone_seen, s->now, at->seen_ms, at->h->ts);
    uint64_t due = kai_payload_due(at->h, at->prev_kid, seen);

    if (x->n_gone == KAI_EXPIRE_BATCH || s->walked++ == BATCH_WALKED_MAX) {
        x->gone_from = at->place;
        s->whole = false;
        return false;
    }
    if (due <= s->now && s->now - due >= s->keep)
        x->gone[x->n_gone++] = (struct kai_expire_place){at->log_no, at->h->seq};
    return true;
}

static enum kai_err fill(struct kai_indexer *x)
{
    enum kai_err err = KAI_OK;

    for (size_t i = 0; i < x->n_gone && err == KAI_OK; i++)
        err = kai_ix_gone(x->ix, x->gone[i].log_no, x->gone[i].seq);
    return err;
}

/* Where there is little room left nothing is kept longer than its author asked. */
static enum kai_err keep_of(struct kai_indexer *x, uint64_t *keep)
{
    struct kai_store_usage u;
    enum kai_err err = kai_store_usage(x->c->store, &u);

    *keep = err == KAI_OK && u.refuse_foreign ? 0 : x->c->keep_ms;
    return err;
}

static bool handing(struct kai_indexer *x)
{
    (void)pthread_mutex_lock(&x->mu);
    bool is = x->gone_ready;
    (void)pthread_mutex_unlock(&x->mu);
    return is;
}

/* Whether there is a loop to hand anything to. It is the loop's thread that begins and ends it. */
static bool loop_runs(struct kai_core *c)
{
    (void)pthread_mutex_lock(&c->mu);
    bool runs = c->wake_fd != -1;
    (void)pthread_mutex_unlock(&c->mu);
    return runs;
}

enum kai_err kai_indexer_expire(struct kai_indexer *x, bool *more)
{
    struct search s = {.x = x, .whole = true};

    if (!loop_runs(x->c) || handing(x) || (x->gone_from == 0 && kai_now_ms() < x->gone_next_ms))
        return KAI_OK;
    x->n_gone = 0;
    enum kai_err err = time_of(x, &s.now);
    if (err == KAI_OK)
        err = keep_of(x, &s.keep);
    if (x->gone_from == 0)
        x->gone_seen = 0;
    if (err == KAI_OK)
        err = kai_snap_payloads(x->snap, x->gone_from, on_payload, &s);
    if (err == KAI_OK && x->n_gone > 0)
        err = kai_indexer_batch(x, fill);
    if (err != KAI_OK)
        return err;
    if (s.whole) {
        x->gone_from = 0;
        x->gone_next_ms = kai_now_ms() + PASS_MS;
    }
    if (x->n_gone == 0) {
        *more = *more || !s.whole;
        return KAI_OK;
    }
    (void)pthread_mutex_lock(&x->mu);
    x->gone_ready = true;
    (void)pthread_mutex_unlock(&x->mu);
    kai_core_wake(x->c);
    return KAI_OK;
}

/* ---- On the owning thread. */

static enum kai_err forget(struct kai_core *c, const struct kai_expire_place *at, size_t n)
{
    struct kai_tx *tx = kai_core_tx(c);
    struct kai_snap *snap = NULL;
    struct kai_log log = {0};
    enum kai_err err = tx == NULL ? c->tx_err : kai_snap_begin(c->store, &snap);

    for (size_t i = 0; i < n && err == KAI_OK; i++) {
        if (log.no != at[i].log_no)
            err = kai_snap_log_no(snap, at[i].log_no, &log);
        if (err == KAI_OK)
            err = kai_tx_forget(tx, log.log_pk, at[i].seq);
    }
    kai_snap_end(snap);
    return err;
}

void kai_expire_forget(struct kai_indexer *x)
{
    if (x == NULL)
        return;
    (void)pthread_mutex_lock(&x->mu);
    bool ready = x->gone_ready; /* Until it is taken back nobody else changes the list. */
    (void)pthread_mutex_unlock(&x->mu);
    if (!ready)
        return;
    /* A failure is told by the commit; the next pass finds them again. */
    kai_ignore(forget(x->c, x->gone, x->n_gone));
    (void)pthread_mutex_lock(&x->mu);
    x->gone_ready = false;
    (void)pthread_mutex_unlock(&x->mu);
    kai_indexer_wake(x);
}
