/* publish: from a file in memory to entries of our own log. */
#include "node/publish_priv.h"

#include <stdlib.h>
#include <string.h>

#include "item/import.h"
#include "item/list.h"
#include "log/acts.h"
#include "node/held.h"
#include "node/indexer.h"
#include "node/post.h"
#include "node/shown.h"
#include "node/warnlists.h"
#include "policy/policy.h"

/* ---- First pass: judge. */
static void refuse(struct kai_publish_run *r, const struct kai_why *why, const char *id, bool rule)
{
    r->out->refused++;
    if (!rule)
        r->any_malformed = true;
    if (r->out->refused <= r->p->refusals_max && r->p->refuse != NULL)
        r->p->refuse(r->p->ctx, why, id);
}

static bool allowed(struct kai_publish_run *r, const struct kai_candidate *cand, bool tell)
{
    const struct kai_aud_name *about;
    const char *code = kai_publish_verdict(r, cand->label.tlp, &about);
    const char *id = cand->info != NULL ? cand->info->id : "";
    struct kai_why why = {0};

    if (code == NULL)
        return true;
    if (tell) {
        kai_why_at(&why, cand->line, cand->path[0] != '\0' ? "%s: %s" : "%s", r->p->name,
                   cand->path);
        const struct kai_audience *rec = kai_roster_audience(r->o->roster, about->id);
        uint64_t ceiling = rec == NULL ? r->ceiling : rec->rec.label_max;
        (void)kai_why_set(&why, KAI_EDENIED, code, kai_tlp_name(cand->label.tlp), about->name,
                          kai_tlp_name((uint8_t)ceiling));
        refuse(r, &why, id, true);
    }
    return false;
}

/* ---- Warninglists. */
struct listed {
    struct kai_publish_run *r;
    const struct kai_candidate *cand;
    bool blocked;
};

static bool on_listed(void *ctx, const struct kai_why *why)
{
    struct listed *l = ctx;
    struct kai_publish_run *r = l->r;
    const char *id = l->cand->info != NULL ? l->cand->info->id : "";

    l->blocked = r->c->warn_block;
    if (r->publishing)
        return !l->blocked;
    if (l->blocked) {
        refuse(r, why, id, false);
    } else if (++r->out->warned <= r->p->refusals_max && r->p->warn != NULL) {
        r->p->warn(r->p->ctx, why, id);
    }
    return true;
}

/* Whether the configuration keeps it here; each value on a list is told. */
static enum kai_err check_lists(struct kai_publish_run *r, const struct kai_candidate *cand,
                                bool *blocked)
{
    struct listed l = {.r = r, .cand = cand};
    enum kai_err err = kai_warnlists_ask(r->warn, r->p->name, cand, on_listed, &l);

    *blocked = l.blocked;
    return err;
}

/* ---- Second pass: publish. */
static unsigned label_slot(struct kai_label l)
{
    return ((unsigned)(l.tlp - 1) * 5 + l.pap) * 2 + l.exercise;
}

static enum kai_err emit(void *ctx, const struct kai_entry *e, size_t n_items)
{
    struct kai_publish_run *r = ctx;

    (void)n_items;
    r->out->entries++;
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

static enum kai_err on_item(void *ctx, const struct kai_candidate *cand)
{
    struct kai_publish_run *r = ctx;
    uint8_t id[KAI_ID_BYTES];
    struct kai_batch *b;
    bool blocked = false;

    if (!allowed(r, cand, !r->publishing))
        return KAI_OK;
    if (r->warn != NULL && (!r->publishing || r->c->warn_block)) {
        enum kai_err bad = check_lists(r, cand, &blocked);

        if (bad != KAI_OK || blocked)
            return bad;
    }
    if (!r->publishing) {
        r->highest = cand->label.tlp > r->highest ? cand->label.tlp : r->highest;
        kai_picked_add(&r->picked, cand);
        return KAI_OK;
    }
    if (cand->label.tlp > r->highest)
        return KAI_EAGAIN; /* The file has changed meanwhile. */
    kai_item_id(id, cand->kind, cand->content);
    if (kai_ixsnap_has(r->index, id, r->c->self.org_id, r->aud->id, cand->label.tlp) ||
        kai_hold_items_have(&r->waiting, id, cand->label.tlp)) {
        r->out->skipped += cand->n;
        return KAI_OK;
    }
    r->out->accepted += cand->n;
    if (cand->kind == KAI_CONTENT_STIX)
        kai_publish_theirs(r, id);
    if (r->p->dry_run)
        return r->p->extract ? r->p->take(r->p->ctx, cand->content) : KAI_OK;
    enum kai_err err = batch_for(r, cand->label, &b);
    return err == KAI_OK ? kai_batch_add(b, cand->kind, cand->content) : err;
}

static enum kai_err on_refuse(void *ctx, const struct kai_why *why, const char *id)
{
    struct kai_publish_run *r = ctx;

    if (!r->publishing)
        refuse(r, why, id, kai_policy_is_code(why->code));
    return KAI_OK;
}

static void on_note(void *ctx, const struct kai_why *why)
{
    struct kai_publish_run *r = ctx;

    if (!r->publishing && r->p->note != NULL)
        r->p->note(r->p->ctx, why);
}

static enum kai_err scan(struct kai_publish_run *r)
{
    struct kai_import_opts opts = {
        .label = r->p->label, .skip_bad = true, .extract = r->p->extract};
    struct kai_import_sink sink = {.ctx = r, .item = on_item, .refuse = on_refuse, .note = on_note};

    if (r->publishing && !r->picked.over)
        return kai_picked_each(&r->picked, on_item, r);
    return kai_import_scan(r->p->file, r->p->name, &opts, &sink, NULL);
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

static enum kai_err write_out(struct kai_publish_run *r)
{
    uint64_t n = 0;
    enum kai_err err = KAI_OK;

    if (!r->p->dry_run)
        err = kai_post_begin(r->c, r->aud->id,
                             r->highest == KAI_TLP_CLEAR ? KAI_POST_CLEAR : KAI_POST_HOLD, &r->post,
                             r->why);
    r->publishing = true;
    if (err == KAI_OK)
        err = scan(r);
    if (err == KAI_OK)
        err = flush(r);
    if (err == KAI_OK)
        err = tell_wish(r);
    if (err == KAI_OK && r->out->entries > 0)
        err = kai_post_commit(r->post, &r->last, &n);
    else if (err == KAI_OK && r->post != NULL)
        r->last = kai_post_waits(r->post) ? 0 : kai_post_before(r->post);
    if (err == KAI_OK && r->post != NULL) {
        r->waits = kai_post_waits(r->post);
        memcpy(r->log_pk, kai_post_log(r->post), KAI_KEY_BYTES);
        r->out->unsent = r->waits ? r->out->entries : 0;
    }
    return err;
}

static enum kai_err publish_all(struct kai_publish_run *r)
{
    uint64_t began = kai_now_ms();
    enum kai_err err = know(r);

    if (err == KAI_OK)
        err = write_out(r);
    kai_ixsnap_end(r->index);
    r->index = NULL;
    kai_hold_items_free(&r->waiting);
    r->out->durable_ms = kai_now_ms() - began;
    for (size_t i = 0; i < KAI_PUBLISH_LABELS; i++) {
        kai_batch_free(r->batches[i]);
        r->batches[i] = NULL;
    }
    kai_post_end(r->post);
    r->post = NULL;
    return err;
}

/* A removal that came while it was written: what was begun is taken back, and waits instead. */
static enum kai_err publish_locked(struct kai_publish_run *r)
{
    const struct kai_published judged = *r->out;
    enum kai_err err = kai_post_lock(r->c, r->aud->id);

    if (err != KAI_OK)
        return err;
    err = publish_all(r);
    if (err == KAI_EAGAIN && r->why->code != NULL &&
        strcmp(r->why->code, "audience.no-clean-epoch") == 0) {
        *r->out = judged;
        *r->why = (struct kai_why){0};
        kai_buf_clear(&r->letters);
        err = publish_all(r);
    }
    kai_post_unlock(r->c, r->aud->id);
    return err;
}

enum kai_err kai_publish(struct kai_core *c, const struct kai_publish *p, struct kai_published *out,
                         struct kai_why *why)
{
    struct kai_publish_run r = {.c = c, .p = p, .out = out, .why = why};

    *out = (struct kai_published){.only_rules = false};
    kai_buf_init(&r.letters, KAI_BODY_BYTES_MAX);
    kai_picked_init(&r.picked);
    r.o = kai_outlook_get(c);
    enum kai_err err = kai_publish_where(&r);
    if (err == KAI_OK)
        err = kai_warnlists_load(&c->home, &r.warn, why);
    if (err == KAI_OK)
        err = scan(&r);
    out->only_rules = out->refused > 0 && !r.any_malformed;
    if (err == KAI_OK && (out->refused == 0 || p->skip_bad)) {
        err = publish_locked(&r);
        if (err == KAI_OK)
            wait_for_holders(&r);
    }
    kai_outlook_put(r.o);
    kai_warn_free(r.warn);
    kai_picked_free(&r.picked);
    kai_buf_free(&r.letters);
    return err;
}
