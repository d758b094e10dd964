/* ixread: reads a snapshot of the index. */
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "query/index_priv.h"

/* No row has this number. Its first byte is 0, so that texts that go on behind a key are not
 * between the key's first place and its last. */
#define ROW_MAX ((UINT64_C(1) << 48) - 1)

void kai_ixsnap_for(struct kai_ixsnap *r, uint8_t clearance)
{
    r->clearance = clearance;
    for (uint8_t tlp = 1; tlp < KAI_LABELS; tlp++) {
        struct kai_policy_read f = {.role = KAI_POLICY_READER, .clearance = clearance, .tlp = tlp};

        r->sees[tlp] = kai_policy_read(&f) == NULL;
    }
}

enum kai_err kai_ixsnap_begin(struct kai_index *x, uint8_t clearance, struct kai_ixsnap **out)
{
    struct kai_ixsnap *r = calloc(1, sizeof *r);
    enum kai_err err;

    *out = NULL;
    if (r == NULL)
        return KAI_ENOMEM;
    r->x = x;
    kai_ixsnap_for(r, clearance);
    err = kai_ix_err(mdb_txn_begin(x->env, NULL, MDB_RDONLY, &r->txn));
    if (err != KAI_OK) {
        free(r);
        return err;
    }
    r->disputes = kai_ix_any_fork(r);
    r->ends = kai_ix_any_end(r);
    r->gone = kai_ix_any_gone(r);
    err = kai_ix_lens_get(r);
    if (err != KAI_OK) {
        kai_ixsnap_end(r);
        return err;
    }
    *out = r;
    return KAI_OK;
}

void kai_ixsnap_end(struct kai_ixsnap *r)
{
    if (r == NULL)
        return;
    mdb_txn_abort(r->txn);
    free(r);
}

static uint64_t number(const struct kai_ixsnap *r, MDB_val key)
{
    MDB_val val;

    if (mdb_get(r->txn, r->x->dbi[TABLE_META], &key, &val) != 0 || val.mv_size != 8)
        return 0;
    return kai_get_u64(val.mv_data);
}

uint64_t kai_ixsnap_position(struct kai_ixsnap *r)
{
    return number(r, ix_val("position", 8));
}

uint64_t kai_ixsnap_name(struct kai_ixsnap *r)
{
    MDB_val key = ix_val("id", 2);
    MDB_val val;

    if (mdb_get(r->txn, r->x->dbi[TABLE_META], &key, &val) != 0 || val.mv_size != KAI_HALF_ID_BYTES)
        return 0;
    return kai_get_u64(val.mv_data);
}

uint64_t kai_ixsnap_last(struct kai_ixsnap *r)
{
    MDB_stat st;

    return mdb_stat(r->txn, r->x->dbi[TABLE_ROWS], &st) == 0 ? st.ms_entries : 0;
}

uint64_t kai_ixsnap_changes(struct kai_ixsnap *r)
{
    MDB_stat st;

    return mdb_stat(r->txn, r->x->dbi[TABLE_CHANGES], &st) == 0 ? st.ms_entries : 0;
}

enum kai_err kai_ixsnap_change(struct kai_ixsnap *r, uint64_t no, uint64_t *row_no)
{
    uint8_t bytes[8];
    MDB_val key = ix_val(bytes, 8);
    MDB_val val;
    enum kai_err err;

    kai_put_u64(bytes, no);
    err = kai_ix_err(mdb_get(r->txn, r->x->dbi[TABLE_CHANGES], &key, &val));
    if (err == KAI_OK && val.mv_size != 8)
        err = KAI_ECORRUPT;
    if (err == KAI_OK)
        *row_no = kai_get_u64(val.mv_data);
    return err;
}

/* Of what this reader sees: 0 rows, 1 values. */
static uint64_t count_seen(struct kai_ixsnap *r, unsigned what)
{
    uint64_t counts[2][KAI_LABELS];
    uint64_t n = 0;

    if (kai_ix_counts(r, counts) != KAI_OK)
        return 0;
    for (uint8_t tlp = 0; tlp < KAI_LABELS; tlp++)
        n += kai_ix_sees(r, tlp) ? counts[what][tlp] : 0;
    return n;
}

uint64_t kai_ixsnap_rows(struct kai_ixsnap *r)
{
    return count_seen(r, 0);
}

uint64_t kai_ixsnap_values(struct kai_ixsnap *r)
{
    return count_seen(r, 1);
}

enum kai_err kai_ix_counts(struct kai_ixsnap *r, uint64_t out[2][KAI_LABELS])
{
    MDB_val key = ix_val("counts", 6);
    MDB_val val;
    enum kai_err err = kai_ix_err(mdb_get(r->txn, r->x->dbi[TABLE_META], &key, &val));

    memset(out, 0, sizeof(uint64_t[2][KAI_LABELS]));
    if (err != KAI_OK)
        return err == KAI_ENOTFOUND ? KAI_OK : err;
    if (val.mv_size != KAI_COUNTS_BYTES)
        return KAI_ECORRUPT;
    for (size_t i = 0; i < 2u * KAI_LABELS; i++)
        out[i / KAI_LABELS][i % KAI_LABELS] = kai_get_u64((const uint8_t *)val.mv_data + 8 * i);
    return KAI_OK;
}

/* The row that stands in a record, as this reader sees it. Errors: KAI_ENOTFOUND (it does not exist
 * for them), KAI_ECORRUPT. */
static enum kai_err read_row(struct kai_ixsnap *r, uint64_t no, MDB_val val, struct kai_row *out)
{
    struct marks marks;
    enum kai_err err = kai_record_read(out, &marks, no, val.mv_data, val.mv_size);
    unsigned bit;

    r->damaged += err != KAI_OK;
    if (err != KAI_OK)
        return err;
    if (!kai_ix_sees(r, out->tlp))
        return KAI_ENOTFOUND;
    bit = 1u << (r->clearance - 1u) % 8u;
    if ((marks.superseded & bit) != 0)
        out->flags |= KAI_ROW_SUPERSEDED;
    if ((marks.withdrawn & bit) != 0)
        out->flags |= KAI_ROW_WITHDRAWN;
    if (r->disputes && kai_ix_past_fork(r, out->log_no, out->seq))
        out->flags |= KAI_ROW_DISPUTED;
    if ((r->gone && kai_ix_is_gone(r, out->log_no, out->seq)) ||
        (r->ends && kai_ix_past_end(r, out->log_no, out->seq)))
        out->flags |= KAI_ROW_GONE;
    return KAI_OK;
}

static enum kai_err get_row(struct kai_ixsnap *r, uint64_t no, MDB_val *val)
{
    uint8_t key_bytes[8];
    MDB_val key = ix_val(key_bytes, 8);

    kai_put_u64(key_bytes, no);
    enum kai_err err = kai_ix_err(mdb_get(r->txn, r->x->dbi[TABLE_ROWS], &key, val));
    if (err != KAI_ENOTFOUND || no < 1 || no > kai_ixsnap_last(r))
        return err;
    r->damaged++; /* None is ever taken away: one that is missing was lost. */
    return KAI_ECORRUPT;
}

enum kai_err kai_ixsnap_row(struct kai_ixsnap *r, uint64_t no, struct kai_row *out)
{
    MDB_val val;
    enum kai_err err = get_row(r, no, &val);

    return err == KAI_OK ? read_row(r, no, val, out) : err;
}

enum kai_err kai_ixsnap_sound_row(struct kai_ixsnap *r, uint64_t no, struct kai_row *out)
{
    uint64_t before = r->damaged;
    enum kai_err err = kai_ixsnap_row(r, no, out);

    return err == KAI_ECORRUPT && r->damaged > before ? KAI_ENOTFOUND : err;
}

bool kai_ixsnap_damaged(const struct kai_ixsnap *r)
{
    return r->damaged > 0;
}

enum kai_err kai_ix_row_seen(struct kai_ixsnap *r, uint64_t no, uint64_t *ms)
{
    struct kai_row row;
    struct marks marks;
    MDB_val val;
    enum kai_err err = get_row(r, no, &val);

    if (err == KAI_OK) {
        err = kai_record_read(&row, &marks, no, val.mv_data, val.mv_size);
        r->damaged += err != KAI_OK;
    }
    if (err == KAI_OK)
        *ms = row.first_seen_ms;
    return err;
}

/* At the last key that is at most key. */
static int seek_down(MDB_cursor *c, MDB_val *key, MDB_val *val)
{
    MDB_val want = *key;
    int rc = mdb_cursor_get(c, key, val, MDB_SET_RANGE);

    if (rc == MDB_NOTFOUND)
        return mdb_cursor_get(c, key, val, MDB_LAST);
    if (rc == 0 &&
        (key->mv_size != want.mv_size || memcmp(key->mv_data, want.mv_data, want.mv_size) != 0))
        return mdb_cursor_get(c, key, val, MDB_PREV);
    return rc;
}

enum kai_err kai_ixsnap_down(struct kai_ixsnap *r, uint64_t from, kai_row_fn *f, void *ctx)
{
    uint8_t key_bytes[8];
    MDB_val key = ix_val(key_bytes, 8);
    MDB_val val;
    MDB_cursor *c = NULL;
    struct kai_row row;
    enum kai_err err = KAI_OK;
    int rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_ROWS], &c);

    if (rc != 0)
        return kai_ix_err(rc);
    kai_put_u64(key_bytes, from);
    for (rc = seek_down(c, &key, &val); rc == 0; rc = mdb_cursor_get(c, &key, &val, MDB_PREV)) {
        err = KAI_ECORRUPT;
        if (key.mv_size == 8)
            err = read_row(r, kai_get_u64(key.mv_data), val, &row);
        if (err == KAI_ENOTFOUND || (err == KAI_ECORRUPT && key.mv_size == 8)) {
            err = KAI_OK; /* Not for this reader, or damaged: as if it were not there. */
            continue;
        }
        if (err != KAI_OK || !f(ctx, &row))
            break;
    }
    mdb_cursor_close(c);
    return rc == 0 || rc == MDB_NOTFOUND ? err : kai_ix_err(rc);
}

/* Where a label stands as the value of a key. */
static bool label_seen(const struct kai_ixsnap *r, MDB_val val)
{
    return val.mv_size == 1 && kai_ix_sees(r, *(const uint8_t *)val.mv_data);
}

enum kai_err kai_ixsnap_stix(struct kai_ixsnap *r, const uint8_t uuid[static 16], kai_rowno_fn *f,
                             void *ctx)
{
    MDB_val key = ix_val(uuid, 16);
    MDB_val val;
    MDB_cursor *c = NULL;
    bool found = false;
    int rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_STIX], &c);

    if (rc != 0)
        return kai_ix_err(rc);
    for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
         rc == 0 && key.mv_size == 24 && memcmp(key.mv_data, uuid, 16) == 0;
         rc = mdb_cursor_get(c, &key, &val, MDB_NEXT)) {
        if (!label_seen(r, val))
            continue;
        found = true;
        if (!f(ctx, kai_get_u64((const uint8_t *)key.mv_data + 16), KAI_INDEX_WHOLE))
            break;
    }
    mdb_cursor_close(c);
    if (rc != 0 && rc != MDB_NOTFOUND)
        return kai_ix_err(rc);
    return found ? KAI_OK : KAI_ENOTFOUND;
}

enum kai_err kai_ixsnap_stix_down(struct kai_ixsnap *r, const uint8_t uuid[static 16],
                                  kai_rowno_fn *f, void *ctx)
{
    uint8_t last[16 + 8];
    MDB_val key = ix_val(last, sizeof last);
    MDB_val val;
    MDB_cursor *c = NULL;
    int rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_STIX], &c);

    if (rc != 0)
        return kai_ix_err(rc);
    memcpy(last, uuid, 16);
    kai_put_u64(last + 16, ROW_MAX);
    for (rc = seek_down(c, &key, &val);
         rc == 0 && key.mv_size == sizeof last && memcmp(key.mv_data, uuid, 16) == 0;
         rc = mdb_cursor_get(c, &key, &val, MDB_PREV)) {
        if (label_seen(r, val) &&
            !f(ctx, kai_get_u64((const uint8_t *)key.mv_data + 16), KAI_INDEX_WHOLE))
            break;
    }
    mdb_cursor_close(c);
    return rc == 0 || rc == MDB_NOTFOUND ? KAI_OK : kai_ix_err(rc);
}

/* Whether a row makes another one of the same batch, or of another, superfluous. */
static bool covers(const struct kai_row *held, const struct kai_row *want)
{
    bool recalled = (held->flags & KAI_ROW_RECALLED) != 0;

    return (held->flags & KAI_ROW_GONE) == 0 &&
           memcmp(held->item_id, want->item_id, KAI_ID_BYTES) == 0 &&
           memcmp(held->origin, want->origin, KAI_ID_BYTES) == 0 &&
           memcmp(held->aud_id, want->aud_id, KAI_ID_BYTES) == 0 && held->tlp <= want->tlp &&
           (!recalled || memcmp(held->obj_hash, want->obj_hash, KAI_ID_BYTES) == 0);
}

bool kai_ix_held(struct kai_ixsnap *r, const struct kai_row *want)
{
    uint8_t from[KAI_ITEM_KEY_BYTES] = {0};
    MDB_val key = ix_val(from, sizeof from);
    MDB_val val;
    MDB_cursor *c = NULL;
    struct kai_row row;
    bool found = false;
    int rc;

    memcpy(from, want->item_id, KAI_HALF_ID_BYTES);
    if (mdb_cursor_open(r->txn, r->x->dbi[TABLE_ITEMS], &c) != 0)
        return false;
    for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
         !found && rc == 0 && key.mv_size == KAI_ITEM_KEY_BYTES &&
         memcmp(key.mv_data, want->item_id, KAI_HALF_ID_BYTES) == 0;
         rc = mdb_cursor_get(c, &key, &val, MDB_NEXT)) {
        uint64_t no = kai_get_u64((const uint8_t *)key.mv_data + KAI_HALF_ID_BYTES);

        found = kai_ixsnap_row(r, no, &row) == KAI_OK && covers(&row, want);
    }
    mdb_cursor_close(c);
    return found;
}

bool kai_ixsnap_has(struct kai_ixsnap *r, const uint8_t item_id[static KAI_ID_BYTES],
                    const uint8_t origin[static KAI_ID_BYTES],
                    const uint8_t aud_id[static KAI_ID_BYTES], uint8_t tlp)
{
    struct kai_row want = {.tlp = tlp}; /* Of no batch that there is. */

    memcpy(want.item_id, item_id, KAI_ID_BYTES);
    memcpy(want.origin, origin, KAI_ID_BYTES);
    memcpy(want.aud_id, aud_id, KAI_ID_BYTES);
    return kai_ix_held(r, &want);
}

size_t kai_ix_place(uint8_t out[static KAI_IX_PLACE_MAX], struct kai_view key, uint64_t row_no,
                    uint64_t value_index)
{
    size_t n = key.n < KAI_VALUE_KEY_MAX ? key.n : KAI_VALUE_KEY_MAX;

    memcpy(out, key.p, n);
    kai_put_u64(out + n, row_no);
    for (unsigned i = 0; i < 4; i++)
        out[n + 8 + i] = (uint8_t)(value_index >> (24 - 8 * i));
    return n + 12;
}

static int compare(const uint8_t *a, size_t a_n, struct kai_view b)
{
    int c = memcmp(a, b.p, a_n < b.n ? a_n : b.n);

    if (c != 0)
        return c;
    return a_n < b.n ? -1 : a_n > b.n;
}

/* At the first place of a range, or the first after one that was reached. A place before the range
 * is no place in it: whoever sent it is not to make us walk there. */
static int range_start(MDB_cursor *c, MDB_val *key, MDB_val *val, struct kai_view lo,
                       struct kai_view hi, struct kai_view after, bool down)
{
    uint8_t last[KAI_IX_PLACE_MAX];
    struct kai_view start = lo;
    int rc;

    if (down)
        start = kai_view_of(last, kai_ix_place(last, hi, ROW_MAX, UINT32_MAX));
    if (after.n > 0 && (compare(after.p, after.n, start) > 0) != down)
        start = after;
    *key = ix_val(start.p, start.n);
    rc = down ? seek_down(c, key, val) : mdb_cursor_get(c, key, val, MDB_SET_RANGE);
    if (rc == 0 && after.n > 0 && key->mv_size == after.n &&
        memcmp(key->mv_data, after.p, after.n) == 0)
        rc = mdb_cursor_get(c, key, val, down ? MDB_PREV : MDB_NEXT);
    return rc;
}

enum kai_err kai_ixsnap_range(struct kai_ixsnap *r, struct kai_view lo, struct kai_view hi,
                              struct kai_view after, bool down, kai_ixkey_fn *f, void *ctx)
{
    MDB_cursor *c = NULL;
    MDB_val key;
    MDB_val val;
    int rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_VALUES], &c);

    if (rc != 0)
        return kai_ix_err(rc);
    for (rc = range_start(c, &key, &val, lo, hi, after, down); rc == 0;
         rc = mdb_cursor_get(c, &key, &val, down ? MDB_PREV : MDB_NEXT)) {
        const uint8_t *p = key.mv_data;
        size_t n = key.mv_size < 12 ? 0 : key.mv_size - 12;
        uint64_t index;

        if (compare(p, n, hi) > 0) {
            if (down)
                continue;
            break;
        }
        if (compare(p, n, lo) < 0) {
            if (down)
                break;
            continue;
        }
        if (!label_seen(r, val))
            continue;
        index = (uint64_t)p[n + 8] << 24 | (uint64_t)p[n + 9] << 16 | (uint64_t)p[n + 10] << 8 |
                p[n + 11];
        if (!f(ctx, kai_view_of(p, n), kai_get_u64(p + n), index))
            break;
    }
    mdb_cursor_close(c);
    return rc == 0 || rc == MDB_NOTFOUND ? KAI_OK : kai_ix_err(rc);
}

enum kai_err kai_ixsnap_keys(struct kai_ixsnap *r, const struct kai_row *row,
                             struct kai_rowkeys *out)
{
    uint8_t key_bytes[8];
    MDB_val key = ix_val(key_bytes, 8);
    MDB_val val;
    enum kai_err err;

    *out = (struct kai_rowkeys){.list = row->n_values > 0};
    kai_put_u64(key_bytes, row->no);
    err = kai_ix_err(mdb_get(r->txn, r->x->dbi[TABLE_KEYS], &key, &val));
    if (err == KAI_OK)
        out->rest = kai_view_of(val.mv_data, val.mv_size);
    return err == KAI_ENOTFOUND ? KAI_OK : err;
}
