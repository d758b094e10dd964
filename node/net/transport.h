/* transport: connections between nodes over ZeroMQ CURVE: the one place with network sockets.
 *
 * All options and traps of libzmq stand in sock_secure.c. A peer is who its CURVE key is: the
 * ZAP user id of each single message, never a routing id. A link is one connection; its number
 * is never used again. One thread calls; callbacks come from kai_transport_process() (but admits
 * is also asked in kai_transport_new(), by the self-test). A link that is dropped, or a dial that
 * fails, closes sockets: ask kai_transport_poll() anew before each zmq_poll().
 *
 * Reason codes, {1} and {2}:
 *   endpoint.syntax   the text; sometimes what the system says of it (English)
 *   port.in-use       the endpoint
 *   port.denied       the endpoint: the system does not let us listen there
 *   socket.failed     the endpoint or nothing; what the system says (English)
 *   socket.descriptors -: too few are left to make one; libzmq would abort
 *   selftest.option   the number of an option that libzmq did not take
 *   selftest.open     the mechanism (CURVE, NULL, PLAIN) by which a stranger got in
 *   dial.limit        -: as many dials as there may be
 *   peer.unreachable  the endpoint; what the system says (English)
 *   peer.refused      the endpoint: they do not know our key, or take no more introductions
 *   peer.wrong-key    the endpoint: another key, or no node at all, answers there */
#ifndef KAI_NODE_NET_TRANSPORT_H
#define KAI_NODE_NET_TRANSPORT_H

#include <zmq.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/why.h"

struct kai_transport;

struct kai_transport_events {
    void *ctx;
    /* Asked by ZAP, for the main socket, and again at the first frame: may this key connect? Must
     * be quick (memory only). */
    bool (*admits)(void *ctx, const uint8_t curve_pk[static KAI_KEY_BYTES]);
    void (*up)(void *ctx, uint64_t link, const uint8_t peer[static KAI_KEY_BYTES], bool dialled);
    void (*down)(void *ctx, uint64_t link);
    void (*frame)(void *ctx, uint64_t link, struct kai_view frame);
    void (*writable)(void *ctx, uint64_t link); /* After a send that returned false. */
    /* A dial ended without a link: why->code is peer.unreachable, peer.refused (they do not know
     * our key), peer.wrong-key. */
    void (*dial_failed)(void *ctx, uint64_t dial, const struct kai_why *why);
    /* A connection was refused by admits (rate-limited to one report a second; n = how many since
     * the last). */
    void (*refused)(void *ctx, const uint8_t curve_pk[static KAI_KEY_BYTES], uint64_t n);
    /* Introduction socket, server side: a frame of a stranger whose key CURVE proved. Fill *reply
     * (may stay empty); false: close that connection now, saying nothing more than *reply. */
    bool (*intro)(void *ctx, const uint8_t peer[static KAI_KEY_BYTES], struct kai_view frame,
                  struct kai_buf *reply);
};

struct kai_transport_options {
    const uint8_t *curve_pk; /* 32 bytes each; kept by the caller. */
    const uint8_t *curve_sk;
    const char *listen;       /* tcp://host:port, port 0 = a free one; NULL: dials out only. */
    const char *listen_intro; /* NULL: the next port after listen's (0: a free one). */
    struct kai_transport_events ev;
};

/* Binds, and proves on its own sockets that an unknown key is refused. Errors: KAI_EBUSY
 * (port.in-use), KAI_EMALFORMED (endpoint.syntax), KAI_EPERM, KAI_EIO (selftest.*), KAI_ENOMEM;
 * *why. */
KAI_MUST_USE enum kai_err kai_transport_new(struct kai_transport **out,
                                            const struct kai_transport_options *opt,
                                            struct kai_why *why);
void kai_transport_free(struct kai_transport *t); /* Closes everything; does not wait. */

/* Where it really listens ("" when it does not): tcp://host:port. */
const char *kai_transport_endpoint(const struct kai_transport *t);
const char *kai_transport_intro_endpoint(const struct kai_transport *t);

/* Connect to endpoint, whose server must have this CURVE key. *dial names the attempt in
 * dial_failed; on success `up` is called with link == dial. No retry of its own: whoever dials
 * decides when to try again. Errors: KAI_EMALFORMED, KAI_ELIMIT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_transport_dial(struct kai_transport *t, const char *endpoint,
                                             const uint8_t server_pk[static KAI_KEY_BYTES],
                                             uint64_t *dial, struct kai_why *why);
/* The same to an introduction socket: frames come and go as on a link (ev.up, ev.frame, ev.down),
 * marked by kai_transport_is_intro(). */
KAI_MUST_USE enum kai_err kai_transport_dial_intro(struct kai_transport *t, const char *endpoint,
                                                   const uint8_t server_pk[static KAI_KEY_BYTES],
                                                   uint64_t *dial, struct kai_why *why);
bool kai_transport_is_intro(const struct kai_transport *t, uint64_t link);

/* Queue one frame. false: the socket takes no more now; ev.writable comes. */
bool kai_transport_send(struct kai_transport *t, uint64_t link, struct kai_view frame);
void kai_transport_drop(
    struct kai_transport *t,
    uint64_t link); /* Ends the connection, also a listened one. No `down` for it. */

/* Event loop: fill items (as many as KAI_TRANSPORT_POLL_MAX), poll, then process; process also runs
 * timers. *timeout_ms is lowered to when process wants to be called at the latest. */
#define KAI_TRANSPORT_POLL_MAX (KAI_LINKS_MAX * 2u + 16u)
size_t kai_transport_poll(struct kai_transport *t, zmq_pollitem_t *items, size_t cap,
                          int *timeout_ms);
void kai_transport_process(struct kai_transport *t);
void *kai_transport_zmq(
    struct kai_transport *t); /* The ZeroMQ context, for inproc sockets of the loop. */

#endif
