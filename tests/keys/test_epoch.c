/* Epochs, and the keyrings of those who are in them and of those who are not. */
#include "keys/net.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "keys/epoch.h"
#include "log/merkle.h"

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

        net_start(&t, n, KAI_AUD_COMMUNITY);
        struct kai_keyring *k = net_ring(&t, &t.nodes[0]);
        assert_int_equal(kai_keyring_write_epoch(k, t.aud, &want), KAI_ENOTFOUND);
        assert_true(net_duty(&t, k, 1000, &listed));
        assert_int_equal(listed, n);
        assert_false(net_duty(&t, k, 2000, &listed));
        MUST(kai_keyring_write_epoch(k, t.aud, &want));
        assert_int_equal(want.gen, 1);
        assert_int_equal(t.n_parts, (n + 639) / 640);
        size_t step = n < 50 ? 1 : n / 25;
        for (size_t i = 0; i < n; i += step) {
            MUST(net_hears(&t, &t.nodes[i], &got, i % 2 == 1));
            assert_memory_equal(got.key, want.key, KAI_KEY_BYTES);
            assert_memory_equal(got.route, want.route, KAI_KEY_BYTES);
            assert_memory_equal(got.tag, t.parts[0].e.h.tag, KAI_TAG_BYTES);
        }
        world_key(&t.w, &stranger);
        assert_int_equal(net_hears(&t, &stranger, &got, false), KAI_ENOTFOUND);
        kai_keyring_free(k);
        net_stop(&t);
    }
}

static void padding(void **state)
{
    (void)state;
    static const size_t rows[][2] = {{1, 8},     {8, 8},     {9, 16},    {17, 32},   {100, 128},
                                     {256, 256}, {257, 512}, {512, 512}, {513, 640}, {640, 640}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(kai_epoch_padded(rows[i][0]), rows[i][1]);
    static struct net t;
    struct kai_epoch_part p;
    size_t listed;
    net_start(&t, 3, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = net_ring(&t, &t.nodes[0]);
    assert_true(net_duty(&t, k, 1000, &listed));
    MUST(kai_epoch_parse(&p, t.parts[0].e.payload));
    assert_int_equal(p.slots.n, 8 * 56);
    for (size_t i = 1; i < 8; i++)
        assert_true(memcmp(p.slots.p + (i - 1) * 56, p.slots.p + i * 56, 8) <= 0);
    kai_keyring_free(k);
    net_stop(&t);
}

static void removed_is_not_listed(void **state)
{
    (void)state;
    static struct net t;
    struct kai_epoch old;
    struct kai_epoch now;
    size_t listed;

    net_start(&t, 5, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = net_ring(&t, &t.nodes[0]);
    struct kai_keyring *member = net_ring(&t, &t.nodes[2]);
    uint8_t aud[KAI_ID_BYTES];
    assert_true(net_duty(&t, k, 1000, &listed));
    MUST(kai_keyring_epoch(member, &t.parts[0].e, aud));
    MUST(kai_keyring_write_epoch(member, t.aud, &old));
    assert_true(kai_keyring_may_write(member, t.aud, old.commit));
    uint64_t version = kai_keyring_version(member);
    MUST(kai_keyring_epoch(member, &t.parts[0].e, aud)); /* Heard twice: nothing new. */
    assert_int_equal(kai_keyring_version(member), version);
    world_remove(&t.w, &t.fi.log, t.nodes[4].cert, KAI_REVOKE_LEFT, NULL, 0);
    net_refresh(&t);
    MUST(kai_keyring_roster(k, t.r));
    MUST(kai_keyring_roster(member, t.r));
    assert_true(kai_keyring_version(member) > version);
    /* Nothing is written under an epoch with a removed node in it. */
    assert_int_equal(kai_keyring_write_epoch(member, t.aud, &now), KAI_EAGAIN);
    assert_false(kai_keyring_may_write(member, t.aud, old.commit)); /* Nor what was begun before. */
    assert_false(kai_keyring_eligible(member, t.aud, kai_roster_node(t.r, t.nodes[4].id)));
    assert_true(net_duty(&t, k, 2000, &listed) || net_duty(&t, k, 400000, &listed));
    assert_int_equal(listed, 4);
    MUST(kai_keyring_epoch(member, &t.parts[1].e, aud));
    MUST(kai_keyring_write_epoch(member, t.aud, &now));
    assert_int_equal(now.gen, 2);
    assert_true(kai_keyring_may_write(member, t.aud, now.commit));
    assert_false(kai_keyring_may_write(member, t.aud, old.commit));
    assert_memory_not_equal(now.key, old.key, KAI_KEY_BYTES);
    const struct kai_epoch *all;
    assert_int_equal(kai_keyring_epochs(member, t.aud, &all), 2); /* The old one stays readable. */
    assert_int_equal(all[0].gen, 2);
    assert_non_null(kai_keyring_tag(member, old.tag, old.commit));
    /* The one removed hears all, and knows the old key alone. */
    struct kai_keyring *gone = net_ring(&t, &t.nodes[4]);
    MUST(kai_keyring_epoch(gone, &t.parts[0].e, aud));
    assert_int_equal(kai_keyring_epoch(gone, &t.parts[1].e, aud), KAI_ENOTFOUND);
    assert_null(kai_keyring_tag(gone, now.tag, now.commit));
    const uint8_t(*mine)[KAI_ID_BYTES];
    assert_int_equal(kai_keyring_audiences(gone, &mine), 0);
    assert_int_equal(kai_keyring_audiences(member, &mine), 1);
    kai_keyring_free(gone);
    kai_keyring_free(member);
    kai_keyring_free(k);
    net_stop(&t);
}

static void added_later(void **state)
{
    (void)state;
    static struct net t;
    struct kai_epoch first;
    struct kai_epoch got;
    size_t listed;
    struct tsub *late;

    net_start(&t, 3, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = net_ring(&t, &t.nodes[0]);
    assert_true(net_duty(&t, k, 1000, &listed));
    MUST(kai_keyring_write_epoch(k, t.aud, &first));
    late = &t.nodes[t.n++];
    world_key(&t.w, late);
    world_admit(&t.w, &t.fi.log, late, KAI_ADMIT_NODE, NULL);
    net_refresh(&t);
    MUST(kai_keyring_roster(k, t.r));
    assert_true(net_duty(&t, k, 2000, &listed) || net_duty(&t, k, 9000, &listed));
    assert_int_equal(listed, 1);
    for (int back = 0; back < 2; back++) {
        MUST(net_hears(&t, late, &got, back));
        assert_memory_equal(got.key, first.key, KAI_KEY_BYTES);
        MUST(net_hears(&t, &t.nodes[1], &got, back));
        assert_memory_equal(got.key, first.key, KAI_KEY_BYTES);
    }
    assert_false(net_duty(&t, k, 100000, &listed));
    kai_keyring_free(k);
    net_stop(&t);
}

static void two_stewards_at_once(void **state)
{
    (void)state;
    static struct net t;
    uint8_t aud[KAI_ID_BYTES];
    size_t listed;
    struct kai_epoch a;
    struct kai_epoch b;

    net_start(&t, 4, KAI_AUD_COMMUNITY);
    struct kai_keyring *one = net_ring(&t, &t.nodes[0]);
    struct kai_keyring *two = net_ring(&t, &t.nodes[1]);
    assert_true(net_duty(&t, one, 1000, &listed));
    assert_true(net_duty(&t, two, 1000, &listed));
    MUST(kai_keyring_epoch(one, &t.parts[1].e, aud));
    MUST(kai_keyring_epoch(two, &t.parts[0].e, aud));
    MUST(kai_keyring_write_epoch(one, t.aud, &a));
    MUST(kai_keyring_write_epoch(two, t.aud, &b));
    assert_memory_equal(a.commit, b.commit, KAI_ID_BYTES);
    /* The next one follows both. */
    world_remove(&t.w, &t.fi.log, t.nodes[3].cert, KAI_REVOKE_LEFT, NULL, 0);
    net_refresh(&t);
    MUST(kai_keyring_roster(one, t.r));
    assert_true(net_duty(&t, one, 2000, &listed) || net_duty(&t, one, 300000, &listed));
    struct kai_epoch_part p;
    MUST(kai_epoch_parse(&p, t.parts[2].e.payload));
    assert_int_equal(p.n_preds, 2);
    assert_int_equal(p.gen, 2);
    /* Without what it follows it is for reading. */
    struct kai_keyring *half = net_ring(&t, &t.nodes[2]);
    MUST(kai_keyring_epoch(half, &t.parts[2].e, aud));
    MUST(kai_keyring_epoch(half, &t.parts[0].e, aud));
    assert_int_equal(kai_keyring_write_epoch(half, t.aud, &b), KAI_EAGAIN);
    MUST(kai_keyring_epoch(half, &t.parts[1].e, aud));
    MUST(kai_keyring_write_epoch(half, t.aud, &b));
    assert_int_equal(b.gen, 2);
    kai_keyring_free(half);
    kai_keyring_free(one);
    kai_keyring_free(two);
    net_stop(&t);
}

static enum kai_err feed(struct net *t, const struct tsub *to, struct kai_view payload,
                         const uint8_t *kid, const uint8_t *tag)
{
    struct kai_keyring *k = net_ring(t, to);
    struct tentry p = {0};
    struct tlog keep = t->key_log;
    uint8_t aud[KAI_ID_BYTES];

    t->key_log.seq = 0; /* In the place of the original. */
    memset(t->key_log.head, 0, KAI_ID_BYTES);
    net_entry(t, &p, payload, kid, tag);
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

    net_start(&t, 3, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = net_ring(&t, &t.nodes[0]);
    assert_true(net_duty(&t, k, 1000, &listed));
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
    net_stop(&t);
}

/* A steward that signs for other members than it lists. */
static void lying_root(void **state)
{
    (void)state;
    static struct net t;
    struct kai_epoch_part p;
    struct kai_epoch_list l;
    struct kai_epoch e;
    struct kai_buf scratch, body, list, payload;
    const uint8_t nonce[KAI_NONCE_BYTES] = {1};
    size_t listed;

    net_start(&t, 3, KAI_AUD_COMMUNITY);
    struct kai_keyring *k = net_ring(&t, &t.nodes[0]);
    assert_true(net_duty(&t, k, 1000, &listed));
    MUST(kai_keyring_write_epoch(k, t.aud, &e));
    kai_buf_init(&scratch, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&body, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&list, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&payload, KAI_PAYLOAD_BYTES_MAX);
    MUST(kai_epoch_parse(&p, t.parts[0].e.payload));
    MUST(kai_epoch_list_open(&l, &scratch, &p, e.route, t.w.charter.nid, t.key_log.pk, 1));
    assert_int_equal(l.n_members, 3);
    for (int lie = 0; lie < 2; lie++) {
        p.members_root[0] ^= (uint8_t)lie;
        kai_buf_clear(&body);
        kai_buf_clear(&list);
        kai_buf_clear(&payload);
        kai_epoch_signed(&body, &p, &l, t.key_log.pk);
        kai_sign(l.sig, t.nodes[0].log.sk, KAI_SIG_EPOCH, t.w.charter.nid, body.p, body.len);
        MUST(kai_epoch_list_seal(&list, &l, &p, e.route, t.w.charter.nid, t.key_log.pk, 1, nonce));
        p.list = kai_buf_view(&list);
        kai_epoch_write(&payload, &p);
        assert_int_equal(feed(&t, &t.nodes[1], kai_buf_view(&payload), e.commit, e.tag),
                         lie ? KAI_EAUTH : KAI_OK);
    }
    kai_buf_free(&scratch);
    kai_buf_free(&body);
    kai_buf_free(&list);
    kai_buf_free(&payload);
    kai_keyring_free(k);
    net_stop(&t);
}

static void only_stewards_mint(void **state)
{
    (void)state;
    static struct net t;
    struct kai_admit terms = world_terms(KAI_ADMIT_NODE);
    const struct kai_node *all[3];
    struct kai_epoch e;
    uint8_t aud[KAI_ID_BYTES];

    net_start(&t, 2, KAI_AUD_COMMUNITY);
    terms.caps = KAI_CAP_PUBLISH;
    world_key(&t.w, &t.nodes[2]);
    world_admit(&t.w, &t.fi.log, &t.nodes[2], KAI_ADMIT_NODE, &terms);
    net_refresh(&t);
    for (int i = 0; i < 3; i++)
        all[i] = kai_roster_node(t.r, t.nodes[i].id);
    struct kai_keyring *k = net_ring(&t, &t.nodes[2]);
    assert_int_equal(net_mint(&t, k, NULL, all, 3), KAI_EDENIED);
    kai_keyring_free(k);
    k = net_ring(&t, &t.nodes[0]);
    assert_int_equal(net_mint(&t, k, NULL, all, 0), KAI_ELIMIT);
    MUST(net_mint(&t, k, NULL, all, 3));
    kai_keyring_free(k);
    MUST(net_hears(&t, &t.nodes[2], &e, false));
    /* The organisation is taken off the list of stewards: what it minted is read, not written
     * under. */
    struct kai_keyring *reader = net_ring(&t, &t.nodes[2]);
    t.rec.ver = 2;
    t.rec.n_stewards = 0;
    world_audience(&t.w, &t.fi.log, &t.rec);
    net_refresh(&t);
    MUST(kai_keyring_roster(reader, t.r));
    MUST(kai_keyring_epoch(reader, &t.parts[0].e, aud));
    assert_int_equal(kai_keyring_write_epoch(reader, t.aud, &e), KAI_EAGAIN);
    assert_non_null(kai_keyring_tag(reader, t.parts[0].e.h.tag, t.parts[0].e.h.kid));
    kai_keyring_free(reader);
    net_stop(&t);
}

/* An EPOCH that by made up, with a slot for to, in the net's key log. */
static enum kai_err strange(struct net *t, struct kai_keyring *k, const struct tsub *by,
                            const struct tsub *to)
{
    struct kai_epoch e = {.gen = 1};
    struct kai_epoch_part p = {.gen = 1, .of = 1};
    struct kai_epoch_list l = {.has_minter = true, .members = to->id, .n_members = 1};
    uint8_t slots[8 * KAI_SLOT_BYTES], eph_sk[KAI_KEY_BYTES], leaf[KAI_ID_BYTES];
    uint8_t nonce[KAI_NONCE_BYTES], aud[KAI_ID_BYTES];
    struct kai_slot_ctx ctx = {.domain = KAI_D_WRAP,
                               .nid = t->w.charter.nid,
                               .aud_id = t->aud,
                               .commit = p.commit,
                               .eph_pk = p.eph_pk};
    struct kai_buf body, list, payload;
    struct tentry entry = {0};

    world_fill(&t->w, e.key, sizeof e.key);
    world_fill(&t->w, eph_sk, sizeof eph_sk);
    world_fill(&t->w, nonce, sizeof nonce);
    world_fill(&t->w, slots, sizeof slots);
    memcpy(e.aud_id, t->aud, KAI_ID_BYTES);
    kai_epoch_derive(&e);
    memcpy(p.aud_id, t->aud, KAI_ID_BYTES);
    memcpy(p.commit, e.commit, KAI_ID_BYTES);
    assert_int_equal(crypto_scalarmult_base(p.eph_pk, eph_sk), 0);
    MUST(kai_slot_make(slots, &ctx, eph_sk, to->kx_pk, e.key));
    kai_slots_sort(slots, 8);
    p.slots = kai_view_of(slots, sizeof slots);
    kai_epoch_leaf(leaf, e.route, to->id);
    kai_merkle_root(p.members_root, (uint8_t(*)[KAI_ID_BYTES])leaf, 1);
    memcpy(l.minter_cert, by->cert, KAI_ID_BYTES);
    kai_buf_init(&body, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&list, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&payload, KAI_PAYLOAD_BYTES_MAX);
    kai_epoch_signed(&body, &p, &l, t->key_log.pk);
    kai_sign(l.sig, by->log.sk, KAI_SIG_EPOCH, t->w.charter.nid, body.p, body.len);
    MUST(kai_epoch_list_seal(&list, &l, &p, e.route, t->w.charter.nid, t->key_log.pk,
                             t->key_log.seq + 1, nonce));
    p.list = kai_buf_view(&list);
    kai_epoch_write(&payload, &p);
    net_entry(t, &entry, kai_buf_view(&payload), e.commit, e.tag);
    enum kai_err err = kai_keyring_epoch(k, &entry.e, aud);
    kai_buf_free(&entry.bytes);
    kai_buf_free(&entry.payload);
    kai_buf_free(&body);
    kai_buf_free(&list);
    kai_buf_free(&payload);
    return err;
}

/* A member that is no steward makes up more epochs than there is room for: the stewards' next one
 * is taken all the same. */
static void strangers_leave_room(void **state)
{
    (void)state;
    static struct net t;
    struct kai_admit terms = world_terms(KAI_ADMIT_NODE);
    struct kai_epoch e;
    uint8_t aud[KAI_ID_BYTES];
    size_t listed, taken = 0;

    net_start(&t, 2, KAI_AUD_COMMUNITY);
    terms.caps = KAI_CAP_PUBLISH;
    world_key(&t.w, &t.nodes[2]);
    world_admit(&t.w, &t.fi.log, &t.nodes[2], KAI_ADMIT_NODE, &terms);
    net_refresh(&t);
    struct kai_keyring *steward = net_ring(&t, &t.nodes[0]);
    struct kai_keyring *member = net_ring(&t, &t.nodes[1]);
    for (size_t i = 0; i < KAI_EPOCHS_PER_AUDIENCE_MAX + 10; i++) {
        enum kai_err err = strange(&t, member, &t.nodes[2], &t.nodes[1]);

        assert_true(err == KAI_OK || err == KAI_ELIMIT);
        taken += err == KAI_OK;
    }
    assert_true(taken > 0 && taken < KAI_EPOCHS_PER_AUDIENCE_MAX);
    assert_int_equal(kai_keyring_write_epoch(member, t.aud, &e), KAI_EAGAIN);
    assert_true(net_duty(&t, steward, 1000, &listed));
    MUST(kai_keyring_epoch(member, &t.parts[0].e, aud));
    MUST(kai_keyring_write_epoch(member, t.aud, &e));
    kai_keyring_free(steward);
    kai_keyring_free(member);
    net_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_members_open),
        cmocka_unit_test(padding),
        cmocka_unit_test(removed_is_not_listed),
        cmocka_unit_test(added_later),
        cmocka_unit_test(two_stewards_at_once),
        cmocka_unit_test(changed_is_refused),
        cmocka_unit_test(lying_root),
        cmocka_unit_test(only_stewards_mint),
        cmocka_unit_test(strangers_leave_room),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
