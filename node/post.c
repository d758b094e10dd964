/* post: writing to an own data log. */
#include "node/post.h"

#include <stdlib.h>
#include <string.h>

#include "log/payload.h"
#include "node/steward.h"

#define GROUP_BYTES_MAX   (4u << 20) /* Staged in one transaction. */
#define GROUP_ENTRIES_MAX 512u

struct kai_busy {
    uint8_t aud_id[KAI_ID_BYTES];
};

static bool is_busy(const struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES])
{
    for (size_t i = 0; i < c->n_busy; i++)
        if (memcmp(c->busy[i].aud_id, aud_id, KAI_ID_BYTES) == 0)
            return true;
    return false;
}

enum kai_err kai_post_lock(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES])
{
    enum kai_err err = KAI_OK;

    (void)pthread_mutex_lock(&c->mu);
    while (is_busy(c, aud_id))
        (void)pthread_cond_wait(&c->busy_cond, &c->mu);
    struct kai_busy *grown = realloc(c->busy, (c->n_busy + 1) * sizeof *grown);
    if (grown == NULL) {
        err = KAI_ENOMEM;
    } else {
        c->busy = grown;
        memcpy(c->busy[c->n_busy++].aud_id, aud_id, KAI_ID_BYTES);
    }
    (void)pthread_mutex_unlock(&c->mu);
    return err;
}

void kai_post_unlock(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES])
{
    (void)pthread_mutex_lock(&c->mu);
    for (size_t i = 0; i < c->n_busy; i++) {
        if (memcmp(c->busy[i].aud_id, aud_id, KAI_ID_BYTES) == 0) {
            c->busy[i] = c->busy[--c->n_busy];
            break;
        }
    }
    (void)pthread_cond_broadcast(&c->busy_cond);
    (void)pthread_mutex_unlock(&c->mu);
}

struct held_entry {
    struct kai_entry e; /* Views are offsets into the group's bytes until it is staged. */
    size_t at;
};

struct kai_post {
    struct kai_core *c;
    struct kai_own *own;
    struct kai_packer *packer;
    uint8_t aud_id[KAI_ID_BYTES];
    uint64_t first; /* Seq of the first entry of this request. */
    bool clear;     /* Nothing but CLEAR is written. */
    bool committed;
    bool staged;
    size_t n; /* Waiting to be staged. */
    struct held_entry entries[GROUP_ENTRIES_MAX];
    struct kai_buf bytes;
    struct kai_why *why;
};

static void resolve(struct kai_post *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct kai_entry *e = &p->entries[i].e;
        const uint8_t *at = p->bytes.p + p->entries[i].at;

        e->hdr.p = at;
        e->sig.p = at + e->hdr.n;
        e->payload.p = at + e->hdr.n + e->sig.n;
    }
}

static enum kai_err stage_group(struct kai_post *p)
{
    struct kai_tx *tx = kai_core_tx(p->c);
    enum kai_err err = tx == NULL ? p->c->tx_err : KAI_OK;

    resolve(p);
    for (size_t i = 0; err == KAI_OK && i < p->n; i++)
        err = kai_tx_stage(tx, &p->entries[i].e, kai_wall_ms());
    p->n = 0;
    p->bytes.len = 0;
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

enum kai_err kai_post_entry(struct kai_post *p, const struct kai_entry *e)
{
    size_t size = e->hdr.n + e->sig.n + e->payload.n;

    if (p->n == GROUP_ENTRIES_MAX || p->bytes.len + size > GROUP_BYTES_MAX) {
        enum kai_err err = full(p, kai_core_run(p->c, job_stage, p));

        if (err != KAI_OK)
            return err;
    }
    struct held_entry *h = &p->entries[p->n];
    h->e = *e;
    h->at = p->bytes.len;
    kai_buf_add(&p->bytes, e->hdr.p, e->hdr.n);
    kai_buf_add(&p->bytes, e->sig.p, e->sig.n);
    kai_buf_add(&p->bytes, e->payload.p, e->payload.n);
    if (p->bytes.err != KAI_OK)
        return p->bytes.err;
    p->n++;
    return KAI_OK;
}

struct publication {
    struct kai_core *c;
    struct kai_net_log log;
    uint64_t from;
    uint64_t to;
};

static void published(void *arg, enum kai_err err)
{
    struct publication *pub = arg;

    if (err == KAI_OK)
        kai_net_on_published(pub->c->net, &pub->log, pub->from, pub->to, kai_now_ms());
    free(pub);
}

static enum kai_err job_commit(struct kai_core *c, void *arg)
{
    struct kai_post *p = arg;

    /* While this was made somebody may have been removed: then nothing may appear under the old
     * key but what anyone may read. */
    bool may = p->clear ? kai_keyring_may_clear(c->ring, p->aud_id, p->own->w.kid)
                        : kai_keyring_may_write(c->ring, p->aud_id, p->own->w.kid);
    if (!may)
        return kai_why_set(p->why, KAI_EAGAIN, "audience.no-clean-epoch",
                           kai_keyring_name(c->ring, p->aud_id), NULL, NULL);
    if (p->own->retired != c->retired) /* Given up meanwhile: a peer holds more of it. */
        return kai_why_set(p->why, KAI_EAGAIN, "publish.log-over", NULL, NULL, NULL);
    struct publication *pub = malloc(sizeof *pub);
    enum kai_err err = pub == NULL ? KAI_ENOMEM : stage_group(p);

    if (err == KAI_OK)
        err = kai_tx_advance(c->tx, p->own->w.log_pk, p->own->w.seq);
    if (err != KAI_OK) {
        free(pub);
        return err;
    }
    *pub = (struct publication){.c = c, .log = p->own->log, .from = p->first, .to = p->own->w.seq};
    pub->log.head_seq = p->own->w.seq;
    pub->log.head_ts = p->own->w.ts;
    memcpy(pub->log.head, p->own->w.prev, KAI_ID_BYTES);
    kai_core_after(c, published, pub);
    return KAI_OK;
}

enum kai_err kai_post_commit(struct kai_post *p, uint64_t *last, uint64_t *n)
{
    *last = p->own->w.seq;
    *n = p->own->w.seq + 1 - p->first;
    if (*n == 0)
        return KAI_OK;
    enum kai_err err = full(p, kai_core_run(p->c, job_commit, p));
    p->committed = err == KAI_OK;
    return err;
}

static enum kai_err job_unstage(struct kai_core *c, void *arg)
{
    struct kai_post *p = arg;
    struct kai_tx *tx = kai_core_tx(c);

    return tx == NULL ? c->tx_err : kai_tx_unstage(tx, p->own->w.log_pk);
}

void kai_post_end(struct kai_post *p)
{
    if (p == NULL)
        return;
    if (p->staged && !p->committed)
        kai_ignore(kai_core_run(p->c, job_unstage, p)); /* Else the next start does it. */
    kai_own_free(p->own);
    kai_packer_free(p->packer);
    kai_buf_free(&p->bytes);
    free(p);
}

/* CLEAR goes under what there is. Where there is no epoch to write under we may have to mint one
 * for our own logs: of a mailbox at once, of another audience when its stewards stay away. */
static enum kai_err write_epoch(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                                bool clear, struct kai_epoch *epoch)
{
    struct kai_duty d = {0};
    enum kai_err err = clear ? kai_keyring_clear_epoch(c->ring, aud_id, epoch)
                             : kai_keyring_write_epoch(c->ring, aud_id, epoch);

    if (err != KAI_ENOTFOUND && err != KAI_EAGAIN)
        return err;
    enum kai_err want = kai_keyring_want(c->ring, aud_id, kai_wall_ms(), &d);
    if (want == KAI_OK) {
        want = kai_steward_do(c, &d);
        free(d.members);
        return want == KAI_OK ? kai_keyring_write_epoch(c->ring, aud_id, epoch) : want;
    }
    return want == KAI_ENOMEM ? want : err;
}

static enum kai_err job_begin(struct kai_core *c, void *arg)
{
    struct kai_post *p = arg;
    struct kai_epoch epoch;
    enum kai_err err = write_epoch(c, p->aud_id, p->clear, &epoch);

    if (err == KAI_ENOTFOUND)
        return kai_why_set(p->why, err, "audience.no-key", kai_keyring_name(c->ring, p->aud_id),
                           NULL, NULL);
    if (err == KAI_EAGAIN)
        return kai_why_set(p->why, err, "audience.no-clean-epoch",
                           kai_keyring_name(c->ring, p->aud_id), NULL, NULL);
    if (err == KAI_OK)
        err = kai_ownlog_open(c, p->aud_id, KAI_LOG_DATA, &epoch, &p->own, p->why);
    sodium_memzero(&epoch, sizeof epoch);
    return err;
}

enum kai_err kai_post_append(struct kai_post *p, const struct kai_view *items, size_t n)
{
    struct kai_buf body;
    struct kai_buf out;
    struct kai_entry e;

    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&out, KAI_FRAME_BYTES_MAX);
    kai_body_begin(&body, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        kai_buf_add(&body, items[i].p, items[i].n);
    kai_body_end(&body);
    enum kai_err err = body.err;
    if (err == KAI_OK)
        err = kai_log_append(&p->own->w, p->packer, &out, &e, kai_buf_view(&body), 0, kai_wall_ms(),
                             kai_random, NULL);
    if (err == KAI_OK)
        err = kai_post_entry(p, &e);
    kai_buf_free(&body);
    kai_buf_free(&out);
    return err;
}

static enum kai_err begin(struct kai_core *c, const uint8_t *aud_id, bool clear,
                          struct kai_post **out, struct kai_why *why)
{
    struct kai_post *p = calloc(1, sizeof *p);
    enum kai_err err = p == NULL ? KAI_ENOMEM : KAI_OK;

    *out = NULL;
    if (err != KAI_OK)
        return err;
    p->c = c;
    p->why = why;
    p->clear = clear;
    memcpy(p->aud_id, aud_id, KAI_ID_BYTES);
    kai_buf_init(&p->bytes, 2 * GROUP_BYTES_MAX);
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
    if (err != KAI_OK) {
        kai_post_end(p);
        return err;
    }
    *out = p;
    return KAI_OK;
}

enum kai_err kai_post_begin(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                            struct kai_post **out, struct kai_why *why)
{
    return begin(c, aud_id, false, out, why);
}

enum kai_err kai_post_begin_clear(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                                  struct kai_post **out, struct kai_why *why)
{
    return begin(c, aud_id, true, out, why);
}

struct kai_log_writer *kai_post_writer(struct kai_post *p)
{
    return &p->own->w;
}

uint64_t kai_post_before(const struct kai_post *p)
{
    return p->first - 1;
}

const uint8_t *kai_post_log(const struct kai_post *p)
{
    return p->own->w.log_pk;
}

enum kai_err kai_post_items(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                            const struct kai_view *items, size_t n, struct kai_why *why)
{
    struct kai_post *p = NULL;
    uint64_t last;
    uint64_t entries;
    enum kai_err err = kai_post_lock(c, aud_id);

    if (err != KAI_OK)
        return err;
    err = kai_post_begin(c, aud_id, &p, why);
    if (err == KAI_OK)
        err = kai_post_append(p, items, n);
    if (err == KAI_OK)
        err = kai_post_commit(p, &last, &entries);
    kai_post_end(p);
    kai_post_unlock(c, aud_id);
    return err;
}
