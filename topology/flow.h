/* flow: what is lacking, asked for, answered and sent, and what of it waits. A part of state.h,
 * which includes it. */
#ifndef KAI_TOPOLOGY_FLOW_H
#define KAI_TOPOLOGY_FLOW_H

#include "topology/state.h"

/* outbox.c */
bool kai_out_put(struct kai_net *n, struct kai_link *l,
                 enum kai_out_class class); /* Takes n->frame. */
struct kai_buf *kai_out_begin(struct kai_net *n);
void kai_out_pump(struct kai_net *n, struct kai_link *l);
void kai_out_free(struct kai_link *l);
void kai_credit_give(struct kai_net *n, struct kai_link *l);
/* A frame that takes no credit has come; false: too many have. */
bool kai_credit_free(struct kai_net *n, struct kai_link *l, size_t bytes);

/* room.c: bounds over all links together; at one the heaviest pays. */
bool kai_room_for(struct kai_net *n, struct kai_link *l, size_t bytes);
bool kai_room_to_park(struct kai_net *n, struct kai_link *l);
bool kai_room_to_fetch(struct kai_net *n, struct kai_link *l);

/* reconcile.c */
void kai_rb_due(struct kai_net *n, struct kai_share *s, uint64_t in_ms);
void kai_rb_start(struct kai_net *n, struct kai_link *l, struct kai_share *s);
void kai_rb_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
/* session.c */
void kai_rb_step(struct kai_net *n, struct kai_link *l);
void kai_rb_all(struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES], uint64_t in_ms);

/* audit.c */
void kai_audit_tick(struct kai_net *n);

/* rows.c: what is durable here, as rows; compared with a peer's. */
struct kai_row {
    const uint8_t *log_pk;
    uint64_t seq;
    const uint8_t *hash;
    struct kai_nlog *log; /* NULL: a control log. */
    bool named;           /* By the peer, in what is answered now. */
};
struct kai_rows {
    struct kai_row *r;
    size_t n;
};
/* The rows from lower up to and without upper (prefixes; empty: from the first, to the last), valid
 * until the next call. */
KAI_MUST_USE bool kai_rows_take(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
                                struct kai_view lower, struct kai_view upper, struct kai_rows *out);
void kai_rows_fp(struct kai_link *l, const struct kai_rows *rows, size_t from, size_t to,
                 uint8_t fp[static 16]);
void kai_rows_mark(struct kai_link *l, const uint8_t hash[static KAI_ID_BYTES],
                   uint8_t mark[static KAI_RB_MARK_BYTES]);
void kai_rows_held(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
                   const struct kai_rows *rows);
const struct kai_row *kai_rows_like(struct kai_link *l, const struct kai_rows *rows,
                                    const struct kai_rb_row *row);
/* UNKNOWN: to ask for the log one must know its whole key. COVERED: the peer has all that we have.
 */
enum kai_compared { KAI_ROW_UNKNOWN, KAI_ROW_KNOWN, KAI_ROW_COVERED };
/* Compare a peer's row: ask for what we lack. mine may be NULL. */
enum kai_compared kai_rows_compare(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                                   const struct kai_row *mine, const struct kai_rb_row *row);

/* fetch.c */
void kai_fetch_want(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                    const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t from, uint64_t to);
void kai_fetch_text(struct kai_net *n, struct kai_link *l, const uint8_t hash[static KAI_ID_BYTES]);
void kai_fetch_progress(struct kai_net *n, const uint8_t log_pk[static KAI_KEY_BYTES],
                        uint64_t have);
void kai_fetch_lacks(struct kai_net *n, const struct kai_link *l,
                     const uint8_t log_pk[static KAI_KEY_BYTES]);
void kai_fetch_cancel(struct kai_net *n, const uint8_t log_pk[static KAI_KEY_BYTES]);
void kai_fetch_gone(struct kai_net *n, struct kai_link *l);
void kai_fetch_tick(struct kai_net *n);
bool kai_fetch_oldest(struct kai_net *n, struct kai_link *l);
uint64_t kai_fetch_next(const struct kai_net *n);
size_t kai_fetch_open(const struct kai_net *n, const struct kai_link *l, const struct kai_share *s);
bool kai_fetch_ctl(
    const struct kai_net *n); /* Whether control entries are under way from anybody. */
void kai_fetch_flush(struct kai_net *n, struct kai_link *l);

/* serve.c */
/* False: as many wait as may, or no memory. */
bool kai_serve_push(struct kai_link *l, const struct kai_share *s, const struct kai_want *w);
void kai_serve_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_serve_one(struct kai_link *l, const struct kai_share *s,
                   const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq);
bool kai_serve_make(struct kai_net *n,
                    struct kai_link *l); /* One ENTRIES frame; false: nothing left. */

/* park.c */
bool kai_park(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
              const struct kai_entry *e, bool pushed);
bool kai_park_has(const struct kai_net *n, const uint8_t log_pk[static KAI_KEY_BYTES],
                  uint64_t seq);
bool kai_park_oldest(struct kai_net *n, const struct kai_link *l);
void kai_park_retry(struct kai_net *n, bool ctl);
void kai_park_gone(struct kai_net *n, const struct kai_link *l);
void kai_park_tick(struct kai_net *n);
void kai_park_free(struct kai_net *n);

/* tree.c */
void kai_tree_link(struct kai_net *n, struct kai_link *l);
void kai_tree_gone(struct kai_net *n, const struct kai_link *l);
bool kai_tree_lazy(const struct kai_nlog *log, const struct kai_link *l);
void kai_tree_on_prune(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_tree_on_graft(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_tree_first(struct kai_net *n, const struct kai_link *l, struct kai_nlog *log);
void kai_tree_came(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_nlog *log,
                   uint64_t seq, bool pushed);
void kai_tree_twice(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                    struct kai_nlog *log);
void kai_tree_live(struct kai_net *n, struct kai_link *l, struct kai_share *s);
void kai_tree_missing(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                      const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq);
void kai_tree_tick(struct kai_net *n);
uint64_t kai_tree_next(const struct kai_net *n);

/* push.c */
void kai_push_entry(struct kai_net *n, const uint8_t aud_id[static KAI_ID_BYTES],
                    struct kai_nlog *log, const struct kai_entry *e, uint64_t from_link);
void kai_push_ctl(struct kai_net *n, const struct kai_entry *e, uint64_t from_link);
void kai_push_have(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                   const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq, uint64_t gap_ms);
void kai_push_flush(struct kai_net *n, struct kai_link *l, struct kai_share *s);
void kai_push_arrived(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                      const struct kai_nlog *log, uint64_t seq);
void kai_push_on_have(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_push_know(struct kai_link *l, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq);
bool kai_push_known(const struct kai_link *l, const uint8_t log_pk[static KAI_KEY_BYTES],
                    uint64_t seq);

/* fork.c */
/* A peer has, or says to have, what we do not have of our own log: it is never appended to again.
 */
void kai_fork_own(struct kai_net *n, struct kai_link *l, struct kai_nlog *log, uint64_t seq);
/* What stands of a log: all that is durable, or what is before its fork; *head is its hash. */
uint64_t kai_fork_stands(const struct kai_nlog *log, const uint8_t **head);
/* Whether seq is at a fork or past it. */
bool kai_fork_past(const struct kai_nlog *log, uint64_t seq);
/* seq, or the last place before the fork. */
uint64_t kai_fork_limit(const struct kai_nlog *log, uint64_t seq);
void kai_fork_landed(struct kai_nlog *log, const struct kai_entry *e); /* e is durable. */
/* Show the peer the proof, if there is one: once, or again where it showed that it lacks it. */
void kai_fork_show(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
                   const struct kai_nlog *log, bool again);
void kai_fork_note(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                   struct kai_view note);
void kai_notes_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_fork_prove(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                    struct kai_nlog *log, uint64_t seq);
void kai_fork_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f);
void kai_fork_seen(struct kai_net *n, struct kai_link *l, struct kai_share *s, struct kai_nlog *log,
                   const struct kai_entry *e);

#endif
