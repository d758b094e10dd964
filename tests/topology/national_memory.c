/* national_memory: what the process of a simulated network holds, and what of it stands once for
 * all nodes. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/memo.h"
#include "keys/roster.h"
#include "topology/kept.h"
#include "topology/national.h"
#include "topology/sim/sim_int.h"

/* What was given back is not held. */
static size_t resident(void)
{
    unsigned long all = 0, held = 0;
    (void)malloc_trim(0);
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%lu %lu", &all, &held) != 2)
        abort();
    (void)fclose(f);
    return held * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t heap(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

/* A copy of the set that a node holds, and a roster of it. */
static void measure_copies(const struct sim_node *n, size_t *set, size_t *roster)
{
    size_t began = heap(), made;
    struct kai_ctl *copy;
    struct kai_roster *r;

    if (kai_ctl_new(&copy, &n->sim->charter) != KAI_OK)
        abort();
    for (bool more = true; more && kai_ctl_count(copy) < n->n_ctl;) {
        more = false;
        for (size_t i = 0; i < n->n_ctl; i++)
            more = kai_ctl_add(copy, &n->ctl_entry[i]->e) == KAI_OK || more;
    }
    made = heap();
    *set = made - began;
    kai_roster_memo(false); /* Else it would be one that is there. */
    if (kai_roster_build(&r, copy) != KAI_OK)
        abort();
    *roster = heap() - made;
    kai_roster_memo(true);
    kai_roster_unref(r);
    kai_ctl_free(copy);
}

static bool is_new(void *const *held, size_t n, const void *p)
{
    for (size_t i = 0; i < n; i++)
        if (held[i] == p)
            return false;
    return true;
}

static size_t books_of(const struct kai_sim *s, const struct sim_node *n)
{
    size_t sum = sizeof *n + s->n_auds * (sizeof *n->data + sizeof *n->keys) +
                 s->n_nodes * sizeof *n->heard_of + n->cap_ctl * sizeof *n->ctl_entry +
                 n->cap_has * sizeof *n->ctl_has + n->cap_events * sizeof *n->event +
                 n->log_map.cap * sizeof *n->log_map.slot + n->cap_logs * sizeof *n->log;

    for (size_t i = 0; i < n->n_logs; i++)
        sum += n->log[i].cap * sizeof *n->log[i].entry +
               n->log[i].cap_opened * sizeof *n->log[i].opened;
    return sum;
}

struct national_memory national_memory(const struct national *w)
{
    const struct kai_sim *s = w->s;
    struct national_memory m = {
        .all = resident(), .notes = kai_kept_shared(), .signatures = KAI_MEMO_BYTES};
    void **set = calloc(2 * s->n_nodes, sizeof *set), **roster = set + s->n_nodes;
    size_t one_set = 0, one_roster = 0;

    if (!set)
        abort();
    for (size_t i = 0; i < s->n_nodes; i++) {
        const struct sim_node *n = &s->node[i];
        m.books += books_of(s, n);
        if (!n->up)
            continue;
        if (one_set == 0)
            measure_copies(n, &one_set, &one_roster);
        if (is_new(set, m.n_sets, n->ctl))
            set[m.n_sets++] = n->ctl;
        if (is_new(roster, m.n_rosters, kai_net_roster(n->net)))
            roster[m.n_rosters++] = kai_net_roster(n->net);
    }
    free(set);
    m.sets = m.n_sets * one_set;
    m.rosters = m.n_rosters * one_roster;
    for (const struct sim_entry *e = s->library; e; e = e->next)
        m.entries += sizeof *e + e->e.hdr.n + e->e.sig.n + e->e.payload.n +
                     (e->seen_ms ? s->n_nodes * sizeof *e->seen_ms : 0);
    return m;
}
