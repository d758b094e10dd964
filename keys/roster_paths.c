/* roster_paths: certificates and the paths that lead to them, from the ADMITs alone. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "keys/record_int.h"
#include "keys/roster_int.h"

#define FOUNDER_CAPS                                                                               \
    (KAI_CAP_PUBLISH | KAI_CAP_ADMIT | KAI_CAP_STEWARD | KAI_CAP_RELAY | KAI_CAP_OWNER)
#define NO_LIMIT      UINT64_MAX
#define LABEL_HIGHEST 5u

uint32_t kai_build_cert(const struct kai_build *b, const uint8_t *hash)
{
    size_t lo = 0;
    size_t hi = b->n_certs;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = kai_id_cmp(b->certs[b->by_hash[mid]].e->e.hash, hash);

        if (cmp == 0)
            return b->by_hash[mid];
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return KAI_NONE;
}

static void fill_cert(struct kai_cert *c, const struct kai_ctl *ctl, const struct kai_ctl_entry *e)
{
    struct kai_admit a;
    enum kai_err err = kai_admit_read(&a, e->body);

    assert(err == KAI_OK); /* It was parsed when it was taken in. */
    (void)err;
    *c = (struct kai_cert){
        .e = e,
        .subject = (uint32_t)kai_ctl_log_at(ctl, a.sign_pk),
        .caps = a.caps,
        .label_max = a.label_max,
        .quota = a.quota,
        .depth_left = a.depth_left,
        .max_children = a.max_children,
        .not_after = a.not_after,
        .first_path = KAI_NONE,
        .last_path = KAI_NONE,
    };
    memcpy(c->of_org, a.of_org, KAI_ID_BYTES);
}

/* The certificate of the same log and kind that this one replaces, as the first to do so. */
static struct kai_cert *replaced_by(struct kai_build *b, size_t first, size_t at)
{
    struct kai_admit a;

    if (kai_admit_read(&a, b->certs[at].e->body) != KAI_OK || !a.has_replaces)
        return NULL;
    const struct kai_ctl_entry *old = kai_ctl_entry(b->ctl, a.replaces);
    for (size_t i = first; old != NULL && i < at; i++) {
        struct kai_cert *c = &b->certs[i];

        if (c->e == old && old->kind == a.kind && old->e.h.seq < b->certs[at].e->e.h.seq &&
            !c->replaced)
            return c;
    }
    return NULL;
}

/* Places count in order of (seq, hash). A root key's issuing keys and an issuing key's children
 * are counted apart, so that a key with both kinds of certificate is judged for each alone. */
static void rank_log(struct kai_build *b, size_t first, size_t end)
{
    uint64_t issuing = 0;
    uint64_t others = 0;

    for (size_t i = first; i < end; i++) {
        struct kai_cert *old = replaced_by(b, first, i);

        if (old != NULL) {
            old->replaced = true;
            old->renewed = old->subject == b->certs[i].subject;
            b->certs[i].rank = old->rank;
        } else {
            b->certs[i].rank = b->certs[i].e->kind == KAI_ADMIT_ISSUING ? ++issuing : ++others;
        }
    }
}

static enum kai_err index_certs(struct kai_build *b)
{
    size_t n = 0;

    b->by_hash = malloc((b->n_certs + 1) * sizeof *b->by_hash);
    if (b->by_hash == NULL)
        return KAI_ENOMEM;
    /* The entries are sorted by hash already: each ADMIT finds its row in its log's range. */
    for (size_t i = 0; i < b->ctl->n; i++) {
        const struct kai_ctl_entry *e = b->ctl->by_hash[i];

        if (e->type != KAI_REC_ADMIT)
            continue;
        size_t log = kai_ctl_log_at(b->ctl, e->log->pk);
        uint32_t lo = b->log_first[log];
        uint32_t hi = b->log_first[log + 1];
        while (lo < hi) {
            uint32_t mid = lo + (hi - lo) / 2;
            const struct kai_ctl_entry *m = b->certs[mid].e;
            bool less = m->e.h.seq != e->e.h.seq ? m->e.h.seq < e->e.h.seq
                                                 : memcmp(m->e.hash, e->e.hash, KAI_ID_BYTES) < 0;
            if (less)
                lo = mid + 1;
            else
                hi = mid;
        }
        b->by_hash[n++] = lo;
    }
    assert(n == b->n_certs);
    return KAI_OK;
}

enum kai_err kai_build_certs(struct kai_build *b)
{
    const struct kai_ctl *ctl = b->ctl;

    b->certs = malloc((ctl->n + 1) * sizeof *b->certs);
    b->log_first = malloc((ctl->n_logs + 1) * sizeof *b->log_first);
    if (b->certs == NULL || b->log_first == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < ctl->n_logs; i++) {
        const struct kai_ctl_log *l = ctl->logs[i];

        b->log_first[i] = (uint32_t)b->n_certs;
        for (size_t k = 0; k < l->n; k++) {
            if (l->rows[k]->type == KAI_REC_ADMIT)
                fill_cert(&b->certs[b->n_certs++], ctl, l->rows[k]);
        }
        rank_log(b, b->log_first[i], b->n_certs);
    }
    b->log_first[ctl->n_logs] = (uint32_t)b->n_certs;
    return index_certs(b);
}

static struct kai_path *path_add(struct kai_build *b)
{
    if (b->n_paths == b->paths_cap) {
        size_t cap = b->paths_cap == 0 ? 64 : b->paths_cap * 2;
        struct kai_path *p = realloc(b->paths, cap * sizeof *p);

        if (p == NULL)
            return NULL;
        b->paths = p;
        b->paths_cap = cap;
    }
    struct kai_path *p = &b->paths[b->n_paths++];
    *p = (struct kai_path){
        .cert = KAI_NONE, .parent = KAI_NONE, .next_same_cert = KAI_NONE, .hit = KAI_NONE};
    return p;
}

static bool founds_now(const struct kai_charter *ch, const uint8_t *pk)
{
    for (size_t i = 0; i < ch->n_founders; i++) {
        if (memcmp(ch->founders[i].root_pk, pk, KAI_KEY_BYTES) == 0)
            return true;
    }
    return false;
}

static enum kai_err add_founder(struct kai_build *b, size_t log, bool now)
{
    struct kai_path *p = path_add(b);

    if (p == NULL)
        return KAI_ENOMEM;
    p->org = (uint32_t)(b->n_paths - 1);
    p->key = (uint32_t)log;
    p->kind = KAI_ADMIT_ORG;
    p->former = !now;
    p->orgs = 1;
    p->caps = FOUNDER_CAPS;
    p->label_max = LABEL_HIGHEST;
    p->quota = NO_LIMIT;
    p->depth_left = KAI_ORG_DEPTH_MAX - 1;
    p->max_children = NO_LIMIT;
    p->not_after = NO_LIMIT;
    return KAI_OK;
}

/* Those of the version that counts; behind them those of earlier ones, from whom nothing follows:
 * they are there so that they can be named. Logs are sorted by key: the order of the charter does
 * not matter. */
static enum kai_err add_founders(struct kai_build *b)
{
    enum kai_err err = KAI_OK;

    for (int now = 1; now >= 0; now--) {
        for (size_t i = 0; err == KAI_OK && i < b->ctl->n_logs; i++) {
            const struct kai_ctl_log *l = b->ctl->logs[i];

            if (l->founder && founds_now(&b->ctl->charter, l->pk) == (now == 1))
                err = add_founder(b, i, now == 1);
        }
        assert(err != KAI_OK || now == 0 || b->n_paths == b->ctl->charter.n_founders);
    }
    return err;
}

static bool key_on_path(const struct kai_build *b, uint32_t path, uint32_t key)
{
    for (; path != KAI_NONE; path = b->paths[path].parent) {
        if (b->paths[path].key == key)
            return true;
    }
    return false;
}

static bool may_hold(const struct kai_path *parent, uint64_t kind)
{
    if (parent->kind == KAI_ADMIT_ORG)
        return kind == KAI_ADMIT_ISSUING; /* A root key does nothing else. */
    switch (kind) {
    case KAI_ADMIT_ORG:
        return KAI_CHECK(ADMIT_CAPABILITY, (parent->caps & KAI_CAP_ADMIT) != 0) &&
               parent->depth_left > 0 && parent->orgs < KAI_ORG_DEPTH_MAX;
    case KAI_ADMIT_NODE:
    case KAI_ADMIT_PERSON:
        return true; /* One's own, with any caps. */
    default:
        return false;
    }
}

/* Whose key it is, by its own word: the organisation at the end of this path. */
static bool is_of(const struct kai_build *b, const struct kai_path *p, const struct kai_cert *c)
{
    return kai_admit_is_of(c->e->kind, c->of_org, b->ctl->logs[b->paths[p->org].key]->pk);
}

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What a certificate says, as far as those above it may give it. */
static uint64_t narrowed(uint64_t parent, uint64_t said)
{
    return KAI_CHECK(ADMIT_NARROWS, said <= parent) ? said : parent;
}

static enum kai_err add_child(struct kai_build *b, uint32_t parent_at, uint32_t cert_at)
{
    struct kai_path *p = path_add(b);
    struct kai_cert *c = &b->certs[cert_at];
    uint32_t at = (uint32_t)(b->n_paths - 1);

    if (p == NULL)
        return KAI_ENOMEM;
    const struct kai_path *parent = &b->paths[parent_at];
    bool org = c->e->kind == KAI_ADMIT_ORG;
    p->cert = cert_at;
    p->parent = parent_at;
    p->org = org ? at : parent->org;
    p->key = c->subject;
    p->kind = c->e->kind;
    p->orgs = parent->orgs + (org ? 1 : 0);
    /* A provider's members are providers too: here the narrowing is in having the mark. */
    p->caps = (parent->caps & c->caps) | ((parent->caps | c->caps) & KAI_CAP_PROVIDER);
    p->tiers = parent->tiers + (org && (p->caps & KAI_CAP_PROVIDER) != 0 ? 1 : 0);
    p->label_max = narrowed(parent->label_max, c->label_max);
    p->quota = min(parent->quota, c->quota);
    p->depth_left = min(parent->depth_left - (org ? 1 : 0), c->depth_left);
    p->max_children = min(parent->max_children, c->max_children);
    /* An issuing key is renewed before what it issued runs out. */
    p->not_after =
        p->kind == KAI_ADMIT_ISSUING ? parent->not_after : min(parent->not_after, c->not_after);
    if (c->last_path == KAI_NONE)
        c->first_path = at;
    else
        b->paths[c->last_path].next_same_cert = at;
    c->last_path = at;
    c->n_paths++;
    return KAI_OK;
}

/* What an organisation has admitted hangs on the terms that it has now: by those of before, it
 * would be bound by nothing that it was narrowed to. */
static bool leads_on(const struct kai_build *b, const struct kai_path *p)
{
    if (p->kind == KAI_ADMIT_ISSUING)
        return true;
    return p->kind == KAI_ADMIT_ORG &&
           (p->cert == KAI_NONE || KAI_CHECK(REPLACED_TERMS, !b->certs[p->cert].renewed));
}

enum kai_err kai_build_paths(struct kai_build *b)
{
    enum kai_err err = add_founders(b);

    for (uint32_t i = 0; err == KAI_OK && i < b->n_paths; i++) {
        if (!leads_on(b, &b->paths[i]))
            continue;
        uint32_t key = b->paths[i].key;
        for (uint32_t k = b->log_first[key]; err == KAI_OK && k < b->log_first[key + 1]; k++) {
            const struct kai_cert *c = &b->certs[k];
            const struct kai_path *p = &b->paths[i]; /* Moves when paths grow. */

            if (may_hold(p, c->e->kind) && is_of(b, p, c) &&
                KAI_CHECK(ADMIT_NUMBER, c->rank <= p->max_children) &&
                c->n_paths < KAI_PATHS_PER_CERT_MAX && !key_on_path(b, i, c->subject))
                err = add_child(b, i, k);
        }
    }
    return err;
}
