/* expiry: when the payload of an entry may be gone (docs/protocol.md 5, Expiry).
 *
 * The author's word stands in the header: ttl_s. The header stays for ever, and with it the chain.
 * What says whose a log is, and every entry that is no data, is kept for ever. */
#ifndef KAI_LOG_EXPIRY_H
#define KAI_LOG_EXPIRY_H

#include "log/entry.h"

/* Whether an entry may come without its payload at wall_ms. prev_kid: of the entry before it in its
 * log, KAI_TAG_BYTES; NULL: it is the first. */
bool kai_payload_over(const struct kai_hdr *h, const uint8_t *prev_kid, uint64_t wall_ms);

/* When a node that first saw the entry at seen_ms, by its own clock, drops the payload; UINT64_MAX:
 * never. Later than payload_over() anywhere where clocks are not further apart than the grace, so
 * that whoever is given the header alone finds that this is right. An author whose clock is behind
 * loses no time by it: the payload stays at least KAI_EXPIRE_LEAST_MS, or its ttl if that is less.
 */
uint64_t kai_payload_due(const struct kai_hdr *h, const uint8_t *prev_kid, uint64_t seen_ms);

/* What others say of the time: the newest ts of each of the two organisations whose are newest. */
struct kai_expiry_others {
    struct kai_expiry_word {
        uint8_t org[KAI_ID_BYTES];
        uint64_t ts; /* 0: there is none. */
    } newest[2];
};
void kai_expiry_heard(struct kai_expiry_others *o, const uint8_t org[static KAI_ID_BYTES],
                      uint64_t ts);
/* The time by which payloads may be dropped: a clock that is wrong must not let go of anything, and
 * what is gone does not come back. Never past wall_ms, past ran_ms (where the wall clock would be
 * had it gone on since the start as the steady one did) or past what others wrote by more than the
 * grace. Of two other organisations or more the second newest counts: one of them may be wrong as
 * well. 0: nobody else has written, and nothing is dropped. */
uint64_t kai_expiry_now(const struct kai_expiry_others *o, uint64_t wall_ms, uint64_t ran_ms);
/* When an entry came that our clock says to have come at seen_ms: not before anything that lay here
 * already had come or been written, as far as that is not after now_ms. Told of each in the order
 * in which they came; *latest: 0 before the first. */
uint64_t kai_expiry_seen(uint64_t *latest, uint64_t now_ms, uint64_t seen_ms, uint64_t ts);

/* The ttl of an entry with this body, whose author gives what it publishes expire_s seconds: that
 * where all its items are batches, re-shares and notices, 0 (for ever) where one is anything
 * else, since rules, releases and recalls must outlive what they are about. */
uint64_t kai_body_ttl(struct kai_view body, uint64_t expire_s);

#endif
