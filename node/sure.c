/* sure: whether this home may go on where it stopped. */
#include "node/sure.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/address.h"
#include "node/loop.h"
#include "node/ownlog.h"
#include "node/say.h"

#define TWIN_KEY   "twin"
#define UNSURE_KEY "unsure" /* Over clean stops: until others were asked. */
/* Clocks drift and are slewed; more than that is a machine that was stopped, or set. */
#define CLOCK_STEP_MS 10000
/* Peers that have told all they know of the control plane, and how long one alone is listened to.
 */
#define PEERS_ASKED  2u
#define ONE_ASKED_MS 20000u
/* An address of ours that somebody else signed is answered with a counter so much higher: no
 * earlier life of this home can have come there, so what is higher still was signed by one that
 * goes on. */
#define COUNTER_LEAP (UINT64_C(1) << 36)

/* Wall clock less the clock that counts since the machine was started: constant, unless the machine
 * was saved and put back, or somebody set the time. */
static int64_t clock_gap_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)kai_wall_ms() - ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static enum kai_err set_flag(struct kai_core *c, const char *key, bool on)
{
    struct kai_tx *tx = kai_core_tx(c);

    return tx == NULL ? c->tx_err
                      : kai_tx_kv(tx, key, on ? kai_view_of("", 0) : (struct kai_view){0});
}

/* What it wrote last may not be here: own logs are given up, and control logs wait. */
static enum kai_err doubt(struct kai_core *c)
{
    enum kai_err err = c->unsure ? KAI_OK : set_flag(c, UNSURE_KEY, true);

    c->unsure = true;
    c->asked_since_ms = 0;
    return err == KAI_OK ? kai_ownlog_retire_all(c) : err;
}

enum kai_err kai_sure_begin(struct kai_core *c)
{
    struct kai_snap *s = NULL;
    struct kai_view v;
    enum kai_err err = kai_snap_begin(c->store, &s);

    if (err != KAI_OK)
        return err;
    c->twin = kai_snap_kv(s, TWIN_KEY, &v) == KAI_OK;
    c->unsure = kai_snap_kv(s, UNSURE_KEY, &v) == KAI_OK;
    kai_snap_end(s);
    c->clock_gap_ms = clock_gap_ms();
    return kai_store_was_continuous(c->store) ? KAI_OK : doubt(c);
}

static enum kai_err job_confirm(struct kai_core *c, void *arg)
{
    enum kai_err err = set_flag(c, TWIN_KEY, false);

    (void)arg;
    return err == KAI_OK ? set_flag(c, UNSURE_KEY, false) : err;
}

enum kai_err kai_sure_confirm(struct kai_core *c)
{
    enum kai_err err = kai_core_run(c, job_confirm, NULL);

    if (err == KAI_OK)
        c->unsure = c->twin = false;
    c->said_sure = err == KAI_OK;
    return err;
}

enum kai_err kai_sure_alone(const struct kai_core *c, struct kai_why *why)
{
    return c->twin ? kai_why_set(why, KAI_EBUSY, "home.twin", c->home.dir, NULL, NULL) : KAI_OK;
}

enum kai_err kai_sure_own(struct kai_core *c, struct kai_why *why)
{
    int64_t gap = clock_gap_ms();
    int64_t step = gap - c->clock_gap_ms;

    if (c->twin)
        return kai_sure_alone(c, why);
    if (step < CLOCK_STEP_MS && step > -CLOCK_STEP_MS)
        return KAI_OK;
    c->clock_gap_ms = gap;
    return doubt(c);
}

struct asked {
    const struct kai_core *c;
    size_t n;
};

static void count_asked(void *ctx, const struct kai_link_info *l)
{
    struct asked *a = ctx;

    a->n += l->peer != NULL && strcmp(l->state, "hello") != 0 && strcmp(l->state, "control") != 0 &&
            strcmp(l->state, "drain") != 0;
}

static size_t others(const struct kai_core *c)
{
    const struct kai_node *nodes;
    size_t n = kai_roster_nodes(kai_net_roster(c->net), &nodes);
    size_t active = 0;

    for (size_t i = 0; i < n; i++)
        active += nodes[i].active && memcmp(nodes[i].id, c->self.node_id, KAI_ID_BYTES) != 0;
    return active;
}

enum kai_err kai_sure_issue(struct kai_core *c, struct kai_why *why)
{
    struct asked a = {.c = c};
    uint64_t now = kai_now_ms();
    size_t there = others(c);

    if (c->twin)
        return kai_sure_alone(c, why);
    if (!c->unsure)
        return KAI_OK;
    kai_net_links(c->net, count_asked, &a);
    if (a.n > 0 && c->asked_since_ms == 0)
        c->asked_since_ms = now;
    if (a.n < (there < PEERS_ASKED ? there : PEERS_ASKED) &&
        (a.n == 0 || now < c->asked_since_ms + ONE_ASKED_MS))
        return kai_why_set(why, KAI_EAGAIN, "home.unsure", c->home.dir, NULL, NULL);
    c->unsure = false;
    return set_flag(c, UNSURE_KEY, false);
}

/* ---- Two machines with one home. */

static void leap(struct kai_core *c, uint64_t over)
{
    c->addr_least = over + COUNTER_LEAP;
    kai_loop_announce(c->loop);
}

void kai_sure_elsewhere(struct kai_core *c, uint64_t counter)
{
    bool speaks = counter == UINT64_MAX;
    bool last_word = !speaks && (~counter & KAI_ADDR_LAST_WORD) == 0;

    if (c->twin || (!speaks && counter > (uint64_t)INT64_MAX - 2 * COUNTER_LEAP))
        return; /* Nobody gets there by leaps. */
    if (last_word && c->said_sure) {
        leap(c, counter); /* It has stopped, and this one may go on. */
        return;
    }
    if (!speaks && !last_word && !c->leapt) {
        c->leapt = true;
        leap(c, counter);
        return;
    }
    c->twin = true;
    kai_core_alarm(c, "home.twin", "");
    kai_ignore(
        set_flag(c, TWIN_KEY, true)); /* A failure is told by the commit, which ends the process. */
    leap(c, speaks ? kai_wall_ms() : counter); /* The last word: the other one hears of us too. */
    kai_loop_stop_soon(c->loop);
}
