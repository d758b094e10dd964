/* write: what a simulated node writes itself: epochs that it owes, rules, entries. */
#include "topology/sim/sim_int.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "topology/frame.h"

#define DUTIES_AT_ONCE 8
#define DUTY_AGAIN_MS  1000u /* After so many. */

static void own_log(struct kai_sim *s, struct sim_node *n, size_t aud, uint64_t kind,
                    struct sim_own *own)
{
    uint8_t seed[32], named[KAI_KEY_BYTES] = {0};

    sim_node_fill(n, seed, sizeof seed);
    own->key = (struct sim_key){0};
    SIM_MUST(crypto_sign_seed_keypair(own->key.pk, own->key.sk, seed) == 0);
    sim_node_fill(n, own->salt, sizeof own->salt);
    own->incarnation++;
    own->open = true;
    memset(own->bound_kid, 0, sizeof own->bound_kid);
    memcpy(named, own->key.pk, KAI_RB_LOG_BYTES);
    (void)pthread_mutex_lock(&s->lock);
    s->truth = sim_grow(s->truth, s->n_truth, &s->cap_truth, sizeof *s->truth);
    sim_map_put(&s->by_log, own->key.pk, s->n_truth);
    sim_map_put(&s->by_log, named, s->n_truth); /* As rows of reconciliation name it. */
    s->truth[s->n_truth++] = (struct sim_truth){.aud = aud, .author = n->index, .kind = kind};
    (void)pthread_mutex_unlock(&s->lock);
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
static struct sim_entry *finish(struct sim_node *n, size_t aud, uint64_t kind, struct sim_own *own,
                                const struct kai_log_writer *w, const struct kai_entry *e)
{
    struct sim_entry *kept = sim_keep(n->sim, e, sim_now(n));
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
    kept->author = n->index;
    sim_disk_append(n, &l, kept);
    kai_net_on_published(n->net, &l, e->h.seq, e->h.seq, sim_now(n));
    sim_poke(n->sim, n->index);
    return kept;
}

/* ---- Epochs. */

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
    SIM_MUST(kai_log_append_plain(&w, &out, &e, KAI_PTYPE_EPOCH, payload, sim_node_wall(m->n)) ==
             KAI_OK);
    (void)finish(m->n, m->aud, 2, own, &w, &e);
    kai_buf_free(&out);
    return KAI_OK;
}

static size_t aud_of(const struct kai_sim *s, const uint8_t *id)
{
    size_t i = 0;

    while (i < s->n_auds && memcmp(s->aud[i].id, id, KAI_ID_BYTES) != 0)
        i++;
    return i;
}

static void mint(struct kai_sim *s, struct sim_node *n, const struct kai_duty *d)
{
    struct minting m = {.n = n, .aud = aud_of(s, d->aud_id)};
    struct kai_mint mint = {.members = d->members, .n_members = d->n_members, .own = d->own};
    struct kai_epoch add;

    SIM_MUST(m.aud < s->n_auds);
    if (!n->keys[m.aud].open)
        own_log(s, n, m.aud, 2, &n->keys[m.aud]);
    memcpy(mint.aud_id, d->aud_id, KAI_ID_BYTES);
    memcpy(mint.key_log_pk, n->keys[m.aud].key.pk, KAI_KEY_BYTES);
    mint.first_seq = n->keys[m.aud].key.seq + 1;
    if (d->add_to) {
        add = *d->add_to; /* The keyring's own may move. */
        mint.add_to = &add;
    } else if (!d->new_epoch && kai_keyring_write_epoch(n->keyring, d->aud_id, &add) == KAI_OK) {
        mint.add_to = &add;
    }
    sim_say(n, "%zu mints for %zu: %zu members%s", n->index, m.aud, d->n_members,
            d->new_epoch ? "" : " more");
    n->worker->count.minted++;
    SIM_MUST(kai_epoch_mint(n->keyring, &mint, sim_node_fill, n, on_mint, &m) == KAI_OK);
}

/* ---- Data. */

static struct sim_entry *append(struct kai_sim *s, struct sim_node *n, size_t aud,
                                const struct kai_epoch *epoch, const struct kai_buf *body,
                                uint64_t ttl_s)
{
    struct sim_own *own = &n->data[aud];
    struct kai_log_writer w = writer_of(s, own, epoch->commit, epoch->tag, epoch->key);
    struct sim_entry *kept;
    struct kai_buf out;
    struct kai_entry e;

    SIM_MUST(body->err == KAI_OK);
    kai_buf_init(&out, KAI_FRAME_BYTES_MAX);
    SIM_MUST(kai_log_append(&w, n->worker->packer, &out, &e, kai_buf_view(body), ttl_s,
                            sim_node_wall(n), sim_node_fill, n) == KAI_OK);
    kept = finish(n, aud, 1, own, &w, &e);
    kai_buf_free(&out);
    return kept;
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
    (void)append(s, n, aud, epoch, &body, 0);
    kai_buf_free(&body);
}

/* The next entry holds one item; whose log it is has been said under this epoch. */
static void publish(struct kai_sim *s, struct sim_node *n, size_t aud,
                    const struct kai_epoch *epoch, struct kai_view item)
{
    struct sim_entry *kept;
    struct kai_buf body;

    if (!n->data[aud].open)
        own_log(s, n, aud, 1, &n->data[aud]);
    if (memcmp(n->data[aud].bound_kid, epoch->commit, KAI_TAG_BYTES) != 0)
        bind(s, n, aud, epoch);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_buf_add(&body, item.p, item.n);
    kai_body_end(&body);
    kept = append(s, n, aud, epoch, &body, s->expire_s);
    kai_buf_free(&body);
    if (s->o.track)
        sim_track(s, kept, aud, n->index);
    sim_oracle_written(s, n, aud, kept);
}

/* Who wants to write where no steward mints makes an epoch for itself: to a mailbox at once. */
static void want(struct kai_sim *s, struct sim_node *n, size_t aud)
{
    struct kai_duty d;

    n->duty = true;
    if (kai_keyring_want(n->keyring, s->aud[aud].id, sim_wall(s), &d) == KAI_OK) {
        mint(s, n, &d);
        free(d.members);
    }
}

bool kai_sim_may_publish(struct kai_sim *s, size_t node, size_t aud)
{
    struct sim_node *n = &s->node[node];
    struct kai_epoch epoch;

    if (!n->up || !kai_sim_is_member(s, node, aud))
        return false;
    if (kai_keyring_write_epoch(n->keyring, s->aud[aud].id, &epoch) != KAI_OK)
        want(s, n, aud);
    if (kai_keyring_write_epoch(n->keyring, s->aud[aud].id, &epoch) == KAI_OK)
        return true;
    s->count.refused_writes++;
    return false;
}

void kai_sim_publish_item(struct kai_sim *s, size_t node, size_t aud, struct kai_view item)
{
    struct sim_node *n = &s->node[node];
    struct kai_epoch epoch;

    SIM_MUST(kai_keyring_write_epoch(n->keyring, s->aud[aud].id, &epoch) == KAI_OK);
    publish(s, n, aud, &epoch, item);
    s->count.entries++;
    sim_trace(s, "%zu publishes to %zu", node, aud);
}

void kai_sim_publish(struct kai_sim *s, size_t node, size_t aud, size_t bytes)
{
    uint8_t *fill = malloc(bytes + 1);
    struct kai_buf item;

    SIM_MUST(fill);
    sim_fill(s, fill, bytes);
    kai_buf_init(&item, KAI_BODY_BYTES_MAX);
    kai_put_array(&item, 2);
    kai_put_uint(&item, 64);
    kai_put_bin(&item, fill, bytes);
    kai_sim_publish_item(s, node, aud, kai_buf_view(&item));
    kai_buf_free(&item);
    free(fill);
}

/* ---- Rules. */

void sim_own_rule(struct kai_sim *s, size_t aud)
{
    const struct sim_aud *a = &s->aud[aud];
    const struct sim_version *v = &a->version[a->n_versions - 1];
    struct sim_node *n = &s->node[a->is.owner];

    if (a->n_versions == 0 || v->rule.len == 0 || !n->keyring)
        return;
    enum kai_err err = kai_keyring_rule(n->keyring, kai_buf_view(&v->rule));
    SIM_MUST(err == KAI_OK || err == KAI_EAGAIN);
    n->duty = true;
    if (n->up)
        kai_net_on_keyring(n->net, s->now);
}

/* Members learn who is in from a RULE inside the audience, under each epoch anew. */
static void say_rules(struct kai_sim *s, struct sim_node *n)
{
    for (size_t i = 0; i < s->n_auds; i++) {
        const struct sim_aud *a = &s->aud[i];
        const struct sim_version *v = &a->version[a->n_versions - 1];
        struct sim_own *own = &n->data[i];
        struct kai_epoch epoch;

        if (a->is.owner != n->index || v->rule.len == 0 ||
            kai_keyring_write_epoch(n->keyring, a->id, &epoch) != KAI_OK ||
            (own->ruled_ver == a->n_versions &&
             memcmp(own->ruled_kid, epoch.commit, KAI_TAG_BYTES) == 0))
            continue;
        own->ruled_ver = a->n_versions;
        memcpy(own->ruled_kid, epoch.commit, KAI_TAG_BYTES);
        publish(s, n, i, &epoch, kai_buf_view(&v->rule));
    }
}

/* Asked when something may have changed, and when the keyring said. */
void sim_node_duties(struct sim_node *n)
{
    uint64_t wall = sim_node_wall(n), next = wall + DUTY_AGAIN_MS;
    struct kai_duty d;

    if (wall < n->duty_wall_ms && !n->duty)
        return;
    n->duty = false;
    for (int k = 0; k < DUTIES_AT_ONCE; k++) {
        if (kai_keyring_duty(n->keyring, wall, &d, &next) != KAI_OK)
            break;
        mint(n->sim, n, &d);
        free(d.members);
        next = wall + DUTY_AGAIN_MS;
    }
    n->duty_wall_ms = next;
    say_rules(n->sim, n);
}
