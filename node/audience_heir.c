/* audience_heir: what of an audience hangs on who stands in whose place. */
#include "node/audience_heir.h"

#include <string.h>

#include "node/letters.h"

static bool listed(uint8_t (*ids)[KAI_ID_BYTES], size_t n, const uint8_t *id)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(ids[i], id, KAI_ID_BYTES) == 0)
            return true;
    }
    return false;
}

const struct kai_org *kai_audience_in_place(const struct kai_roster *r, const struct kai_org *org,
                                            uint8_t (*ids)[KAI_ID_BYTES], size_t n)
{
    const struct kai_forerunner *f;
    size_t k = org == NULL ? 0 : kai_roster_forerunners(r, org, &f);

    for (size_t i = 0; i < k; i++) {
        if (listed(ids, n, f[i].org->id))
            return f[i].org;
    }
    return NULL;
}

const struct kai_org *kai_audience_place_of(const struct kai_roster *r,
                                            const uint8_t place[static KAI_ID_BYTES],
                                            uint8_t (*ids)[KAI_ID_BYTES], size_t n,
                                            const struct kai_org **org)
{
    const struct kai_person *p;
    const struct kai_forerunner *f;
    uint8_t id[KAI_ID_BYTES];
    size_t all = kai_roster_persons(r, &p);

    for (; all > 0 && memcmp(p->place, place, KAI_ID_BYTES) != 0; all--)
        p++;
    size_t k = all == 0 ? 0 : kai_roster_forerunners(r, p->org, &f);
    for (size_t i = 0; i < k; i++) {
        kai_place_id(id, p->id, f[i].org->id);
        if (!listed(ids, n, id))
            continue;
        *org = p->org;
        return f[i].org;
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
