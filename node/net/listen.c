/* listen: the ROUTER sockets. A link begins with the first frame of a connection; who sent a frame
 * is read from that frame, never from a routing id. */
#include <string.h>

#include "net/monitor.h"
#include "net/transport_priv.h"

enum kai_err kai_listener_open(struct kai_transport *t, struct kai_listener *l,
                               const struct kai_endpoint *at, struct kai_why *why)
{
    enum kai_err err = kai_sock_listen(
        &l->s, t->zmq, &t->keys, l->intro ? KAI_ZAP_DOMAIN_INTRO : KAI_ZAP_DOMAIN, at, &l->at, why);

    if (err == KAI_OK)
        (void)kai_endpoint_text(l->endpoint, &l->at);
    return err;
}

void kai_listener_close(struct kai_listener *l)
{
    for (size_t i = 0; i < l->cap; i++) {
        if (l->conns[i].has_pending)
            (void)zmq_msg_close(&l->conns[i].pending);
    }
    kai_sock_close(&l->s);
}

void kai_listener_events(struct kai_transport *t, struct kai_listener *l)
{
    struct kai_monitor_event ev;

    while (l->s.monitor != NULL && kai_monitor_next(l->s.monitor, &ev)) {
        if (ev.event == ZMQ_EVENT_ACCEPTED)
            kai_conn_accepted(t, l, (int)ev.value);
        else if (ev.event == ZMQ_EVENT_DISCONNECTED)
            kai_conn_ended(t, l, (int)ev.value);
    }
}

struct kai_conn *kai_listener_find(struct kai_listener *l, uint64_t link)
{
    for (size_t i = 0; i < l->cap; i++) {
        if (l->conns[i].link == link && link != 0)
            return &l->conns[i];
    }
    return NULL;
}

/* One message of the ROUTER. */
struct arrival {
    zmq_msg_t id;
    zmq_msg_t data;
    bool single; /* An id and one part, as all of ours. */
};

static void arrival_close(struct arrival *a)
{
    (void)zmq_msg_close(&a->id);
    (void)zmq_msg_close(&a->data);
}

/* false: nothing waits. Its messages are to be closed either way. */
static bool arrival_next(struct arrival *a, void *sock)
{
    zmq_msg_t rest;
    bool more;

    (void)zmq_msg_init(&a->id);
    (void)zmq_msg_init(&a->data);
    a->single = false;
    if (zmq_msg_recv(&a->id, sock, ZMQ_DONTWAIT) < 0)
        return false;
    if (zmq_msg_more(&a->id) == 0 || zmq_msg_recv(&a->data, sock, ZMQ_DONTWAIT) < 0)
        return true;
    more = zmq_msg_more(&a->data) != 0;
    a->single = !more;
    (void)zmq_msg_init(&rest);
    while (more && zmq_msg_recv(&rest, sock, ZMQ_DONTWAIT) >= 0)
        more = zmq_msg_more(&rest) != 0;
    (void)zmq_msg_close(&rest);
    return true;
}

/* Only an id that libzmq made: a zero byte and a number. */
static bool rid_read(const struct arrival *a, uint32_t *rid)
{
    const uint8_t *p = zmq_msg_data((zmq_msg_t *)(uintptr_t)&a->id);

    if (zmq_msg_size(&a->id) != 5 || p[0] != 0)
        return false;
    memcpy(rid, p + 1, 4);
    return true;
}

static bool peer_read(const struct arrival *a, uint8_t peer[static KAI_KEY_BYTES])
{
    const char *user = zmq_msg_gets(&a->data, "User-Id");

    return user != NULL && kai_unhex(peer, KAI_KEY_BYTES, user, strlen(user));
}

static void peer_make_room(struct kai_transport *t, struct kai_listener *l,
                           const uint8_t peer[static KAI_KEY_BYTES])
{
    struct kai_conn *oldest = NULL;
    size_t n = 0;

    for (size_t i = 0; i < l->cap; i++) {
        struct kai_conn *c = &l->conns[i];

        if (c->state != KAI_CONN_LIVE || memcmp(c->peer, peer, KAI_KEY_BYTES) != 0)
            continue;
        n++;
        if (oldest == NULL || c->link < oldest->link)
            oldest = c;
    }
    if (n >= KAI_NET_PER_KEY_MAX)
        kai_conn_fail(t, l, oldest);
}

static size_t live_count(const struct kai_listener *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->cap; i++)
        n += l->conns[i].state == KAI_CONN_LIVE;
    return n;
}

/* The first frame of a connection makes it a link. NULL: it is not to be one. */
static struct kai_conn *link_begin(struct kai_transport *t, struct kai_listener *l,
                                   struct arrival *a, uint32_t rid,
                                   const uint8_t peer[static KAI_KEY_BYTES])
{
    int fd = zmq_msg_get(&a->data, ZMQ_SRCFD);
    struct kai_conn *c = kai_conn_by_fd(l, fd);

    if (c == NULL) {
        kai_listener_events(t, l); /* It may have been accepted a moment ago. */
        c = kai_conn_by_fd(l, fd);
    }
    if (c == NULL || c->state != KAI_CONN_OPEN)
        return NULL; /* A late frame of one that has ended. */
    c->has_rid = true;
    c->rid = rid;
    memcpy(c->peer, peer, KAI_KEY_BYTES);
    /* ZAP was asked when the connection began; the peer may have been revoked since. */
    if (!l->intro && !t->ev.admits(t->ev.ctx, peer)) {
        kai_conn_cut(t, l, c);
        return NULL;
    }
    if (!l->intro)
        peer_make_room(t, l, peer);
    if (live_count(l) >= (l->intro ? KAI_INTRODUCTIONS_MAX : KAI_NET_LISTENED_MAX)) {
        kai_conn_cut(t, l, c);
        return NULL;
    }
    c->state = KAI_CONN_LIVE;
    c->link = ++t->last_link;
    if (!l->intro)
        t->ev.up(t->ev.ctx, c->link, c->peer, false);
    return c;
}

static void intro_frame(struct kai_transport *t, struct kai_listener *l, struct kai_conn *c,
                        struct kai_view frame)
{
    struct kai_buf reply;
    bool go_on;

    if (c->close_ms != 0)
        return; /* Answered for good. */
    kai_buf_init(&reply, KAI_INTRO_FRAME_BYTES_MAX);
    go_on = t->ev.intro(t->ev.ctx, c->peer, frame, &reply);
    if (reply.err != KAI_OK)
        go_on = false;
    else if (reply.len > 0 && !kai_conn_send(t, l, c, kai_buf_view(&reply)))
        go_on = false;
    if (!go_on && (reply.len == 0 || reply.err != KAI_OK))
        kai_conn_cut(t, l, c);
    else if (!go_on)
        c->close_ms = t->now_ms + KAI_NET_INTRO_LAST_MS;
    kai_buf_free(&reply);
}

static void deliver(struct kai_transport *t, struct kai_listener *l, struct kai_conn *c,
                    struct kai_view frame)
{
    size_t max = l->intro ? KAI_INTRO_FRAME_BYTES_MAX : KAI_FRAME_BYTES_MAX;

    if (c->state != KAI_CONN_LIVE && c->state != KAI_CONN_GONE)
        return;
    c->consumed += kai_tcp_frame_bytes(frame.n);
    c->frames++;
    if (frame.n > max || (l->intro && c->frames > KAI_NET_INTRO_FRAMES_MAX)) {
        kai_conn_fail(t, l, c);
        return;
    }
    if (l->intro)
        intro_frame(t, l, c, frame);
    else
        t->ev.frame(t->ev.ctx, c->link, frame);
}

static void arrival_take(struct kai_transport *t, struct kai_listener *l, struct arrival *a)
{
    uint8_t peer[KAI_KEY_BYTES];
    uint32_t rid = 0;
    bool good = rid_read(a, &rid);
    struct kai_conn *c = good ? kai_conn_by_rid(l, rid) : NULL;

    good = peer_read(a, peer) && good && a->single;
    if (c != NULL && c->state == KAI_CONN_CUT)
        return;
    if (!good || (c != NULL && memcmp(c->peer, peer, KAI_KEY_BYTES) != 0)) {
        /* Not the form of a Kairan frame: the connection ends, whoever it is. */
        if (c == NULL) {
            kai_listener_events(t, l);
            c = kai_conn_by_fd(l, zmq_msg_get(&a->data, ZMQ_SRCFD));
        }
        if (c != NULL)
            kai_conn_fail(t, l, c);
        return;
    }
    if (c == NULL)
        c = link_begin(t, l, a, rid, peer);
    if (c != NULL)
        deliver(t, l, c, kai_view_of(zmq_msg_data(&a->data), zmq_msg_size(&a->data)));
}

void kai_listener_receive(struct kai_transport *t, struct kai_listener *l, struct kai_budget *b)
{
    bool drained = false;

    if (l->s.sock == NULL)
        return;
    while (b->frames < KAI_NET_TURN_FRAMES && b->bytes < KAI_NET_TURN_BYTES) {
        struct arrival a;
        bool got = arrival_next(&a, l->s.sock);

        if (got) {
            b->frames++;
            b->bytes += zmq_msg_size(&a.data);
            arrival_take(t, l, &a);
        }
        arrival_close(&a);
        if (!got) {
            drained = true;
            break;
        }
    }
    t->more = t->more || !drained;
    kai_conn_sweep(t, l, drained);
}
