/* roster_view: the subjects that the paths lead to: organisations, issuing keys, nodes. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/record_int.h"
#include "keys/roster_int.h"

/* A row to sort: a path and the id it is found by. */
struct row {
    uint8_t id[KAI_ID_BYTES];
    uint32_t path;
    const struct kai_build *b;
};

static const uint8_t *cert_hash(const struct kai_build *b, const struct kai_path *p)
{
    static const uint8_t founder[KAI_ID_BYTES];

    return p->cert == KAI_NONE ? founder : b->certs[p->cert].e->e.hash;
}

static int standing(const struct kai_path *p)
{
    return p->active ? 2 : p->attested ? 1 : 0;
}

int kai_build_standing_cmp(const struct kai_path *p, const struct kai_path *q)
{
    return standing(q) - standing(p);
}

/* Of organisations one without the provider mark is shown first, so that nobody can put the mark on
 * a member of a community by admitting it once more. */
static int org_cmp(const struct kai_path *p, const struct kai_path *q)
{
    return (int)((p->caps & KAI_CAP_PROVIDER) != 0) - (int)((q->caps & KAI_CAP_PROVIDER) != 0);
}

/* By id, and of one id the best path first: the one that its subject is shown by. */
static int row_cmp(const void *x, const void *y)
{
    const struct row *a = x;
    const struct row *b = y;
    const struct kai_build *bd = a->b;
    const struct kai_path *p = &bd->paths[a->path];
    const struct kai_path *q = &bd->paths[b->path];
    int cmp = kai_id_cmp(a->id, b->id);

    if (cmp != 0)
        return cmp;
    cmp = kai_build_standing_cmp(p, q);
    if (cmp == 0 && p->kind == KAI_ADMIT_ORG)
        cmp = org_cmp(p, q);
    if (cmp != 0)
        return cmp;
    if (p->kind != KAI_ADMIT_NODE && p->label_max != q->label_max)
        return p->label_max > q->label_max ? -1 : 1;
    if (p->kind == KAI_ADMIT_NODE && p->cert != q->cert) {
        uint64_t t = bd->certs[p->cert].not_after;
        uint64_t u = bd->certs[q->cert].not_after;

        if (t != u)
            return t > u ? -1 : 1;
        return -memcmp(cert_hash(bd, p), cert_hash(bd, q), KAI_ID_BYTES);
    }
    if (p->not_after != q->not_after)
        return p->not_after > q->not_after ? -1 : 1;
    return a->path < b->path ? -1 : a->path > b->path;
}

static void row_id(uint8_t id[static KAI_ID_BYTES], const struct kai_build *b,
                   const struct kai_path *p)
{
    const uint8_t *pk = b->ctl->logs[p->key]->pk;

    if (p->kind == KAI_ADMIT_ORG)
        kai_hash(id, KAI_D_ORG, pk, KAI_KEY_BYTES);
    else if (p->kind == KAI_ADMIT_NODE)
        kai_hash(id, KAI_D_NODE, pk, KAI_KEY_BYTES);
    else
        memcpy(id, cert_hash(b, p), KAI_ID_BYTES);
}

/* All paths of a kind, best first for each id. *n_ids: how many ids. */
static struct row *rows_of(const struct kai_build *b, uint64_t kind, size_t *n, size_t *n_ids)
{
    size_t count = 0;

    for (size_t i = 0; i < b->n_paths; i++)
        count += b->paths[i].kind == kind;
    struct row *rows = malloc((count + 1) * sizeof *rows);
    if (rows == NULL)
        return NULL;
    *n = 0;
    for (uint32_t i = 0; i < b->n_paths; i++) {
        if (b->paths[i].kind != kind)
            continue;
        row_id(rows[*n].id, b, &b->paths[i]);
        rows[*n].path = i;
        rows[(*n)++].b = b;
    }
    if (*n > 0)
        qsort(rows, *n, sizeof *rows, row_cmp);
    *n_ids = 0;
    for (size_t i = 0; i < *n; i++)
        *n_ids += i == 0 || memcmp(rows[i].id, rows[i - 1].id, KAI_ID_BYTES) != 0;
    return rows;
}

static bool first_of_id(const struct row *rows, size_t i)
{
    return i == 0 || memcmp(rows[i].id, rows[i - 1].id, KAI_ID_BYTES) != 0;
}

bool kai_build_hit(const struct kai_build *b, const struct kai_path *p)
{
    const struct kai_path *org = &b->paths[p->org];

    return p->hit != KAI_NONE || org->hit != KAI_NONE || org->former || p->dead || org->dead;
}

static void name_founder(struct kai_org *o, const struct kai_charter *ch)
{
    for (size_t i = 0; i < ch->n_founders; i++) {
        if (memcmp(ch->founders[i].org, o->id, KAI_ID_BYTES) == 0)
            kai_copy_text(o->name, sizeof o->name, ch->founders[i].name);
    }
}

static void fill_org(struct kai_org *o, const struct kai_build *b, const struct row *row)
{
    const struct kai_path *p = &b->paths[row->path];
    struct kai_admit a;

    memcpy(o->id, row->id, KAI_ID_BYTES);
    memcpy(o->cert, cert_hash(b, p), KAI_ID_BYTES);
    memcpy(o->root_pk, b->ctl->logs[p->key]->pk, KAI_KEY_BYTES);
    o->attested = p->attested;
    o->active = p->active;
    o->revoked = p->hit != KAI_NONE || p->former || p->dead;
    o->caps = p->caps;
    o->label_max = p->label_max;
    o->depth_left = p->depth_left;
    o->max_children = p->max_children;
    if (p->cert == KAI_NONE) {
        name_founder(o, &b->ctl->first); /* One that the version that counts names no more. */
        name_founder(o, &b->ctl->charter);
        return;
    }
    row_id(o->parent, b, &b->paths[b->paths[p->parent].org]);
    o->has_parent = true;
    o->not_after = p->not_after;
    if (kai_admit_read(&a, b->certs[p->cert].e->body) == KAI_OK) {
        memcpy(o->name, a.name, sizeof o->name);
        memcpy(o->attrs, a.attrs, sizeof o->attrs);
        o->n_attrs = a.n_attrs;
    }
}

static enum kai_err view_orgs(struct kai_roster *r, const struct kai_build *b)
{
    size_t n = 0;
    size_t n_ids = 0;
    struct row *rows = rows_of(b, KAI_ADMIT_ORG, &n, &n_ids);

    r->orgs = calloc(n_ids + 1, sizeof *r->orgs);
    if (rows != NULL && r->orgs != NULL) {
        for (size_t i = 0; i < n; i++) {
            if (first_of_id(rows, i))
                fill_org(&r->orgs[r->n_orgs++], b, &rows[i]);
        }
    }
    bool ok = rows != NULL && r->orgs != NULL;
    free(rows);
    return ok ? KAI_OK : KAI_ENOMEM;
}

const struct kai_org *kai_build_org(const struct kai_roster *r, const struct kai_build *b,
                                    const struct kai_path *p)
{
    uint8_t id[KAI_ID_BYTES];

    row_id(id, b, &b->paths[p->org]);
    return kai_roster_org(r, id);
}

static enum kai_err view_issuing(struct kai_roster *r, const struct kai_build *b)
{
    size_t n = 0;
    size_t n_ids = 0;
    struct row *rows = rows_of(b, KAI_ADMIT_ISSUING, &n, &n_ids);

    r->issuing = calloc(n_ids + 1, sizeof *r->issuing);
    bool ok = rows != NULL && r->issuing != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        const struct kai_path *p = &b->paths[rows[i].path];

        if (!first_of_id(rows, i))
            continue;
        struct kai_issuing *k = &r->issuing[r->n_issuing++];
        memcpy(k->cert, rows[i].id, KAI_ID_BYTES);
        memcpy(k->pk, b->ctl->logs[p->key]->pk, KAI_KEY_BYTES);
        k->org = kai_build_org(r, b, p);
        k->attested = p->attested;
        k->active = p->active;
    }
    free(rows);
    return ok ? KAI_OK : KAI_ENOMEM;
}

static void fill_node(struct kai_node *n, const struct kai_roster *r, const struct kai_build *b,
                      const struct row *row)
{
    const struct kai_path *p = &b->paths[row->path];
    struct kai_admit a;

    memcpy(n->id, row->id, KAI_ID_BYTES);
    memcpy(n->cert, cert_hash(b, p), KAI_ID_BYTES);
    n->org = kai_build_org(r, b, p);
    n->attested = p->attested;
    n->active = p->active;
    n->revoked = !p->active && kai_build_hit(b, p);
    n->caps = p->caps;
    n->quota = p->quota;
    n->not_after = p->not_after;
    if (kai_admit_read(&a, b->certs[p->cert].e->body) == KAI_OK) {
        memcpy(n->sign_pk, a.sign_pk, KAI_KEY_BYTES);
        memcpy(n->kx_pk, a.kx_pk, KAI_KEY_BYTES);
        memcpy(n->curve_pk, a.curve_pk, KAI_KEY_BYTES);
        memcpy(n->name, a.name, sizeof n->name);
    }
}

static enum kai_err view_nodes(struct kai_roster *r, const struct kai_build *b)
{
    size_t n = 0;
    size_t n_ids = 0;
    struct row *rows = rows_of(b, KAI_ADMIT_NODE, &n, &n_ids);

    r->nodes = calloc(n_ids + 1, sizeof *r->nodes);
    bool ok = rows != NULL && r->nodes != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        if (first_of_id(rows, i))
            fill_node(&r->nodes[r->n_nodes++], r, b, &rows[i]);
    }
    free(rows);
    return ok ? KAI_OK : KAI_ENOMEM;
}

/* Where a certificate's subject stands. */
static size_t place_of(const struct kai_roster *r, const struct kai_build *b,
                       const struct kai_path *p)
{
    uint8_t id[KAI_ID_BYTES];

    row_id(id, b, p);
    if (p->kind == KAI_ADMIT_ORG) {
        const struct kai_org *o = kai_roster_org(r, id);
        return o == NULL ? SIZE_MAX : (size_t)(o - r->orgs);
    }
    if (p->kind == KAI_ADMIT_NODE) {
        const struct kai_node *n = kai_roster_node(r, id);
        return n == NULL ? SIZE_MAX : (size_t)(n - r->nodes);
    }
    if (p->kind == KAI_ADMIT_PERSON) {
        const struct kai_person *x = NULL;

        kai_hash(id, KAI_D_PERSON, b->ctl->logs[p->key]->pk, KAI_KEY_BYTES);
        x = kai_roster_place(r, id, kai_build_org(r, b, p)->id);
        return x == NULL ? SIZE_MAX : (size_t)(x - r->persons);
    }
    return SIZE_MAX;
}

static enum kai_err view_certs(struct kai_roster *r, const struct kai_build *b)
{
    r->certs = calloc(b->n_certs + 1, sizeof *r->certs);
    if (r->certs == NULL)
        return KAI_ENOMEM;
    for (size_t i = 0; i < b->n_certs; i++) {
        const struct kai_cert *c = &b->certs[b->by_hash[i]];
        struct kai_roster_cert *v = &r->certs[r->n_certs];

        if (c->n_paths == 0)
            continue;
        memcpy(v->hash, c->e->e.hash, KAI_ID_BYTES);
        v->kind = c->e->kind;
        v->at = place_of(r, b, &b->paths[c->first_path]);
        v->replaced = c->replaced;
        v->revoked = true;
        for (uint32_t p = c->first_path; p != KAI_NONE; p = b->paths[p].next_same_cert) {
            v->attested = v->attested || b->paths[p].attested;
            v->active = v->active || b->paths[p].active;
            v->revoked = v->revoked && b->paths[p].hit != KAI_NONE;
        }
        r->n_certs++;
    }
    return KAI_OK;
}

enum kai_err kai_roster_view(struct kai_roster *r, const struct kai_build *b)
{
    enum kai_err err = view_orgs(r, b);

    if (err == KAI_OK)
        err = view_issuing(r, b);
    if (err == KAI_OK)
        err = view_nodes(r, b);
    if (err == KAI_OK)
        err = kai_roster_view_persons(r, b);
    if (err == KAI_OK)
        err = view_certs(r, b);
    return err;
}
