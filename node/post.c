/* post: writing to an own data log. */
#include "node/post.h"

#include <stdlib.h>
#include <string.h>

#include "log/expiry.h"
#include "log/payload.h"
#include "node/indexer.h"
#include "node/steward.h"

#define GROUP_BYTES_MAX   (4u << 20) /* Staged in one transaction. */
#define GROUP_ENTRIES_MAX 512u

struct held_entry {
    struct kai_entry e; /* Views are offsets into the group's bytes until it is staged. */
    size_t at;
    uint64_t seen_ms;
};

struct sent {
    uint64_t seq; /* In the hold. */
    size_t row_bytes;
};

struct kai_post {
    struct kai_core *c;
    struct kai_own *own;
    struct kai_packer *packer;
    uint8_t aud_id[KAI_ID_BYTES];
    uint64_t first; /* Seq of the first entry of this request. */
    enum kai_post_how how;
    bool waits;           /* Written to the hold. */
    bool sends;           /* What waits there may go under this epoch. */
    struct kai_hold hold; /* As it was when this began. */
    uint64_t hold_bytes;  /* What was added to it. */
    struct sent *sent;    /* What waited there and is written here. */
    size_t n_sent;
    char name[KAI_TEXT_BYTES_MAX + 1]; /* Of the audience. */
    bool committed;
    bool staged;
    kai_post_good_fn *good; /* To be asked before anything is staged; NULL: no more. */
    void *good_ctx;
    struct kai_buf entries; /* Waiting to be staged, */
    size_t from;            /* but for those before this one. */
    struct kai_buf bytes;
    struct kai_why *why;
};

static size_t size_of(const struct kai_entry *e)
{
    return e->hdr.n + e->sig.n + e->payload.n;
}

static struct held_entry *entry_at(const struct kai_post *p, size_t i)
{
    return (struct held_entry *)(void *)p->entries.p + i;
}

static size_t n_entries(const struct kai_post *p)
{
    return p->entries.len / sizeof(struct held_entry);
}

/* Behind the last one that goes into the next transaction. */
static size_t group_end(const struct kai_post *p)
{
    size_t n = n_entries(p);
    size_t bytes = 0;
    size_t i = p->from;

    while (i < n && i - p->from < GROUP_ENTRIES_MAX && bytes < GROUP_BYTES_MAX)
        bytes += size_of(&entry_at(p, i++)->e);
    return i;
}

static enum kai_err stage_one(struct kai_post *p, struct kai_tx *tx, struct held_entry *h)
{
    const uint8_t *at = p->bytes.p + h->at;

    h->e.hdr.p = at;
    h->e.sig.p = at + h->e.hdr.n;
    h->e.payload.p = at + h->e.hdr.n + h->e.sig.n;
    return p->waits ? kai_hold_put(tx, &p->hold, &h->e) : kai_tx_stage(tx, &h->e, h->seen_ms);
}

static enum kai_err stage_group(struct kai_post *p)
{
    struct kai_tx *tx = kai_core_tx(p->c);
    enum kai_err err = tx == NULL ? p->c->tx_err : KAI_OK;
    size_t end = group_end(p);

    if (err == KAI_OK && !p->staged && !p->waits) /* What an earlier one could not take back. */
        err = kai_tx_unstage(tx, p->own->w.log_pk);
    for (; err == KAI_OK && p->from < end; p->from++)
        err = stage_one(p, tx, entry_at(p, p->from));
    if (p->from == n_entries(p)) {
        p->from = p->entries.len = 0;
        p->bytes.len = 0;
    }
    p->staged = true;
    return err;
}

static enum kai_err job_stage(struct kai_core *c, void *arg)
{
    (void)c;
    return stage_group(arg);
}

static enum kai_err full(struct kai_post *p, enum kai_err err)
{
    if (err == KAI_EFULL)
        return kai_why_set(p->why, err, "disk.full", p->c->home.dir, NULL, NULL);
    return err;
}

/* Stage what there is; but not what fits one transaction, where last. Errors: KAI_EAGAIN (it is not
 * good). */
static enum kai_err stage(struct kai_post *p, bool last)
{
    enum kai_err err = p->good == NULL || p->good(p->good_ctx) ? KAI_OK : KAI_EAGAIN;

    if (err == KAI_OK)
        p->good = NULL;
    while (err == KAI_OK && (last ? group_end(p) < n_entries(p) : n_entries(p) > 0))
        err = full(p, kai_core_run(p->c, job_stage, p));
    return err;
}

static bool has_room(const struct kai_post *p, size_t size)
{
    if (p->good != NULL)
        return p->bytes.len + p->entries.len + size <= KAI_SEALED_BYTES_MAX;
    return n_entries(p) < GROUP_ENTRIES_MAX && p->bytes.len + size <= GROUP_BYTES_MAX;
}

/* What waits has a bound: a node that nobody gives a key fills no disk. */
static enum kai_err hold_room(struct kai_post *p, uint64_t seq, size_t size)
{
    p->hold_bytes += size + KAI_HOLD_ROW_BYTES;
    if (p->hold.bytes + p->hold_bytes <= KAI_HOLD_BYTES_MAX &&
        p->hold.n + (seq + 1 - p->hold.next) <= KAI_HOLD_ENTRIES_MAX)
        return KAI_OK;
    return kai_why_set(p->why, KAI_ELIMIT, "audience.held-full", p->name, NULL, NULL);
}

enum kai_err kai_post_entry(struct kai_post *p, const struct kai_entry *e)
{
    size_t size = size_of(e);
    enum kai_err err = p->waits ? hold_room(p, e->h.seq, size) : KAI_OK;
    struct held_entry h = {.e = *e, .seen_ms = kai_wall_ms()};

    if (err == KAI_OK && !has_room(p, size))
        err = stage(p, false);
    if (err != KAI_OK)
        return err;
    h.at = p->bytes.len;
    kai_buf_add(&p->bytes, e->hdr.p, e->hdr.n);
    kai_buf_add(&p->bytes, e->sig.p, e->sig.n);
    kai_buf_add(&p->bytes, e->payload.p, e->payload.n);
    kai_buf_add(&p->entries, &h, sizeof h);
    if (p->bytes.err != KAI_OK || p->entries.err != KAI_OK)
        return p->bytes.err != KAI_OK ? p->bytes.err : p->entries.err;
    if (!p->waits)
        kai_indexer_ahead(p->c->indexer, p, e, h.seen_ms);
    return KAI_OK;
}

struct publication {
    struct kai_core *c;
    bool waits;
    bool sent; /* Something that waited. */
    struct kai_hold hold;
    struct kai_net_log log;
    uint64_t from;
    uint64_t to;
};

static void published(void *arg, enum kai_err err)
{
    struct publication *pub = arg;

    if (err == KAI_OK && !pub->waits)
        kai_net_on_published(pub->c->net, &pub->log, pub->from, pub->to, kai_now_ms());
    if (err == KAI_OK && (pub->waits || pub->sent))
        kai_hold_now(pub->c, &pub->hold);
    free(pub);
}

/* While this was made somebody may have been removed: then nothing may appear under the old key
 * but what anyone may read. */
static bool may_still(const struct kai_post *p)
{
    const struct kai_keyring *ring = p->c->ring;

    return p->how == KAI_POST_CLEAR && p->n_sent == 0
               ? kai_keyring_may_clear(ring, p->aud_id, p->own->w.kid)
               : kai_keyring_may_write(ring, p->aud_id, p->own->w.kid);
}

/* All of it in one transaction with what makes it visible: what waited is sent once, or waits on.
 */
static enum kai_err finish(struct kai_post *p, struct publication *pub)
{
    enum kai_err err = stage_group(p);

    if (err == KAI_OK && p->waits) {
        pub->hold.n += p->own->w.seq + 1 - pub->hold.next;
        pub->hold.next = p->own->w.seq + 1;
        pub->hold.bytes += p->hold_bytes;
        return kai_hold_keep(p->c->tx, &pub->hold);
    }
    if (err == KAI_OK)
        err = kai_tx_advance(p->c->tx, p->own->w.log_pk, p->own->w.seq);
    for (size_t i = 0; i < p->n_sent && err == KAI_OK; i++)
        err = kai_hold_sent(p->c->tx, &pub->hold, p->sent[i].seq, p->sent[i].row_bytes);
    if (err == KAI_OK && p->n_sent > 0)
        err = kai_hold_keep(p->c->tx, &pub->hold);
    return err;
}

static enum kai_err job_commit(struct kai_core *c, void *arg)
{
    struct kai_post *p = arg;

    if (!p->waits && !may_still(p))
        return kai_why_set(p->why, KAI_EAGAIN, "audience.no-clean-epoch", p->name, NULL, NULL);
    if (!p->waits &&
        p->own->retired != c->retired) /* Given up meanwhile: a peer holds more of it. */
        return kai_why_set(p->why, KAI_EAGAIN, "publish.log-over", NULL, NULL, NULL);
    struct publication *pub = malloc(sizeof *pub);
    if (pub == NULL)
        return KAI_ENOMEM;
    *pub = (struct publication){.c = c,
                                .waits = p->waits,
                                .sent = p->n_sent > 0,
                                .hold = p->hold,
                                .log = p->own->log,
                                .from = p->first,
                                .to = p->own->w.seq};
    enum kai_err err = finish(p, pub);
    if (err != KAI_OK) {
        free(pub);
        return err;
    }
    pub->log.head_seq = pub->hold.sent_seq = p->own->w.seq;
    pub->log.head_ts = p->own->w.ts;
    memcpy(pub->log.head, p->own->w.prev, KAI_ID_BYTES);
    memcpy(pub->hold.sent_log, p->own->w.log_pk, KAI_KEY_BYTES);
    if (p->waits)
        pub->hold.sent_seq = 0;
    kai_core_after(c, published, pub);
    return KAI_OK;
}

enum kai_err kai_post_commit(struct kai_post *p, uint64_t *last, uint64_t *n)
{
    *last = p->own->w.seq;
    *n = p->own->w.seq + 1 - p->first;
    if (*n == 0)
        return KAI_OK;
    enum kai_err err = stage(p, true);
    if (err == KAI_OK)
        err = full(p, kai_core_run(p->c, job_commit, p));
    p->committed = err == KAI_OK;
    return err;
}

static enum kai_err job_unstage(struct kai_core *c, void *arg)
{
    struct kai_post *p = arg;
    struct kai_tx *tx = kai_core_tx(c);

    if (tx == NULL)
        return c->tx_err;
    return p->waits ? kai_hold_drop(tx, &p->hold, p->own->w.seq)
                    : kai_tx_unstage(tx, p->own->w.log_pk);
}

void kai_post_end(struct kai_post *p)
{
    if (p == NULL)
        return;
    if (p->staged && !p->committed)
        kai_ignore(kai_core_run(p->c, job_unstage, p)); /* Else who writes next, or a start. */
    kai_indexer_ahead_end(p->c->indexer, p);
    kai_own_free(p->own);
    kai_packer_free(p->packer);
    kai_buf_free(&p->bytes);
    kai_buf_free(&p->entries);
    free(p->sent);
    free(p);
}

/* What is RED never waits outside its own entry, and letters have a key of their writer's. */
static bool may_wait(const struct kai_core *c, const struct kai_post *p)
{
    const struct kai_audience *a = kai_roster_audience(kai_net_roster(c->net), p->aud_id);

    return p->how != KAI_POST_NOW && a != NULL && a->rec.kind != KAI_AUD_PERSONS;
}

/* CLEAR goes under what there is. Where there is no epoch to write under we may have to mint one
 * for our own logs: of a mailbox at once, of another audience when its stewards stay away; until
 * then it waits. */
static enum kai_err write_epoch(struct kai_core *c, struct kai_post *p, struct kai_epoch *epoch)
{
    struct kai_duty d = {0};
    enum kai_err err = p->how == KAI_POST_CLEAR
                           ? kai_keyring_clear_epoch(c->ring, p->aud_id, epoch)
                           : kai_keyring_write_epoch(c->ring, p->aud_id, epoch);

    if (err != KAI_ENOTFOUND && err != KAI_EAGAIN)
        return err;
    enum kai_err want = kai_keyring_want(c->ring, p->aud_id, kai_wall_ms(), &d);
    if (want == KAI_OK) {
        want = kai_steward_do(c, &d);
        free(d.members);
        return want == KAI_OK ? kai_keyring_write_epoch(c->ring, p->aud_id, epoch) : want;
    }
    p->waits = want == KAI_EAGAIN && may_wait(c, p);
    return want == KAI_ENOMEM ? want : err;
}

static enum kai_err job_begin(struct kai_core *c, void *arg)
{
    struct kai_post *p = arg;
    struct kai_epoch epoch;
    enum kai_err err = write_epoch(c, p, &epoch);

    (void)kai_hold_get(c, p->aud_id, &p->hold);
    kai_copy_text(p->name, sizeof p->name, kai_keyring_name(c->ring, p->aud_id));
    if (p->waits)
        return kai_hold_open(c, &p->hold, &p->own);
    if (err == KAI_ENOTFOUND)
        return kai_why_set(p->why, err, "audience.no-key", p->name, NULL, NULL);
    if (err == KAI_EAGAIN)
        return kai_why_set(p->why, err, "audience.no-clean-epoch", p->name, NULL, NULL);
    p->sends =
        err == KAI_OK && p->hold.n > 0 && kai_keyring_may_write(c->ring, p->aud_id, epoch.commit);
    if (err == KAI_OK)
        err = kai_ownlog_open(c, p->aud_id, KAI_LOG_DATA, &epoch, &p->own, p->why);
    sodium_memzero(&epoch, sizeof epoch);
    return err;
}

static enum kai_err append_body(struct kai_post *p, struct kai_view body)
{
    struct kai_buf out;
    struct kai_entry e;

    kai_buf_init(&out, KAI_FRAME_BYTES_MAX);
    enum kai_err err =
        kai_log_append(&p->own->w, p->packer, &out, &e, body, kai_body_ttl(body, p->c->expire_s),
                       kai_wall_ms(), kai_random, NULL);
    if (err == KAI_OK)
        err = kai_post_entry(p, &e);
    kai_buf_free(&out);
    return err;
}

enum kai_err kai_post_append(struct kai_post *p, const struct kai_view *items, size_t n)
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        kai_buf_add(&body, items[i].p, items[i].n);
    kai_body_end(&body);
    enum kai_err err = body.err;
    if (err == KAI_OK)
        err = append_body(p, kai_buf_view(&body));
    kai_buf_free(&body);
    return err;
}

/* ---- What waited goes first. */
static enum kai_err send_one(void *ctx, uint64_t seq, size_t row_bytes, struct kai_view body)
{
    struct kai_post *p = ctx;
    const char *code;
    enum kai_err err = kai_hold_judge(p->c, p->aud_id, body, &code);

    if (err != KAI_OK)
        return err;
    if (code != NULL) { /* It waits on, and whoever looks is told. */
        kai_core_alarm(p->c, "audience.held-forbidden", p->name);
        return KAI_OK;
    }
    p->sent[p->n_sent++] = (struct sent){.seq = seq, .row_bytes = row_bytes};
    return append_body(p, body);
}

static enum kai_err send_held(struct kai_post *p)
{
    if (!p->sends)
        return KAI_OK;
    p->sent = calloc(p->hold.n, sizeof *p->sent);
    return p->sent == NULL ? KAI_ENOMEM : kai_hold_each(p->c, &p->hold, send_one, p);
}

enum kai_err kai_post_begin(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                            enum kai_post_how how, struct kai_post **out, struct kai_why *why)
{
    struct kai_post *p = calloc(1, sizeof *p);
    enum kai_err err = p == NULL ? KAI_ENOMEM : KAI_OK;

    *out = NULL;
    if (err != KAI_OK)
        return err;
    p->c = c;
    p->why = why;
    p->how = how;
    memcpy(p->aud_id, aud_id, KAI_ID_BYTES);
    kai_buf_init(&p->bytes, 2 * KAI_SEALED_BYTES_MAX);
    kai_buf_init(&p->entries, 2 * KAI_SEALED_BYTES_MAX);
    err = kai_packer_new(&p->packer);
    if (err == KAI_OK)
        err = full(p, kai_core_run(c, job_begin, p));
    if (err == KAI_OK) {
        p->first = p->own->w.seq + 1;
        if (p->own->bind_due) {
            struct kai_view bind = kai_buf_view(&p->own->bind);

            err = kai_post_append(p, &bind, 1);
        }
    }
    if (err == KAI_OK)
        err = send_held(p);
    if (err != KAI_OK) {
        kai_post_end(p);
        return err;
    }
    *out = p;
    return KAI_OK;
}

void kai_post_ask(struct kai_post *p, kai_post_good_fn *good, void *ctx)
{
    p->good = good;
    p->good_ctx = ctx;
}

struct kai_log_writer *kai_post_writer(struct kai_post *p)
{
    return &p->own->w;
}

uint64_t kai_post_before(const struct kai_post *p)
{
    return p->first - 1;
}

bool kai_post_waits(const struct kai_post *p)
{
    return p->waits;
}

const uint8_t *kai_post_log(const struct kai_post *p)
{
    return p->own->w.log_pk;
}

enum kai_err kai_post_items(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                            enum kai_post_how how, const struct kai_view *items, size_t n,
                            struct kai_why *why)
{
    struct kai_post *p = NULL;
    uint64_t last;
    uint64_t entries;
    enum kai_err err = kai_post_lock(c, aud_id);

    if (err != KAI_OK)
        return err;
    err = kai_post_begin(c, aud_id, how, &p, why);
    if (err == KAI_OK && n > 0)
        err = kai_post_append(p, items, n);
    if (err == KAI_OK)
        err = kai_post_commit(p, &last, &entries);
    kai_post_end(p);
    kai_post_unlock(c, aud_id);
    return err;
}
