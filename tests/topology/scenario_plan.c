/* scenario_plan: the organisations and audiences of a scenario. */
#include "topology/scenario_plan.h"

uint64_t scenario_roll(uint64_t *dice, uint64_t below)
{
    *dice = *dice * 6364136223846793005ull + 1442695040888963407ull;
    return (*dice >> 33) % below;
}

/* A tenth of the organisations admit the others; some are contractors. */
static void make_orgs(struct kai_sim_plan *p, const struct scenario *sc, uint64_t *dice)
{
    size_t uppers = sc->orgs / 10;

    p->n_orgs = sc->orgs;
    for (size_t i = 1; i < p->n_orgs; i++) {
        struct kai_sim_org *o = &p->org[i];
        o->parent = i <= uppers ? 0 : 1 + scenario_roll(dice, uppers);
        o->water = scenario_roll(dice, 4) == 0;
        if (i > uppers && scenario_roll(dice, 12) == 0)
            o->caps = 31u | KAI_CAP_PROVIDER;
        if (i > uppers && scenario_roll(dice, 10) == 0)
            o->label_max = 2; /* A school: GREEN and less. */
        o->late = i + sc->orgs / 20 >= p->n_orgs;
    }
    p->n_further = sc->relays;
    for (size_t i = 0; i < sc->relays; i++)
        p->further[i] = i % (uppers + 1);
}

static void list_members(struct kai_sim_aud *a, const struct kai_sim_plan *p, uint64_t *dice)
{
    size_t most = 3 + scenario_roll(dice, p->n_orgs > 60 ? 17 : 6);

    kai_orgs_add(&a->members, a->owner);
    for (size_t i = 0; i < most; i++)
        kai_orgs_add(&a->members, scenario_roll(dice, p->n_orgs - p->n_orgs / 20));
}

static void list_providers(struct kai_sim_aud *a, const struct kai_sim_plan *p)
{
    for (size_t i = 1; i < p->n_orgs; i++)
        if (p->org[i].parent == a->owner && (p->org[i].caps & KAI_CAP_PROVIDER))
            kai_orgs_add(&a->members, i);
}

/* Somebody who keeps the keys beside the owner: a member that may. */
static void second_steward(struct kai_sim_aud *a, const struct kai_sim_plan *p, uint64_t *dice)
{
    size_t i = scenario_roll(dice, p->n_orgs);

    for (size_t tries = 0; tries < p->n_orgs; tries++, i = (i + 1) % p->n_orgs)
        if (i != a->owner && kai_orgs_has(&a->members, i) && !p->org[i].late &&
            p->org[i].label_max == 0) {
            a->stewards[a->n_stewards++] = i;
            return;
        }
}

static void relays_for(struct kai_sim_aud *a, const struct kai_sim_plan *p, uint64_t *dice)
{
    for (size_t k = 0; k < 2 && p->n_further > 0; k++)
        a->relays[a->n_relays++] =
            p->n_orgs + (scenario_roll(dice, p->n_further / 2) + k * (p->n_further / 2));
}

static uint64_t kind_of(size_t i, size_t n)
{
    if (i < 3)
        return i == 0 ? KAI_AUD_PUBLIC : KAI_AUD_COMMUNITY;
    if (i % 8 == 7)
        return KAI_AUD_CLIENTS;
    if (i % 8 == 5)
        return i % 16 == 5 ? KAI_AUD_PROVIDERS : KAI_AUD_PERSONS;
    return i + n / 10 >= n ? KAI_AUD_MAILBOX : KAI_AUD_GROUP;
}

static void make_auds(struct kai_sim_plan *p, const struct scenario *sc, uint64_t *dice)
{
    size_t uppers = sc->orgs / 10;

    p->n_auds = sc->auds;
    for (size_t i = 0; i < p->n_auds; i++) {
        struct kai_sim_aud *a = &p->aud[i];
        a->kind = kind_of(i, p->n_auds);
        a->label_max = i == 0 ? 1 : i < 3 ? 2 : 4;
        a->history = i % 3 == 2 ? 0 : KAI_HISTORY_ALL;
        a->owner = i < 3 ? 0 : scenario_roll(dice, uppers + 1);
        a->water = i == 2;
        if (i == 2) /* A community keeps its keys with a member. */
            for (size_t k = 1; k < p->n_orgs && a->n_stewards < 2; k++)
                if (p->org[k].water && !p->org[k].late && !(p->org[k].caps & KAI_CAP_PROVIDER))
                    a->stewards[a->n_stewards++] = k;
        if (a->kind == KAI_AUD_GROUP || a->kind == KAI_AUD_PERSONS)
            list_members(a, p, dice);
        if (a->kind == KAI_AUD_PROVIDERS)
            list_providers(a, p);
        if (a->kind == KAI_AUD_GROUP) {
            a->stewards[a->n_stewards++] = a->owner;
            second_steward(a, p, dice);
            if (i % 2 == 0)
                relays_for(a, p, dice);
        }
    }
}

void scenario_plan(struct kai_sim_plan *p, const struct scenario *sc, uint64_t *dice)
{
    make_orgs(p, sc, dice);
    make_auds(p, sc, dice);
}
