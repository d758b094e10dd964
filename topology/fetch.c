/* fetch: what we lack and whom we asked for it: one peer at a time for one log. */
#include "topology/carry_int.h"
#include "topology/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/grow.h"

static struct kai_fetch *find(const struct kai_net *n, const uint8_t *log_pk)
{
    for (size_t i = 0; i < n->n_fetch; i++)
        if (memcmp(n->fetch[i].log_pk, log_pk, KAI_KEY_BYTES) == 0)
            return &n->fetch[i];
    return NULL;
}

static void ask(struct kai_net *n, struct kai_link *l, size_t share, const struct kai_want *w)
{
    struct kai_wanted *wanted;

    if (l->n_wanted == KAI_WANT_RANGES_MAX)
        kai_fetch_flush(n, l);
    wanted =
        kai_grow(l->wanted, &l->cap_wanted, l->n_wanted + 1, KAI_WANT_RANGES_MAX, sizeof *wanted);
    if (!wanted)
        return; /* It is asked for again when nothing comes. */
    l->wanted = wanted;
    wanted[l->n_wanted++] = (struct kai_wanted){.share = share, .w = *w};
}

static size_t share_index(const struct kai_link *l, const struct kai_share *s)
{
    size_t i = 0;

    while (l->shares[i] != s)
        i++;
    return i;
}

void kai_fetch_want(struct kai_net *n, struct kai_link *l, struct kai_share *s,
                    const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t from, uint64_t to)
{
    struct kai_fetch *f = find(n, log_pk);
    struct kai_want w = {.from = from, .to = to, .payload = true};
    const struct kai_nlog *log = s->ctl ? NULL : kai_mirror_find(n, log_pk);

    if (l->file) { /* Nothing can be asked of it. */
        kai_carry_gap(l);
        return;
    }
    if (from > to || l->dead || (!s->ctl && (n->full || !kai_may_receive(n, l, s, log_pk))) ||
        (log &&
         (n->now_ms < log->wait_ms || (l->id == log->lacks_link && n->now_ms < log->lacks_ms))))
        return;
    if (f && f->link == l->id && f->to >= to)
        return;
    if (f && f->link != l->id) {
        f->alt_link = l->id; /* Asked when the first one does not deliver. */
        f->alt_to = to;
        return;
    }
    if (!f) {
        bool room = KAI_CHECK(ROOM_FETCH, kai_room_to_fetch(n, l));

        f = room ? kai_grow(n->fetch, &n->cap_fetch, n->n_fetch + 1, KAI_FETCHES_MAX, sizeof *f)
                 : NULL;
        if (!f) {
            s->starved = true; /* The rest is found again when these are here. */
            kai_rb_due(n, s, KAI_FETCH_MS);
            return;
        }
        n->fetch = f;
        f += n->n_fetch++;
        *f = (struct kai_fetch){.ctl = s->ctl, .link = l->id};
        memcpy(f->log_pk, log_pk, KAI_KEY_BYTES);
        memcpy(f->aud_id, s->aud_id, KAI_ID_BYTES);
        l->n_fetch++;
    } else if (f->to >= from) {
        w.from = f->to + 1;
    }
    f->to = to;
    f->deadline_ms = n->now_ms + KAI_FETCH_MS;
    memcpy(w.log_pk, log_pk, KAI_KEY_BYTES);
    ask(n, l, share_index(l, s), &w);
}

void kai_fetch_text(struct kai_net *n, struct kai_link *l, const uint8_t hash[static KAI_ID_BYTES])
{
    struct kai_want w = {.payload = true};

    memcpy(w.log_pk, hash, KAI_ID_BYTES);
    ask(n, l, 0, &w);
}

static uint64_t have_of(struct kai_net *n, const struct kai_fetch *f)
{
    struct kai_nlog *log;
    struct kai_head head;

    if (f->ctl)
        return kai_ctl_head(n->ctl, f->log_pk, &head) == KAI_OK ? head.seq : 0;
    log = kai_mirror_find(n, f->log_pk);
    return log ? log->ing_seq : 0;
}

/* Over with f: done, or given up. Turn to whoever else said to have more. */
static void end(struct kai_net *n, struct kai_fetch *f, bool gave_up)
{
    struct kai_fetch was = *f;
    struct kai_link *l = kai_link_find(n, was.link), *alt = kai_link_find(n, was.alt_link);
    struct kai_share *s = NULL;
    uint64_t have = have_of(n, &was);

    *f = n->fetch[--n->n_fetch];
    if (l)
        l->rb_look = true; /* Perhaps it was the last one before the audience is live. */
    if (l && --l->n_fetch == 0)
        for (size_t i = 0; i < l->n_shares; i++)
            if (l->shares[i]->starved) {
                l->shares[i]->starved = false;
                kai_rb_due(n, l->shares[i], 0);
            }
    if (alt && was.alt_to > have)
        s = was.ctl ? alt->shares[0] : kai_share_find(alt, was.aud_id);
    if (s)
        kai_fetch_want(n, alt, s, was.log_pk, have + 1, was.alt_to);
    else if (gave_up && l && (s = was.ctl ? l->shares[0] : kai_share_find(l, was.aud_id)))
        kai_rb_due(n, s, KAI_FETCH_MS);
}

void kai_fetch_progress(struct kai_net *n, const uint8_t log_pk[static KAI_KEY_BYTES],
                        uint64_t have)
{
    struct kai_fetch *f = find(n, log_pk);
    struct kai_link *l;

    if (!f)
        return;
    f->deadline_ms = n->now_ms + KAI_FETCH_MS;
    l = kai_link_find(n, f->link);
    if (l)
        l->fetch_ms = n->now_ms;
    if (have >= f->to)
        end(n, f, false);
}

void kai_fetch_cancel(struct kai_net *n, const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct kai_fetch *f = find(n, log_pk);
    struct kai_link *alt = f ? kai_link_find(n, f->alt_link) : NULL;
    struct kai_share *s = alt && !f->ctl ? kai_share_find(alt, f->aud_id) : NULL;

    if (!f)
        return;
    if (s) /* What is no good now is none from anybody: who else has it is asked when that changes.
            */
        s->blocked = true;
    f->alt_link = 0;
    end(n, f, false);
}

/* l was asked, and has not what it shows: whoever else said to have it is asked now, and l after a
 * while. */
void kai_fetch_lacks(struct kai_net *n, const struct kai_link *l,
                     const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct kai_nlog *log = kai_mirror_find(n, log_pk);
    struct kai_fetch *f = find(n, log_pk);

    if (log) {
        log->lacks_link = l->id;
        log->lacks_ms = n->now_ms + KAI_LACKS_MS;
    }
    if (f && f->link == l->id)
        end(n, f, false);
}

void kai_fetch_gone(struct kai_net *n, struct kai_link *l)
{
    for (size_t i = n->n_fetch; i > 0; i--) {
        struct kai_fetch *f = &n->fetch[i - 1];
        if (f->alt_link == l->id)
            f->alt_link = 0;
        if (f->link == l->id)
            end(n, f, true);
    }
}

/* Give up what was asked of l longest ago, so that somebody else may be asked for something. */
bool kai_fetch_oldest(struct kai_net *n, struct kai_link *l)
{
    struct kai_fetch *oldest = NULL;
    struct kai_share *s;

    for (size_t i = 0; i < n->n_fetch; i++)
        if (n->fetch[i].link == l->id && (!oldest || n->fetch[i].deadline_ms < oldest->deadline_ms))
            oldest = &n->fetch[i];
    if (!oldest)
        return false;
    s = oldest->ctl ? l->shares[0] : kai_share_find(l, oldest->aud_id);
    if (s)
        s->starved = true;
    *oldest = n->fetch[--n->n_fetch];
    l->n_fetch--;
    l->rb_look = true;
    return true;
}

/* A peer that delivers other logs gets more time for this one, but not for ever. */
static bool too_late(const struct kai_net *n, const struct kai_fetch *f)
{
    const struct kai_link *l = kai_link_find(n, f->link);

    return n->now_ms >= f->deadline_ms && (!l || n->now_ms >= l->fetch_ms + KAI_FETCH_MS ||
                                           n->now_ms >= f->deadline_ms + KAI_FETCH_MOST_MS);
}

void kai_fetch_tick(struct kai_net *n)
{
    for (size_t i = n->n_fetch; i > 0; i--)
        if (i <= n->n_fetch && too_late(n, &n->fetch[i - 1]))
            end(n, &n->fetch[i - 1], true);
}

uint64_t kai_fetch_next(const struct kai_net *n)
{
    uint64_t next = UINT64_MAX;

    for (size_t i = 0; i < n->n_fetch; i++)
        if (n->fetch[i].deadline_ms < next)
            next = n->fetch[i].deadline_ms;
    return next > n->now_ms ? next : n->now_ms + KAI_FETCH_MS / 20;
}

size_t kai_fetch_open(const struct kai_net *n, const struct kai_link *l, const struct kai_share *s)
{
    size_t k = 0;

    if (l->n_fetch == 0)
        return 0;
    for (size_t i = 0; i < n->n_fetch; i++)
        if (n->fetch[i].link == l->id && n->fetch[i].ctl == s->ctl &&
            memcmp(n->fetch[i].aud_id, s->aud_id, KAI_ID_BYTES) == 0)
            k++;
    return k;
}

bool kai_fetch_ctl(const struct kai_net *n)
{
    for (size_t i = 0; i < n->n_fetch; i++)
        if (n->fetch[i].ctl)
            return true;
    return false;
}

/* Everything gathered in this step, one frame for each audience. */
void kai_fetch_flush(struct kai_net *n, struct kai_link *l)
{
    while (l->n_wanted > 0 && !l->dead) {
        size_t share = l->wanted[0].share, k = 0, kept = 0;
        struct kai_buf *b = kai_out_begin(n);

        for (size_t i = 0; i < l->n_wanted; i++)
            k += l->wanted[i].share == share ? 1u : 0u;
        kai_put_frame(b, KAI_MSG_WANT, 2);
        kai_put_uint(b, l->shares[share]->handle);
        kai_put_array(b, (uint32_t)k);
        for (size_t i = 0; i < l->n_wanted; i++) {
            if (l->wanted[i].share == share)
                kai_put_want(b, &l->wanted[i].w);
            else
                l->wanted[kept++] = l->wanted[i];
        }
        l->n_wanted = kept;
        n->count.wants_out++;
        (void)kai_out_put(n, l, KAI_OUT_URGENT);
    }
}
