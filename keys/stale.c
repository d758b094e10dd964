/* stale: which authorities have not been heard of for too long. */
#include "keys/stale.h"

#include <stdlib.h>

static uint64_t last_word(const struct kai_roster *r, const struct kai_org *above,
                          kai_heard_fn *heard, void *ctx)
{
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(r, &nodes);
    uint64_t last = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t at = nodes[i].org == above && nodes[i].active ? heard(ctx, nodes[i].id) : 0;

        last = at > last ? at : last;
    }
    return last;
}

static bool is_silent(uint64_t last, uint64_t since_ms, uint64_t now_ms)
{
    last = last < since_ms ? since_ms : last;
    return now_ms > last && now_ms - last > KAI_STALE_MS;
}

size_t kai_stale(const struct kai_roster *r, const struct kai_org *org, kai_heard_fn *heard,
                 void *ctx, uint64_t since_ms, uint64_t now_ms, const struct kai_org **out,
                 size_t max)
{
    const struct kai_org *orgs;
    size_t n = org != NULL ? kai_roster_orgs(r, &orgs) : 0;
    bool *silent = calloc(n + 1, sizeof *silent); /* NULL: as if there were one path alone. */
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        if (!orgs[i].active || !kai_roster_above(r, org, &orgs[i]) ||
            !is_silent(last_word(r, &orgs[i], heard, ctx), since_ms, now_ms))
            continue;
        if (silent != NULL)
            silent[i] = true;
        if (found < max)
            out[found] = &orgs[i];
        found++;
    }
    /* Anybody who may admit can stand above an organisation that did not ask, and be silent. */
    if (found > 0 && silent != NULL && kai_roster_path_without(r, org, silent))
        found = 0;
    free(silent);
    return found;
}
