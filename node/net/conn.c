/* conn: the table of connections of a listening socket. libzmq tells of them by descriptor, its
 * ROUTER by routing id; here both meet. */
#include <string.h>

#include "net/transport_priv.h"

struct kai_conn *kai_conn_by_rid(struct kai_listener *l, uint32_t rid)
{
    for (size_t i = 0; i < l->cap; i++) {
        struct kai_conn *c = &l->conns[i];

        if (c->state != KAI_CONN_FREE && c->has_rid && c->rid == rid)
            return c;
    }
    return NULL;
}

struct kai_conn *kai_conn_by_fd(struct kai_listener *l, int fd)
{
    for (size_t i = 0; i < l->cap; i++) {
        struct kai_conn *c = &l->conns[i];

        if (c->state != KAI_CONN_FREE && !c->ended && c->tcp.fd == fd)
            return c;
    }
    return NULL;
}

static void forget(struct kai_conn *c)
{
    if (c->has_pending)
        (void)zmq_msg_close(&c->pending);
    memset(c, 0, sizeof *c);
    c->tcp.fd = -1;
}

/* A free entry, or that of the oldest connection that has said nothing: whoever fills the table
 * with silent connections must be faster than an honest handshake. */
static struct kai_conn *entry_take(struct kai_listener *l)
{
    struct kai_conn *oldest = NULL;

    for (size_t i = 0; i < l->cap; i++) {
        struct kai_conn *c = &l->conns[i];

        if (c->state == KAI_CONN_FREE)
            return c;
        if (c->state == KAI_CONN_OPEN && (oldest == NULL || c->since_ms < oldest->since_ms))
            oldest = c;
    }
    if (oldest != NULL) {
        kai_tcp_cut(&oldest->tcp);
        forget(oldest);
    }
    return oldest;
}

void kai_conn_accepted(struct kai_transport *t, struct kai_listener *l, int fd)
{
    struct kai_conn *c = kai_conn_by_fd(l, fd);
    struct kai_tcp tcp;

    if (c != NULL)
        kai_conn_ended(t, l, fd);
    if (!kai_tcp_get(&tcp, fd))
        return; /* Gone again: its end is reported next. */
    c = entry_take(l);
    if (c == NULL) {
        kai_tcp_cut(&tcp);
        return;
    }
    c->state = KAI_CONN_OPEN;
    c->tcp = tcp;
    c->since_ms = t->now_ms;
}

void kai_conn_ended(struct kai_transport *t, struct kai_listener *l, int fd)
{
    struct kai_conn *c = kai_conn_by_fd(l, fd);

    if (c == NULL)
        return;
    c->ended = true;
    c->ended_ms = t->now_ms;
    if (c->state == KAI_CONN_OPEN)
        forget(c);
    else if (c->state == KAI_CONN_LIVE)
        c->state = KAI_CONN_GONE;
}

void kai_conn_cut(struct kai_transport *t, struct kai_listener *l, struct kai_conn *c)
{
    if (c->state == KAI_CONN_CUT || c->state == KAI_CONN_FREE)
        return;
    kai_tcp_cut(&c->tcp);
    if (l->intro && c->has_rid)
        kai_zap_guest_left(&t->zap, c->peer);
    if (c->has_pending)
        (void)zmq_msg_close(&c->pending);
    c->has_pending = false;
    c->want_write = false;
    c->state = KAI_CONN_CUT;
    if (!c->ended)
        c->ended_ms = t->now_ms;
}

void kai_conn_fail(struct kai_transport *t, struct kai_listener *l, struct kai_conn *c)
{
    bool was_up = (c->state == KAI_CONN_LIVE || c->state == KAI_CONN_GONE) && !l->intro;
    uint64_t link = c->link;

    kai_conn_cut(t, l, c);
    if (was_up)
        t->ev.down(t->ev.ctx, link);
}

void kai_conn_sweep(struct kai_transport *t, struct kai_listener *l, bool drained)
{
    if (!drained)
        return;
    for (size_t i = 0; i < l->cap; i++) {
        struct kai_conn *c = &l->conns[i];

        if (t->now_ms < c->ended_ms + KAI_NET_LAST_MS)
            continue;
        if (c->state == KAI_CONN_GONE)
            kai_conn_fail(t, l, c);
        if (c->state == KAI_CONN_CUT && (c->ended || !kai_tcp_same(&c->tcp)))
            forget(c);
    }
}

bool kai_net_over(const struct kai_tcp *tcp, uint64_t consumed, uint64_t since_ms, uint64_t now_ms,
                  uint64_t max)
{
    uint64_t n = 0;
    uint64_t age_s = now_ms > since_ms ? (now_ms - since_ms) / 1000u : 0;
    uint64_t other = KAI_NET_HANDSHAKE_BYTES + age_s * KAI_NET_HEARTBEAT_BYTES_PER_S;

    return kai_tcp_read_bytes(tcp, &n) && n > consumed + other + max;
}

static bool watch_says_cut(const struct kai_transport *t, const struct kai_listener *l,
                           const struct kai_conn *c)
{
    uint64_t age_ms = t->now_ms - c->since_ms;

    if (c->state == KAI_CONN_OPEN && age_ms > KAI_NET_SILENT_MS)
        return true;
    if (l->intro && age_ms > KAI_NET_INTRO_MS)
        return true;
    if (c->close_ms != 0 && t->now_ms >= c->close_ms)
        return true;
    /* libzmq counts messages, not bytes, and a message of endless parts is not even one
     * (docs/protocol.md 9: peer memory). */
    return kai_net_over(&c->tcp, c->consumed, c->since_ms, t->now_ms,
                        l->intro ? KAI_NET_INTRO_BYTES_MAX : KAI_PEER_BYTES_MAX);
}

void kai_conn_watch(struct kai_transport *t, struct kai_listener *l)
{
    for (size_t i = 0; i < l->cap; i++) {
        struct kai_conn *c = &l->conns[i];

        if ((c->state == KAI_CONN_OPEN || c->state == KAI_CONN_LIVE) && watch_says_cut(t, l, c))
            kai_conn_fail(t, l, c);
    }
}
