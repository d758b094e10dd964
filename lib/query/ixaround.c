/* ixaround: the blocks that contain an address or block, without asking for each length.
 *
 * Keys are ordered by address, then length. The last key that is not behind the block itself shares
 * some first bits with it; a longer block that contained it would stand behind that key. So each
 * step goes to the longest length in use that is no longer than what was shared. */
#include <string.h>

#include "query/index_priv.h"

#define LENS_KEY "lens"

/* Bit number of a length: IPv4 0 to 32, then IPv6 0 to 128. */
static unsigned slot(uint8_t type, unsigned len)
{
    return (type == KAI_V_IPV4 ? 0 : 33) + len;
}

void kai_ix_lens_add(struct kai_ix *t, struct kai_view key)
{
    unsigned at;

    if (key.p[0] != KAI_V_IPV4 && key.p[0] != KAI_V_IPV6)
        return;
    at = slot(key.p[0], key.p[key.n - 1]);
    t->lens_new = t->lens_new || (t->self.lens[at / 8] >> at % 8 & 1) == 0;
    t->self.lens[at / 8] |= (uint8_t)(1u << at % 8);
}

void kai_ix_lens_put(struct kai_ix *t)
{
    if (t->lens_new)
        (void)kai_ix_put(t, TABLE_META, ix_val(LENS_KEY, sizeof LENS_KEY - 1),
                         ix_val(t->self.lens, KAI_LENS_BYTES), 0);
}

enum kai_err kai_ix_lens_get(struct kai_ixsnap *r)
{
    MDB_val key = ix_val(LENS_KEY, sizeof LENS_KEY - 1);
    MDB_val val;
    int rc = mdb_get(r->txn, r->x->dbi[TABLE_META], &key, &val);

    if (rc == MDB_NOTFOUND)
        return KAI_OK;
    if (rc != 0)
        return kai_ix_err(rc);
    if (val.mv_size != KAI_LENS_BYTES)
        return KAI_ECORRUPT;
    memcpy(r->lens, val.mv_data, KAI_LENS_BYTES);
    return KAI_OK;
}

/* The longest length in use that is at most len; -1: none. */
static int in_use(const struct kai_ixsnap *r, uint8_t type, int len)
{
    for (; len >= 0; len--) {
        unsigned at = slot(type, (unsigned)len);

        if ((r->lens[at / 8] >> at % 8 & 1) != 0)
            return len;
    }
    return -1;
}

/* The key of the block of this length that holds what own is of. */
static void masked(uint8_t *out, struct kai_view own, int len)
{
    size_t bytes = own.n - 2;

    memcpy(out, own.p, own.n);
    for (size_t i = 0; i < bytes; i++) {
        int left = len - (int)(8 * i);

        out[1 + i] &= left >= 8 ? 0xff : left <= 0 ? 0 : (uint8_t)(0xff00u >> left);
    }
    out[own.n - 1] = (uint8_t)len;
}

static int shared_bits(const uint8_t *a, const uint8_t *b, size_t bytes)
{
    int n = 0;

    for (size_t i = 0; i < bytes; i++) {
        uint8_t x = (uint8_t)(a[i] ^ b[i]);

        if (x == 0) {
            n += 8;
            continue;
        }
        while ((x & 0x80) == 0) {
            x = (uint8_t)(x << 1);
            n++;
        }
        return n;
    }
    return n;
}

/* At the last place whose key is at most key. */
static int seek(MDB_cursor *c, const uint8_t *key, size_t n, MDB_val *at)
{
    uint8_t behind[KAI_IX_PLACE_MAX];
    MDB_val val;
    int rc;

    memcpy(behind, key, n);
    memset(behind + n, 0xff, 12); /* Behind all rows of this key. */
    *at = ix_val(behind, n + 12);
    rc = mdb_cursor_get(c, at, &val, MDB_SET_RANGE);
    if (rc == 0 || rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(c, at, &val, rc == 0 ? MDB_PREV : MDB_LAST);
    return rc;
}

static enum kai_err walk(struct kai_ixsnap *r, MDB_cursor *c, struct kai_view own, kai_key_fn *f,
                         void *ctx)
{
    uint8_t key[KAI_VALUE_KEY_MAX];
    int len = in_use(r, own.p[0], own.p[own.n - 1]);

    while (len >= 0) {
        MDB_val at;
        const uint8_t *got;

        masked(key, own, len);
        int rc = seek(c, key, own.n, &at);
        if (rc != 0)
            return rc == MDB_NOTFOUND ? KAI_OK : kai_ix_err(rc);
        got = at.mv_data;
        if (at.mv_size != own.n + 12 || got[0] != own.p[0])
            return KAI_OK; /* Before the first of its kind. */
        if (memcmp(got, key, own.n) == 0) {
            if (!f(ctx, kai_view_of(key, own.n)))
                return KAI_OK;
            len--;
        } else {
            int shared = shared_bits(got + 1, key + 1, own.n - 2);

            len = shared < len ? shared : len - 1;
        }
        len = in_use(r, own.p[0], len);
    }
    return KAI_OK;
}

enum kai_err kai_ixsnap_around(struct kai_ixsnap *r, struct kai_view key, kai_key_fn *f, void *ctx)
{
    MDB_cursor *c = NULL;
    enum kai_err err;
    int rc;

    if (key.n < 6 || (key.p[0] != KAI_V_IPV4 && key.p[0] != KAI_V_IPV6))
        return KAI_EMALFORMED;
    rc = mdb_cursor_open(r->txn, r->x->dbi[TABLE_VALUES], &c);
    if (rc != 0)
        return kai_ix_err(rc);
    err = walk(r, c, key, f, ctx);
    mdb_cursor_close(c);
    return err;
}
