/* scenario: a network of hundreds of organisations and what happens to it, from one seed. */
#include "topology/scenario_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/sign.h"
#include "keys/roster.h"

#define READ_MS    60000u  /* Links are up and a clean epoch exists: all is read. */
#define WANTED_MS  5000u   /* After the removals, by those who heard. */
#define ORPHANS_MS 900000u /* Every steward is gone: authors make their own epochs after that. */
#define MINTED_MS  15000u  /* All of them have looked. */

/* ---- What happens. */

#define MERGERS_MAX 4u

struct run {
    const struct scenario *sc;
    struct kai_sim_plan *plan;
    struct kai_sim *s;
    uint64_t dice, lots; /* Mergers have their own, so that all else of a seed stays as it is. */
    struct scenario_result *r;
    size_t n_mergers, heir[MERGERS_MAX];
    size_t round, *rests; /* Of live(); NULL: nobody rests. Nodes do until their round. */
};

/* By the first node from there on that may: false: there is none. */
static bool publish_one(struct run *x, size_t node, size_t aud)
{
    for (size_t k = 0; k < kai_sim_nodes(x->s); k++, node = (node + 1) % kai_sim_nodes(x->s))
        if ((!x->rests || x->rests[node] <= x->round) && kai_sim_may_publish(x->s, node, aud)) {
            kai_sim_publish(x->s, node, aud, scenario_roll(&x->dice, 8) ? 120 : 9000);
            return true;
        }
    return false;
}

static void publish_some(struct run *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t aud = scenario_roll(&x->dice, x->plan->n_auds);

        (void)publish_one(x, scenario_roll(&x->dice, kai_sim_nodes(x->s)), aud);
    }
}

/* Every member that there still is says something in every audience, or wants to. */
static void publish_everywhere(struct run *x)
{
    for (size_t aud = 0; aud < x->plan->n_auds; aud++)
        for (size_t node = 0; node < kai_sim_nodes(x->s); node++) {
            if (!kai_sim_up(x->s, node) || !kai_sim_is_member(x->s, node, aud))
                continue;
            if (kai_sim_may_publish(x->s, node, aud))
                kai_sim_publish(x->s, node, aud, 120);
            else
                x->r->held++;
        }
}

/* Who may go: nobody owns or keeps an audience that others need, unless that is the point. */
static size_t somebody_by(struct run *x, uint64_t *dice)
{
    for (;;) {
        size_t i = 1 + scenario_roll(dice, x->plan->n_orgs - 1);
        bool needed = i <= x->plan->n_orgs / 10 || x->plan->org[i].late;
        for (size_t a = 0; a < x->plan->n_auds && !needed; a++)
            for (size_t k = 0; k < x->plan->aud[a].n_stewards && !needed; k++)
                needed = x->plan->aud[a].stewards[k] == i && x->plan->aud[a].n_stewards < 2;
        if (!needed)
            return i;
    }
}

static size_t somebody(struct run *x)
{
    return somebody_by(x, &x->dice);
}

static void change_groups(struct run *x, size_t count)
{
    for (size_t a = 3; a < x->plan->n_auds && count > 0; a++) {
        struct kai_sim_aud *aud = &x->plan->aud[a];
        if (aud->kind != KAI_AUD_GROUP)
            continue;
        for (size_t i = 0; i < x->plan->n_orgs; i++) { /* One goes, one comes. */
            bool keeps = i == aud->owner;
            for (size_t k = 0; k < aud->n_stewards; k++)
                keeps = keeps || aud->stewards[k] == i;
            if (!keeps && kai_orgs_has(&aud->members, i)) {
                kai_orgs_remove(&aud->members, i);
                break;
            }
        }
        kai_orgs_add(&aud->members,
                     scenario_roll(&x->dice, x->plan->n_orgs - x->plan->n_orgs / 20));
        kai_sim_change(x->s, a, &aud->members);
        count--;
    }
}

static void stop_stewards(struct run *x, size_t but)
{
    for (size_t a = 0; a < x->plan->n_auds; a++)
        for (size_t i = 0; i < kai_sim_nodes(x->s); i++)
            if (i != but && kai_sim_up(x->s, i) && kai_sim_keeps(x->s, i, a))
                kai_sim_stop(x->s, i);
}

/* All at once, when the newcomers have their keys, and a member is removed whom no steward is left
 * to shut out: not of the community of all, whose founder has gone. */
static void orphan(struct run *x)
{
    size_t out = somebody(x);

    kai_sim_calm(x->s);
    kai_sim_run(x->s, READ_MS);
    while (x->plan->org[out].parent == 0 || !kai_sim_is_member(x->s, out, 1))
        out = somebody(x);
    stop_stewards(x, x->plan->org[out].parent);
    kai_sim_revoke(x->s, out);
    kai_sim_run(x->s, 1000);
    stop_stewards(x, SIZE_MAX);
    kai_sim_partition_some(x->s, 150);
}

static bool in_a_group(const struct run *x, size_t org)
{
    for (size_t a = 0; a < x->plan->n_auds; a++)
        if (x->plan->aud[a].kind == KAI_AUD_GROUP && kai_sim_is_member(x->s, org, a))
            return true;
    return false;
}

/* A member of some group, or (heir) one that may have every place. */
static size_t merging(struct run *x, bool heir, size_t but)
{
    for (;;) {
        size_t i = somebody_by(x, &x->lots);
        const struct kai_sim_org *o = &x->plan->org[i];
        bool taken = i == but;

        for (size_t k = 0; k < x->n_mergers; k++)
            taken = taken || x->heir[k] == i;
        if (!taken && kai_sim_is_member(x->s, i, 0) &&
            (heir ? o->label_max == 0 && o->caps == 0 : in_a_group(x, i)))
            return i;
    }
}

/* Organisations take the places of others, the second one those of an heir, and one of two that
 * gave theirs goes. */
static void merge_some(struct run *x, size_t count)
{
    for (size_t k = 0; k < count && k < MERGERS_MAX; k++) {
        size_t old = k == 1 ? x->heir[0] : merging(x, false, SIZE_MAX);
        size_t heir = merging(x, true, old);

        kai_sim_merge(x->s, old, heir);
        kai_sim_run(x->s, 400);
        if (k % 2 == 0)
            kai_sim_revoke(x->s, old);
        x->heir[x->n_mergers++] = heir;
    }
}

/* Not one of two that letters went to: what the lost one had is not sent to the other again. */
static void lose_a_node(struct run *x)
{
    size_t n = x->plan->n_orgs, lost = scenario_roll(&x->dice, x->plan->n_further);

    for (size_t tries = 0; tries < x->plan->n_further; tries++) {
        bool boxed = false;
        lost = (lost + 1) % x->plan->n_further;
        for (size_t a = 0; a < x->plan->n_auds; a++)
            boxed = boxed || (x->plan->aud[a].kind == KAI_AUD_MAILBOX &&
                              x->plan->aud[a].owner == x->plan->further[lost]);
        if (boxed)
            continue;
        kai_sim_revoke_node(x->s, n + lost);
        return;
    }
}

/* Who comes back says nothing for a minute: it has not heard who joined. */
static void come_or_go(struct run *x, size_t node, size_t *back)
{
    if (back[node]) {
        kai_sim_start(x->s, node);
        back[node] = 0;
        x->rests[node] = x->round + 6;
    } else {
        kai_sim_stop(x->s, node);
        back[node] = x->round + 3 + scenario_roll(&x->dice, 60);
    }
}

/* Of those that are up one in twelve hundred stops in each ten seconds, which is 30 % in an hour,
 * for half a minute to ten; some write; each ten minutes a part is cut off for a minute; each hour
 * a group changes and, as long as enough are left, somebody leaves. */
static void live(struct run *x)
{
    size_t n = kai_sim_nodes(x->s), rounds = x->sc->hours * 360;
    size_t *back = calloc(2 * n, sizeof *back);

    if (!back)
        abort();
    x->rests = back + n;
    kai_sim_partition(x->s, 0);
    for (x->round = 1; x->round <= rounds; x->round++) {
        size_t t = x->round;
        for (size_t i = 1; i < n; i++) {
            if (back[i] ? t >= back[i] : kai_sim_up(x->s, i) && scenario_roll(&x->dice, 1200) == 0)
                come_or_go(x, i, back);
        }
        if (t % 60 == 30)
            kai_sim_partition_some(x->s, 150);
        if (t % 60 == 36)
            kai_sim_partition(x->s, 0);
        if (t % 360 == 180) {
            change_groups(x, 1);
            if (t / 360 < x->plan->n_orgs / 8)
                kai_sim_revoke(x->s, somebody(x));
        }
        publish_some(x, 2);
        kai_sim_run(x->s, 10000);
    }
    for (size_t i = 1; i < n; i++)
        if (back[i])
            come_or_go(x, i, back);
    x->rests = NULL;
    free(back);
}

static void script(struct run *x)
{
    struct kai_sim *s = x->s;
    size_t n = x->plan->n_orgs, unit = n / 20;

    kai_sim_run(s, 12000);
    publish_some(x, n / 2);
    kai_sim_run(s, 4000);
    kai_sim_partition_some(s, 150);
    publish_some(x, n / 4);
    for (size_t i = 0; i < unit; i++) {
        kai_sim_admit_late(s, n - 1 - i);
        kai_sim_run(s, 400);
    }
    change_groups(x, unit);
    kai_sim_run(s, 4000);
    for (size_t i = 0; i < unit / 2 + 1; i++) {
        kai_sim_revoke(s, somebody(x));
        kai_sim_run(s, 400);
    }
    lose_a_node(x);
    publish_some(x, n / 4);
    for (size_t i = 0; i < unit; i++)
        kai_sim_restart(s, scenario_roll(&x->dice, n - unit));
    kai_sim_run(s, 5000);
    publish_some(x, n / 4);
    merge_some(x, unit);
    if (x->sc->hours > 0)
        live(x);
    if (x->sc->orphans)
        orphan(x);
    kai_sim_run(s, 3000);
    kai_sim_calm(s);
}

/* ---- What must be so in the end. */

/* The stewards stay away: what is held waits for 15 minutes, and then nothing is held any more. */
static uint64_t outlast(struct run *x)
{
    kai_sim_run(x->s, WANTED_MS);
    publish_everywhere(x);
    x->r->held_first = x->r->held;
    kai_sim_run(x->s, ORPHANS_MS + MINTED_MS);
    x->r->held = 0;
    publish_everywhere(x);
    return WANTED_MS + ORPHANS_MS + MINTED_MS;
}

/* Until all is read, from `begun` on. */
static void heal(struct run *x)
{
    uint64_t begun = x->sc->orphans ? outlast(x) : 0, waited = begun;
    uint64_t clean[KAI_SIM_AUDS] = {0}, read[KAI_SIM_AUDS] = {0};
    size_t open = x->plan->n_auds;

    for (; waited <= begun + 2 * READ_MS && open > 0; waited += 1000) {
        kai_sim_run(x->s, 1000);
        if (waited == WANTED_MS)
            publish_some(x, x->plan->n_orgs / 4);
        if (waited <= WANTED_MS)
            continue;
        open = 0;
        for (size_t a = 0; a < x->plan->n_auds; a++) {
            if (!clean[a] && kai_sim_aud_writable(x->s, a))
                clean[a] = waited + 1;
            bool late = clean[a] && waited / 1000 == clean[a] / 1000 + READ_MS / 1000;
            if (!read[a] && clean[a] && kai_sim_aud_read(x->s, a, late ? stderr : NULL))
                read[a] = waited + 1;
            open += !read[a] && kai_sim_aud_inhabited(x->s, a);
        }
    }
    for (size_t a = 0; a < x->plan->n_auds; a++) {
        uint64_t took = read[a] ? read[a] - clean[a] : 2 * READ_MS;

        if (!kai_sim_aud_inhabited(x->s, a))
            continue;
        if (clean[a] > x->r->worst_clean_ms)
            x->r->worst_clean_ms = clean[a];
        if (took > x->r->worst_read_ms || !read[a]) {
            x->r->worst_read_ms = took;
            x->r->worst_aud = a;
        }
    }
}

static size_t places(const struct run *x)
{
    size_t n = 0;

    for (size_t k = 0; k < x->n_mergers; k++)
        for (size_t a = 0; a < x->plan->n_auds; a++)
            n += x->plan->aud[a].kind == KAI_AUD_GROUP &&
                 !kai_orgs_has(&x->plan->aud[a].members, x->heir[k]) &&
                 kai_sim_is_member(x->s, x->heir[k], a) && kai_sim_entries(x->s, x->heir[k], a) > 0;
    return n;
}

static void judge(struct run *x)
{
    struct scenario_result *r = x->r;
    struct kai_sim_counters *c = &r->count;

    *c = kai_sim_counts(x->s);
    r->violations = kai_sim_violations(x->s);
    r->leaks = kai_sim_leaks(x->s, &r->tried);
    r->unread = kai_sim_unread(x->s, &r->read, NULL);
    r->memory_most = kai_sim_memory_most(x->s);
    r->places = places(x);
    r->hash = kai_sim_hash(x->s);
    r->entries = c->entries;
    if (r->violations > 0)
        (void)snprintf(r->why, sizeof r->why, "%llu frames went to somebody who may not have them",
                       (unsigned long long)r->violations);
    else if (r->leaks > 0)
        (void)snprintf(r->why, sizeof r->why, "%llu entries can be read by the removed",
                       (unsigned long long)r->leaks);
    else if (r->worst_read_ms > READ_MS || r->unread > 0)
        (void)snprintf(r->why, sizeof r->why, "audience %zu: all is read after %llu ms (%llu not)",
                       r->worst_aud, (unsigned long long)r->worst_read_ms,
                       (unsigned long long)r->unread);
    else if (x->sc->orphans && (r->held > 0 || r->held_first == 0))
        (void)snprintf(r->why, sizeof r->why, "%zu hold what they want to say, of %zu", r->held,
                       r->held_first);
    else if (!(c->lost && c->repeated && c->reordered && c->stuck && c->cuts && c->restarts &&
               c->partitions_hit && c->revokes && c->changes && c->admits && c->mergers &&
               c->minted && r->entries && r->read && (r->places || x->plan->n_orgs < 100) &&
               (r->tried || (x->plan->n_orgs < 100 && x->sc->hours == 0))))
        (void)snprintf(r->why, sizeof r->why, "a fault never happened");
    r->ok = r->why[0] == '\0';
    if (r->unread > 0)
        for (size_t a = 0; a < x->plan->n_auds; a++)
            (void)kai_sim_aud_read(x->s, a, stderr);
}

void scenario_run(const struct scenario *sc, struct scenario_result *r)
{
    struct kai_sim_plan *plan = calloc(1, sizeof *plan);
    struct run x = {
        .sc = sc, .plan = plan, .dice = sc->seed * 77 + 1, .lots = sc->seed * 91 + 3, .r = r};
    struct kai_sim_options o = {.seed = sc->seed,
                                .plan = plan,
                                .introduced = true,
                                .loss = 20,
                                .dup = 20,
                                .reorder = 20,
                                .stuck = 5,
                                .latency_ms = 80,
                                .trace = sc->trace};
    struct timespec a, b;

    memset(r, 0, sizeof *r);
    if (!plan)
        abort();
    scenario_plan(plan, sc, &x.dice);
    (void)clock_gettime(CLOCK_MONOTONIC, &a);
    kai_verify_memo(true);
    kai_roster_memo(true);
    x.s = kai_sim_new(&o);
    r->nodes = kai_sim_nodes(x.s);
    script(&x);
    heal(&x);
    judge(&x);
    r->virtual_ms = kai_sim_now(x.s);
    kai_sim_free(x.s);
    kai_verify_memo(false);
    kai_roster_memo(false);
    (void)clock_gettime(CLOCK_MONOTONIC, &b);
    r->real_ms = (uint64_t)((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000);
    free(plan);
}
