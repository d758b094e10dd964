/* net: how entries travel: the one state machine behind all links of a node (docs/protocol.md 7).
 *
 * Nothing here opens a socket, reads a clock, draws a random number or touches a disk. The caller
 * says what happened (kai_net_on_*), and carries out what comes back through the actions, in order.
 * One thread. Times are milliseconds of a clock that never goes back, unless named wall. */
/* Reasons (sentences in lib/text): alarms log.fork (a log has two entries at one place, and is
 * frozen there; node: who showed it), entry.forged (a signature or certificate that does not hold;
 * node: who sent it), own.ahead (a peer has more of our own log than we), charter.forged (a
 * version of the charter that too few signed; node: who sent it), charter.rival (another version
 * follows the one that one held here follows; node: who sent it); kai_why of an
 * introduction: intro.network (another network), intro.chain (its certificates do not lead from a
 * founder to its key), intro.denied (no longer, or not yet, admitted). None has arguments. */
#ifndef KAI_TOPOLOGY_NET_H
#define KAI_TOPOLOGY_NET_H

#include "base/why.h"
#include "keys/keyring.h"

struct kai_net;

enum kai_bye { /* Codes of ERR and BYE. */
               KAI_BYE_VERSION = 1,
               KAI_BYE_NETWORK = 2,
               KAI_BYE_NOT_ADMITTED = 3,
               KAI_BYE_LIMIT = 4,
               KAI_BYE_MALFORMED = 5,
               KAI_BYE_NOT_SHARED = 6,
               KAI_BYE_BUSY = 7,
               KAI_BYE_DUPLICATE = 8,
               KAI_BYE_SHUTDOWN = 9,
               KAI_BYE_DONE = 10,
               KAI_BYE_TIMEOUT = 100, /* Local only: not on the wire. */
               KAI_BYE_LOST = 101,
};

/* A data or key log as the engine knows it: a mirror of what is durable.
 *
 * A data log is *blind* while its author is zeros: none of its BINDs could be opened here, because
 * this node relays it, or because it began under epochs that are closed to us. Of a blind log
 * header signature, chain, tag and sizes are checked, and nothing is read. Author, certificate,
 * salt and incarnation are learned from the first BIND that opens (action update_log). */
struct kai_net_log {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t kind; /* KAI_LOG_DATA 1, KAI_LOG_KEY 2, as in store/store.h. */
    uint8_t aud_id[KAI_ID_BYTES];
    uint8_t from_node[KAI_ID_BYTES]; /* Who brought its first entry; zeros: own, or not known. */
    uint8_t author_node[KAI_ID_BYTES];
    uint8_t author_cert[KAI_ID_BYTES];
    uint8_t salt[32];
    uint64_t incarnation;
    uint64_t head_seq;
    uint8_t head[KAI_ID_BYTES];
    uint64_t head_ts;
    bool closed;
    bool forked;
    bool own;
};

/* Why a received entry was not taken, in counters and alarms. */
struct kai_net_alarm {
    const char *code; /* Stable: "log.fork", "entry.forged", "own.ahead", ... (text in lib/text). */
    uint8_t node[KAI_ID_BYTES]; /* Whom it is about; zeros = nobody. */
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t seq;
};

/* What the engine asks of its caller. Every function gets ctx. Frames and entries are valid during
 * the call. */
struct kai_net_actions {
    void *ctx;
    /* Hand a frame to the transport. false: it is full; the engine keeps the frame and waits for
     * kai_net_on_writable(). */
    bool (*send)(void *ctx, uint64_t link, struct kai_view frame);
    void (*drop)(void *ctx, uint64_t link, enum kai_bye why); /* End the connection. */
    /* Verify the signature of this entry and append it (log: the new log's row where seq is 1, else
     * what is known). Answer with kai_net_on_stored() or kai_net_on_refused(), in order within a
     * log. The engine has checked everything else. */
    void (*ingest)(void *ctx, uint64_t link, const struct kai_net_log *log,
                   const struct kai_entry *e);
    /* A blind log has learned whose it is: overwrite author_node, author_cert, salt and incarnation
     * of its row. The BIND that says so is durable. */
    void (*update_log)(void *ctx, const struct kai_net_log *log);
    void (*store_ctl)(void *ctx, const struct kai_entry *e); /* Answer kai_net_on_ctl_stored(). */
    void (*store_note)(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                       struct kai_view note);
    void (*store_text)(void *ctx, const uint8_t hash[static KAI_ID_BYTES],
                       struct kai_view text); /* Of the charter. */
    /* Two headers at one place of a log, without payload: it is frozen from there on. Keep both and
     * give them back at start (kai_net_on_fork()). */
    void (*store_fork)(void *ctx, const struct kai_entry *a, const struct kai_entry *b);
    /* A new roster holds from now on (the caller refs what it keeps). */
    void (*roster)(void *ctx, struct kai_roster *r);
    void (*keys)(void *ctx); /* Audiences or epochs changed: refresh copies for other threads. */
    /* The peer, which reads this audience, holds this log durably up to seq. A relay that holds it
     * is not told of: it is no reader, and an organisation that only carries does not count for
     * `--wait`. */
    void (*held)(void *ctx, const struct kai_node *peer, const uint8_t log_pk[static KAI_KEY_BYTES],
                 uint64_t seq);
    /* An own log is ahead at a peer: it must be retired, a new incarnation opened (docs/protocol.md
     * 5). */
    void (*retire)(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES]);
    /* Somebody else signed an address with our node key (counter: its own, higher than ours), or
     * stands at the other end of a link with our keys (UINT64_MAX). NULL: nobody asks. */
    void (*elsewhere)(void *ctx, uint64_t counter);
    void (*alarm)(void *ctx, const struct kai_net_alarm *a);
    /* Durable state, to be served. The views live until the next call. */
    enum kai_err (*read)(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                         struct kai_entry *out);
    enum kai_err (*read_text)(void *ctx, const uint8_t hash[static KAI_ID_BYTES],
                              struct kai_view *out);
    void (*random)(void *ctx, void *out, size_t n);
};

struct kai_net_options {
    struct kai_self self;
    uint8_t curve_pk[KAI_KEY_BYTES];
    uint8_t boot_id[16]; /* Fresh at each start. */
    struct kai_ctl *ctl; /* Owned by the caller, outlives the engine; only the engine adds to it
                            while it runs. */
    struct kai_keyring *keyring;    /* Likewise. */
    struct kai_view charter_record; /* Copied. */
    struct kai_net_actions act;
    uint64_t now_ms;
};

/* Errors: KAI_ENOMEM. Builds the first roster from the ctl. */
KAI_MUST_USE enum kai_err kai_net_new(struct kai_net **out, const struct kai_net_options *opt);
void kai_net_free(struct kai_net *n);

/* ---- What happened. */
void kai_net_on_log(struct kai_net *n,
                    const struct kai_net_log *log); /* At start, for each log held. */
/* At start, after its log: a fork that was stored. Errors: KAI_EMALFORMED (it is none). */
KAI_MUST_USE enum kai_err kai_net_on_fork(struct kai_net *n, const struct kai_entry *a,
                                          const struct kai_entry *b);
/* A connection stands. peer: its CURVE key, proved by the transport. */
void kai_net_on_up(struct kai_net *n, uint64_t link, const uint8_t peer[static KAI_KEY_BYTES],
                   bool dialled, uint64_t now_ms, uint64_t wall_ms);
void kai_net_on_down(struct kai_net *n, uint64_t link, uint64_t now_ms);
void kai_net_on_frame(struct kai_net *n, uint64_t link, struct kai_view frame, uint64_t now_ms,
                      uint64_t wall_ms);
void kai_net_on_writable(struct kai_net *n, uint64_t link, uint64_t now_ms);
/* Received entries are durable / failed (KAI_EAUTH: forged; KAI_EMALFORMED: chain; KAI_EFULL,
 * KAI_EIO: ours). */
void kai_net_on_stored(struct kai_net *n, const uint8_t log_pk[static KAI_KEY_BYTES],
                       const struct kai_entry *e, uint64_t now_ms);
void kai_net_on_refused(struct kai_net *n, uint64_t link,
                        const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq, enum kai_err why,
                        uint64_t now_ms);
void kai_net_on_ctl_stored(struct kai_net *n, const struct kai_entry *e, uint64_t now_ms);
/* Entries of own logs that just became durable: [from, to] of this log, which is announced here if
 * it is new. */
void kai_net_on_published(struct kai_net *n, const struct kai_net_log *log, uint64_t from,
                          uint64_t to, uint64_t now_ms);
/* A control entry of our own is durable (already verified); a note of our own. */
KAI_MUST_USE enum kai_err kai_net_on_own_ctl(struct kai_net *n, const struct kai_entry *e,
                                             uint64_t now_ms);
/* A version of the charter (KAI_REC_CHARTER) that was applied here, or a KEYDEATH that was used
 * here; durable before this call. Errors: those of kai_ctl_charter_add() and kai_ctl_death_add().
 */
KAI_MUST_USE enum kai_err kai_net_on_own_note(struct kai_net *n, uint64_t type,
                                              struct kai_view note, uint64_t now_ms);
void kai_net_on_own_addr(struct kai_net *n, struct kai_view note, uint64_t now_ms);
/* An ADDR note read from disk or from an admission at start. */
void kai_net_on_addr(struct kai_net *n, struct kai_view note);
/* A CHECKPOINT of our own, durable before this call; one read from disk at start. */
void kai_net_on_own_checkpoint(struct kai_net *n, struct kai_view note, uint64_t now_ms);
void kai_net_on_checkpoint(struct kai_net *n, struct kai_view note);
/* The newest of a node, until the next event; empty: none is known. */
struct kai_view kai_net_checkpoint_of(const struct kai_net *n,
                                      const uint8_t node[static KAI_ID_BYTES]);
/* The projection found a RULE, which was fed to the keyring; or the keyring changed otherwise. */
void kai_net_on_keyring(struct kai_net *n, uint64_t now_ms);
void kai_net_on_full(struct kai_net *n, bool full); /* Take no foreign data entries (85 % rule). */
/* Timers. Returns when to call again, at the latest. */
uint64_t kai_net_on_tick(struct kai_net *n, uint64_t now_ms, uint64_t wall_ms);
/* The same answer, after any other event: it may have become sooner. */
uint64_t kai_net_next(const struct kai_net *n);
void kai_net_stop(struct kai_net *n, uint64_t now_ms); /* BYE 9 to all. */

/* ---- Introductions: the bytes of a newcomer's HELLO and the server's side of it (docs/protocol.md
 * 7, type 01). */
KAI_MUST_USE enum kai_err kai_net_intro_hello(struct kai_net *n, struct kai_buf *out,
                                              uint64_t wall_ms);
/* Verify a HELLO of a stranger, whose CURVE key the transport proved. Says nothing about us on
 * failure. KAI_OK: its chain was taken into the ctl (store_ctl was called for each) and its node is
 * ACTIVE: answer with *reply and let it redial. KAI_EAGAIN: *reply asks for prefixes. Errors:
 * KAI_EMALFORMED, KAI_ELIMIT, KAI_EAUTH, KAI_EDENIED (another network, or not admitted): answer
 * nothing, close. */
KAI_MUST_USE enum kai_err kai_net_intro_serve(struct kai_net *n, struct kai_view frame,
                                              const uint8_t peer[static KAI_KEY_BYTES],
                                              struct kai_buf *reply, struct kai_why *why,
                                              uint64_t now_ms);
/* The newcomer's side: a frame that the server sent. KAI_OK: taken, redial the main endpoint.
 * KAI_EAGAIN: send *reply. */
KAI_MUST_USE enum kai_err kai_net_intro_reply(struct kai_net *n, struct kai_view frame,
                                              struct kai_buf *reply);

/* ---- What is so. */
/* Whether a connection with this CURVE key may stand: an ACTIVE node of the roster (ZAP asks). */
bool kai_net_admits(const struct kai_net *n, const uint8_t curve_pk[static KAI_KEY_BYTES]);
struct kai_roster *kai_net_roster(const struct kai_net *n); /* Borrowed. */
/* The set of control entries: that of the options, or where sets are shared (kai_ctl_memo()) the
 * one that it has become; still the caller's to free. */
struct kai_ctl *kai_net_ctl(const struct kai_net *n);
/* Logs that are frozen, and from which place on. */
typedef void kai_frozen_fn(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq);
void kai_net_frozen(const struct kai_net *n, kai_frozen_fn *f, void *ctx);
/* Logs that REVOKEs of their author have marked, and from which place on nothing of them stands;
 * UINT64_MAX: all does, or does again. */
void kai_net_ended(const struct kai_net *n, kai_frozen_fn *f, void *ctx);

struct kai_link_info {
    uint64_t link;
    const struct kai_node *peer; /* NULL before HELLO. */
    bool dialled;
    const char *state; /* "hello", "control", "match", "reconcile", "live", "drain". */
    uint64_t since_ms;
    double rtt_ms; /* -1: not known yet. */
    uint64_t in_bytes;
    uint64_t out_bytes;
    uint64_t queued_bytes;
    uint64_t unsent_frames;
    size_t n_auds;
    const uint8_t (*auds)[KAI_ID_BYTES];
};
typedef void kai_link_fn(void *ctx, const struct kai_link_info *l);
void kai_net_links(const struct kai_net *n, kai_link_fn *f, void *ctx);

struct kai_dial {
    uint8_t node[KAI_ID_BYTES];
    uint8_t curve_pk[KAI_KEY_BYTES];
    char endpoint[KAI_ENDPOINT_BYTES_MAX];
    char intro[KAI_ENDPOINT_BYTES_MAX];
};
/* Whom to dial now, one at a time (overlay.c; docs/protocol.md 7): false, nobody. It counts as a
 * link until the connection stands (kai_net_on_up()) or kai_net_on_undialled() says that it does
 * not. */
bool kai_net_dial(struct kai_net *n, struct kai_dial *out, uint64_t now_ms, uint64_t wall_ms);
/* The dial failed: others first, and this one again after a while, longer each time. */
void kai_net_on_undialled(struct kai_net *n, const uint8_t curve_pk[static KAI_KEY_BYTES],
                          uint64_t now_ms);
/* Whoever runs the node wants a link with this one (configured): it is dialled by the caller, and
 * never given up for another. */
void kai_net_keep(struct kai_net *n, const uint8_t curve_pk[static KAI_KEY_BYTES]);
/* A long-lived link of before the last start: first among equals, as told of first. Of a node
 * whose address is not known it does nothing. And those to be told of after the next start, how
 * many of at most max: links that were dialled and have stood a minute, longest first, then those
 * of before the last start. */
#define KAI_ANCHORS_MAX 8u
void kai_net_on_anchor(struct kai_net *n, const uint8_t node[static KAI_ID_BYTES]);
size_t kai_net_anchors(const struct kai_net *n, uint8_t (*nodes)[KAI_ID_BYTES], size_t max);
/* What is known of visits to stewards, to be given back after a start: bytes valid until the next
 * call, KAI_VISITS_BYTES_MAX at most. Bytes that are none are ignored. */
#define KAI_VISITS_BYTES_MAX 32768u
struct kai_view kai_net_visits(struct kai_net *n);
void kai_net_on_visits(struct kai_net *n, struct kai_view visits);

/* Whether data may flow on the link, and it is more than a guest. */
bool kai_net_link_stands(const struct kai_net *n, uint64_t link);

struct kai_overlay_info {
    size_t links;   /* Guests not counted. */
    size_t lacking; /* Audiences with fewer links than they want, */
    size_t cut_off; /* and those with none, although somebody can be dialled. */
    bool full;      /* No link more may be had: coverage was relaxed. */
};
void kai_net_overlay(const struct kai_net *n, struct kai_overlay_info *out);
/* Addresses known of one node by its CURVE key, or of an endpoint: for --dial without a key, and
 * for introductions. */
bool kai_net_addr_of(const struct kai_net *n, const uint8_t curve_pk[static KAI_KEY_BYTES],
                     struct kai_dial *out);
bool kai_net_addr_at(const struct kai_net *n, const char *endpoint, struct kai_dial *out);

struct kai_net_counters {
    uint64_t frames_in, frames_out, bytes_in, bytes_out;
    uint64_t entries_new, entries_dup, entries_refused, entries_parked, pushes_out, wants_out;
    uint64_t pushes_twice; /* Whole entries that were here already. */
    uint64_t grafts_out, prunes_out;
    uint64_t visits;       /* To stewards, begun. */
    uint64_t entries_over; /* Too much for today. */
    uint64_t malformed, rb_rounds, rb_bytes;
    uint64_t match_looks;             /* At a peer's tokens, beside all keys of ours. */
    uint64_t rb_sessions, rb_refused; /* Begun by us; frames past a limit. */
    uint64_t withheld;   /* Logs that have had more for ten minutes, by their author's word. */
    uint64_t evicted;    /* Links that held most when all held too much. */
    size_t memory_bytes; /* Held for all peers together. */
};
void kai_net_counters(const struct kai_net *n, struct kai_net_counters *out);
/* The one function that decides whether data of this audience may go to this peer; everything that
 * sends calls it. */
bool kai_net_may_send(const struct kai_net *n, uint64_t link,
                      const uint8_t aud_id[static KAI_ID_BYTES]);

#endif
