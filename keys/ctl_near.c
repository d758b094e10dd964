/* ctl_near: whose control entries are taken although as many are held as may be: those of founders,
 * of the organisations that founders admitted, and of all who stand above our own node. A filled
 * set must not keep out the word by which whoever filled it is revoked. */
#include <string.h>

#include "keys/ctl_int.h"

#define NEAR_ORGS 2u

/* The level of a key that e admits; 0: it says nothing that counts. */
static uint32_t level_of(const struct kai_ctl_entry *e)
{
    if (e->type != KAI_REC_ADMIT || e->log->level == 0)
        return 0;
    if (e->kind == KAI_ADMIT_ISSUING)
        return e->log->level;
    return e->kind == KAI_ADMIT_ORG ? e->log->level + 1 : 0;
}

static bool spread_down(struct kai_ctl *c)
{
    bool more = false;

    for (size_t i = 0; i < c->n; i++) {
        const struct kai_ctl_entry *e = c->by_hash[i];
        uint32_t level = level_of(e);

        if (level == 0 || level > NEAR_ORGS)
            continue;
        struct kai_ctl_log *l = kai_ctl_log(c, e->subject);
        if (l->level != 0 && l->level <= level)
            continue;
        l->level = level;
        l->near = true;
        more = true;
    }
    return more;
}

/* From our own key to those who admitted it, and so on: own marks that way alone. */
static bool spread_up(struct kai_ctl *c)
{
    bool more = false;

    for (size_t i = 0; i < c->n; i++) {
        const struct kai_ctl_entry *e = c->by_hash[i];

        if (e->type != KAI_REC_ADMIT || e->log->reached || !kai_ctl_log(c, e->subject)->reached)
            continue;
        e->log->reached = true;
        e->log->near = true;
        more = true;
    }
    return more;
}

bool kai_ctl_near(struct kai_ctl *c, const struct kai_ctl_log *l)
{
    if (c->near_fresh)
        return l->near;
    for (size_t i = 0; i < c->n_logs; i++) {
        struct kai_ctl_log *x = c->logs[i];

        x->level = x->founder ? 1 : 0;
        x->near = x->founder;
        x->reached = c->has_own && memcmp(x->pk, c->own_pk, KAI_KEY_BYTES) == 0;
        x->near = x->near || x->reached;
    }
    while (spread_down(c))
        continue;
    while (spread_up(c))
        continue;
    c->near_fresh = true;
    return l->near;
}

void kai_ctl_own(struct kai_ctl *c, const uint8_t node_pk[static KAI_KEY_BYTES])
{
    memcpy(c->own_pk, node_pk, KAI_KEY_BYTES);
    c->has_own = true;
    c->near_fresh = false;
}
