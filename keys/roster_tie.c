/* roster_tie: under whom an organisation stands, and on which paths; whose client it is, and whose
 * contractor. */
#include <stdlib.h>
#include <string.h>

#include "keys/roster_int.h"

static int tie_cmp(const void *x, const void *y)
{
    const struct kai_tie *a = x;
    const struct kai_tie *b = y;

    if (a->org != b->org)
        return a->org < b->org ? -1 : 1;
    if (a->above != b->above)
        return a->above < b->above ? -1 : 1;
    return 0;
}

static bool marked(const struct kai_path *p)
{
    return (p->caps & KAI_CAP_PROVIDER) != 0;
}

/* The ties of one path; out NULL: only count. */
static size_t ties_of(const struct kai_roster *r, const struct kai_build *b,
                      const struct kai_path *p, struct kai_tie *out)
{
    bool direct = true;
    size_t n = 0;

    for (uint32_t at = p->parent; at != KAI_NONE; at = b->paths[at].parent) {
        const struct kai_path *q = &b->paths[at];

        if (q->kind != KAI_ADMIT_ORG)
            continue;
        bool client = direct && !marked(p);
        unsigned tiers = marked(p) && p->tiers - q->tiers <= KAI_PROVIDER_TIERS_MAX
                             ? (unsigned)(p->tiers - q->tiers)
                             : 0;
        direct = false;
        if (out != NULL)
            out[n] = (struct kai_tie){
                .org = (size_t)(kai_build_org(r, b, p) - r->orgs),
                .above = (size_t)(kai_build_org(r, b, q) - r->orgs),
                .client = client,
                .tiers = tiers,
            };
        n++;
    }
    return n;
}

static size_t collect(const struct kai_roster *r, const struct kai_build *b, struct kai_tie *out)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_paths; i++) {
        const struct kai_path *p = &b->paths[i];

        if (p->kind == KAI_ADMIT_ORG && p->active && p->cert != KAI_NONE)
            n += ties_of(r, b, p, out == NULL ? NULL : out + n);
    }
    return n;
}

enum kai_err kai_roster_view_ties(struct kai_roster *r, const struct kai_build *b)
{
    size_t n = collect(r, b, NULL);
    size_t kept = 0;

    r->ties = malloc((n + 1) * sizeof *r->ties);
    if (r->ties == NULL)
        return KAI_ENOMEM;
    (void)collect(r, b, r->ties);
    if (n > 0)
        qsort(r->ties, n, sizeof *r->ties, tie_cmp);
    for (size_t i = 0; i < n; i++) { /* One row for each pair: the best of its paths. */
        struct kai_tie t = r->ties[i];
        struct kai_tie *last = kept == 0 ? NULL : &r->ties[kept - 1];

        if (last == NULL || tie_cmp(last, &t) != 0) {
            r->ties[kept++] = t;
            continue;
        }
        last->client = last->client || t.client;
        if (last->tiers == 0 || (t.tiers > 0 && t.tiers < last->tiers))
            last->tiers = t.tiers;
    }
    r->n_ties = kept;
    return KAI_OK;
}

static const struct kai_tie *find_tie(const struct kai_roster *r, const struct kai_org *org,
                                      const struct kai_org *above)
{
    if (org == NULL || above == NULL || r->n_ties == 0)
        return NULL;
    struct kai_tie t = {.org = (size_t)(org - r->orgs), .above = (size_t)(above - r->orgs)};
    return bsearch(&t, r->ties, r->n_ties, sizeof t, tie_cmp);
}

bool kai_roster_client(const struct kai_roster *r, const struct kai_org *org,
                       const struct kai_org *owner)
{
    const struct kai_tie *t = find_tie(r, org, owner);

    return t != NULL && t->client;
}

unsigned kai_roster_provider_tiers(const struct kai_roster *r, const struct kai_org *org,
                                   const struct kai_org *owner)
{
    const struct kai_tie *t = find_tie(r, org, owner);

    return t == NULL ? 0 : t->tiers;
}

bool kai_roster_above(const struct kai_roster *r, const struct kai_org *org,
                      const struct kai_org *above)
{
    return org != above && find_tie(r, org, above) != NULL;
}

enum kai_err kai_roster_view_lines(struct kai_roster *r, const struct kai_build *b)
{
    size_t *line_of = malloc((b->n_paths + 1) * sizeof *line_of);

    r->lines = malloc((b->n_paths + 1) * sizeof *r->lines);
    if (line_of == NULL || r->lines == NULL) {
        free(line_of);
        return KAI_ENOMEM;
    }
    for (size_t i = 0; i < b->n_paths; i++) { /* A parent comes before its children. */
        const struct kai_path *p = &b->paths[i];

        if (p->kind != KAI_ADMIT_ORG)
            continue;
        line_of[i] = r->n_lines;
        r->lines[r->n_lines++] = (struct kai_line){
            .org = (size_t)(kai_build_org(r, b, p) - r->orgs),
            .above = p->parent == KAI_NONE ? SIZE_MAX : line_of[b->paths[p->parent].org],
            .active = p->active,
        };
    }
    free(line_of);
    return KAI_OK;
}

bool kai_roster_path_without(const struct kai_roster *r, const struct kai_org *org,
                             const bool *without)
{
    size_t at = (size_t)(org - r->orgs);

    for (size_t i = 0; i < r->n_lines; i++) {
        size_t up = r->lines[i].above;

        if (r->lines[i].org != at || !r->lines[i].active)
            continue;
        while (up != SIZE_MAX && !without[r->lines[up].org])
            up = r->lines[up].above;
        if (up == SIZE_MAX)
            return true;
    }
    return false;
}
