/* EPOCHs of those who mean harm: a steward that hands out different keys, numbers that are none,
 * entries that nobody signed, one certificate replaced for ever. */
#include "keys/orgs.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "keys/epoch.h"
#include "keys/keyring_int.h"
#include "log/merkle.h"

/* What an EPOCH says, before it is lied about. */
struct lie {
    struct kai_epoch key;      /* What the commit is of. */
    uint8_t slot_key[32];      /* What the member's slot holds. */
    uint8_t relay_key[32];     /* And the relay's. */
    const struct tsub *by;     /* The minter. */
    const struct tsub *member; /* Listed, with a slot. */
    const struct tsub *relay;  /* NULL: none. */
    struct kai_epoch_part p;
    struct kai_epoch_list l;
    struct kai_buf payload;
    struct tentry entry;
};

static void begin(struct orgs *t, struct lie *x, const uint8_t *aud, const struct tsub *by,
                  const struct tsub *member)
{
    memset(x, 0, sizeof *x);
    x->by = by;
    x->member = member;
    x->key.gen = 1;
    world_fill(&t->w, x->key.key, KAI_KEY_BYTES);
    memcpy(x->key.aud_id, aud, KAI_ID_BYTES);
    kai_epoch_derive(&x->key);
    memcpy(x->slot_key, x->key.key, 32);
    memcpy(x->relay_key, x->key.route, 32);
    x->p.gen = 1;
    x->p.of = 1;
    memcpy(x->p.aud_id, aud, KAI_ID_BYTES);
    memcpy(x->p.commit, x->key.commit, KAI_ID_BYTES);
    x->l.has_minter = true;
    x->l.members = member->id;
    x->l.n_members = 1;
    memcpy(x->l.minter_cert, by->cert, KAI_ID_BYTES);
}

static void finish(struct orgs *t, struct lie *x)
{
    uint8_t slots[8 * KAI_SLOT_BYTES], relay[KAI_SLOT_BYTES], eph_sk[KAI_KEY_BYTES];
    uint8_t nonce[KAI_NONCE_BYTES], leaf[KAI_ID_BYTES];
    struct kai_buf body, list;
    struct tsub log;
    struct kai_slot_ctx ctx = {.domain = KAI_D_WRAP,
                               .nid = t->w.charter.nid,
                               .aud_id = x->p.aud_id,
                               .commit = x->p.commit,
                               .eph_pk = x->p.eph_pk};
    struct kai_hdr h = {.seq = 1, .ts = t->ts, .ptype = KAI_PTYPE_EPOCH};

    world_key(&t->w, &log);
    world_fill(&t->w, eph_sk, sizeof eph_sk);
    world_fill(&t->w, nonce, sizeof nonce);
    world_fill(&t->w, slots, sizeof slots);
    assert_int_equal(crypto_scalarmult_base(x->p.eph_pk, eph_sk), 0);
    MUST(kai_slot_make(slots, &ctx, eph_sk, x->member->kx_pk, x->slot_key));
    kai_slots_sort(slots, 8);
    x->p.slots = kai_view_of(slots, sizeof slots);
    if (x->relay != NULL) {
        ctx.domain = KAI_D_RWRAP;
        MUST(kai_slot_make(relay, &ctx, eph_sk, x->relay->kx_pk, x->relay_key));
        x->p.relay_slots = kai_view_of(relay, sizeof relay);
    }
    kai_epoch_leaf(leaf, x->key.route, x->member->id);
    kai_merkle_root(x->p.members_root, (uint8_t(*)[KAI_ID_BYTES])leaf, 1);
    kai_buf_init(&body, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&list, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&x->payload, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&x->entry.bytes, 4096);
    kai_epoch_signed(&body, &x->p, &x->l, log.log.pk);
    kai_sign(x->l.sig, x->by->log.sk, KAI_SIG_EPOCH, t->w.charter.nid, body.p, body.len);
    MUST(kai_epoch_list_seal(&list, &x->l, &x->p, x->key.route, t->w.charter.nid, log.log.pk, 1,
                             nonce));
    x->p.list = kai_buf_view(&list);
    kai_epoch_write(&x->payload, &x->p);
    memcpy(h.log_pk, log.log.pk, KAI_KEY_BYTES);
    memcpy(h.kid, x->key.commit, KAI_TAG_BYTES);
    memcpy(h.tag, x->key.tag, KAI_TAG_BYTES);
    MUST(kai_entry_make(&x->entry.e, &x->entry.bytes, &h, log.log.sk, t->w.charter.nid,
                        kai_buf_view(&x->payload)));
    kai_buf_free(&body);
    kai_buf_free(&list);
}

static void drop(struct lie *x)
{
    kai_buf_free(&x->entry.bytes);
    kai_buf_free(&x->payload);
}

static void start(struct orgs *t, uint8_t *aud)
{
    struct kai_admit terms = world_terms(KAI_ADMIT_ORG);

    terms.caps = KAI_CAP_PUBLISH | KAI_CAP_RELAY;
    orgs_start(t, 31);
    for (size_t i = 0; i < 3; i++)
        orgs_add(t, 0, &terms);
    struct kai_aud_rec rec = orgs_rec(t, 0, KAI_AUD_COMMUNITY, 2);
    orgs_audience(t, 0, &rec, aud);
}

/* The slot of one member holds another key than the commit says: it is refused, and there is no
 * second commit under which that member would be alone. */
static void different_keys(void **state)
{
    (void)state;
    static struct orgs t;
    struct lie x;
    uint8_t aud[KAI_ID_BYTES], in[KAI_ID_BYTES];
    struct kai_epoch e;

    start(&t, aud);
    struct kai_keyring *k = orgs_ring(&t, 1);
    begin(&t, &x, aud, &t.o[0].node, &t.o[1].node);
    x.slot_key[0] ^= 1;
    finish(&t, &x);
    assert_int_equal(kai_keyring_epoch(k, &x.entry.e, in), KAI_EAUTH);
    assert_int_equal(kai_keyring_write_epoch(k, aud, &e), KAI_ENOTFOUND);
    assert_null(kai_keyring_kid(k, aud, x.key.commit));
    drop(&x);
    begin(&t, &x, aud, &t.o[0].node, &t.o[1].node);
    finish(&t, &x); /* The same without the lie. */
    MUST(kai_keyring_epoch(k, &x.entry.e, in));
    MUST(kai_keyring_write_epoch(k, aud, &e));
    drop(&x);
    /* A second entry, right in all but that its key is not the one its commit is of: two members
     * would write under one name, each where the other cannot read. */
    begin(&t, &x, aud, &t.o[0].node, &t.o[1].node);
    uint8_t one[KAI_ID_BYTES];
    memcpy(one, x.key.commit, KAI_ID_BYTES);
    world_fill(&t.w, x.key.key, KAI_KEY_BYTES);
    kai_epoch_derive(&x.key);
    memcpy(x.slot_key, x.key.key, 32);
    memcpy(x.key.commit, one, KAI_ID_BYTES);
    finish(&t, &x);
    assert_int_equal(kai_keyring_epoch(k, &x.entry.e, in), KAI_EAUTH);
    assert_null(kai_keyring_kid(k, aud, one));
    drop(&x);
    /* A relay that is told another routing secret learns nothing. */
    struct kai_keyring *relay = orgs_ring(&t, 2);
    begin(&t, &x, aud, &t.o[0].node, &t.o[1].node);
    x.relay = &t.o[2].node;
    x.relay_key[31] ^= 1;
    finish(&t, &x);
    assert_int_equal(kai_keyring_epoch(relay, &x.entry.e, in), KAI_EAUTH);
    const struct kai_epoch *held;
    assert_int_equal(kai_keyring_epochs(relay, aud, &held), 0);
    drop(&x);
    begin(&t, &x, aud, &t.o[0].node, &t.o[1].node);
    x.relay = &t.o[2].node;
    finish(&t, &x);
    MUST(kai_keyring_epoch(relay, &x.entry.e, in));
    assert_int_equal(kai_keyring_epochs(relay, aud, &held), 1);
    assert_true(held->route_only);
    drop(&x);
    kai_keyring_free(relay);
    kai_keyring_free(k);
    orgs_stop(&t);
}

static void generations(void **state)
{
    (void)state;
    static struct orgs t;
    static const struct {
        uint64_t gen;
        size_t preds;
        enum kai_err want;
    } rows[] = {
        {1, 0, KAI_OK},
        {0, 0, KAI_EMALFORMED},
        {2, 0, KAI_EMALFORMED},
        {1, 1, KAI_EMALFORMED},
        {INT64_MAX, 1, KAI_EMALFORMED},
        {(uint64_t)UINT32_MAX + 1, 1, KAI_EMALFORMED},
    };
    uint8_t aud[KAI_ID_BYTES], in[KAI_ID_BYTES];
    struct lie x;

    start(&t, aud);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_keyring *k = orgs_ring(&t, 1);

        begin(&t, &x, aud, &t.o[0].node, &t.o[1].node);
        x.key.gen = x.p.gen = rows[i].gen;
        x.p.n_preds = rows[i].preds;
        kai_epoch_derive(&x.key);
        memcpy(x.p.commit, x.key.commit, KAI_ID_BYTES);
        finish(&t, &x);
        enum kai_err err = kai_keyring_epoch(k, &x.entry.e, in);
        if (err != rows[i].want && !(rows[i].want == KAI_EMALFORMED && err == KAI_ELIMIT))
            fail_msg("row %zu: %s", i, kai_err_text(err));
        drop(&x);
        kai_keyring_free(k);
    }
    /* The highest there is: nothing can follow it, and nobody writes under it, for it follows none
     * that is held. */
    struct kai_keyring *k = orgs_ring(&t, 0);
    struct kai_epoch e;
    begin(&t, &x, aud, &t.o[0].node, &t.o[0].node);
    x.key.gen = x.p.gen = UINT32_MAX;
    x.p.n_preds = 1;
    kai_epoch_derive(&x.key);
    memcpy(x.p.commit, x.key.commit, KAI_ID_BYTES);
    finish(&t, &x);
    MUST(kai_keyring_epoch(k, &x.entry.e, in));
    assert_int_equal(kai_keyring_write_epoch(k, aud, &e), KAI_EAGAIN);
    assert_int_equal(orgs_duties(&t, k, 1000), 1);
    MUST(kai_keyring_write_epoch(k, aud, &e));
    assert_int_equal(e.gen, 1);
    drop(&x);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* Every bit of an EPOCH entry: of its header and signature, and of its payload. */
static void every_bit_counts(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t aud[KAI_ID_BYTES], in[KAI_ID_BYTES];
    struct lie x;
    size_t learned = 0;

    start(&t, aud);
    struct kai_keyring *k = orgs_ring(&t, 1);
    begin(&t, &x, aud, &t.o[0].node, &t.o[1].node);
    finish(&t, &x);
    uint64_t version = kai_keyring_version(k);
    size_t hdr = x.entry.e.hdr.n, sig = x.entry.e.sig.n, pay = x.entry.e.payload.n;
    uint8_t *b = malloc(hdr + sig + pay);
    for (size_t i = 0; i < (hdr + sig + pay) * 8; i += i < (hdr + sig) * 8 ? 1 : 13) {
        struct kai_entry e;

        memcpy(b, x.entry.e.hdr.p, hdr);
        memcpy(b + hdr, x.entry.e.sig.p, sig);
        memcpy(b + hdr + sig, x.entry.e.payload.p, pay);
        b[i / 8] ^= (uint8_t)(1u << (i % 8));
        enum kai_err err = kai_entry_init(&e, kai_view_of(b, hdr), kai_view_of(b + hdr, sig),
                                          kai_view_of(b + hdr + sig, pay));
        learned += err == KAI_OK && kai_keyring_epoch(k, &e, in) == KAI_OK;
        if (kai_keyring_version(k) != version)
            fail_msg("bit %zu taught it something", i);
    }
    assert_int_equal(learned, 0);
    MUST(kai_keyring_epoch(k, &x.entry.e, in));
    free(b);
    drop(&x);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* The statement's signature is another's; the header is in order. */
static void not_its_minter(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t aud[KAI_ID_BYTES], in[KAI_ID_BYTES];
    struct lie x;
    struct tsub two;

    start(&t, aud);
    struct kai_keyring *k = orgs_ring(&t, 1);
    two = t.o[2].node;
    memcpy(two.cert, t.o[0].node.cert, KAI_ID_BYTES); /* A member that names the steward. */
    begin(&t, &x, aud, &two, &t.o[1].node);
    finish(&t, &x);
    assert_int_equal(kai_keyring_epoch(k, &x.entry.e, in), KAI_EAUTH);
    assert_null(kai_keyring_kid(k, aud, x.key.commit));
    drop(&x);
    /* One without a minter is a letter's, and an audience has none. */
    begin(&t, &x, aud, &t.o[0].node, &t.o[1].node);
    x.l.has_minter = false;
    finish(&t, &x);
    assert_int_equal(kai_keyring_epoch(k, &x.entry.e, in), KAI_EDENIED);
    assert_null(kai_keyring_kid(k, aud, x.key.commit));
    drop(&x);
    /* Nor does a stranger's count, of another kind of node or none. */
    struct kai_admit mark = world_terms(KAI_ADMIT_ORG);
    mark.caps |= KAI_CAP_PROVIDER;
    size_t out = orgs_add(&t, 0, &mark);
    orgs_refresh(&t);
    MUST(kai_keyring_roster(k, t.r));
    begin(&t, &x, aud, &t.o[out].node, &t.o[1].node);
    finish(&t, &x);
    assert_int_equal(kai_keyring_epoch(k, &x.entry.e, in), KAI_EDENIED);
    drop(&x);
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* A mailbox epoch says nothing that only stewards say. */
static void letters_with_more_in_them(void **state)
{
    (void)state;
    static struct orgs t;
    uint8_t aud[KAI_ID_BYTES], in[KAI_ID_BYTES], box[KAI_ID_BYTES];
    struct lie x;

    start(&t, aud);
    kai_mailbox_id(box, t.o[1].org.id);
    struct kai_keyring *k = orgs_ring(&t, 1);
    for (int i = 0; i < 3; i++) {
        begin(&t, &x, box, &t.o[2].node, &t.o[1].node);
        kai_mailbox_route(x.key.route, x.key.tag, t.w.charter.nid, box);
        x.l.has_minter = i == 1;
        x.relay = i == 2 ? &t.o[3].node : NULL;
        finish(&t, &x);
        enum kai_err err = kai_keyring_epoch(k, &x.entry.e, in);
        assert_int_equal(err, i == 0 ? KAI_OK : KAI_EMALFORMED);
        assert_true((kai_keyring_kid(k, box, x.key.commit) != NULL) == (i == 0));
        drop(&x);
    }
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* EPOCHs of made-up generations, high ones, with slots for nobody who hears them here. */
static void made_up(struct orgs *t, struct kai_keyring *k, const uint8_t *aud, size_t n)
{
    uint8_t in[KAI_ID_BYTES];
    struct lie x;

    for (size_t i = 0; i < n; i++) {
        begin(t, &x, aud, &t->o[2].node, &t->o[2].node);
        x.key.gen = x.p.gen = 1000 + i;
        x.p.n_preds = 1;
        world_fill(&t->w, x.p.preds[0], KAI_ID_BYTES);
        kai_epoch_derive(&x.key);
        memcpy(x.p.commit, x.key.commit, KAI_ID_BYTES);
        finish(t, &x);
        enum kai_err err = kai_keyring_epoch(k, &x.entry.e, in);
        assert_true(err == KAI_ENOTFOUND || err == KAI_ELIMIT);
        drop(&x);
    }
}

/* A newcomer cannot open what its first epoch follows. Another member's made-up ones, before or
 * after, do not make it forget that there was such a one. */
static void made_up_ones_push_out_nothing(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_aud_rec rec;
    uint8_t aud[KAI_ID_BYTES];
    struct kai_epoch e;
    const size_t many = KAI_EPOCHS_PER_AUDIENCE_MAX + 10;

    struct kai_keyring *k = orgs_community(&t, 34, 3, &rec, aud);
    assert_int_equal(orgs_duties(&t, k, 1000), 1);
    world_remove(&t.w, &t.o[3].issuing.log, t.o[3].node.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_news(&t, &k, 1);
    assert_int_equal(orgs_duties(&t, k, 400000), 1);
    size_t late = orgs_add(&t, 0, NULL);
    orgs_news(&t, &k, 1);
    assert_int_equal(orgs_duties(&t, k, 500000), 1); /* Added to the second. */
    assert_int_equal(t.n_heard, 3);
    for (int before = 0; before < 2; before++) {
        struct kai_keyring *newcomer = orgs_ring(&t, late);

        made_up(&t, newcomer, aud, before ? many : 0);
        (void)orgs_hear(&t, newcomer, 0);
        made_up(&t, newcomer, aud, before ? 0 : many);
        MUST(kai_keyring_write_epoch(newcomer, aud, &e));
        assert_int_equal(e.gen, 2);
        kai_keyring_free(newcomer);
    }
    kai_keyring_free(k);
    orgs_stop(&t);
}

/* An issuing key has four places. It fills them, and then replaces one certificate again and again:
 * each time the last alone stands, and no further place comes of it. */
static void replaced_for_ever(void **state)
{
    (void)state;
    static struct orgs t;
    struct kai_admit terms = world_terms(KAI_ADMIT_NODE);
    struct kai_admit few = world_terms(KAI_ADMIT_ISSUING);
    struct tsub key, n[4], last;

    orgs_start(&t, 33);
    world_key(&t.w, &key);
    few.max_children = 4;
    world_admit(&t.w, &t.o[0].org.log, &key, KAI_ADMIT_ISSUING, &few);
    for (size_t i = 0; i < 4; i++) {
        world_key(&t.w, &n[i]);
        world_admit(&t.w, &key.log, &n[i], KAI_ADMIT_NODE, NULL);
    }
    last = n[0];
    for (int i = 0; i < 300; i++) {
        struct tsub next;

        terms.has_replaces = true;
        memcpy(terms.replaces, last.cert, KAI_ID_BYTES);
        world_key(&t.w, &next);
        world_admit(&t.w, &key.log, &next, KAI_ADMIT_NODE, &terms);
        last = next;
        /* And one that replaces what was replaced already: no place. */
        world_key(&t.w, &next);
        memcpy(terms.replaces, n[0].cert, KAI_ID_BYTES);
        world_admit(&t.w, &key.log, &next, KAI_ADMIT_NODE, &terms);
    }
    orgs_refresh(&t);
    const struct kai_node *nodes;
    size_t active = 0, all = kai_roster_nodes(t.r, &nodes);
    for (size_t i = 0; i < all; i++)
        active += nodes[i].active;
    assert_int_equal(active, 1 + 4); /* The founder's own node, and the four. */
    assert_true(kai_roster_node(t.r, last.id)->active);
    assert_false(kai_roster_node(t.r, n[0].id)->active);
    orgs_stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(different_keys),
        cmocka_unit_test(generations),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(not_its_minter),
        cmocka_unit_test(letters_with_more_in_them),
        cmocka_unit_test(made_up_ones_push_out_nothing),
        cmocka_unit_test(replaced_for_ever),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
