/* newcomer: what it does not know yet. */
#include "node/newcomer.h"

#include "node/indexer.h"

#define LOOK_MS 50u

/* Who is a member of no community never learns their names, and is one for as long as it is let. */
static bool names_known(const struct kai_outlook *o)
{
    size_t communities = 0;

    for (size_t i = 0; i < o->n_names; i++) {
        const struct kai_audience *rec = kai_roster_audience(o->roster, o->names[i].id);

        if (rec == NULL || rec->rec.kind != KAI_AUD_COMMUNITY)
            continue;
        if (o->names[i].name[0] == '\0')
            return false;
        communities++;
    }
    return communities > 0;
}

bool kai_newcomer_wait(struct kai_core *c, struct kai_outlook **o)
{
    /* A clock that was set back is no reason to wait. */
    if (c->loop == NULL || kai_wall_ms() - c->started_ms >= KAI_NEWCOMER_MS || names_known(*o))
        return false;
    (void)kai_indexer_wait(c->indexer, UINT64_MAX, LOOK_MS);
    kai_outlook_put(*o);
    *o = kai_outlook_get(c);
    return true;
}
