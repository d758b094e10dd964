/* transport_priv: what the files of the transport share. */
#ifndef KAI_NODE_NET_TRANSPORT_PRIV_H
#define KAI_NODE_NET_TRANSPORT_PRIV_H

#include "net/sock_secure.h"
#include "net/tcp.h"
#include "net/transport.h"
#include "net/zap.h"

/* Connections that a listening socket may have, with those whose handshake is under way: each may
 * make libzmq hold KAI_ZMQ_MSG_BYTES_MAX, together well under the 64 MiB of docs/protocol.md 9. */
#define KAI_NET_CONNS_MAX       256u
#define KAI_NET_INTRO_CONNS_MAX 64u
#define KAI_NET_LISTENED_MAX    (KAI_LINKS_MAX * 2u) /* Links on the main socket. */
#define KAI_NET_PER_KEY_MAX     4u /* Links of one peer: a dead one may linger for 45 s. */
#define KAI_NET_DIALS_MAX       KAI_LINKS_MAX

#define KAI_NET_SILENT_MS        10000u /* A connection without a first frame. */
#define KAI_NET_DIAL_MS          10000u /* TCP 5 s, handshake 3 s, and the name. */
#define KAI_NET_WATCH_MS         100u   /* How often held bytes are compared. */
#define KAI_NET_RETRY_MS         5u     /* How soon a full ROUTER is tried again. */
#define KAI_NET_LAST_MS          5u     /* Frames may follow the news that a connection ended. */
#define KAI_NET_INTRO_MS         10000u /* Life of an introduction. */
#define KAI_NET_INTRO_LAST_MS    1000u  /* For the answer to reach a stranger before we hang up. */
#define KAI_NET_INTRO_FRAMES_MAX 4u
#define KAI_NET_INTRO_BYTES_MAX                                                                    \
    (KAI_NET_INTRO_FRAMES_MAX * (KAI_INTRO_FRAME_BYTES_MAX + 1024u) + KAI_ZMQ_MSG_BYTES_MAX)
/* Heartbeats and the handshake: bytes received that are no frame of ours. Under 7 a second. */
#define KAI_NET_HEARTBEAT_BYTES_PER_S 16u
#define KAI_NET_HANDSHAKE_BYTES       4096u

/* One call of process() hands over no more than this, so that timers and ZAP get their turn. */
#define KAI_NET_TURN_FRAMES  256u
#define KAI_NET_TURN_BYTES   (4u << 20)
#define KAI_NET_SHARE_FRAMES 64u /* Of one dialled peer in one pass. */

struct kai_budget {
    size_t frames;
    size_t bytes;
};

enum kai_conn_state {
    KAI_CONN_FREE,
    KAI_CONN_OPEN, /* Accepted; no frame yet, so we do not know who it is. */
    KAI_CONN_LIVE, /* A link. */
    KAI_CONN_CUT,  /* We ended it: nothing of it is delivered any more. */
    KAI_CONN_GONE  /* It ended; what it sent before is still delivered. */
};

/* A connection to a listening socket. */
struct kai_conn {
    enum kai_conn_state state;
    bool ended;   /* libzmq has closed it: with CUT, the entry may be freed. */
    bool has_rid; /* A frame has come, so rid and peer are known. */
    bool want_write;
    bool has_pending;
    uint32_t rid; /* As libzmq made it, in its own byte order. */
    struct kai_tcp tcp;
    uint64_t link;
    uint8_t peer[KAI_KEY_BYTES];
    uint64_t since_ms;
    uint64_t ended_ms;
    uint64_t close_ms; /* Introduction answered: cut then. 0: no. */
    uint64_t consumed; /* Bytes on the wire of the frames handed over. */
    size_t frames;
    zmq_msg_t pending; /* Taken from the caller while libzmq's queue is full. */
};

struct kai_listener {
    struct kai_sock s;
    bool intro;
    bool stalled; /* Some conn has a pending frame. */
    size_t cap;
    struct kai_conn *conns;
    struct kai_endpoint at;
    char endpoint[KAI_ENDPOINT_CAP];
};

enum kai_dial_state { KAI_DIAL_FREE, KAI_DIAL_NAMING, KAI_DIAL_WAY, KAI_DIAL_UP, KAI_DIAL_GONE };

struct kai_resolve;

struct kai_dial {
    enum kai_dial_state state;
    bool intro;
    bool want_write;
    bool connected; /* TCP stands. */
    struct kai_sock s;
    struct kai_tcp tcp;
    uint64_t link;
    uint64_t since_ms;
    uint64_t ended_ms;
    uint64_t consumed;
    uint8_t peer[KAI_KEY_BYTES];
    struct kai_endpoint to;
    struct kai_resolve *resolve; /* NAMING: the name's address is being looked up. */
};

struct kai_transport {
    void *zmq;
    struct kai_sock_keys keys;
    struct kai_transport_events ev;
    struct kai_zap zap;
    struct kai_listener main;
    struct kai_listener intro;
    struct kai_conn main_conns[KAI_NET_CONNS_MAX];
    struct kai_conn intro_conns[KAI_NET_INTRO_CONNS_MAX];
    struct kai_dial dials[KAI_NET_DIALS_MAX];
    uint64_t last_link;
    uint64_t now_ms; /* When process() began. */
    uint64_t watch_ms;
    uint64_t refused_ms; /* When `refused` was last told. */
    size_t turn;         /* Who comes first in the next pass. */
    bool more;           /* The last pass left frames behind. */
};

uint64_t kai_net_now_ms(void);

/* listen.c */
KAI_MUST_USE enum kai_err kai_listener_open(struct kai_transport *t, struct kai_listener *l,
                                            const struct kai_endpoint *at, struct kai_why *why);
void kai_listener_close(struct kai_listener *l);
void kai_listener_events(struct kai_transport *t, struct kai_listener *l);
void kai_listener_receive(struct kai_transport *t, struct kai_listener *l, struct kai_budget *b);
struct kai_conn *kai_listener_find(struct kai_listener *l, uint64_t link);
/* send.c */
void kai_listener_retry(struct kai_transport *t, struct kai_listener *l);
bool kai_conn_send(struct kai_transport *t, struct kai_listener *l, struct kai_conn *c,
                   struct kai_view frame);

/* conn.c: the table of connections of a listening socket. */
struct kai_conn *kai_conn_by_rid(struct kai_listener *l, uint32_t rid);
struct kai_conn *kai_conn_by_fd(struct kai_listener *l, int fd);
void kai_conn_accepted(struct kai_transport *t, struct kai_listener *l, int fd);
void kai_conn_ended(struct kai_transport *t, struct kai_listener *l, int fd);
/* Cut, and say nothing of it. */
void kai_conn_cut(struct kai_transport *t, struct kai_listener *l, struct kai_conn *c);
/* Cut, and report `down` where `up` was. */
void kai_conn_fail(struct kai_transport *t, struct kai_listener *l, struct kai_conn *c);
/* Report and forget what has ended; `drained` tells that nothing is left to receive. */
void kai_conn_sweep(struct kai_transport *t, struct kai_listener *l, bool drained);
/* Once each KAI_NET_WATCH_MS: silence, lifetimes, bytes held. */
void kai_conn_watch(struct kai_transport *t, struct kai_listener *l);
bool kai_net_over(const struct kai_tcp *tcp, uint64_t consumed, uint64_t since_ms, uint64_t now_ms,
                  uint64_t max);

/* dial.c */
void kai_dial_run(struct kai_transport *t, struct kai_dial *d, struct kai_budget *b);
void kai_dial_watch(struct kai_transport *t, struct kai_dial *d);
void kai_dial_end(struct kai_dial *d);
bool kai_dial_send(struct kai_dial *d, struct kai_view frame);

/* selftest.c */
KAI_MUST_USE enum kai_err kai_net_selftest(struct kai_transport *t, struct kai_why *why);

#endif
