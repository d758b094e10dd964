/* carry_pack: making a carry file: what a link would serve this node, sealed to it. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "topology/carry_int.h"
#include "topology/judge.h"

#define STEP_BYTES    (256u << 10)
#define CHUNK_ROOM    (4u + KAI_CARRY_BOX_BYTES_MAX)
#define TAIL_ROOM     (768u << 10) /* Addresses, CHECKPOINTs (both are bounded), and the end. */
#define ROWS_A_FRAME  512u
#define ORDER_TEXT    0u
#define ORDER_CONTROL 1u
#define ORDER_KEYS    2u
#define ORDER_LETTERS 3u
#define ORDER_DATA    4u

/* ---- Chunks. */

static enum kai_err put_chunk(struct kai_carry *f, struct kai_view plain, bool last)
{
    uint8_t nonce[KAI_NONCE_BYTES];

    f->n->act.random(f->n->act.ctx, nonce, sizeof nonce);
    f->volume_at += 4 + plain.n + KAI_BOX_OVERHEAD_BYTES;
    return kai_chunk_seal(f->out, &f->key, plain, last, nonce);
}

/* What follows is of the control plane: proofs of forks are shown to the living. */
static bool is_control_note(const struct kai_buf *frame)
{
    struct kai_frame f;

    return kai_frame_parse(&f, kai_buf_view(frame)) == KAI_OK && f.type == KAI_MSG_NOTES &&
           f.handle == KAI_HANDLE_CONTROL;
}

static bool goes_in(const struct kai_carry *f, uint64_t type, const struct kai_buf *frame)
{
    if (f->info.kind != KAI_CARRY_PACK)
        return type == KAI_MSG_RB || type == KAI_MSG_WANT;
    return type == KAI_MSG_ENTRIES || type == KAI_MSG_PEERS ||
           (type == KAI_MSG_NOTES && is_control_note(frame));
}

/* A frame for the peer: what a file can hold goes into it, the rest is for the living. */
bool kai_carry_put(struct kai_net *n, struct kai_link *l)
{
    struct kai_carry *f = l->file;
    struct kai_carry_record r;

    if (!f->packs || !f->out || l->dead || n->frame.err || f->err ||
        kai_carry_record(&r, kai_buf_view(&n->frame)) != KAI_OK || !goes_in(f, r.type, &n->frame))
        return true;
    f->err = put_chunk(f, kai_buf_view(&n->frame), false);
    return f->err == KAI_OK;
}

static void put_record(struct kai_carry *f, bool last)
{
    enum kai_err err = f->plain.err ? f->plain.err : put_chunk(f, kai_buf_view(&f->plain), last);

    if (err && !f->err)
        f->err = err;
}

/* ---- What is to be packed. */

static const struct kai_carry_row *row_of(const struct kai_carry *f, const uint8_t *log_pk,
                                          size_t *k)
{
    size_t lo = 0, hi = f->n_rows;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (kai_id_cmp(f->rows[mid].log_pk, log_pk) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (*k = 0;
         lo + *k < f->n_rows && memcmp(f->rows[lo + *k].log_pk, log_pk, KAI_KEY_BYTES) == 0;)
        ++*k;
    return *k > 0 ? &f->rows[lo] : NULL;
}

static bool time_of(void *ctx, const struct kai_entry *e)
{
    uint64_t *ts = ctx;

    *ts = e->h.ts;
    return true;
}

/* From where on the addressee lacks it. One that is ahead of us lacks nothing. */
static uint64_t from_of(struct kai_carry *f, const struct kai_row *mine)
{
    size_t k;
    const struct kai_carry_row *told = row_of(f, mine->log_pk, &k);

    if (k != 1) /* Nothing told, or a fork: all of it. */
        return 1;
    if (told->seq > mine->seq)
        return mine->log ? mine->seq + 1 : 1;
    return told->same ? told->seq + 1 : 1;
}

static bool add_job(struct kai_carry *f, const struct kai_carry_job *job)
{
    if (f->n_jobs % 256 == 0) {
        void *p = realloc(f->jobs, (f->n_jobs + 256) * sizeof *f->jobs);
        if (!p)
            return false;
        f->jobs = p;
    }
    f->jobs[f->n_jobs++] = *job;
    return true;
}

static bool add_rows(struct kai_carry *f, struct kai_share *s, const struct kai_rows *rows)
{
    bool mail = kai_mail_find(f->n, s->aud_id) != NULL, ok = true;

    for (size_t i = 0; i < rows->n && ok; i++) {
        const struct kai_row *r = &rows->r[i];
        struct kai_carry_job job = {.s = s, .order = ORDER_CONTROL};

        if (i > 0 && memcmp(r->log_pk, rows->r[i - 1].log_pk, KAI_KEY_BYTES) == 0)
            continue; /* Another head of a forked control log: all of it is packed. */
        if (r->log)
            job.order = r->log->l.kind == 2 ? ORDER_KEYS : mail ? ORDER_LETTERS : ORDER_DATA;
        else
            kai_ctl_each(f->n->ctl, r->log_pk, 1, 1, time_of, &job.ts);
        job.w = (struct kai_want){.from = from_of(f, r), .to = r->seq, .payload = true};
        memcpy(job.w.log_pk, r->log_pk, KAI_KEY_BYTES);
        if (!r->log) {
            struct kai_head head;
            if (kai_ctl_head(f->n->ctl, r->log_pk, &head) == KAI_OK)
                job.w.to = head.seq;
        }
        if (job.w.from > job.w.to)
            continue;
        f->info.taken += job.w.to - job.w.from + 1;
        ok = add_job(f, &job);
    }
    return ok;
}

static void put_rows(struct kai_carry *f, struct kai_link *l, const struct kai_share *s,
                     const struct kai_rows *rows)
{
    for (size_t at = 0; at < rows->n && !f->err;) {
        size_t k = rows->n - at < ROWS_A_FRAME ? rows->n - at : ROWS_A_FRAME;
        struct kai_buf *b = kai_out_begin(f->n);

        kai_put_frame(b, KAI_MSG_RB, 5);
        kai_put_uint(b, s->handle);
        kai_put_uint(b, 0);
        kai_put_bool(b, false);
        kai_put_bin(b, "", 0);
        kai_put_array(b, 1);
        kai_put_array(b, 3);
        kai_put_bin(b, "", 0);
        kai_put_uint(b, KAI_RB_REPLY);
        kai_put_array(b, (uint32_t)k);
        for (size_t i = 0; i < k; i++, at++) {
            struct kai_rb_row row = {.seq = rows->r[at].seq, .log_n = KAI_KEY_BYTES};
            memcpy(row.log_pk, rows->r[at].log_pk, KAI_KEY_BYTES);
            kai_rows_mark(l, rows->r[at].hash, row.mark);
            kai_put_row(b, &row);
        }
        (void)kai_out_put(f->n, l, KAI_OUT_BULK);
    }
}

/* On a link both ends show the routing secret. Here the addressee cannot: that an epoch names it,
 * so that it can hold the secret, stands in for it. */
static bool can_show(struct kai_net *n, const struct kai_link *l, const struct kai_use *use)
{
    const struct kai_audience *a = kai_roster_audience(n->roster, use->id);

    return use->part == KAI_PART_MAIL || (a && a->rec.kind == KAI_AUD_PUBLIC) ||
           kai_keyring_slotted(n->keyring, use->id, l->peer);
}

/* Name the audience in the file where anything of it may go there. */
static bool add_share(struct kai_carry *f, struct kai_link *l, const struct kai_use *use)
{
    struct kai_net *n = f->n;
    bool matched = can_show(n, l, use), ok = true;
    struct kai_share *s;
    struct kai_rows rows;

    if (kai_share_find(l, use->id) || (!matched && !kai_may_offer(n, l, use->id)) ||
        l->n_shares > KAI_CARRY_SHARES_MAX)
        return true;
    s = kai_share_add(l, use->id);
    if (!s)
        return false;
    s->matched = matched;
    s->offered_out = !matched;
    s->handle = (uint32_t)(l->n_shares - 1);
    ok = kai_rows_take(n, l, s, (struct kai_view){0}, (struct kai_view){0}, &rows);
    if (ok && rows.n == 0) {
        free(s);
        l->n_shares--;
    } else if (ok && f->info.kind == KAI_CARRY_PACK) {
        ok = add_rows(f, s, &rows);
    }
    return ok;
}

static bool add_shares(struct kai_carry *f, struct kai_link *l)
{
    struct kai_net *n = f->n;
    struct kai_use box = {.part = KAI_PART_MAIL};
    bool carries = kai_mail_carries(l->peer), ok = true;

    memcpy(box.id, l->peer->org->mailbox, KAI_ID_BYTES);
    ok = !kai_mail_find(n, box.id) || add_share(f, l, &box);
    for (size_t i = 0; i < n->n_auds && ok; i++) {
        const struct kai_mailbox *m = kai_mail_find(n, n->auds[i].id);
        /* Whose letters we hold is nothing to a node that carries none. */
        if (!m || carries || kai_mail_ours(n, m))
            ok = add_share(f, l, &n->auds[i]);
    }
    return ok;
}

static bool add_control(struct kai_carry *f, struct kai_link *l)
{
    const struct kai_charter *c = kai_ctl_charter(f->n->ctl);
    const struct kai_view all = {0};
    struct kai_rows rows;
    bool ok = true;

    for (size_t i = 0; i < c->n_texts && ok; i++) {
        struct kai_carry_job job = {.s = l->shares[0], .w = {.payload = true}};
        size_t asked;
        memcpy(job.w.log_pk, c->texts[i].hash, KAI_ID_BYTES);
        (void)row_of(f, job.w.log_pk, &asked);
        ok = (f->n_rows > 0 && asked == 0) || add_job(f, &job);
    }
    return ok && kai_rows_take(f->n, l, l->shares[0], all, all, &rows) &&
           add_rows(f, l->shares[0], &rows);
}

static int by_order(const void *x, const void *y)
{
    const struct kai_carry_job *a = x, *b = y;

    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    if (a->s->handle != b->s->handle)
        return a->s->handle < b->s->handle ? -1 : 1;
    if (a->ts != b->ts)
        return a->ts < b->ts ? -1 : 1;
    return memcmp(a->w.log_pk, b->w.log_pk, KAI_KEY_BYTES);
}

static int by_log(const void *x, const void *y)
{
    const struct kai_carry_row *a = x, *b = y;

    return memcmp(a->log_pk, b->log_pk, KAI_KEY_BYTES);
}

static enum kai_err plan(struct kai_carry *f, struct kai_link *l, const struct kai_carry_pack *p)
{
    if (p->n_rows > 0) {
        f->rows = malloc(p->n_rows * sizeof *f->rows);
        if (!f->rows)
            return KAI_ENOMEM;
        memcpy(f->rows, p->rows, p->n_rows * sizeof *f->rows);
        f->n_rows = p->n_rows;
        qsort(f->rows, f->n_rows, sizeof *f->rows, by_log);
    }
    if ((p->kind == KAI_CARRY_PACK && !add_control(f, l)) || !add_shares(f, l))
        return KAI_ENOMEM;
    if (f->n_jobs > 0)
        qsort(f->jobs, f->n_jobs, sizeof *f->jobs, by_order);
    return KAI_OK;
}

enum kai_err kai_carry_pack(struct kai_carry **out, struct kai_net *n,
                            const struct kai_carry_pack *p, uint64_t now_ms, uint64_t wall_ms,
                            struct kai_why *why)
{
    const struct kai_node *peer = kai_roster_node(n->roster, p->node);
    struct kai_link *l;
    enum kai_err err;

    *out = NULL;
    n->wall_ms = wall_ms;
    if (memcmp(p->node, n->self.node_id, KAI_ID_BYTES) == 0)
        return kai_why_set(why, KAI_EDENIED, "carry.self", NULL, NULL, NULL);
    if (!kai_node_good(n, peer))
        return kai_why_set(why, KAI_EDENIED, "carry.inactive", peer ? peer->name : NULL, NULL,
                           NULL);
    kai_step_begin(n, now_ms);
    err = kai_carry_begin(out, n, true, why);
    if (err == KAI_OK) {
        struct kai_carry *f = *out;
        l = kai_carry_link(f);
        l->peer = peer;
        memcpy(l->peer_id, peer->id, KAI_ID_BYTES);
        memcpy(l->curve_pk, peer->curve_pk, KAI_KEY_BYTES);
        l->state = KAI_LINK_MATCH;
        f->sign_sk = p->sign_sk;
        f->volume_bytes = p->volume_bytes ? p->volume_bytes : UINT64_MAX;
        f->info.kind = p->kind;
        f->info.made_ms = wall_ms;
        memcpy(f->info.node, peer->id, KAI_ID_BYTES);
        err = plan(f, l, p);
    }
    kai_step_end(n);
    if (err) {
        kai_carry_close(*out);
        *out = NULL;
    }
    return err;
}

/* ---- Volumes. */

static void put_share(struct kai_carry *f, struct kai_link *l, size_t i)
{
    struct kai_carry_record r = {.handle = i};
    struct kai_secret secret[KAI_CARRY_TOKENS_MAX];
    struct kai_use use = {.part = KAI_PART_MAIL};
    size_t k;

    memcpy(r.aud_id, l->shares[i]->aud_id, KAI_ID_BYTES);
    memcpy(use.id, r.aud_id, KAI_ID_BYTES);
    for (size_t j = 0; j < f->n->n_auds; j++)
        if (memcmp(f->n->auds[j].id, r.aud_id, KAI_ID_BYTES) == 0)
            use = f->n->auds[j];
    k = l->shares[i]->matched ? kai_match_secrets(f->n, &use, secret, KAI_CARRY_TOKENS_MAX) : 0;
    r.n_tokens = (uint32_t)k;
    for (size_t j = 0; j < k; j++)
        kai_carry_token(f, secret[j].route, r.tokens[j]);
    kai_buf_clear(&f->plain);
    kai_carry_put_share(&f->plain, &r);
    put_record(f, false);
}

static void begin_volume(struct kai_carry *f, struct kai_link *l)
{
    struct kai_net *n = f->n;
    struct kai_carry_record r = {
        .kind = f->info.kind, .volume = ++f->info.volume, .made_ms = f->info.made_ms};

    f->in_volume = true;
    f->info.ended = false;
    f->err =
        kai_carry_head_make(f->out, &f->key, n->nid, l->peer->kx_pk, n->act.random, n->act.ctx);
    f->volume_at = KAI_CARRY_HEAD_BYTES;
    if (f->err)
        return;
    memcpy(r.sender_cert, n->self.node_cert, KAI_ID_BYTES);
    memcpy(r.sender_pk, n->self.sign_pk, KAI_KEY_BYTES);
    memcpy(r.to, l->peer_id, KAI_ID_BYTES);
    memcpy(r.eph_pk, f->key.eph_pk, KAI_KEY_BYTES);
    memcpy(r.commit, f->key.commit, KAI_ID_BYTES);
    memcpy(l->range_key, f->key.commit, sizeof l->range_key);
    kai_buf_clear(&f->plain);
    kai_carry_put_from(&f->plain, &r, n->nid, f->sign_sk);
    put_record(f, false);
}

static void end_volume(struct kai_carry *f, bool more)
{
    kai_buf_clear(&f->plain);
    kai_carry_put_end(&f->plain, more);
    put_record(f, true);
    f->in_volume = false;
    f->info.ended = true;
    f->info.more = more;
}

static bool room_for(const struct kai_carry *f, uint64_t bytes)
{
    return f->volume_bytes - f->volume_at > bytes + CHUNK_ROOM;
}

/* Before the control plane nobody knows what an audience is: they are named after it. In a later
 * volume at once. */
static void name_shares(struct kai_carry *f, struct kai_link *l, size_t *named)
{
    for (; *named < l->n_shares && !f->err; ++*named)
        put_share(f, l, *named);
}

/* Those of the next audience. */
static void put_heads(struct kai_carry *f, struct kai_link *l)
{
    struct kai_rows rows;

    if (!kai_rows_take(f->n, l, l->shares[f->told], (struct kai_view){0}, (struct kai_view){0},
                       &rows)) {
        f->err = KAI_ENOMEM;
        return;
    }
    put_rows(f, l, l->shares[f->told++], &rows);
    kai_control_texts(f->n, l); /* Asks for those that are not here, once. */
    kai_fetch_flush(f->n, l);
}

/* Jobs of one kind at a time: what names an audience stands between them, and its reader takes in
 * keys before what they open. */
static void top_up(struct kai_carry *f, struct kai_link *l)
{
    while (f->next_job < f->n_jobs && l->n_serve < KAI_SERVE_MAX) {
        const struct kai_carry_job *job = &f->jobs[f->next_job];
        if (l->n_serve > 0 && f->jobs[f->next_job - 1].order != job->order)
            return;
        if (!kai_serve_push(l, job->s, &job->w)) {
            f->err = KAI_ENOMEM;
            return;
        }
        f->next_job++;
    }
}

static bool control_left(const struct kai_carry *f, const struct kai_link *l)
{
    const struct kai_serve *job = l->n_serve > 0 ? &l->serve[l->first_serve] : NULL;

    return job ? job->ctl : f->next_job < f->n_jobs && f->jobs[f->next_job].order <= ORDER_CONTROL;
}

/* One step of a volume; true: it is whole. */
static bool step(struct kai_carry *f, struct kai_link *l)
{
    if (!f->in_volume) {
        begin_volume(f, l);
        f->named = 1;
    }
    top_up(f, l);
    if (!f->err && !control_left(f, l))
        name_shares(f, l, &f->named);
    if (f->err)
        return false;
    if (l->n_serve > 0 && room_for(f, 0)) {
        (void)kai_serve_make(f->n, l);
        return false;
    }
    if (l->n_serve == 0 && f->info.kind == KAI_CARRY_RECEIPT && f->told < l->n_shares) {
        put_heads(f, l);
        return false;
    }
    if (l->n_serve == 0 && f->info.kind == KAI_CARRY_PACK && room_for(f, TAIL_ROOM)) {
        kai_heard_send_all(f->n, l);
        kai_book_send_all(f->n, l);
    }
    f->all = l->n_serve == 0 && (f->info.kind == KAI_CARRY_RECEIPT || l->addrs_sent);
    end_volume(f, !f->all);
    return true;
}

enum kai_err kai_carry_more(struct kai_carry *f, struct kai_buf *out, bool *volume, bool *end,
                            uint64_t now_ms, uint64_t wall_ms, struct kai_why *why)
{
    size_t from = out->len;
    struct kai_link *l;

    f->n->wall_ms = wall_ms;
    kai_step_begin(f->n, now_ms);
    f->out = out;
    *volume = *end = false;
    while ((l = kai_carry_link(f)) && !f->err && !*volume && out->len - from < STEP_BYTES)
        *volume = step(f, l);
    *end = *volume && f->all;
    f->out = NULL;
    l = kai_carry_link(f);
    kai_step_end(f->n);
    if (!l && f->why != KAI_BYE_NOT_ADMITTED)
        return kai_why_set(why, KAI_EBUSY, "carry.ended", NULL, NULL, NULL);
    if (!l)
        return kai_why_set(why, KAI_EDENIED, "carry.inactive", NULL, NULL, NULL);
    return f->err ? f->err : out->err;
}
