/* audit: now and then each audience is reconciled with one neighbour, in turn, so that what was
 * lost or withheld is found although nothing told of it (docs/protocol.md 7). */
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

#define LOOK_MS    1000u
#define AUDITS_MAX (4u * KAI_SHARES_MAX)

static size_t place(const struct kai_net *n, const uint8_t *aud_id)
{
    size_t lo = 0, hi = n->n_audits;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (kai_id_cmp(n->audits[mid].aud_id, aud_id) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static uint64_t next_time(struct kai_net *n)
{
    return n->now_ms + KAI_RB_EVERY_MS * 7 / 10 + kai_random_below(n, KAI_RB_EVERY_MS * 6 / 10);
}

/* NULL: there is no room; the audience is reconciled when its links come up. */
static struct kai_audit *find(struct kai_net *n, const struct kai_share *s)
{
    size_t at = place(n, s->aud_id);
    struct kai_audit *a = n->audits;

    if (at < n->n_audits && memcmp(a[at].aud_id, s->aud_id, KAI_ID_BYTES) == 0)
        return &a[at];
    a = kai_grow(a, &n->cap_audits, n->n_audits + 1, AUDITS_MAX, sizeof *a);
    if (!a)
        return NULL;
    n->audits = a;
    a += at;
    memmove(a + 1, a, (n->n_audits - at) * sizeof *a);
    n->n_audits++;
    *a = (struct kai_audit){.due_ms = next_time(n)};
    memcpy(a->aud_id, s->aud_id, KAI_ID_BYTES);
    return a;
}

/* Of those that share the audience the one whose last session is longest ago. */
static void consider(struct kai_net *n, struct kai_share *s)
{
    struct kai_audit *a = s->live ? find(n, s) : NULL;

    if (!a)
        return;
    a->shared = true;
    if (n->now_ms >= a->due_ms && !s->rb_running &&
        (!a->next || s->rb_done_ms < a->next->rb_done_ms))
        a->next = s;
}

void kai_audit_tick(struct kai_net *n)
{
    size_t kept = 0;

    if (n->now_ms < n->audit_ms)
        return;
    n->audit_ms = n->now_ms + LOOK_MS;
    for (size_t i = 0; i < n->n_links; i++)
        for (size_t j = 0; j < n->links[i]->n_shares && !n->links[i]->dead; j++)
            consider(n, n->links[i]->shares[j]);
    for (size_t i = 0; i < n->n_audits; i++) {
        struct kai_audit a = n->audits[i];
        if (!a.shared)
            continue; /* No link has it any more. */
        if (a.next) {
            kai_rb_due(n, a.next, 0);
            a.due_ms = next_time(n);
        }
        a.next = NULL;
        a.shared = false;
        n->audits[kept++] = a;
    }
    n->n_audits = kept;
}
