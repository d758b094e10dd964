/* roster_more: the audiences that owners set, and the removals that hit nodes. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/roster_int.h"

/* An AUDIENCE that counts, on one path. */
struct said {
    uint8_t id[KAI_ID_BYTES];
    uint64_t ver;
    const struct kai_ctl_entry *e;
    uint32_t org; /* Path of the owner. */
};

/* By id, and of one id the one that wins first: highest (ver, log_pk, seq, hash). */
static int said_cmp(const void *x, const void *y)
{
    const struct said *a = x;
    const struct said *b = y;
    int cmp = kai_id_cmp(a->id, b->id);

    if (cmp != 0)
        return cmp;
    if (a->ver != b->ver)
        return a->ver > b->ver ? -1 : 1;
    cmp = memcmp(b->e->log->pk, a->e->log->pk, KAI_KEY_BYTES);
    if (cmp == 0 && a->e->e.h.seq != b->e->e.h.seq)
        return a->e->e.h.seq > b->e->e.h.seq ? -1 : 1;
    return cmp != 0 ? cmp : memcmp(b->e->e.hash, a->e->e.hash, KAI_ID_BYTES);
}

static size_t count_said(const struct kai_build *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_paths; i++) {
        const struct kai_ctl_log *l = b->ctl->logs[b->paths[i].key];

        if (b->paths[i].kind != KAI_ADMIT_ISSUING)
            continue;
        for (size_t k = 0; k < l->n; k++)
            n += l->rows[k]->type == KAI_REC_AUDIENCE;
    }
    return n;
}

static size_t collect_said(struct said *said, const struct kai_build *b)
{
    struct kai_aud_rec rec;
    uint8_t org[KAI_ID_BYTES];
    size_t n = 0;

    for (size_t i = 0; i < b->n_paths; i++) {
        const struct kai_path *p = &b->paths[i];
        const struct kai_ctl_log *l = b->ctl->logs[p->key];

        if (p->kind != KAI_ADMIT_ISSUING || !p->attested || (p->caps & KAI_CAP_OWNER) == 0)
            continue;
        kai_hash(org, KAI_D_ORG, b->ctl->logs[b->paths[p->org].key]->pk, KAI_KEY_BYTES);
        for (size_t k = 0; k < l->n; k++) {
            if (l->rows[k]->type != KAI_REC_AUDIENCE || !kai_build_within(p, l->rows[k]) ||
                kai_aud_rec_parse(&rec, l->rows[k]->body) != KAI_OK)
                continue;
            kai_aud_id(said[n].id, org, rec.nonce);
            said[n].ver = rec.ver;
            said[n].e = l->rows[k];
            said[n++].org = p->org;
        }
    }
    return n;
}

static void fill_audience(struct kai_audience *a, const struct kai_roster *r,
                          const struct kai_build *b, const struct said *s)
{
    uint8_t org[KAI_ID_BYTES];

    kai_hash(org, KAI_D_ORG, b->ctl->logs[b->paths[s->org].key]->pk, KAI_KEY_BYTES);
    memcpy(a->id, s->id, KAI_ID_BYTES);
    a->owner = kai_roster_org(r, org);
    memcpy(a->entry, s->e->e.hash, KAI_ID_BYTES);
    enum kai_err err = kai_aud_rec_parse(&a->rec, s->e->body);
    assert(err == KAI_OK); /* It was parsed to come here. */
    (void)err;
}

static int steward_cmp(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct kai_was_steward));
}

/* All that any of these AUDIENCEs named, for their word of then is still good. */
static enum kai_err view_stewards(struct kai_roster *r, const struct said *said, size_t n)
{
    struct kai_aud_rec rec;

    r->stewards = malloc((n * KAI_STEWARDS_MAX + 1) * sizeof *r->stewards);
    if (r->stewards == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (kai_aud_rec_parse(&rec, said[i].e->body) != KAI_OK)
            continue;
        for (size_t k = 0; k < rec.n_stewards; k++) {
            struct kai_was_steward *w = &r->stewards[r->n_stewards++];

            memcpy(w->aud, said[i].id, KAI_ID_BYTES);
            memcpy(w->org, rec.stewards[k], KAI_ID_BYTES);
        }
    }
    if (r->n_stewards > 0)
        qsort(r->stewards, r->n_stewards, sizeof *r->stewards, steward_cmp);
    return KAI_OK;
}

static bool was_named(const struct kai_roster *r, const uint8_t *aud_id, const uint8_t *org_id)
{
    struct kai_was_steward w;

    memcpy(w.aud, aud_id, KAI_ID_BYTES);
    memcpy(w.org, org_id, KAI_ID_BYTES);
    return r->n_stewards > 0 &&
           bsearch(&w, r->stewards, r->n_stewards, sizeof w, steward_cmp) != NULL;
}

bool kai_roster_was_named(const struct kai_roster *r, const uint8_t aud_id[static KAI_ID_BYTES],
                          const struct kai_node *n)
{
    const struct kai_audience *a = kai_roster_audience(r, aud_id);
    const struct kai_forerunner *f;

    if (n == NULL)
        return false;
    if (was_named(r, aud_id, n->org->id))
        return true;
    size_t fore = a == NULL ? 0 : kai_roster_forerunners(r, n->org, &f);
    for (size_t i = 0; i < fore; i++) {
        if (kai_forerunner_reaches(&f[i], a->rec.label_max) && was_named(r, aud_id, f[i].org->id))
            return true;
    }
    return false;
}

bool kai_roster_was_steward(const struct kai_roster *r, const uint8_t aud_id[static KAI_ID_BYTES],
                            const struct kai_node *n)
{
    return n != NULL && n->attested && (n->caps & KAI_CAP_STEWARD) != 0 &&
           kai_roster_was_named(r, aud_id, n);
}

enum kai_err kai_roster_view_audiences(struct kai_roster *r, const struct kai_build *b)
{
    struct said *said = malloc((count_said(b) + 1) * sizeof *said);
    size_t ids = 0;

    if (said == NULL)
        return KAI_ENOMEM;
    size_t n = collect_said(said, b);
    if (n > 0)
        qsort(said, n, sizeof *said, said_cmp);
    for (size_t i = 0; i < n; i++)
        ids += i == 0 || memcmp(said[i].id, said[i - 1].id, KAI_ID_BYTES) != 0;
    r->audiences = calloc(ids + 1, sizeof *r->audiences);
    for (size_t i = 0; r->audiences != NULL && i < n; i++) {
        if (i == 0 || memcmp(said[i].id, said[i - 1].id, KAI_ID_BYTES) != 0)
            fill_audience(&r->audiences[r->n_audiences++], r, b, &said[i]);
    }
    enum kai_err err = r->audiences == NULL ? KAI_ENOMEM : view_stewards(r, said, n);
    free(said);
    return err;
}

/* A REVOKE that hits a node. */
struct removal {
    size_t node;
    const uint8_t *hash;
    bool marks; /* Its marks count for the node. */
};

static int removal_cmp(const void *x, const void *y)
{
    const struct removal *a = x;
    const struct removal *b = y;

    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return kai_id_cmp(a->hash, b->hash);
}

static size_t chain(struct kai_marker *m, const struct kai_path *p, uint32_t at, size_t node,
                    struct removal *out)
{
    const struct kai_build *b = m->b;
    uint32_t org = b->paths[p->org].key;
    size_t n = 0;

    for (; at != KAI_NONE; at = b->hits[at].next) {
        if (out != NULL)
            out[n] = (struct removal){node, b->revs[b->hits[at].rev].e->e.hash,
                                      kai_marker_may(m, b->hits[at].rev, org)};
        n++;
    }
    return n;
}

/* out NULL: only count. */
static size_t collect_removals(const struct kai_roster *r, struct kai_marker *m,
                               struct removal *out)
{
    const struct kai_build *b = m->b;
    uint8_t id[KAI_ID_BYTES];
    size_t n = 0;

    for (size_t i = 0; i < b->n_paths; i++) {
        const struct kai_path *p = &b->paths[i];

        if (p->kind != KAI_ADMIT_NODE || (p->hit == KAI_NONE && b->paths[p->org].hit == KAI_NONE))
            continue;
        kai_hash(id, KAI_D_NODE, b->ctl->logs[p->key]->pk, KAI_KEY_BYTES);
        const struct kai_node *node = kai_roster_node(r, id);
        size_t at = (size_t)(node - r->nodes);
        n += chain(m, p, p->hit, at, out == NULL ? NULL : out + n);
        n += chain(m, p, b->paths[p->org].hit, at, out == NULL ? NULL : out + n);
    }
    return n;
}

static int id_cmp(const void *x, const void *y)
{
    return memcmp(x, y, KAI_ID_BYTES);
}

static enum kai_err view_stolen(struct kai_roster *r, const struct kai_build *b)
{
    r->stolen = malloc((b->n_revs + 1) * sizeof *r->stolen);
    if (r->stolen == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < b->n_revs; i++) {
        if (b->revs[i].reason == KAI_REVOKE_COMPROMISE)
            memcpy(r->stolen[r->n_stolen++], b->revs[i].e->e.hash, KAI_ID_BYTES);
    }
    if (r->n_stolen > 0)
        qsort(r->stolen, r->n_stolen, KAI_ID_BYTES, id_cmp);
    return KAI_OK;
}

bool kai_roster_compromise(const struct kai_roster *r, const uint8_t hash[static KAI_ID_BYTES])
{
    return r->n_stolen > 0 && bsearch(hash, r->stolen, r->n_stolen, KAI_ID_BYTES, id_cmp) != NULL;
}

static enum kai_err view_removals(struct kai_roster *r, struct kai_marker *m)
{
    size_t n = collect_removals(r, m, NULL);
    struct removal *all = malloc((n + 1) * sizeof *all);
    size_t kept = 0;
    size_t at = 0;

    r->removals = malloc((n + 1) * sizeof *r->removals);
    r->removal_marks = malloc((n + 1) * sizeof *r->removal_marks);
    r->node_removals = calloc(r->n_nodes + 1, sizeof *r->node_removals);
    if (all == NULL || r->removals == NULL || r->removal_marks == NULL ||
        r->node_removals == NULL) {
        free(all);
        return KAI_ENOMEM;
    }
    (void)collect_removals(r, m, all);
    if (n > 0)
        qsort(all, n, sizeof *all, removal_cmp);
    for (size_t node = 0; node < r->n_nodes; node++) {
        r->node_removals[node] = kept;
        for (; at < n && all[at].node == node; at++) {
            if (kept > r->node_removals[node] &&
                memcmp(r->removals[kept - 1], all[at].hash, KAI_ID_BYTES) == 0)
                continue;
            r->removal_marks[kept] = all[at].marks;
            memcpy(r->removals[kept++], all[at].hash, KAI_ID_BYTES);
        }
    }
    r->node_removals[r->n_nodes] = kept;
    free(all);
    return kai_roster_view_marks(r, m);
}

enum kai_err kai_roster_view_removals(struct kai_roster *r, const struct kai_build *b)
{
    struct kai_marker m;
    enum kai_err err = kai_marker_init(&m, b) ? view_removals(r, &m) : KAI_ENOMEM;

    kai_marker_free(&m);
    return err == KAI_OK ? view_stolen(r, b) : err;
}
