/* acts_share: passing somebody else's item on. */
#include <stdlib.h>
#include <string.h>

#include "item/label.h"
#include "keys/proof.h"
#include "node/acts.h"
#include "node/indexer.h"
#include "node/post.h"
#include "policy/policy.h"
#include "query/acts.h"

/* ---- Facts. */
struct asking {
    const struct kai_subject *s;
    const uint8_t *target;
    struct kai_policy_reshare f;
    struct kai_buf proof; /* Empty: none is needed. */
};

static bool listed(const struct kai_obj *o, const uint8_t aud_id[static KAI_ID_BYTES])
{
    for (size_t i = 0; i < o->n_auds; i++) {
        if (memcmp(o->aud[i], aud_id, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

/* Where we have it from, and what shows it. */
static enum kai_err facts_from(struct kai_core *c, struct asking *a)
{
    const uint8_t *from = a->s->row.aud_id;
    const struct kai_audience *aud = kai_roster_audience(kai_net_roster(c->net), from);
    uint8_t mailbox[KAI_ID_BYTES];

    a->f.from_listed = listed(&a->s->o, from);
    kai_mailbox_id(mailbox, c->self.org_id);
    if (memcmp(mailbox, from, sizeof mailbox) == 0) {
        a->f.from_kind = KAI_AUD_MAILBOX;
        a->f.from_proven = true;
        return KAI_OK;
    }
    if (aud == NULL)
        return KAI_OK;
    a->f.from_kind = aud->rec.kind;
    a->f.from_proven = aud->rec.kind == KAI_AUD_PUBLIC;
    if (a->f.from_proven || a->f.sharer_is_origin)
        return KAI_OK;
    enum kai_err err = kai_member_proof_make(c->ring, from, &a->proof);
    a->f.from_proven = err == KAI_OK;
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

static enum kai_err job_facts(struct kai_core *c, void *arg)
{
    struct asking *a = arg;
    struct kai_roster *roster = kai_net_roster(c->net);
    const struct kai_node *me = kai_roster_node(roster, c->self.node_id);
    const struct kai_org *us = kai_roster_org(roster, c->self.org_id);
    const struct kai_org *origin = kai_roster_org(roster, a->s->row.origin);
    const struct kai_audience *target = kai_roster_audience(roster, a->target);
    static const uint8_t nobody[KAI_ID_BYTES];

    a->f.tlp = a->s->row.tlp;
    a->f.sharer_is_origin = memcmp(a->s->row.origin, c->self.org_id, KAI_ID_BYTES) == 0;
    a->f.sharer_publishes = me != NULL && me->active && (me->caps & KAI_CAP_PUBLISH) != 0;
    a->f.source_revoked = origin == NULL || !origin->active;
    a->f.held_from_source = memcmp(a->s->row.via, nobody, sizeof nobody) == 0;
    a->f.recalled = (a->s->row.flags & KAI_ROW_RECALLED) != 0;
    if (target != NULL && us != NULL) {
        a->f.target_kind = target->rec.kind;
        a->f.target_ceiling = kai_keyring_ceiling(c->ring, a->target);
        a->f.target_listed = listed(&a->s->o, a->target);
        a->f.target_of_sharer = target->owner == us;
        a->f.target_inside =
            kai_keyring_inside(c->ring, a->target, a->s->row.aud_id) == KAI_INSIDE_YES;
        a->f.sharer_member = target->owner == us || kai_keyring_org_member(c->ring, a->target, us);
    }
    return facts_from(c, a);
}

/* ---- Releases: asked with each, until one lets it through. */
struct releases {
    struct asking *a;
    const char **code;
    struct kai_buf *release;
    bool *released;
    enum kai_err err;
};

static bool try_release(void *ctx, const struct kai_ix_act *act, struct kai_view item)
{
    struct releases *t = ctx;
    struct kai_policy_reshare f = t->a->f;
    struct kai_release r;
    const struct kai_subject *s = t->a->s;

    (void)act;
    if (kai_release_parse(&r, item) != KAI_OK)
        return true;
    for (size_t i = 0; i < s->n; i++) {
        if (!kai_indexes_have(&r.indexes, s->contents[i].index))
            return true;
    }
    f.release_tlp = r.has_label ? r.tlp : f.tlp;
    f.release_lists = s->n > 0 && kai_release_lists(&r, s->contents[0].index, t->a->target);
    if (r.n_auds > 0 && !f.release_lists)
        return true; /* A list is for those in it alone. */
    const char *code = kai_policy_reshare(&f);
    if (code != NULL)
        return true;
    *t->code = NULL;
    *t->released = true;
    kai_buf_clear(t->release);
    kai_buf_add(t->release, item.p, item.n);
    t->err = t->release->err;
    return false;
}

static enum kai_err may_reshare(struct kai_reader *r, struct asking *a, const char **code,
                                struct kai_buf *release, bool *released)
{
    struct releases t = {.a = a, .code = code, .release = release, .released = released};
    enum kai_err err = kai_core_run(r->c, job_facts, a);

    *released = false;
    if (err != KAI_OK)
        return err;
    *code = kai_policy_reshare(&a->f);
    if (*code != NULL)
        err = kai_ixsnap_releases(r->rows, a->s->row.obj_hash, a->s->row.origin, try_release, &t);
    return err == KAI_OK ? t.err : err;
}

enum kai_err kai_act_may_reshare(struct kai_reader *r, const struct kai_subject *s,
                                 const uint8_t target[static KAI_ID_BYTES], const char **code,
                                 struct kai_buf *release, bool *released)
{
    struct asking a = {.s = s, .target = target};

    kai_buf_init(&a.proof, KAI_MEMBER_PROOF_BYTES_MAX);
    enum kai_err err = may_reshare(r, &a, code, release, released);
    kai_buf_free(&a.proof);
    return err;
}

/* ---- What waited for a key. */
struct still {
    struct kai_reshare r;
    struct kai_obj o;
    struct kai_act_rows rows; /* Where it is from. */
};

static bool still_row(void *ctx, const struct kai_row *row)
{
    struct still *t = ctx;

    if (memcmp(row->aud_id, t->r.from_aud, KAI_ID_BYTES) == 0 && (row->flags & KAI_ROW_GONE) == 0)
        t->rows.row[t->rows.n++] = *row;
    return t->rows.n < KAI_ACT_ROWS_MAX;
}

static bool is_of(const struct kai_row *row, const struct kai_content *content)
{
    return row->parts > 1 ? content->kind == KAI_CONTENT_PART : row->obj_index == content->index;
}

/* One content: of the rows that are it, one that may go is enough. */
static enum kai_err still_content(struct kai_reader *r, const struct still *t,
                                  struct kai_content *content, const uint8_t *target,
                                  const char **code)
{
    enum kai_err err = KAI_OK;
    bool released;
    bool may = false;

    *code = "reshare.from";
    for (size_t i = 0; i < t->rows.n && err == KAI_OK && !may; i++) {
        struct kai_subject s = {.row = t->rows.row[i], .o = t->o, .n = 1, .contents = content};
        struct kai_buf release;

        if (!is_of(&s.row, content))
            continue;
        kai_buf_init(&release, KAI_PAYLOAD_BYTES_MAX);
        err = kai_act_may_reshare(r, &s, target, code, &release, &released);
        may = err == KAI_OK && *code == NULL;
        kai_buf_free(&release);
    }
    return err;
}

static enum kai_err still_all(struct kai_reader *r, struct still *t, const uint8_t *target,
                              const char **code)
{
    struct kai_content content;
    uint8_t hash[KAI_ID_BYTES];

    kai_obj_hash(hash, t->r.obj);
    enum kai_err err = kai_ixsnap_obj(r->rows, hash, still_row, t);
    for (uint32_t i = 0; i < t->r.n_contents && err == KAI_OK && *code == NULL; i++) {
        err = kai_content_read(&content, &t->r.contents) == KAI_OK ? KAI_OK : KAI_ECORRUPT;
        if (err == KAI_OK)
            err = still_content(r, t, &content, target, code);
    }
    return err;
}

enum kai_err kai_act_reshare_still(struct kai_core *c, struct kai_view item,
                                   const uint8_t target[static KAI_ID_BYTES], const char **code)
{
    struct kai_audit_batch none = {0}; /* Nobody is shown anything. */
    struct kai_reader r;
    struct still *t = calloc(1, sizeof *t);
    enum kai_err err = t == NULL ? KAI_ENOMEM : KAI_OK;

    *code = NULL;
    if (err == KAI_OK &&
        (kai_reshare_parse(&t->r, item) != KAI_OK || kai_obj_parse(&t->o, t->r.obj) != KAI_OK))
        err = KAI_ECORRUPT;
    if (err == KAI_OK && kai_indexer_settle(c->indexer) != KAI_OK) {
        free(t); /* Without the index nobody knows what was recalled: it waits. */
        *code = "reshare.from";
        return KAI_OK;
    }
    if (err == KAI_OK)
        err = kai_reader_init(&r, c, KAI_TLP_RED, &none);
    if (err == KAI_OK) {
        err = kai_reader_begin(&r);
        if (err == KAI_OK)
            err = still_all(&r, t, target, code);
        kai_reader_free(&r);
    }
    free(t);
    return err;
}

/* ---- Writing. An object in parts goes part by part, each in an entry of its own. */
static enum kai_err write_all(struct kai_core *c, const struct asking *a,
                              const struct kai_buf *release, bool released, uint64_t *entries,
                              struct kai_why *why)
{
    const struct kai_subject *s = a->s;
    struct kai_reshare r = {.obj = kai_buf_view(&s->obj),
                            .sig = kai_view_of(s->sig, sizeof s->sig),
                            .n_releases = released ? 1 : 0};
    struct kai_post *p = NULL;
    struct kai_buf item;
    uint64_t last;
    enum kai_err err = kai_post_lock(c, a->target);

    if (err != KAI_OK)
        return err;
    if (released)
        r.release[0] = kai_buf_view(release);
    if (a->proof.len > 0)
        r.proof = kai_buf_view(&a->proof);
    memcpy(r.from_aud, s->row.aud_id, KAI_ID_BYTES);
    memcpy(r.sharer_cert, c->self.node_cert, KAI_ID_BYTES);
    kai_buf_init(&item, KAI_BODY_BYTES_MAX);
    err = kai_post_begin(c, a->target, KAI_POST_HOLD, &p, why);
    for (size_t i = 0; i < s->n && err == KAI_OK; i++) {
        kai_buf_clear(&item);
        kai_reshare_write(&item, &r, &s->contents[i], 1, c->self.sign_sk, c->charter.nid);
        struct kai_view v = kai_buf_view(&item);
        err = item.err != KAI_OK ? item.err : kai_post_append(p, &v, 1);
    }
    if (err == KAI_OK)
        err = kai_post_commit(p, &last, entries);
    kai_post_end(p);
    kai_post_unlock(c, a->target);
    kai_buf_free(&item);
    return err;
}

/* A row of a sealed batch, or with a label that nobody passes on, needs no content to be refused.
 */
static bool hopeless(const struct kai_row *row)
{
    return row->kind == KAI_ROW_SEALED || row->tlp == KAI_TLP_RED;
}

struct share {
    struct kai_reader *r;
    const uint8_t *target;
    struct kai_act_shared *out;
    const char *code; /* Of the first that may not. */
    uint8_t tlp;
    uint8_t ceiling; /* Of the target. */
    struct kai_why *why;
};

/* One row; *done: it went out, or is there already. */
static enum kai_err share_row(struct share *h, const struct kai_row *row, bool *done)
{
    struct kai_subject s;
    struct kai_buf release;
    struct asking a = {.s = &s, .target = h->target};
    const char *code = NULL;
    bool released = false;

    kai_buf_init(&release, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&a.proof, KAI_MEMBER_PROOF_BYTES_MAX);
    enum kai_err err = kai_subject_load(h->r, row, !hopeless(row), &s);
    if (err == KAI_OK)
        err = may_reshare(h->r, &a, &code, &release, &released);
    if (err == KAI_OK && code != NULL && h->code == NULL) {
        h->code = code;
        h->tlp = row->tlp;
        h->ceiling = (uint8_t)a.f.target_ceiling;
    }
    if (err == KAI_OK && code == NULL) {
        *done = true;
        h->out->row = *row;
        h->out->released = released;
        h->out->held = kai_ixsnap_has(h->r->rows, row->item_id, row->origin, h->target, row->tlp);
        if (!h->out->held)
            err = write_all(h->r->c, &a, &release, released, &h->out->entries, h->why);
    }
    kai_subject_free(&s);
    kai_buf_free(&release);
    kai_buf_free(&a.proof);
    return err;
}

enum kai_err kai_act_reshare(struct kai_core *c, const struct kai_act_rows *rows,
                             const uint8_t target[static KAI_ID_BYTES], const char *target_name,
                             struct kai_act_shared *out, struct kai_why *why)
{
    struct kai_audit_batch none = {0}; /* Nobody is shown anything. */
    struct kai_reader r;
    struct share h = {.r = &r, .target = target, .out = out, .why = why};
    bool done = false;
    enum kai_err err = kai_reader_init(&r, c, KAI_TLP_RED, &none);

    *out = (struct kai_act_shared){0};
    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(&r);
    for (size_t i = 0; i < rows->n && err == KAI_OK && !done; i++)
        err = share_row(&h, &rows->row[i], &done);
    if (err == KAI_OK && !done)
        err = kai_why_set(why, KAI_EDENIED, h.code, kai_tlp_name(h.tlp), target_name,
                          kai_tlp_name(h.ceiling));
    kai_reader_free(&r);
    return err;
}
