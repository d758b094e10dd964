/* clerk_duty: recalls and withdrawals carried on, reports of violations. */
#include "node/clerk_duty.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "node/acts.h"
#include "node/indexer.h"
#include "node/letters.h"
#include "node/post.h"
#include "query/acts.h"

#define TARGETS_MAX 64u
#define REPORTS_MAX 64u /* In one look. */
#define KEY_CAP     64u

/* Ours, or a state that passes: come back later. Anything else will be no better then. */
static enum kai_err worth_waiting(enum kai_err err)
{
    switch (err) {
    case KAI_ENOMEM:
    case KAI_EIO:
    case KAI_ECORRUPT:
    case KAI_EAGAIN:
    case KAI_EFULL:
    case KAI_EBUSY:
        return err;
    case KAI_OK:
    case KAI_EMALFORMED:
    case KAI_ELIMIT:
    case KAI_EAUTH:
    case KAI_EDENIED:
    case KAI_ENOTFOUND:
    case KAI_EEXIST:
    case KAI_EAMBIGUOUS:
    case KAI_EPERM:
    case KAI_EVERSION:
        return KAI_OK;
    }
    return err;
}

/* ---- Recalls. */
struct targets {
    const struct kai_core *c;
    const uint8_t *origin;
    size_t n;
    uint8_t aud[TARGETS_MAX][KAI_ID_BYTES];
};

static bool target_add(void *ctx, const struct kai_row *row)
{
    struct targets *t = ctx;

    if (memcmp(row->via, t->c->self.org_id, KAI_ID_BYTES) != 0 ||
        memcmp(row->origin, t->origin, KAI_ID_BYTES) != 0)
        return true;
    for (size_t i = 0; i < t->n; i++) {
        if (memcmp(t->aud[i], row->aud_id, KAI_ID_BYTES) == 0)
            return true;
    }
    memcpy(t->aud[t->n++], row->aud_id, KAI_ID_BYTES);
    return t->n < TARGETS_MAX;
}

/* A mark in the store: this item stands in that audience by us. */
struct mark {
    char key[KEY_CAP];
};

static void mark_of(struct mark *m, struct kai_view item, const uint8_t aud[static KAI_ID_BYTES])
{
    struct kai_hasher h;
    uint8_t id[KAI_ID_BYTES];
    char hex[KAI_HEX_CAP(16)];

    kai_hash_begin(&h, KAI_D_BODY);
    kai_hash_add(&h, aud, KAI_ID_BYTES);
    kai_hash_add(&h, item.p, item.n);
    kai_hash_end(&h, id);
    kai_copy_text(m->key, sizeof m->key, "carried/");
    kai_copy_text(m->key + strlen(m->key), sizeof m->key - strlen(m->key), kai_hex(hex, id, 16));
}

static enum kai_err job_mark(struct kai_core *c, void *arg)
{
    struct mark *m = arg;
    struct kai_tx *tx = kai_core_tx(c);

    return tx == NULL ? c->tx_err : kai_tx_kv(tx, m->key, kai_view_of("", 0));
}

static enum kai_err marked(struct kai_core *c, const struct mark *m, bool *yes)
{
    struct kai_snap *s = NULL;
    struct kai_view v;
    enum kai_err err = kai_snap_begin(c->store, &s);

    if (err == KAI_OK)
        err = kai_snap_kv(s, m->key, &v);
    *yes = err == KAI_OK;
    kai_snap_end(s);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

struct carrying {
    struct kai_core *c;
    const struct targets *t;
    enum kai_err err;
};

static bool carry(void *ctx, const struct kai_ix_act *act, struct kai_view item)
{
    struct carrying *k = ctx;

    (void)act;
    for (size_t i = 0; i < k->t->n && k->err == KAI_OK; i++) {
        struct kai_why why = {0};
        struct mark m;
        bool done;

        mark_of(&m, item, k->t->aud[i]);
        k->err = marked(k->c, &m, &done);
        if (k->err != KAI_OK || done)
            continue;
        enum kai_err err = kai_post_items(k->c, k->t->aud[i], KAI_POST_HOLD, &item, 1, &why);
        k->err = err == KAI_OK ? kai_core_run(k->c, job_mark, &m) : worth_waiting(err);
    }
    return k->err == KAI_OK;
}

static enum kai_err recall(struct kai_core *c, struct kai_ixsnap *rows,
                           const uint8_t obj_hash[static KAI_ID_BYTES],
                           const uint8_t origin[static KAI_ID_BYTES])
{
    struct targets t = {.c = c, .origin = origin};
    struct carrying k = {.c = c, .t = &t};
    enum kai_err err = kai_ixsnap_obj(rows, obj_hash, target_add, &t);

    if (err == KAI_OK && t.n > 0)
        err = kai_ixsnap_recalls(rows, obj_hash, origin, carry, &k);
    return err == KAI_OK ? k.err : err;
}

enum kai_err kai_clerk_recall(struct kai_core *c, const uint8_t obj_hash[static KAI_ID_BYTES],
                              const uint8_t origin[static KAI_ID_BYTES])
{
    struct kai_ixsnap *rows = NULL;
    enum kai_err err = KAI_OK;

    if (memcmp(origin, c->self.org_id, KAI_ID_BYTES) == 0)
        return KAI_OK; /* Our own were written everywhere at once. */
    err = kai_ixsnap_begin(c->index, KAI_TLP_RED, &rows);
    if (err == KAI_OK)
        err = recall(c, rows, obj_hash, origin);
    kai_ixsnap_end(rows);
    return err;
}

/* ---- Withdrawals: the new version goes where the old one was brought. */
struct versions {
    struct kai_core *c;
    struct kai_ixsnap *rows;
    struct targets t;
    enum kai_err err;
};

static bool version(void *ctx, uint64_t row_no, uint64_t index)
{
    struct versions *v = ctx;
    struct kai_row row;

    (void)index;
    v->err = kai_ixsnap_row(v->rows, row_no, &row);
    return v->err == KAI_OK && target_add(&v->t, &row);
}

enum kai_err kai_clerk_withdrawal(struct kai_core *c, struct kai_ixsnap *rows,
                                  const struct kai_row *row)
{
    struct versions v = {.c = c, .rows = rows, .t = {.c = c, .origin = row->origin}};
    static const uint8_t none[16];
    struct kai_act_rows *one;
    enum kai_err err;

    if ((row->flags & KAI_ROW_WITHDRAWN) == 0 || (row->flags & KAI_ROW_SUPERSEDED) != 0 ||
        memcmp(row->stix_uuid, none, sizeof none) == 0)
        return KAI_OK;
    err = kai_ixsnap_stix(rows, row->stix_uuid, version, &v);
    if (err == KAI_OK)
        err = v.err;
    one = v.t.n > 0 ? calloc(1, sizeof *one) : NULL;
    if (v.t.n > 0 && one == NULL)
        err = KAI_ENOMEM;
    for (size_t i = 0; i < v.t.n && err == KAI_OK; i++) {
        struct kai_act_shared done;
        struct kai_why why = {0};

        if (memcmp(v.t.aud[i], row->aud_id, KAI_ID_BYTES) == 0)
            continue;
        one->n = 1;
        one->row[0] = *row;
        err = worth_waiting(kai_act_reshare(c, one, v.t.aud[i], "", &done, &why));
    }
    free(one);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}

/* ---- Looking at rows. */
struct all {
    struct kai_core *c;
    struct kai_ixsnap *rows;
    const uint8_t *origin; /* NULL: any. */
    enum kai_err err;
};

static bool released_row(void *ctx, const struct kai_row *row)
{
    struct all *a = ctx;

    if (memcmp(row->origin, a->origin, KAI_ID_BYTES) == 0)
        a->err = kai_clerk_withdrawal(a->c, a->rows, row);
    return a->err == KAI_OK;
}

enum kai_err kai_clerk_release(struct kai_core *c, const uint8_t obj_hash[static KAI_ID_BYTES],
                               const uint8_t origin[static KAI_ID_BYTES])
{
    struct all a = {.c = c, .origin = origin};
    enum kai_err err = kai_ixsnap_begin(c->index, KAI_TLP_RED, &a.rows);

    if (err == KAI_OK)
        err = kai_ixsnap_obj(a.rows, obj_hash, released_row, &a);
    kai_ixsnap_end(a.rows);
    return err == KAI_OK ? a.err : err;
}

static bool any_row(void *ctx, const struct kai_row *row)
{
    struct all *a = ctx;

    if (memcmp(row->via, a->c->self.org_id, KAI_ID_BYTES) == 0)
        a->err = recall(a->c, a->rows, row->obj_hash, row->origin);
    if (a->err == KAI_OK)
        a->err = kai_clerk_withdrawal(a->c, a->rows, row);
    return a->err == KAI_OK;
}

enum kai_err kai_clerk_carry_all(struct kai_core *c)
{
    struct all a = {.c = c};
    enum kai_err err = kai_ixsnap_begin(c->index, KAI_TLP_RED, &a.rows);

    if (err == KAI_OK)
        err = kai_ixsnap_down(a.rows, UINT64_MAX, any_row, &a);
    if (err == KAI_OK && kai_ixsnap_damaged(a.rows))
        err = KAI_ECORRUPT; /* All others were carried: it is not done. */
    kai_ixsnap_end(a.rows);
    return err == KAI_OK ? a.err : err;
}

/* ---- Reports. */
struct reports {
    size_t n;
    struct kai_ix_report report[REPORTS_MAX];
};

static bool report_add(void *ctx, const struct kai_ix_report *report)
{
    struct reports *r = ctx;

    r->report[r->n++] = *report;
    return r->n < REPORTS_MAX;
}

static enum kai_err copy_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct kai_buf *b = ctx;

    (void)type;
    kai_buf_add(b, item.p, item.n);
    return b->err;
}

static enum kai_err report_one(struct kai_reader *r, const struct kai_ix_report *report)
{
    struct kai_row at = {.log_no = report->at.log_no,
                         .seq = report->at.seq,
                         .item_ordinal = report->at.item_ordinal,
                         .parts = 1};
    struct kai_why why = {0};
    struct kai_buf item;

    kai_buf_init(&item, KAI_BODY_BYTES_MAX);
    if (kai_fetch_items(r->fetch, &r->source, &at, copy_item, &item) != KAI_OK)
        kai_buf_clear(&item); /* It is told without the proof. */
    struct kai_view proof = item.len > 0 ? kai_buf_view(&item) : (struct kai_view){0};
    enum kai_err err = kai_letter_violation(r->c, report->origin, report->code, report->obj_hash,
                                            proof, report->log_pk, report->seq, &why);
    kai_buf_free(&item);
    return worth_waiting(err);
}

/* One node speaks for an organisation: else each of them would tell the same. */
static bool speaks(struct kai_core *c)
{
    struct kai_outlook *o = kai_outlook_get(c);
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(o->roster, &nodes);
    bool lowest = true;

    for (size_t i = 0; i < n && lowest; i++)
        lowest = !nodes[i].active || memcmp(nodes[i].org->id, c->self.org_id, KAI_ID_BYTES) != 0 ||
                 memcmp(nodes[i].id, c->self.node_id, KAI_ID_BYTES) >= 0;
    kai_outlook_put(o);
    return lowest;
}

/* *told: how many of them, from the first, are due no more. */
static enum kai_err report_all(struct kai_core *c, const struct reports *due, size_t *told)
{
    bool ours = speaks(c);
    struct kai_audit_batch none = {0};
    struct kai_reader r;
    enum kai_err err = kai_reader_init(&r, c, KAI_TLP_RED, &none);

    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(&r);
    for (size_t i = 0; i < due->n && err == KAI_OK; i++) {
        /* Of ours nobody else is to be told; and to one that is gone nobody can tell it. */
        if (ours && memcmp(due->report[i].origin, c->self.org_id, KAI_ID_BYTES) != 0)
            err = report_one(&r, &due->report[i]);
        if (err == KAI_OK)
            *told = i + 1;
    }
    kai_reader_free(&r);
    return err;
}

enum kai_err kai_clerk_reports(struct kai_core *c)
{
    struct kai_ixsnap *rows = NULL;
    struct reports *due = calloc(1, sizeof *due);
    size_t told = 0;
    enum kai_err noted = KAI_OK;
    enum kai_err err = due == NULL ? KAI_ENOMEM : kai_ixsnap_begin(c->index, KAI_TLP_RED, &rows);

    if (err == KAI_OK)
        err = kai_ixsnap_reports_due(rows, report_add, due);
    kai_ixsnap_end(rows);
    if (err == KAI_OK && due->n > 0)
        err = report_all(c, due, &told);
    if (told > 0) /* Noted at once, so that nothing is told twice and all come in turn. */
        noted = kai_indexer_told(c->indexer, due->report, told);
    if (err == KAI_OK)
        err = noted;
    if (err == KAI_OK && due->n == REPORTS_MAX)
        err = KAI_EAGAIN; /* The rest of them. */
    free(due);
    return err;
}
