/* post: writing to an own data log. One writer an audience at a time; entries of one request become
 * visible together (lib/store, staging) and are announced when they are durable. */
#ifndef KAI_NODE_POST_H
#define KAI_NODE_POST_H

#include "node/hold.h"

/* Wait until nobody else writes to the audience, then be the one. Not on the owning thread of a
 * running loop. */
KAI_MUST_USE enum kai_err kai_post_lock(struct kai_core *c,
                                        const uint8_t aud_id[static KAI_ID_BYTES]);
void kai_post_unlock(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES]);

/* One request's entries, from kai_post_begin() to kai_post_end(). The lock is held by the caller.
 */
struct kai_post;
enum kai_post_how {
    KAI_POST_NOW,   /* Under a clean epoch, or not at all. */
    KAI_POST_HOLD,  /* Where there is none it waits (hold.h): not in audiences of persons, nor in
                       mailboxes. */
    KAI_POST_CLEAR, /* As that, for what is labelled CLEAR and nothing else: where no epoch is clean
                       it goes under the newest that there is (docs/protocol.md 6). */
};
/* Opens (or makes) the own log under the audience's write epoch, begins with BIND where it is due,
 * and goes on with what waited for this epoch. Errors: KAI_ENOTFOUND (audience.no-key), KAI_EAGAIN
 * (audience.no-clean-epoch), KAI_EFULL (disk.full). */
KAI_MUST_USE enum kai_err kai_post_begin(struct kai_core *c,
                                         const uint8_t aud_id[static KAI_ID_BYTES],
                                         enum kai_post_how how, struct kai_post **out,
                                         struct kai_why *why);
/* It is not known yet whether what follows is good: nothing is staged before it was asked, which
 * waits for the answer. Until KAI_SEALED_BYTES_MAX entries wait in memory; then kai_post_entry()
 * asks, else kai_post_commit(). false: it is given up, with KAI_EAGAIN. */
typedef bool kai_post_good_fn(void *ctx);
void kai_post_ask(struct kai_post *p, kai_post_good_fn *good, void *ctx);
struct kai_log_writer *kai_post_writer(struct kai_post *p);
/* Take an entry that was made with the writer (bytes are copied). Staged in groups. Errors: also
 * KAI_ELIMIT (audience.held-full). */
KAI_MUST_USE enum kai_err kai_post_entry(struct kai_post *p, const struct kai_entry *e);
/* Append items of our own as one entry. Errors: KAI_ELIMIT (they do not fit a payload), as above.
 */
KAI_MUST_USE enum kai_err kai_post_append(struct kai_post *p, const struct kai_view *items,
                                          size_t n);
/* Make it all visible and durable, and announce it. *last = seq of the last entry; *n how many. Of
 * one that waits: durable, and seen by nobody yet. */
KAI_MUST_USE enum kai_err kai_post_commit(struct kai_post *p, uint64_t *last, uint64_t *n);
/* The last entry before this request: 0 = none. */
uint64_t kai_post_before(const struct kai_post *p);
/* Whether it waits for a key: *last is of the hold then, and no log is written to. */
bool kai_post_waits(const struct kai_post *p);
/* The log written to. */
const uint8_t *kai_post_log(const struct kai_post *p);
/* Free; what was not committed is taken back. NULL does nothing. */
void kai_post_end(struct kai_post *p);

/* Items of our own that need no batch (RULE), in an entry of their own: lock, begin, append,
 * commit. */
KAI_MUST_USE enum kai_err kai_post_items(struct kai_core *c,
                                         const uint8_t aud_id[static KAI_ID_BYTES],
                                         enum kai_post_how how, const struct kai_view *items,
                                         size_t n, struct kai_why *why);

/* Send what waits, to every audience that has a clean epoch now. Not on the owning thread of a
 * running loop. Errors: of our own alone (KAI_ENOMEM, KAI_EIO, KAI_ECORRUPT). */
KAI_MUST_USE enum kai_err kai_post_held(struct kai_core *c);

#endif
