/* indexer: opens what has arrived, checks it, and writes the index, behind the log.
 *
 * It runs at a lower priority than the loop: a burst is durable at log speed and can be searched a
 * moment later. */
#include "node/indexer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "item/label.h"
#include "node/audiences.h"
#include "node/say.h"
#include "project/project.h"

#define BATCH_ENTRIES_MAX 256u
#define BATCH_BYTES_MAX   (4u << 20)
#define NICENESS          10

struct kai_indexer {
    struct kai_core *c;
    pthread_t thread;
    pthread_mutex_t mu;
    pthread_cond_t work; /* Something may have arrived. */
    pthread_cond_t done; /* The position moved. */
    bool woken;
    bool stop;
    enum kai_err err; /* It stopped by itself. */
    struct kai_indexer_state state;
    struct kai_projector *projector;
    struct kai_outlook *o; /* During a batch. */
    struct kai_ix *ix;
    uint64_t position;
    size_t n;
    size_t bytes;
    enum kai_err batch_err;
    struct kai_snap *snap;
    struct kai_log log; /* The last one looked up. */
    struct rule *rules; /* Found in the batch. */
};

struct rule {
    struct rule *next;
    struct kai_view item;
    uint8_t bytes[];
};

static enum kai_err resolve(void *ctx, const uint8_t cert[static KAI_ID_BYTES],
                            struct kai_project_node *out)
{
    struct kai_indexer *x = ctx;
    const struct kai_node *n = kai_roster_node_by_cert(x->o->roster, cert);

    if (n == NULL)
        return KAI_ENOTFOUND;
    memcpy(out->sign_pk, n->sign_pk, KAI_KEY_BYTES);
    memcpy(out->org_id, n->org->id, KAI_ID_BYTES);
    memcpy(out->node_id, n->id, KAI_ID_BYTES);
    out->usable = n->attested; /* What a removed node wrote before stays readable. */
    return KAI_OK;
}

static void found_rule(void *ctx, const struct kai_rule *rule, struct kai_view item)
{
    struct kai_indexer *x = ctx;
    struct rule *r = malloc(sizeof *r + item.n);

    (void)rule;
    if (r == NULL) {
        x->batch_err = KAI_ENOMEM;
        return;
    }
    memcpy(r->bytes, item.p, item.n);
    r->item = kai_view_of(r->bytes, item.n);
    (void)pthread_mutex_lock(&x->mu);
    r->next = x->rules;
    x->rules = r;
    (void)pthread_mutex_unlock(&x->mu);
}

static void found_bad(void *ctx, const struct kai_project_refusal *refusal)
{
    struct kai_indexer *x = ctx;

    if (strcmp(refusal->code, "project.stix") == 0) /* Kept, and found by its type. */
        return;
    (void)pthread_mutex_lock(&x->mu);
    x->state.quarantined++;
    (void)pthread_mutex_unlock(&x->mu);
    kai_core_alarm(x->c, refusal->code, "");
}

static const struct kai_log *log_of(struct kai_indexer *x, uint64_t no)
{
    if (x->log.no != no && kai_snap_log_no(x->snap, no, &x->log) != KAI_OK) {
        x->log.no = 0;
        return NULL;
    }
    return &x->log;
}

static void project(struct kai_indexer *x, uint64_t log_no, const struct kai_entry *e,
                    uint64_t seen_ms)
{
    const struct kai_log *log = log_of(x, log_no);

    if (e->h.ptype != KAI_PTYPE_SEALED || e->payload.p == NULL || log == NULL)
        return;
    const struct kai_epoch *ep = kai_outlook_epoch(x->o, log->aud_id, e->h.kid);
    const struct kai_audience *aud = kai_roster_audience(x->o->roster, log->aud_id);
    struct kai_project_in in = {
        .entry = e,
        .nid = x->c->charter.nid,
        .aud_id = log->aud_id,
        .epoch_key = ep != NULL ? ep->key : NULL,
        .author_cert = log->author_cert,
        .log_no = log_no,
        .seen_ms = seen_ms,
        .ceiling =
            aud != NULL && aud->rec.label_max <= KAI_TLP_RED ? (uint8_t)aud->rec.label_max : 0,
    };
    if (ep != NULL)
        x->batch_err = kai_project_entry(x->projector, x->ix, &in);
}

static bool on_arrival(void *ctx, uint64_t position, uint64_t log_no, const struct kai_entry *e,
                       uint64_t seen_ms)
{
    struct kai_indexer *x = ctx;

    project(x, log_no, e, seen_ms);
    x->position = position;
    x->n++;
    x->bytes += e->payload.n;
    return x->batch_err == KAI_OK && x->n < BATCH_ENTRIES_MAX && x->bytes < BATCH_BYTES_MAX &&
           !kai_ix_full(x->ix);
}

static enum kai_err job_rule(struct kai_core *c, void *arg)
{
    struct rule *r = arg;
    enum kai_err err = kai_audience_rule(c, r->item);

    if (err == KAI_OK)
        kai_net_on_keyring(c->net, kai_now_ms());
    return err == KAI_ENOMEM || err == KAI_EIO ? err
                                               : KAI_OK; /* A bad rule is its author's affair. */
}

static struct rule *next_rule(struct kai_indexer *x)
{
    (void)pthread_mutex_lock(&x->mu);
    struct rule *r = x->rules;
    if (r != NULL)
        x->rules = r->next;
    (void)pthread_mutex_unlock(&x->mu);
    return r;
}

/* Rules wait for the owning thread, which fetches them (kai_indexer_rules): we never wait for it.
 */
static void hand_over_rules(struct kai_indexer *x)
{
    (void)pthread_mutex_lock(&x->mu);
    bool any = x->rules != NULL;
    (void)pthread_mutex_unlock(&x->mu);
    if (any)
        kai_core_wake(x->c);
}

void kai_indexer_rules(struct kai_indexer *x)
{
    for (struct rule *r; x != NULL && (r = next_rule(x)) != NULL; free(r))
        kai_ignore(job_rule(x->c, r));
}

static void moved(struct kai_indexer *x, uint64_t rows)
{
    (void)pthread_mutex_lock(&x->mu);
    x->state.position = x->position;
    x->state.items = rows;
    (void)pthread_cond_broadcast(&x->done);
    (void)pthread_mutex_unlock(&x->mu);
}

/* Project one batch. *more: there was as much as a batch takes. */
static enum kai_err one_batch(struct kai_indexer *x, bool *more)
{
    struct kai_ixsnap *rows = NULL;
    uint64_t n_rows = 0;
    enum kai_err err = kai_snap_begin(x->c->store, &x->snap);

    *more = false;
    if (err != KAI_OK)
        return err;
    uint64_t last = kai_snap_last_position(x->snap);
    x->n = x->bytes = 0;
    x->batch_err = KAI_OK;
    x->log.no = 0;
    if (last > x->position) {
        x->o = kai_outlook_get(x->c);
        err = kai_ix_begin(x->c->index, &x->ix);
        if (err == KAI_OK)
            err = kai_snap_arrivals(x->snap, x->position + 1, on_arrival, x);
        if (err == KAI_OK)
            err = x->batch_err;
        if (err == KAI_OK)
            err = kai_ix_commit(x->ix, x->position);
        else
            kai_ix_abort(x->ix);
        x->ix = NULL;
        kai_outlook_put(x->o);
        x->o = NULL;
    }
    kai_snap_end(x->snap);
    x->snap = NULL;
    if (err != KAI_OK)
        return err;
    if (kai_ixsnap_begin(x->c->index, KAI_TLP_RED, &rows) == KAI_OK)
        n_rows = kai_ixsnap_rows(rows);
    kai_ixsnap_end(rows);
    *more = x->position < last;
    hand_over_rules(x);
    moved(x, n_rows);
    return KAI_OK;
}

static void *run(void *arg)
{
    struct kai_indexer *x = arg;
    bool more = true;
    enum kai_err err = KAI_OK;

    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid),
                      NICENESS); /* Of this thread, on Linux. */
    while (err == KAI_OK) {
        (void)pthread_mutex_lock(&x->mu);
        while (!x->woken && !x->stop && !more)
            (void)pthread_cond_wait(&x->work, &x->mu);
        x->woken = false;
        bool stop = x->stop;
        (void)pthread_mutex_unlock(&x->mu);
        if (stop)
            break;
        err = one_batch(x, &more);
    }
    (void)pthread_mutex_lock(&x->mu);
    x->err = err;
    (void)pthread_cond_broadcast(&x->done);
    (void)pthread_mutex_unlock(&x->mu);
    if (err != KAI_OK) {
        kai_core_alarm(x->c, "index.stopped", kai_err_text(err));
        kai_say("index.stopped", kai_err_text(err), NULL, NULL);
    }
    return NULL;
}

enum kai_err kai_indexer_start(struct kai_indexer **out, struct kai_core *c)
{
    struct kai_indexer *x = calloc(1, sizeof *x);
    struct kai_project_port port = {
        .ctx = x, .resolve = resolve, .rule = found_rule, .refused = found_bad};
    struct kai_ixsnap *s;

    *out = NULL;
    if (x == NULL)
        return KAI_ENOMEM;
    x->c = c;
    (void)pthread_mutex_init(&x->mu, NULL);
    (void)pthread_cond_init(&x->work, NULL);
    (void)pthread_cond_init(&x->done, NULL);
    enum kai_err err = kai_projector_new(&x->projector, &port);
    if (err == KAI_OK)
        err = kai_ixsnap_begin(c->index, KAI_TLP_RED, &s);
    if (err == KAI_OK) {
        x->position = x->state.position = kai_ixsnap_position(s);
        x->state.items = kai_ixsnap_rows(s);
        kai_ixsnap_end(s);
    }
    if (err == KAI_OK && pthread_create(&x->thread, NULL, run, x) != 0)
        err = KAI_ENOMEM;
    if (err != KAI_OK) {
        kai_projector_free(x->projector);
        free(x);
        return err;
    }
    *out = x;
    return KAI_OK;
}

void kai_indexer_stop(struct kai_indexer *x)
{
    if (x == NULL)
        return;
    (void)pthread_mutex_lock(&x->mu);
    x->stop = true;
    (void)pthread_cond_broadcast(&x->work);
    (void)pthread_mutex_unlock(&x->mu);
    (void)pthread_join(x->thread, NULL);
    kai_indexer_rules(x);
    kai_projector_free(x->projector);
    (void)pthread_mutex_destroy(&x->mu);
    (void)pthread_cond_destroy(&x->work);
    (void)pthread_cond_destroy(&x->done);
    free(x);
}

void kai_indexer_wake(struct kai_indexer *x)
{
    if (x == NULL)
        return;
    (void)pthread_mutex_lock(&x->mu);
    x->woken = true;
    (void)pthread_cond_signal(&x->work);
    (void)pthread_mutex_unlock(&x->mu);
}

enum kai_err kai_indexer_settle(struct kai_indexer *x)
{
    struct kai_snap *s;
    enum kai_err err = kai_snap_begin(x->c->store, &s);

    if (err != KAI_OK)
        return err;
    uint64_t last = kai_snap_last_position(s);
    kai_snap_end(s);
    (void)pthread_mutex_lock(&x->mu);
    x->woken = true;
    (void)pthread_cond_signal(&x->work);
    while (x->err == KAI_OK && x->state.position < last)
        (void)pthread_cond_wait(&x->done, &x->mu);
    err = x->err;
    (void)pthread_mutex_unlock(&x->mu);
    return err;
}

uint64_t kai_indexer_wait(struct kai_indexer *x, uint64_t beyond, uint64_t ms)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ns = (uint64_t)t.tv_nsec + ms * 1000000;
    t.tv_sec += (time_t)(ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    (void)pthread_mutex_lock(&x->mu);
    while (x->err == KAI_OK && x->state.position <= beyond)
        if (pthread_cond_timedwait(&x->done, &x->mu, &t) == ETIMEDOUT)
            break;
    uint64_t position = x->state.position;
    (void)pthread_mutex_unlock(&x->mu);
    return position;
}

static bool first_seen(void *ctx, uint64_t position, uint64_t log_no, const struct kai_entry *e,
                       uint64_t seen_ms)
{
    uint64_t *first = ctx;

    (void)position;
    (void)log_no;
    (void)e;
    *first = seen_ms;
    return false;
}

/* How long the oldest entry waits that is not indexed yet, at this moment: 0 = all are. */
static uint64_t lag_of(struct kai_indexer *x, uint64_t position)
{
    uint64_t seen = kai_wall_ms();
    uint64_t now = seen;
    uint64_t lag = 0;
    struct kai_snap *s;

    if (kai_snap_begin(x->c->store, &s) != KAI_OK)
        return 0;
    if (kai_snap_last_position(s) > position &&
        kai_snap_arrivals(s, position + 1, first_seen, &seen) == KAI_OK)
        lag = now > seen ? now - seen : 1;
    kai_snap_end(s);
    return lag;
}

void kai_indexer_state(struct kai_indexer *x, struct kai_indexer_state *s)
{
    (void)pthread_mutex_lock(&x->mu);
    *s = x->state;
    (void)pthread_mutex_unlock(&x->mu);
    s->lag_ms = lag_of(x, s->position);
}
