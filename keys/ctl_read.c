/* ctl_read: what the set of control entries answers. */
#include <string.h>

#include "crypto/hash.h"
#include "keys/ctl_int.h"

size_t kai_ctl_count(const struct kai_ctl *c)
{
    return c->n;
}

size_t kai_ctl_log_at(const struct kai_ctl *c, const uint8_t *pk)
{
    size_t lo = 0;
    size_t hi = c->n_logs;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (kai_id_cmp(c->logs[mid]->pk, pk) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t kai_ctl_hash_at(const struct kai_ctl *c, const uint8_t *hash)
{
    size_t lo = 0;
    size_t hi = c->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (kai_id_cmp(c->by_hash[mid]->e.hash, hash) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct kai_ctl_log *kai_ctl_log(const struct kai_ctl *c, const uint8_t *pk)
{
    size_t at = kai_ctl_log_at(c, pk);

    return at < c->n_logs && memcmp(c->logs[at]->pk, pk, KAI_KEY_BYTES) == 0 ? c->logs[at] : NULL;
}

struct kai_ctl_entry *kai_ctl_entry(const struct kai_ctl *c, const uint8_t *hash)
{
    size_t at = kai_ctl_hash_at(c, hash);

    return at < c->n && memcmp(c->by_hash[at]->e.hash, hash, KAI_ID_BYTES) == 0 ? c->by_hash[at]
                                                                                : NULL;
}

/* hash NULL: before all of that seq. */
static bool before(const struct kai_ctl_entry *e, uint64_t seq, const uint8_t *hash)
{
    if (e->e.h.seq != seq)
        return e->e.h.seq < seq;
    return hash != NULL && kai_id_cmp(e->e.hash, hash) < 0;
}

size_t kai_ctl_row_at(const struct kai_ctl_log *l, uint64_t seq, const uint8_t *hash)
{
    size_t lo = 0;
    size_t hi = l->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (before(l->rows[mid], seq, hash))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void head_of(struct kai_head *h, const struct kai_ctl_entry *e)
{
    memcpy(h->log_pk, e->e.h.log_pk, KAI_KEY_BYTES);
    h->seq = e->e.h.seq;
    memcpy(h->hash, e->e.hash, KAI_ID_BYTES);
}

size_t kai_ctl_heads(const struct kai_ctl *c, const struct kai_head **rows)
{
    struct kai_ctl_heads *h = c->heads;

    if (!h->fresh) {
        h->n = 0;
        for (size_t i = 0; i < c->n_logs; i++) {
            for (size_t k = 0; k < c->logs[i]->n; k++) {
                if (c->logs[i]->rows[k]->child[0] == NULL)
                    head_of(&h->rows[h->n++], c->logs[i]->rows[k]);
            }
        }
        assert(h->n == c->leaves);
        h->fresh = true;
        h->fp_fresh = false;
    }
    *rows = h->rows;
    return h->n;
}

enum kai_err kai_ctl_head(const struct kai_ctl *c, const uint8_t log_pk[static KAI_KEY_BYTES],
                          struct kai_head *head)
{
    const struct kai_ctl_log *l = kai_ctl_log(c, log_pk);

    if (l == NULL || l->n == 0)
        return KAI_ENOTFOUND;
    /* Of two at the same height the one with the smaller hash. */
    size_t at = kai_ctl_row_at(l, l->rows[l->n - 1]->e.h.seq, NULL);
    head_of(head, l->rows[at]);
    return KAI_OK;
}

void kai_ctl_each(const struct kai_ctl *c, const uint8_t log_pk[static KAI_KEY_BYTES],
                  uint64_t from, uint64_t to, kai_ctl_fn *f, void *ctx)
{
    const struct kai_ctl_log *l = kai_ctl_log(c, log_pk);

    if (l == NULL)
        return;
    for (size_t i = kai_ctl_row_at(l, from, NULL); i < l->n && l->rows[i]->e.h.seq <= to; i++) {
        if (!f(ctx, &l->rows[i]->e))
            return;
    }
}

const struct kai_entry *kai_ctl_find(const struct kai_ctl *c,
                                     const uint8_t hash[static KAI_ID_BYTES])
{
    const struct kai_ctl_entry *e = kai_ctl_entry(c, hash);

    return e == NULL ? NULL : &e->e;
}

void kai_ctl_fingerprint(const struct kai_ctl *c, uint8_t fp[static KAI_ID_BYTES])
{
    const struct kai_head *rows;
    size_t n = kai_ctl_heads(c, &rows);
    struct kai_hasher h;

    if (c->heads->fp_fresh) {
        memcpy(fp, c->heads->fp, KAI_ID_BYTES);
        return;
    }
    kai_hash_begin(&h, KAI_D_STATE);
    kai_hash_add(&h, c->charter.nid, KAI_ID_BYTES);
    for (size_t i = 0; i < c->n_later; i++)
        kai_hash_add(&h, c->later[i].hash, KAI_ID_BYTES);
    for (size_t i = 0; i < c->n_deaths; i++)
        kai_hash_add(&h, c->deaths[i].d.hash, KAI_ID_BYTES);
    for (size_t i = 0; i < n; i++) {
        kai_hash_add(&h, rows[i].log_pk, KAI_KEY_BYTES);
        kai_hash_u64(&h, rows[i].seq);
        kai_hash_add(&h, rows[i].hash, KAI_ID_BYTES);
    }
    kai_hash_end(&h, fp);
    memcpy(c->heads->fp, fp, KAI_ID_BYTES);
    c->heads->fp_fresh = true;
}
