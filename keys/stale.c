/* stale: which authorities have not been heard of for too long. */
#include "keys/stale.h"

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

size_t kai_stale(const struct kai_roster *r, const struct kai_org *org, kai_heard_fn *heard,
                 void *ctx, uint64_t since_ms, uint64_t now_ms, const struct kai_org **out,
                 size_t max)
{
    const struct kai_org *orgs;
    size_t n = org != NULL ? kai_roster_orgs(r, &orgs) : 0;
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        if (!orgs[i].active || !kai_roster_above(r, org, &orgs[i]))
            continue;
        uint64_t last = last_word(r, &orgs[i], heard, ctx);

        if (last < since_ms)
            last = since_ms;
        if (now_ms <= last || now_ms - last <= KAI_STALE_MS)
            continue;
        if (found < max)
            out[found] = &orgs[i];
        found++;
    }
    return found;
}
