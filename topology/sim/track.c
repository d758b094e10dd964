/* track: when each entry that was published came to each node. */
#include "topology/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

void sim_track(struct kai_sim *s, struct sim_entry *e, size_t aud, size_t author)
{
    (void)pthread_mutex_lock(&s->lock);
    s->track = sim_grow(s->track, s->n_tracks, &s->cap_tracks, sizeof *s->track);
    s->track[s->n_tracks++] = e;
    (void)pthread_mutex_unlock(&s->lock);
    e->aud = aud;
    e->author = author;
    e->seen_ms = malloc(s->n_nodes * sizeof *e->seen_ms);
    SIM_MUST(e->seen_ms);
    memset(e->seen_ms, 0xff, s->n_nodes * sizeof *e->seen_ms);
    e->seen_ms[author] = 0;
}

static int by_author(const void *a, const void *b)
{
    const struct sim_entry *x = *(struct sim_entry *const *)a, *y = *(struct sim_entry *const *)b;

    if (x->author != y->author)
        return x->author < y->author ? -1 : 1;
    if (x->aud != y->aud)
        return x->aud < y->aud ? -1 : 1;
    return x->e.h.seq < y->e.h.seq ? -1 : x->e.h.seq > y->e.h.seq;
}

void sim_track_settle(struct kai_sim *s, size_t i)
{
    if (s->n_tracks > i + 1)
        qsort(s->track + i, s->n_tracks - i, sizeof *s->track, by_author);
}

size_t kai_sim_tracks(const struct kai_sim *s)
{
    return s->n_tracks;
}

struct kai_sim_track kai_sim_track_at(const struct kai_sim *s, size_t i)
{
    const struct sim_entry *e = s->track[i];

    return (struct kai_sim_track){
        .aud = e->aud, .author = e->author, .at = e->at, .ms = e->seen_ms};
}

void kai_sim_forget_tracks(struct kai_sim *s)
{
    for (size_t i = 0; i < s->n_tracks; i++) {
        free(s->track[i]->seen_ms);
        s->track[i]->seen_ms = NULL;
    }
    s->n_tracks = 0;
}

size_t kai_sim_links(const struct kai_sim *s, size_t node, size_t *to, size_t max)
{
    const struct sim_node *n = &s->node[node];
    size_t k = 0;

    for (size_t i = 0; i < n->n_links && k < max; i++) {
        const struct sim_conn *c = s->conn[n->links[i] - 1];
        size_t other = c->a == node ? c->b : c->a;
        if (!c->raw && kai_net_link_stands(n->net, c->link) && s->node[other].net &&
            kai_net_link_stands(s->node[other].net, c->link))
            to[k++] = other;
    }
    return k;
}
