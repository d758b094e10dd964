/* roster_revoke: what REVOKEs take away from the paths.
 *
 * Whether a REVOKE is effective is asked of the paths: it counts on those of its target that hold
 * its signer's certificate above, at most two organisations up. What its signer's own end cuts off
 * is not asked there. Of other REVOKEs one kind alone is asked, those by which a root cut one of
 * its issuing keys, and that only where a later key speaks of what an earlier one admitted
 * (roster_later.c); they count themselves whatever else was revoked, so nothing goes in a ring. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/roster_int.h"

#define REACH_ORGS 2u

static enum kai_err add_rev(struct kai_build *b, const struct kai_ctl_entry *e, uint32_t signer,
                            size_t first_of_log)
{
    struct kai_revoke r;
    struct kai_rev *rev = &b->revs[b->n_revs];

    if (kai_revoke_parse(&r, e->body) != KAI_OK)
        return KAI_OK; /* Parsed when it was taken in. */
    *rev = (struct kai_rev){
        .e = e,
        .signer = signer,
        .target = kai_build_cert(b, r.target),
        .reason = r.reason,
        .cuts = b->n_cuts,
        .n_cuts = r.n_cuts,
        .n_marks = r.n_marks,
        .part = r.part,
        .of = r.of,
        .before = KAI_NONE,
        .complete = r.of == 1,
    };
    if (rev->target == KAI_NONE)
        return KAI_OK; /* The certificate is not held: nothing to take away. */
    struct kai_cut *cuts = realloc(b->cuts, (b->n_cuts + r.n_cuts + 1) * sizeof *cuts);
    if (cuts == NULL)
        return KAI_ENOMEM;
    b->cuts = cuts;
    memcpy(cuts + b->n_cuts, r.cuts, r.n_cuts * sizeof *cuts);
    b->n_cuts += r.n_cuts;
    /* Parts stand one after the other in their log: so a later part can never join, and undo,
     * what was complete before. */
    for (size_t i = b->n_revs; rev->part > 0 && i-- > first_of_log;) {
        const struct kai_rev *p = &b->revs[i];

        if (p->e == e->parent && p->target == rev->target && p->reason == rev->reason &&
            p->of == rev->of && p->part + 1 == rev->part && (p->part == 0 || p->before != KAI_NONE))
            rev->before = (uint32_t)i;
        if (p->e->e.h.seq + 1 < e->e.h.seq)
            break;
    }
    if (rev->of > 1)
        rev->complete = rev->part + 1 == rev->of && rev->before != KAI_NONE;
    b->n_revs++;
    return KAI_OK;
}

static enum kai_err collect(struct kai_build *b)
{
    const struct kai_ctl *ctl = b->ctl;
    enum kai_err err = KAI_OK;
    size_t n = 0;

    for (size_t i = 0; i < ctl->n; i++)
        n += ctl->by_hash[i]->type == KAI_REC_REVOKE;
    b->revs = malloc((n + 1) * sizeof *b->revs);
    if (b->revs == NULL)
        return KAI_ENOMEM;
    for (uint32_t i = 0; err == KAI_OK && i < ctl->n_logs; i++) {
        size_t first = b->n_revs;

        for (size_t k = 0; err == KAI_OK && k < ctl->logs[i]->n; k++) {
            if (ctl->logs[i]->rows[k]->type == KAI_REC_REVOKE)
                err = add_rev(b, ctl->logs[i]->rows[k], i, first);
        }
    }
    return err;
}

/* The founders for whom a key issues, one bit each. */
static uint32_t founders_of(const struct kai_build *b, uint32_t key)
{
    uint32_t mask = 0;

    for (size_t i = 0; i < b->n_paths; i++) {
        const struct kai_path *p = &b->paths[i];

        if (p->kind == KAI_ADMIT_ISSUING && p->key == key && b->paths[p->org].cert == KAI_NONE &&
            !b->paths[p->org].former)
            mask |= UINT32_C(1) << p->org; /* Founders are the first paths. */
        if (p->orgs > 1)
            break; /* Breadth first: no founder's key comes after the first admitted organisation.
                    */
    }
    return mask;
}

static_assert(KAI_FOUNDERS_MAX <= 32, "a bit for each founder");

struct vote {
    uint32_t rev;
    uint32_t target;
    uint64_t reason;
    uint32_t founders;
};

static int vote_cmp(const void *x, const void *y)
{
    const struct vote *a = x;
    const struct vote *b = y;

    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    if (a->reason != b->reason)
        return a->reason < b->reason ? -1 : 1;
    return a->rev < b->rev ? -1 : 1;
}

static uint64_t bits(uint32_t v)
{
    uint64_t n = 0;

    for (; v != 0; v &= v - 1)
        n++;
    return n;
}

/* Enough founders that name one target for one reason reach it everywhere. */
static enum kai_err count_votes(struct kai_build *b)
{
    struct vote *votes = malloc((b->n_revs + 1) * sizeof *votes);
    size_t n = 0;

    if (votes == NULL)
        return KAI_ENOMEM;
    uint32_t signer = KAI_NONE;
    uint32_t founders = 0;
    for (uint32_t i = 0; i < b->n_revs; i++) {
        if (b->revs[i].signer != signer) {
            signer = b->revs[i].signer;
            founders = founders_of(b, signer);
        }
        if (founders != 0)
            votes[n++] = (struct vote){i, b->revs[i].target, b->revs[i].reason, founders};
    }
    if (n > 0)
        qsort(votes, n, sizeof *votes, vote_cmp);
    for (size_t i = 0; i < n;) {
        size_t end = i;
        uint32_t mask = 0;

        for (; end < n && votes[end].target == votes[i].target &&
               votes[end].reason == votes[i].reason;
             end++)
            mask |= votes[end].founders;
        for (; i < end; i++)
            b->revs[votes[i].rev].everywhere = bits(mask) >= b->ctl->charter.threshold;
    }
    free(votes);
    return KAI_OK;
}

/* Whether the signer stands above a path, near enough. A root speaks of the issuing keys right
 * below it alone: so that whoever steals one does not have the last word. */
static bool above(const struct kai_build *b, const struct kai_rev *r, uint32_t path)
{
    uint32_t orgs = b->paths[path].orgs;
    uint32_t parent = b->paths[path].parent;

    for (uint32_t at = parent; at != KAI_NONE; at = b->paths[at].parent) {
        const struct kai_path *p = &b->paths[at];

        if (p->orgs + REACH_ORGS < orgs)
            return false;
        if (p->key == r->signer && (p->kind == KAI_ADMIT_ISSUING || at == parent))
            return true;
        if (p->kind == KAI_ADMIT_ISSUING && kai_later_speaks(b, r, at))
            return true;
    }
    return false;
}

static bool effective(const struct kai_build *b, const struct kai_rev *r, uint32_t path)
{
    return r->everywhere || KAI_CHECK(REVOKE_ANCESTOR, above(b, r, path));
}

static enum kai_err hit(struct kai_build *b, uint32_t path, uint32_t rev)
{
    if (b->n_hits == b->hits_cap) {
        size_t cap = b->hits_cap == 0 ? 64 : b->hits_cap * 2;
        struct kai_hit *p = realloc(b->hits, cap * sizeof *p);

        if (p == NULL)
            return KAI_ENOMEM;
        b->hits = p;
        b->hits_cap = cap;
    }
    b->hits[b->n_hits] = (struct kai_hit){.rev = rev, .next = b->paths[path].hit};
    b->paths[path].hit = (uint32_t)b->n_hits++;
    return KAI_OK;
}

enum kai_err kai_build_revokes(struct kai_build *b)
{
    enum kai_err err = collect(b);

    if (err == KAI_OK)
        err = count_votes(b);
    if (err == KAI_OK)
        err = kai_build_later(b);
    for (uint32_t i = 0; err == KAI_OK && i < b->n_revs; i++) {
        uint32_t path = b->certs[b->revs[i].target].first_path;

        for (; err == KAI_OK && path != KAI_NONE; path = b->paths[path].next_same_cert) {
            if (effective(b, &b->revs[i], path))
                err = hit(b, path, i);
        }
    }
    return err;
}

static void apply_hits(const struct kai_build *b, struct kai_path *p, uint32_t first)
{
    for (uint32_t i = first; i != KAI_NONE; i = b->hits[i].next)
        kai_limit_by(b, &p->limit, p->key, &b->revs[b->hits[i].rev]);
}

bool kai_build_within(const struct kai_path *p, const struct kai_ctl_entry *e)
{
    return KAI_CHECK(REVOKE_CUT, kai_limit_allows(&p->limit, e));
}

/* The certificates of a dead key are active on no path. What its log said stands, up to the cut
 * where its root named one. */
static void apply_deaths(struct kai_build *b)
{
    for (size_t i = 0; i < b->ctl->n_deaths; i++) {
        const struct kai_keydeath *d = &b->ctl->deaths[i].d;
        const struct kai_ctl_log *l = kai_ctl_log(b->ctl, d->key);

        for (size_t k = 0; l != NULL && k < b->n_paths; k++) {
            if (b->ctl->logs[b->paths[k].key] != l)
                continue;
            b->paths[k].dead = true;
            if (d->has_cut)
                kai_limit_narrow(&b->paths[k].limit, kai_limit_head(b, l, &d->cut));
        }
    }
}

void kai_build_states(struct kai_build *b)
{
    apply_deaths(b);
    for (size_t i = 0; i < b->n_paths; i++) { /* A parent comes before its children. */
        struct kai_path *p = &b->paths[i];

        apply_hits(b, p, p->hit);
        if (p->kind == KAI_ADMIT_ISSUING)
            apply_hits(b, p, b->paths[p->org].hit);
        if (p->cert == KAI_NONE) {
            p->attested = KAI_CHECK(CHARTER_FOUNDER, !p->former);
            p->active = p->attested && !p->dead;
            continue;
        }
        const struct kai_path *parent = &b->paths[p->parent];
        const struct kai_cert *c = &b->certs[p->cert];
        p->attested = parent->attested && kai_build_within(parent, c->e);
        p->active = p->attested && p->hit == KAI_NONE && !c->replaced && !p->dead &&
                    (p->kind == KAI_ADMIT_ORG || b->paths[p->org].active);
    }
}
