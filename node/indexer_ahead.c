/* indexer_ahead: entries of a publication are projected while it is still being written.
 *
 * A publication becomes visible in one commit, and nothing of it may be found before. So its
 * entries, as they are sealed, are projected into a transaction of the index that waits for that
 * commit. What is visible then behind the position of the index must be these very entries (hash,
 * log and time), under the outlook they were judged by; else the transaction is thrown away, and
 * they are read from the store, as they are after a start. Other arrivals, an outlook that judges
 * otherwise, whoever waits for one that does not, and reports that were made end the waiting. Rules
 * that are kept and payloads whose time is over wait until the publication ends. */
#include <stdlib.h>
#include <string.h>

#include "node/indexer_priv.h"

#define BEGIN_ENTRIES 4u         /* What is smaller is soon read from the store. */
#define REST_VALUES   (1u << 15) /* Worth putting before the commit. */

struct kai_ahead_entry {
    struct kai_ahead_entry *next;
    uint64_t seen_ms;
    struct kai_entry e;
    uint8_t bytes[]; /* Header, signature, payload. */
};

/* ---- The publisher's thread. */
static struct kai_ahead_entry *copy_of(const struct kai_entry *e, uint64_t seen_ms)
{
    struct kai_ahead_entry *a = malloc(sizeof *a + e->hdr.n + e->sig.n + e->payload.n);

    if (a == NULL)
        return NULL;
    *a = (struct kai_ahead_entry){.seen_ms = seen_ms, .e = *e};
    memcpy(a->bytes, e->hdr.p, e->hdr.n);
    memcpy(a->bytes + e->hdr.n, e->sig.p, e->sig.n);
    memcpy(a->bytes + e->hdr.n + e->sig.n, e->payload.p, e->payload.n);
    a->e.hdr.p = a->bytes;
    a->e.sig.p = a->bytes + e->hdr.n;
    a->e.payload.p = a->bytes + e->hdr.n + e->sig.n;
    return a;
}

static void drop_all(struct kai_ahead *a)
{
    for (struct kai_ahead_entry *e; (e = a->first) != NULL; free(e))
        a->first = e->next;
    a->last = NULL;
    a->n = a->bytes = 0;
}

/* One more; past the bound this one is not in it, and so none that follows. */
static void append(struct kai_ahead *a, const struct kai_entry *e, uint64_t seen_ms)
{
    size_t bytes = a->bytes + e->payload.n;
    struct kai_ahead_entry *one = bytes <= KAI_AHEAD_BYTES_MAX ? copy_of(e, seen_ms) : NULL;

    if (one == NULL) {
        a->closed = true;
        return;
    }
    if (a->last != NULL)
        a->last->next = one;
    else
        a->first = one;
    a->last = one;
    a->bytes = bytes;
    a->n++;
}

void kai_indexer_ahead(struct kai_indexer *x, const void *of, const struct kai_entry *e,
                       uint64_t seen_ms)
{
    if (x == NULL)
        return;
    (void)pthread_mutex_lock(&x->mu);
    if (x->ahead.of == NULL) {
        drop_all(&x->ahead);
        x->ahead.of = of;
        x->ahead.turn++;
        x->ahead.closed = false;
    }
    if (x->ahead.of == of && !x->ahead.closed)
        append(&x->ahead, e, seen_ms);
    if (x->ahead.n >= BEGIN_ENTRIES || x->ahead.waited)
        (void)pthread_cond_signal(&x->work);
    (void)pthread_mutex_unlock(&x->mu);
}

void kai_indexer_ahead_end(struct kai_indexer *x, const void *of)
{
    if (x == NULL)
        return;
    (void)pthread_mutex_lock(&x->mu);
    if (x->ahead.of == of) {
        x->ahead.of = NULL;
        drop_all(&x->ahead);
        (void)pthread_cond_signal(&x->work);
    }
    (void)pthread_mutex_unlock(&x->mu);
}

/* ---- The indexer's thread. */
bool kai_indexer_ahead_due(const struct kai_indexer *x)
{
    return x->ahead.of != NULL && x->ahead.n >= BEGIN_ENTRIES;
}

/* Of this publication from now on, not of one that follows. */
static void begin_turn(struct kai_indexer *x)
{
    (void)pthread_mutex_lock(&x->mu);
    x->ahead_turn = x->ahead.turn;
    (void)pthread_mutex_unlock(&x->mu);
}

static bool is_turn(const struct kai_indexer *x)
{
    return x->ahead.of != NULL && x->ahead.turn == x->ahead_turn;
}

/* Nothing more of this publication. */
static void close_ahead(struct kai_indexer *x)
{
    (void)pthread_mutex_lock(&x->mu);
    if (is_turn(x)) {
        x->ahead.closed = true;
        drop_all(&x->ahead);
    }
    (void)pthread_mutex_unlock(&x->mu);
}

void kai_indexer_ahead_free(struct kai_indexer *x)
{
    drop_all(&x->ahead);
    kai_buf_free(&x->ahead_done);
}

/* Whether this thread has nothing to do for the one that it has not done for the other. */
static bool says_no_more(const struct kai_outlook *a, const struct kai_outlook *b)
{
    return kai_outlook_alike(a, b) && a->n_forks == b->n_forks &&
           (a->n_forks == 0 || memcmp(a->forks, b->forks, a->n_forks * sizeof a->forks[0]) == 0);
}

/* Whether there is anything to do that this waits for, or that waits for this. */
static bool is_due(const struct kai_indexer *x, bool awaited)
{
    struct kai_outlook *o = kai_outlook_get(x->c);
    /* Written by this thread alone. */
    bool due = x->settled < o->number && (awaited || !says_no_more(o, x->o));
    struct kai_snap *s;

    kai_outlook_put(o);
    if (!due && kai_snap_begin(x->c->store, &s) == KAI_OK) {
        due = kai_snap_last_position(s) > x->position;
        kai_snap_end(s);
    }
    return due;
}

/* The next entry, when it comes; NULL: it is time for something else. */
static struct kai_ahead_entry *take(struct kai_indexer *x, bool room)
{
    struct kai_ahead *a = &x->ahead;
    struct kai_ahead_entry *e = NULL;
    bool due = false;

    (void)pthread_mutex_lock(&x->mu);
    a->waited = true;
    while (!due && is_turn(x) && !x->stop && x->n_told == 0 && (!room || a->first == NULL)) {
        if (!x->woken) {
            (void)pthread_cond_wait(&x->work, &x->mu);
            continue;
        }
        x->woken = false;
        bool awaited = x->n_settling > 0;
        (void)pthread_mutex_unlock(&x->mu);
        due = is_due(x, awaited);
        (void)pthread_mutex_lock(&x->mu);
    }
    a->waited = false;
    if (!due && room && !x->stop && x->n_told == 0 && is_turn(x) && (e = a->first) != NULL) {
        a->first = e->next;
        a->last = e->next == NULL ? NULL : a->last;
        a->bytes -= e->e.payload.n;
        a->n--;
    }
    (void)pthread_mutex_unlock(&x->mu);
    return e;
}

/* What was projected, in order. */
struct done {
    uint8_t hash[KAI_ID_BYTES];
    uint64_t seen_ms;
};

static bool room(const struct kai_indexer *x)
{
    return x->batch_err == KAI_OK && x->n_found < FOUND_MAX / 2 && x->n < BATCH_WALKED_MAX &&
           !kai_ix_full(x->ix);
}

static enum kai_err project(struct kai_indexer *x, const struct kai_ahead_entry *e)
{
    struct done d = {.seen_ms = e->seen_ms};

    memcpy(d.hash, e->e.hash, sizeof d.hash);
    kai_buf_add(&x->ahead_done, &d, sizeof d);
    kai_indexer_project(x, x->ahead_log.no, &e->e, e->seen_ms);
    kai_ix_rest(x->ix, REST_VALUES);
    (void)pthread_mutex_lock(&x->mu);
    x->state.ahead++;
    (void)pthread_mutex_unlock(&x->mu);
    return x->batch_err != KAI_OK ? x->batch_err : x->ahead_done.err;
}

struct confirm {
    struct kai_indexer *x;
    size_t at; /* In ahead_done. */
    uint64_t position;
};

static bool same(void *ctx, uint64_t position, uint64_t log_no, const struct kai_entry *e,
                 uint64_t seen_ms)
{
    struct confirm *c = ctx;
    const struct kai_indexer *x = c->x;
    struct done d;

    memcpy(&d, x->ahead_done.p + c->at, sizeof d);
    if (log_no != x->ahead_log.no || seen_ms != d.seen_ms ||
        memcmp(e->hash, d.hash, sizeof d.hash) != 0)
        return false;
    c->position = position;
    c->at += sizeof d;
    return c->at < x->ahead_done.len;
}

/* Whether all of it is visible now, and nothing before it. Errors: KAI_EAGAIN (it is not), our own.
 */
static enum kai_err confirm(struct kai_indexer *x)
{
    struct confirm c = {.x = x};
    struct kai_snap *s;
    enum kai_err err = x->ahead_done.len == 0 ? KAI_EAGAIN : kai_snap_begin(x->c->store, &s);

    if (err != KAI_OK)
        return err;
    struct kai_outlook *o = kai_outlook_get(x->c); /* Of no earlier moment than what is visible. */
    err = kai_snap_arrivals(s, x->position + 1, same, &c);
    if (err == KAI_OK && (c.at < x->ahead_done.len || !kai_outlook_alike(o, x->o)))
        err = KAI_EAGAIN;
    kai_outlook_put(o);
    kai_snap_end(s);
    if (err == KAI_OK)
        x->position = c.position;
    return err;
}

static enum kai_err fill_ahead(struct kai_indexer *x)
{
    enum kai_err err = KAI_OK;
    struct kai_ahead_entry *e;

    while (err == KAI_OK && (e = take(x, room(x))) != NULL) {
        err = project(x, e);
        free(e);
    }
    if (err == KAI_OK)
        err = confirm(x);
    x->ahead_stands = err == KAI_OK;
    return err;
}

/* The log of what is to come; it was made before its first entry. */
static bool find_log(struct kai_indexer *x)
{
    uint8_t pk[KAI_KEY_BYTES];
    uint64_t seq = 0;

    (void)pthread_mutex_lock(&x->mu);
    if (is_turn(x) && x->ahead.first != NULL) {
        seq = x->ahead.first->e.h.seq;
        memcpy(pk, x->ahead.first->e.h.log_pk, sizeof pk);
    }
    (void)pthread_mutex_unlock(&x->mu);
    return seq > 0 && kai_snap_log(x->snap, pk, &x->ahead_log) == KAI_OK &&
           x->ahead_log.head_seq + 1 == seq;
}

/* What fails before the commit fails for entries that may never be visible: as if it had not begun.
 * Reading them from the store decides then. */
static enum kai_err run_ahead(struct kai_indexer *x)
{
    uint64_t rule_no = x->rule_no;

    kai_buf_clear(&x->ahead_done);
    x->ahead_stands = false;
    enum kai_err err = kai_indexer_batch(x, fill_ahead);
    if (!x->ahead_stands) {
        x->rule_no = rule_no;
        return KAI_OK;
    }
    (void)pthread_mutex_lock(&x->mu);
    x->state.ahead_kept += x->ahead_done.len / sizeof(struct done);
    (void)pthread_mutex_unlock(&x->mu);
    return err;
}

enum kai_err kai_indexer_run_ahead(struct kai_indexer *x)
{
    kai_indexer_readings_begin(x);
    begin_turn(x);
    enum kai_err err = kai_snap_begin(x->c->store, &x->snap);

    if (err != KAI_OK) {
        close_ahead(x);
        return KAI_OK;
    }
    x->o = kai_outlook_get(x->c);
    if (kai_snap_last_position(x->snap) == x->position) { /* Else that comes first. */
        err = x->settled >= x->o->number && find_log(x) ? run_ahead(x) : KAI_OK;
        close_ahead(x);
    }
    kai_outlook_put(x->o);
    x->o = NULL;
    kai_snap_end(x->snap);
    x->snap = NULL;
    return err;
}
