/* Audiences, epochs and the keyrings of those who are in them and of those who are not. */
#include "keys/world.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "keys/epoch.h"

#define NODES_MAX 2100u
#define PARTS_MAX 512u

struct net {
    struct world w;
    struct tsub f, fi;
    struct tsub *nodes; /* [0] and [1] are the founder's, stewards. */
    size_t n;
    struct kai_roster *r;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_aud_rec rec;
    struct tlog key_log;
    struct tentry parts[PARTS_MAX]; /* EPOCH entries, in order. */
    size_t n_parts;
};

static void refresh(struct net *t)
{
    kai_roster_unref(t->r);
    t->r = world_roster(&t->w);
}

static void start(struct net *t, size_t n, uint64_t kind)
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
    t->rec = (struct kai_aud_rec){.nonce = {9}, .ver = 1, .kind = kind, .rule_open = true, .label_max = 2, .n_stewards = 1};
    memcpy(t->rec.stewards[0], t->f.id, KAI_ID_BYTES);
    world_audience(&t->w, &t->fi.log, &t->rec);
    kai_aud_id(t->aud, t->f.id, t->rec.nonce);
    world_key(&t->w, &key);
    t->key_log = key.log;
    refresh(t);
}

static void stop(struct net *t)
{
    for (size_t i = 0; i < t->n_parts; i++) {
        kai_buf_free(&t->parts[i].bytes);
        kai_buf_free(&t->parts[i].payload);
    }
    kai_roster_unref(t->r);
    free(t->nodes);
    world_free(&t->w);
}

static struct kai_keyring *ring_of(const struct net *t, const struct tsub *s)
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

static void make_entry(struct net *t, struct tentry *p, struct kai_view payload, const uint8_t *kid,
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
    MUST(kai_entry_make(&p->e, &p->bytes, &h, t->key_log.sk, t->w.charter.nid, kai_buf_view(&p->payload)));
    t->key_log.seq++;
    memcpy(t->key_log.head, p->e.hash, KAI_ID_BYTES);
}

static enum kai_err emit(void *ctx, struct kai_view payload, const uint8_t kid[static KAI_TAG_BYTES],
                         const uint8_t tag[static KAI_TAG_BYTES])
{
    struct net *t = ctx;

    assert_true(t->n_parts < PARTS_MAX);
    make_entry(t, &t->parts[t->n_parts++], payload, kid, tag);
    return KAI_OK;
}

static enum kai_err mint(struct net *t, struct kai_keyring *k, const struct kai_epoch *to,
                         const struct kai_node *const *members, size_t n)
{
    struct kai_mint m = {.add_to = to, .members = members, .n_members = n, .first_seq = t->key_log.seq + 1};

    memcpy(m.aud_id, t->aud, KAI_ID_BYTES);
    memcpy(m.key_log_pk, t->key_log.pk, KAI_KEY_BYTES);
    return kai_epoch_mint(k, &m, world_fill, &t->w, emit, t);
}

/* Do what is due, and take it in oneself. */
static bool do_duty(struct net *t, struct kai_keyring *k, uint64_t now_ms, size_t *n_members)
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
    if (!d.new_epoch)
        MUST(kai_keyring_write_epoch(k, d.aud_id, &best));
    *n_members = d.n_members;
    MUST(mint(t, k, d.new_epoch ? NULL : &best, (const struct kai_node *const *)d.members, d.n_members));
    free(d.members);
    for (size_t i = from; i < t->n_parts; i++) {
        err = kai_keyring_epoch(k, &t->parts[i].e, aud);
        assert_true(err == KAI_OK || err == KAI_ENOTFOUND);
    }
    return true;
}

/* KAI_OK when the node has the key to write under after hearing all. */
static enum kai_err hears(const struct net *t, const struct tsub *s, struct kai_epoch *e, bool backwards)
{
    struct kai_keyring *k = ring_of(t, s);
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

static void all_members_open(void **state)
{
    (void)state;
    static struct net t;
    static const size_t sizes[] = {1, 3, 9, 640, 641, 2000};

    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t n = sizes[s];
        size_t listed = 0;
        struct tsub stranger;
        struct kai_epoch want;
        struct kai_epoch got;

        start(&t, n, KAI_AUD_COMMUNITY);
        struct kai_keyring *k = ring_of(&t, &t.nodes[0]);
        assert_int_equal(kai_keyring_write_epoch(k, t.aud, &want), KAI_ENOTFOUND);
        assert_true(do_duty(&t, k, 1000, &listed));
        assert_int_equal(listed, n);
        assert_false(do_duty(&t, k, 2000, &listed));
        MUST(kai_keyring_write_epoch(k, t.aud, &want));
        assert_int_equal(want.gen, 1);
        assert_int_equal(t.n_parts, (n + 639) / 640);
        size_t step = n < 50 ? 1 : n / 25;
        for (size_t i = 0; i < n; i += step) {
            MUST(hears(&t, &t.nodes[i], &got, i % 2 == 1));
            assert_memory_equal(got.key, want.key, KAI_KEY_BYTES);
            assert_memory_equal(got.route, want.route, KAI_KEY_BYTES);
            assert_memory_equal(got.tag, t.parts[0].e.h.tag, KAI_TAG_BYTES);
        }
        world_key(&t.w, &stranger);
        assert_int_equal(hears(&t, &stranger, &got, false), KAI_ENOTFOUND);
        kai_keyring_free(k);
        stop(&t);
    }
}

static void padding(void **state)
{
    (void)state;
    static const size_t rows[][2] = {{1, 8}, {8, 8}, {9, 16}, {17, 32}, {100, 128}, {256, 256}, {257, 512}, {512, 512}, {513, 640}, {640, 640}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(kai_epoch_padded(rows[i][0]), rows[i][1]);
    static struct net t;
    struct kai_epoch_part p;
    size_t listed;
    start(&t, 3, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = ring_of(&t, &t.nodes[0]);
    assert_true(do_duty(&t, k, 1000, &listed));
    MUST(kai_epoch_parse(&p, t.parts[0].e.payload));
    assert_int_equal(p.slots.n, 8 * 56);
    for (size_t i = 1; i < 8; i++)
        assert_true(memcmp(p.slots.p + (i - 1) * 56, p.slots.p + i * 56, 8) <= 0);
    kai_keyring_free(k);
    stop(&t);
}

static void removed_is_not_listed(void **state)
{
    (void)state;
    static struct net t;
    struct kai_epoch old;
    struct kai_epoch now;
    size_t listed;

    start(&t, 5, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = ring_of(&t, &t.nodes[0]);
    struct kai_keyring *member = ring_of(&t, &t.nodes[2]);
    uint8_t aud[KAI_ID_BYTES];
    assert_true(do_duty(&t, k, 1000, &listed));
    MUST(kai_keyring_epoch(member, &t.parts[0].e, aud));
    MUST(kai_keyring_write_epoch(member, t.aud, &old));
    world_remove(&t.w, &t.fi.log, t.nodes[4].cert, KAI_REVOKE_LEFT, NULL, 0);
    refresh(&t);
    MUST(kai_keyring_roster(k, t.r));
    MUST(kai_keyring_roster(member, t.r));
    /* Nothing is written under an epoch with a removed node in it. */
    assert_int_equal(kai_keyring_write_epoch(member, t.aud, &now), KAI_EAGAIN);
    assert_false(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, t.nodes[4].id)));
    assert_true(do_duty(&t, k, 2000, &listed) || do_duty(&t, k, 400000, &listed));
    assert_int_equal(listed, 4);
    MUST(kai_keyring_epoch(member, &t.parts[1].e, aud));
    MUST(kai_keyring_write_epoch(member, t.aud, &now));
    assert_int_equal(now.gen, 2);
    assert_memory_not_equal(now.key, old.key, KAI_KEY_BYTES);
    const struct kai_epoch *all;
    assert_int_equal(kai_keyring_epochs(member, t.aud, &all), 2); /* The old one stays readable. */
    assert_int_equal(all[0].gen, 2);
    assert_non_null(kai_keyring_tag(member, old.tag, old.commit));
    /* The one removed hears all, and knows the old key alone. */
    struct kai_keyring *gone = ring_of(&t, &t.nodes[4]);
    MUST(kai_keyring_epoch(gone, &t.parts[0].e, aud));
    assert_int_equal(kai_keyring_epoch(gone, &t.parts[1].e, aud), KAI_ENOTFOUND);
    assert_null(kai_keyring_tag(gone, now.tag, now.commit));
    const uint8_t(*mine)[KAI_ID_BYTES];
    assert_int_equal(kai_keyring_audiences(gone, &mine), 0);
    assert_int_equal(kai_keyring_audiences(member, &mine), 1);
    kai_keyring_free(gone);
    kai_keyring_free(member);
    kai_keyring_free(k);
    stop(&t);
}

static void added_later(void **state)
{
    (void)state;
    static struct net t;
    struct kai_epoch first;
    struct kai_epoch got;
    size_t listed;
    struct tsub *late;

    start(&t, 3, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = ring_of(&t, &t.nodes[0]);
    assert_true(do_duty(&t, k, 1000, &listed));
    MUST(kai_keyring_write_epoch(k, t.aud, &first));
    late = &t.nodes[t.n++];
    world_key(&t.w, late);
    world_admit(&t.w, &t.fi.log, late, KAI_ADMIT_NODE, NULL);
    refresh(&t);
    MUST(kai_keyring_roster(k, t.r));
    assert_true(do_duty(&t, k, 2000, &listed) || do_duty(&t, k, 9000, &listed));
    assert_int_equal(listed, 1);
    for (int back = 0; back < 2; back++) {
        MUST(hears(&t, late, &got, back));
        assert_memory_equal(got.key, first.key, KAI_KEY_BYTES);
        MUST(hears(&t, &t.nodes[1], &got, back));
        assert_memory_equal(got.key, first.key, KAI_KEY_BYTES);
    }
    assert_false(do_duty(&t, k, 100000, &listed));
    kai_keyring_free(k);
    stop(&t);
}

static void two_stewards_at_once(void **state)
{
    (void)state;
    static struct net t;
    uint8_t aud[KAI_ID_BYTES];
    size_t listed;
    struct kai_epoch a;
    struct kai_epoch b;

    start(&t, 4, KAI_AUD_COMMUNITY);
    struct kai_keyring *one = ring_of(&t, &t.nodes[0]);
    struct kai_keyring *two = ring_of(&t, &t.nodes[1]);
    assert_true(do_duty(&t, one, 1000, &listed));
    assert_true(do_duty(&t, two, 1000, &listed));
    MUST(kai_keyring_epoch(one, &t.parts[1].e, aud));
    MUST(kai_keyring_epoch(two, &t.parts[0].e, aud));
    MUST(kai_keyring_write_epoch(one, t.aud, &a));
    MUST(kai_keyring_write_epoch(two, t.aud, &b));
    assert_memory_equal(a.commit, b.commit, KAI_ID_BYTES);
    /* The next one follows both. */
    world_remove(&t.w, &t.fi.log, t.nodes[3].cert, KAI_REVOKE_LEFT, NULL, 0);
    refresh(&t);
    MUST(kai_keyring_roster(one, t.r));
    assert_true(do_duty(&t, one, 2000, &listed) || do_duty(&t, one, 300000, &listed));
    struct kai_epoch_part p;
    MUST(kai_epoch_parse(&p, t.parts[2].e.payload));
    assert_int_equal(p.n_preds, 2);
    assert_int_equal(p.gen, 2);
    /* Without what it follows it is for reading. */
    struct kai_keyring *half = ring_of(&t, &t.nodes[2]);
    MUST(kai_keyring_epoch(half, &t.parts[2].e, aud));
    MUST(kai_keyring_epoch(half, &t.parts[0].e, aud));
    assert_int_equal(kai_keyring_write_epoch(half, t.aud, &b), KAI_EAGAIN);
    MUST(kai_keyring_epoch(half, &t.parts[1].e, aud));
    MUST(kai_keyring_write_epoch(half, t.aud, &b));
    assert_int_equal(b.gen, 2);
    kai_keyring_free(half);
    kai_keyring_free(one);
    kai_keyring_free(two);
    stop(&t);
}

static enum kai_err feed(struct net *t, const struct tsub *to, struct kai_view payload, const uint8_t *kid,
                         const uint8_t *tag)
{
    struct kai_keyring *k = ring_of(t, to);
    struct tentry p = {0};
    struct tlog keep = t->key_log;
    uint8_t aud[KAI_ID_BYTES];

    t->key_log.seq = 0; /* In the place of the original. */
    memset(t->key_log.head, 0, KAI_ID_BYTES);
    make_entry(t, &p, payload, kid, tag);
    t->key_log = keep;
    enum kai_err err = kai_keyring_epoch(k, &p.e, aud);
    struct kai_epoch e;
    if (err != KAI_OK)
        assert_true(kai_keyring_write_epoch(k, t->aud, &e) != KAI_OK);
    kai_buf_free(&p.bytes);
    kai_buf_free(&p.payload);
    kai_keyring_free(k);
    return err;
}

static void changed_is_refused(void **state)
{
    (void)state;
    static struct net t;
    size_t listed;

    start(&t, 3, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = ring_of(&t, &t.nodes[0]);
    assert_true(do_duty(&t, k, 1000, &listed));
    struct kai_view pl = t.parts[0].e.payload;
    const struct kai_hdr *h = &t.parts[0].e.h;
    MUST(feed(&t, &t.nodes[1], pl, h->kid, h->tag));
    assert_int_equal(feed(&t, &t.nodes[1], pl, h->tag, h->tag), KAI_EAUTH);
    assert_int_equal(feed(&t, &t.nodes[1], pl, h->kid, h->kid), KAI_EAUTH);
    uint8_t *copy = malloc(pl.n);
    struct kai_epoch_part p;
    MUST(kai_epoch_parse(&p, pl));
    size_t slots_at = (size_t)(p.slots.p - pl.p);
    for (size_t i = 0; i < pl.n; i++) {
        bool padding_or_others = i >= slots_at && i < slots_at + p.slots.n;

        memcpy(copy, pl.p, pl.n);
        copy[i] ^= (uint8_t)(1u << (i % 8));
        enum kai_err err = feed(&t, &t.nodes[1], kai_view_of(copy, pl.n), h->kid, h->tag);
        if (err == KAI_OK && !padding_or_others)
            fail_msg("flip at %zu accepted", i);
    }
    for (size_t i = 0; i < pl.n; i++) {
        memcpy(copy, pl.p, i);
        assert_int_not_equal(feed(&t, &t.nodes[1], kai_view_of(copy, i), h->kid, h->tag), KAI_OK);
    }
    /* The same statement lifted into another key log. */
    struct tsub other;
    struct tlog keep = t.key_log;
    world_key(&t.w, &other);
    t.key_log = other.log;
    assert_int_equal(feed(&t, &t.nodes[1], pl, h->kid, h->tag), KAI_EAUTH);
    t.key_log = keep;
    free(copy);
    kai_keyring_free(k);
    stop(&t);
}

static void only_stewards_mint(void **state)
{
    (void)state;
    static struct net t;
    struct kai_admit terms = world_terms(KAI_ADMIT_NODE);
    const struct kai_node *all[3];
    struct kai_epoch e;
    uint8_t aud[KAI_ID_BYTES];

    start(&t, 2, KAI_AUD_COMMUNITY);
    terms.caps = KAI_CAP_PUBLISH;
    world_key(&t.w, &t.nodes[2]);
    world_admit(&t.w, &t.fi.log, &t.nodes[2], KAI_ADMIT_NODE, &terms);
    refresh(&t);
    for (int i = 0; i < 3; i++)
        all[i] = kai_roster_node(t.r, t.nodes[i].id);
    struct kai_keyring *k = ring_of(&t, &t.nodes[2]);
    assert_int_equal(mint(&t, k, NULL, all, 3), KAI_EDENIED);
    kai_keyring_free(k);
    k = ring_of(&t, &t.nodes[0]);
    assert_int_equal(mint(&t, k, NULL, all, 0), KAI_ELIMIT);
    MUST(mint(&t, k, NULL, all, 3));
    kai_keyring_free(k);
    MUST(hears(&t, &t.nodes[2], &e, false));
    /* The organisation is taken off the list of stewards: what it minted is read, not written under. */
    struct kai_keyring *reader = ring_of(&t, &t.nodes[2]);
    t.rec.ver = 2;
    t.rec.n_stewards = 0;
    world_audience(&t.w, &t.fi.log, &t.rec);
    refresh(&t);
    MUST(kai_keyring_roster(reader, t.r));
    assert_int_equal(kai_keyring_epoch(reader, &t.parts[0].e, aud), KAI_EDENIED);
    assert_int_equal(kai_keyring_write_epoch(reader, t.aud, &e), KAI_EAGAIN);
    assert_non_null(kai_keyring_tag(reader, t.parts[0].e.h.tag, t.parts[0].e.h.kid));
    kai_keyring_free(reader);
    stop(&t);
}

static void public_for_all(void **state)
{
    (void)state;
    static struct net t;
    struct kai_epoch a;
    struct kai_epoch b;

    start(&t, 2, KAI_AUD_PUBLIC);
    struct kai_keyring *one = ring_of(&t, &t.nodes[0]);
    struct kai_keyring *two = ring_of(&t, &t.nodes[1]);
    MUST(kai_keyring_write_epoch(one, t.aud, &a));
    MUST(kai_keyring_write_epoch(two, t.aud, &b));
    assert_int_equal(a.gen, 0);
    assert_memory_equal(a.key, b.key, KAI_KEY_BYTES);
    struct kai_duty d;
    uint64_t next;
    assert_int_equal(kai_keyring_duty(one, 1, &d, &next), KAI_ENOTFOUND);
    struct kai_epoch *copy;
    size_t n;
    MUST(kai_keyring_keys(one, &copy, &n));
    assert_int_equal(n, 1);
    assert_memory_equal(copy[0].key, a.key, KAI_KEY_BYTES);
    sodium_free(copy);
    kai_keyring_free(one);
    kai_keyring_free(two);
    stop(&t);
}

static void write_rule(struct net *t, struct kai_buf *item, uint64_t ver, const char *name, const uint8_t *ids,
                       size_t n)
{
    struct kai_rule r = {.ver = ver, .id_kind = KAI_ADMIT_ORG, .ids = ids, .n_ids = n, .of = 1};

    memcpy(r.signer_cert, t->fi.cert, KAI_ID_BYTES);
    memcpy(r.aud_id, t->aud, KAI_ID_BYTES);
    memcpy(r.name, name, strlen(name) + 1);
    kai_buf_init(item, 65536);
    kai_rule_write(item, &r, t->fi.log.sk, t->w.charter.nid);
    assert_int_equal(item->err, KAI_OK);
}

static void group_by_rule(void **state)
{
    (void)state;
    static struct net t;
    struct tsub other, other_key, node;
    struct kai_buf item;
    struct kai_view v;
    size_t listed;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch e;

    start(&t, 2, KAI_AUD_GROUP);
    world_key(&t.w, &other);
    world_key(&t.w, &other_key);
    world_key(&t.w, &node);
    world_admit(&t.w, &t.fi.log, &other, KAI_ADMIT_ORG, NULL);
    world_admit(&t.w, &other.log, &other_key, KAI_ADMIT_ISSUING, NULL);
    world_admit(&t.w, &other_key.log, &node, KAI_ADMIT_NODE, NULL);
    write_rule(&t, &item, 2, "inner circle", t.f.id, 1);
    v = kai_buf_view(&item);
    t.rec.ver = 2;
    t.rec.rule_open = false;
    MUST(kai_rule_hash(t.rec.rule_hash, &v, 1));
    world_audience(&t.w, &t.fi.log, &t.rec);
    refresh(&t);
    struct kai_keyring *owner = ring_of(&t, &t.nodes[0]);
    struct kai_keyring *member = ring_of(&t, &t.nodes[1]);
    /* An unknown rule is nobody, and nobody mints. */
    assert_false(kai_keyring_eligible(owner, t.aud, kai_roster_node(t.r, t.nodes[0].id)));
    assert_false(do_duty(&t, owner, 1000, &listed));
    MUST(kai_keyring_rule(owner, v));
    assert_string_equal(kai_keyring_name(owner, t.aud), "inner circle");
    assert_true(kai_keyring_eligible(owner, t.aud, kai_roster_node(t.r, t.nodes[1].id)));
    assert_false(kai_keyring_eligible(owner, t.aud, kai_roster_node(t.r, node.id)));
    assert_true(kai_keyring_org_member(owner, t.aud, kai_roster_org(t.r, t.f.id)));
    assert_false(kai_keyring_org_member(owner, t.aud, kai_roster_org(t.r, other.id)));
    assert_true(do_duty(&t, owner, 2000, &listed));
    assert_int_equal(listed, 2);
    /* A member that lacks the rule goes by the steward's word, until the rule comes. */
    MUST(kai_keyring_epoch(member, &t.parts[0].e, aud));
    assert_true(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, t.nodes[0].id)));
    assert_false(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, node.id)));
    MUST(kai_keyring_write_epoch(member, t.aud, &e));
    MUST(kai_keyring_rule(member, v));
    MUST(kai_keyring_find(member, "inner circle", aud));
    assert_memory_equal(aud, t.aud, KAI_ID_BYTES);
    char hex[KAI_HEX_CAP(KAI_ID_BYTES)];
    kai_hex(hex, t.aud, KAI_ID_BYTES);
    hex[10] = '\0';
    MUST(kai_keyring_find(member, hex, aud));
    assert_int_equal(kai_keyring_find(member, "no such", aud), KAI_ENOTFOUND);
    kai_buf_free(&item);
    /* The AUDIENCE names another rule: closed at once, the old word counts no more. */
    uint8_t ids[2 * KAI_ID_BYTES];
    bool swap = memcmp(t.f.id, other.id, KAI_ID_BYTES) > 0;
    memcpy(ids, swap ? other.id : t.f.id, KAI_ID_BYTES);
    memcpy(ids + KAI_ID_BYTES, swap ? t.f.id : other.id, KAI_ID_BYTES);
    write_rule(&t, &item, 3, "inner circle", ids, 2);
    v = kai_buf_view(&item);
    t.rec.ver = 3;
    MUST(kai_rule_hash(t.rec.rule_hash, &v, 1));
    world_audience(&t.w, &t.fi.log, &t.rec);
    refresh(&t);
    MUST(kai_keyring_roster(member, t.r));
    MUST(kai_keyring_roster(owner, t.r));
    assert_false(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, t.nodes[0].id)));
    assert_int_equal(kai_keyring_write_epoch(member, t.aud, &e), KAI_EAGAIN);
    MUST(kai_keyring_rule(owner, v));
    assert_true(do_duty(&t, owner, 100000, &listed) || do_duty(&t, owner, 200000, &listed));
    assert_int_equal(listed, 1);
    MUST(kai_keyring_epoch(member, &t.parts[1].e, aud));
    assert_true(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, node.id)));
    MUST(kai_keyring_write_epoch(member, t.aud, &e));
    /* A rule that another organisation signs. */
    struct kai_rule bad = {.ver = 9, .id_kind = KAI_ADMIT_ORG, .ids = other.id, .n_ids = 1, .of = 1, .name = "x"};
    memcpy(bad.signer_cert, other_key.cert, KAI_ID_BYTES);
    memcpy(bad.aud_id, t.aud, KAI_ID_BYTES);
    kai_buf_free(&item);
    kai_buf_init(&item, 65536);
    kai_rule_write(&item, &bad, other_key.log.sk, t.w.charter.nid);
    assert_int_equal(kai_keyring_rule(member, kai_buf_view(&item)), KAI_EDENIED);
    kai_buf_free(&item);
    kai_keyring_free(owner);
    kai_keyring_free(member);
    stop(&t);
}

static void ceiling(void **state)
{
    (void)state;
    static struct net t;
    struct tsub org, key, node;
    struct kai_admit terms = world_terms(KAI_ADMIT_ORG);

    start(&t, 1, KAI_AUD_COMMUNITY);
    world_key(&t.w, &org);
    world_key(&t.w, &key);
    world_key(&t.w, &node);
    terms.label_max = 1; /* The audience's is 2. */
    world_admit(&t.w, &t.fi.log, &org, KAI_ADMIT_ORG, &terms);
    world_admit(&t.w, &org.log, &key, KAI_ADMIT_ISSUING, NULL);
    world_admit(&t.w, &key.log, &node, KAI_ADMIT_NODE, NULL);
    refresh(&t);
    struct kai_keyring *k = ring_of(&t, &t.nodes[0]);
    assert_true(kai_roster_node(t.r, node.id)->active);
    assert_false(kai_keyring_eligible(k, t.aud, kai_roster_node(t.r, node.id)));
    kai_keyring_free(k);
    stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_members_open),   cmocka_unit_test(padding),
        cmocka_unit_test(removed_is_not_listed), cmocka_unit_test(added_later),
        cmocka_unit_test(two_stewards_at_once), cmocka_unit_test(changed_is_refused),
        cmocka_unit_test(only_stewards_mint), cmocka_unit_test(public_for_all),
        cmocka_unit_test(group_by_rule),      cmocka_unit_test(ceiling),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
