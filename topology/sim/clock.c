/* clock: the virtual clock and what happens by it.
 *
 * Nodes act on each other by frames alone, and none comes sooner than the least latency after it
 * was sent. So within a window of that length every node goes its own way, in the order of its own
 * events, and whoever runs it: what it does to others is handed over when all are at the end of the
 * window. Events of a node are ordered by time, then by whose doing they are, then by that one's
 * own count, which no thread decides. */
#include "topology/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- Heaps of events, one of each node. */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    return a->by != b->by ? a->by < b->by : a->no < b->no;
}

static void push(struct sim_node *n, struct sim_event *e)
{
    size_t i = n->n_events++;

    n->event = sim_grow(n->event, i, &n->cap_events, sizeof *n->event);
    while (i > 0 && before(e, n->event[(i - 1) / 2])) {
        n->event[i] = n->event[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    n->event[i] = e;
}

static struct sim_event *pop(struct sim_node *n)
{
    struct sim_event *first = n->event[0], *last = n->event[--n->n_events];
    size_t i = 0;

    for (;;) {
        size_t c = 2 * i + 1;
        if (c >= n->n_events)
            break;
        if (c + 1 < n->n_events && before(n->event[c + 1], n->event[c]))
            c++;
        if (!before(n->event[c], last))
            break;
        n->event[i] = n->event[c];
        i = c;
    }
    if (n->n_events > 0)
        n->event[i] = last;
    return first;
}

static void free_event(struct sim_event *e)
{
    free(e->log);
    free(e);
}

static uint64_t next_of(const struct sim_node *n)
{
    uint64_t next = n->up ? n->tick_ms : UINT64_MAX;

    return n->n_events > 0 && n->event[0]->at < next ? n->event[0]->at : next;
}

static void queue(struct kai_sim *s, struct sim_event *e)
{
    push(&s->node[e->node], e);
    if (e->at < s->next_ms[e->node])
        s->next_ms[e->node] = e->at;
}

void sim_event_add(struct kai_sim *s, struct sim_node *by, const struct sim_event *event,
                   struct kai_view frame)
{
    struct sim_event *e = malloc(sizeof *e + frame.n);

    SIM_MUST(e);
    *e = *event;
    e->n = frame.n;
    if (frame.n > 0)
        memcpy(e->frame, frame.p, frame.n);
    if (event->log) {
        e->log = malloc(sizeof *e->log);
        SIM_MUST(e->log);
        *e->log = *event->log;
    }
    e->by = by ? by->index : SIM_NOBODY;
    e->no = by ? by->next_no++ : s->next_no++;
    if (by && by->index != e->node) {
        struct sim_worker *w = by->worker;
        SIM_MUST(!s->in_window || e->at >= s->until);
        w->out = sim_grow(w->out, w->n_out, &w->cap_out, sizeof *w->out);
        w->out[w->n_out++] = e;
    } else {
        queue(s, e);
    }
}

void sim_poke(struct kai_sim *s, size_t node)
{
    struct sim_node *n = &s->node[node];

    n->tick_ms = sim_now(n);
    if (n->up && n->tick_ms < s->next_ms[node])
        s->next_ms[node] = n->tick_ms;
}

/* ---- What happens at a node. */

/* The disk verifies, then keeps. */
static void stored(struct sim_node *n, const struct sim_event *e)
{
    struct sim_log *log = sim_disk_log(n, e->log->log_pk);
    const struct kai_entry *x = &e->entry->e;

    if (kai_entry_verify(x, n->sim->charter.nid) != KAI_OK) {
        kai_net_on_refused(n->net, e->link, e->log->log_pk, x->h.seq, KAI_EAUTH, n->now);
        return;
    }
    if ((log ? log->n : 0) + 1 != x->h.seq) {
        kai_net_on_refused(n->net, e->link, e->log->log_pk, x->h.seq, KAI_EMALFORMED, n->now);
        return;
    }
    sim_disk_append(n, e->log, e->entry);
    kai_net_on_stored(n->net, e->log->log_pk, x, n->now);
}

static void happen(struct sim_node *n, const struct sim_event *e)
{
    switch (e->what) {
    case SIM_FRAME:
        kai_net_on_frame(n->net, e->link, kai_view_of(e->frame, e->n), n->now, sim_node_wall(n));
        break;
    case SIM_STORED:
        stored(n, e);
        break;
    case SIM_CTL_STORED:
        sim_disk_ctl(n, e->entry);
        kai_net_on_ctl_stored(n->net, &e->entry->e, n->now);
        break;
    case SIM_WRITABLE:
        kai_net_on_writable(n->net, e->link, n->now);
        break;
    case SIM_DOWN:
        kai_net_on_down(n->net, e->link, n->now);
        n->dials = true;
        break;
    }
}

static void tick(struct sim_node *n)
{
    struct sim_worker *w = n->worker;
    struct kai_net_counters c;

    (void)kai_net_on_tick(n->net, n->now, sim_node_wall(n));
    sim_node_duties(n);
    kai_net_counters(n->net, &c);
    if (c.memory_bytes > w->memory_most)
        w->memory_most = c.memory_bytes;
    if (c.entries_parked > w->count.parked)
        w->count.parked = c.entries_parked;
}

static void after(struct sim_node *n)
{
    if (n->unread)
        sim_node_read(n);
    n->ctl = kai_net_ctl(n->net);
    n->tick_ms = kai_net_next(n->net);
}

void sim_node_run(struct sim_node *n, struct sim_worker *w)
{
    struct kai_sim *s = n->sim;
    uint64_t at;

    n->worker = w;
    while ((at = next_of(n)) < s->until) {
        n->now = at > s->now ? at : s->now;
        if (n->n_events > 0 && n->event[0]->at == at) {
            struct sim_event *e = pop(n);
            if (n->up && n->boot == e->boot) {
                happen(n, e);
                after(n);
            }
            free_event(e);
        } else {
            tick(n);
            after(n);
        }
    }
    s->next_ms[n->index] = at;
}

/* ---- Time. */

/* What an engine said that a peer holds must be so. */
static void check_held(const struct kai_sim *s, struct sim_worker *w)
{
    for (size_t i = 0; i < w->n_held; i++) {
        const struct sim_held *h = &w->held[i];
        const struct sim_log *log = sim_disk_log(&s->node[h->node], h->log_pk);
        SIM_MUST(log && log->n >= h->seq);
    }
    w->n_held = 0;
}

static void hand_over(struct kai_sim *s)
{
    for (size_t i = 0; i < s->n_workers; i++) {
        struct sim_worker *w = &s->worker[i];
        for (size_t k = 0; k < w->n_drops; k++)
            sim_wire_dropped(s, w->drop[k]);
        w->n_drops = 0;
        for (size_t k = 0; k < w->n_out; k++)
            queue(s, w->out[k]);
        w->n_out = 0;
        check_held(s, w);
    }
}

/* The oracle, taps and what follows places from organisation to organisation look into other
 * nodes. */
static bool together(const struct kai_sim *s)
{
    return s->crew && s->o.quick && !s->tap && s->merged_ms == 0 && s->n_due > 1;
}

static void window(struct kai_sim *s, uint64_t until)
{
    size_t tracks = s->n_tracks;

    s->until = until;
    s->n_due = 0;
    for (size_t i = 0; i < s->n_nodes; i++)
        if (s->next_ms[i] < until)
            s->due[s->n_due++] = i;
    s->in_window = true;
    if (together(s))
        sim_crew_run(s->crew);
    else
        for (size_t i = 0; i < s->n_due; i++)
            sim_node_run(&s->node[s->due[i]], &s->worker[0]);
    s->in_window = false;
    hand_over(s);
    sim_track_settle(s, tracks);
    s->now = until - 1;
    for (size_t i = 0; i < s->n_due; i++)
        if (s->node[s->due[i]].dials) {
            s->node[s->due[i]].dials = false;
            sim_dial_now(s, s->due[i]);
        }
}

static uint64_t first_of(const struct kai_sim *s)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < s->n_nodes; i++)
        if (s->next_ms[i] < first)
            first = s->next_ms[i];
    return first > s->now ? first : s->now;
}

void kai_sim_run(struct kai_sim *s, uint64_t ms)
{
    uint64_t end = s->now + ms;

    for (;;) {
        uint64_t stop = !s->o.no_dials && s->dial_ms < end ? s->dial_ms : end, first;
        hand_over(s);
        stop = stop > s->now ? stop : s->now;
        first = first_of(s);
        if (first <= stop) {
            window(s, first + s->least_ms <= stop ? first + s->least_ms : stop + 1);
            continue;
        }
        s->now = stop;
        if (!s->o.no_dials)
            sim_dials(s);
        if (s->now >= end)
            return;
    }
}

void sim_clock_free(struct kai_sim *s)
{
    hand_over(s);
    for (size_t i = 0; i < s->n_nodes; i++) {
        while (s->node[i].n_events > 0)
            free_event(s->node[i].event[--s->node[i].n_events]);
        free(s->node[i].event);
    }
    for (size_t i = 0; i < s->n_workers; i++) {
        free(s->worker[i].out);
        free(s->worker[i].held);
        free(s->worker[i].drop);
    }
}
