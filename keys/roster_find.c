/* roster_find: look-ups. */
#include <stdlib.h>
#include <string.h>

#include "keys/roster_int.h"

/* Rows begin with the id they are sorted by. */
static const void *find(const void *rows, size_t n, size_t size, const uint8_t *id)
{
    const uint8_t *p = rows;
    size_t lo = 0;
    size_t hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = kai_id_cmp(p + mid * size, id);

        if (cmp == 0)
            return p + mid * size;
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static_assert(offsetof(struct kai_org, id) == 0 && offsetof(struct kai_node, id) == 0 &&
                  offsetof(struct kai_issuing, cert) == 0 &&
                  offsetof(struct kai_audience, id) == 0 &&
                  offsetof(struct kai_roster_cert, hash) == 0,
              "rows begin with their id");

const uint8_t *kai_roster_nid(const struct kai_roster *r)
{
    return r->nid;
}

const uint8_t *kai_roster_hash(const struct kai_roster *r)
{
    return r->hash;
}

const struct kai_org *kai_roster_org(const struct kai_roster *r,
                                     const uint8_t id[static KAI_ID_BYTES])
{
    return find(r->orgs, r->n_orgs, sizeof *r->orgs, id);
}

const struct kai_node *kai_roster_node(const struct kai_roster *r,
                                       const uint8_t id[static KAI_ID_BYTES])
{
    return find(r->nodes, r->n_nodes, sizeof *r->nodes, id);
}

const struct kai_audience *kai_roster_audience(const struct kai_roster *r,
                                               const uint8_t id[static KAI_ID_BYTES])
{
    return find(r->audiences, r->n_audiences, sizeof *r->audiences, id);
}

static const struct kai_roster_cert *find_cert(const struct kai_roster *r, const uint8_t *cert,
                                               uint64_t kind)
{
    const struct kai_roster_cert *c = find(r->certs, r->n_certs, sizeof *r->certs, cert);

    return c != NULL && c->kind == kind ? c : NULL;
}

const struct kai_node *kai_roster_node_by_cert(const struct kai_roster *r,
                                               const uint8_t cert[static KAI_ID_BYTES])
{
    const struct kai_roster_cert *c = find_cert(r, cert, KAI_ADMIT_NODE);

    return c == NULL ? NULL : &r->nodes[c->at];
}

const struct kai_person *kai_roster_person_by_cert(const struct kai_roster *r,
                                                   const uint8_t cert[static KAI_ID_BYTES])
{
    const struct kai_roster_cert *c = find_cert(r, cert, KAI_ADMIT_PERSON);

    return c == NULL || c->at == SIZE_MAX ? NULL : &r->persons[c->at];
}

const struct kai_org *kai_roster_org_by_cert(const struct kai_roster *r,
                                             const uint8_t cert[static KAI_ID_BYTES])
{
    const struct kai_roster_cert *c = find_cert(r, cert, KAI_ADMIT_ORG);

    return c == NULL ? NULL : &r->orgs[c->at];
}

/* Rows found through an index of row numbers that is sorted by another key. */
static size_t find_at(const uint8_t *keys, size_t size, const size_t *index, size_t n,
                      const uint8_t *key)
{
    size_t lo = 0;
    size_t hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = kai_id_cmp(keys + index[mid] * size, key);

        if (cmp == 0)
            return index[mid];
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return SIZE_MAX;
}

const struct kai_node *kai_roster_node_by_curve(const struct kai_roster *r,
                                                const uint8_t curve[static KAI_KEY_BYTES])
{
    if (r->n_curves == 0)
        return NULL;
    size_t at =
        find_at(r->nodes[0].curve_pk, sizeof *r->nodes, r->nodes_by_curve, r->n_curves, curve);
    return at == SIZE_MAX ? NULL : &r->nodes[at];
}

const struct kai_issuing *kai_roster_issuing(const struct kai_roster *r,
                                             const uint8_t cert_or_pk[static 32])
{
    const struct kai_issuing *k = find(r->issuing, r->n_issuing, sizeof *r->issuing, cert_or_pk);

    if (k != NULL || r->n_issuing_keys == 0)
        return k;
    size_t at = find_at(r->issuing[0].pk, sizeof *r->issuing, r->issuing_by_pk, r->n_issuing_keys,
                        cert_or_pk);
    return at == SIZE_MAX ? NULL : &r->issuing[at];
}

size_t kai_roster_orgs(const struct kai_roster *r, const struct kai_org **first)
{
    *first = r->orgs;
    return r->n_orgs;
}

size_t kai_roster_nodes(const struct kai_roster *r, const struct kai_node **first)
{
    *first = r->nodes;
    return r->n_nodes;
}

size_t kai_roster_audiences(const struct kai_roster *r, const struct kai_audience **first)
{
    *first = r->audiences;
    return r->n_audiences;
}

size_t kai_roster_removals(const struct kai_roster *r, const struct kai_node *n,
                           const uint8_t (**hashes)[KAI_ID_BYTES])
{
    size_t at = (size_t)(n - r->nodes);

    *hashes = (const uint8_t(*)[KAI_ID_BYTES])(r->removals + r->node_removals[at]);
    return r->node_removals[at + 1] - r->node_removals[at];
}

bool kai_rule_fits(const struct kai_org *org, const struct kai_aud_rec *rec)
{
    for (size_t i = 0; i < rec->n_rule; i++) {
        bool fits = false;

        for (size_t k = 0; !fits && k < rec->n_rule; k++) {
            if (strcmp(rec->rule[i].key, rec->rule[k].key) != 0)
                continue;
            for (size_t j = 0; !fits && j < org->n_attrs; j++)
                fits = strcmp(org->attrs[j].key, rec->rule[k].key) == 0 &&
                       strcmp(org->attrs[j].value, rec->rule[k].value) == 0;
        }
        if (!fits)
            return false;
    }
    return true;
}

/* A key to sort, and its row. */
struct slot {
    uint8_t key[KAI_KEY_BYTES];
    int rank; /* Smaller is better. */
    size_t at;
};

static int slot_cmp(const void *x, const void *y)
{
    const struct slot *a = x;
    const struct slot *b = y;
    int cmp = kai_id_cmp(a->key, b->key);

    if (cmp != 0)
        return cmp;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* Sort, and keep the best row of each key. */
static size_t settle(size_t *index, struct slot *slots, size_t n)
{
    size_t kept = 0;

    if (n > 0)
        qsort(slots, n, sizeof *slots, slot_cmp);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || memcmp(slots[i].key, slots[i - 1].key, KAI_KEY_BYTES) != 0)
            index[kept++] = slots[i].at;
    }
    return kept;
}

enum kai_err kai_roster_index(struct kai_roster *r)
{
    size_t most = r->n_issuing > r->n_nodes ? r->n_issuing : r->n_nodes;
    struct slot *slots = malloc((most + 1) * sizeof *slots);
    size_t n = 0;

    r->issuing_by_pk = malloc((r->n_issuing + 1) * sizeof *r->issuing_by_pk);
    r->nodes_by_curve = malloc((r->n_nodes + 1) * sizeof *r->nodes_by_curve);
    if (slots == NULL || r->issuing_by_pk == NULL || r->nodes_by_curve == NULL) {
        free(slots);
        return KAI_ENOMEM;
    }
    for (size_t i = 0; i < r->n_issuing; i++) {
        const struct kai_issuing *k = &r->issuing[i];

        memcpy(slots[i].key, k->pk, KAI_KEY_BYTES);
        slots[i].rank = k->active ? 0 : k->attested ? 1 : 2;
        slots[i].at = i;
    }
    r->n_issuing_keys = settle(r->issuing_by_pk, slots, r->n_issuing);
    for (size_t i = 0; i < r->n_nodes; i++) {
        const struct kai_node *node = &r->nodes[i];

        memcpy(slots[n].key, node->curve_pk, KAI_KEY_BYTES);
        slots[n].rank = node->active ? 0 : node->attested ? 1 : 2;
        slots[n++].at = i;
    }
    r->n_curves = settle(r->nodes_by_curve, slots, n);
    free(slots);
    return KAI_OK;
}
