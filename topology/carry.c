/* carry: reading a carry file: a link without a connection, fed with its chunks. */
#include "topology/carry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "topology/carry_int.h"
#include "topology/judge.h"

#define FILE_LINK (1ull << 63) /* Connections are numbered from 1. */

struct kai_link *kai_carry_link(const struct kai_carry *f)
{
    return f->gone ? NULL : kai_link_find(f->n, f->link);
}

static size_t open_files(const struct kai_net *n)
{
    size_t k = 0;

    for (size_t i = 0; i < n->n_links; i++)
        k += n->links[i]->file != NULL;
    return k;
}

enum kai_err kai_carry_begin(struct kai_carry **out, struct kai_net *n, bool packs,
                             struct kai_why *why)
{
    struct kai_carry *f;
    struct kai_link *l;

    *out = NULL;
    if (n->stopping || n->n_links == 2 * KAI_LINKS_MAX || open_files(n) >= KAI_CARRY_FILES_MAX)
        return kai_why_set(why, KAI_EBUSY, "carry.busy", NULL, NULL, NULL);
    f = calloc(1, sizeof *f);
    l = f ? kai_link_new() : NULL;
    if (!l) {
        free(f);
        return KAI_ENOMEM;
    }
    f->n = n;
    f->packs = packs;
    f->link = l->id = FILE_LINK | ++n->n_files;
    kai_buf_init(&f->plain, KAI_FRAME_BYTES_MAX);
    l->file = f;
    l->state = KAI_LINK_CONTROL;
    l->up_ms = l->since_ms = n->now_ms;
    l->rtt_ms = -1;
    n->links[n->n_links++] = l;
    *out = f;
    return KAI_OK;
}

void kai_carry_close(struct kai_carry *f)
{
    struct kai_link *l;

    if (!f)
        return;
    kai_step_begin(f->n, f->n->now_ms);
    l = kai_carry_link(f);
    if (l)
        kai_link_drop(f->n, l, KAI_BYE_LOST);
    kai_step_end(f->n); /* Its link is freed here, and what it had parked. */
    sodium_memzero(&f->key, sizeof f->key);
    kai_buf_free(&f->plain);
    free(f->rows);
    free(f->jobs);
    free(f);
}

/* ---- For the engine. */

void kai_carry_gone(struct kai_link *l, enum kai_bye why)
{
    l->file->gone = true;
    l->file->why = why;
}

void kai_carry_gap(struct kai_link *l)
{
    if (l->file)
        l->file->info.waiting++;
}

void kai_carry_judged(struct kai_link *l, enum kai_verdict v, const struct kai_entry *e)
{
    struct kai_carry_info *info = &l->file->info;

    info->taken += v == KAI_TAKE ? 1u : 0u;
    info->keys += v == KAI_TAKE && e->h.ptype == KAI_PTYPE_EPOCH ? 1u : 0u;
    info->held += v == KAI_HELD && !l->file->again ? 1u : 0u;
    info->over += v == KAI_OVER ? 1u : 0u;
    info->refused += v == KAI_REFUSE || v == KAI_FORK ? 1u : 0u;
}

/* The maker of the file, as far as the roster knows it. */
static bool know(struct kai_net *n, struct kai_link *l)
{
    const struct kai_node *node = kai_roster_node_by_cert(n->roster, l->peer_cert);

    if (!kai_node_good(n, node) ||
        memcmp(node->sign_pk, l->file->sender_pk, sizeof node->sign_pk) != 0 ||
        memcmp(node->id, n->self.node_id, KAI_ID_BYTES) == 0)
        return false;
    l->peer = node;
    memcpy(l->peer_id, node->id, KAI_ID_BYTES);
    memcpy(l->curve_pk, node->curve_pk, KAI_KEY_BYTES);
    l->state = KAI_LINK_MATCH;
    return true;
}

void kai_carry_renew(struct kai_net *n, struct kai_link *l)
{
    bool known = l->peer != NULL;

    l->peer = known ? kai_roster_node(n->roster, l->peer_id) : NULL;
    if (l->dead)
        return;
    if (known &&
        (!kai_node_good(n, l->peer) || memcmp(l->peer->curve_pk, l->curve_pk, KAI_KEY_BYTES) != 0))
        kai_link_drop(n, l, KAI_BYE_NOT_ADMITTED);
    else if (!known && l->file->info.kind != 0)
        (void)know(n, l);
}

void kai_carry_token(const struct kai_carry *f, const uint8_t *route, uint8_t token[static 16])
{
    struct kai_hasher h;

    kai_kdf_begin(&h, KAI_D_CMATCH, route, 16);
    kai_hash_add(&h, f->key.commit, sizeof f->key.commit);
    kai_hash_end(&h, token);
}

/* As what we take part in an audience; false: not at all. Mailboxes: our own, those that we hold
 * letters for, the maker's, and where we carry all of them. */
static bool use_of(const struct kai_net *n, const struct kai_link *l, const uint8_t *aud_id,
                   struct kai_use *use)
{
    const struct kai_mailbox *box = kai_mail_find(n, aud_id);

    for (size_t i = 0; i < n->n_auds; i++)
        if (memcmp(n->auds[i].id, aud_id, KAI_ID_BYTES) == 0) {
            *use = n->auds[i];
            return true;
        }
    *use = (struct kai_use){.part = KAI_PART_MAIL};
    memcpy(use->id, aud_id, KAI_ID_BYTES);
    return box && l->peer &&
           (memcmp(box->org, l->peer->org->id, KAI_ID_BYTES) == 0 ||
            kai_mail_carries(kai_roster_node(n->roster, n->self.node_id)));
}

/* Whether the maker has shown a routing secret that we hold too. */
static bool shown(const struct kai_net *n, const struct kai_link *l, const struct kai_share *s)
{
    struct kai_secret secret[KAI_KNOWN_EPOCHS];
    struct kai_use use;
    uint8_t token[16];
    size_t k =
        use_of(n, l, s->aud_id, &use) ? kai_match_secrets(n, &use, secret, KAI_KNOWN_EPOCHS) : 0;

    for (size_t i = 0; i < k; i++) {
        kai_carry_token(l->file, secret[i].route, token);
        for (uint32_t j = 0; j < s->n_tokens; j++)
            if (memcmp(token, s->tokens[j], sizeof token) == 0)
                return true;
    }
    return false;
}

void kai_carry_refresh(struct kai_net *n, struct kai_link *l)
{
    for (size_t i = 1; i < l->n_shares && !l->dead && !l->file->packs; i++)
        l->shares[i]->matched = l->shares[i]->matched || shown(n, l, l->shares[i]);
}

struct kai_share *kai_carry_handle(const struct kai_link *l, uint64_t handle)
{
    return handle > 0 && handle < l->n_shares ? l->shares[handle] : NULL;
}

/* ---- Chunks. */

static enum kai_err damaged(const struct kai_carry *f, struct kai_why *why)
{
    char chunk[24];

    (void)snprintf(chunk, sizeof chunk, "%llu", (unsigned long long)f->key.next);
    return kai_why_set(why, KAI_EMALFORMED, "carry.damaged", chunk, NULL, NULL);
}

enum kai_err kai_carry_open(struct kai_carry **out, struct kai_net *n, struct kai_view head,
                            uint64_t now_ms, uint64_t wall_ms, struct kai_why *why)
{
    struct kai_carry_key key;
    enum kai_err err = kai_carry_head_open(&key, n->keyring, n->nid, head);

    *out = NULL;
    if (err == KAI_ENOTFOUND)
        return kai_why_set(why, err, "carry.for-another", NULL, NULL, NULL);
    if (err)
        return kai_why_set(why, err, "carry.damaged", "0", NULL, NULL);
    n->wall_ms = wall_ms;
    kai_step_begin(n, now_ms);
    err = kai_carry_begin(out, n, false, why);
    if (err == KAI_OK)
        (*out)->key = key;
    sodium_memzero(&key, sizeof key);
    kai_step_end(n);
    return err;
}

/* Who made it says so under its signature, and names the key of this file and us. */
static enum kai_err on_from(struct kai_carry *f, struct kai_link *l,
                            const struct kai_carry_record *r, struct kai_why *why)
{
    struct kai_net *n = f->n;

    if (memcmp(r->eph_pk, f->key.eph_pk, KAI_KEY_BYTES) != 0 ||
        memcmp(r->commit, f->key.commit, KAI_ID_BYTES) != 0 ||
        memcmp(r->to, n->self.node_id, KAI_ID_BYTES) != 0 ||
        (r->kind != KAI_CARRY_PACK && r->kind != KAI_CARRY_RECEIPT) ||
        kai_key_check(r->sender_pk) != KAI_OK ||
        kai_verify(r->sig.p, r->sender_pk, KAI_SIG_CARRY, n->nid, r->body.p, r->body.n) != KAI_OK)
        return damaged(f, why);
    memcpy(l->range_key, f->key.commit, sizeof l->range_key);
    memcpy(l->peer_cert, r->sender_cert, KAI_ID_BYTES);
    memcpy(f->sender_pk, r->sender_pk, KAI_KEY_BYTES);
    kai_hash(f->info.node, KAI_D_NODE, r->sender_pk, KAI_KEY_BYTES);
    f->info.kind = r->kind;
    f->info.volume = r->volume;
    f->info.made_ms = r->made_ms;
    if (!l->peer && !know(n, l) && kai_roster_node_by_cert(n->roster, l->peer_cert))
        return kai_why_set(why, KAI_EDENIED, "carry.sender", NULL, NULL, NULL);
    return KAI_OK;
}

static enum kai_err on_share(struct kai_carry *f, struct kai_link *l,
                             const struct kai_carry_record *r, struct kai_why *why)
{
    static const uint8_t zeros[KAI_ID_BYTES];
    struct kai_share *s = kai_carry_handle(l, r->handle);

    if (!l->peer)
        return kai_why_set(why, KAI_EAGAIN, "carry.stranger", NULL, NULL, NULL);
    if (!s && (r->handle != l->n_shares || memcmp(r->aud_id, zeros, KAI_ID_BYTES) == 0 ||
               kai_share_find(l, r->aud_id)))
        return damaged(f, why);
    if (!s && !(s = kai_share_add(l, r->aud_id)))
        return KAI_ENOMEM;
    if (memcmp(s->aud_id, r->aud_id, KAI_ID_BYTES) != 0)
        return damaged(f, why);
    s->handle = (uint32_t)r->handle;
    s->offered_in = true; /* It says that it is in: so far only keys. */
    s->n_tokens = r->n_tokens;
    memcpy(s->tokens, r->tokens, sizeof s->tokens);
    s->matched = s->matched || shown(f->n, l, s);
    return KAI_OK;
}

static bool keep_row(struct kai_carry *f, const struct kai_carry_row *row)
{
    struct kai_carry_row *rows =
        kai_grow(f->rows, &f->cap_rows, f->n_rows + 1, KAI_CARRY_ROWS_MAX, sizeof *rows);

    if (!rows)
        return false;
    f->rows = rows;
    rows[f->n_rows++] = *row;
    return true;
}

struct alike {
    struct kai_link *l;
    const struct kai_rb_row *row;
    bool found;
};

static bool look(void *ctx, const struct kai_entry *e)
{
    struct alike *a = ctx;
    uint8_t mark[KAI_RB_MARK_BYTES];

    kai_rows_mark(a->l, e->hash, mark);
    a->found = a->found || memcmp(mark, a->row->mark, sizeof mark) == 0;
    return true;
}

/* Whether we hold the entry that a row of the receipt names; only then is it left out. */
static bool same(struct kai_net *n, struct kai_link *l, const struct kai_share *s,
                 const struct kai_rb_row *row)
{
    struct alike a = {.l = l, .row = row};
    struct kai_entry e;

    if (s->ctl)
        kai_ctl_each(n->ctl, row->log_pk, row->seq, row->seq, look, &a);
    else if (n->act.read(n->act.ctx, row->log_pk, row->seq, &e) == KAI_OK)
        (void)look(&a, &e);
    return a.found;
}

/* What a receipt says of an audience is compared as on a link: who waits for an own entry hears of
 * it, and an own log that is ahead there ends. */
static enum kai_err on_heads(struct kai_carry *f, struct kai_link *l, struct kai_frame *frame)
{
    struct kai_share *s = kai_match_handle(l, frame->handle);
    struct kai_rows mine;

    f->info.heads++;
    if (!s || (!s->ctl && !s->matched))
        return KAI_OK;
    if (!kai_rows_take(f->n, l, s, (struct kai_view){0}, (struct kai_view){0}, &mine))
        return KAI_ENOMEM;
    for (uint32_t i = 0; i < frame->n; i++) {
        struct kai_rb_range range;
        kai_frame_range(frame, &range);
        for (uint32_t j = 0; j < range.n_rows; j++) {
            struct kai_rb_row row;
            struct kai_carry_row kept;
            kai_range_row(&range, &row);
            if (row.log_n != KAI_KEY_BYTES)
                continue; /* A file names its logs in full. */
            kept = (struct kai_carry_row){.seq = row.seq, .same = same(f->n, l, s, &row)};
            memcpy(kept.log_pk, row.log_pk, sizeof kept.log_pk);
            if (!keep_row(f, &kept))
                return KAI_ENOMEM;
            (void)kai_rows_compare(f->n, l, s, kai_rows_like(l, &mine, &row), &row);
        }
    }
    return KAI_OK;
}

/* Texts of the charter that its maker lacks: rows with seq 0. */
static enum kai_err on_wants(struct kai_carry *f, struct kai_frame *frame)
{
    for (uint32_t i = 0; i < frame->n; i++) {
        struct kai_carry_row row = {.seq = 0};
        struct kai_want w;

        kai_frame_want(frame, &w);
        memcpy(row.log_pk, w.log_pk, sizeof row.log_pk);
        if (w.from == 0 && frame->handle == KAI_HANDLE_CONTROL && !keep_row(f, &row))
            return KAI_ENOMEM;
    }
    return KAI_OK;
}

static enum kai_err on_frame(struct kai_carry *f, struct kai_link *l, struct kai_why *why)
{
    struct kai_frame frame;

    if (kai_frame_parse(&frame, kai_buf_view(&f->plain)) != KAI_OK)
        return damaged(f, why);
    if (frame.type == KAI_MSG_ENTRIES && f->info.kind == KAI_CARRY_PACK)
        kai_ingest_frame(f->n, l, &frame);
    else if (frame.type == KAI_MSG_PEERS && f->info.kind == KAI_CARRY_PACK)
        kai_book_on(f->n, l, &frame);
    else if (frame.type == KAI_MSG_NOTES && frame.handle == KAI_HANDLE_CONTROL &&
             f->info.kind == KAI_CARRY_PACK)
        kai_heard_frame(f->n, l, &frame);
    else if (frame.type == KAI_MSG_RB && f->info.kind == KAI_CARRY_RECEIPT)
        return on_heads(f, l, &frame);
    else if (frame.type == KAI_MSG_WANT && f->info.kind == KAI_CARRY_RECEIPT)
        return on_wants(f, &frame);
    else
        return damaged(f, why);
    return KAI_OK;
}

/* What happened to the link meanwhile, if anything. */
static enum kai_err gone(const struct kai_carry *f, struct kai_why *why)
{
    if (!f->gone)
        return KAI_OK;
    if (f->why == KAI_BYE_NOT_ADMITTED)
        return kai_why_set(why, KAI_EDENIED, "carry.sender", NULL, NULL, NULL);
    if (f->why == KAI_BYE_MALFORMED)
        return damaged(f, why);
    return kai_why_set(why, KAI_EBUSY, "carry.ended", NULL, NULL, NULL);
}

static enum kai_err take_chunk(struct kai_carry *f, struct kai_view box, struct kai_why *why)
{
    struct kai_link *l = kai_carry_link(f);
    struct kai_carry_record r;
    bool first = f->key.next == 0;
    enum kai_err err = l ? kai_chunk_open(&f->plain, &f->key, box) : KAI_OK;

    if (!l)
        return gone(f, why);
    if (err == KAI_ENOMEM)
        return err;
    if (err || kai_carry_record(&r, kai_buf_view(&f->plain)) != KAI_OK ||
        first != (r.type == KAI_CARRY_FROM) || f->key.ended != (r.type == KAI_CARRY_END))
        return damaged(f, why);
    if (r.type == KAI_CARRY_FROM)
        return on_from(f, l, &r, why);
    if (r.type == KAI_CARRY_SHARE)
        return on_share(f, l, &r, why);
    if (r.type != KAI_CARRY_END)
        return on_frame(f, l, why);
    f->info.ended = true;
    f->info.more = r.more;
    return KAI_OK;
}

enum kai_err kai_carry_feed(struct kai_carry *f, struct kai_view box, uint64_t now_ms,
                            uint64_t wall_ms, struct kai_why *why)
{
    enum kai_err err;

    f->n->wall_ms = wall_ms;
    kai_step_begin(f->n, now_ms);
    err = take_chunk(f, box, why);
    kai_step_end(f->n);
    return err == KAI_OK ? gone(f, why) : err;
}

enum kai_err kai_carry_idle(const struct kai_carry *f, bool *idle, struct kai_why *why)
{
    *idle = true;
    for (const struct kai_flight *e = f->n->flight; e && *idle; e = e->next)
        *idle = e->link != f->link;
    return gone(f, why);
}

void kai_carry_again(struct kai_carry *f)
{
    f->key.next = 0;
    f->key.ended = f->info.ended = f->info.more = false;
    f->info.waiting = f->info.refused = f->info.over = 0;
    f->again = true;
}

void kai_carry_info(const struct kai_carry *f, struct kai_carry_info *out)
{
    const struct kai_link *l = kai_carry_link(f);

    *out = f->info;
    out->waiting += l ? l->n_parked : 0;
    out->full = f->n->full;
}

const struct kai_carry_row *kai_carry_rows(const struct kai_carry *f, size_t *n)
{
    *n = f->n_rows;
    return f->rows;
}
