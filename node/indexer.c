/* indexer: opens what has arrived, checks it, and writes the index, behind the log.
 *
 * It runs at a lower priority than the loop: a burst is durable at log speed and can be searched a
 * moment later. */
#include "node/indexer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "item/label.h"
#include "keys/proof.h"
#include "node/clerk.h"
#include "node/indexer_priv.h"
#include "node/say.h"

#define NICENESS 10

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
    out->active = n->active && n->org->active;
    out->publishes = (n->caps & KAI_CAP_PUBLISH) != 0;
    return KAI_OK;
}

static enum kai_err audience(void *ctx, const uint8_t aud_id[static KAI_ID_BYTES],
                             struct kai_project_aud *out)
{
    struct kai_indexer *x = ctx;

    return kai_outlook_facts(x->o, aud_id, out);
}

static enum kai_project_inside inside(void *ctx, const uint8_t inner[static KAI_ID_BYTES],
                                      const uint8_t outer[static KAI_ID_BYTES])
{
    struct kai_indexer *x = ctx;

    return kai_outlook_inside(x->o, inner, outer);
}

static enum kai_err proof(void *ctx, struct kai_view bytes,
                          const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_project_node *node)
{
    struct kai_indexer *x = ctx;

    return kai_member_proof_check(x->o->roster, aud_id, node->node_id, bytes);
}

static void found(void *ctx, const struct kai_project_found *f)
{
    struct kai_indexer *x = ctx;

    if (f->kind == KAI_FOUND_RELEASE)
        kai_indexer_released(x, f->obj_hash);
    if (f->kind == KAI_FOUND_LETTER && x->letters++ > 0)
        return; /* That there are some is news enough. */
    if (x->n_found < FOUND_MAX)
        x->found[x->n_found++] = *f;
}

static void found_rule(void *ctx, const struct kai_rule *rule, struct kai_view item)
{
    (void)rule;
    kai_indexer_rule(ctx, item);
}

/* Codes are constants; more than can be shown are not raised. */
static void add_alarm(struct kai_indexer *x, const char *code)
{
    for (size_t i = 0; i < x->n_alarms; i++)
        if (strcmp(x->alarms[i], code) == 0)
            return;
    if (x->n_alarms < KAI_ALARMS_MAX)
        x->alarms[x->n_alarms++] = code;
}

static void found_bad(void *ctx, const struct kai_project_refusal *refusal)
{
    struct kai_indexer *x = ctx;

    bool kept = strcmp(refusal->code, "project.stix") == 0; /* And found by its type. */
    /* What only lacks something yet is in the quarantine's count until it is judged again. */
    bool early = refusal->again && strncmp(refusal->code, "project.", 8) == 0;

    if (!kept && !early)
        add_alarm(x, refusal->code);
}

const struct kai_log *kai_indexer_log(struct kai_indexer *x, uint64_t no)
{
    if (x->log.no != no && kai_snap_log_no(x->snap, no, &x->log) != KAI_OK) {
        x->log.no = 0;
        return NULL;
    }
    return &x->log;
}

void kai_indexer_project(struct kai_indexer *x, uint64_t log_no, const struct kai_entry *e,
                         uint64_t seen_ms)
{
    const struct kai_log *log = kai_indexer_log(x, log_no);

    if (e->h.ptype != KAI_PTYPE_SEALED || e->payload.p == NULL || log == NULL)
        return;
    static const uint8_t nobody[KAI_ID_BYTES];
    const struct kai_epoch *ep = kai_outlook_epoch(x->o, log->aud_id, e->h.kid);
    bool authored = memcmp(log->author_cert, nobody, KAI_ID_BYTES) != 0;
    struct kai_project_in in = {
        .entry = e,
        .nid = x->c->charter.nid,
        .aud_id = log->aud_id,
        .epoch_key = ep != NULL && !ep->route_only ? ep->key : NULL,
        .author_cert = authored ? log->author_cert : NULL,
        .self_org = x->c->self.org_id,
        .log_no = log_no,
        .seen_ms = seen_ms,
    };
    x->batch_err = kai_project_entry(x->projector, x->ix, &in);
    x->n++;
    x->bytes += e->payload.n;
}

bool kai_indexer_room(const struct kai_indexer *x)
{
    return x->batch_err == KAI_OK && x->n < BATCH_ENTRIES_MAX && x->n_found < FOUND_MAX / 2 &&
           x->bytes < BATCH_BYTES_MAX && !kai_ix_full(x->ix);
}

static bool on_arrival(void *ctx, uint64_t position, uint64_t log_no, const struct kai_entry *e,
                       uint64_t seen_ms)
{
    struct kai_indexer *x = ctx;

    kai_indexer_project(x, log_no, e, seen_ms);
    x->position = position;
    return kai_indexer_room(x) && ++x->walked < BATCH_WALKED_MAX;
}

static void moved(struct kai_indexer *x)
{
    struct kai_ixsnap *rows = NULL;
    uint64_t n_rows = 0;
    uint64_t bad = 0;

    if (kai_ixsnap_begin(x->c->index, KAI_TLP_RED, &rows) == KAI_OK) {
        n_rows = kai_ixsnap_rows(rows);
        bad = kai_ixsnap_bad_count(rows);
    }
    kai_ixsnap_end(rows);
    (void)pthread_mutex_lock(&x->mu);
    x->state.position = x->position;
    x->state.items = n_rows;
    x->state.quarantined = bad;
    x->settled = x->again ? 0 : x->judged;
    (void)pthread_cond_broadcast(&x->done);
    (void)pthread_mutex_unlock(&x->mu);
}

enum kai_err kai_indexer_batch(struct kai_indexer *x, kai_indexer_fill_fn *fill)
{
    enum kai_err err = kai_ix_begin(x->c->index, &x->ix);

    x->n = x->bytes = x->walked = x->n_found = x->letters = x->n_alarms = 0;
    x->batch_err = KAI_OK;
    x->log.no = 0;
    if (err == KAI_OK)
        err = fill(x);
    if (err == KAI_OK)
        err = x->batch_err;
    if (err == KAI_OK) {
        kai_ix_added_at(x->ix, kai_wall_us());
        err = kai_ix_commit(x->ix, x->position);
    } else {
        kai_ix_abort(x->ix);
    }
    x->ix = NULL;
    kai_indexer_rules_hand(x, err == KAI_OK);
    for (size_t i = 0; err == KAI_OK && i < x->n_found; i++)
        kai_clerk_found(x->c->clerk, &x->found[i]);
    for (size_t i = 0; err == KAI_OK && i < x->n_alarms; i++)
        kai_core_alarm(x->c, x->alarms[i], "");
    return err;
}

static enum kai_err fill_arrivals(struct kai_indexer *x)
{
    return kai_snap_arrivals(x->snap, x->position + 1, on_arrival, x);
}

static enum kai_err fill_told(struct kai_indexer *x)
{
    enum kai_err err = KAI_OK;

    for (size_t i = 0; i < x->n_told && err == KAI_OK; i++)
        err = kai_ix_reported(x->ix, x->told[i].log_pk, x->told[i].seq, x->told[i].obj_hash);
    return err;
}

static enum kai_err note_told(struct kai_indexer *x)
{
    (void)pthread_mutex_lock(&x->mu);
    bool any = x->n_told > 0; /* Until it is noted nobody else changes it. */
    (void)pthread_mutex_unlock(&x->mu);
    enum kai_err err = any ? kai_indexer_batch(x, fill_told) : KAI_OK;
    if (any && err == KAI_OK) {
        (void)pthread_mutex_lock(&x->mu);
        x->n_told = 0;
        (void)pthread_cond_broadcast(&x->done);
        (void)pthread_mutex_unlock(&x->mu);
    }
    return err;
}

/* Project a batch of what arrived, and judge a batch of what waits. *more: there is more of it. */
static enum kai_err one_batch(struct kai_indexer *x, bool *more)
{
    kai_indexer_readings_begin(x);
    enum kai_err err = kai_snap_begin(x->c->store, &x->snap);

    *more = false;
    if (err != KAI_OK)
        return err;
    uint64_t last = kai_snap_last_position(x->snap);
    x->o = kai_outlook_get(x->c);
    if (last > x->position)
        err = kai_indexer_batch(x, fill_arrivals);
    if (err == KAI_OK)
        err = note_told(x);
    if (err == KAI_OK)
        err = kai_indexer_rules_forget(x);
    if (err == KAI_OK)
        err = kai_indexer_forks(x);
    if (err == KAI_OK)
        err = kai_indexer_rejudge(x, more);
    if (err == KAI_OK)
        err = kai_indexer_expire(x, more);
    kai_outlook_put(x->o);
    x->o = NULL;
    kai_snap_end(x->snap);
    x->snap = NULL;
    if (err != KAI_OK)
        return err;
    if (x->position == last)
        kai_indexer_readings_used(x);
    *more = *more || x->position < last;
    moved(x);
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
        while (!x->woken && !x->stop && !more && !kai_indexer_ahead_due(x))
            (void)pthread_cond_wait(&x->work, &x->mu);
        bool ahead = !x->woken && !more && kai_indexer_ahead_due(x);
        x->woken = false;
        bool stop = x->stop;
        (void)pthread_mutex_unlock(&x->mu);
        if (stop)
            break;
        if (ahead)
            err = kai_indexer_run_ahead(x);
        more = false;
        if (err == KAI_OK)
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
    struct kai_project_port port = {.ctx = x,
                                    .resolve = resolve,
                                    .audience = audience,
                                    .inside = inside,
                                    .proof = proof,
                                    .reading = kai_indexer_reading,
                                    .rule = found_rule,
                                    .refused = found_bad,
                                    .found = found};
    struct kai_ixsnap *s;

    *out = NULL;
    if (x == NULL)
        return KAI_ENOMEM;
    x->c = c;
    kai_buf_init(&x->said, KAI_READINGS_BYTES_MAX);
    kai_buf_init(&x->ahead_done, KAI_AHEAD_BYTES_MAX);
    (void)pthread_mutex_init(&x->mu, NULL);
    (void)pthread_cond_init(&x->work, NULL);
    (void)pthread_cond_init(&x->done, NULL);
    enum kai_err err = kai_projector_new(&x->projector, &port);
    if (err == KAI_OK)
        err = kai_ixsnap_begin(c->index, KAI_TLP_RED, &s);
    if (err == KAI_OK) {
        x->position = x->state.position = kai_ixsnap_position(s);
        x->state.items = kai_ixsnap_rows(s);
        x->state.quarantined = kai_ixsnap_bad_count(s);
        err = kai_indexer_rules_load(x, s);
        kai_ixsnap_end(s);
    }
    if (err == KAI_OK && pthread_create(&x->thread, NULL, run, x) != 0)
        err = KAI_ENOMEM;
    if (err != KAI_OK) {
        kai_projector_free(x->projector);
        kai_indexer_rules_free(x);
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
    (void)kai_indexer_rules(x);
    kai_indexer_rules_free(x);
    kai_indexer_readings_free(x);
    kai_indexer_ahead_free(x);
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
    struct kai_outlook *o = kai_outlook_get(x->c);
    uint64_t number = o->number;
    kai_outlook_put(o);
    (void)pthread_mutex_lock(&x->mu);
    x->woken = true;
    x->n_settling++;
    (void)pthread_cond_signal(&x->work);
    while (x->err == KAI_OK && (x->state.position < last || x->settled < number))
        (void)pthread_cond_wait(&x->done, &x->mu);
    x->n_settling--;
    err = x->err;
    (void)pthread_mutex_unlock(&x->mu);
    return err;
}

enum kai_err kai_indexer_told(struct kai_indexer *x, const struct kai_ix_report *reports, size_t n)
{
    (void)pthread_mutex_lock(&x->mu);
    x->told = reports;
    x->n_told = n;
    x->woken = true;
    (void)pthread_cond_signal(&x->work);
    while (x->err == KAI_OK && x->n_told > 0)
        (void)pthread_cond_wait(&x->done, &x->mu);
    enum kai_err err = x->err;
    (void)pthread_mutex_unlock(&x->mu);
    return err;
}

uint64_t kai_indexer_wait(struct kai_indexer *x, uint64_t beyond, uint64_t ms)
{
    uint64_t until_ms = kai_now_ms() + ms;

    (void)pthread_mutex_lock(&x->mu);
    while (x->err == KAI_OK && x->state.position <= beyond)
        if (!kai_wait_until(&x->done, &x->mu, until_ms))
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
