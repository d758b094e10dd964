/* ixitem: finds an item, or one value of a list, by the first digits of its id. */
#include <string.h>

#include "item/list.h"
#include "query/index_priv.h"

#define VALUE_DIGITS                                                                               \
    (2u * KAI_HALF_ID_BYTES) /* Up to here the id of a value is the id of its list. */

struct want {
    uint8_t bytes[KAI_ID_BYTES]; /* The digits, zeros behind. */
    size_t digits;
    uint8_t found[KAI_ID_BYTES];
    bool any;
    bool two;
    kai_rowno_fn *f; /* NULL: only look how many there are. */
    void *ctx;
    bool stop;
};

static bool fits(const struct want *w, const uint8_t *id, size_t digits)
{
    size_t whole = digits / 2;

    if (memcmp(w->bytes, id, whole) != 0)
        return false;
    return digits % 2 == 0 || (w->bytes[whole] ^ id[whole]) < 0x10;
}

static void hit(struct want *w, const uint8_t id[static KAI_ID_BYTES], uint64_t row, uint64_t index)
{
    if (w->any && memcmp(w->found, id, KAI_ID_BYTES) != 0)
        w->two = true;
    memcpy(w->found, id, KAI_ID_BYTES);
    w->any = true;
    w->stop = w->f != NULL ? !w->f(w->ctx, row, index)
                           : w->digits == 2 * KAI_ID_BYTES; /* A whole id is of one item. */
}

/* The values of a list, where the digits go on behind those that its values share. */
static enum kai_err look_inside(struct kai_ixsnap *r, struct want *w, const struct kai_row *row)
{
    char text[KAI_VALUE_BYTES_MAX];
    uint8_t id[KAI_ID_BYTES];
    enum kai_vtype type;
    struct kai_rowkeys keys;
    size_t n;
    enum kai_err err = KAI_OK;

    if (row->n_values == 0)
        return KAI_OK;
    err = kai_ixsnap_keys(r, row, &keys);
    while (err == KAI_OK && !w->stop && kai_rowkeys_next(&keys)) {
        if (!kai_rowkeys_value(&keys, &type, text, &n))
            continue;
        kai_value_id(id, row->item_id, kai_view_of(text, n));
        if (fits(w, id, w->digits))
            hit(w, id, row->no, keys.index);
    }
    return err;
}

static enum kai_err look_at(struct kai_ixsnap *r, struct want *w, uint64_t no)
{
    struct kai_row row;
    enum kai_err err = kai_ixsnap_row(r, no, &row);

    if (err != KAI_OK)
        return err == KAI_ENOTFOUND ? KAI_OK : err; /* Not for this reader. */
    if (!fits(w, row.item_id, w->digits))
        return look_inside(r, w, &row);
    hit(w, row.item_id, no, KAI_INDEX_WHOLE);
    return KAI_OK;
}

static enum kai_err look(struct kai_ixsnap *r, struct want *w)
{
    size_t shared = w->digits < VALUE_DIGITS ? w->digits : VALUE_DIGITS;
    uint8_t from[KAI_ITEM_KEY_BYTES] = {0};
    MDB_cursor *c = NULL;
    MDB_val key = ix_val(from, sizeof from);
    MDB_val val;
    enum kai_err err = KAI_OK;
    int rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_ITEMS], &c);

    if (rc != 0)
        return kai_ix_err(rc);
    memcpy(from, w->bytes, shared / 2 + shared % 2);
    for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
         rc == 0 && err == KAI_OK && !w->two && !w->stop && key.mv_size == KAI_ITEM_KEY_BYTES &&
         fits(w, key.mv_data, shared);
         rc = mdb_cursor_get(c, &key, &val, MDB_NEXT))
        err = look_at(r, w, kai_get_u64((const uint8_t *)key.mv_data + KAI_HALF_ID_BYTES));
    mdb_cursor_close(c);
    return rc == 0 || rc == MDB_NOTFOUND ? err : kai_ix_err(rc);
}

enum kai_err kai_ixsnap_item(struct kai_ixsnap *r, const char *hex_prefix, size_t digits,
                             kai_rowno_fn *f, void *ctx)
{
    struct want w = {.digits = digits};
    char padded[2 * KAI_ID_BYTES];
    enum kai_err err;

    memset(padded, '0', sizeof padded);
    if (digits == 0 || digits > sizeof padded)
        return KAI_EMALFORMED;
    memcpy(padded, hex_prefix, digits);
    if (!kai_unhex(w.bytes, KAI_ID_BYTES, padded, sizeof padded))
        return KAI_EMALFORMED;
    err = look(r, &w);
    if (err == KAI_OK && !w.any)
        err = KAI_ENOTFOUND;
    if (err == KAI_OK && w.two)
        err = KAI_EAMBIGUOUS;
    if (err != KAI_OK)
        return err;
    w.any = false;
    w.stop = false;
    w.f = f;
    w.ctx = ctx;
    return look(r, &w);
}
