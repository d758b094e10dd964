/* test_log_vectors_acts: the golden bytes of tests/vectors/acts.txt: release, recall, re-share,
 * notices, and a RED OBJ with what it opens to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "crypto/sign.h"
#include "log/acts.h"
#include "log/golden.h"
#include "log/log_util.h"
#include "log/red.h"

#define HEAD                                                                                       \
    "# Golden bytes of docs/protocol.md 5, acts and RED: name = hex. Inputs first.\n"              \
    "# RED: random_N is the Nth draw of fresh bytes, in order: OBJ key, ephemeral secret, the\n"   \
    "# padding slots, then a nonce for each content.\n"

static struct {
    uint8_t nid[32], seed[32], aud_id[32], target[32], cert[32], obj_hash[32];
    uint8_t pk[32], sk[64];
    uint8_t person_sk[2][32], person_pk[2][32], person_secret[32];
} fx;
static struct rng draws;
static unsigned drawn;
static struct kai_buf out;

static void inputs(void)
{
    struct rng r = {2};

    golden_begin(HEAD);
    rng_fill(&r, fx.nid, 32);
    rng_fill(&r, fx.seed, 32);
    rng_fill(&r, fx.aud_id, 32);
    rng_fill(&r, fx.target, 32);
    rng_fill(&r, fx.cert, 32);
    rng_fill(&r, fx.obj_hash, 32);
    rng_fill(&r, fx.person_secret, 32);
    (void)crypto_sign_seed_keypair(fx.pk, fx.sk, fx.seed);
    golden_say("nid", fx.nid, 32);
    golden_say("node_seed", fx.seed, 32);
    golden_say("node_pk", fx.pk, 32);
    golden_say("aud_id", fx.aud_id, 32);
    golden_say("target_aud_id", fx.target, 32);
    golden_say("cert", fx.cert, 32);
    golden_say("obj_hash", fx.obj_hash, 32);
    golden_say("person_secret", fx.person_secret, 32);
    for (size_t i = 0; i < 2; i++) {
        rng_fill(&r, fx.person_sk[i], 32);
        (void)crypto_scalarmult_base(fx.person_pk[i], fx.person_sk[i]);
        golden_say(i == 0 ? "person_0_kx_sk" : "person_1_kx_sk", fx.person_sk[i], 32);
        golden_say(i == 0 ? "person_0_kx_pk" : "person_1_kx_pk", fx.person_pk[i], 32);
    }
}

static void said(const char *name)
{
    golden_say_buf(name, &out);
    kai_buf_clear(&out);
}

static void acts(void)
{
    struct kai_release rel = {.n_auds = 1, .created = 1767225600000u};
    struct kai_recall rec = {
        .reason = KAI_RECALL_WRONG, .text = "wrong", .created = 1767225600001u};

    memcpy(rel.obj_hash, fx.obj_hash, 32);
    memcpy(rel.aud[0], fx.target, 32);
    memcpy(rel.origin_cert, fx.cert, 32);
    memcpy(rec.obj_hash, fx.obj_hash, 32);
    memcpy(rec.origin_cert, fx.cert, 32);
    kai_release_write(&out, &rel, fx.sk, fx.nid);
    said("release_item_all_to_target");
    rel.any = rel.has_label = rel.exercise = true;
    rel.tlp = 2;
    rel.pap = 3;
    rel.indexes = (struct kai_indexes){.n = 2, .at = {1, 300}};
    kai_release_write(&out, &rel, fx.sk, fx.nid);
    said("release_item_indexes_1_300_green_pap_amber_exercise_any");
    kai_recall_write(&out, &rec, fx.sk, fx.nid);
    said("recall_item_all_reason_1");
}

static void reshares(void)
{
    struct kai_content c = {.kind = 1, .content = kai_view_of("{}", 2)};
    struct kai_content other = {.index = 1, .kind = 1, .content = kai_view_of("[]", 2)};
    struct kai_obj o = {.tlp = 3, .n_auds = 1, .created = 1767225600000u, .n = 2};
    uint8_t leaves[2][KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];
    uint8_t id[KAI_ID_BYTES];
    struct kai_buf obj;

    memset(c.salt, 0x10, 16);
    memset(other.salt, 0x11, 16);
    kai_item_id(id, 1, c.content);
    kai_item_leaf(leaves[0], c.salt, id);
    kai_item_id(id, 1, other.content);
    kai_item_leaf(leaves[1], other.salt, id);
    memcpy(c.path.hash[0], leaves[1], 32);
    c.path.n = 1;
    c.has_path = true;
    kai_merkle_root(o.root, leaves, 2);
    memcpy(o.aud[0], fx.aud_id, 32);
    memcpy(o.origin_cert, fx.cert, 32);
    kai_buf_init(&obj, 4096);
    kai_obj_write(&obj, &o);
    kai_sign(sig, fx.sk, KAI_SIG_OBJ, fx.nid, obj.p, obj.len);
    struct kai_reshare r = {.obj = kai_buf_view(&obj), .sig = kai_view_of(sig, sizeof sig)};
    memcpy(r.from_aud, fx.aud_id, 32);
    memcpy(r.sharer_cert, fx.cert, 32);
    kai_reshare_write(&out, &r, &c, 1, fx.sk, fx.nid);
    said("reshare_item_index_0_of_2_no_release_no_proof");
    kai_buf_free(&obj);
}

static void notices(void)
{
    struct kai_receipt_row row = {.held = 2, .read = 1, .acted = 0};
    struct kai_request request = {
        .target_kind = 4, .target_name = "towns", .reason = "asked", .created = 1767225600002u};
    struct kai_refusal refusal = {.reason = "no", .created = 1767225600003u};
    struct kai_violation violation = {.code = "reshare.amber", .seq = 9};
    struct kai_sighting sighting = {.index = 4, .count = 17, .first = 1, .last = 2};
    struct kai_contribution contribution = {.wish = "wish"};

    memcpy(row.obj_hash, fx.obj_hash, 32);
    memcpy(request.obj_hash, fx.obj_hash, 32);
    memcpy(request.target, fx.target, 32);
    memcpy(refusal.obj_hash, fx.obj_hash, 32);
    memcpy(refusal.target, fx.target, 32);
    memcpy(violation.obj_hash, fx.obj_hash, 32);
    memcpy(violation.log_pk, fx.pk, 32);
    memcpy(sighting.obj_hash, fx.obj_hash, 32);
    memcpy(contribution.obj_hash, fx.obj_hash, 32);
    kai_receipt_write(&out, 1767225600000u, 1767226200000u, &row, 1);
    said("notice_receipt_held_2_read_1");
    kai_request_write(&out, &request);
    said("notice_request_all");
    kai_refusal_write(&out, &refusal);
    said("notice_refusal");
    kai_violation_write(&out, &violation);
    said("notice_violation_seq_9");
    kai_sighting_write(&out, &sighting);
    said("notice_sighting");
    kai_contribution_write(&out, &contribution);
    said("notice_contribution");
}

static void draw(void *ctx, void *p, size_t n)
{
    char name[32];

    (void)ctx;
    rng_fill(&draws, p, n);
    (void)snprintf(name, sizeof name, "random_%u", drawn++);
    golden_say(name, p, n);
}

static void red(void)
{
    struct kai_red_content c[2] = {{1, {(const uint8_t *)"{}", 2}}, {2, {(const uint8_t *)"l", 1}}};
    struct kai_red_content back[2];
    size_t ends[2];
    struct kai_buf sealed;
    struct kai_red_draft d = {
        .nid = fx.nid,
        .obj = {.tlp = 5, .pap = 4, .n_auds = 1, .created = 1767225600000u, .n = 2},
        .persons = (const uint8_t(*)[KAI_KEY_BYTES])fx.person_pk,
        .n_persons = 2,
        .secret = fx.person_secret,
        .contents = c,
        .random = draw,
    };

    draws.state = 3;
    memcpy(d.obj.aud[0], fx.aud_id, 32);
    memcpy(d.obj.origin_cert, fx.cert, 32);
    kai_buf_init(&sealed, 65536);
    assert_int_equal(kai_red_seal(&out, &sealed, ends, &d), KAI_OK);
    golden_say_buf("red_obj_pap_red", &out);
    golden_say("red_content_0_kind_1_empty_object", sealed.p, ends[0]);
    golden_say("red_content_1_kind_2_letter_l", sealed.p + ends[0], ends[1] - ends[0]);
    struct kai_view parts[2] = {{sealed.p, ends[0]}, {sealed.p + ends[0], ends[1] - ends[0]}};
    for (size_t i = 0; i < 2; i++) {
        struct kai_red_reader who = {fx.nid, fx.person_pk[i], fx.person_sk[i]};
        struct kai_buf plain;

        kai_buf_init(&plain, 65536);
        assert_int_equal(kai_red_open(&plain, back, &who, kai_buf_view(&out), parts, 2), KAI_OK);
        assert_true(kai_view_eq(back[1].content, c[1].content));
        kai_buf_free(&plain);
    }
    kai_buf_free(&sealed);
}

static void test_vectors(void **state)
{
    (void)state;
    assert_true(sodium_init() >= 0);
    kai_buf_init(&out, 65536);
    inputs();
    acts();
    reshares();
    notices();
    red();
    golden_end(KAI_VECTORS);
    kai_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
