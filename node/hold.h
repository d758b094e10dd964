/* hold: what was published to an audience that has no key to write it under. It waits here, in the
 * node's own store, and goes out in order and once, under the first clean epoch (docs/protocol.md
 * 6).
 *
 * What waits are entries of a log that nobody sees, sealed under a key of this audience's hold,
 * which stands in a slot for the node's own kx key: the store alone, without keys/node.key, opens
 * nothing. Never held: what goes to persons (RED), letters, and what only anyone may read (CLEAR)
 * where there is any key at all. For post.c, which writes and sends, and for those who ask. */
#ifndef KAI_NODE_HOLD_H
#define KAI_NODE_HOLD_H

#include "log/payload.h"
#include "node/ownlog.h"

#define KAI_HOLD_ROW_BYTES 16u /* At most, of a row beside header, signature and payload. */

struct kai_hold { /* Of one audience; of kai_core's list by the owning thread alone, under its mu.
                   */
    uint8_t aud_id[KAI_ID_BYTES];
    uint64_t first; /* No entry before this one waits. */
    uint64_t next;  /* Of the entry to come; from 1. */
    uint64_t n;     /* Entries that wait. */
    uint64_t bytes; /* And what they take in the store. */
    uint64_t since_ms;
    uint8_t eph_pk[KAI_KEY_BYTES]; /* The slot, by lib/crypto/seal.h, for our kx key. */
    uint8_t slot[KAI_SLOT_BYTES];
    uint8_t sent_log[KAI_KEY_BYTES]; /* Where the last of them went, by this process. */
    uint64_t sent_seq;
};

/* When the home is opened, with roster and keyring there: what waits, and rows of a request that
 * was never answered are removed. Owning thread. */
KAI_MUST_USE enum kai_err kai_hold_load(struct kai_core *c);
void kai_hold_free(struct kai_core *c);

/* A copy of the audience's hold; false: nothing ever waited, *out is a new one. Any thread. */
bool kai_hold_get(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                  struct kai_hold *out);
/* The audiences in which something waits. Any thread. */
size_t kai_hold_audiences(struct kai_core *c, uint8_t ids[static KAI_AUDIENCES_MAX][KAI_ID_BYTES]);
/* Entries that wait, of all audiences. Any thread. */
uint64_t kai_hold_count(struct kai_core *c);

/* ---- Writing, inside a job. */
/* A log to write to that nobody will see; its seq runs on from h->next. What is not in h yet (key,
 * since) is made. Free with kai_own_free(). */
KAI_MUST_USE enum kai_err kai_hold_open(struct kai_core *c, struct kai_hold *h,
                                        struct kai_own **out);
/* Keep one entry of it; not waiting until kai_hold_keep(). */
KAI_MUST_USE enum kai_err kai_hold_put(struct kai_tx *tx, const struct kai_hold *h,
                                       const struct kai_entry *e);
/* Take back what was put from h->next on, up to last. */
KAI_MUST_USE enum kai_err kai_hold_drop(struct kai_tx *tx, const struct kai_hold *h, uint64_t last);
/* h as it is to be from this transaction on; kai_hold_now() after its commit. */
KAI_MUST_USE enum kai_err kai_hold_keep(struct kai_tx *tx, const struct kai_hold *h);
void kai_hold_now(struct kai_core *c, const struct kai_hold *h);

/* ---- Sending. */
/* The bodies that wait, in order; f's error ends it. Any thread that has the audience's post lock.
 * Errors: KAI_ECORRUPT (a row does not open), KAI_EIO, KAI_ENOMEM. */
typedef enum kai_err kai_hold_fn(void *ctx, uint64_t seq, size_t row_bytes, struct kai_view body);
KAI_MUST_USE enum kai_err kai_hold_each(struct kai_core *c, const struct kai_hold *h,
                                        kai_hold_fn *f, void *ctx);
/* Whether this body may go to the audience still: its ceiling may have been lowered since, members
 * may have changed, and what was passed on may have been recalled. *code: the rule that forbids;
 * NULL: none. Any thread that may ask the owning one. Errors: KAI_ECORRUPT, KAI_ENOTFOUND (there is
 * no such audience any more), KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_hold_judge(struct kai_core *c,
                                         const uint8_t aud_id[static KAI_ID_BYTES],
                                         struct kai_view body, const char **code);

/* For a backup: the key of what waits for this audience, which the node's own key alone opens, and
 * the name under which a home that is made of the backup finds it; the caller wipes it. s: a
 * snapshot of the node's store. Errors: KAI_ENOTFOUND (nothing waits), KAI_ECORRUPT, KAI_ENOMEM. */
KAI_MUST_USE enum kai_err kai_hold_spare(struct kai_snap *s, const uint8_t nid[static KAI_ID_BYTES],
                                         const struct kai_self *self,
                                         const uint8_t aud_id[static KAI_ID_BYTES],
                                         char name[static 64], uint8_t key[static KAI_KEY_BYTES]);

/* Which contents wait: ids of items and their labels. A kai_hold_items of zeros has none. */
struct kai_hold_items {
    size_t n;
    size_t cap;
    struct kai_hold_item {
        uint8_t id[KAI_ID_BYTES];
        uint8_t tlp;
    } * items;
    struct kai_buf whole; /* Of an object in parts, so far. */
};
KAI_MUST_USE enum kai_err kai_hold_items(struct kai_core *c, const struct kai_hold *h,
                                         struct kai_hold_items *out);
/* Whether this waits already, under a label that is no stricter. */
bool kai_hold_items_have(const struct kai_hold_items *l, const uint8_t id[static KAI_ID_BYTES],
                         uint8_t tlp);
void kai_hold_items_free(struct kai_hold_items *l);
/* One of these has been sent. Inside a job; h is changed. */
KAI_MUST_USE enum kai_err kai_hold_sent(struct kai_tx *tx, struct kai_hold *h, uint64_t seq,
                                        size_t row_bytes);

/* Wait until what was kept up to seq has been sent, or the steady clock reads deadline_ms. True:
 * the last of it is entry *last of log_pk. Not under the audience's post lock. */
bool kai_hold_wait(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES], uint64_t seq,
                   uint64_t deadline_ms, uint8_t log_pk[static KAI_KEY_BYTES], uint64_t *last);

/* What waits wants a key: mint one of our own where no steward has given one for
 * KAI_SELF_EPOCH_MS (docs/protocol.md 6), but no sooner than a minute after a start, in which links
 * come up. wall_ms: ms since 1970. Owning thread, between jobs. */
void kai_hold_tick(struct kai_core *c, uint64_t wall_ms);

#endif
