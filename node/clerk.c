/* clerk: the thread that writes what nobody asks for by hand. */
#include "node/clerk.h"

#include <stdlib.h>
#include <string.h>

#include "item/label.h"
#include "node/clerk_duty.h"
#include "node/post.h"

#define LOOK_MS     1000u
#define FOUND_MAX   1024u
#define ROWS_A_LOOK 8192u
#define ROW_KEY     "clerk/row"

struct kai_clerk {
    struct kai_core *c;
    struct kai_receipts *receipts;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    pthread_mutex_t mu; /* Guards what was found. */
    pthread_cond_t news;
    bool awake; /* Something was found since the last look. */
    struct kai_project_found found[FOUND_MAX];
    size_t n_found;
    bool missed;       /* More was found than there was room for: look at everything. */
    bool asked;        /* A letter or release that requests may wait for. */
    bool report;       /* A violation to tell of. */
    uint64_t row;      /* The last one looked at. */
    uint64_t kept_row; /* As the store has it. */
};

void kai_clerk_found(struct kai_clerk *k, const struct kai_project_found *f)
{
    if (k == NULL)
        return;
    (void)pthread_mutex_lock(&k->mu);
    bool carried = f->kind == KAI_FOUND_RECALL || f->kind == KAI_FOUND_RELEASE;
    if (carried && k->n_found < FOUND_MAX)
        k->found[k->n_found++] = *f;
    else if (carried)
        k->missed = true;
    k->asked = k->asked || f->kind == KAI_FOUND_LETTER || f->kind == KAI_FOUND_RELEASE;
    k->report = k->report || f->kind == KAI_FOUND_REPORT;
    k->awake = true;
    (void)pthread_cond_signal(&k->news);
    (void)pthread_mutex_unlock(&k->mu);
}

void kai_clerk_note(struct kai_clerk *k, const struct kai_row *row, enum kai_receipt_what what)
{
    if (k != NULL)
        kai_receipts_note(k->receipts, row, what);
}

/* ---- Where it stood. */
static enum kai_err job_row(struct kai_core *c, void *arg)
{
    struct kai_clerk *k = arg;
    struct kai_tx *tx = kai_core_tx(c);
    uint8_t be[8];

    if (tx == NULL)
        return c->tx_err;
    kai_put_u64(be, k->row);
    return kai_tx_kv(tx, ROW_KEY, kai_view_of(be, sizeof be));
}

static enum kai_err row_load(struct kai_clerk *k)
{
    struct kai_snap *s = NULL;
    struct kai_view v;
    enum kai_err err = kai_snap_begin(k->c->store, &s);

    if (err == KAI_OK)
        err = kai_snap_kv(s, ROW_KEY, &v);
    if (err == KAI_OK && v.n == 8)
        k->row = k->kept_row = kai_get_u64(v.p);
    kai_snap_end(s);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

/* Only when all that it saw has been told of: else a restart would leave it untold. */
static enum kai_err row_keep(struct kai_clerk *k)
{
    if (k->row == k->kept_row || !kai_receipts_idle(k->receipts))
        return KAI_OK;
    enum kai_err err = kai_core_run(k->c, job_row, k);
    if (err == KAI_OK)
        k->kept_row = k->row;
    return err;
}

/* ---- One look round. */
static enum kai_err look_rows(struct kai_clerk *k, uint64_t now_ms, bool *more)
{
    struct kai_ixsnap *rows = NULL;
    enum kai_err err = kai_ixsnap_begin(k->c->index, KAI_TLP_RED, &rows);
    uint64_t last = err == KAI_OK ? kai_ixsnap_last(rows) : 0;
    unsigned i;

    if (k->row > last) /* The index was made anew: in the same order, but who knows. */
        k->row = 0;
    for (i = 0; i < ROWS_A_LOOK && k->row < last && err == KAI_OK; i++) {
        struct kai_row row;

        err = kai_ixsnap_row(rows, k->row + 1, &row);
        if (err == KAI_ENOTFOUND) {
            err = KAI_OK;
        } else if (err == KAI_OK) {
            if (!kai_receipts_saw(k->receipts, &row, now_ms))
                break; /* Until what is due has gone out. */
            err = kai_clerk_withdrawal(k->c, rows, &row);
        }
        if (err == KAI_OK)
            k->row++;
    }
    *more = i == ROWS_A_LOOK;
    kai_ixsnap_end(rows);
    return err;
}

static enum kai_err look_found(struct kai_clerk *k)
{
    enum kai_err err = KAI_OK;
    struct kai_project_found f;
    bool more = true;

    (void)pthread_mutex_lock(&k->mu);
    bool all = k->missed;
    k->missed = false;
    (void)pthread_mutex_unlock(&k->mu);
    if (all)
        err = kai_clerk_carry_all(k->c);
    while (err == KAI_OK && more) {
        (void)pthread_mutex_lock(&k->mu);
        more = k->n_found > 0;
        if (more)
            f = k->found[--k->n_found];
        (void)pthread_mutex_unlock(&k->mu);
        if (more && f.kind == KAI_FOUND_RECALL)
            err = kai_clerk_recall(k->c, f.obj_hash, f.org_id);
        else if (more)
            err = kai_clerk_release(k->c, f.obj_hash, f.org_id);
    }
    if (err != KAI_OK) {
        (void)pthread_mutex_lock(&k->mu);
        k->missed = true;
        (void)pthread_mutex_unlock(&k->mu);
    }
    return err;
}

static void wait_for_news(struct kai_clerk *k)
{
    uint64_t until_ms = kai_now_ms() + LOOK_MS;

    (void)pthread_mutex_lock(&k->mu);
    while (!k->awake && !atomic_load(&k->stop)) {
        if (!kai_wait_until(&k->news, &k->mu, until_ms))
            break;
    }
    k->awake = false;
    (void)pthread_mutex_unlock(&k->mu);
}

/* A duty that is done when there may be something to do; what fails is tried again. */
static enum kai_err duty(struct kai_clerk *k, bool *due, enum kai_err (*f)(struct kai_core *c))
{
    (void)pthread_mutex_lock(&k->mu);
    bool now = *due;
    *due = false;
    (void)pthread_mutex_unlock(&k->mu);
    enum kai_err err = now ? f(k->c) : KAI_OK;
    if (err != KAI_OK) {
        (void)pthread_mutex_lock(&k->mu);
        *due = true;
        (void)pthread_mutex_unlock(&k->mu);
    }
    return err;
}

static enum kai_err look(struct kai_clerk *k)
{
    bool more = false;
    enum kai_err err = kai_post_held(k->c);

    if (err == KAI_OK)
        err = look_rows(k, kai_now_ms(), &more);
    if (err == KAI_OK)
        err = look_found(k);
    if (err == KAI_OK)
        err = duty(k, &k->asked, kai_clerk_requests);
    if (err == KAI_OK)
        err = duty(k, &k->report, kai_clerk_reports);
    if (err == KAI_OK)
        err = kai_receipts_tick(k->receipts, kai_now_ms());
    if (err == KAI_OK)
        err = row_keep(k);
    if (!more || err != KAI_OK)
        wait_for_news(k);
    return err;
}

static void *work(void *arg)
{
    struct kai_clerk *k = arg;

    while (!atomic_load(&k->stop)) {
        enum kai_err err = look(k);

        if (err == KAI_ENOMEM || err == KAI_EIO || err == KAI_ECORRUPT)
            kai_core_alarm(k->c, "clerk.failed", kai_err_text(err));
        else
            kai_core_alarm_clear(k->c, "clerk.failed", kai_err_text(err));
    }
    return NULL;
}

enum kai_err kai_clerk_new(struct kai_clerk **out, struct kai_core *c)
{
    struct kai_clerk *k = calloc(1, sizeof *k);

    *out = NULL;
    if (k == NULL)
        return KAI_ENOMEM;
    k->c = c;
    k->missed = !kai_store_was_clean(c->store); /* What was found then may not have been done. */
    k->asked = k->report = true;
    (void)pthread_mutex_init(&k->mu, NULL);
    (void)pthread_cond_init(&k->news, NULL);
    enum kai_err err = kai_receipts_new(&k->receipts, c);
    if (err == KAI_OK)
        err = row_load(k);
    if (err != KAI_OK) {
        kai_clerk_free(k);
        return err;
    }
    *out = k;
    return KAI_OK;
}

enum kai_err kai_clerk_start(struct kai_clerk *k)
{
    if (pthread_create(&k->thread, NULL, work, k) != 0)
        return KAI_EIO;
    k->started = true;
    return KAI_OK;
}

void kai_clerk_stop(struct kai_clerk *k)
{
    if (k == NULL || !k->started)
        return;
    (void)pthread_mutex_lock(&k->mu);
    atomic_store(&k->stop, true);
    (void)pthread_cond_signal(&k->news);
    (void)pthread_mutex_unlock(&k->mu);
    (void)pthread_join(k->thread, NULL);
    k->started = false;
}

void kai_clerk_free(struct kai_clerk *k)
{
    if (k == NULL)
        return;
    kai_receipts_free(k->receipts);
    (void)pthread_cond_destroy(&k->news);
    (void)pthread_mutex_destroy(&k->mu);
    free(k);
}
