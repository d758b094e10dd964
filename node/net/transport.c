/* transport: connections between nodes: start, end, and one pass of the loop. */
#include "net/transport.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/transport_priv.h"

#define ZMQ_SOCKETS_MAX 2048 /* Three a dial, some for listening, the rest for the loop's own. */

uint64_t kai_net_now_ms(void)
{
    struct timespec ts = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

static enum kai_err syntax(struct kai_why *why, const char *endpoint)
{
    return kai_why_set(why, KAI_EMALFORMED, "endpoint.syntax", endpoint, NULL, NULL);
}

static enum kai_err listen_both(struct kai_transport *t, const struct kai_transport_options *opt,
                                struct kai_why *why)
{
    struct kai_endpoint at, intro_at;
    enum kai_err err;

    if (!kai_endpoint_parse(&at, opt->listen))
        return syntax(why, opt->listen);
    intro_at = at;
    if (opt->listen_intro != NULL) {
        if (!kai_endpoint_parse(&intro_at, opt->listen_intro))
            return syntax(why, opt->listen_intro);
    } else if (at.port == UINT16_MAX) {
        return syntax(why, opt->listen);
    } else if (at.port != 0) {
        intro_at.port = (uint16_t)(at.port + 1u);
    }
    err = kai_listener_open(t, &t->main, &at, why);
    if (err == KAI_OK)
        err = kai_listener_open(t, &t->intro, &intro_at, why);
    if (err == KAI_OK)
        err = kai_net_selftest(t, why);
    return err;
}

static void fields_set(struct kai_transport *t, const struct kai_transport_options *opt)
{
    t->keys = (struct kai_sock_keys){opt->curve_pk, opt->curve_sk};
    t->ev = opt->ev;
    t->zap.ctx = opt->ev.ctx;
    t->zap.admits = opt->ev.admits;
    t->main.conns = t->main_conns;
    t->main.cap = KAI_NET_CONNS_MAX;
    t->intro.conns = t->intro_conns;
    t->intro.cap = KAI_NET_INTRO_CONNS_MAX;
    t->intro.intro = true;
    t->now_ms = kai_net_now_ms();
}

enum kai_err kai_transport_new(struct kai_transport **out, const struct kai_transport_options *opt,
                               struct kai_why *why)
{
    struct kai_transport *t = calloc(1, sizeof *t);
    enum kai_err err;

    *out = NULL;
    if (t == NULL)
        return KAI_ENOMEM;
    fields_set(t, opt);
    err = KAI_ENOMEM;
    t->zmq = zmq_ctx_new();
    if (t->zmq == NULL)
        goto out;
    err = KAI_EIO;
    if (zmq_ctx_set(t->zmq, ZMQ_MAX_SOCKETS, ZMQ_SOCKETS_MAX) != 0)
        goto out;
    err = kai_zap_open(&t->zap, t->zmq, why); /* Before anything is bound. */
    if (err == KAI_OK && opt->listen != NULL)
        err = listen_both(t, opt, why);
    if (err != KAI_OK)
        goto out;
    *out = t;
    t = NULL;
out:
    kai_transport_free(t);
    return err;
}

void kai_transport_free(struct kai_transport *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < KAI_NET_DIALS_MAX; i++)
        kai_dial_end(&t->dials[i]);
    kai_listener_close(&t->main);
    kai_listener_close(&t->intro);
    kai_zap_close(&t->zap);
    if (t->zmq != NULL)
        (void)zmq_ctx_term(t->zmq);
    free(t);
}

const char *kai_transport_endpoint(const struct kai_transport *t)
{
    return t->main.endpoint;
}

const char *kai_transport_intro_endpoint(const struct kai_transport *t)
{
    return t->intro.endpoint;
}

void *kai_transport_zmq(struct kai_transport *t)
{
    return t->zmq;
}

static struct kai_dial *dial_find(struct kai_transport *t, uint64_t link)
{
    for (size_t i = 0; i < KAI_NET_DIALS_MAX && link != 0; i++) {
        if (t->dials[i].link == link)
            return &t->dials[i];
    }
    return NULL;
}

bool kai_transport_is_intro(const struct kai_transport *t, uint64_t link)
{
    for (size_t i = 0; i < KAI_NET_DIALS_MAX && link != 0; i++) {
        if (t->dials[i].link == link)
            return t->dials[i].intro;
    }
    return false;
}

bool kai_transport_send(struct kai_transport *t, uint64_t link, struct kai_view frame)
{
    struct kai_dial *d = dial_find(t, link);
    struct kai_conn *c;

    if (frame.n > KAI_FRAME_BYTES_MAX)
        return false;
    if (d != NULL)
        return kai_dial_send(d, frame);
    c = kai_listener_find(&t->main, link);
    return c != NULL && kai_conn_send(t, &t->main, c, frame);
}

void kai_transport_drop(struct kai_transport *t, uint64_t link)
{
    struct kai_dial *d = dial_find(t, link);
    struct kai_conn *c = kai_listener_find(&t->main, link);

    if (d != NULL)
        kai_dial_end(d);
    if (c != NULL)
        kai_conn_cut(t, &t->main, c);
}

static void lower(int *timeout_ms, uint64_t ms)
{
    if (*timeout_ms < 0 || (uint64_t)*timeout_ms > ms)
        *timeout_ms = (int)ms;
}

static void item_add(zmq_pollitem_t *items, size_t cap, size_t *n, void *sock, bool out)
{
    if (sock == NULL || *n == cap)
        return;
    items[*n] = (zmq_pollitem_t){.socket = sock, .events = ZMQ_POLLIN};
    if (out)
        items[*n].events |= ZMQ_POLLOUT;
    (*n)++;
}

static void listener_poll(const struct kai_listener *l, zmq_pollitem_t *items, size_t cap,
                          size_t *n, int *timeout_ms)
{
    bool any = false;

    item_add(items, cap, n, l->s.sock, false);
    item_add(items, cap, n, l->s.monitor, false);
    for (size_t i = 0; i < l->cap; i++) {
        any = any || l->conns[i].state != KAI_CONN_FREE;
        if (l->conns[i].state == KAI_CONN_GONE)
            lower(timeout_ms, KAI_NET_LAST_MS);
    }
    if (any)
        lower(timeout_ms, KAI_NET_WATCH_MS);
    if (l->stalled)
        lower(timeout_ms, KAI_NET_RETRY_MS);
}

size_t kai_transport_poll(struct kai_transport *t, zmq_pollitem_t *items, size_t cap,
                          int *timeout_ms)
{
    size_t n = 0;

    item_add(items, cap, &n, t->zap.sock, false);
    listener_poll(&t->main, items, cap, &n, timeout_ms);
    listener_poll(&t->intro, items, cap, &n, timeout_ms);
    for (size_t i = 0; i < KAI_NET_DIALS_MAX; i++) {
        const struct kai_dial *d = &t->dials[i];

        if (d->state == KAI_DIAL_FREE)
            continue;
        item_add(items, cap, &n, d->s.sock, d->want_write);
        if (d->state != KAI_DIAL_GONE)
            item_add(items, cap, &n, d->s.monitor, false);
        lower(timeout_ms, d->state == KAI_DIAL_GONE ? KAI_NET_LAST_MS : KAI_NET_WATCH_MS);
    }
    if (t->zap.refused_n > 0)
        lower(timeout_ms, 1000);
    if (t->more)
        lower(timeout_ms, 0);
    return n;
}

static void watch(struct kai_transport *t)
{
    uint64_t n = t->zap.refused_n;

    if (t->now_ms - t->watch_ms < KAI_NET_WATCH_MS)
        return;
    t->watch_ms = t->now_ms;
    kai_conn_watch(t, &t->main);
    kai_conn_watch(t, &t->intro);
    for (size_t i = 0; i < KAI_NET_DIALS_MAX; i++)
        kai_dial_watch(t, &t->dials[i]);
    if (n > 0 && t->now_ms - t->refused_ms >= 1000) {
        t->refused_ms = t->now_ms;
        t->zap.refused_n = 0;
        t->ev.refused(t->ev.ctx, t->zap.refused_key, n);
    }
}

void kai_transport_process(struct kai_transport *t)
{
    struct kai_budget b = {0};

    t->now_ms = kai_net_now_ms();
    t->more = false;
    kai_zap_serve(&t->zap, t->now_ms, KAI_NET_INTRO_MS);
    kai_listener_events(t, &t->main);
    kai_listener_events(t, &t->intro);
    watch(t);
    kai_listener_retry(t, &t->main);
    kai_listener_retry(t, &t->intro);
    t->turn = (t->turn + 1) % (KAI_NET_DIALS_MAX + 2);
    for (size_t i = 0; i < KAI_NET_DIALS_MAX + 2; i++) {
        size_t who = (t->turn + i) % (KAI_NET_DIALS_MAX + 2);

        if (who < KAI_NET_DIALS_MAX)
            kai_dial_run(t, &t->dials[who], &b);
        else
            kai_listener_receive(t, who == KAI_NET_DIALS_MAX ? &t->main : &t->intro, &b);
    }
}
