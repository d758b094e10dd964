/* disk: what a simulated node holds durably, and how it carries out the engine's actions. */
#include "topology/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

#define COMMIT_MS 8u

struct sim_log *sim_disk_log(struct sim_node *n, const uint8_t *log_pk)
{
    for (size_t i = 0; i < n->n_logs; i++)
        if (memcmp(n->log[i].l.log_pk, log_pk, KAI_KEY_BYTES) == 0)
            return &n->log[i];
    return NULL;
}

void sim_disk_ctl(struct sim_node *n, struct sim_entry e)
{
    for (size_t i = 0; i < n->n_ctl; i++)
        if (memcmp(n->ctl_entry[i].e.hash, e.e.hash, KAI_ID_BYTES) == 0) {
            free(e.bytes);
            return;
        }
    n->ctl_entry = sim_grow(n->ctl_entry, n->n_ctl, &n->cap_ctl, sizeof *n->ctl_entry);
    n->ctl_entry[n->n_ctl++] = e;
}

/* Takes e. Entries of a log are durable in order or not at all. */
void sim_disk_append(struct sim_node *n, const struct kai_net_log *l, struct sim_entry e)
{
    struct sim_log *log = sim_disk_log(n, l->log_pk);

    if (!log) {
        SIM_MUST(e.e.h.seq == 1);
        n->log = sim_grow(n->log, n->n_logs, &n->cap_logs, sizeof *n->log);
        log = &n->log[n->n_logs++];
        *log = (struct sim_log){.l = *l};
    }
    SIM_MUST(e.e.h.seq == log->n + 1);
    SIM_MUST(log->n == 0 || memcmp(e.e.h.prev, log->l.head, KAI_ID_BYTES) == 0);
    log->entry = sim_grow(log->entry, log->n, &log->cap, sizeof *log->entry);
    log->entry[log->n++] = e;
    log->l.head_seq = e.e.h.seq;
    log->l.head_ts = e.e.h.ts;
    memcpy(log->l.head, e.e.hash, KAI_ID_BYTES);
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

    sim_event_add(n->sim, (struct sim_event){.at = n->sim->now + COMMIT_MS,
                                             .what = SIM_STORED,
                                             .node = n->index,
                                             .boot = n->boot,
                                             .link = link,
                                             .log = *log,
                                             .entry = sim_copy(e)});
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

    sim_event_add(n->sim, (struct sim_event){.at = n->sim->now + COMMIT_MS,
                                             .what = SIM_CTL_STORED,
                                             .node = n->index,
                                             .boot = n->boot,
                                             .entry = sim_copy(e)});
}

static void on_note(void *ctx, uint64_t type, const uint8_t who[static KAI_ID_BYTES],
                    struct kai_view note)
{
    (void)ctx;
    (void)type;
    (void)who;
    (void)note;
}

static void on_text(void *ctx, const uint8_t hash[static KAI_ID_BYTES], struct kai_view text)
{
    struct sim_node *n = ctx;

    (void)hash;
    (void)text;
    n->text = n->sim->node[0].text;
}

static void on_fork(void *ctx, const struct kai_entry *other)
{
    struct sim_node *n = ctx;

    sim_trace(n->sim, "%zu fork at %llu", n->index, (unsigned long long)other->h.seq);
}

static void on_roster(void *ctx, struct kai_roster *r)
{
    (void)ctx;
    (void)r;
}

static void on_keys(void *ctx)
{
    (void)ctx;
}

static void on_held(void *ctx, const struct kai_node *peer,
                    const uint8_t log_pk[static KAI_KEY_BYTES], uint64_t seq)
{
    struct sim_node *n = ctx;
    const struct sim_log *log;

    for (size_t i = 0; i < n->sim->n_conns; i++)
        if (n->sim->conn[i]->raw)
            return; /* A stranger may lie. */
    /* The peer's durable state is at hand here: what the engine says of it must be so. */
    for (size_t i = 0; i < n->sim->o.n_nodes; i++) {
        struct sim_node *p = &n->sim->node[i];
        if (memcmp(p->node_id, peer->id, KAI_ID_BYTES) != 0)
            continue;
        log = sim_disk_log(p, log_pk);
        SIM_MUST(log && log->n >= seq);
        n->sim->count.held++;
    }
}

static void on_retire(void *ctx, const uint8_t log_pk[static KAI_KEY_BYTES])
{
    struct sim_node *n = ctx;

    sim_trace(n->sim, "%zu retires a log", n->index);
    for (size_t a = 0; a < KAI_SIM_AUDS; a++)
        if (n->data[a].open && memcmp(n->data[a].key.pk, log_pk, KAI_KEY_BYTES) == 0)
            n->data[a].open = false;
}

static void on_alarm(void *ctx, const struct kai_net_alarm *a)
{
    struct sim_node *n = ctx;

    sim_trace(n->sim, "%zu alarm %s", n->index, a->code);
    for (size_t i = 0; i < 16; i++) {
        if (n->sim->alarm[i].code && strcmp(n->sim->alarm[i].code, a->code) != 0)
            continue;
        n->sim->alarm[i].code = a->code;
        n->sim->alarm[i].n++;
        return;
    }
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
    *out = log->entry[seq - 1].e;
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
    struct sim_node *n = ctx;

    sim_fill(n->sim, out, k);
}

/* ---- Start and stop. */

static struct kai_self self_of(const struct sim_node *n)
{
    struct kai_self self = {0};

    memcpy(self.node_id, n->node_id, 32);
    memcpy(self.node_cert, n->node_cert, 32);
    memcpy(self.org_id, n->org_id, 32);
    memcpy(self.sign_pk, n->sign.pk, 32);
    memcpy(self.sign_sk, n->sign.sk, 64);
    memcpy(self.kx_pk, n->kx_pk, 32);
    memcpy(self.kx_sk, n->kx_sk, 32);
    return self;
}

static void feed_ctl(struct sim_node *n)
{
    bool progress = true;

    while (progress) {
        progress = false;
        for (size_t i = 0; i < n->n_ctl; i++)
            if (kai_ctl_add(n->ctl, &n->ctl_entry[i].e) == KAI_OK)
                progress = true;
    }
    SIM_MUST(kai_ctl_count(n->ctl) == n->n_ctl);
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
                                        .alarm = on_alarm,
                                        .read = on_read,
                                        .read_text = on_read_text,
                                        .random = on_random}};
    uint8_t aud[KAI_ID_BYTES];

    n->boot++;
    memcpy(o.curve_pk, n->curve_pk, 32);
    sim_fill(s, o.boot_id, sizeof o.boot_id);
    SIM_MUST(kai_ctl_new(&n->ctl, &s->charter) == KAI_OK);
    SIM_MUST(kai_keyring_new(&n->keyring, &o.self) == KAI_OK);
    feed_ctl(n);
    o.ctl = n->ctl;
    o.keyring = n->keyring;
    SIM_MUST(kai_net_new(&n->net, &o) == KAI_OK);
    for (size_t k = 0; k < n->n_logs; k++)
        for (size_t e = 0; n->log[k].l.kind == 2 && e < n->log[k].n; e++)
            (void)!kai_keyring_epoch(n->keyring, &n->log[k].entry[e].e, aud);
    for (size_t k = 0; k < n->n_logs; k++)
        kai_net_on_log(n->net, &n->log[k].l);
    kai_net_on_keyring(n->net, s->now);
    n->up = true;
    n->tick_ms = s->now;
}

/* What was not durable is gone. */
void sim_node_stop(struct kai_sim *s, size_t i)
{
    struct sim_node *n = &s->node[i];

    n->up = false;
    for (size_t k = 0; k < s->n_conns; k++)
        if (s->conn[k]->up && (s->conn[k]->a == i || (!s->conn[k]->raw && s->conn[k]->b == i)))
            sim_wire_cut(s, s->conn[k]);
    kai_net_free(n->net);
    kai_keyring_free(n->keyring);
    kai_ctl_free(n->ctl);
    n->net = NULL;
    n->keyring = NULL;
    n->ctl = NULL;
}

void sim_node_free(struct sim_node *n)
{
    kai_net_free(n->net);
    kai_keyring_free(n->keyring);
    kai_ctl_free(n->ctl);
    for (size_t i = 0; i < n->n_ctl; i++)
        free(n->ctl_entry[i].bytes);
    for (size_t i = 0; i < n->n_logs; i++) {
        for (size_t k = 0; k < n->log[i].n; k++)
            free(n->log[i].entry[k].bytes);
        free(n->log[i].entry);
    }
    free(n->ctl_entry);
    free(n->log);
}

/* ---- The steward's work, and publishing. */

static void own_log(struct kai_sim *s, size_t aud, struct sim_own *own)
{
    uint8_t seed[32];

    sim_fill(s, seed, sizeof seed);
    own->key = (struct sim_key){0};
    SIM_MUST(crypto_sign_seed_keypair(own->key.pk, own->key.sk, seed) == 0);
    sim_fill(s, own->salt, sizeof own->salt);
    own->incarnation++;
    own->open = true;
    memset(own->bound_kid, 0, sizeof own->bound_kid);
    s->truth = sim_grow(s->truth, s->n_truth, &s->cap_truth, sizeof *s->truth);
    s->truth[s->n_truth].aud = aud;
    memcpy(s->truth[s->n_truth++].log_pk, own->key.pk, KAI_KEY_BYTES);
}

static struct kai_log_writer writer_of(const struct kai_sim *s, const struct sim_own *own,
                                       const uint8_t *kid, const uint8_t *tag,
                                       const uint8_t *epoch_key)
{
    struct kai_log_writer w = {
        .nid = s->charter.nid, .log_sk = own->key.sk, .epoch_key = epoch_key, .seq = own->key.seq};

    memcpy(w.log_pk, own->key.pk, KAI_KEY_BYTES);
    memcpy(w.prev, own->key.prev, KAI_ID_BYTES);
    memcpy(w.kid, kid, KAI_TAG_BYTES);
    memcpy(w.tag, tag, KAI_TAG_BYTES);
    return w;
}

/* The entry is durable at once; the engine is told. */
static void finish(struct sim_node *n, size_t aud, uint64_t kind, struct sim_own *own,
                   const struct kai_log_writer *w, const struct kai_entry *e)
{
    struct kai_net_log l = {.kind = kind,
                            .own = true,
                            .incarnation = own->incarnation,
                            .head_seq = e->h.seq,
                            .head_ts = e->h.ts};

    own->key.seq = w->seq;
    memcpy(own->key.prev, w->prev, KAI_ID_BYTES);
    memcpy(l.log_pk, own->key.pk, KAI_KEY_BYTES);
    memcpy(l.aud_id, n->sim->aud[aud].id, KAI_ID_BYTES);
    memcpy(l.author_node, n->node_id, KAI_ID_BYTES);
    memcpy(l.author_cert, n->node_cert, KAI_ID_BYTES);
    memcpy(l.salt, own->salt, sizeof l.salt);
    memcpy(l.head, e->hash, KAI_ID_BYTES);
    sim_disk_append(n, &l, sim_copy(e));
    kai_net_on_published(n->net, &l, e->h.seq, e->h.seq, n->sim->now);
}

struct minting {
    struct sim_node *n;
    size_t aud;
};

static enum kai_err on_mint(void *ctx, struct kai_view payload,
                            const uint8_t kid[static KAI_TAG_BYTES],
                            const uint8_t tag[static KAI_TAG_BYTES])
{
    struct minting *m = ctx;
    struct sim_own *own = &m->n->keys[m->aud];
    struct kai_log_writer w = writer_of(m->n->sim, own, kid, tag, NULL);
    struct kai_buf out;
    struct kai_entry e;

    kai_buf_init(&out, KAI_FRAME_BYTES_MAX);
    SIM_MUST(kai_log_append_plain(&w, &out, &e, KAI_PTYPE_EPOCH, payload,
                                  SIM_WALL_MS + m->n->sim->now) == KAI_OK);
    finish(m->n, m->aud, 2, own, &w, &e);
    kai_buf_free(&out);
    return KAI_OK;
}

void sim_node_duties(struct kai_sim *s, size_t i)
{
    struct sim_node *n = &s->node[i];
    struct kai_duty d;
    uint64_t next;

    for (int k = 0;
         k < 8 && kai_keyring_duty(n->keyring, SIM_WALL_MS + s->now, &d, &next) == KAI_OK; k++) {
        struct minting m = {.n = n};
        struct kai_epoch add;
        struct kai_mint mint = {.members = d.members, .n_members = d.n_members};

        while (m.aud < s->n_auds && memcmp(s->aud[m.aud].id, d.aud_id, KAI_ID_BYTES) != 0)
            m.aud++;
        SIM_MUST(m.aud < s->n_auds);
        if (!n->keys[m.aud].open)
            own_log(s, m.aud, &n->keys[m.aud]);
        memcpy(mint.aud_id, d.aud_id, KAI_ID_BYTES);
        memcpy(mint.key_log_pk, n->keys[m.aud].key.pk, KAI_KEY_BYTES);
        mint.first_seq = n->keys[m.aud].key.seq + 1;
        if (!d.new_epoch && kai_keyring_write_epoch(n->keyring, d.aud_id, &add) == KAI_OK)
            mint.add_to = &add;
        sim_trace(s, "%zu mints for %zu: %zu members%s", i, m.aud, d.n_members,
                  d.new_epoch ? "" : " more");
        SIM_MUST(kai_epoch_mint(n->keyring, &mint, sim_fill, s, on_mint, &m) == KAI_OK);
        free(d.members);
    }
}

static void append(struct kai_sim *s, struct sim_node *n, size_t aud, const struct kai_epoch *epoch,
                   struct kai_view body)
{
    struct sim_own *own = &n->data[aud];
    struct kai_log_writer w = writer_of(s, own, epoch->commit, epoch->tag, epoch->key);
    struct kai_packer *packer;
    struct kai_buf out;
    struct kai_entry e;

    kai_buf_init(&out, KAI_FRAME_BYTES_MAX);
    SIM_MUST(kai_packer_new(&packer) == KAI_OK);
    SIM_MUST(kai_log_append(&w, packer, &out, &e, body, 0, SIM_WALL_MS + s->now, sim_fill, s) ==
             KAI_OK);
    finish(n, aud, 1, own, &w, &e);
    kai_packer_free(packer);
    kai_buf_free(&out);
}

static void bind(struct kai_sim *s, struct sim_node *n, size_t aud, const struct kai_epoch *epoch)
{
    struct sim_own *own = &n->data[aud];
    struct kai_bind b = {.incarnation = own->incarnation};
    struct kai_buf body;

    memcpy(b.log_pk, own->key.pk, KAI_KEY_BYTES);
    memcpy(b.node_cert, n->node_cert, KAI_ID_BYTES);
    memcpy(b.aud_id, s->aud[aud].id, KAI_ID_BYTES);
    memcpy(b.salt, own->salt, sizeof b.salt);
    memcpy(own->bound_kid, epoch->commit, KAI_TAG_BYTES);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_bind_write(&body, &b, n->sign.sk, s->charter.nid);
    kai_body_end(&body);
    SIM_MUST(body.err == KAI_OK);
    append(s, n, aud, epoch, kai_buf_view(&body));
    kai_buf_free(&body);
}

bool kai_sim_may_publish(struct kai_sim *s, size_t node, size_t aud)
{
    struct sim_node *n = &s->node[node];
    struct kai_epoch epoch;

    return n->up && kai_sim_is_member(s, node, aud) &&
           kai_keyring_write_epoch(n->keyring, s->aud[aud].id, &epoch) == KAI_OK;
}

void kai_sim_publish(struct kai_sim *s, size_t node, size_t aud, size_t bytes)
{
    struct sim_node *n = &s->node[node];
    struct kai_epoch epoch;
    struct kai_buf body;

    SIM_MUST(kai_keyring_write_epoch(n->keyring, s->aud[aud].id, &epoch) == KAI_OK);
    if (!n->data[aud].open)
        own_log(s, aud, &n->data[aud]);
    if (memcmp(n->data[aud].bound_kid, epoch.commit, KAI_TAG_BYTES) != 0)
        bind(s, n, aud, &epoch);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_put_array(&body, 2);
    kai_put_uint(&body, 64);
    uint8_t *fill = malloc(bytes + 1);
    SIM_MUST(fill);
    sim_fill(s, fill, bytes);
    kai_put_bin(&body, fill, bytes);
    free(fill);
    kai_body_end(&body);
    append(s, n, aud, &epoch, kai_buf_view(&body));
    kai_buf_free(&body);
    sim_trace(s, "%zu publishes to %zu", node, aud);
}
