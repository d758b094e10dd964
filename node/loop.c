/* loop: the thread of `kairan run`. Each round: wait, take in what came, carry it out in one
 * transaction, commit, answer. What arrives during a commit waits for the next one: that groups
 * them. */
#include "node/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "node/actions.h"
#include "node/address.h"
#include "node/api.h"
#include "node/clerk.h"
#include "node/dialer.h"
#include "node/expire.h"
#include "node/heartbeat.h"
#include "node/indexer.h"
#include "node/kept.h"
#include "node/net/transport.h"
#include "node/renew.h"
#include "node/say.h"
#include "node/stale.h"
#include "node/steward.h"
#include "node/verify.h"

#define ROUND_ENTRIES_MAX 512u /* Of one transaction. */
#define ROUND_BYTES_MAX   (8u << 20)
#define TIDY_MS           60000u
#define LAST_WORD_MS      500u  /* For what is to go out before the end. */
#define USAGE_MS          2000u /* A disk fills up in seconds. */
#define VERIFY_THREADS    2u

struct job {
    kai_job_fn *f;
    void *arg;
    enum kai_err err;
    bool done;
    pthread_mutex_t mu;
    pthread_cond_t cond;
    struct job *next;
};

struct kai_loop {
    struct kai_core *c;
    struct kai_transport *transport;
    struct kai_dialer *dialer;
    struct kai_verify *verify;
    int wake_fd;
    atomic_bool stop;
    bool dirty;
    pthread_mutex_t mu; /* Guards the job list. */
    struct job *first;
    struct job *last;
    uint64_t next_tick_ms;
    uint64_t next_dial_ms;
    uint64_t next_steward_ms;
    uint64_t next_tidy_ms;
    uint64_t next_renew_ms;
    uint64_t next_heartbeat_ms;
    uint64_t next_stale_ms;
    uint64_t next_usage_ms;
    uint64_t next_kept_ms;
    const struct kai_config *cfg;
    uint64_t next_addr_ms;
    uint64_t stop_at_ms;
};

static void wake(const struct kai_loop *l)
{
    uint64_t one = 1;

    (void)!write(l->wake_fd, &one, sizeof one);
}

/* ---- Transport's events. */
static bool ev_admits(void *ctx, const uint8_t curve_pk[static KAI_KEY_BYTES])
{
    struct kai_loop *l = ctx;

    return kai_net_admits(l->c->net, curve_pk);
}

static void ev_up(void *ctx, uint64_t link, const uint8_t peer[static KAI_KEY_BYTES], bool dialled)
{
    struct kai_loop *l = ctx;
    uint64_t now = kai_now_ms();

    if (!kai_dialer_up(l->dialer, link, peer, dialled, now))
        kai_net_on_up(l->c->net, link, peer, dialled, now, kai_wall_ms());
}

static void ev_down(void *ctx, uint64_t link)
{
    struct kai_loop *l = ctx;
    uint64_t now = kai_now_ms();

    if (!kai_dialer_down(l->dialer, link, now))
        kai_net_on_down(l->c->net, link, now);
    l->next_dial_ms = 0; /* It may want to try again at once. */
}

static void ev_frame(void *ctx, uint64_t link, struct kai_view frame)
{
    struct kai_loop *l = ctx;
    uint64_t now = kai_now_ms();

    if (kai_dialer_frame(l->dialer, link, frame, now))
        l->next_dial_ms = 0;
    else
        kai_net_on_frame(l->c->net, link, frame, now, kai_wall_ms());
}

static void ev_writable(void *ctx, uint64_t link)
{
    struct kai_loop *l = ctx;

    kai_net_on_writable(l->c->net, link, kai_now_ms());
}

static void ev_dial_failed(void *ctx, uint64_t dial, const struct kai_why *why)
{
    struct kai_loop *l = ctx;

    kai_dialer_failed(l->dialer, dial, why, kai_now_ms());
    l->next_dial_ms = 0;
}

static void ev_refused(void *ctx, const uint8_t curve_pk[static KAI_KEY_BYTES], uint64_t n)
{
    char key[KAI_BASE32_KEY_CAP];

    (void)ctx;
    (void)n;
    kai_base32_key(key, curve_pk);
    kai_say("peer.unknown-key", key, NULL, NULL);
}

static bool ev_intro(void *ctx, const uint8_t peer[static KAI_KEY_BYTES], struct kai_view frame,
                     struct kai_buf *reply)
{
    struct kai_loop *l = ctx;
    struct kai_why why = {0};
    char key[KAI_BASE32_KEY_CAP];
    enum kai_err err = kai_net_intro_serve(l->c->net, frame, peer, reply, &why, kai_now_ms());

    if (err != KAI_OK && err != KAI_EAGAIN) {
        kai_base32_key(key, peer);
        kai_say("intro.refused", key, kai_err_text(err), NULL);
    }
    return err == KAI_EAGAIN;
}

/* ---- For the engine. */
bool kai_loop_send(struct kai_loop *l, uint64_t link, struct kai_view frame)
{
    return l != NULL && kai_transport_send(l->transport, link, frame);
}

void kai_loop_drop(struct kai_loop *l, uint64_t link, enum kai_bye why)
{
    if (l == NULL)
        return;
    kai_transport_drop(l->transport, link);
    kai_dialer_dropped(l->dialer, link, why, kai_now_ms());
}

void kai_loop_ingest(struct kai_loop *l, uint64_t link, const struct kai_net_log *log,
                     const struct kai_entry *e)
{
    if (l != NULL && kai_verify_put(l->verify, link, log, e) != KAI_OK)
        kai_net_on_refused(l->c->net, link, log->log_pk, e->h.seq, KAI_ENOMEM, kai_now_ms());
}

void kai_loop_announce(struct kai_loop *l)
{
    if (l != NULL)
        l->next_addr_ms = 0;
}

void kai_loop_stop_soon(struct kai_loop *l)
{
    if (l != NULL && l->stop_at_ms == UINT64_MAX)
        l->stop_at_ms = kai_now_ms() + LAST_WORD_MS;
}

void kai_loop_dirty(struct kai_loop *l)
{
    l->dirty = true;
}

/* ---- Entries that were verified. */
static void take_verified(struct kai_loop *l)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < ROUND_ENTRIES_MAX && bytes < ROUND_BYTES_MAX; i++) {
        struct kai_verified *v = kai_verify_take(l->verify);

        if (v == NULL)
            return;
        bytes += v->e.payload.n + v->e.hdr.n;
        kai_take_verified(l->c, v);
    }
    wake(l); /* More is there: another round at once. */
}

/* ---- Jobs of other threads. */
static void job_done(void *arg, enum kai_err err)
{
    struct job *j = arg;

    (void)pthread_mutex_lock(&j->mu);
    if (j->err == KAI_OK)
        j->err = err;
    j->done = true;
    (void)pthread_cond_signal(&j->cond);
    (void)pthread_mutex_unlock(&j->mu);
}

enum kai_err kai_loop_run(struct kai_loop *l, kai_job_fn *f, void *arg)
{
    struct job j = {.f = f, .arg = arg};

    (void)pthread_mutex_init(&j.mu, NULL);
    (void)pthread_cond_init(&j.cond, NULL);
    (void)pthread_mutex_lock(&l->mu);
    if (l->last != NULL)
        l->last->next = &j;
    else
        l->first = &j;
    l->last = &j;
    (void)pthread_mutex_unlock(&l->mu);
    wake(l);
    (void)pthread_mutex_lock(&j.mu);
    while (!j.done)
        (void)pthread_cond_wait(&j.cond, &j.mu);
    (void)pthread_mutex_unlock(&j.mu);
    (void)pthread_mutex_destroy(&j.mu);
    (void)pthread_cond_destroy(&j.cond);
    return j.err;
}

static void run_jobs(struct kai_loop *l)
{
    (void)pthread_mutex_lock(&l->mu);
    struct job *j = l->first;
    l->first = l->last = NULL;
    (void)pthread_mutex_unlock(&l->mu);
    while (j != NULL) {
        struct job *next = j->next; /* j may be gone once it is answered. */

        j->err = j->f(l->c, j->arg);
        kai_core_after(l->c, job_done, j);
        j = next;
    }
}

/* ---- The loop. */
static void drain_wake(const struct kai_loop *l)
{
    uint64_t n;
    (void)!read(l->wake_fd, &n, sizeof n);
}

static void timers(struct kai_loop *l)
{
    uint64_t now = kai_now_ms();

    if (now >= l->next_tick_ms || now >= kai_net_next(l->c->net))
        l->next_tick_ms = kai_net_on_tick(l->c->net, now, kai_wall_ms());
    if (now >= l->stop_at_ms)
        kai_loop_stop(l);
    if (now >= l->next_dial_ms)
        l->next_dial_ms = kai_dialer_tick(l->dialer, now);
    if (now >= l->next_steward_ms)
        l->next_steward_ms = kai_steward_tick(l->c, now);
    if (now >= l->next_renew_ms)
        l->next_renew_ms = kai_renew_tick(l->c, now);
    if (now >= l->next_heartbeat_ms)
        l->next_heartbeat_ms = kai_heartbeat_tick(l->c, now);
    if (now >= l->next_stale_ms)
        l->next_stale_ms = kai_stale_tick(l->c, now);
    if (now >= l->next_addr_ms) {
        struct kai_why why = {0};

        /* No room just now: the old one lives on meanwhile. */
        bool said = kai_address_announce(l->c, l->cfg, &why) == KAI_OK;

        l->next_addr_ms = now + (said ? KAI_ADDR_RENEW_MS : TIDY_MS);
    }
    if (now >= l->next_tidy_ms) {
        kai_store_tidy(l->c->store);
        kai_indexer_wake(l->c->indexer); /* Something may be over that nothing new wakes it for. */
        l->next_tidy_ms = now + TIDY_MS;
    }
    if (now >= l->next_kept_ms)
        l->next_kept_ms = kai_kept_tick(l->c, now);
    if (now >= l->next_usage_ms) {
        struct kai_store_usage u;

        if (kai_store_usage(l->c->store, &u) == KAI_OK) {
            kai_net_on_full(l->c->net, u.refuse_foreign);
            if (u.refuse_foreign)
                kai_core_alarm(l->c, "store.full", "");
            else
                kai_core_alarm_clear(l->c, "store.full", "");
        }
        l->next_usage_ms = now + USAGE_MS;
    }
}

static int wait_ms(const struct kai_loop *l)
{
    uint64_t now = kai_now_ms();
    uint64_t next =
        kai_net_next(l->c->net); /* An event may have made it sooner than the last tick said. */

    if (l->next_tick_ms < next)
        next = l->next_tick_ms;
    if (l->next_dial_ms < next)
        next = l->next_dial_ms;
    if (l->next_steward_ms < next)
        next = l->next_steward_ms;
    if (l->next_addr_ms < next)
        next = l->next_addr_ms;
    if (next <= now)
        return 0;
    return next - now > 1000 ? 1000 : (int)(next - now);
}

static void settle(struct kai_loop *l)
{
    kai_core_commit(l->c);
    if (!l->dirty)
        return;
    l->dirty = false;
    kai_core_refresh(l->c);
    l->next_dial_ms = 0;    /* A new roster or address: look who is to be dialled, */
    l->next_steward_ms = 0; /* and who waits for a key. */
}

static enum kai_err round_of(struct kai_loop *l)
{
    zmq_pollitem_t items[KAI_TRANSPORT_POLL_MAX + 1];
    int timeout = l->c->n_after > 0 || l->c->tx != NULL ? 0 : wait_ms(l);
    size_t n = kai_transport_poll(l->transport, items, KAI_TRANSPORT_POLL_MAX, &timeout);

    items[n] = (zmq_pollitem_t){.fd = l->wake_fd, .events = ZMQ_POLLIN};
    if (zmq_poll(items, (int)n + 1, timeout) < 0 && errno != EINTR)
        return KAI_EIO;
    if ((items[n].revents & ZMQ_POLLIN) != 0)
        drain_wake(l);
    kai_transport_process(l->transport);
    run_jobs(l);
    (void)kai_indexer_rules(l->c->indexer);
    kai_expire_forget(l->c->indexer);
    take_verified(l);
    timers(l);
    settle(l);
    return KAI_OK;
}

enum kai_err kai_loop_serve(struct kai_loop *l)
{
    enum kai_err err = kai_clerk_start(l->c->clerk);

    while (err == KAI_OK && !atomic_load(&l->stop))
        err = round_of(l);
    kai_kept_save(l->c);
    kai_net_stop(l->c->net, kai_now_ms());
    kai_transport_process(l->transport);
    return err;
}

struct stopping {
    struct kai_api *api;
    struct kai_loop *l;
    atomic_bool done;
};

static void *stop_api(void *arg)
{
    struct stopping *s = arg;

    kai_api_stop(s->api);
    kai_clerk_stop(s->l->c->clerk);
    atomic_store(&s->done, true);
    wake(s->l);
    return NULL;
}

void kai_loop_drain(struct kai_loop *l, struct kai_api *api)
{
    struct stopping s = {.api = api, .l = l};
    pthread_t t;

    if (pthread_create(&t, NULL, stop_api, &s) != 0)
        return; /* The process ends with it. */
    while (!atomic_load(&s.done)) {
        zmq_pollitem_t item = {.fd = l->wake_fd, .events = ZMQ_POLLIN};

        (void)zmq_poll(&item, 1, 100);
        drain_wake(l);
        run_jobs(l);
        settle(l);
    }
    (void)pthread_join(t, NULL);
}

bool kai_loop_stopping(const struct kai_loop *l)
{
    return atomic_load(&l->stop);
}

void kai_loop_stop(struct kai_loop *l)
{
    atomic_store(&l->stop, true);
    wake(l);
}

enum kai_err kai_loop_new(struct kai_loop **out, struct kai_core *c, const struct kai_config *cfg,
                          struct kai_why *why)
{
    struct kai_loop *l = calloc(1, sizeof *l);
    struct kai_transport_options opt = {
        .curve_pk = c->node->curve_pk,
        .curve_sk = c->node->curve_sk,
        .listen = cfg->listen[0] != '\0' ? cfg->listen : NULL,
        .listen_intro = cfg->listen_intro[0] != '\0' ? cfg->listen_intro : NULL,
        .ev = {.ctx = l,
               .admits = ev_admits,
               .up = ev_up,
               .down = ev_down,
               .frame = ev_frame,
               .writable = ev_writable,
               .dial_failed = ev_dial_failed,
               .refused = ev_refused,
               .intro = ev_intro},
    };

    *out = NULL;
    if (l == NULL)
        return KAI_ENOMEM;
    l->c = c;
    l->cfg = cfg;
    l->stop_at_ms = UINT64_MAX;
    /* The first is signed before the loop runs. */
    l->next_addr_ms = kai_now_ms() + KAI_ADDR_RENEW_MS;
    (void)pthread_mutex_init(&l->mu, NULL);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum kai_err err = l->wake_fd == -1 ? KAI_EIO : kai_transport_new(&l->transport, &opt, why);
    if (err == KAI_OK)
        err = kai_verify_new(&l->verify, c->charter.nid, l->wake_fd, VERIFY_THREADS);
    if (err == KAI_OK)
        err = kai_dialer_new(&l->dialer, c, l->transport, cfg);
    if (err != KAI_OK) {
        kai_loop_free(l);
        return err;
    }
    kai_copy_text(c->endpoint, sizeof c->endpoint, kai_transport_endpoint(l->transport));
    kai_copy_text(c->intro, sizeof c->intro, kai_transport_intro_endpoint(l->transport));
    c->loop = l;
    (void)pthread_mutex_lock(&c->mu);
    c->wake_fd = l->wake_fd;
    (void)pthread_mutex_unlock(&c->mu);
    c->owner = pthread_self();
    *out = l;
    return KAI_OK;
}

void kai_loop_free(struct kai_loop *l)
{
    if (l == NULL)
        return;
    if (l->c->loop == l)
        l->c->loop = NULL;
    (void)pthread_mutex_lock(&l->c->mu);
    l->c->wake_fd = -1;
    (void)pthread_mutex_unlock(&l->c->mu);
    kai_verify_free(l->verify);
    kai_transport_free(l->transport);
    kai_dialer_free(l->dialer);
    if (l->wake_fd != -1)
        (void)close(l->wake_fd);
    (void)pthread_mutex_destroy(&l->mu);
    free(l);
}
