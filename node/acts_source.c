/* acts_source: what only the source of an item does: release, recall, withdraw. */
#include <stdlib.h>
#include <string.h>

#include "item/withdraw.h"
#include "node/acts.h"
#include "node/letters.h"
#include "node/post.h"
#include "policy/policy.h"
#include "query/acts.h"

#define PLACES_MAX (KAI_AUDIENCES_PER_OBJ_MAX + KAI_ACT_ROWS_MAX)

enum kai_err kai_act_source(struct kai_core *c, const struct kai_row *row, unsigned what,
                            uint8_t release_tlp, struct kai_why *why)
{
    struct kai_outlook *o = kai_outlook_get(c);
    const struct kai_node *me = kai_roster_node(o->roster, c->self.node_id);
    struct kai_policy_origin_act f = {
        .what = what,
        .tlp = row->tlp,
        .release_tlp = release_tlp,
        .of_origin = memcmp(row->origin, c->self.org_id, KAI_ID_BYTES) == 0,
        .may_publish = me != NULL && me->active && (me->caps & KAI_CAP_PUBLISH) != 0,
    };
    const char *code = kai_policy_origin_act(&f);

    kai_outlook_put(o);
    return code == NULL ? KAI_OK
                        : kai_why_set(why, KAI_EDENIED, code, kai_tlp_name(row->tlp), NULL, NULL);
}

/* ---- Where an act has to be heard: the audiences that the OBJ lists, those into which we brought
 * it by a re-share of our own, and whoever asked. */
struct places {
    struct kai_core *c;
    size_t n;
    uint8_t id[PLACES_MAX][KAI_ID_BYTES];
};

static void place_add(struct places *p, const uint8_t id[static KAI_ID_BYTES])
{
    uint8_t ours[KAI_ID_BYTES];

    kai_mailbox_id(ours, p->c->self.org_id); /* Nobody writes to its own. */
    if (memcmp(id, ours, sizeof ours) == 0 || p->n == PLACES_MAX)
        return;
    for (size_t i = 0; i < p->n; i++) {
        if (memcmp(p->id[i], id, KAI_ID_BYTES) == 0)
            return;
    }
    memcpy(p->id[p->n++], id, KAI_ID_BYTES);
}

static bool place_row(void *ctx, const struct kai_row *row)
{
    struct places *p = ctx;

    if (memcmp(row->origin, p->c->self.org_id, KAI_ID_BYTES) == 0)
        place_add(p, row->aud_id);
    return p->n < PLACES_MAX;
}

static enum kai_err places_of(struct places *p, const struct kai_subject *s, const uint8_t *asker)
{
    struct kai_ixsnap *rows = NULL;
    uint8_t mailbox[KAI_ID_BYTES];
    enum kai_err err = kai_ixsnap_begin(p->c->index, KAI_TLP_RED, &rows);

    for (size_t i = 0; i < s->o.n_auds; i++)
        place_add(p, s->o.aud[i]);
    if (asker != NULL) {
        kai_mailbox_id(mailbox, asker);
        place_add(p, mailbox);
    }
    if (err == KAI_OK)
        err = kai_ixsnap_obj(rows, s->row.obj_hash, place_row, p);
    kai_ixsnap_end(rows);
    return err;
}

/* Into each place that can be written to; the first failure is told where there is none. */
static enum kai_err write_places(struct kai_core *c, const struct places *p, struct kai_view item,
                                 uint64_t *n, struct kai_why *why)
{
    enum kai_err first = KAI_OK;

    *n = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct kai_why one = {0};
        enum kai_err err = kai_post_items(c, p->id[i], KAI_POST_HOLD, &item, 1, &one);

        if (err == KAI_OK)
            ++*n;
        else if (first == KAI_OK) {
            first = err;
            *why = one;
        }
    }
    if (*n == 0)
        return first == KAI_OK ? KAI_ENOTFOUND : first;
    *why = (struct kai_why){0};
    return KAI_OK;
}

enum kai_err kai_act_release(struct kai_core *c, const struct kai_subject *s,
                             const struct kai_act_release *what, uint64_t *n, struct kai_why *why)
{
    struct kai_release r = {.indexes = what->indexes,
                            .has_label = what->tlp != 0,
                            .tlp = what->tlp,
                            .pap = s->o.pap,
                            .exercise = s->o.exercise,
                            .any = what->any,
                            .created = kai_wall_ms()};
    struct places p = {.c = c};
    struct kai_buf item;
    enum kai_err err = kai_act_source(c, &s->row, KAI_POLICY_RELEASE, what->tlp, why);

    if (err == KAI_OK)
        err = places_of(&p, s, what->asker);
    if (err != KAI_OK)
        return err;
    if (!what->any) {
        r.n_auds = 1;
        memcpy(r.aud[0], what->target, KAI_ID_BYTES);
    }
    memcpy(r.obj_hash, s->row.obj_hash, KAI_ID_BYTES);
    memcpy(r.origin_cert, c->self.node_cert, KAI_ID_BYTES);
    kai_buf_init(&item, KAI_PAYLOAD_BYTES_MAX);
    kai_release_write(&item, &r, c->self.sign_sk, c->charter.nid);
    err = item.err;
    if (err == KAI_OK)
        err = write_places(c, &p, kai_buf_view(&item), n, why);
    kai_buf_free(&item);
    return err;
}

enum kai_err kai_act_recall(struct kai_core *c, const struct kai_subject *s, uint64_t reason,
                            const char *text, uint64_t *n, struct kai_why *why)
{
    struct kai_recall r = {.reason = reason, .created = kai_wall_ms()};
    struct places p = {.c = c};
    struct kai_buf item;
    unsigned what = reason == KAI_RECALL_WITHDRAWN ? KAI_POLICY_WITHDRAW : KAI_POLICY_RECALL;
    enum kai_err err = kai_act_source(c, &s->row, what, 0, why);

    if (err == KAI_OK)
        err = places_of(&p, s, NULL);
    if (err != KAI_OK)
        return err;
    kai_subject_indexes(s, &r.indexes);
    kai_copy_text(r.text, sizeof r.text, text != NULL ? text : "");
    memcpy(r.obj_hash, s->row.obj_hash, KAI_ID_BYTES);
    memcpy(r.origin_cert, c->self.node_cert, KAI_ID_BYTES);
    kai_buf_init(&item, KAI_PAYLOAD_BYTES_MAX);
    kai_recall_write(&item, &r, c->self.sign_sk, c->charter.nid);
    err = item.err;
    if (err == KAI_OK)
        err = write_places(c, &p, kai_buf_view(&item), n, why);
    kai_buf_free(&item);
    return err;
}

/* ---- A content of our own as a batch of its own. */
struct posting {
    struct kai_post *post;
    uint8_t *obj_hash;
};

static enum kai_err on_entry(void *ctx, const struct kai_entry *e, size_t n_items)
{
    struct posting *p = ctx;

    (void)n_items;
    return kai_post_entry(p->post, e);
}

static void on_obj(void *ctx, struct kai_view obj)
{
    struct posting *p = ctx;

    kai_obj_hash(p->obj_hash, obj);
}

enum kai_err kai_act_publish(struct kai_core *c, const uint8_t aud_id[static KAI_ID_BYTES],
                             const struct kai_obj *like, uint64_t kind, struct kai_view content,
                             uint8_t obj_hash[static KAI_ID_BYTES], struct kai_why *why)
{
    struct posting p = {.obj_hash = obj_hash};
    struct kai_batch_options opt = {
        .obj = *like,
        .node_sk = c->self.sign_sk,
        .now_ms = kai_wall_ms(),
        .ttl_s = c->expire_s,
        .items_max = KAI_BATCH_ITEMS_MAX,
        .random = kai_random,
        .emit = on_entry,
        .emit_ctx = &p,
        .signed_obj = on_obj,
    };
    struct kai_batch *b = NULL;
    uint64_t last;
    uint64_t n;
    enum kai_err err = kai_post_lock(c, aud_id);

    if (err != KAI_OK)
        return err;
    opt.obj.seal = (struct kai_view){0};
    memcpy(opt.obj.origin_cert, c->self.node_cert, KAI_ID_BYTES);
    err = kai_post_begin(c, aud_id, KAI_POST_HOLD, &p.post, why);
    if (err == KAI_OK)
        err = kai_batch_new(&b, kai_post_writer(p.post), &opt);
    if (err == KAI_OK)
        err = kai_batch_add(b, kind, content);
    if (err == KAI_OK)
        err = kai_batch_flush(b);
    if (err == KAI_OK)
        err = kai_post_commit(p.post, &last, &n);
    kai_batch_free(b);
    kai_post_end(p.post);
    kai_post_unlock(c, aud_id);
    return err;
}

/* ---- Withdraw. */
static bool is_ours(const struct kai_core *c, const struct kai_row *row)
{
    static const uint8_t nobody[KAI_ID_BYTES];

    return memcmp(row->origin, c->self.org_id, KAI_ID_BYTES) == 0 &&
           memcmp(row->via, nobody, sizeof nobody) == 0;
}

/* Where the old version was let go the new one must be able to follow: else whoever passed the item
 * on could not pass on that it is withdrawn. */
struct again {
    struct kai_core *c;
    struct kai_subject *s; /* Of the new version's OBJ. */
    uint64_t index;        /* Of the old version in its own. */
    enum kai_err err;
};

static bool release_again(void *ctx, const struct kai_ix_act *act, struct kai_view item)
{
    struct again *g = ctx;
    struct kai_release r;

    (void)act;
    if (kai_release_parse(&r, item) != KAI_OK || !kai_indexes_have(&r.indexes, g->index))
        return true;
    for (size_t i = 0; g->err == KAI_OK && i < (r.any ? 1 : r.n_auds); i++) {
        struct kai_act_release what = {.any = r.any, .tlp = r.has_label ? r.tlp : 0};
        struct kai_why why = {0};
        uint64_t n;

        memcpy(what.target, r.aud[i], KAI_ID_BYTES);
        g->err = kai_act_release(g->c, g->s, &what, &n, &why);
    }
    return g->err == KAI_OK;
}

/* The new version of one row's object, into the audience that the row stands in. */
static enum kai_err withdraw_row(struct kai_reader *r, const struct kai_row *row, uint64_t now_ms,
                                 struct kai_why *why)
{
    uint8_t hash[KAI_ID_BYTES];
    struct kai_subject s;
    struct kai_view content = {0};
    struct kai_buf next;
    enum kai_err err = kai_subject_load(r, row, false, &s);

    kai_buf_init(&next, KAI_STIX_BYTES_MAX);
    if (err == KAI_OK)
        err = kai_fetch_object(r->fetch, &r->source, row, &content);
    if (err == KAI_OK)
        err = kai_stix_withdraw(&next, content, now_ms, why);
    if (err == KAI_OK)
        err = kai_act_publish(r->c, row->aud_id, &s.o, KAI_CONTENT_STIX, kai_buf_view(&next), hash,
                              why);
    if (err == KAI_OK) {
        struct again g = {.c = r->c, .s = &s, .index = row->obj_index};

        memcpy(s.row.obj_hash, hash, KAI_ID_BYTES);
        err = kai_ixsnap_releases(r->rows, row->obj_hash, row->origin, release_again, &g);
        if (err == KAI_OK)
            err = g.err;
    }
    kai_subject_free(&s);
    kai_buf_free(&next);
    return err;
}

static enum kai_err withdraw_by_recall(struct kai_reader *r, const struct kai_row *row,
                                       const char *text, uint64_t *n, struct kai_why *why)
{
    struct kai_subject s;
    uint64_t places = 0;
    enum kai_err err = kai_subject_load(r, row, false, &s);

    if (err == KAI_OK)
        err = kai_act_recall(r->c, &s, KAI_RECALL_WITHDRAWN, text, &places, why);
    *n += places;
    kai_subject_free(&s);
    return err;
}

enum kai_err kai_act_withdraw(struct kai_core *c, const struct kai_act_rows *rows, const char *text,
                              uint64_t *n, struct kai_why *why)
{
    struct kai_audit_batch none = {0};
    struct kai_reader r;
    uint64_t now = kai_wall_ms(); /* One version, in however many audiences. */
    bool ours = false;
    enum kai_err err = kai_act_source(c, &rows->row[0], KAI_POLICY_WITHDRAW, 0, why);

    *n = 0;
    for (size_t i = 0; i < rows->n; i++)
        ours = ours || is_ours(c, &rows->row[i]);
    for (size_t i = 0; err != KAI_OK && ours && i < rows->n; i++) {
        if (is_ours(c, &rows->row[i])) /* Others have an item of the same name. */
            err = kai_act_source(c, &rows->row[i], KAI_POLICY_WITHDRAW, 0, why);
    }
    if (err == KAI_OK)
        err = kai_reader_init(&r, c, KAI_TLP_RED, &none);
    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(&r);
    for (size_t i = 0; i < rows->n && err == KAI_OK; i++) {
        const struct kai_row *row = &rows->row[i];

        if (!is_ours(c, row))
            continue;
        if (row->kind == KAI_ROW_SEALED || row->kind == KAI_CONTENT_LIST) {
            err = withdraw_by_recall(&r, row, text, n, why);
        } else {
            err = withdraw_row(&r, row, now, why);
            *n += err == KAI_OK;
        }
    }
    kai_reader_free(&r);
    return err;
}
