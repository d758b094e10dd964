/* send: frames out of a ROUTER, which cannot be asked whether a peer's queue has room. */
#include <errno.h>
#include <string.h>

#include "net/transport_priv.h"

/* Puts *msg, which is then libzmq's, in the queue of c. false: *msg is still ours, errno says why.
 */
static bool put(struct kai_listener *l, const struct kai_conn *c, zmq_msg_t *msg)
{
    uint8_t id[5] = {0};

    memcpy(id + 1, &c->rid, 4);
    if (zmq_send(l->s.sock, id, sizeof id, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return false;
    return zmq_msg_send(msg, l->s.sock, ZMQ_DONTWAIT) >= 0;
}

bool kai_conn_send(struct kai_transport *t, struct kai_listener *l, struct kai_conn *c,
                   struct kai_view frame)
{
    zmq_msg_t msg;
    int e;

    if (c->state != KAI_CONN_LIVE)
        return false;
    if (c->has_pending) {
        c->want_write = true;
        return false;
    }
    if (zmq_msg_init_size(&msg, frame.n) != 0)
        return false;
    if (frame.n > 0)
        memcpy(zmq_msg_data(&msg), frame.p, frame.n);
    if (put(l, c, &msg))
        return true;
    e = errno;
    if (e == EAGAIN) {
        /* Kept, so that a later try tells whether there is room, and the caller tries once. */
        (void)zmq_msg_init(&c->pending);
        (void)zmq_msg_move(&c->pending, &msg);
        c->has_pending = true;
        l->stalled = true;
        (void)zmq_msg_close(&msg);
        return true;
    }
    (void)zmq_msg_close(&msg);
    if (e == EHOSTUNREACH) { /* The news of its end is under way. */
        kai_tcp_cut(&c->tcp);
        c->state = KAI_CONN_GONE;
        c->ended = true;
        c->ended_ms = t->now_ms;
    }
    return false;
}

void kai_listener_retry(struct kai_transport *t, struct kai_listener *l)
{
    if (!l->stalled)
        return;
    l->stalled = false;
    for (size_t i = 0; i < l->cap; i++) {
        struct kai_conn *c = &l->conns[i];

        if (!c->has_pending || c->state != KAI_CONN_LIVE)
            continue;
        if (!put(l, c, &c->pending)) {
            l->stalled = true;
            continue;
        }
        c->has_pending = false;
        if (c->want_write) {
            c->want_write = false;
            if (!l->intro)
                t->ev.writable(t->ev.ctx, c->link); /* Which may fill the queue again. */
        }
    }
}
