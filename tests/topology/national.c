/* national: a network file as a simulation, and what is measured in it. */
#include "topology/national.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/memo.h"
#include "crypto/sign.h"
#include "keys/checkpoint.h"
#include "keys/roster.h"
#include "topology/kept.h"
#include "topology/sim/bound.h"
#include "topology/sim/sim_int.h"

#define HOP_MS 8u /* What the simulated store takes to commit. */

uint64_t national_roll(struct national *w, uint64_t below)
{
    w->dice = w->dice * 6364136223846793005ull + 1442695040888963407ull;
    return (w->dice >> 33) % below;
}

/* ---- From the file to a plan. */

static struct kai_network *read_network(const char *path, uint64_t seed, uint64_t num, uint64_t den)
{
    struct kai_netfile *f = calloc(1, sizeof *f);
    char *text = malloc(KAI_NETFILE_BYTES_MAX + 1);
    struct kai_netfile_error e = {0};
    struct kai_network *net = NULL;
    FILE *in = fopen(path, "rb");
    size_t n = in && text ? fread(text, 1, KAI_NETFILE_BYTES_MAX + 1, in) : 0;

    if (!in)
        (void)fprintf(stderr, "%s: cannot be read\n", path);
    else if (f && kai_netfile_parse(f, kai_view_of(text, n), &e) != KAI_OK)
        (void)fprintf(stderr, "%s:%zu: %s\n", path, e.line, e.text);
    else if (!f || kai_netfile_expand(&net, f, seed, num, den) != KAI_OK)
        (void)fprintf(stderr, "%s: cannot be expanded\n", path);
    if (in)
        (void)fclose(in);
    free(text);
    free(f);
    return net;
}

static void plan_aud(struct kai_sim_aud *a, const struct kai_network *net,
                     const struct kai_network_aud *from)
{
    a->kind = from->kind;
    a->owner = from->owner;
    a->label_max = from->kind == KAI_AUD_COMMUNITY ? 2 : 3;
    a->history = KAI_HISTORY_ALL;
    for (size_t i = 0; i < from->n_members; i++)
        kai_orgs_add(&a->members, net->member[from->members + i]);
    for (size_t i = 0; i < from->n_stewards && i < KAI_SIM_STEWARDS; i++)
        a->stewards[a->n_stewards++] = from->stewards[i];
    for (size_t i = 0; i < from->n_relays && i < KAI_SIM_RELAYS; i++)
        a->relays[a->n_relays++] = from->relays[i];
}

static struct kai_sim_plan *plan_of(const struct kai_network *net)
{
    struct kai_sim_plan *p = calloc(1, sizeof *p);

    if (!p || net->n_nodes > KAI_SIM_NODES || net->n_auds > KAI_SIM_AUDS) {
        free(p);
        return NULL;
    }
    p->n_orgs = net->n_orgs;
    p->n_further = net->n_nodes - net->n_orgs;
    p->n_auds = net->n_auds;
    for (size_t i = 0; i < net->n_orgs; i++)
        p->org[i].parent = net->org[i].parent;
    for (size_t i = 0; i < net->n_nodes; i++) {
        p->dial_out[i] = net->node[i].dial_out;
        if (i >= net->n_orgs)
            p->further[i - net->n_orgs] = net->node[i].org;
    }
    for (size_t i = 0; i < net->n_auds; i++) {
        plan_aud(&p->aud[i], net, &net->aud[i]);
        for (size_t k = 0; k < p->aud[i].n_relays; k++)
            p->relay[p->aud[i].relays[k]] = true;
    }
    return p;
}

static uint64_t path_ms(void *ctx, size_t a, size_t b)
{
    return kai_network_path_of(ctx, a, b).latency_ms;
}

bool national_new(struct national *w, const char *path, uint64_t seed, uint64_t num, uint64_t den,
                  bool shared, size_t threads)
{
    struct kai_sim_plan *plan;
    struct kai_sim_options o = {.seed = seed,
                                .introduced = true,
                                .primed = true,
                                .track = true,
                                .shared = shared,
                                .quick = true,
                                .threads = threads,
                                .path_ms = path_ms};

    *w = (struct national){.dice = seed * 77 + 1};
    w->net = read_network(path, seed, num, den);
    if (!w->net)
        return false;
    plan = plan_of(w->net);
    if (!plan) {
        (void)fprintf(stderr, "%s: too large to be simulated node by node\n", path);
        return false;
    }
    kai_verify_memo(true);
    kai_roster_memo(true);
    kai_ctl_memo(shared);
    kai_kept_memo(shared);
    o.plan = plan;
    o.path_ctx = w->net;
    w->s = kai_sim_new(&o);
    free(plan);
    return true;
}

void national_free(struct national *w)
{
    kai_sim_free(w->s);
    kai_network_free(w->net);
    kai_verify_memo(false);
    kai_roster_memo(false);
    kai_ctl_memo(false);
    kai_kept_memo(false);
}

/* ---- Links. */

static bool takes_part(const struct national *w, size_t node, size_t aud)
{
    const struct kai_network_aud *a = &w->net->aud[aud];

    for (size_t i = 0; i < a->n_relays; i++)
        if (a->relays[i] == node)
            return true;
    return kai_sim_is_member(w->s, node, aud);
}

/* Members and relays that are up, by their numbers; *index of each, or UINT32_MAX. */
static size_t gather(const struct national *w, size_t aud, size_t *nodes, uint32_t *index)
{
    size_t k = 0;

    for (size_t i = 0; i < w->net->n_nodes; i++) {
        index[i] = UINT32_MAX;
        if (!kai_sim_up(w->s, i) || !takes_part(w, i, aud))
            continue;
        index[i] = (uint32_t)k;
        nodes[k++] = i;
    }
    return k;
}

static struct kai_bound *bound_of(const struct national *w, size_t aud, size_t *nodes,
                                  uint32_t *index, size_t *n)
{
    struct kai_bound_link *links;
    struct kai_bound *b = NULL;
    size_t k = gather(w, aud, nodes, index), m = 0, to[2 * 64];

    links = calloc(k * 64 + 1, sizeof *links);
    if (!links)
        abort();
    for (size_t i = 0; i < k; i++) {
        size_t d = kai_sim_links(w->s, nodes[i], to, 64);
        for (size_t j = 0; j < d; j++)
            if (index[to[j]] != UINT32_MAX && to[j] > nodes[i])
                links[m++] = (struct kai_bound_link){
                    (uint32_t)i, index[to[j]],
                    (uint32_t)kai_network_path_of(w->net, nodes[i], to[j]).latency_ms};
    }
    if (kai_bound_new(&b, k, links, m) != KAI_OK)
        abort();
    free(links);
    *n = k;
    return b;
}

static bool can_be(const struct national *w, size_t aud)
{
    return kai_network_aud_dialable(w->net, aud) >= 2 || w->net->aud[aud].n_relays > 0;
}

void national_shape(const struct national *w, struct national_shape *out)
{
    size_t *nodes = calloc(w->net->n_nodes, sizeof *nodes), to[64], n;
    uint32_t *index = calloc(w->net->n_nodes, sizeof *index);
    uint64_t *at = calloc(w->net->n_nodes, sizeof *at), links = 0;

    if (!nodes || !index || !at)
        abort();
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < w->net->n_nodes; i++) {
        size_t d = kai_sim_up(w->s, i) ? kai_sim_links(w->s, i, to, 64) : 0;
        if (!kai_sim_up(w->s, i))
            continue;
        out->degree[out->n++] = (uint32_t)d;
        links += d;
        out->degree_max = d > out->degree_max ? d : out->degree_max;
    }
    out->degree_mean = out->n ? (double)links / (double)out->n : 0;
    for (size_t a = 0; a < w->net->n_auds; a++) {
        if (!can_be(w, a))
            continue;
        struct kai_bound *b = bound_of(w, a, nodes, index, &n);
        out->due++;
        out->connected += n > 0 && kai_bound_flood(b, 0, 0, at).n == n ? 1u : 0u;
        kai_bound_free(b);
    }
    free(nodes);
    free(index);
    free(at);
}

uint64_t national_form(struct national *w, uint64_t most_ms)
{
    struct national_shape *sh = calloc(1, sizeof *sh);
    uint64_t took = 0;

    if (!sh)
        abort();
    do {
        kai_sim_run(w->s, 2000);
        took += 2000;
        national_shape(w, sh);
    } while (sh->connected < sh->due && took < most_ms);
    free(sh);
    return took;
}

/* ---- Entries. */

static bool publish_in(struct national *w, size_t aud)
{
    const struct kai_network_aud *a = &w->net->aud[aud];

    for (size_t tries = 0; tries < 2 * a->n_members; tries++) {
        size_t node = w->net->member[a->members + national_roll(w, a->n_members)];
        if (!kai_sim_up(w->s, node) || !kai_sim_may_publish(w->s, node, aud))
            continue;
        kai_sim_publish(w->s, node, aud, 1200);
        return true;
    }
    return false;
}

size_t national_publish(struct national *w, size_t count)
{
    size_t done = 0;

    for (size_t i = 0; i < (count ? count : w->net->n_auds); i++)
        done += publish_in(w, count ? national_roll(w, w->net->n_auds) : i) ? 1u : 0u;
    return done;
}

struct sums {
    double ratio;
    size_t ratios;
};

static void one_entry(const struct national *w, struct national_reach *r, const bool *was_up,
                      const struct kai_sim_track *t, struct sums *sums, size_t *nodes,
                      uint32_t *index, uint64_t *at)
{
    uint64_t last = 0, bound_last = 0;
    size_t n;
    struct kai_bound *b = bound_of(w, t->aud, nodes, index, &n);

    if (index[t->author] != UINT32_MAX)
        (void)kai_bound_flood(b, index[t->author], HOP_MS, at);
    for (size_t i = 0; i < n; i++) {
        size_t node = nodes[i];
        if (node == t->author || !kai_sim_is_member(w->s, node, t->aud) ||
            (was_up && !was_up[node]))
            continue;
        r->due++;
        if (t->ms[node] == UINT32_MAX)
            continue;
        r->ms[r->got++] = t->ms[node];
        last = t->ms[node] > last ? t->ms[node] : last;
        if (index[t->author] != UINT32_MAX && at[i] != KAI_BOUND_NEVER) {
            r->bound_ms[r->n_bound++] = at[i];
            bound_last = at[i] > bound_last ? at[i] : bound_last;
        }
    }
    kai_bound_free(b);
    r->last_ms = last > r->last_ms ? last : r->last_ms;
    r->last_bound_ms = bound_last > r->last_bound_ms ? bound_last : r->last_bound_ms;
    if (bound_last > 0) {
        double ratio = (double)last / (double)bound_last;
        sums->ratio += ratio;
        sums->ratios++;
        r->ratio_worst = ratio > r->ratio_worst ? ratio : r->ratio_worst;
    }
}

void national_reach(const struct national *w, struct national_reach *r, const bool *was_up)
{
    size_t *nodes = calloc(w->net->n_nodes, sizeof *nodes), most = 1;
    uint32_t *index = calloc(w->net->n_nodes, sizeof *index);
    uint64_t *at = calloc(w->net->n_nodes, sizeof *at);
    struct sums sums = {0};

    *r = (struct national_reach){.entries = kai_sim_tracks(w->s)};
    for (size_t i = 0; i < r->entries; i++)
        most += w->net->aud[kai_sim_track_at(w->s, i).aud].n_members + 8;
    r->ms = calloc(most * 4, sizeof *r->ms);
    r->bound_ms = calloc(most * 4, sizeof *r->bound_ms);
    if (!nodes || !index || !at || !r->ms || !r->bound_ms)
        abort();
    for (size_t i = 0; i < r->entries; i++) {
        struct kai_sim_track t = kai_sim_track_at(w->s, i);
        one_entry(w, r, was_up, &t, &sums, nodes, index, at);
    }
    r->ratio_mean = sums.ratios ? sums.ratio / (double)sums.ratios : 0;
    free(nodes);
    free(index);
    free(at);
}

void national_reach_free(struct national_reach *r)
{
    free(r->ms);
    free(r->bound_ms);
}

/* ---- CHECKPOINTs. */

static void word_of(struct kai_sim *s, size_t node, struct kai_buf *note,
                    struct national_words *out)
{
    const struct sim_node *n = &s->node[node];
    struct kai_checkpoint p = {.counter = sim_wall(s)};

    memcpy(p.node_cert, n->node_cert, KAI_ID_BYTES);
    for (size_t a = 0; a < s->n_auds && p.n < KAI_CHECKPOINT_ROWS_MAX; a++)
        if (n->data[a].open && n->data[a].key.seq > 0)
            kai_mark_of(&p.rows[p.n++], n->data[a].salt, n->data[a].key.pk, n->data[a].key.seq,
                        n->data[a].key.prev);
    kai_marks_sort(p.rows, p.n);
    kai_checkpoint_write(note, &p, n->sign.sk, s->charter.nid);
    SIM_MUST(note->err == KAI_OK);
    out->said++;
    out->rows += p.n;
    out->note_bytes += note->len;
}

static void count_words(const struct national *w, const struct kai_buf *notes,
                        struct national_words *out)
{
    for (size_t of = 0; of < w->net->n_nodes; of++)
        for (size_t at = 0; notes[of].len > 0 && at < w->net->n_nodes; at++) {
            if (at == of || !kai_sim_up(w->s, at))
                continue;
            struct kai_view held =
                kai_net_checkpoint_of(kai_sim_net(w->s, at), w->s->node[of].node_id);
            out->due++;
            out->got += kai_view_eq(held, kai_buf_view(&notes[of]));
        }
}

void national_words(struct national *w, uint64_t seconds, struct national_words *out)
{
    size_t n = w->net->n_nodes;
    struct kai_buf *notes = calloc(n, sizeof *notes);
    struct kai_sim_counters before = kai_sim_counts(w->s), after;

    *out = (struct national_words){0};
    if (!notes)
        abort();
    for (size_t i = 0; i < n; i++) {
        kai_buf_init(&notes[i], KAI_CHECKPOINT_BYTES_MAX);
        if (kai_sim_up(w->s, i)) {
            word_of(w->s, i, &notes[i], out);
            kai_net_on_own_checkpoint(kai_sim_net(w->s, i), kai_buf_view(&notes[i]),
                                      kai_sim_now(w->s));
            sim_poke(w->s, i);
        }
        kai_sim_run(w->s, seconds * 1000 * (i + 1) / n - seconds * 1000 * i / n);
    }
    kai_sim_run(w->s, 30000);
    count_words(w, notes, out);
    after = kai_sim_counts(w->s);
    out->bytes = after.bytes[KAI_MSG_NOTES] - before.bytes[KAI_MSG_NOTES];
    for (size_t k = 0; k < sizeof after.bytes / sizeof after.bytes[0]; k++)
        out->all_bytes += after.bytes[k] - before.bytes[k];
    for (size_t i = 0; i < n; i++)
        kai_buf_free(&notes[i]);
    free(notes);
}

struct national_cost national_cost(const struct national *w)
{
    struct national_cost sum = {0};

    for (size_t i = 0; i < w->net->n_nodes; i++) {
        struct kai_net_counters c;
        if (!kai_sim_up(w->s, i))
            continue;
        kai_net_counters(kai_sim_net(w->s, i), &c);
        sum.entries += c.entries_new;
        sum.twice += c.pushes_twice;
        sum.bytes += c.bytes_out;
        sum.frames += c.frames_out;
        sum.pushes += c.pushes_out;
        sum.grafts += c.grafts_out;
        sum.prunes += c.prunes_out;
    }
    return sum;
}
