/* net: an audience made up for a test. */
#include "keys/net.h"

#include <stdlib.h>
#include <string.h>

void net_refresh(struct net *t)
{
    kai_roster_unref(t->r);
    t->r = world_roster(&t->w);
}

void net_start(struct net *t, size_t n, uint64_t kind)
{
    struct tsub key;

    memset(t, 0, sizeof *t);
    t->nodes = calloc(NODES_MAX, sizeof *t->nodes);
    t->n = n;
    world_init(&t->w, 21, &t->f, 1, 1);
    world_key(&t->w, &t->fi);
    struct kai_admit terms = world_terms(KAI_ADMIT_NODE);
    terms.max_children = 5000;
    world_admit(&t->w, &t->f.log, &t->fi, KAI_ADMIT_ISSUING, &terms);
    for (size_t i = 0; i < n; i++) {
        world_key(&t->w, &t->nodes[i]);
        world_admit(&t->w, &t->fi.log, &t->nodes[i], KAI_ADMIT_NODE, &terms);
    }
    t->rec = (struct kai_aud_rec){
        .nonce = {9}, .ver = 1, .kind = kind, .rule_open = true, .label_max = 2, .n_stewards = 1};
    memcpy(t->rec.stewards[0], t->f.id, KAI_ID_BYTES);
    world_audience(&t->w, &t->fi.log, &t->rec);
    kai_aud_id(t->aud, t->f.id, t->rec.nonce);
    world_key(&t->w, &key);
    t->key_log = key.log;
    net_refresh(t);
}

void net_stop(struct net *t)
{
    for (size_t i = 0; i < t->n_parts; i++) {
        kai_buf_free(&t->parts[i].bytes);
        kai_buf_free(&t->parts[i].payload);
    }
    kai_roster_unref(t->r);
    free(t->nodes);
    world_free(&t->w);
}

struct kai_keyring *net_ring(const struct net *t, const struct tsub *s)
{
    struct kai_self self;
    struct kai_keyring *k;

    memset(&self, 0, sizeof self);
    memcpy(self.node_id, s->id, KAI_ID_BYTES);
    memcpy(self.node_cert, s->cert, KAI_ID_BYTES);
    memcpy(self.org_id, t->f.id, KAI_ID_BYTES);
    memcpy(self.sign_pk, s->log.pk, KAI_KEY_BYTES);
    memcpy(self.sign_sk, s->log.sk, 64);
    memcpy(self.kx_pk, s->kx_pk, KAI_KEY_BYTES);
    memcpy(self.kx_sk, s->kx_sk, KAI_KEY_BYTES);
    MUST(kai_keyring_new(&k, &self));
    MUST(kai_keyring_roster(k, t->r));
    return k;
}

void net_entry(struct net *t, struct tentry *p, struct kai_view payload, const uint8_t *kid,
               const uint8_t *tag)
{
    struct kai_hdr h = {.seq = t->key_log.seq + 1, .ts = 5000, .ptype = KAI_PTYPE_EPOCH};

    memcpy(h.log_pk, t->key_log.pk, KAI_KEY_BYTES);
    memcpy(h.prev, t->key_log.head, KAI_ID_BYTES);
    memcpy(h.kid, kid, KAI_TAG_BYTES);
    memcpy(h.tag, tag, KAI_TAG_BYTES);
    kai_buf_init(&p->bytes, 4096);
    kai_buf_init(&p->payload, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_add(&p->payload, payload.p, payload.n);
    MUST(kai_entry_make(&p->e, &p->bytes, &h, t->key_log.sk, t->w.charter.nid,
                        kai_buf_view(&p->payload)));
    t->key_log.seq++;
    memcpy(t->key_log.head, p->e.hash, KAI_ID_BYTES);
}

static enum kai_err emit(void *ctx, struct kai_view payload,
                         const uint8_t kid[static KAI_TAG_BYTES],
                         const uint8_t tag[static KAI_TAG_BYTES])
{
    struct net *t = ctx;

    assert_true(t->n_parts < PARTS_MAX);
    net_entry(t, &t->parts[t->n_parts++], payload, kid, tag);
    return KAI_OK;
}

enum kai_err net_mint(struct net *t, struct kai_keyring *k, const struct kai_epoch *to,
                      const struct kai_node *const *members, size_t n)
{
    struct kai_mint m = {
        .add_to = to, .members = members, .n_members = n, .first_seq = t->key_log.seq + 1};

    memcpy(m.aud_id, t->aud, KAI_ID_BYTES);
    memcpy(m.key_log_pk, t->key_log.pk, KAI_KEY_BYTES);
    return kai_epoch_mint(k, &m, world_fill, &t->w, emit, t);
}

/* Do what is due, and take it in oneself. */
bool net_duty(struct net *t, struct kai_keyring *k, uint64_t now_ms, size_t *n_members)
{
    struct kai_duty d;
    uint64_t next;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch best;
    enum kai_err err = kai_keyring_duty(k, now_ms, &d, &next);

    if (err == KAI_ENOTFOUND) {
        assert_true(next > now_ms);
        return false;
    }
    MUST(err);
    size_t from = t->n_parts;
    assert_true(d.new_epoch == (d.add_to == NULL));
    if (d.add_to != NULL)
        best = *d.add_to;
    *n_members = d.n_members;
    MUST(net_mint(t, k, d.new_epoch ? NULL : &best, (const struct kai_node *const *)d.members,
                  d.n_members));
    free(d.members);
    for (size_t i = from; i < t->n_parts; i++) {
        err = kai_keyring_epoch(k, &t->parts[i].e, aud);
        assert_true(err == KAI_OK || err == KAI_ENOTFOUND);
    }
    return true;
}

/* KAI_OK when the node has the key to write under after hearing all. */
enum kai_err net_hears(const struct net *t, const struct tsub *s, struct kai_epoch *e,
                       bool backwards)
{
    struct kai_keyring *k = net_ring(t, s);
    uint8_t aud[KAI_ID_BYTES];

    for (size_t i = 0; i < t->n_parts; i++) {
        size_t at = backwards ? t->n_parts - 1 - i : i;
        enum kai_err err = kai_keyring_epoch(k, &t->parts[at].e, aud);
        assert_true(err == KAI_OK || err == KAI_ENOTFOUND || err == KAI_EDENIED);
        assert_memory_equal(aud, t->aud, KAI_ID_BYTES);
    }
    enum kai_err err = kai_keyring_write_epoch(k, t->aud, e);
    kai_keyring_free(k);
    return err;
}
