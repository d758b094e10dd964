/* disk: what a simulated node holds durably, and how it carries out the engine's actions. */
#include "topology/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/keydeath.h"

#define COMMIT_MS 8u

struct sim_log *sim_disk_log(const struct sim_node *n, const uint8_t *log_pk)
{
    size_t at = sim_map_get(&n->log_map, log_pk);

    return at == SIM_MAP_NONE ? NULL : &n->log[at];
}

void sim_disk_ctl(struct sim_node *n, struct sim_entry *e)
{
    if (e->no / 64 >= n->cap_has) {
        size_t cap = e->no / 64 + e->no / 128 + 16;
        n->ctl_has = realloc(n->ctl_has, cap * sizeof *n->ctl_has);
        SIM_MUST(n->ctl_has);
        memset(n->ctl_has + n->cap_has, 0, (cap - n->cap_has) * sizeof *n->ctl_has);
        n->cap_has = cap;
    }
    if (n->ctl_has[e->no / 64] >> e->no % 64 & 1u)
        return;
    n->ctl_has[e->no / 64] |= 1ull << e->no % 64;
    n->ctl_entry = sim_grow(n->ctl_entry, n->n_ctl, &n->cap_ctl, sizeof *n->ctl_entry);
    n->ctl_entry[n->n_ctl++] = e;
}

void sim_own_ctl(struct kai_sim *s, size_t org, struct sim_entry *e)
{
    struct sim_node *n = &s->node[org];

    if (n->net)
        SIM_MUST(kai_net_on_own_ctl(n->net, &e->e, s->now) == KAI_OK);
    n->ctl = n->net ? kai_net_ctl(n->net) : n->ctl;
    sim_disk_ctl(n, e);
    sim_poke(s, org);
}

/* Entries of a log are durable in order or not at all. */
void sim_disk_append(struct sim_node *n, const struct kai_net_log *l, struct sim_entry *e)
{
    struct sim_log *log = sim_disk_log(n, l->log_pk);

    if (!log) {
        SIM_MUST(e->e.h.seq == 1);
        n->log = sim_grow(n->log, n->n_logs, &n->cap_logs, sizeof *n->log);
        sim_map_put(&n->log_map, l->log_pk, n->n_logs);
        log = &n->log[n->n_logs++];
        *log = (struct sim_log){.l = *l};
    }
    SIM_MUST(e->e.h.seq == log->n + 1); /* That it follows is the engine's to see. */
    log->entry = sim_grow(log->entry, log->n, &log->cap, sizeof *log->entry);
    log->opened = sim_grow(log->opened, log->n, &log->cap_opened, sizeof *log->opened);
    log->opened[log->n] = false;
    log->entry[log->n++] = e;
    log->l.head_seq = e->e.h.seq;
    log->l.head_ts = e->e.h.ts;
    memcpy(log->l.head, e->e.hash, KAI_ID_BYTES);
    n->unread = true;
    if (e->seen_ms && e->seen_ms[n->index] == UINT32_MAX)
        e->seen_ms[n->index] = (uint32_t)(sim_now(n) - e->at);
}

/* ---- Actions. */

static bool on_send(void *ctx, uint64_t link, struct kai_view frame)
{
    return sim_wire_send(ctx, link, frame);
}

static void on_drop(void *ctx, uint64_t link, enum kai_bye why)
{
    sim_wire_drop(ctx, link, why);
}

static void on_ingest(void *ctx, uint64_t link, const struct kai_net_log *log,
                      const struct kai_entry *e)
{
    struct sim_node *n = ctx;

    struct kai_net_log of = *log;

    sim_event_add(n->sim, n,
                  &(struct sim_event){.at = sim_now(n) + COMMIT_MS,
                                      .what = SIM_STORED,
                                      .node = n->index,
                                      .boot = n->boot,
                                      .link = link,
                                      .log = &of,
                                      .entry = sim_keep(n->sim, e, sim_now(n))},
                  (struct kai_view){0});
}

/* Whose a log is that could not be read before. */
static void on_update_log(void *ctx, const struct kai_net_log *l)
{
    struct sim_log *log = sim_disk_log(ctx, l->log_pk);

    SIM_MUST(log);
    memcpy(log->l.author_node, l->author_node, KAI_ID_BYTES);
    memcpy(log->l.author_cert, l->author_cert, KAI_ID_BYTES);
    memcpy(log->l.salt, l->salt, sizeof log->l.salt);
    log->l.incarnation = l->incarnation;
}

static void on_store_ctl(void *ctx, const struct kai_entry *e)
{
    struct sim_node *n = ctx;

    sim_event_add(n->sim, n,
                  &(struct sim_event){.at = sim_now(n) + COMMIT_MS,
                                      .what = SIM_CTL_STORED,
                                      .node = n->index,
                                      .boot = n->boot,
                                      .entry = sim_keep(n->sim, e, sim_now(n))},
                  (struct kai_view){0});
}

static void on_note(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                    struct kai_view note)
{
    struct sim_node *n = ctx;
    size_t i = sim_map_get(&n->sim->node_by_id, who);

    if (type == KAI_REC_CHARTER || type == KAI_REC_KEYDEATH) {
        n->charter = sim_grow(n->charter, n->n_charters, &n->cap_charters, sizeof *n->charter);
        kai_buf_init(&n->charter[n->n_charters], note.n);
        kai_buf_add(&n->charter[n->n_charters++], note.p, note.n);
    }
    if (type == KAI_REC_ADDR && i != SIM_MAP_NONE &&
        kai_view_eq(note, kai_buf_view(&n->sim->addr[i])))
        n->heard_of[i] = true;
}

void kai_sim_death(struct kai_sim *s, size_t node, struct kai_view note)
{
    struct kai_keydeath d;

    SIM_MUST(kai_keydeath_parse(&d, note) == KAI_OK);
    SIM_MUST(kai_net_on_own_note(s->node[node].net, KAI_REC_KEYDEATH, note, s->now) == KAI_OK);
    on_note(&s->node[node], KAI_REC_KEYDEATH, d.hash, note);
    sim_poke(s, node);
}

void kai_sim_charter(struct kai_sim *s, size_t node, struct kai_view record)
{
    uint8_t hash[KAI_ID_BYTES];

    kai_charter_record_hash(hash, record);
    SIM_MUST(kai_net_on_own_note(s->node[node].net, KAI_REC_CHARTER, record, s->now) == KAI_OK);
    on_note(&s->node[node], KAI_REC_CHARTER, hash, record);
    sim_poke(s, node);
}

static void on_text(void *ctx, const uint8_t hash[static KAI_ID_BYTES], struct kai_view text)
{
    struct sim_node *n = ctx;

    (void)hash;
    (void)text;
    n->text = n->sim->node[0].text;
}

static struct kai_entry *keep_headers(const struct kai_entry *e)
{
    struct kai_entry *k = malloc(sizeof *k + e->hdr.n + e->sig.n);
    uint8_t *p = (uint8_t *)(k + 1);

    SIM_MUST(k);
    *k = *e;
    memcpy(p, e->hdr.p, e->hdr.n);
    memcpy(p + e->hdr.n, e->sig.p, e->sig.n);
    k->hdr.p = p;
    k->sig.p = p + e->hdr.n;
    return k;
}

static void on_fork(void *ctx, const struct kai_entry *a, const struct kai_entry *b)
{
    struct sim_node *n = ctx;

    sim_say(n, "%zu fork at %llu", n->index, (unsigned long long)a->h.seq);
    n->fork = sim_grow(n->fork, n->n_forks, &n->cap_forks, sizeof *n->fork);
    n->fork[n->n_forks].a = keep_headers(a);
    n->fork[n->n_forks++].b = keep_headers(b);
}

static void on_roster(void *ctx, struct kai_roster *r)
{
    struct sim_node *n = ctx;

    (void)r;
    n->duty = true;
}

static void on_keys(void *ctx)
{
    struct sim_node *n = ctx;

    n->unread = n->duty = true;
}

static void on_held(void *ctx, const struct kai_node *peer,
                    const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    struct sim_node *n = ctx;
    struct sim_worker *w = n->worker;
    size_t i = sim_map_get(&n->sim->node_by_id, peer->id);

    if (n->sim->n_raw > 0 || i == SIM_MAP_NONE)
        return; /* A stranger may lie. */
    w->held = sim_grow(w->held, w->n_held, &w->cap_held, sizeof *w->held);
    w->held[w->n_held] = (struct sim_held){.node = i, .seq = seq};
    memcpy(w->held[w->n_held++].log_pk, log_pk, KAI_KEY_BYTES);
    w->count.held++;
}

static void on_retire(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct sim_node *n = ctx;

    sim_say(n, "%zu retires a log", n->index);
    for (size_t a = 0; a < n->sim->n_auds; a++)
        if (n->data[a].open && memcmp(n->data[a].key.pk, log_pk, KAI_KEY_BYTES) == 0)
            n->data[a].open = false;
}

static void on_alarm(void *ctx, const struct kai_net_alarm *a)
{
    struct sim_node *n = ctx;

    sim_say(n, "%zu alarm %s", n->index, a->code);
    (void)pthread_mutex_lock(&n->sim->lock);
    for (size_t i = 0; i < 16; i++) {
        if (n->sim->alarm[i].code && strcmp(n->sim->alarm[i].code, a->code) != 0)
            continue;
        n->sim->alarm[i].code = a->code;
        n->sim->alarm[i].n++;
        break;
    }
    (void)pthread_mutex_unlock(&n->sim->lock);
}

/* No engine of ours is ever in two places: a test says that one is. */
static void on_elsewhere(void *ctx, uint64_t counter)
{
    struct kai_net_alarm a = {.code = "elsewhere", .seq = counter};

    on_alarm(ctx, &a);
}

uint64_t kai_sim_alarms(const struct kai_sim *s, const char *code)
{
    for (size_t i = 0; i < 16; i++)
        if (s->alarm[i].code && strcmp(s->alarm[i].code, code) == 0)
            return s->alarm[i].n;
    return 0;
}

static enum kai_err on_read(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq,
                            struct kai_entry *out)
{
    struct sim_log *log = sim_disk_log(ctx, log_pk);

    if (!log || seq == 0 || seq > log->n)
        return KAI_ENOTFOUND;
    *out = log->entry[seq - 1]->e;
    return KAI_OK;
}

static enum kai_err on_read_text(void *ctx, const uint8_t hash[static KAI_ID_BYTES],
                                 struct kai_view *out)
{
    struct sim_node *n = ctx;

    (void)hash;
    *out = n->text;
    return n->text.p ? KAI_OK : KAI_ENOTFOUND;
}

static void on_random(void *ctx, void *out, size_t k)
{
    sim_node_fill(ctx, out, k);
}

/* ---- Start and stop. */

static struct kai_self self_of(const struct sim_node *n)
{
    struct kai_self self = {0};

    memcpy(self.node_id, n->node_id, 32);
    memcpy(self.node_cert, n->node_cert, 32);
    memcpy(self.org_id, n->sim->org[n->org].id, 32);
    self.further = n->index >= n->sim->n_orgs;
    memcpy(self.sign_pk, n->sign.pk, 32);
    memcpy(self.sign_sk, n->sign.sk, 64);
    memcpy(self.kx_pk, n->kx_pk, 32);
    memcpy(self.kx_sk, n->kx_sk, 32);
    return self;
}

/* The set of control entries that the disk holds. Nodes that hold the same as the one before share
 * it, where sets are shared. */
static void feed_ctl(struct kai_sim *s, struct sim_node *n)
{
    struct sim_node *like = s->like ? s->like : n;
    bool progress = true;

    if (like != n && n->n_charters == 0 && like->n_charters == 0 && like->ctl &&
        like->n_ctl == n->n_ctl && kai_ctl_count(like->ctl) == n->n_ctl &&
        memcmp(n->ctl_has, like->ctl_has,
               (n->cap_has < like->cap_has ? n->cap_has : like->cap_has) * sizeof *n->ctl_has) ==
            0) {
        n->ctl = kai_ctl_ref(like->ctl);
        return;
    }
    SIM_MUST(kai_ctl_new(&n->ctl, &s->charter) == KAI_OK);
    for (size_t k = 0; k < n->n_charters; k++)
        (void)(kai_ctl_charter_add(n->ctl, kai_buf_view(&n->charter[k])) == KAI_OK);
    while (progress && kai_ctl_count(n->ctl) < n->n_ctl) {
        progress = false;
        for (size_t i = 0; i < n->n_ctl; i++)
            if (kai_ctl_add(n->ctl, &n->ctl_entry[i]->e) == KAI_OK)
                progress = true;
    }
    SIM_MUST(kai_ctl_count(n->ctl) == n->n_ctl);
    for (size_t k = 0; k < n->n_charters; k++) /* Of two kinds: each takes its own. */
        (void)(kai_ctl_death_add(n->ctl, kai_buf_view(&n->charter[k])) == KAI_OK);
    s->like = s->shared ? n : NULL;
}

/* Addresses heard of, in the order in which a book keeps them. */
static void feed_book(struct kai_sim *s, struct sim_node *n)
{
    for (size_t k = 0; k < s->n_nodes; k++)
        if (n->heard_of[s->order[k]])
            kai_net_on_addr(n->net, sim_world_addr(s, s->order[k]));
}

void sim_node_start(struct kai_sim *s, size_t i)
{
    struct sim_node *n = &s->node[i];
    struct kai_net_options o = {.self = self_of(n),
                                .charter_record = kai_buf_view(&s->charter_record),
                                .now_ms = s->now,
                                .act = {.ctx = n,
                                        .send = on_send,
                                        .drop = on_drop,
                                        .ingest = on_ingest,
                                        .update_log = on_update_log,
                                        .store_ctl = on_store_ctl,
                                        .store_note = on_note,
                                        .store_text = on_text,
                                        .store_fork = on_fork,
                                        .roster = on_roster,
                                        .keys = on_keys,
                                        .held = on_held,
                                        .retire = on_retire,
                                        .elsewhere = on_elsewhere,
                                        .alarm = on_alarm,
                                        .read = on_read,
                                        .read_text = on_read_text,
                                        .random = on_random}};
    uint8_t aud[KAI_ID_BYTES];

    n->boot++;
    memcpy(o.curve_pk, n->curve_pk, 32);
    sim_fill(s, o.boot_id, sizeof o.boot_id);
    SIM_MUST(kai_keyring_new(&n->keyring, &o.self) == KAI_OK);
    feed_ctl(s, n);
    o.ctl = n->ctl;
    o.keyring = n->keyring;
    SIM_MUST(kai_net_new(&n->net, &o) == KAI_OK);
    for (size_t k = 0; k < n->n_logs; k++)
        for (size_t e = 0; n->log[k].l.kind == 2 && e < n->log[k].n; e++)
            (void)!kai_keyring_epoch(n->keyring, &n->log[k].entry[e]->e, aud);
    for (size_t k = 0; k < n->n_logs; k++)
        kai_net_on_log(n->net, &n->log[k].l);
    for (size_t k = 0; k < n->n_forks; k++)
        SIM_MUST(kai_net_on_fork(n->net, n->fork[k].a, n->fork[k].b) == KAI_OK);
    kai_net_on_visits(n->net, kai_view_of(n->visits, n->visits_n));
    feed_book(s, n);
    if (s->o.primed)
        sim_visited(s, i);
    n->up = true;
    for (size_t k = 0; k < s->n_auds; k++)
        if (s->aud[k].is.owner == i)
            sim_own_rule(s, k);
    for (size_t k = 0; k < n->n_logs; k++) /* RULEs are read again. */
        memset(n->log[k].opened, 0, n->log[k].n * sizeof *n->log[k].opened);
    for (size_t k = 0; k < n->n_logs; k++)
        n->log[k].n_opened = 0;
    kai_net_on_keyring(n->net, s->now);
    if (s->o.introduced)
        kai_net_on_own_addr(n->net, sim_world_addr(s, i), s->now);
    sim_node_read(n);
    n->ctl = kai_net_ctl(n->net);
    n->duty = true;
    sim_poke(s, i);
}

static void keep_visits(struct sim_node *n)
{
    struct kai_view v = kai_net_visits(n->net);

    free(n->visits);
    n->visits = malloc(v.n + 1);
    SIM_MUST(n->visits);
    if (v.n > 0)
        memcpy(n->visits, v.p, v.n);
    n->visits_n = v.n;
}

/* What was not durable is gone. */
void sim_node_stop(struct kai_sim *s, size_t i)
{
    struct sim_node *n = &s->node[i];

    n->up = false;
    keep_visits(n);
    while (n->n_links > 0)
        sim_wire_cut(s, sim_wire_conn(s, n->links[n->n_links - 1]));
    n->ctl = kai_net_ctl(n->net);
    if (s->like == n)
        s->like = NULL;
    kai_net_free(n->net);
    kai_keyring_free(n->keyring);
    kai_ctl_free(n->ctl);
    n->net = NULL;
    n->keyring = NULL;
    n->ctl = NULL;
}

void sim_node_free(struct sim_node *n)
{
    if (n->net)
        n->ctl = kai_net_ctl(n->net);
    kai_net_free(n->net);
    kai_keyring_free(n->keyring);
    kai_ctl_free(n->ctl);
    for (size_t i = 0; i < n->n_logs; i++) {
        free(n->log[i].entry);
        free(n->log[i].opened);
    }
    for (size_t i = 0; i < n->n_forks; i++) {
        free(n->fork[i].a);
        free(n->fork[i].b);
    }
    free(n->fork);
    free(n->visits);
    for (size_t i = 0; i < n->n_charters; i++)
        kai_buf_free(&n->charter[i]);
    free(n->charter);
    free(n->ctl_has);
    sim_map_free(&n->log_map);
    free(n->ctl_entry);
    free(n->log);
    free(n->data);
    free(n->keys);
    free(n->heard_of);
}
