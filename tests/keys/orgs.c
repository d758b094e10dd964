/* orgs: a network of several organisations made up for a test. */
#include "keys/orgs.h"

#include <stdlib.h>
#include <string.h>

#include "log/body.h"

void orgs_refresh(struct orgs *t)
{
    kai_roster_unref(t->r);
    t->r = world_roster(&t->w);
}

void orgs_settle(struct orgs *t, size_t at)
{
    struct torg *o = &t->o[at];

    world_key(&t->w, &o->issuing);
    world_admit(&t->w, &o->org.log, &o->issuing, KAI_ADMIT_ISSUING, NULL);
    world_key(&t->w, &o->node);
    world_admit(&t->w, &o->issuing.log, &o->node, KAI_ADMIT_NODE, NULL);
}

void orgs_start(struct orgs *t, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    world_init(&t->w, seed, &t->o[0].org, 1, 1);
    t->n = 1;
    t->ts = 1000;
    orgs_settle(t, 0);
    orgs_refresh(t);
}

void orgs_stop(struct orgs *t)
{
    for (size_t i = 0; i < t->n_heard; i++) {
        kai_buf_free(&t->heard[i].bytes);
        kai_buf_free(&t->heard[i].payload);
    }
    kai_roster_unref(t->r);
    world_free(&t->w);
}

size_t orgs_add(struct orgs *t, size_t by, const struct kai_admit *terms)
{
    size_t at = t->n++;

    assert_true(at < ORGS_MAX);
    world_key(&t->w, &t->o[at].org);
    world_admit(&t->w, &t->o[by].issuing.log, &t->o[at].org, KAI_ADMIT_ORG, terms);
    orgs_settle(t, at);
    return at;
}

const struct kai_org *orgs_org(const struct orgs *t, size_t at)
{
    return kai_roster_org(t->r, t->o[at].org.id);
}

const struct kai_node *orgs_node(const struct orgs *t, size_t at)
{
    return kai_roster_node(t->r, t->o[at].node.id);
}

struct kai_aud_rec orgs_rec(const struct orgs *t, size_t owner, uint64_t kind, uint64_t label_max)
{
    struct kai_aud_rec rec = {
        .ver = 1, .kind = kind, .rule_open = true, .label_max = label_max, .n_stewards = 1};

    rec.nonce[0] = (uint8_t)kind;
    rec.nonce[1] = (uint8_t)owner;
    memcpy(rec.stewards[0], t->o[owner].org.id, KAI_ID_BYTES);
    return rec;
}

void orgs_audience(struct orgs *t, size_t owner, const struct kai_aud_rec *rec,
                   uint8_t aud[static KAI_ID_BYTES])
{
    world_audience(&t->w, &t->o[owner].issuing.log, rec);
    kai_aud_id(aud, t->o[owner].org.id, rec->nonce);
    orgs_refresh(t);
}

static int id_cmp(const void *x, const void *y)
{
    return memcmp(x, y, KAI_ID_BYTES);
}

void orgs_rule(struct orgs *t, struct kai_buf *item, uint8_t hash[static KAI_ID_BYTES],
               size_t owner, const uint8_t *aud, uint64_t id_kind,
               const uint8_t (*ids)[KAI_ID_BYTES], size_t n)
{
    struct kai_rule r = {.ver = 1, .name = "listed", .id_kind = id_kind, .of = 1, .n_ids = n};
    uint8_t sorted[ORGS_MAX][KAI_ID_BYTES];
    struct kai_view v;

    memcpy(sorted, ids, n * KAI_ID_BYTES);
    qsort(sorted, n, KAI_ID_BYTES, id_cmp);
    memcpy(r.signer_cert, t->o[owner].issuing.cert, KAI_ID_BYTES);
    memcpy(r.aud_id, aud, KAI_ID_BYTES);
    r.ids = sorted[0];
    kai_buf_init(item, 8192);
    kai_rule_write(item, &r, t->o[owner].issuing.log.sk, t->w.charter.nid);
    assert_int_equal(item->err, KAI_OK);
    v = kai_buf_view(item);
    MUST(kai_rule_hash(hash, &v, 1));
}

struct kai_keyring *orgs_ring_of(const struct orgs *t, const struct tsub *node, size_t at)
{
    struct kai_self self;
    struct kai_keyring *k;

    memset(&self, 0, sizeof self);
    memcpy(self.node_id, node->id, KAI_ID_BYTES);
    memcpy(self.node_cert, node->cert, KAI_ID_BYTES);
    memcpy(self.org_id, t->o[at].org.id, KAI_ID_BYTES);
    memcpy(self.sign_pk, node->log.pk, KAI_KEY_BYTES);
    memcpy(self.sign_sk, node->log.sk, 64);
    memcpy(self.kx_pk, node->kx_pk, KAI_KEY_BYTES);
    memcpy(self.kx_sk, node->kx_sk, KAI_KEY_BYTES);
    MUST(kai_keyring_new(&k, &self));
    MUST(kai_keyring_roster(k, t->r));
    return k;
}

struct kai_keyring *orgs_ring(const struct orgs *t, size_t at)
{
    return orgs_ring_of(t, &t->o[at].node, at);
}

struct minting {
    struct orgs *t;
    struct tlog log;
};

static enum kai_err emit(void *ctx, struct kai_view payload,
                         const uint8_t kid[static KAI_TAG_BYTES],
                         const uint8_t tag[static KAI_TAG_BYTES])
{
    struct minting *m = ctx;
    struct tentry *p = &m->t->heard[m->t->n_heard++];
    struct kai_hdr h = {.seq = m->log.seq + 1, .ts = m->t->ts, .ptype = KAI_PTYPE_EPOCH};

    assert_true(m->t->n_heard < HEARD_MAX);
    memcpy(h.log_pk, m->log.pk, KAI_KEY_BYTES);
    memcpy(h.prev, m->log.head, KAI_ID_BYTES);
    memcpy(h.kid, kid, KAI_TAG_BYTES);
    memcpy(h.tag, tag, KAI_TAG_BYTES);
    kai_buf_init(&p->bytes, 4096);
    kai_buf_init(&p->payload, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_add(&p->payload, payload.p, payload.n);
    MUST(kai_entry_make(&p->e, &p->bytes, &h, m->log.sk, m->t->w.charter.nid,
                        kai_buf_view(&p->payload)));
    m->log.seq++;
    memcpy(m->log.head, p->e.hash, KAI_ID_BYTES);
    return KAI_OK;
}

enum kai_err orgs_mint(struct orgs *t, struct kai_keyring *k, const struct kai_duty *d)
{
    struct kai_mint m = {.own = d->own,
                         .add_to = d->add_to,
                         .members = (const struct kai_node *const *)d->members,
                         .n_members = d->n_members};
    struct minting ctx = {.t = t, .log = t->key_log};
    struct tsub key;

    if (!t->one_log || ctx.log.seq == 0) {
        world_key(&t->w, &key);
        ctx.log = key.log;
    }
    m.first_seq = ctx.log.seq + 1;
    memcpy(m.aud_id, d->aud_id, KAI_ID_BYTES);
    memcpy(m.key_log_pk, ctx.log.pk, KAI_KEY_BYTES);
    enum kai_err err = kai_epoch_mint(k, &m, world_fill, &t->w, emit, &ctx);
    t->key_log = ctx.log;
    return err;
}

size_t orgs_duties(struct orgs *t, struct kai_keyring *k, uint64_t now_ms)
{
    struct kai_duty d;
    uint64_t next;
    size_t n = 0;

    t->ts = now_ms;
    while (kai_keyring_duty(k, now_ms, &d, &next) == KAI_OK) {
        size_t from = t->n_heard;

        MUST(orgs_mint(t, k, &d));
        free(d.members);
        MUST(orgs_hear(t, k, from));
        n++;
        if (n > 40)
            fail_msg("a duty that is done comes again");
    }
    return n;
}

enum kai_err orgs_hear(const struct orgs *t, struct kai_keyring *k, size_t from)
{
    enum kai_err last = KAI_OK;
    uint8_t aud[KAI_ID_BYTES];

    for (size_t i = from; i < t->n_heard; i++) {
        enum kai_err err = kai_keyring_epoch(k, &t->heard[i].e, aud);

        last = err != KAI_OK ? err : last;
    }
    return last;
}

struct kai_keyring *orgs_community(struct orgs *t, uint64_t seed, size_t n, struct kai_aud_rec *rec,
                                   uint8_t *aud)
{
    struct kai_admit terms = world_terms(KAI_ADMIT_ORG);

    terms.caps = KAI_CAP_PUBLISH | KAI_CAP_RELAY;
    orgs_start(t, seed);
    for (size_t i = 0; i < n; i++)
        orgs_add(t, 0, &terms);
    *rec = orgs_rec(t, 0, KAI_AUD_COMMUNITY, 2);
    orgs_audience(t, 0, rec, aud);
    return orgs_ring(t, 0);
}

void orgs_news(struct orgs *t, struct kai_keyring *const *rings, size_t n)
{
    orgs_refresh(t);
    for (size_t i = 0; i < n; i++)
        MUST(kai_keyring_roster(rings[i], t->r));
}

void orgs_say_heir(struct orgs *t, struct tlog *by, size_t old, size_t heir, uint64_t cut)
{
    struct kai_successor s = {.cut = cut};
    struct kai_buf body;

    memcpy(s.old_org, t->o[old].org.id, KAI_ID_BYTES);
    memcpy(s.new_org, t->o[heir].org.id, KAI_ID_BYTES);
    kai_buf_init(&body, 4096);
    kai_successor_write(&body, &s);
    world_append(&t->w, by, KAI_REC_SUCCESSOR, &body);
    kai_buf_free(&body);
}

size_t orgs_heir(struct orgs *t, size_t old)
{
    orgs_refresh(t);
    const struct kai_org *o = kai_roster_heir(t->r, orgs_org(t, old));

    for (size_t i = 0; i < t->n; i++) {
        if (o != NULL && memcmp(o->id, t->o[i].org.id, KAI_ID_BYTES) == 0)
            return i;
    }
    return SIZE_MAX;
}
