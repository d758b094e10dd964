/* heard: the newest CHECKPOINT of each node: how far it says that its logs go, and that it is there
 * (docs/protocol.md 3, 7). They travel like addresses: everybody looks at one before passing it on,
 * and the highest counter counts. */
#include "topology/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/grow.h"
#include "keys/checkpoint.h"

#define TO_PEER 256u   /* When a link comes up: the rest is said anew within a day. */
#define TO_FILE 64u    /* With the addresses they fit the end of the smallest volume. */
#define LOOK_MS 60000u /* For those of nodes that are no more. */
#define LATE_MS 1000u
/* Each new one of a node goes to every disk of the network. A node says one an hour: some at once,
 * for starts, then one in a while, the newest. */
#define EVERY_MS 600000u
#define BURST    4u

static size_t place_of(const struct kai_net *n, const uint8_t *node)
{
    return kai_kept_place(n->heard, n->n_heard, sizeof *n->heard, node);
}

struct kai_heard *kai_heard_find(const struct kai_net *n, const uint8_t node[static KAI_ID_BYTES])
{
    size_t at = place_of(n, node);

    return at < n->n_heard && memcmp(n->heard[at].node, node, KAI_ID_BYTES) == 0 ? &n->heard[at]
                                                                                 : NULL;
}

static uint64_t share_of(const struct kai_heard *h)
{
    return kai_kept_share(h->node, h->counter);
}

static void forget(struct kai_net *n, size_t at)
{
    n->heard_sum -= share_of(&n->heard[at]);
    kai_kept_free(n->heard[at].note);
    memmove(n->heard + at, n->heard + at + 1, (n->n_heard - at - 1) * sizeof *n->heard);
    n->n_heard--;
}

static const struct kai_org *own_org(const struct kai_net *n)
{
    return kai_roster_org(n->roster, n->self.org_id);
}

/* Whether there is room for one more: of those above us always, since we have to hear of them. */
static bool room(struct kai_net *n, const struct kai_node *node)
{
    if (n->n_heard < KAI_HEARD_MAX)
        return true;
    if (!kai_roster_above(n->roster, own_org(n), node->org))
        return false;
    forget(n, (size_t)kai_random_below(n, n->n_heard));
    return true;
}

static bool keep(struct kai_net *n, const struct kai_node *node, uint64_t counter,
                 struct kai_view note)
{
    struct kai_heard *h = kai_heard_find(n, node->id);
    struct kai_kept *copy;

    if (!h && !room(n, node))
        return false;
    struct kai_heard *heard =
        kai_grow(n->heard, &n->cap_heard, n->n_heard + !h, KAI_HEARD_MAX, sizeof *heard);
    if (!heard)
        return false;
    n->heard = heard;
    if (!(copy = kai_kept_new(note)))
        return false;
    if (h) { /* It did not move: the table grows for another one alone. */
        n->heard_sum -= share_of(h);
        kai_kept_free(h->note);
    } else {
        size_t at = place_of(n, node->id);

        h = &n->heard[at];
        memmove(h + 1, h, (n->n_heard++ - at) * sizeof *h);
        *h = (struct kai_heard){0};
        memcpy(h->node, node->id, KAI_ID_BYTES);
    }
    h->counter = counter;
    h->note = copy;
    n->heard_sum += share_of(h);
    return true;
}

/* KAI_OK: it is new and good, and *whose. KAI_EEXIST: not news; KAI_ENOTFOUND: of nobody who is a
 * member; KAI_EAUTH, KAI_EMALFORMED: whoever passed it on has not looked at it, as everybody must.
 */
static enum kai_err take(struct kai_net *n, struct kai_view note, const struct kai_node **whose)
{
    const struct kai_node *node;
    struct kai_checkpoint p;

    if (kai_checkpoint_parse(&p, note) != KAI_OK)
        return KAI_EMALFORMED;
    node = kai_roster_node_by_cert(n->roster, p.node_cert);
    if (!node || !node->active)
        return KAI_ENOTFOUND;
    const struct kai_heard *h = kai_heard_find(n, node->id);
    if (h && h->counter >= p.counter)
        return KAI_EEXIST;
    enum kai_err err = kai_checkpoint_verify(note, node->sign_pk, n->nid);
    if (err != KAI_OK)
        return err;
    *whose = node;
    return keep(n, node, p.counter, note) ? KAI_OK : KAI_EEXIST;
}

/* Whether it may go on to disks and peers now. If not, the newest when its time has come does. */
static bool pay(struct kai_net *n, struct kai_heard *h)
{
    bool may = kai_kept_pay(&h->paid_ms, n->now_ms, EVERY_MS, BURST);

    h->late = !KAI_CHECK(CHECKPOINT_RATE, may);
    n->heard_late = n->heard_late || h->late;
    return !h->late;
}

static void send_notes(struct kai_net *n, struct kai_link *l, const struct kai_view *notes,
                       uint32_t k)
{
    struct kai_buf *b = kai_out_begin(n);

    kai_put_frame(b, KAI_MSG_NOTES, 2);
    kai_put_uint(b, KAI_HANDLE_CONTROL);
    kai_put_array(b, k);
    for (uint32_t i = 0; i < k; i++)
        kai_put_view(b, notes[i]);
    (void)kai_out_put(n, l, KAI_OUT_LAZY);
}

/* To the disk (whoever makes our own has written it down) and to every link. */
static void pass_on(struct kai_net *n, struct kai_heard *h, const struct kai_link *from)
{
    struct kai_view note = kai_kept_view(h->note);

    if (!pay(n, h))
        return;
    if (memcmp(h->node, n->self.node_id, KAI_ID_BYTES) != 0)
        n->act.store_note(n->act.ctx, KAI_REC_CHECKPOINT, h->node, note);
    for (size_t i = 0; i < n->n_links; i++)
        if (n->links[i] != from && !n->links[i]->dead && !n->links[i]->file &&
            n->links[i]->state == KAI_LINK_MATCH)
            send_notes(n, n->links[i], &note, 1);
}

void kai_heard_note(struct kai_net *n, struct kai_link *l, struct kai_view note)
{
    const struct kai_node *node;
    enum kai_err err = take(n, note, &node);

    if (err == KAI_OK)
        pass_on(n, kai_heard_find(n, node->id), l);
    else if (err != KAI_EEXIST && err != KAI_ENOTFOUND)
        kai_link_bye(n, l, KAI_BYE_MALFORMED);
}

void kai_heard_frame(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    for (uint32_t i = 0; i < f->n && !l->dead; i++)
        kai_heard_note(n, l, kai_frame_note(f));
}

void kai_net_on_own_checkpoint(struct kai_net *n, struct kai_view note, uint64_t now_ms)
{
    const struct kai_node *self;

    kai_step_begin(n, now_ms);
    if (take(n, note, &self) == KAI_OK)
        pass_on(n, kai_heard_find(n, self->id), NULL);
    kai_step_end(n);
}

void kai_net_on_checkpoint(struct kai_net *n, struct kai_view note)
{
    const struct kai_node *whose;

    (void)!take(n, note, &whose);
}

struct kai_view kai_net_checkpoint_of(const struct kai_net *n,
                                      const uint8_t node[static KAI_ID_BYTES])
{
    const struct kai_heard *h = kai_heard_find(n, node);

    return h ? kai_kept_view(h->note) : (struct kai_view){0};
}

/* Those that the peer has to hear of, and then others by lot. */
void kai_heard_send_all(struct kai_net *n, struct kai_link *l)
{
    struct kai_view notes[KAI_NOTES_PER_FRAME_MAX];
    size_t start = n->n_heard ? (size_t)kai_random_below(n, n->n_heard) : 0, sent = 0;
    size_t most = l->file ? TO_FILE : TO_PEER;
    uint32_t k = 0;

    if (l->heard_sent || l->dead || !l->peer)
        return;
    l->heard_sent = true;
    for (size_t i = 0; i < 2 * n->n_heard && sent < most; i++) {
        const struct kai_heard *h = &n->heard[(start + i) % n->n_heard];
        const struct kai_node *node = kai_roster_node(n->roster, h->node);
        if (!node || kai_roster_above(n->roster, l->peer->org, node->org) != (i < n->n_heard))
            continue;
        notes[k++] = kai_kept_view(h->note);
        sent++;
        if (k == KAI_NOTES_PER_FRAME_MAX) {
            send_notes(n, l, notes, k);
            k = 0;
        }
    }
    if (k > 0)
        send_notes(n, l, notes, k);
}

void kai_heard_tick(struct kai_net *n)
{
    if (n->heard_late && n->now_ms >= n->heard_late_ms) {
        n->heard_late_ms = n->now_ms + LATE_MS;
        n->heard_late = false;
        for (size_t i = 0; i < n->n_heard; i++)
            if (n->heard[i].late)
                pass_on(n, &n->heard[i], NULL);
    }
    if (n->now_ms < n->heard_ms)
        return;
    n->heard_ms = n->now_ms + LOOK_MS;
    for (size_t i = n->n_heard; i > 0; i--) {
        const struct kai_node *node = kai_roster_node(n->roster, n->heard[i - 1].node);

        if (!node || !node->active)
            forget(n, i - 1);
    }
}

void kai_heard_free(struct kai_net *n)
{
    for (size_t i = 0; i < n->n_heard; i++)
        kai_kept_free(n->heard[i].note);
    free(n->heard);
}
