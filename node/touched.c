/* touched: whether something that is held touches the inventory and was not looked at yet. */
#include "node/touched.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "node/inventory.h"
#include "policy/policy.h"

#define LABELS     6u    /* enum kai_tlp, from 1. */
#define GO_ON_MS   2000u /* For one who asks; the next goes on there. */
#define LOOK_ROWS  64u   /* Rows between two looks at the clock. */
#define MARK_BYTES 24u
#define FILE_BYTES (8u + (LABELS - 1u) * MARK_BYTES)
#define FORMAT     1u

struct kai_touched {
    pthread_mutex_t mu;
    struct kai_inventory inv;
    struct kai_touched_mark mark[LABELS];
    struct kai_touched_mark at; /* Up to here it was asked. */
    size_t n[LABELS];
    uint64_t row[LABELS][KAI_TOUCHED_MAX]; /* Rows that touch: a ring, the newest at n - 1. */
};

enum kai_err kai_touched_new(struct kai_touched **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return KAI_ENOMEM;
    (void)pthread_mutex_init(&(*out)->mu, NULL);
    return KAI_OK;
}

void kai_touched_free(struct kai_touched *t)
{
    if (t == NULL)
        return;
    kai_inventory_free(&t->inv);
    (void)pthread_mutex_destroy(&t->mu);
    free(t);
}

/* ---- What was looked at. A file that cannot be read is none: the alarm comes once too often. */
static void marks_read(struct kai_core *c, struct kai_touched *t)
{
    char path[KAI_PATH_BYTES_MAX];
    uint8_t b[FILE_BYTES + 2]; /* One more would not be ours, and a NUL. */
    size_t n = 0;

    memset(t->mark, 0, sizeof t->mark);
    if (kai_file_read(kai_home_path(&c->home, path, "inventory-looked"), (char *)b, sizeof b, &n) !=
            KAI_OK ||
        n != FILE_BYTES || kai_get_u64(b) != FORMAT)
        return;
    for (unsigned l = 1; l < LABELS; l++) {
        const uint8_t *p = b + 8 + (l - 1) * MARK_BYTES;

        t->mark[l] = (struct kai_touched_mark){
            .index = kai_get_u64(p), .row = kai_get_u64(p + 8), .seen_ms = kai_get_u64(p + 16)};
    }
}

static enum kai_err marks_write(struct kai_core *c, const struct kai_touched *t)
{
    char path[KAI_PATH_BYTES_MAX];
    uint8_t b[FILE_BYTES];
    struct kai_why why = {0};

    kai_put_u64(b, FORMAT);
    for (unsigned l = 1; l < LABELS; l++) {
        uint8_t *p = b + 8 + (l - 1) * MARK_BYTES;

        kai_put_u64(p, t->mark[l].index);
        kai_put_u64(p + 8, t->mark[l].row);
        kai_put_u64(p + 16, t->mark[l].seen_ms);
    }
    return kai_file_write(kai_home_path(&c->home, path, "inventory-looked"), b, sizeof b, 0600,
                          &why);
}

static bool is_behind(const struct kai_touched_mark *m, uint64_t index, uint64_t row,
                      uint64_t seen_ms)
{
    return m->index == index ? row > m->row : seen_ms > m->seen_ms;
}

enum kai_err kai_touched_newest(struct kai_core *c, struct kai_touched_mark *out)
{
    struct kai_ixsnap *all; /* A row above a clearance has its time, too. */
    struct kai_row row = {.first_seen_ms = 0};
    enum kai_err err = kai_ixsnap_begin(c->index, KAI_TLP_RED, &all);

    *out = (struct kai_touched_mark){.index = 0};
    if (err != KAI_OK)
        return err;
    out->index = kai_ixsnap_name(all);
    out->row = kai_ixsnap_last(all);
    if (out->row > 0)
        err = kai_ixsnap_row(all, out->row, &row);
    out->seen_ms = row.first_seen_ms;
    kai_ixsnap_end(all);
    return err;
}

enum kai_err kai_touched_looked(struct kai_core *c, uint8_t clearance,
                                const struct kai_touched_mark *mark,
                                const struct kai_inventory *inv)
{
    struct kai_touched *t = c->touched;
    enum kai_err err = KAI_OK;

    (void)pthread_mutex_lock(&t->mu);
    struct kai_inventory_file now = kai_inventory_file(&c->home);
    if (kai_inventory_file_is(&now, &inv->file)) {
        marks_read(c, t);
        for (unsigned l = 1; l < LABELS && l <= clearance; l++)
            if (is_behind(&t->mark[l], mark->index, mark->row, mark->seen_ms))
                t->mark[l] = *mark;
        err = marks_write(c, t);
    }
    (void)pthread_mutex_unlock(&t->mu);
    return err;
}

enum kai_err kai_touched_replace(struct kai_core *c, const struct kai_inventory *inv,
                                 struct kai_why *why)
{
    char path[KAI_PATH_BYTES_MAX];

    (void)pthread_mutex_lock(&c->touched->mu);
    enum kai_err err = kai_file_remove(kai_home_path(&c->home, path, "inventory-looked"), why);
    if (err == KAI_OK)
        err = kai_inventory_save(inv, &c->home, why);
    (void)pthread_mutex_unlock(&c->touched->mu);
    return err;
}

/* ---- What touches. */
bool kai_touched_product(const struct kai_inventory *inv, struct kai_reader *r,
                         const struct kai_row *row, struct kai_touch *touch)
{
    bool vulnerability = strcmp(row->type, "vulnerability") == 0;
    struct kai_view object;

    return inv->n > inv->n_values && row->kind == KAI_CONTENT_STIX &&
           kai_fetch_object(r->fetch, &r->source, row, &object) == KAI_OK &&
           kai_inventory_product(inv, object, vulnerability, touch);
}

static enum kai_err touches(const struct kai_touched *t, struct kai_reader *r,
                            const struct kai_row *row, bool *yes)
{
    bool names_products =
        strcmp(row->type, "vulnerability") == 0 || strcmp(row->type, "software") == 0;
    struct kai_rowkeys keys;
    struct kai_touch touch;
    enum kai_err err;

    *yes = false;
    if (row->kind == KAI_ROW_SEALED)
        return KAI_OK;
    err = kai_ixsnap_keys(r->rows, row, &keys);
    while (err == KAI_OK && !*yes && kai_rowkeys_next(&keys)) {
        *yes = kai_inventory_value(&t->inv, kai_view_of(keys.key, keys.key_n)) != NULL;
        names_products = names_products || (keys.key_n > 0 && keys.key[0] == KAI_V_CPE);
    }
    if (err == KAI_OK && !*yes && names_products)
        *yes = kai_touched_product(&t->inv, r, row, &touch);
    return err;
}

/* The inventory as it is now; from the beginning where it is another, or the index is. */
static enum kai_err load(struct kai_core *c, struct kai_touched *t, uint64_t index,
                         struct kai_why *why)
{
    struct kai_inventory_file now = kai_inventory_file(&c->home);
    bool same = kai_inventory_file_is(&now, &t->inv.file);
    enum kai_err err = KAI_OK;

    if (!same) {
        kai_inventory_free(&t->inv);
        err = kai_inventory_load(&t->inv, &c->home, why);
    }
    if (!same || t->at.index != index) {
        memset(t->n, 0, sizeof t->n);
        t->at = (struct kai_touched_mark){.index = index};
    }
    marks_read(c, t);
    return err;
}

/* A row that cannot be read keeps nobody from what the others touch. */
static enum kai_err without_damage(enum kai_err err)
{
    return err == KAI_ECORRUPT ? KAI_OK : err;
}

/* All that has come since the last who asked. */
static enum kai_err go_on(struct kai_touched *t, struct kai_reader *r)
{
    uint64_t last = kai_ixsnap_last(r->rows);
    uint64_t until = kai_now_ms() + GO_ON_MS;
    enum kai_err err = KAI_OK;

    while (err == KAI_OK && t->at.row < last &&
           (t->at.row % LOOK_ROWS != 0 || kai_now_ms() < until)) {
        struct kai_row row;
        bool yes = false;

        err = kai_ixsnap_row(r->rows, t->at.row + 1, &row);
        if (err == KAI_OK && row.tlp < LABELS &&
            is_behind(&t->mark[row.tlp], t->at.index, row.no, row.first_seen_ms))
            err = touches(t, r, &row, &yes);
        if (err == KAI_OK && yes)
            t->row[row.tlp][t->n[row.tlp]++ % KAI_TOUCHED_MAX] = row.no;
        err = without_damage(err);
        t->at.row += err == KAI_OK;
    }
    return err;
}

static bool on_hit(void *ctx, const struct kai_query_hit *hit)
{
    bool *current = ctx;

    (void)hit;
    *current = true;
    return false;
}

/* The oldest that is current, and that nobody looked at. q: the expression that all fit. */
static enum kai_err oldest(const struct kai_touched *t, struct kai_reader *r,
                           const struct kai_query *q, uint64_t *since_ms)
{
    enum kai_err err = KAI_OK;

    for (unsigned l = 1; l < LABELS && l <= r->clearance; l++) {
        size_t n = t->n[l] < KAI_TOUCHED_MAX ? t->n[l] : KAI_TOUCHED_MAX;

        for (size_t i = 0; i < n && err == KAI_OK; i++) {
            bool current = false;
            struct kai_row row;

            err = kai_ixsnap_row(r->rows, t->row[l][i], &row);
            if (err == KAI_OK && is_behind(&t->mark[l], t->at.index, row.no, row.first_seen_ms))
                err = kai_query_match_row(q, r->rows, &row, kai_wall_ms(), on_hit, &current);
            err = without_damage(err);
            if (current && (*since_ms == 0 || row.first_seen_ms < *since_ms))
                *since_ms = row.first_seen_ms;
        }
    }
    return err;
}

static enum kai_err with_reader(struct kai_core *c, struct kai_touched *t, uint8_t clearance,
                                uint64_t *since_ms, struct kai_why *why)
{
    struct kai_query_names names = {.ctx = NULL}; /* The empty expression names nobody. */
    struct kai_audit_batch none = {0};
    struct kai_query *q = NULL;
    struct kai_reader r;
    enum kai_err err = kai_reader_init(&r, c, clearance, &none); /* Nothing of it is shown. */

    if (err != KAI_OK)
        return err;
    err = kai_reader_begin(&r);
    if (err == KAI_OK && since_ms == NULL)
        err = load(c, t, kai_ixsnap_name(r.rows), why);
    if (err == KAI_OK && since_ms == NULL && t->inv.n > 0)
        err = go_on(t, &r);
    if (err == KAI_OK && since_ms != NULL)
        err = kai_query_parse(&q, kai_view_of("", 0), &names, kai_wall_ms(), why);
    if (err == KAI_OK && since_ms != NULL && t->at.index == kai_ixsnap_name(r.rows))
        err = oldest(t, &r, q, since_ms);
    kai_query_free(q);
    kai_reader_free(&r);
    kai_audit_batch_free(&none);
    return err;
}

enum kai_err kai_touched_since(struct kai_core *c, const struct kai_who *who, uint64_t *since_ms,
                               struct kai_why *why)
{
    struct kai_touched *t = c->touched;
    enum kai_err err;

    *since_ms = 0;
    if (kai_policy_role(who->role, KAI_POLICY_SHARE) != NULL)
        return KAI_OK; /* As of `relevant`: it tells what is in the inventory. */
    (void)pthread_mutex_lock(&t->mu);
    err = with_reader(c, t, KAI_TLP_RED, NULL, why);
    if (err == KAI_OK && t->inv.n > 0)
        err = with_reader(c, t, who->clearance, since_ms, why);
    (void)pthread_mutex_unlock(&t->mu);
    return err;
}
