/* held: acknowledgements of neighbours. */
#include "node/held.h"

#include <stdlib.h>
#include <string.h>

#include "node/loop.h"

struct kai_held {
    uint8_t log_pk[KAI_KEY_BYTES];
    uint8_t org[KAI_ID_BYTES];
    uint64_t seq;
};

void kai_held_note(struct kai_core *c, const uint8_t log_pk[static KAI_KEY_BYTES],
                   const uint8_t org[static KAI_ID_BYTES], uint64_t seq)
{
    size_t i;

    if (memcmp(org, c->self.org_id, KAI_ID_BYTES) == 0)
        return; /* Another node of ours is no other organisation. */
    (void)pthread_mutex_lock(&c->mu);
    for (i = 0; i < c->n_held; i++)
        if (memcmp(c->held[i].log_pk, log_pk, KAI_KEY_BYTES) == 0 &&
            memcmp(c->held[i].org, org, KAI_ID_BYTES) == 0)
            break;
    if (i == c->n_held && i < KAI_HELD_MAX) {
        if ((i & (i - 1)) == 0) { /* Full at each power of two. */
            struct kai_held *grown = realloc(c->held, (i == 0 ? 1 : 2 * i) * sizeof *grown);

            if (grown == NULL)
                goto out; /* A waiting publisher then reports fewer. */
            c->held = grown;
        }
        struct kai_held *h = &c->held[c->n_held++];
        memcpy(h->log_pk, log_pk, KAI_KEY_BYTES);
        memcpy(h->org, org, KAI_ID_BYTES);
        h->seq = 0;
    }
    if (i < c->n_held && seq > c->held[i].seq) {
        c->held[i].seq = seq;
        (void)pthread_cond_broadcast(&c->held_cond);
    }
out:
    (void)pthread_mutex_unlock(&c->mu);
}

static size_t count_locked(const struct kai_core *c, const uint8_t log_pk[static KAI_KEY_BYTES],
                           uint64_t seq)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_held; i++)
        n += c->held[i].seq >= seq && memcmp(c->held[i].log_pk, log_pk, KAI_KEY_BYTES) == 0;
    return n;
}

size_t kai_held_count(struct kai_core *c, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    (void)pthread_mutex_lock(&c->mu);
    size_t n = count_locked(c, log_pk, seq);
    (void)pthread_mutex_unlock(&c->mu);
    return n;
}

size_t kai_held_wait(struct kai_core *c, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                     size_t n, uint64_t deadline_ms)
{
    size_t have;

    (void)pthread_mutex_lock(&c->mu);
    while ((have = count_locked(c, log_pk, seq)) < n) {
        uint64_t now = kai_now_ms();

        if (now >= deadline_ms || c->loop == NULL ||
            kai_loop_stopping(c->loop)) /* Nobody will answer. */
            break;
        (void)kai_wait_until(&c->held_cond, &c->mu,
                             deadline_ms - now < 200 ? deadline_ms : now + 200);
    }
    (void)pthread_mutex_unlock(&c->mu);
    return have;
}

void kai_held_free(struct kai_core *c)
{
    free(c->held);
    c->held = NULL;
    c->n_held = 0;
}
