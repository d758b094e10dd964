/* serve: entries that a peer asked for, read one after the other while it takes them. */
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_ROOM  (KAI_FRAME_BYTES_MAX - 64u)
#define ENTRY_EXTRA   24u /* Array and bin heads of one entry. */
#define READS_A_FRAME 256u

struct frame_out {
    struct kai_net *n;
    struct kai_share *s;
    uint32_t count;
    size_t room;
    bool full;
};

/* Room for one more: most links are asked for little. */
static bool make_room(struct kai_link *l)
{
    size_t cap = l->cap_serve ? 2 * l->cap_serve : 16;
    struct kai_serve *grown;

    if (l->n_serve < l->cap_serve)
        return true;
    grown = cap <= KAI_SERVE_MAX ? malloc(cap * sizeof *grown) : NULL;
    if (!grown)
        return false;
    for (size_t i = 0; i < l->n_serve; i++)
        grown[i] = l->serve[(l->first_serve + i) % l->cap_serve];
    free(l->serve);
    l->serve = grown;
    l->cap_serve = cap;
    l->first_serve = 0;
    return true;
}

bool kai_serve_push(struct kai_link *l, const struct kai_share *s, const struct kai_want *w)
{
    struct kai_serve *job;

    if (!make_room(l))
        return false; /* It asked for more than it read; it will ask again. */
    job = &l->serve[(l->first_serve + l->n_serve++) % l->cap_serve];
    *job = (struct kai_serve){.ctl = s->ctl, .w = *w};
    memcpy(job->aud_id, s->aud_id, KAI_ID_BYTES);
    return true;
}

void kai_serve_on(struct kai_net *n, struct kai_link *l, struct kai_frame *f)
{
    struct kai_share *s = kai_match_handle(l, f->handle);

    if (!s) {
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, f->handle);
        return;
    }
    for (uint32_t i = 0; i < f->n; i++) {
        struct kai_want w;
        kai_frame_want(f, &w);
        (void)kai_serve_push(l, s, &w);
    }
}

void kai_serve_one(struct kai_link *l, const struct kai_share *s,
                   const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    struct kai_want w = {.from = seq, .to = seq, .payload = true};

    memcpy(w.log_pk, log_pk, sizeof w.log_pk);
    (void)kai_serve_push(l, s, &w);
}

static bool add(struct frame_out *o, const struct kai_entry *e, bool payload)
{
    struct kai_buf *b = &o->n->scratch;
    size_t need = e->hdr.n + e->sig.n + (payload ? e->payload.n : 0) + ENTRY_EXTRA;

    if (b->len + need > o->room || o->count == KAI_ENTRIES_MAX) {
        o->full = true;
        return false;
    }
    kai_entry_write(b, e, payload && e->payload.p);
    o->count++;
    return true;
}

struct ctl_walk {
    struct frame_out *o;
    uint64_t next;
};

static bool add_ctl(void *ctx, const struct kai_entry *e)
{
    struct ctl_walk *w = ctx;

    if (!add(w->o, e, true))
        return false;
    w->next = e->h.seq + 1;
    return true;
}

/* Each returns whether the job is done. */
static bool serve_text(struct frame_out *o, const struct kai_want *w)
{
    struct kai_view text;
    struct kai_buf *b = &o->n->scratch;

    if (o->n->act.read_text(o->n->act.ctx, w->log_pk, &text) != KAI_OK)
        return true;
    if (b->len + text.n + 64 > o->room) {
        o->full = true;
        return false;
    }
    kai_put_array(b, 3);
    kai_put_bin(b, w->log_pk, KAI_ID_BYTES);
    kai_put_bin(b, w->log_pk, 0);
    kai_put_view(b, text);
    o->count++;
    return true;
}

static bool serve_ctl(struct frame_out *o, struct kai_want *w)
{
    struct ctl_walk walk = {.o = o, .next = w->from};

    if (w->from == 0)
        return serve_text(o, w);
    kai_ctl_each(o->n->ctl, w->log_pk, w->from, w->to, add_ctl, &walk);
    w->from = walk.next;
    return !o->full;
}

static bool serve_log(struct frame_out *o, struct kai_link *l, struct kai_want *w)
{
    struct kai_net *n = o->n;
    struct kai_nlog *log = kai_mirror_find(n, w->log_pk);
    const uint8_t *head;
    uint64_t stands = log ? kai_fork_stands(log, &head) : 0;
    struct kai_entry e;

    if (!log || w->from == 0 || memcmp(log->l.aud_id, o->s->aud_id, KAI_ID_BYTES) != 0 ||
        !kai_log_visible(n, l, o->s, log)) {
        kai_link_err(n, l, KAI_BYE_NOT_SHARED, o->s->handle);
        return true;
    }
    for (uint32_t i = 0; i < READS_A_FRAME && w->from <= w->to && w->from <= stands; i++) {
        if (n->act.read(n->act.ctx, w->log_pk, w->from, &e) != KAI_OK)
            return true;
        if (!add(o, &e, w->payload))
            return false;
        w->from++;
    }
    o->full = w->from <= w->to && w->from <= stands;
    return !o->full;
}

bool kai_serve_make(struct kai_net *n, struct kai_link *l)
{
    struct frame_out o = {.n = n, .room = ENTRIES_ROOM};
    struct kai_buf *b;

    kai_buf_clear(&n->scratch);
    while (l->n_serve > 0 && !o.full && !l->dead) {
        struct kai_serve *job = &l->serve[l->first_serve];
        struct kai_share *s = job->ctl ? l->shares[0] : kai_share_find(l, job->aud_id);
        if (o.s && s != o.s)
            break;
        o.s = s;
        if (s && !(job->ctl ? serve_ctl(&o, &job->w) : serve_log(&o, l, &job->w)))
            break;
        l->first_serve = (l->first_serve + 1) % l->cap_serve;
        l->n_serve--;
    }
    if (o.count == 0)
        return l->n_serve > 0 && !o.full && !l->dead;
    b = kai_out_begin(n);
    kai_put_frame(b, KAI_MSG_ENTRIES, 3);
    kai_put_uint(b, o.s->handle);
    kai_put_array(b, o.count);
    kai_buf_add(b, n->scratch.p, n->scratch.len);
    kai_put_bool(b, l->n_serve > 0);
    return n->scratch.err == KAI_OK && kai_out_put(n, l, KAI_OUT_BULK);
}
