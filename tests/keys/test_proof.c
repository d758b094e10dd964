/* Proofs of membership, and what is wrong with each of those that are none. */
#include "keys/proof.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/sign.h"
#include "keys/epoch.h"
#include "keys/orgs.h"
#include "log/merkle.h"
#include "wire/put.h"

struct scene {
    struct orgs t;
    struct kai_keyring *steward, *member;
    uint8_t aud[KAI_ID_BYTES], other[KAI_ID_BYTES];
    struct kai_buf proof;
};

static void start(struct scene *s, size_t members)
{
    struct kai_admit terms = world_terms(KAI_ADMIT_ORG);

    terms.caps = KAI_CAP_PUBLISH;
    orgs_start(&s->t, 9);
    for (size_t i = 0; i < members; i++)
        orgs_add(&s->t, 0, &terms);
    struct kai_aud_rec rec = orgs_rec(&s->t, 0, KAI_AUD_COMMUNITY, 2);
    orgs_audience(&s->t, 0, &rec, s->aud);
    rec.nonce[5] = 1;
    orgs_audience(&s->t, 0, &rec, s->other);
    s->steward = orgs_ring(&s->t, 0);
    assert_int_equal(orgs_duties(&s->t, s->steward, 1000), 2);
    s->member = orgs_ring(&s->t, 2);
    kai_buf_init(&s->proof, KAI_MEMBER_PROOF_BYTES_MAX);
}

static void stop(struct scene *s)
{
    kai_buf_free(&s->proof);
    kai_keyring_free(s->steward);
    kai_keyring_free(s->member);
    orgs_stop(&s->t);
}

static enum kai_err check(const struct scene *s, const uint8_t *aud, size_t org)
{
    return kai_member_proof_check(s->t.r, aud, s->t.o[org].node.id, kai_buf_view(&s->proof));
}

static void a_member_proves_it(void **state)
{
    (void)state;
    static struct scene s;

    start(&s, 11);
    assert_int_equal(kai_member_proof_make(s.member, s.aud, &s.proof), KAI_ENOTFOUND);
    MUST(orgs_hear(&s.t, s.member, 0));
    MUST(kai_member_proof_make(s.member, s.aud, &s.proof));
    MUST(check(&s, s.aud, 2));
    assert_int_equal(check(&s, s.aud, 3), KAI_EAUTH);   /* Another node's. */
    assert_int_equal(check(&s, s.other, 2), KAI_EAUTH); /* Another audience's. */
    /* Of the public audience and of mailboxes there is none. */
    uint8_t box[KAI_ID_BYTES];
    kai_mailbox_id(box, s.t.o[1].org.id);
    assert_int_equal(kai_member_proof_make(s.member, box, &s.proof), KAI_ENOTFOUND);
    stop(&s);
}

/* What is added later proves it as well; and so does one whom the next epoch leaves out. */
static void of_then(void **state)
{
    (void)state;
    static struct scene s;

    start(&s, 3);
    size_t late = orgs_add(&s.t, 0, NULL);
    orgs_refresh(&s.t);
    MUST(kai_keyring_roster(s.steward, s.t.r));
    assert_int_equal(orgs_duties(&s.t, s.steward, 2000), 2);
    struct kai_keyring *k = orgs_ring(&s.t, late);
    (void)!orgs_hear(&s.t, k, 0);
    MUST(kai_member_proof_make(k, s.aud, &s.proof));
    MUST(check(&s, s.aud, late));
    world_remove(&s.t.w, &s.t.o[0].issuing.log, s.t.o[late].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&s.t);
    MUST(check(&s, s.aud, late)); /* That it was. Whether it is the roster tells. */
    kai_keyring_free(k);
    stop(&s);
}

static void only_of_a_steward(void **state)
{
    (void)state;
    static struct scene s;
    struct kai_duty d;

    start(&s, 3);
    MUST(orgs_hear(&s.t, s.member, 0));
    /* Its own epoch proves nothing: it minted that for itself. */
    world_remove(&s.t.w, &s.t.o[0].issuing.log, s.t.o[3].org.cert, KAI_REVOKE_LEFT, NULL, 0);
    orgs_refresh(&s.t);
    MUST(kai_keyring_roster(s.member, s.t.r));
    assert_int_equal(kai_keyring_want(s.member, s.aud, 5000, &d), KAI_EAGAIN);
    MUST(kai_keyring_want(s.member, s.aud, 5000 + KAI_SELF_EPOCH_MS, &d));
    size_t from = s.t.n_heard;
    MUST(orgs_mint(&s.t, s.member, &d));
    free(d.members);
    struct kai_keyring *blank = orgs_ring(&s.t, 2);
    MUST(orgs_hear(&s.t, blank, from));
    assert_int_equal(kai_member_proof_make(blank, s.aud, &s.proof), KAI_ENOTFOUND);
    kai_keyring_free(blank);
    /* A steward's proof stays good when it is no steward any more, as long as it is attested. */
    MUST(kai_member_proof_make(s.member, s.aud, &s.proof));
    MUST(check(&s, s.aud, 2));
    struct kai_aud_rec rec = orgs_rec(&s.t, 0, KAI_AUD_COMMUNITY, 2);
    rec.ver = 2;
    rec.n_stewards = 0;
    orgs_audience(&s.t, 0, &rec, s.aud);
    MUST(check(&s, s.aud, 2));
    /* An audience that never had it as steward does not take its word. */
    struct kai_roster *r = s.t.r;
    uint8_t empty[KAI_ID_BYTES] = {3};
    assert_int_equal(kai_member_proof_check(r, empty, s.t.o[2].node.id, kai_buf_view(&s.proof)),
                     KAI_EAUTH);
    assert_false(kai_roster_was_steward(r, empty, orgs_node(&s.t, 0)));
    assert_true(kai_roster_was_steward(r, s.aud, orgs_node(&s.t, 0)));
    assert_false(kai_roster_was_steward(r, s.aud, orgs_node(&s.t, 1)));
    stop(&s);
}

/* A member signs a statement of its own about another audience's members, in all else in order. */
static void made_up(void **state)
{
    (void)state;
    static struct scene s;
    struct kai_epoch_part p = {.gen = 1};
    struct kai_epoch_list l = {0};
    uint8_t sig[KAI_SIG_BYTES], salt[KAI_EPOCH_SALT_BYTES] = {4}, leaf[1][KAI_ID_BYTES];
    struct kai_buf body;

    start(&s, 3);
    memcpy(p.aud_id, s.aud, KAI_ID_BYTES);
    kai_epoch_salted_leaf(leaf[0], salt, s.t.o[3].node.id);
    kai_merkle_root(p.members_root, leaf, 1);
    for (size_t by = 0; by < 2; by++) { /* The steward, for comparison; and a member. */
        kai_buf_init(&body, KAI_MEMBER_PROOF_BYTES_MAX);
        kai_epoch_signed(&body, &p, &l, s.t.o[1].issuing.log.pk);
        kai_sign(sig, s.t.o[by].node.log.sk, KAI_SIG_EPOCH, s.t.w.charter.nid, body.p, body.len);
        kai_buf_clear(&s.proof);
        kai_put_array(&s.proof, 8);
        kai_put_view(&s.proof, kai_buf_view(&body));
        kai_put_bin(&s.proof, s.t.o[by].node.cert, KAI_ID_BYTES);
        kai_put_bin(&s.proof, sig, sizeof sig);
        kai_put_bin(&s.proof, salt, sizeof salt);
        kai_put_uint(&s.proof, 0);
        kai_put_uint(&s.proof, 1);
        kai_put_array(&s.proof, 0);
        kai_put_no_ext(&s.proof);
        assert_int_equal(check(&s, s.aud, 3), by == 0 ? KAI_OK : KAI_EDENIED);
        kai_buf_free(&body);
    }
    stop(&s);
}

static void every_bit_counts(void **state)
{
    (void)state;
    static struct scene s;

    start(&s, 6);
    MUST(orgs_hear(&s.t, s.member, 0));
    MUST(kai_member_proof_make(s.member, s.aud, &s.proof));
    uint8_t *copy = malloc(s.proof.len + 1);
    for (size_t i = 0; i < s.proof.len * 8; i++) {
        memcpy(copy, s.proof.p, s.proof.len);
        copy[i / 8] ^= (uint8_t)(1u << (i % 8));
        if (kai_member_proof_check(s.t.r, s.aud, s.t.o[2].node.id,
                                   kai_view_of(copy, s.proof.len)) == KAI_OK)
            fail_msg("bit %zu does not count", i);
    }
    for (size_t n = 0; n < s.proof.len; n++) {
        uint8_t *less = malloc(n + 1); /* So that a read past the end is seen. */

        memcpy(less, s.proof.p, n);
        assert_int_not_equal(
            kai_member_proof_check(s.t.r, s.aud, s.t.o[2].node.id, kai_view_of(less, n)), KAI_OK);
        free(less);
    }
    copy[s.proof.len] = 0;
    memcpy(copy, s.proof.p, s.proof.len);
    assert_int_not_equal(
        kai_member_proof_check(s.t.r, s.aud, s.t.o[2].node.id, kai_view_of(copy, s.proof.len + 1)),
        KAI_OK);
    free(copy);
    stop(&s);
}

/* The largest: 4,096 members need a path of 12. */
static void fits_its_bound(void **state)
{
    (void)state;
    static struct scene s;

    start(&s, 3);
    MUST(orgs_hear(&s.t, s.member, 0));
    MUST(kai_member_proof_make(s.member, s.aud, &s.proof));
    assert_true(s.proof.len + KAI_MERKLE_PATH_MAX * 34 +
                    (KAI_EPOCH_PREDS_MAX + KAI_REMOVALS_MAX) * 34 <=
                KAI_MEMBER_PROOF_BYTES_MAX);
    struct kai_buf small;
    kai_buf_init(&small, 64);
    assert_int_equal(kai_member_proof_make(s.member, s.aud, &small), KAI_ELIMIT);
    kai_buf_free(&small);
    stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_proves_it), cmocka_unit_test(of_then),
        cmocka_unit_test(only_of_a_steward),  cmocka_unit_test(made_up),
        cmocka_unit_test(every_bit_counts),   cmocka_unit_test(fits_its_bound),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
