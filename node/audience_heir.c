/* audience_heir: what of an audience hangs on who stands in whose place. */
#include "node/audience_heir.h"

#include <string.h>

#include "node/letters.h"

const struct kai_org *kai_audience_in_place(const struct kai_roster *r, const struct kai_org *org,
                                            uint8_t (*ids)[KAI_ID_BYTES], size_t n)
{
    const struct kai_forerunner *f;
    size_t k = org == NULL ? 0 : kai_roster_forerunners(r, org, &f);

    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < n; j++) {
            if (memcmp(ids[j], f[i].org->id, KAI_ID_BYTES) == 0)
                return f[i].org;
        }
    }
    return NULL;
}

static void tell(struct kai_core *c, const uint8_t *org, const struct kai_view *items, size_t n)
{
    if (memcmp(org, c->self.org_id, KAI_ID_BYTES) == 0)
        return;
    for (size_t i = 0; i < n; i++)
        kai_ignore(kai_letter_post(c, org, &items[i], 1, NULL));
}

void kai_audience_tell_stewards(struct kai_core *c, const struct kai_aud_rec *rec,
                                const struct kai_view *items, size_t n)
{
    const struct kai_org *orgs;
    size_t all = kai_roster_orgs(kai_net_roster(c->net), &orgs);

    for (size_t s = 0; s < rec->n_stewards; s++) {
        tell(c, rec->stewards[s], items, n);
        for (size_t i = 0; i < all; i++) {
            if (orgs[i].active && memcmp(orgs[i].id, rec->stewards[s], KAI_ID_BYTES) != 0 &&
                kai_roster_stands_for(kai_net_roster(c->net), &orgs[i], rec->stewards[s],
                                      rec->label_max))
                tell(c, orgs[i].id, items, n);
        }
    }
}
