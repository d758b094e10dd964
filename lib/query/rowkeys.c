/* rowkeys: the keys of one row's values, one after the other: what a row is judged by when it was
 * not found through one of them.
 *
 * Each: how many bytes it shares with the one before (1), how many follow (2, top bit: the value
 * stands behind), the bytes; length (2) and bytes of the value where its key does not tell it. */
#include <string.h>

#include "query/index_priv.h"

#define HAS_NORM 0x8000u

static void put_u16(struct kai_buf *b, size_t v)
{
    kai_buf_u8(b, (uint8_t)(v >> 8));
    kai_buf_u8(b, (uint8_t)(v & 0xffu));
}

void kai_rowkeys_add(struct kai_buf *b, struct kai_view prev, struct kai_view key,
                     struct kai_view norm)
{
    size_t shared = 0;

    while (shared < prev.n && shared < key.n && shared < 255 && prev.p[shared] == key.p[shared])
        shared++;
    kai_buf_u8(b, (uint8_t)shared);
    put_u16(b, (key.n - shared) | (norm.n > 0 ? HAS_NORM : 0u));
    kai_buf_add(b, key.p + shared, key.n - shared);
    if (norm.n > 0) {
        put_u16(b, norm.n);
        kai_buf_add(b, norm.p, norm.n);
    }
}

static bool take(struct kai_view *v, size_t n, const uint8_t **p)
{
    if (v->n < n)
        return false;
    *p = v->p;
    v->p += n;
    v->n -= n;
    return true;
}

bool kai_rowkeys_next(struct kai_rowkeys *k)
{
    const uint8_t *p = NULL;
    size_t shared;
    size_t n;

    if (k->rest.n == 0 || !take(&k->rest, 3, &p))
        return false;
    shared = p[0];
    n = (size_t)p[1] << 8 | p[2];
    k->norm = (struct kai_view){0};
    if (shared > k->key_n || shared + (n & ~(size_t)HAS_NORM) > sizeof k->key)
        return false;
    k->key_n = shared + (n & ~(size_t)HAS_NORM);
    {
        const uint8_t *tail = NULL;

        if (!take(&k->rest, k->key_n - shared, &tail))
            return false;
        memcpy(k->key + shared, tail, k->key_n - shared);
    }
    if ((n & HAS_NORM) != 0) {
        if (!take(&k->rest, 2, &p))
            return false;
        k->norm.n = (size_t)p[0] << 8 | p[1];
        if (!take(&k->rest, k->norm.n, &k->norm.p))
            return false;
    }
    if (k->list && k->begun)
        k->index++;
    k->begun = true;
    return true;
}

bool kai_rowkeys_value(const struct kai_rowkeys *k, enum kai_vtype *type, char *out, size_t *n)
{
    if (k->key_n == 0)
        return false;
    if (k->norm.n == 0)
        return kai_key_value(kai_view_of(k->key, k->key_n), type, out, n);
    if (k->norm.n > KAI_VALUE_BYTES_MAX)
        return false;
    *type = kai_vtype_of(k->key[0]);
    memcpy(out, k->norm.p, k->norm.n);
    *n = k->norm.n;
    return true;
}
