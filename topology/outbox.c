/* outbox: frames on their way to a peer: three classes, credit for those that carry data
 * (docs/protocol.md 7). */
#include "topology/carry_int.h"
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

struct kai_buf *kai_out_begin(struct kai_net *n)
{
    kai_buf_clear(&n->frame);
    return &n->frame;
}

/* What a frame costs beside its bytes, so that many small ones are bounded as a few large ones are.
 */
#define FRAME_EXTRA (sizeof(struct kai_out_frame) + 16)

static size_t queued(const struct kai_link *l)
{
    size_t sum = 0;

    for (size_t i = 0; i < KAI_OUT_CLASSES; i++)
        sum += l->out[i].bytes + l->out[i].n * FRAME_EXTRA;
    return sum;
}

/* False where the peer does not read: what was to be said is left to reconciliation. */
bool kai_out_put(struct kai_net *n, struct kai_link *l, enum kai_out_class class)
{
    struct kai_out_queue *q = &l->out[class];
    struct kai_out_frame *f;

    if (l->file)
        return kai_carry_put(n, l);
    if (l->dead || n->frame.err || queued(l) + n->frame.len > KAI_OUT_MAX)
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
    return true;
}

static void pop(struct kai_out_queue *q)
{
    struct kai_out_frame *f = q->first;

    q->first = f->next;
    if (!q->first)
        q->last = NULL;
    q->bytes -= f->n;
    q->n--;
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
    pop(q);
    return true;
}

void kai_out_pump(struct kai_net *n, struct kai_link *l)
{
    for (;;) {
        while (send_first(n, l, &l->out[KAI_OUT_URGENT]))
            ;
        if (send_first(n, l, &l->out[KAI_OUT_LIVE]))
            continue;
        if (l->dead || l->stuck || l->out[KAI_OUT_LIVE].first)
            return;
        if (send_first(n, l, &l->out[KAI_OUT_BULK]))
            continue;
        if (l->stuck || l->out[KAI_OUT_BULK].bytes > KAI_OUT_BULK_AHEAD ||
            l->out[KAI_OUT_BULK].first || !kai_serve_make(n, l))
            return;
    }
}

void kai_out_free(struct kai_link *l)
{
    for (size_t i = 0; i < KAI_OUT_CLASSES; i++)
        while (l->out[i].first)
            pop(&l->out[i]);
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
