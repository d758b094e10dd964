/* chain: the versions of one object: which is current, and whether it was withdrawn. */
#include <string.h>

#include "query/index_priv.h"

#define CHAIN_BYTES (8u + 1u + KAI_HALF_ID_BYTES)

struct chain {
    uint64_t modified_ms; /* Of the current version. */
    bool revoked;
    uint8_t item[KAI_HALF_ID_BYTES];
};

/* Set flags in the record of a row, if it is of this origin. */
static enum kai_err flag_row(struct kai_ix *t, uint64_t no, const uint8_t *origin, uint8_t flags)
{
    uint8_t record[KAI_RECORD_MAX];
    uint8_t key_bytes[8];
    MDB_val key = ix_val(key_bytes, 8);
    MDB_val val;
    struct kai_row row;

    kai_put_u64(key_bytes, no);
    t->err = kai_ix_err(mdb_get(t->txn, t->x->dbi[TABLE_ROWS], &key, &val));
    if (t->err == KAI_OK)
        t->err = kai_record_read(&row, no, val.mv_data, val.mv_size);
    if (t->err != KAI_OK || memcmp(row.origin, origin, KAI_ID_BYTES) != 0)
        return t->err;
    row.flags |= flags;
    val = ix_val(record, kai_record_write(record, &row));
    t->err = kai_ix_err(mdb_put(t->txn, t->x->dbi[TABLE_ROWS], &key, &val, 0));
    return t->err;
}

/* Flag the rows of one item from one origin: one for each audience it is in. */
static enum kai_err flag_item(struct kai_ix *t, const uint8_t *item, const uint8_t *origin,
                              uint8_t flags)
{
    uint8_t from[KAI_ITEM_KEY_BYTES] = {0};
    MDB_cursor *c = NULL;
    MDB_val key = ix_val(from, sizeof from);
    MDB_val val;
    int rc;

    memcpy(from, item, KAI_HALF_ID_BYTES);
    t->err = kai_ix_err(mdb_cursor_open(t->txn, t->x->dbi[TABLE_ITEMS], &c));
    if (t->err != KAI_OK)
        return t->err;
    for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
         rc == 0 && key.mv_size == KAI_ITEM_KEY_BYTES &&
         memcmp(key.mv_data, item, KAI_HALF_ID_BYTES) == 0 && t->err == KAI_OK;
         rc = mdb_cursor_get(c, &key, &val, MDB_NEXT))
        (void)flag_row(t, kai_get_u64((const uint8_t *)key.mv_data + KAI_HALF_ID_BYTES), origin,
                       flags);
    if (rc != 0 && rc != MDB_NOTFOUND && t->err == KAI_OK)
        t->err = kai_ix_err(rc);
    mdb_cursor_close(c);
    return t->err;
}

static enum kai_err load(struct kai_ix *t, MDB_val key, struct chain *out)
{
    MDB_val val;
    enum kai_err err = kai_ix_err(mdb_get(t->txn, t->x->dbi[TABLE_CHAINS], &key, &val));
    const uint8_t *p = val.mv_data;

    if (err != KAI_OK)
        return err;
    if (val.mv_size != CHAIN_BYTES)
        return KAI_ECORRUPT;
    out->modified_ms = kai_get_u64(p);
    out->revoked = p[8] != 0;
    memcpy(out->item, p + 9, KAI_HALF_ID_BYTES);
    return KAI_OK;
}

static enum kai_err save(struct kai_ix *t, MDB_val key, const struct chain *c)
{
    uint8_t p[CHAIN_BYTES];
    MDB_val val = ix_val(p, sizeof p);

    kai_put_u64(p, c->modified_ms);
    p[8] = c->revoked ? 1 : 0;
    memcpy(p + 9, c->item, KAI_HALF_ID_BYTES);
    return kai_ix_err(mdb_put(t->txn, t->x->dbi[TABLE_CHAINS], &key, &val, 0));
}

/* A version joins a chain that is there: settle who is current, and what is withdrawn. */
static enum kai_err join(struct kai_ix *t, struct chain *c, struct kai_row *row, bool revoked)
{
    bool same = memcmp(c->item, row->item_id, KAI_HALF_ID_BYTES) == 0;

    if (revoked && !c->revoked)
        (void)flag_item(t, c->item, row->origin, KAI_ROW_WITHDRAWN);
    c->revoked = c->revoked || revoked;
    if (!same && row->modified_ms > c->modified_ms) {
        if (t->err == KAI_OK)
            (void)flag_item(t, c->item, row->origin, KAI_ROW_SUPERSEDED);
        c->modified_ms = row->modified_ms;
        memcpy(c->item, row->item_id, KAI_HALF_ID_BYTES);
    } else if (!same) {
        row->flags |= KAI_ROW_SUPERSEDED;
    }
    if (c->revoked)
        row->flags |= KAI_ROW_WITHDRAWN;
    return t->err;
}

enum kai_err kai_ix_chain(struct kai_ix *t, struct kai_row *row, bool revoked)
{
    uint8_t key_bytes[16 + KAI_HALF_ID_BYTES];
    MDB_val key = ix_val(key_bytes, sizeof key_bytes);
    struct chain c = {.modified_ms = row->modified_ms, .revoked = revoked};
    enum kai_err err;

    if (row->modified_ms == 0) {
        if (revoked)
            row->flags |= KAI_ROW_WITHDRAWN;
        return KAI_OK;
    }
    memcpy(key_bytes, row->stix_uuid, 16);
    memcpy(key_bytes + 16, row->origin, KAI_HALF_ID_BYTES);
    err = load(t, key, &c);
    if (err == KAI_ENOTFOUND) {
        memcpy(c.item, row->item_id, KAI_HALF_ID_BYTES);
        if (revoked)
            row->flags |= KAI_ROW_WITHDRAWN;
        t->err = save(t, key, &c);
        return t->err;
    }
    t->err = err;
    if (err == KAI_OK && join(t, &c, row, revoked) == KAI_OK)
        t->err = save(t, key, &c);
    return t->err;
}
