/* ixref: which rows speak of an object: notes, sightings, relationships. */
#include <string.h>

#include "query/index_priv.h"

#define REF_BYTES (16u + 1u + 8u)

static void key_of(uint8_t out[static REF_BYTES], const uint8_t uuid[static 16],
                   enum kai_stix_role role, uint64_t row_no)
{
    memcpy(out, uuid, 16);
    out[16] = (uint8_t)role;
    kai_put_u64(out + 17, row_no);
}

enum kai_err kai_ix_ref(struct kai_ix *t, uint64_t row_no, enum kai_stix_role role,
                        const uint8_t uuid[static 16])
{
    uint8_t key[REF_BYTES];

    key_of(key, uuid, role, row_no);
    t->new_refs++;
    return kai_ix_put(t, TABLE_REFS, ix_val(key, sizeof key), ix_val(&t->keys_tlp, 1), 0);
}

enum kai_err kai_ixsnap_refs(struct kai_ixsnap *r, const uint8_t uuid[static 16],
                             enum kai_stix_role role, kai_rowno_fn *f, void *ctx)
{
    uint8_t last[REF_BYTES];
    MDB_val key = ix_val(last, sizeof last);
    MDB_val val;
    MDB_cursor *c = NULL;
    int rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_REFS], &c);

    if (rc != 0)
        return kai_ix_err(rc);
    key_of(last, uuid, role, UINT64_MAX); /* No row has this number: it is the place behind them. */
    rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
    rc = mdb_cursor_get(c, &key, &val, rc == 0 ? MDB_PREV : MDB_LAST);
    while (rc == 0 && key.mv_size == REF_BYTES && memcmp(key.mv_data, last, 17) == 0) {
        if (val.mv_size == 1 && kai_ix_sees(r, *(const uint8_t *)val.mv_data) &&
            !f(ctx, kai_get_u64((const uint8_t *)key.mv_data + 17), KAI_INDEX_WHOLE))
            break;
        rc = mdb_cursor_get(c, &key, &val, MDB_PREV);
    }
    mdb_cursor_close(c);
    return rc == 0 || rc == MDB_NOTFOUND ? KAI_OK : kai_ix_err(rc);
}
