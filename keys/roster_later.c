/* roster_later: an issuing key speaks for those that its organisation had before it. What a lost or
 * stolen one admitted can be revoked by the one that took its place, and not the other way round.
 *
 * A later key may have been stolen and cut in its turn. Its thief can go on writing behind the cut,
 * and what stood under an earlier key is not cut by that: so what it says of the earlier keys'
 * counts only from within the cuts that the root of both put on it, by REVOKE or KEYDEATH. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/roster_int.h"

static int key_cmp(const struct kai_later *a, uint32_t root, uint32_t key)
{
    if (a->root != root)
        return a->root < root ? -1 : 1;
    return a->key == key ? 0 : a->key < key ? -1 : 1;
}

static int later_cmp(const void *x, const void *y)
{
    const struct kai_later *a = x;
    const struct kai_later *b = y;
    int cmp = key_cmp(a, b->root, b->key);

    if (cmp != 0)
        return cmp;
    return a->parent == b->parent ? 0 : a->parent < b->parent ? -1 : 1;
}

/* The first row that is not before these. */
static size_t row_at(const struct kai_build *b, uint32_t root, uint32_t key, uint32_t parent)
{
    struct kai_later want = {.root = root, .key = key, .parent = parent};
    size_t lo = 0;
    size_t hi = b->n_later;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (later_cmp(&b->later[mid], &want) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* One row for each (path of a root, issuing key under it), with the last ADMIT of that key. */
static enum kai_err list(struct kai_build *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_paths; i++)
        n += b->paths[i].kind == KAI_ADMIT_ISSUING;
    b->later = malloc((n + 1) * sizeof *b->later);
    if (b->later == NULL)
        return KAI_ENOMEM;
    n = 0;
    for (size_t i = 0; i < b->n_paths; i++) {
        const struct kai_path *p = &b->paths[i];

        if (p->kind == KAI_ADMIT_ISSUING)
            b->later[n++] = (struct kai_later){.root = b->paths[p->parent].key,
                                               .key = p->key,
                                               .parent = p->parent,
                                               .seq = b->certs[p->cert].e->e.h.seq};
    }
    if (n > 0)
        qsort(b->later, n, sizeof *b->later, later_cmp);
    for (size_t i = 0; i < n; i++) {
        struct kai_later *last = b->n_later > 0 ? &b->later[b->n_later - 1] : NULL;

        if (last == NULL || later_cmp(last, &b->later[i]) != 0)
            b->later[b->n_later++] = b->later[i];
        else if (last->seq < b->later[i].seq)
            last->seq = b->later[i].seq;
    }
    return KAI_OK;
}

static void cut_by_revokes(struct kai_build *b)
{
    for (size_t i = 0; i < b->n_revs; i++) {
        const struct kai_rev *r = &b->revs[i];
        const struct kai_cert *c = &b->certs[r->target];

        if (c->e->kind != KAI_ADMIT_ISSUING || c->e->log != b->ctl->logs[r->signer])
            continue;
        for (size_t k = row_at(b, r->signer, c->subject, 0);
             k < b->n_later && key_cmp(&b->later[k], r->signer, c->subject) == 0; k++)
            kai_limit_by(b, &b->later[k].limit, c->subject, r);
    }
}

static void cut_by_deaths(struct kai_build *b)
{
    for (size_t i = 0; i < b->ctl->n_deaths; i++) {
        const struct kai_keydeath *d = &b->ctl->deaths[i].d;
        const struct kai_ctl_log *l = kai_ctl_log(b->ctl, d->key);

        if (!d->has_cut || l == NULL || kai_ctl_log(b->ctl, d->signer) == NULL)
            continue;
        uint32_t root = (uint32_t)kai_ctl_log_at(b->ctl, d->signer);
        uint32_t key = (uint32_t)kai_ctl_log_at(b->ctl, d->key);
        for (size_t k = row_at(b, root, key, 0);
             k < b->n_later && key_cmp(&b->later[k], root, key) == 0; k++)
            kai_limit_narrow(&b->later[k].limit, kai_limit_head(b, l, &d->cut));
    }
}

enum kai_err kai_build_later(struct kai_build *b)
{
    enum kai_err err = list(b);

    if (err == KAI_OK) {
        cut_by_revokes(b);
        cut_by_deaths(b);
    }
    return err;
}

bool kai_later_speaks(const struct kai_build *b, const struct kai_rev *r, uint32_t path)
{
    const struct kai_path *p = &b->paths[path];
    uint32_t root = b->paths[p->parent].key;
    size_t at = row_at(b, root, r->signer, p->parent);

    if (at == b->n_later || key_cmp(&b->later[at], root, r->signer) != 0 ||
        b->later[at].parent != p->parent || b->later[at].seq <= b->certs[p->cert].e->e.h.seq)
        return false;
    return KAI_CHECK(REVOKE_LATER, kai_limit_allows(&b->later[at].limit, r->e));
}
