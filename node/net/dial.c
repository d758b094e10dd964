/* dial: the DEALER sockets, one for each dial. A socket tries once and is closed for good:
 * after a refusal libzmq leaves it dead for ever, so there is nothing to save. */
#include <errno.h>
#include <string.h>

#include "net/monitor.h"
#include "net/resolve.h"
#include "net/transport_priv.h"

/* since_ms is taken between passes, so it may be later than the pass that asks. */
static uint64_t age_ms(const struct kai_transport *t, const struct kai_dial *d)
{
    return t->now_ms > d->since_ms ? t->now_ms - d->since_ms : 0;
}

static enum kai_err connect_now(struct kai_transport *t, struct kai_dial *d, struct kai_why *why)
{
    enum kai_err err = kai_sock_dial(&d->s, t->zmq, &t->keys, d->peer, &d->to, why);

    if (err == KAI_OK)
        d->state = KAI_DIAL_WAY;
    return err;
}

static struct kai_dial *slot_take(struct kai_transport *t)
{
    for (size_t i = 0; i < KAI_NET_DIALS_MAX; i++) {
        if (t->dials[i].state == KAI_DIAL_FREE)
            return &t->dials[i];
    }
    return NULL;
}

static enum kai_err dial(struct kai_transport *t, const char *endpoint, const uint8_t *server_pk,
                         bool intro, uint64_t *out, struct kai_why *why)
{
    struct kai_dial *d = slot_take(t);
    enum kai_err err = KAI_OK;

    *out = 0;
    if (d == NULL)
        return kai_why_set(why, KAI_ELIMIT, "dial.limit", NULL, NULL, NULL);
    memset(d, 0, sizeof *d);
    d->tcp.fd = -1;
    if (!kai_endpoint_parse(&d->to, endpoint) || !kai_endpoint_dialable(&d->to))
        return kai_why_set(why, KAI_EMALFORMED, "endpoint.syntax", endpoint, NULL, NULL);
    memcpy(d->peer, server_pk, KAI_KEY_BYTES);
    d->intro = intro;
    d->since_ms = kai_net_now_ms();
    if (d->to.numeric) {
        err = connect_now(t, d, why);
    } else {
        d->resolve = kai_resolve_start(&d->to);
        if (d->resolve == NULL)
            err = kai_why_set(why, KAI_ELIMIT, "dial.limit", NULL, NULL, NULL);
        else
            d->state = KAI_DIAL_NAMING;
    }
    if (err != KAI_OK)
        return err;
    d->link = ++t->last_link;
    *out = d->link;
    return KAI_OK;
}

enum kai_err kai_transport_dial(struct kai_transport *t, const char *endpoint,
                                const uint8_t server_pk[static KAI_KEY_BYTES], uint64_t *out,
                                struct kai_why *why)
{
    return dial(t, endpoint, server_pk, false, out, why);
}

enum kai_err kai_transport_dial_intro(struct kai_transport *t, const char *endpoint,
                                      const uint8_t server_pk[static KAI_KEY_BYTES], uint64_t *out,
                                      struct kai_why *why)
{
    return dial(t, endpoint, server_pk, true, out, why);
}

void kai_dial_end(struct kai_dial *d)
{
    kai_sock_close(&d->s);
    kai_resolve_free(d->resolve);
    memset(d, 0, sizeof *d);
    d->tcp.fd = -1;
}

/* Ends the dial, and says so: `down` for a link, dial_failed with code otherwise. */
static void fail(struct kai_transport *t, struct kai_dial *d, const char *code, const char *detail)
{
    struct kai_why why = {0};
    char text[KAI_ENDPOINT_CAP];
    uint64_t link = d->link;
    bool was_up = d->state == KAI_DIAL_UP || d->state == KAI_DIAL_GONE;

    (void)kai_why_set(&why, KAI_OK, code, kai_endpoint_text(text, &d->to), detail, NULL);
    kai_dial_end(d);
    if (was_up)
        t->ev.down(t->ev.ctx, link);
    else
        t->ev.dial_failed(t->ev.ctx, link, &why);
}

static void ended(struct kai_transport *t, struct kai_dial *d)
{
    if (d->state == KAI_DIAL_UP) {
        d->state = KAI_DIAL_GONE; /* What came before is still to be received. */
        d->ended_ms = t->now_ms;
    } else if (d->connected) {
        /* Whoever holds another key cannot open our greeting, and hangs up without a word. */
        fail(t, d, "peer.wrong-key", NULL);
    } else {
        bool late = age_ms(t, d) >= 4900;

        fail(t, d, "peer.unreachable", strerror(late ? ETIMEDOUT : ECONNREFUSED));
    }
}

static void event(struct kai_transport *t, struct kai_dial *d, const struct kai_monitor_event *ev)
{
    switch (ev->event) {
    case ZMQ_EVENT_CONNECTED:
        d->connected = true;
        (void)kai_tcp_get(&d->tcp, (int)ev->value);
        break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        if (d->state != KAI_DIAL_WAY)
            break;
        d->state = KAI_DIAL_UP;
        t->ev.up(t->ev.ctx, d->link, d->peer, true);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        fail(t, d, "peer.refused", NULL);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        fail(t, d, "peer.wrong-key", NULL);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        if (ev->value == ETIMEDOUT || age_ms(t, d) >= 2900)
            fail(t, d, "peer.unreachable", strerror(ETIMEDOUT));
        else
            ended(t, d);
        break;
    case ZMQ_EVENT_CLOSED:
    case ZMQ_EVENT_DISCONNECTED:
        ended(t, d);
        break;
    default:
        break;
    }
}

static void events(struct kai_transport *t, struct kai_dial *d)
{
    struct kai_monitor_event ev;
    uint64_t link = d->link;

    /* A callback may end this dial and begin another in its place. */
    while (d->link == link && d->state != KAI_DIAL_GONE && d->s.monitor != NULL &&
           kai_monitor_next(d->s.monitor, &ev))
        event(t, d, &ev);
}

static void named(struct kai_transport *t, struct kai_dial *d)
{
    const char *error = NULL;
    struct kai_why why = {0};

    if (!kai_resolve_done(d->resolve, &d->to, &error))
        return;
    kai_resolve_free(d->resolve);
    d->resolve = NULL;
    if (error == NULL && connect_now(t, d, &why) != KAI_OK)
        error = why.arg[1];
    if (error != NULL)
        fail(t, d, "peer.unreachable", error);
}

/* One frame, which may end the dial. false: nothing waits. */
static bool receive_one(struct kai_transport *t, struct kai_dial *d, struct kai_budget *b)
{
    size_t max = d->intro ? KAI_INTRO_FRAME_BYTES_MAX : KAI_FRAME_BYTES_MAX;
    zmq_msg_t msg;
    bool got;

    (void)zmq_msg_init(&msg);
    got = zmq_msg_recv(&msg, d->s.sock, ZMQ_DONTWAIT) >= 0;
    if (got) {
        size_t n = zmq_msg_size(&msg);

        b->frames++;
        b->bytes += n;
        d->consumed += kai_tcp_frame_bytes(n);
        if (zmq_msg_more(&msg) != 0 || n > max)
            fail(t, d, NULL, NULL); /* Closing the socket drops the other parts. */
        else
            t->ev.frame(t->ev.ctx, d->link, kai_view_of(zmq_msg_data(&msg), n));
    }
    (void)zmq_msg_close(&msg);
    return got;
}

static void receive(struct kai_transport *t, struct kai_dial *d, struct kai_budget *b)
{
    uint64_t link = d->link;
    size_t share = KAI_NET_SHARE_FRAMES;

    while (d->link == link) {
        if (b->frames >= KAI_NET_TURN_FRAMES || b->bytes >= KAI_NET_TURN_BYTES || share-- == 0) {
            t->more = true;
            return;
        }
        if (!receive_one(t, d, b))
            break;
    }
    if (d->link == link && d->state == KAI_DIAL_GONE && t->now_ms >= d->ended_ms + KAI_NET_LAST_MS)
        fail(t, d, NULL, NULL);
}

static void offer_write(struct kai_transport *t, struct kai_dial *d)
{
    int events_now = 0;
    size_t n = sizeof events_now;

    if (!d->want_write || zmq_getsockopt(d->s.sock, ZMQ_EVENTS, &events_now, &n) != 0 ||
        (events_now & ZMQ_POLLOUT) == 0)
        return;
    d->want_write = false;
    t->ev.writable(t->ev.ctx, d->link);
}

void kai_dial_run(struct kai_transport *t, struct kai_dial *d, struct kai_budget *b)
{
    if (d->state == KAI_DIAL_NAMING)
        named(t, d);
    events(t, d);
    if ((d->state == KAI_DIAL_NAMING || d->state == KAI_DIAL_WAY) && age_ms(t, d) > KAI_NET_DIAL_MS)
        fail(t, d, "peer.unreachable", strerror(ETIMEDOUT));
    if (d->state == KAI_DIAL_UP || d->state == KAI_DIAL_GONE)
        receive(t, d, b);
    if (d->state == KAI_DIAL_UP)
        offer_write(t, d);
}

void kai_dial_watch(struct kai_transport *t, struct kai_dial *d)
{
    if ((d->state == KAI_DIAL_WAY || d->state == KAI_DIAL_UP) && d->connected &&
        kai_net_over(&d->tcp, d->consumed, d->since_ms, t->now_ms, KAI_PEER_BYTES_MAX))
        fail(t, d, "peer.wrong-key", NULL);
}

bool kai_dial_send(struct kai_dial *d, struct kai_view frame)
{
    if (d->state != KAI_DIAL_UP)
        return false;
    if (zmq_send(d->s.sock, frame.p, frame.n, ZMQ_DONTWAIT) >= 0)
        return true;
    d->want_write = true;
    return false;
}
