/* publish: from a file in memory to entries of our own log.
 *
 * Two threads: one judges object after object (publish_judge.c), the other writes what was judged
 * good, packs and seals it behind the head of our log, where nobody sees it. Only when the whole
 * file was judged it is made visible, or taken back. */
#include "node/publish_priv.h"

#include <stdlib.h>
#include <string.h>

#include "item/import.h"
#include "log/acts.h"
#include "node/held.h"
#include "node/indexer.h"
#include "node/shown.h"
#include "node/warnlists.h"

/* ---- Writing: all of it on the second thread. */
static unsigned label_slot(struct kai_label l)
{
    return ((unsigned)(l.tlp - 1) * 5 + l.pap) * 2 + l.exercise;
}

static enum kai_err emit(void *ctx, const struct kai_entry *e, size_t n_items)
{
    struct kai_publish_run *r = ctx;

    (void)n_items;
    r->sum.entries++;
    return kai_post_entry(r->post, e);
}

/* Of a contribution: the addressee is told which batch it is. */
static void on_obj(void *ctx, struct kai_view obj)
{
    struct kai_publish_run *r = ctx;
    uint8_t hash[KAI_ID_BYTES];

    kai_obj_hash(hash, obj);
    if (r->p->through != NULL)
        kai_buf_add(&r->letters, hash, sizeof hash);
}

static enum kai_err batch_for(struct kai_publish_run *r, struct kai_label l, struct kai_batch **out)
{
    struct kai_batch **slot = &r->batches[label_slot(l)];

    if (*slot == NULL) {
        struct kai_batch_options opt = {
            .obj = r->obj,
            .node_sk = r->c->self.sign_sk,
            .now_ms = kai_wall_ms(),
            .ttl_s = r->c->expire_s,
            .items_max = KAI_BATCH_ITEMS_MAX,
            .random = kai_random,
            .emit = emit,
            .emit_ctx = r,
            .signed_obj = on_obj,
        };

        opt.obj.tlp = l.tlp;
        opt.obj.pap = l.pap;
        opt.obj.exercise = l.exercise;
        enum kai_err err = kai_batch_new(slot, kai_post_writer(r->post), &opt);
        if (err != KAI_OK)
            return err;
    }
    *out = *slot;
    return KAI_OK;
}

static enum kai_err write_item(void *ctx, const struct kai_candidate *cand)
{
    struct kai_publish_run *r = ctx;
    struct kai_batch *b;

    if (kai_ixsnap_has(r->index, cand->id, r->c->self.org_id, r->aud->id, cand->label.tlp) ||
        kai_hold_items_have(&r->waiting, cand->id, cand->label.tlp)) {
        r->sum.skipped += cand->n;
        return KAI_OK;
    }
    r->sum.accepted += cand->n;
    if (cand->kind == KAI_CONTENT_STIX)
        kai_publish_theirs(r, cand->id);
    if (r->p->dry_run)
        return r->p->extract ? r->p->take(r->p->ctx, cand->content) : KAI_OK;
    enum kai_err err = batch_for(r, cand->label, &b);
    return err == KAI_OK ? kai_batch_add_as(b, cand->kind, cand->content, cand->id) : err;
}

/* What is picked, as it comes; where that became too much, all of it from the file once more. */
static enum kai_err write_items(struct kai_publish_run *r)
{
    if (kai_picked_is_over(&r->picked))
        return kai_picked_end(&r->picked) ? kai_publish_again(r, write_item) : KAI_OK;
    return kai_picked_each(&r->picked, write_item, r);
}

static enum kai_err flush(struct kai_publish_run *r)
{
    enum kai_err err = KAI_OK;

    for (size_t i = 0; err == KAI_OK && i < KAI_PUBLISH_LABELS; i++)
        if (r->batches[i] != NULL)
            err = kai_batch_flush(r->batches[i]);
    return err;
}

static enum kai_err tell_wish(struct kai_publish_run *r)
{
    struct kai_buf item;
    enum kai_err err = r->letters.err;

    kai_buf_init(&item, KAI_PAYLOAD_BYTES_MAX);
    for (size_t at = 0; err == KAI_OK && at < r->letters.len; at += KAI_ID_BYTES) {
        struct kai_contribution con = {.wish = ""};

        memcpy(con.obj_hash, r->letters.p + at, KAI_ID_BYTES);
        kai_copy_text(con.wish, sizeof con.wish, r->p->wish != NULL ? r->p->wish : "");
        kai_buf_clear(&item);
        kai_contribution_write(&item, &con);
        struct kai_view v = kai_buf_view(&item);
        err = item.err != KAI_OK ? item.err : kai_post_append(r->post, &v, 1);
    }
    kai_buf_free(&item);
    return err;
}

/* Who holds it; where nothing was new, who holds what this file says already. What waits for a key
 * is held by nobody until it has gone out. */
static void wait_for_holders(struct kai_publish_run *r)
{
    uint64_t deadline = kai_now_ms() + r->p->timeout_ms;

    if (r->last == 0)
        return;
    if (r->waits && (r->p->wait == 0 ||
                     !kai_hold_wait(r->c, r->aud->id, r->last, deadline, r->log_pk, &r->last)))
        return;
    if (r->p->wait > 0)
        r->out->held_by = kai_held_wait(r->c, r->log_pk, r->last, r->p->wait, deadline);
    else
        r->out->held_by = kai_held_count(r->c, r->log_pk, r->last);
}

/* What is known already is skipped: what the index has, and what waits for a key. */
static enum kai_err know(struct kai_publish_run *r)
{
    struct kai_hold h;
    enum kai_err err = kai_indexer_settle(r->c->indexer);

    if (err == KAI_OK && kai_hold_get(r->c, r->aud->id, &h))
        err = kai_hold_items(r->c, &h, &r->waiting);
    if (err == KAI_OK)
        err = kai_ixsnap_begin(r->c->index, KAI_TLP_RED, &r->index);
    return err;
}

static enum kai_err finish(struct kai_publish_run *r)
{
    enum kai_err err = flush(r);
    uint64_t n;

    if (err == KAI_OK)
        err = tell_wish(r);
    if (err == KAI_OK && r->sum.entries > 0)
        err = kai_post_commit(r->post, &r->last, &n);
    else if (err == KAI_OK && r->post != NULL)
        r->last = kai_post_waits(r->post) ? 0 : kai_post_before(r->post);
    if (err == KAI_OK && r->post != NULL) {
        r->waits = kai_post_waits(r->post);
        memcpy(r->log_pk, kai_post_log(r->post), KAI_KEY_BYTES);
        r->sum.unsent = r->waits ? r->sum.entries : 0;
    }
    return err;
}

static bool is_good(void *picked)
{
    return kai_picked_end(picked);
}

/* What waits goes out first: it is not sealed for a file that is refused. */
static enum kai_err write_out(struct kai_publish_run *r, uint8_t highest)
{
    struct kai_hold h;
    enum kai_err err = KAI_OK;

    if (!r->p->dry_run && kai_hold_get(r->c, r->aud->id, &h) && h.n > 0 &&
        !kai_picked_end(&r->picked))
        return KAI_OK;
    if (!r->p->dry_run)
        err = kai_post_begin(r->c, r->aud->id,
                             highest == KAI_TLP_CLEAR ? KAI_POST_CLEAR : KAI_POST_HOLD, &r->post,
                             r->why);
    if (err == KAI_OK && r->post != NULL)
        kai_post_ask(r->post, is_good, &r->picked);
    if (err == KAI_OK)
        err = write_items(r);
    if (err == KAI_OK && kai_picked_end(&r->picked))
        err = finish(r);
    return err;
}

static enum kai_err write_all(struct kai_publish_run *r, uint8_t highest)
{
    uint64_t began = kai_now_ms();
    enum kai_err err = know(r);

    if (err == KAI_OK)
        err = write_out(r, highest);
    kai_ixsnap_end(r->index);
    r->index = NULL;
    kai_hold_items_free(&r->waiting);
    r->sum.durable_ms = kai_now_ms() - began;
    for (size_t i = 0; i < KAI_PUBLISH_LABELS; i++) {
        kai_batch_free(r->batches[i]);
        r->batches[i] = NULL;
    }
    kai_post_end(r->post);
    r->post = NULL;
    return err;
}

static bool is_unclean(const struct kai_publish_run *r)
{
    return r->why->code != NULL && strcmp(r->why->code, "audience.no-clean-epoch") == 0;
}

static void forget(struct kai_publish_run *r)
{
    r->sum = (struct kai_published){0};
    *r->why = (struct kai_why){0};
    kai_buf_clear(&r->letters);
    kai_buf_clear(&r->theirs);
}

/* Once more from the beginning where it became too much to be kept; and where a removal came while
 * it was written: what was begun waits instead. Either may come first, and each comes once. */
static enum kai_err write_again(struct kai_publish_run *r, uint8_t highest)
{
    bool was_over = kai_picked_is_over(&r->picked);
    bool was_unclean = false;
    enum kai_err err = write_all(r, highest);

    while (err == KAI_EAGAIN) {
        bool unclean = is_unclean(r) && !was_unclean;
        bool over = kai_picked_is_over(&r->picked) && !was_over;

        if (!unclean && !over)
            return err;
        was_unclean = was_unclean || unclean;
        was_over = was_over || over;
        if (!kai_picked_end(&r->picked))
            return KAI_OK;
        forget(r);
        err = write_all(r, r->picked.highest);
    }
    return err;
}

static enum kai_err write_locked(struct kai_publish_run *r, uint8_t highest)
{
    enum kai_err err = kai_post_lock(r->c, r->aud->id);

    if (err != KAI_OK)
        return err;
    err = write_again(r, highest);
    kai_post_unlock(r->c, r->aud->id);
    return err;
}

/* Under which key it goes out depends on whether all of it is CLEAR. What is read of it is lent to
 * the indexer until the reader has ended too. */
static void *write_file(void *arg)
{
    struct kai_publish_run *r = arg;
    uint8_t highest;

    if (!kai_picked_begun(&r->picked, r->p->dry_run, &highest))
        return NULL;
    r->given = kai_indexer_readings(r->c->indexer, r->readings);
    r->err = write_locked(r, highest);
    (void)kai_picked_end(&r->picked);
    if (r->given)
        kai_indexer_readings_end(r->c->indexer);
    return NULL;
}

/* ---- Both. */
static enum kai_err judge_and_write(struct kai_publish_run *r)
{
    pthread_t writer;
    bool two = pthread_create(&writer, NULL, write_file, r) == 0;
    enum kai_err err = kai_publish_judge(r);

    kai_picked_close(&r->picked, err == KAI_OK && (r->out->refused == 0 || r->p->skip_bad));
    if (two)
        (void)pthread_join(writer, NULL);
    else
        (void)write_file(r);
    r->out->only_rules = r->out->refused > 0 && !r->any_malformed;
    if (err != KAI_OK || !r->picked.good) {
        *r->why = (struct kai_why){0}; /* What was taken back fails nobody. */
        return err;
    }
    r->out->accepted = r->sum.accepted;
    r->out->skipped = r->sum.skipped;
    r->out->entries = r->sum.entries;
    r->out->durable_ms = r->sum.durable_ms;
    r->out->unsent = r->sum.unsent;
    kai_publish_tell_theirs(r);
    if (r->err == KAI_OK)
        wait_for_holders(r);
    return r->err;
}

enum kai_err kai_publish(struct kai_core *c, const struct kai_publish *p, struct kai_published *out,
                         struct kai_why *why)
{
    struct kai_publish_run r = {.c = c, .p = p, .out = out, .why = why};

    *out = (struct kai_published){.only_rules = false};
    kai_buf_init(&r.letters, KAI_BODY_BYTES_MAX);
    kai_buf_init(&r.theirs, KAI_BODY_BYTES_MAX);
    kai_picked_init(&r.picked);
    r.readings = p->dry_run ? NULL : malloc(sizeof *r.readings); /* NULL: it is parsed twice. */
    if (r.readings != NULL)
        kai_readings_init(r.readings);
    r.o = kai_outlook_get(c);
    enum kai_err err = kai_publish_where(&r);
    if (err == KAI_OK)
        err = kai_warnlists_load(&c->home, &r.warn, why);
    if (err == KAI_OK)
        err = judge_and_write(&r);
    kai_outlook_put(r.o);
    kai_warn_free(r.warn);
    kai_picked_free(&r.picked);
    if (r.readings != NULL && !r.given) {
        kai_readings_free(r.readings);
        free(r.readings);
    }
    kai_buf_free(&r.letters);
    kai_buf_free(&r.theirs);
    return err;
}
