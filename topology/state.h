/* state: what the parts of the engine share; nothing outside this folder includes it. */
#ifndef KAI_TOPOLOGY_STATE_H
#define KAI_TOPOLOGY_STATE_H

#include "log/payload.h"
#include "topology/bounds.h"
#include "topology/carryfile.h"
#include "topology/frame.h"
#include "topology/net.h"
#include "topology/overlay.h"
#include "topology/queue.h"
#include "wire/put.h"

struct kai_nlog {         /* A log of the mirror. */
    struct kai_net_log l; /* head_seq 0: its first entry is on its way to the disk. */
    uint64_t ing_seq;     /* Head including entries handed to act.ingest. */
    uint64_t ing_ts;
    uint8_t ing_hash[KAI_ID_BYTES];
    uint8_t ing_kid[KAI_TAG_BYTES]; /* Of the entry at ing_kid_seq; 0: not known. */
    uint64_t ing_kid_seq;
    size_t n_flight;
    bool broken; /* One of these was refused: the rest will be. */
    bool retire_told;
    size_t n_kids; /* Epochs that entries are known to use. */
    uint8_t (*kids)[KAI_TAG_BYTES];
    bool kids_whole;
    bool fits; /* The author may be one, as of keyring version fits_seen. */
    uint64_t fits_seen;
    bool broken_bind;     /* Its key opened, and what should say whose it is does not. */
    uint64_t learned_seq; /* The BIND that told whose it is and is not durable yet; 0: none. */
    /* tree.c */
    uint64_t lazy;       /* Links, by slot, that want no whole entries of it; */
    uint64_t pruned;     /* those that were told that we want none. */
    uint64_t via;        /* The link that it comes by; 0: none. */
    uint64_t came_ms;    /* When an entry was last pushed to us. */
    uint64_t quiet_ms;   /* The way is not changed before. */
    uint64_t reader_seq; /* So far another reader holds it: this node. */
    uint8_t reader[KAI_ID_BYTES];
    uint64_t day_ms; /* When its day of quota began. */
    uint64_t day_bytes, day_entries;
    uint64_t wait_ms;              /* It is over its quota until then. */
    uint64_t lacks_link, lacks_ms; /* Who showed it without its payloads: not asked until then. */
    uint64_t unread_from; /* Key log: the keyring could not judge this entry yet; 0: none. */
    uint64_t frozen;      /* The first fork proved: from there on nothing stands. 0: none. */
    uint8_t frozen_head[KAI_ID_BYTES]; /* Of the entry before it, once that is here. */
    size_t proof_n;
    uint8_t *proof;   /* FORKPROOF. */
    uint64_t paid_ms; /* How far its author has used up proofs that others pass on. */
    uint64_t ended; /* ended.c: by its author's REVOKE nothing from there on stands. 0: all does. */
    uint8_t ended_head[KAI_ID_BYTES]; /* Of the entry before it. */
    uint64_t end_seen;                /* As of this roster. */
    struct kai_end *end;              /* NULL: no REVOKE has marked it. */
    uint64_t unmarked;         /* Its author's CHECKPOINT with this counter has no row of it. */
    struct kai_marked *marked; /* withheld.c; NULL: its author has not marked it. */
};

struct kai_id_seq {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t seq;
};

struct kai_rb_side { /* A session of reconciliation: the peer's, or ours. */
    bool open;
    uint64_t began_ms;
    uint64_t bytes;   /* Both ways. */
    uint64_t awaits;  /* Frames of ours that want an answer. */
    uint64_t paid_ms; /* How far the allowance to begin sessions is used up. */
};

struct kai_share { /* An audience on a link; the first of a link is the control plane. */
    struct kai_link *link;
    uint8_t aud_id[KAI_ID_BYTES];
    bool ctl;
    bool matched;    /* Both hold a routing secret. */
    bool offered_in; /* The peer said that it is one: key logs only. */
    bool offered_out;
    bool send_ok; /* As of the last look: kai_net_may_send. */
    bool live;
    bool told_limit; /* ERR: its sender knows that we take no more today. */
    bool starved;    /* There was more to ask for than may be asked at once. */
    bool blocked;    /* Something could not be read yet: ask again when keys or members change. */
    uint32_t handle; /* To write with. */
    uint32_t offer_out_handle;
    uint32_t offer_in_handle;
    bool rb_over;    /* A session came to its end. */
    bool rb_running; /* We started and the answer is not whole. */
    uint64_t rb_last_ms;
    uint64_t rb_due_ms; /* 0: not. */
    uint64_t rb_set_ms; /* When that was decided. */
    uint64_t rb_done_ms;
    uint64_t rb_stalls;
    struct kai_rb_side rb_in, rb_out; /* Begun by the peer, and by us. */
    size_t n_have, cap_have;
    struct kai_id_seq *have; /* IHAVE to be sent, KAI_IHAVE_IDS_MAX at most. */
    uint64_t have_sent_ms, have_due_ms;
    uint32_t n_tokens; /* Of a carry file: what its maker showed. */
    uint8_t tokens[KAI_CARRY_TOKENS_MAX][16];
};

struct kai_serve { /* A range that the peer asked for. */
    uint8_t aud_id[KAI_ID_BYTES];
    bool ctl;
    struct kai_want w;
};

struct kai_wanted { /* A range to ask for at the end of this step. */
    size_t share;
    struct kai_want w;
};

#define KAI_ANSWERED_MAX        64u   /* GRAFTs remembered of a link. */
#define KAI_MISSING_MAX         4096u /* Logs of which there was word and no entry came. */
#define KAI_MISSING_OF_LINK_MAX 1024u /* First told of by one link. */
#define KAI_MISSING_FROM        4u
#define KAI_DELAYS              64u
struct kai_answered {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t seq;
    uint64_t until_ms;
};
struct kai_missing {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint8_t aud_id[KAI_ID_BYTES];
    uint64_t seq; /* Up to this one. */
    uint64_t first_ms, due_ms;
    size_t n_from, asked; /* Who told of it, and how many of them were asked. */
    uint64_t from[KAI_MISSING_FROM];
};

enum kai_link_state { KAI_LINK_HELLO, KAI_LINK_CONTROL, KAI_LINK_MATCH, KAI_LINK_DRAIN };

struct kai_link {
    uint64_t id;
    struct kai_carry *file; /* A carry file stands in the place of the connection; else NULL. */
    uint8_t curve_pk[KAI_KEY_BYTES];
    bool dialled;
    bool dead;
    enum kai_link_state state;
    uint64_t since_ms;
    uint64_t up_ms;
    const struct kai_node *peer; /* In the engine's roster; NULL before HELLO, and where we dialled
                                  * it before the control plane told us of it. */
    uint8_t peer_cert[KAI_ID_BYTES];
    uint8_t peer_id[KAI_ID_BYTES];
    uint8_t my_nonce[32];
    uint8_t peer_nonce[32];
    uint8_t peer_boot[16];
    uint8_t commit[KAI_ID_BYTES]; /* Hash of both nonces: binds offers to the link. */
    uint8_t range_key[KAI_KEY_BYTES];
    bool ctl_done; /* The first reconciliation of the control plane is over. */
    bool texts_asked;

    struct kai_out_queue out[KAI_OUT_CLASSES];
    size_t queued;    /* Memory of all of these. */
    bool stuck;       /* The transport is full. */
    uint64_t allowed; /* Flow bytes that the peer takes. */
    uint64_t out_flow;
    uint64_t in_flow; /* Received. */
    uint64_t in_lost; /* Sent by the peer and never received. */
    uint64_t granted;
    uint64_t pending; /* In entries that are not durable yet. */
    uint64_t in_bytes, out_bytes;

    uint64_t ping_due_ms;
    uint64_t pings_open;
    uint64_t ping_ms;
    uint64_t ping_flow; /* out_flow when it was sent. */
    double rtt_ms;

    size_t n_shares;
    struct kai_share *shares[KAI_SHARES_MAX];
    size_t n_sent; /* MATCH tokens sent: index = place. */
    struct kai_sent_token {
        uint8_t token[16];
        uint8_t aud_id[KAI_ID_BYTES];
        uint8_t commit[16]; /* The first half: these do not meet by chance. */
        uint8_t peer[16];   /* The other end's token of the same secret, */
        uint32_t got;       /* and where it stands in got; KAI_HANDLES_MAX: not shown. */
        bool real;
    } * sent;
    size_t cap_sent, n_got, cap_got;
    bool match_due;    /* Tokens came that were not looked at, */
    uint64_t match_ms; /* which is not done before. */
    uint64_t got_news; /* Grows with each token that was not there before. */
    struct kai_got_token {
        uint8_t token[16];
        bool set;
        bool known;
        uint8_t aud_id[KAI_ID_BYTES];
    } * got;
    uint64_t n_offers; /* Made. */
    int64_t gap;       /* Flow bytes sent less those received, as of the last PONG. */

    size_t n_serve, first_serve;
    size_t cap_serve, cap_wanted;
    struct kai_serve *serve; /* A ring, at most KAI_SERVE_MAX. */
    size_t n_wanted;
    struct kai_wanted *wanted; /* At most KAI_WANT_RANGES_MAX. */
    size_t n_fetch;
    uint64_t fetch_ms; /* When something asked for came last. */
    size_t n_parked;
    size_t parked_bytes;
    size_t n_forked;
    uint8_t (*forked)[KAI_KEY_BYTES];
    struct kai_peer_has { /* What IHAVE said, only to spare pushes. */
        uint8_t log[16];  /* The first half of its key: these do not meet by chance. */
        uint64_t seq;
    } * known;            /* KAI_KNOWN_SLOTS. */
    uint64_t have_due_ms; /* The first of its shares'; UINT64_MAX: no IHAVE waits. */
    bool addrs_sent, heard_sent;
    /* tree.c */
    unsigned slot; /* Its bit in kai_nlog.lazy. */
    size_t n_missing;
    unsigned grafts; /* In the second that began at grafts_ms. */
    uint64_t grafts_ms;
    unsigned empty; /* Words with nothing behind them, since empty_ms. */
    uint64_t empty_ms;
    struct kai_answered *answered; /* KAI_ANSWERED_MAX; NULL before the first GRAFT. */

    struct kai_cover in;          /* Of the peer. */
    bool chance;                  /* Dialled to look at somebody, not for an audience. */
    uint64_t spare_ms;            /* Not offered again before. */
    uint64_t spared_ms;           /* The peer's offer of it is not looked at again before. */
    uint64_t guest_ms;            /* There is no room for it: it ends then. 0: a link as any. */
    bool rb_look;                 /* Some share wants to be looked at in this step, */
    uint64_t rb_next_ms;          /* or at this time. */
    uint64_t free_bytes;          /* Of frames without credit that came and are not forgiven, */
    uint64_t free_ms;             /* as of then. */
    uint64_t repeat_ms;           /* Tokens are not said again before. */
    uint64_t rb_rows;             /* Hashed for this peer and not yet forgiven, */
    uint64_t rb_rows_ms;          /* as of then. */
    uint64_t mail_got, mail_seen; /* Looked through as of these. */
    size_t n_mail, n_box_tokens;
    uint8_t (*mail)[KAI_ID_BYTES]; /* In use on this link alone. */
    struct kai_box_token {         /* Where we carry: what the peer may show, as of mail_seen. */
        uint8_t box[KAI_ID_BYTES], token[16];
    } * box_tokens;
};

enum kai_use_part { KAI_PART_MEMBER, KAI_PART_RELAY, KAI_PART_MAIL };
struct kai_use { /* An audience that we share with others, and as what. */
    uint8_t id[KAI_ID_BYTES];
    enum kai_use_part part;
};

struct kai_secret { /* What a token is made of, and a name of it. */
    const uint8_t *route;
    const uint8_t *commit;
};

struct kai_meter { /* What one node wrote, and brought without our being able to read it, in a day.
                    */
    uint8_t node[KAI_ID_BYTES];
    uint64_t since_ms;
    uint64_t written;
    uint64_t brought, brought_n;
};

struct kai_audit {                /* When an audience is reconciled again with one neighbour. */
    uint8_t aud_id[KAI_ID_BYTES]; /* Zeros: the control plane. */
    uint64_t due_ms;
    bool shared;            /* Within one look: on some link, */
    struct kai_share *next; /* and this one's turn. */
};

struct kai_fetch { /* Entries asked for and not yet here; one a log. */
    uint8_t log_pk[KAI_KEY_BYTES];
    uint8_t aud_id[KAI_ID_BYTES];
    bool ctl;
    uint64_t link;
    uint64_t to;
    uint64_t deadline_ms;
    uint64_t alt_link; /* Who said to have more, or the same; 0: nobody. */
    uint64_t alt_to;
};

struct kai_flight { /* An entry handed to act.ingest. */
    struct kai_flight *next;
    uint8_t log_pk[KAI_KEY_BYTES];
    uint64_t seq;
    uint8_t hash[KAI_ID_BYTES];
    uint64_t link;
    size_t cost; /* Of the peer's credit. */
    size_t bytes;
};

struct kai_parked {
    struct kai_parked *next;
    uint64_t link;
    bool ctl;
    bool told; /* A PUSH without its payload: to be asked for. */
    uint8_t aud_id[KAI_ID_BYTES];
    uint64_t until_ms;
    size_t n;
    struct kai_entry e; /* Views into bytes. */
    uint8_t bytes[];
};

struct kai_net {
    struct kai_net_actions act;
    struct kai_self self;
    uint8_t curve_pk[KAI_KEY_BYTES];
    uint8_t boot[16];
    uint8_t nid[KAI_ID_BYTES];
    struct kai_ctl *ctl;
    struct kai_keyring *keyring;
    struct kai_buf charter;
    struct kai_roster *roster;
    uint64_t keyring_seen;
    uint64_t roster_no; /* From 1, one more with each roster. */
    bool roster_stale;  /* Control entries were added since it was built. */
    bool retry_ctl;
    bool retry_data;
    bool full;
    bool stopping;
    uint64_t now_ms, wall_ms, trim_ms; /* trim_ms: memory is not given back before. */
    unsigned depth;
    uint64_t n_files; /* Carry files that were opened. */

    size_t n_logs, cap_logs;
    struct kai_nlog **by_pk;  /* Sorted by log_pk. */
    struct kai_nlog **by_aud; /* Sorted by (aud_id, log_pk). */
    size_t n_links;
    struct kai_link *links[2 * KAI_LINKS_MAX];
    size_t n_fetch, cap_fetch;
    struct kai_fetch *fetch; /* KAI_FETCHES_MAX at most. */
    struct kai_flight *flight, *flight_last;
    struct kai_parked *parked, *parked_last;
    size_t n_parked;
    size_t n_auds;
    struct kai_use *auds;  /* On every link. */
    uint64_t mail_version; /* Grows when there are other mailboxes. */
    size_t n_meters, cap_meters;
    struct kai_meter *meters; /* Sorted by node. */
    uint64_t quota_due_ms;    /* When to ask again for what was too much; 0: nothing was. */
    size_t n_missing, cap_missing;
    struct kai_missing *missing; /* KAI_MISSING_MAX at most. */
    size_t n_delays;             /* From word to entry, the last KAI_DELAYS. */
    uint32_t delay[KAI_DELAYS];
    uint64_t t1_ms; /* Follows from them; 0: not yet. */
    size_t n_book, cap_book;
    uint64_t book_ms;
    uint64_t book_late_ms;
    bool book_late;         /* There are addresses to pass on later. */
    uint64_t book_sum;      /* Of what stands in it; equal ones need not be exchanged. */
    struct kai_place *book; /* Sorted by node. */
    size_t n_heard, cap_heard;
    struct kai_heard { /* The newest CHECKPOINT of a node. */
        uint8_t node[KAI_ID_BYTES];
        uint64_t counter;
        uint64_t paid_ms; /* How far its author has used up what it may say. */
        struct kai_kept *note;
        uint32_t reads; /* For it, in the last look of withheld.c. */
        bool late;      /* Not yet passed on, for what its author has used up. */
    } * heard;          /* Sorted by node; KAI_HEARD_MAX. */
    uint64_t heard_sum; /* Of what stands in it; equal ones need not be exchanged. */
    uint64_t heard_ms, heard_late_ms;
    size_t ended_from, withheld_from; /* Where in by_pk these go on. */
    uint64_t withheld_ms;             /* Not looked at again before. */
    bool heard_late;                  /* There are some to pass on later. */
    size_t n_early;
    struct kai_kept **early; /* Addresses of nodes that the roster does not name yet, oldest first;
                              * KAI_EARLY_MAX. */
    struct kai_overlay overlay;

    size_t n_audits, cap_audits;
    struct kai_audit *audits; /* Sorted by audience. */
    uint64_t audit_ms;        /* Not looked at again before. */

    struct kai_packer *packer;
    struct kai_buf frame; /* The frame being written. */
    struct kai_buf opened, scratch;
    struct kai_row *rows; /* Of kai_rows_take(). */
    size_t cap_rows;
    struct kai_net_counters count;
};

/* What becomes of a received entry. */
enum kai_verdict {
    KAI_TAKE,
    KAI_PARK,
    KAI_WANT_MORE,
    KAI_BARE, /* Its payload is missing, and should not be. */
    KAI_HELD,
    KAI_REFUSE,
    KAI_FORK,
    KAI_OVER
};

/* net.c: what every step begins and ends with. */
void kai_step_begin(struct kai_net *n, uint64_t now_ms);
void kai_step_end(struct kai_net *n);
void kai_alarm(struct kai_net *n, const char *code, const struct kai_link *l, const uint8_t *log_pk,
               uint64_t seq);
uint64_t kai_random_below(struct kai_net *n, uint64_t below);

/* link.c */
struct kai_link *kai_link_new(void); /* NULL: no memory. */
struct kai_link *kai_link_find(const struct kai_net *n, uint64_t id);
void kai_link_bye(struct kai_net *n, struct kai_link *l, enum kai_bye code);
void kai_link_drop(struct kai_net *n, struct kai_link *l, enum kai_bye why);
void kai_link_sweep(struct kai_net *n);
void kai_link_err(struct kai_net *n, struct kai_link *l, enum kai_bye code, uint64_t ref);
/* Active, and its certificate not over for longer than the grace. */
bool kai_node_good(const struct kai_net *n, const struct kai_node *node);
bool kai_link_know(struct kai_net *n, struct kai_link *l);
/* A note of this node is news from a peer: if the node is ours, we are not the only one. */
void kai_link_elsewhere(struct kai_net *n, struct kai_view note, const struct kai_node *node);
void kai_link_hello(struct kai_net *n, struct kai_link *l, const struct kai_frame *f);
void kai_link_ping(struct kai_net *n, struct kai_link *l, const struct kai_frame *f);
void kai_link_pong(struct kai_net *n, struct kai_link *l, const struct kai_frame *f);
void kai_link_tick(struct kai_net *n, struct kai_link *l);
uint64_t kai_link_next(const struct kai_net *n, const struct kai_link *l);
void kai_link_synced(struct kai_net *n,
                     struct kai_link *l); /* Is the control plane reconciled? Then MATCH. */
const char *kai_link_text(const struct kai_link *l);
struct kai_share *kai_share_find(const struct kai_link *l,
                                 const uint8_t aud_id[static KAI_ID_BYTES]);
struct kai_share *kai_share_add(struct kai_link *l, const uint8_t aud_id[static KAI_ID_BYTES]);
size_t kai_link_bytes(const struct kai_link *l);

/* mirror.c */
struct kai_nlog *kai_mirror_find(const struct kai_net *n,
                                 const uint8_t log_pk[static KAI_KEY_BYTES]);
struct kai_nlog *kai_mirror_add(struct kai_net *n, const struct kai_net_log *l);
void kai_mirror_remove(struct kai_net *n, struct kai_nlog *log);
void kai_mirror_free(struct kai_net *n);
struct kai_nlog *kai_mirror_like(const struct kai_net *n, const uint8_t *prefix, size_t prefix_n);
/* The logs of an audience from lower up to and without upper (prefixes; empty: no bound). */
size_t kai_mirror_range(const struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                        struct kai_view lower, struct kai_view upper,
                        struct kai_nlog *const **first);
/* The logs of an audience: *first of them, the number is returned. */
size_t kai_mirror_audience(const struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                           struct kai_nlog *const **first);
void kai_mirror_kid(struct kai_nlog *log, const uint8_t kid[static KAI_TAG_BYTES]);
/* Every kid that its entries use. */
void kai_mirror_kids(struct kai_net *n, struct kai_nlog *log);
void kai_mirror_forget_kids(struct kai_nlog *log); /* Some were of entries that were refused. */
/* Kid of the last entry, on its way or held; NULL: there is none. */
const uint8_t *kai_mirror_last_kid(struct kai_net *n, struct kai_nlog *log);
bool kai_mirror_has_kid(struct kai_net *n, struct kai_nlog *log,
                        const uint8_t kid[static KAI_TAG_BYTES]);

/* match.c */
#define KAI_MATCH_EPOCHS 3u /* The current one and 2 before it. */
#define KAI_KNOWN_EPOCHS                                                                           \
    8u /* Of the peer: it may be behind, or ahead by what stewards did at once. */
/* The newest max routing secrets of an audience. A relay knows no other than the current one: who
 * was a member once matches with nobody there. */
size_t kai_match_secrets(const struct kai_net *n, const struct kai_use *use, struct kai_secret *out,
                         size_t max);
KAI_MUST_USE enum kai_err kai_match_auds(struct kai_net *n);
void kai_match_refresh(struct kai_net *n, struct kai_link *l);
void kai_match_look(struct kai_net *n, struct kai_link *l); /* Tokens came: is it time? */
void kai_match_repeat(struct kai_net *n, struct kai_link *l);
void kai_match_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_offer_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
struct kai_share *kai_match_handle(const struct kai_link *l, uint64_t handle);
/* What the peer shows who knows this routing secret, and whether it has. */
void kai_match_token(const struct kai_net *n, const struct kai_link *l,
                     const uint8_t route[static KAI_KEY_BYTES], uint8_t token[static 16]);
bool kai_match_shown(const struct kai_link *l, const uint8_t token[static 16]);

/* ingest.c, accept.c */
void kai_ingest_epochs(struct kai_net *n); /* Show the keyring again what it could not judge. */
void kai_ingest(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                const struct kai_entry *e, size_t cost, bool pushed);
void kai_ingest_frame(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_ingest_push(struct kai_net *n, struct kai_link *l, struct kai_frame *f);

/* control.c */
bool kai_control_entry(struct kai_net *n, struct kai_link *l, const struct kai_entry *e);
void kai_control_frame(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_control_text(struct kai_net *n, struct kai_view hash, struct kai_view text);
void kai_control_texts(struct kai_net *n, struct kai_link *l);
/* Later versions of the charter, and dead keys: show those we hold, take one. */
void kai_control_notes(struct kai_net *n, struct kai_link *l);
void kai_control_note(struct kai_net *n, struct kai_link *l, uint64_t type, struct kai_view note);
KAI_MUST_USE enum kai_err kai_control_rebuild(struct kai_net *n);

/* heard.c */
/* NULL: none was heard. */
struct kai_heard *kai_heard_find(const struct kai_net *n, const uint8_t node[static KAI_ID_BYTES]);
void kai_heard_note(struct kai_net *n, struct kai_link *l, struct kai_view note);
/* NOTES of a carry file: CHECKPOINTs, and nothing else. */
void kai_heard_frame(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_heard_send_all(struct kai_net *n, struct kai_link *l);
void kai_heard_tick(struct kai_net *n);
void kai_heard_free(struct kai_net *n);

/* withheld.c */
void kai_withheld_tick(struct kai_net *n);

/* ended.c */
void kai_ended_tick(struct kai_net *n);

#include "topology/flow.h"

#endif
