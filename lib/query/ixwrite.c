/* ixwrite: puts rows and their values into the index. */
#include <stdlib.h>
#include <string.h>

#include "item/label.h"
#include "query/index_priv.h"

/* Pages that one transaction may make dirty are private memory: 4 KiB each. A bundle of 50,000
 * objects takes 9,000. */
#define DIRTY_PAGES_MAX 12288u
#define PAGE_BYTES      4096u
#define NODE_BYTES      16u   /* Beside key and value, at most. */
#define ROWS_A_PAGE     12u   /* Of the tables that a row has a random key in, and of ixadded.c; */
#define REFS_A_PAGE     64u   /* of what it names. */
#define SORTED_LEAST    4096u /* Of fewer values it costs less to guess what they touch. */

static uint64_t leaves(const struct kai_ix *t, enum table table)
{
    MDB_stat st;

    return mdb_stat(t->txn, t->x->dbi[table], &st) == 0 ? st.ms_leaf_pages : 0;
}

static enum kai_err begin(struct kai_ix *t)
{
    struct kai_index *x = t->x;
    MDB_cursor *c = NULL;
    struct kai_row last;
    struct marks marks;
    MDB_val key;
    MDB_val val;
    int rc = mdb_txn_begin(x->env, NULL, 0, &t->txn);

    if (rc == 0)
        rc = mdb_cursor_open(t->txn, x->dbi[TABLE_ROWS], &c);
    if (rc != 0)
        return kai_ix_err(rc);
    t->self = (struct kai_ixsnap){.x = x, .txn = t->txn};
    kai_ixsnap_for(&t->self, KAI_TLP_RED);
    t->self.gone = kai_ix_any_gone(&t->self);
    t->self.ends = kai_ix_any_end(&t->self);
    if (kai_ix_lens_get(&t->self) != KAI_OK)
        return KAI_ECORRUPT;
    t->leaf_pages = leaves(t, TABLE_VALUES);
    t->row_pages = leaves(t, TABLE_ITEMS) + leaves(t, TABLE_STIX) + leaves(t, TABLE_CHAINS) +
                   leaves(t, TABLE_REFS);
    rc = mdb_cursor_get(c, &key, &val, MDB_LAST);
    mdb_cursor_close(c);
    if (rc == MDB_NOTFOUND)
        return KAI_OK;
    if (rc != 0)
        return kai_ix_err(rc);
    if (key.mv_size != 8)
        return KAI_ECORRUPT;
    t->last_row = kai_get_u64(key.mv_data);
    if (kai_record_read(&last, &marks, t->last_row, val.mv_data, val.mv_size) != KAI_OK)
        return KAI_ECORRUPT;
    t->last_seen_ms = last.first_seen_ms;
    return kai_ix_counts(&t->self, t->count);
}

enum kai_err kai_ix_begin(struct kai_index *x, struct kai_ix **out)
{
    struct kai_ix *t = calloc(1, sizeof *t);
    enum kai_err err;

    *out = NULL;
    if (t == NULL)
        return KAI_ENOMEM;
    t->x = x;
    kai_ixstate_writing(x);
    err = begin(t);
    if (err != KAI_OK) {
        kai_ix_abort(t);
        return err;
    }
    *out = t;
    return KAI_OK;
}

void kai_ix_abort(struct kai_ix *t)
{
    if (t == NULL)
        return;
    if (t->txn != NULL)
        mdb_txn_abort(t->txn);
    kai_ixstate_written(t->x);
    kai_sorter_clear(&t->x->sorter);
    kai_buf_clear(&t->x->keys);
    kai_buf_clear(&t->x->added);
    free(t);
}

enum kai_err kai_ix_put(struct kai_ix *t, enum table table, MDB_val key, MDB_val val,
                        unsigned flags)
{
    if (t->err == KAI_OK)
        t->err = kai_ix_err(mdb_put(t->txn, t->x->dbi[table], &key, &val, flags));
    if ((flags & MDB_APPEND) != 0)
        t->append_bytes += key.mv_size + val.mv_size + NODE_BYTES;
    return t->err;
}

/* How many of some leaves n puts of random keys make dirty, about. */
static uint64_t touched(uint64_t n, uint64_t leaf_pages)
{
    return n == 0 ? 0 : n * leaf_pages / (n + leaf_pages) * 5 / 4;
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Pages that the values gathered will make dirty; new leaves are half full. */
static uint64_t value_pages(const struct kai_ix *t)
{
    const struct sorter *s = &t->x->sorter;

    return touched(s->n, t->leaf_pages) + 2 * (s->len + s->n * NODE_BYTES) / PAGE_BYTES;
}

/* Values in order, which go between keys that were there: those that go between the same two make
 * one leaf of before dirty. */
struct gaps {
    uint64_t n;
    bool any;     /* One is open, */
    size_t end_n; /* and ends here; 0: at the end of the table. */
    uint8_t end[KAI_IX_PLACE_MAX];
};

static bool is_inside(const struct gaps *g, const uint8_t *key, size_t n)
{
    size_t least = n < g->end_n ? n : g->end_n;
    int d = memcmp(key, g->end, least);

    return g->any && (g->end_n == 0 || d < 0 || (d == 0 && n < g->end_n));
}

/* The cursor is at what was put last, the first in its gap. */
static enum kai_err open_gap(struct gaps *g, MDB_cursor *c)
{
    MDB_val key;
    MDB_val val;
    int rc = mdb_cursor_get(c, &key, &val, MDB_NEXT);

    g->n++;
    g->any = true;
    g->end_n = 0;
    if (rc == MDB_NOTFOUND)
        return KAI_OK;
    if (rc != 0 || key.mv_size > sizeof g->end)
        return rc != 0 ? kai_ix_err(rc) : KAI_ECORRUPT;
    g->end_n = key.mv_size;
    memcpy(g->end, key.mv_data, key.mv_size);
    return KAI_OK;
}

static void put_sorted(struct kai_ix *t, MDB_cursor *c, struct gaps *g, struct kai_view k)
{
    MDB_val key = ix_val(k.p, k.n - 1); /* A place, and the label behind it. */
    MDB_val label = ix_val(k.p + k.n - 1, 1);
    bool inside = is_inside(g, k.p, k.n - 1);

    t->err = kai_ix_err(mdb_cursor_put(c, &key, &label, 0)); /* It is near the last one. */
    if (t->err == KAI_OK && !inside)
        t->err = open_gap(g, c);
}

enum kai_err kai_ix_sorted_out(struct kai_ix *t)
{
    struct sorter *s = &t->x->sorter;
    uint64_t before = leaves(t, TABLE_VALUES);
    uint64_t old = touched(s->n, t->leaf_pages); /* Of the leaves of before, were they random. */
    struct gaps g = {.n = 0};
    MDB_cursor *c = NULL;

    if (t->err == KAI_OK && s->n > 0)
        t->err = kai_ix_err(mdb_cursor_open(t->txn, t->x->dbi[TABLE_VALUES], &c));
    kai_sorter_sort(s);
    for (size_t i = 0; i < s->n && t->err == KAI_OK; i++)
        put_sorted(t, c, &g, kai_sorter_at(s, i));
    mdb_cursor_close(c);
    uint64_t now = leaves(t, TABLE_VALUES);
    t->put_pages = at_most(t->put_pages + at_most(g.n, old) + now - at_most(before, now), now);
    s->n = 0;
    s->len = 0;
    return t->err;
}

/* The keys of the row that was written last are whole: put them. */
enum kai_err kai_ix_keys_end(struct kai_ix *t)
{
    struct kai_buf *keys = &t->x->keys;
    uint8_t no[8];

    if (t->keys_row == 0 || t->err != KAI_OK)
        return t->err;
    kai_put_u64(no, t->keys_row);
    t->err = keys->err;
    if (keys->len > 0)
        (void)kai_ix_put(t, TABLE_KEYS, ix_val(no, 8), ix_val(keys->p, keys->len), MDB_APPEND);
    kai_buf_clear(keys);
    t->keys_row = 0;
    return t->err;
}

static void put_item(struct kai_ix *t, const struct kai_row *row)
{
    uint8_t key[KAI_ITEM_KEY_BYTES];

    memcpy(key, row->item_id, KAI_HALF_ID_BYTES);
    kai_put_u64(key + KAI_HALF_ID_BYTES, row->no);
    (void)kai_ix_put(t, TABLE_ITEMS, ix_val(key, sizeof key), ix_val(&row->tlp, 1), 0);
}

static void put_stix(struct kai_ix *t, const struct kai_row *row)
{
    static const uint8_t none[16];
    uint8_t key[16 + 8];

    if (memcmp(row->stix_uuid, none, 16) == 0)
        return;
    memcpy(key, row->stix_uuid, 16);
    kai_put_u64(key + 16, row->no);
    (void)kai_ix_put(t, TABLE_STIX, ix_val(key, sizeof key), ix_val(&row->tlp, 1), 0);
}

struct kai_ixsnap *kai_ix_reads(struct kai_ix *t)
{
    return t->err == KAI_OK && kai_ix_obj_end(t) == KAI_OK ? &t->self : NULL;
}

/* Who follows the rows would not see what becomes of an earlier one. */
static enum kai_err note_change(struct kai_ix *t, uint64_t row_no)
{
    uint8_t no[8];
    uint8_t row[8];
    MDB_stat st;

    t->err = kai_ix_err(mdb_stat(t->txn, t->x->dbi[TABLE_CHANGES], &st));
    if (t->err != KAI_OK)
        return t->err;
    kai_put_u64(no, st.ms_entries + 1); /* None is ever taken out. */
    kai_put_u64(row, row_no);
    return kai_ix_put(t, TABLE_CHANGES, ix_val(no, 8), ix_val(row, 8), MDB_APPEND);
}

enum kai_err kai_ix_mark_row(struct kai_ix *t, uint64_t no,
                             const uint8_t origin[static KAI_ID_BYTES], uint8_t flags,
                             struct marks add)
{
    uint8_t record[KAI_RECORD_MAX];
    uint8_t key_bytes[8];
    MDB_val key = ix_val(key_bytes, 8);
    struct marks marks;
    struct kai_row row;
    MDB_val val;

    kai_put_u64(key_bytes, no);
    t->err = kai_ix_err(mdb_get(t->txn, t->x->dbi[TABLE_ROWS], &key, &val));
    if (t->err == KAI_OK)
        t->err = kai_record_read(&row, &marks, no, val.mv_data, val.mv_size);
    if (t->err != KAI_OK || memcmp(row.origin, origin, KAI_ID_BYTES) != 0)
        return t->err;
    bool news = ((flags & ~row.flags & KAI_ROW_RECALLED) | (add.withdrawn & ~marks.withdrawn)) != 0;
    row.flags |= flags;
    marks.superseded |= add.superseded;
    marks.withdrawn |= add.withdrawn;
    val = ix_val(record, kai_record_write(record, &row, marks));
    (void)kai_ix_put(t, TABLE_ROWS, key, val, 0);
    return news && t->err == KAI_OK ? note_change(t, no) : t->err;
}

/* For who is cleared for everything: what the caller of kai_ix_row() is told. */
static void tell_flags(struct kai_row *row, struct marks marks)
{
    unsigned bit = 1u << (KAI_TLP_RED - 1u);

    if ((marks.superseded & bit) != 0)
        row->flags |= KAI_ROW_SUPERSEDED;
    if ((marks.withdrawn & bit) != 0)
        row->flags |= KAI_ROW_WITHDRAWN;
}

enum kai_err kai_ix_row(struct kai_ix *t, struct kai_row *row, bool revoked)
{
    uint8_t record[KAI_RECORD_MAX];
    struct marks marks;
    uint8_t no[8];
    size_t n;

    if (t->err != KAI_OK)
        return t->err;
    if (row->tlp == KAI_TLP_NONE || row->tlp > KAI_TLP_RED)
        row->tlp = KAI_TLP_RED; /* What is no label counts as RED. */
    if (kai_ix_held(&t->self, row))
        return KAI_EEXIST;
    if (kai_ix_keys_end(t) != KAI_OK)
        return t->err;
    row->no = t->last_row + 1;
    if (row->first_seen_ms < t->last_seen_ms)
        row->first_seen_ms = t->last_seen_ms;
    if (kai_ix_chain(t, row, revoked, &marks) != KAI_OK)
        return t->err;
    row->flags |= kai_ix_recalled(t, row) & KAI_ROW_RECALLED;
    if ((kai_ix_recalled(t, row) & KAI_ROW_WITHDRAWN) != 0)
        marks.withdrawn = UINT8_MAX;
    n = kai_record_write(record, row, marks);
    kai_put_u64(no, row->no);
    (void)kai_ix_put(t, TABLE_ROWS, ix_val(no, 8), ix_val(record, n), MDB_APPEND);
    put_item(t, row);
    put_stix(t, row);
    kai_ix_obj_add(t, row);
    kai_ix_added_row(t, row);
    if (t->err != KAI_OK)
        return t->err;
    tell_flags(row, marks);
    t->count[0][row->tlp]++;
    t->keys_tlp = row->tlp;
    t->last_row = row->no;
    t->new_rows++;
    t->last_seen_ms = row->first_seen_ms;
    t->keys_row = row->no;
    t->keys_list = row->n_values > 0;
    t->next_index = 0;
    t->prev_n = 0;
    return KAI_OK;
}

/* Where the key does not tell the value (it is hashed), the value stands with it. */
static struct kai_view norm_beside(enum kai_vtype type, struct kai_view key, struct kai_view norm)
{
    bool told =
        type == KAI_V_IPV4 || type == KAI_V_IPV6 || type == KAI_V_DOMAIN || key.n == norm.n + 1;

    return told ? (struct kai_view){0} : norm;
}

static enum kai_err add_sorted(struct kai_ix *t, struct kai_view key, uint64_t row_no,
                               uint64_t index)
{
    uint8_t place[KAI_IX_PLACE_MAX + 1];
    size_t n = kai_ix_place(place, key, row_no, index);
    enum kai_err err;

    place[n++] = t->keys_tlp;
    t->count[1][t->keys_tlp]++;
    err = kai_sorter_add(&t->x->sorter, place, n);
    if (err == KAI_ELIMIT) {
        if (kai_ix_sorted_out(t) != KAI_OK)
            return t->err;
        err = kai_sorter_add(&t->x->sorter, place, n);
    }
    t->err = err;
    return err;
}

enum kai_err kai_ix_value(struct kai_ix *t, uint64_t row_no, enum kai_vtype type,
                          struct kai_view norm, uint64_t index)
{
    uint8_t key[KAI_VALUE_KEY_MAX];
    struct kai_view k = {.p = key};
    struct kai_view none = {0};

    if (t->err != KAI_OK)
        return t->err;
    if (row_no != t->keys_row || index > UINT32_MAX ||
        (t->keys_list ? index < t->next_index || index >= KAI_LIST_VALUES_MAX : index != 0) ||
        norm.n > KAI_VALUE_BYTES_MAX || kai_value_key(type, norm, key, &k.n) != KAI_OK)
        return KAI_EMALFORMED;
    for (; t->keys_list && t->next_index < index; t->next_index++) {
        kai_rowkeys_add(&t->x->keys, none, none, none);
        t->prev_n = 0;
    }
    t->next_index = index + 1;
    kai_rowkeys_add(&t->x->keys, kai_view_of(t->prev_key, t->prev_n), k,
                    norm_beside(type, k, norm));
    kai_ix_lens_add(t, k);
    memcpy(t->prev_key, key, k.n);
    t->prev_n = k.n;
    return add_sorted(t, k, row_no, index);
}

void kai_ix_rest(struct kai_ix *t, size_t n_least)
{
    if (t->x->sorter.n >= n_least)
        (void)kai_ix_sorted_out(t);
}

static bool seems_full(const struct kai_ix *t)
{
    const struct sorter *s = &t->x->sorter;
    /* What is appended, a list's keys and long values too, fills its pages. */
    uint64_t made =
        t->new_rows / ROWS_A_PAGE + t->new_refs / REFS_A_PAGE + t->append_bytes / PAGE_BYTES;
    uint64_t puts = 3 * t->new_rows + t->new_refs;

    return value_pages(t) + t->put_pages + touched(puts, t->row_pages) + made >= DIRTY_PAGES_MAX ||
           s->n >= KAI_SORTER_KEYS_MAX / 2 || s->len >= KAI_SORTER_BYTES_MAX / 2;
}

/* The values of sorted lists are near each other: what they touch is known when they are put. */
bool kai_ix_full(struct kai_ix *t)
{
    if (seems_full(t))
        kai_ix_rest(t, SORTED_LEAST);
    return seems_full(t);
}

/* What is there under the name, else what is fresh. */
static enum kai_err keep(struct kai_index *x, MDB_val name, const uint8_t *fresh, uint8_t *out,
                         size_t n)
{
    MDB_val val;
    struct kai_ix *t;
    enum kai_err err = kai_ix_begin(x, &t);

    if (err != KAI_OK)
        return err;
    memcpy(out, fresh, n);
    if (mdb_get(t->txn, x->dbi[TABLE_META], &name, &val) == 0 && val.mv_size == n) {
        memcpy(out, val.mv_data, n);
        kai_ix_abort(t);
        return KAI_OK;
    }
    (void)kai_ix_put(t, TABLE_META, name, ix_val(fresh, n), 0);
    return kai_ix_commit(t, kai_ixsnap_position(&t->self));
}

enum kai_err kai_index_id(struct kai_index *x, const uint8_t fresh[static KAI_HALF_ID_BYTES],
                          uint8_t out[static KAI_HALF_ID_BYTES])
{
    return keep(x, ix_val("id", 2), fresh, out, KAI_HALF_ID_BYTES);
}

enum kai_err kai_index_key(struct kai_index *x, const uint8_t fresh[static KAI_KEY_BYTES],
                           uint8_t out[static KAI_KEY_BYTES])
{
    return keep(x, ix_val("key", 3), fresh, out, KAI_KEY_BYTES);
}

enum kai_err kai_ix_commit(struct kai_ix *t, uint64_t position)
{
    uint8_t counts[KAI_COUNTS_BYTES];
    uint8_t at[8];
    enum kai_err err;

    (void)kai_ix_keys_end(t);
    (void)kai_ix_sorted_out(t);
    (void)kai_ix_obj_end(t);
    kai_ix_added_end(t);
    kai_ix_lens_put(t);
    for (size_t i = 0; i < 2u * KAI_LABELS; i++)
        kai_put_u64(counts + 8 * i, t->count[i / KAI_LABELS][i % KAI_LABELS]);
    (void)kai_ix_put(t, TABLE_META, ix_val("counts", 6), ix_val(counts, sizeof counts), 0);
    kai_put_u64(at, position);
    (void)kai_ix_put(t, TABLE_META, ix_val("position", 8), ix_val(at, 8), 0);
    if (t->err == KAI_OK) {
        t->err = kai_ix_err(mdb_txn_commit(t->txn));
        t->txn = NULL; /* Freed even where it failed. */
    }
    err = t->err;
    kai_ix_abort(t);
    return err;
}
