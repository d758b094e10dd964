/* outbox: frames on their way to a peer: five classes in order, none of which waits for ever, and
 * credit for those that carry data (docs/protocol.md 7). */
#include "topology/carry_int.h"
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct kai_buf *kai_out_begin(struct kai_net *n)
{
    kai_buf_clear(&n->frame);
    return &n->frame;
}

/* What a frame costs beside its bytes, so that many small ones are bounded as a few large ones are.
 */
#define FRAME_EXTRA (sizeof(struct kai_out_frame) + 16)

/* So many bytes of higher classes go before a frame of a lower one that waits. */
#define TURN_BYTES (8u * KAI_FRAME_BYTES_MAX)

/* False where the peer does not read: what was to be said is left to reconciliation. */
bool kai_out_put(struct kai_net *n, struct kai_link *l, enum kai_out_class class)
{
    struct kai_out_queue *q = &l->out[class];
    struct kai_out_frame *f;

    if (l->file)
        return kai_carry_put(n, l);
    if (l->dead || n->frame.err || !KAI_CHECK(OUT_BOUND, l->queued + n->frame.len <= KAI_OUT_MAX) ||
        !kai_room_for(n, l, n->frame.len))
        return false;
    f = malloc(sizeof *f + n->frame.len);
    if (!f)
        return false;
    f->next = NULL;
    f->n = n->frame.len;
    f->flows = class != KAI_OUT_URGENT;
    memcpy(f->bytes, n->frame.p, f->n);
    if (q->last)
        q->last->next = f;
    else
        q->first = f;
    q->last = f;
    q->bytes += f->n;
    q->n++;
    l->queued += f->n + FRAME_EXTRA;
    return true;
}

static void pop(struct kai_link *l, struct kai_out_queue *q)
{
    struct kai_out_frame *f = q->first;

    q->first = f->next;
    if (!q->first)
        q->last = NULL;
    q->bytes -= f->n;
    q->n--;
    l->queued -= f->n + FRAME_EXTRA;
    free(f);
}

/* Returns whether the first frame of q was sent. */
static bool send_first(struct kai_net *n, struct kai_link *l, struct kai_out_queue *q)
{
    struct kai_out_frame *f = q->first;

    if (!f || l->dead || l->stuck)
        return false;
    if (f->flows && l->out_flow + f->n > l->allowed)
        return false;
    if (!n->act.send(n->act.ctx, l->id, kai_view_of(f->bytes, f->n))) {
        l->stuck = true;
        return false;
    }
    if (f->flows)
        l->out_flow += f->n;
    l->out_bytes += f->n;
    n->count.frames_out++;
    n->count.bytes_out += f->n;
    pop(l, q);
    return true;
}

static bool waits(const struct kai_link *l, size_t class)
{
    return l->out[class].first || (class == KAI_OUT_BULK && l->n_serve > 0);
}

/* The class whose turn it is: the first that has something, but for one that has been passed over
 * for long enough. KAI_OUT_CLASSES: nothing waits. */
static size_t turn(const struct kai_link *l)
{
    size_t first = KAI_OUT_CLASSES;

    if (waits(l, KAI_OUT_URGENT))
        return KAI_OUT_URGENT;
    for (size_t c = KAI_OUT_CLASSES; c-- > KAI_OUT_KEYS;) {
        if (!waits(l, c))
            continue;
        if (l->out[c].passed >= TURN_BYTES)
            return c;
        first = c;
    }
    return first;
}

/* Entries are made when there is room for them, not when they are asked for. */
static bool make_bulk(struct kai_net *n, struct kai_link *l)
{
    while (!l->out[KAI_OUT_BULK].first && !l->dead)
        if (!kai_serve_make(n, l))
            return l->out[KAI_OUT_BULK].first != NULL;
    return !l->dead;
}

void kai_out_pump(struct kai_net *n, struct kai_link *l)
{
    for (;;) {
        size_t c = turn(l), before;
        if (c == KAI_OUT_CLASSES || l->dead || l->stuck)
            return;
        if (c == KAI_OUT_BULK && !make_bulk(n, l)) {
            if (l->n_serve > 0)
                return;
            continue; /* What was asked for is not here. */
        }
        before = l->out[c].bytes;
        if (!send_first(n, l, &l->out[c]))
            return; /* No smaller one instead: it would pass by for ever. */
        before -= l->out[c].bytes;
        l->out[c].passed = 0;
        for (size_t lower = c + 1; c > KAI_OUT_URGENT && lower < KAI_OUT_CLASSES; lower++)
            if (waits(l, lower))
                l->out[lower].passed += before;
    }
}

void kai_out_free(struct kai_link *l)
{
    for (size_t i = 0; i < KAI_OUT_CLASSES; i++)
        while (l->out[i].first)
            pop(l, &l->out[i]);
}

/* What takes no credit (PING, WANT) may come in bursts, and no faster than this for long. */
bool kai_credit_free(struct kai_net *n, struct kai_link *l, size_t bytes)
{
    uint64_t back = (n->now_ms - l->free_ms) * KAI_FREE_BYTES_A_MS;

    l->free_bytes -= back < l->free_bytes ? back : l->free_bytes;
    l->free_ms = n->now_ms;
    l->free_bytes += bytes + FRAME_EXTRA;
    return KAI_CHECK(LINK_FREE, l->free_bytes <= KAI_CREDIT_BYTES);
}

/* Credit returns when entries are durable or refused, so that a slow disk holds the peer back. */
void kai_credit_give(struct kai_net *n, struct kai_link *l)
{
    uint64_t allow = l->in_flow + l->in_lost - l->pending + KAI_CREDIT_BYTES;

    if (l->dead || l->state == KAI_LINK_HELLO || allow < l->granted + KAI_CREDIT_BYTES / 2)
        return;
    kai_put_number(kai_out_begin(n), KAI_MSG_CREDIT, allow);
    if (kai_out_put(n, l, KAI_OUT_URGENT))
        l->granted = allow;
}
