/* book: addresses of other nodes, as they sign them (docs/protocol.md 7). */
#include "topology/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/grow.h"

#define ADDRS_TO_PEER 256u
#define LOOK_MS       60000u /* For addresses that are over, and of nodes that are no more. */
/* Each new address of a node goes to every disk of the network: some at once, then one in a while,
 * the newest. */
#define ADDR_EVERY_MS 30000u
#define ADDR_BURST    8u
#define LATE_MS       1000u

static size_t place_of(const struct kai_net *n, const uint8_t *node)
{
    return kai_kept_place(n->book, n->n_book, sizeof *n->book, node);
}

struct kai_place *kai_book_find(const struct kai_net *n, const uint8_t node[static KAI_ID_BYTES])
{
    size_t at = place_of(n, node);

    return at < n->n_book && memcmp(n->book[at].node, node, KAI_ID_BYTES) == 0 ? &n->book[at]
                                                                               : NULL;
}

struct kai_place *kai_book_find_key(const struct kai_net *n,
                                    const uint8_t curve_pk[static KAI_KEY_BYTES])
{
    for (size_t i = 0; i < n->n_book; i++)
        if (memcmp(n->book[i].curve_pk, curve_pk, KAI_KEY_BYTES) == 0)
            return &n->book[i];
    return NULL;
}

/* The network that an address is in: the first three numbers of IPv4; else the host's name. */
static uint32_t net_of(const struct kai_addr *a)
{
    unsigned b[4];
    uint32_t hash = 2166136261u;

    if (a->n == 0 || strncmp(a->at[0].endpoint, "tcp://", 6) != 0)
        return 0;
    if (sscanf(a->at[0].endpoint + 6, "%3u.%3u.%3u.%3u", &b[0], &b[1], &b[2], &b[3]) == 4)
        return b[0] == 127 ? 0 : (b[0] & 255) << 16 | (b[1] & 255) << 8 | (b[2] & 255);
    for (const char *c = a->at[0].endpoint + 6; *c && *c != ':'; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    return hash | 1u << 31;
}

static bool keep(struct kai_net *n, size_t at, const struct kai_node *node,
                 const struct kai_addr *a, struct kai_view note)
{
    bool there = at < n->n_book && memcmp(n->book[at].node, node->id, KAI_ID_BYTES) == 0;
    struct kai_place was = there ? n->book[at] : (struct kai_place){0};
    struct kai_place *book =
        kai_grow(n->book, &n->cap_book, n->n_book + !there, KAI_BOOK_MAX, sizeof *book);
    struct kai_kept *copy;

    if (!book)
        return false;
    n->book = book;
    copy = kai_kept_new(note);
    if (!copy)
        return false;
    if (there) {
        kai_kept_free(was.note);
    } else {
        memmove(n->book + at + 1, n->book + at, (n->n_book - at) * sizeof *n->book);
        n->n_book++;
    }
    n->book[at] = was; /* With what came of dialling it: a new address is no way round a wait. */
    n->book[at].counter = a->counter;
    n->book[at].not_after = a->not_after;
    n->book[at].listens = a->listens && a->n > 0;
    n->book[at].net = net_of(a);
    n->book[at].note = copy;
    memcpy(n->book[at].node, node->id, KAI_ID_BYTES);
    memcpy(n->book[at].curve_pk, a->curve_pk, KAI_KEY_BYTES);
    n->book_sum +=
        kai_kept_share(node->id, a->counter) - (there ? kai_kept_share(was.node, was.counter) : 0);
    n->overlay.book_changed = true;
    kai_overlay_changed(n);
    return true;
}

/* KAI_OK: it is new and good, and *whose. KAI_EEXIST: not news; KAI_ENOTFOUND: of nobody we know;
 * KAI_EAUTH, KAI_EMALFORMED: whoever passed it on has not looked at it, as everybody must. */
static enum kai_err take(struct kai_net *n, struct kai_view note, const struct kai_node **whose)
{
    const struct kai_node *node;
    struct kai_addr a;
    size_t at;

    if (note.n == 0 || note.n > KAI_ADDR_BYTES_MAX || kai_addr_parse(&a, note))
        return KAI_EMALFORMED;
    node = kai_roster_node_by_cert(n->roster, a.node_cert);
    if (a.not_after <= n->wall_ms)
        return KAI_EEXIST;
    if (!node || !node->active || memcmp(node->curve_pk, a.curve_pk, KAI_KEY_BYTES) != 0)
        return KAI_ENOTFOUND;
    at = place_of(n, node->id);
    if (at < n->n_book && memcmp(n->book[at].node, node->id, KAI_ID_BYTES) == 0 &&
        n->book[at].counter >= a.counter)
        return KAI_EEXIST;
    if (!KAI_CHECK(ADDR_SIGNATURE, kai_addr_verify(note, node->sign_pk, n->nid) == KAI_OK))
        return KAI_EAUTH;
    *whose = node;
    return keep(n, at, node, &a, note) ? KAI_OK : KAI_EEXIST;
}

/* Whether the address at p may go on to disks and peers now. If not, the one that is newest when
 * its time has come does, by the tick. */
static bool pay(struct kai_net *n, struct kai_place *p)
{
    bool may = kai_kept_pay(&p->paid_ms, n->now_ms, ADDR_EVERY_MS, ADDR_BURST);

    p->late = !KAI_CHECK(ADDR_RATE, may);
    n->book_late = n->book_late || p->late;
    return !p->late;
}

static void send_notes(struct kai_net *n, struct kai_link *l, const struct kai_view *notes,
                       uint32_t k)
{
    struct kai_buf *b = kai_out_begin(n);

    kai_put_frame(b, KAI_MSG_PEERS, 1);
    kai_put_array(b, k);
    for (uint32_t i = 0; i < k; i++)
        kai_put_view(b, notes[i]);
    (void)kai_out_put(n, l, KAI_OUT_LAZY);
}

static void flood(struct kai_net *n, struct kai_view note, const struct kai_link *from)
{
    for (size_t i = 0; i < n->n_links; i++)
        if (n->links[i] != from && !n->links[i]->dead && !n->links[i]->file &&
            n->links[i]->state == KAI_LINK_MATCH)
            send_notes(n, n->links[i], &note, 1);
}

/* To the disk (whoever makes our own has written it down) and to every link. */
static void pass_on(struct kai_net *n, const uint8_t node[static KAI_ID_BYTES],
                    const struct kai_link *from)
{
    struct kai_place *p = kai_book_find(n, node);

    if (!p || !pay(n, p))
        return;
    if (memcmp(node, n->self.node_id, KAI_ID_BYTES) != 0)
        n->act.store_note(n->act.ctx, KAI_REC_ADDR, node, kai_kept_view(p->note));
    flood(n, kai_kept_view(p->note), from);
}

void kai_book_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    for (uint32_t i = 0; i < f->n && !l->dead; i++) {
        struct kai_view note = kai_frame_note(f);
        const struct kai_node *node = NULL;
        enum kai_err err = take(n, note, &node);
        if (err == KAI_EAUTH || err == KAI_EMALFORMED)
            kai_link_bye(n, l, KAI_BYE_MALFORMED);
        if (err == KAI_ENOTFOUND)
            kai_early_keep(n, note);
        if (err != KAI_OK)
            continue;
        pass_on(n, node->id, l);
        kai_link_elsewhere(n, note, node);
    }
}

void kai_book_take(struct kai_net *n, struct kai_view note)
{
    const struct kai_node *node;
    enum kai_err err = take(n, note, &node);

    if (err == KAI_OK)
        pass_on(n, node->id, NULL);
    else if (err == KAI_ENOTFOUND)
        kai_early_keep(n, note);
}

void kai_book_send_all(struct kai_net *n, struct kai_link *l)
{
    struct kai_view notes[KAI_PEERS_PER_FRAME_MAX];
    uint32_t k = 0;
    size_t sent = 0, start = n->n_book ? (size_t)kai_random_below(n, n->n_book) : 0;

    if (l->addrs_sent || l->dead)
        return;
    l->addrs_sent = true;
    for (size_t i = 0; i < n->n_book && sent < ADDRS_TO_PEER; i++) {
        const struct kai_place *p = &n->book[(start + i) % n->n_book];
        if (p->not_after <= n->wall_ms)
            continue;
        notes[k++] = kai_kept_view(p->note);
        sent++;
        if (k == KAI_PEERS_PER_FRAME_MAX) {
            send_notes(n, l, notes, k);
            k = 0;
        }
    }
    if (k > 0)
        send_notes(n, l, notes, k);
}

void kai_net_on_own_addr(struct kai_net *n, struct kai_view note, uint64_t now_ms)
{
    const struct kai_node *self;

    kai_step_begin(n, now_ms);
    if (take(n, note, &self) == KAI_OK)
        pass_on(n, self->id, NULL);
    kai_step_end(n);
}

void kai_net_on_addr(struct kai_net *n, struct kai_view note)
{
    const struct kai_node *whose;

    (void)!take(n, note, &whose);
}

const struct kai_node *kai_book_node(const struct kai_net *n, const struct kai_place *p)
{
    const struct kai_node *node = kai_roster_node(n->roster, p->node);
    bool good = p->not_after > n->wall_ms && node && node->active &&
                memcmp(node->curve_pk, p->curve_pk, KAI_KEY_BYTES) == 0;

    return good ? node : NULL;
}

bool kai_book_good(const struct kai_net *n, const struct kai_place *p)
{
    return kai_book_node(n, p) != NULL;
}

static void pass_on_late(struct kai_net *n)
{
    if (!n->book_late || n->now_ms < n->book_late_ms)
        return;
    n->book_late_ms = n->now_ms + LATE_MS;
    n->book_late = false;
    for (size_t i = 0; i < n->n_book; i++)
        if (n->book[i].late)
            pass_on(n, n->book[i].node, NULL);
}

void kai_book_tick(struct kai_net *n)
{
    pass_on_late(n);
    if (n->now_ms < n->book_ms)
        return;
    n->book_ms = n->now_ms + LOOK_MS;
    for (size_t i = n->n_book; i > 0; i--) {
        struct kai_place *p = &n->book[i - 1];

        if (p->not_after > n->wall_ms + KAI_BOOK_LIFE_MS)
            p->not_after = n->wall_ms + KAI_BOOK_LIFE_MS;
        if (kai_book_good(n, p))
            continue;
        kai_kept_free(p->note);
        n->book_sum -= kai_kept_share(p->node, p->counter);
        memmove(p, p + 1, (n->n_book - i) * sizeof *p);
        n->n_book--;
        n->overlay.book_changed = true;
    }
}

void kai_book_free(struct kai_net *n)
{
    for (size_t i = 0; i < n->n_book; i++)
        kai_kept_free(n->book[i].note);
    free(n->book);
}

/* ---- Answers. */

bool kai_book_fill(const struct kai_place *p, struct kai_dial *out)
{
    struct kai_addr a;

    if (!p->listens || kai_addr_parse(&a, kai_kept_view(p->note)) != KAI_OK)
        return false;
    *out = (struct kai_dial){0};
    memcpy(out->node, p->node, KAI_ID_BYTES);
    memcpy(out->curve_pk, p->curve_pk, KAI_KEY_BYTES);
    kai_copy_text(out->endpoint, sizeof out->endpoint, a.at[0].endpoint);
    kai_copy_text(out->intro, sizeof out->intro, a.at[0].intro);
    return true;
}

bool kai_net_addr_of(const struct kai_net *n, const uint8_t curve_pk[static KAI_KEY_BYTES],
                     struct kai_dial *out)
{
    const struct kai_place *p = kai_book_find_key(n, curve_pk);

    return p && kai_book_fill(p, out);
}

bool kai_net_addr_at(const struct kai_net *n, const char *endpoint, struct kai_dial *out)
{
    for (size_t i = 0; i < n->n_book; i++)
        if (kai_book_fill(&n->book[i], out) && strcmp(out->endpoint, endpoint) == 0)
            return true;
    return false;
}

/* ---- Told of an address. */

void kai_net_keep(struct kai_net *n, const uint8_t curve_pk[static KAI_KEY_BYTES])
{
    struct kai_place *p = kai_book_find_key(n, curve_pk);

    if (p)
        p->keep = true;
}

void kai_net_on_anchor(struct kai_net *n, const uint8_t node[static KAI_ID_BYTES])
{
    struct kai_place *p = kai_book_find(n, node);

    if (p && p->anchor == 0)
        p->anchor = (uint16_t)++n->overlay.n_anchors; /* Not more than addresses. */
}
