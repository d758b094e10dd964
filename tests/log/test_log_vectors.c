/* test_log_vectors: the golden bytes of tests/vectors/log.txt, which another implementation can
 * use.
 *
 * KAIRAN_VECTORS_WRITE=1 writes the file anew (golden.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "log/golden.h"
#include "log/log_util.h"

#define HEAD                                                                                       \
    "# Golden bytes of docs/protocol.md 5: name = hex. Inputs first, then what is made of them.\n" \
    "# What is random elsewhere is \"fresh\" here; integers are in the names.\n"

/* Keys whose seeds say what they are. */
struct fixed {
    uint8_t nid[32], epoch_key[32], log_seed[32], node_seed[32], aud_id[32], cert[32];
    uint8_t log_pk[32], log_sk[64], node_pk[32], node_sk[64];
    uint8_t prev[32], salt[32], tag[16], kid[16], fresh[56];
};

static struct fixed fx;

static void inputs(void)
{
    golden_begin(HEAD);
    struct rng r = {1}; /* Nothing that compresses: the bytes must not depend on a libzstd. */
    rng_fill(&r, fx.nid, 32);
    rng_fill(&r, fx.epoch_key, 32);
    rng_fill(&r, fx.log_seed, 32);
    rng_fill(&r, fx.node_seed, 32);
    rng_fill(&r, fx.aud_id, 32);
    rng_fill(&r, fx.cert, 32);
    rng_fill(&r, fx.prev, 32);
    rng_fill(&r, fx.salt, 32);
    rng_fill(&r, fx.tag, 16);
    rng_fill(&r, fx.kid, 16);
    rng_fill(&r, fx.fresh, 56);
    (void)crypto_sign_seed_keypair(fx.log_pk, fx.log_sk, fx.log_seed);
    (void)crypto_sign_seed_keypair(fx.node_pk, fx.node_sk, fx.node_seed);
    golden_say("nid", fx.nid, 32);
    golden_say("epoch_key", fx.epoch_key, 32);
    golden_say("log_seed", fx.log_seed, 32);
    golden_say("log_pk", fx.log_pk, 32);
    golden_say("node_seed", fx.node_seed, 32);
    golden_say("node_pk", fx.node_pk, 32);
    golden_say("aud_id", fx.aud_id, 32);
    golden_say("cert", fx.cert, 32);
    golden_say("prev", fx.prev, 32);
    golden_say("salt", fx.salt, 32);
    golden_say("tag", fx.tag, 16);
    golden_say("kid", fx.kid, 16);
    golden_say("fresh", fx.fresh, 56);
}

static void bind(struct kai_buf *out, bool previous)
{
    struct kai_bind b = {.incarnation = previous ? 2 : 1, .has_previous = previous};

    memcpy(b.log_pk, fx.log_pk, 32);
    memcpy(b.node_cert, fx.cert, 32);
    memcpy(b.aud_id, fx.aud_id, 32);
    if (previous)
        memcpy(b.previous, fx.prev, 32);
    memcpy(b.salt, fx.salt, 32);
    kai_bind_write(out, &b, fx.node_sk, fx.nid);
}

static void items(void)
{
    static const char *const json[3] = {"{\"type\":\"indicator\"}", "{}", "[]"};
    struct kai_buf out;
    struct kai_buf obj;
    struct kai_content c[3] = {{0}};
    uint8_t leaves[3][KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];
    uint8_t id[KAI_ID_BYTES];
    struct kai_obj o = {.tlp = 3,
                        .pap = 2,
                        .exercise = true,
                        .n_auds = 1,
                        .created = 1767225600000u,
                        .valid_until = 1767312000000u,
                        .n = 3};

    kai_buf_init(&out, 65536);
    kai_buf_init(&obj, 65536);
    bind(&out, false);
    golden_say_buf("bind_item_incarnation_1", &out);
    kai_buf_clear(&out);
    bind(&out, true);
    golden_say_buf("bind_item_incarnation_2", &out);

    for (size_t i = 0; i < 3; i++) {
        c[i].index = i;
        c[i].kind = KAI_CONTENT_STIX;
        c[i].content = kai_view_of(json[i], strlen(json[i]));
        memset(c[i].salt, 0x10 + (int)i, 16);
        kai_item_id(id, c[i].kind, c[i].content);
        kai_item_leaf(leaves[i], c[i].salt, id);
        golden_say("content", json[i], strlen(json[i]));
        golden_say("content_item_id_kind_1", id, 32);
        golden_say("content_leaf_salt_10_plus_index", leaves[i], 32);
    }
    assert_int_equal(kai_merkle_path(&c[1].path, (const uint8_t(*)[KAI_ID_BYTES])leaves, 3, 1),
                     KAI_OK);
    memcpy(o.aud[0], fx.aud_id, 32);
    memcpy(o.origin_cert, fx.cert, 32);
    kai_merkle_root(o.root, leaves, 3);
    kai_obj_write(&obj, &o);
    golden_say_buf("obj_amber_pap_amber_exercise", &obj);
    kai_obj_hash(id, kai_buf_view(&obj));
    golden_say("obj_hash", id, 32);
    kai_sign(sig, fx.node_sk, KAI_SIG_OBJ, fx.nid, obj.p, obj.len);
    kai_buf_clear(&out);
    kai_obj_item_write(&out, kai_buf_view(&obj), sig, c, 3);
    golden_say_buf("obj_item_all", &out);
    c[1].has_path = true;
    kai_buf_clear(&out);
    kai_obj_item_write(&out, kai_buf_view(&obj), sig, &c[1], 1);
    golden_say_buf("obj_item_index_1_with_path", &out);

    struct kai_part part = {3, 0, kai_view_of("abc", 3)};
    kai_buf_clear(&out);
    kai_part_write(&out, &part);
    golden_say_buf("part_of_abc", &out);
    kai_buf_free(&out);
    kai_buf_free(&obj);
}

static void rules(void)
{
    uint8_t ids[4][KAI_ID_BYTES];
    struct kai_buf out[2];
    struct kai_view parts[2];
    uint8_t hash[KAI_ID_BYTES];

    for (size_t i = 0; i < 4; i++)
        memset(ids[i], 0x21 + (int)i, KAI_ID_BYTES);
    for (size_t i = 0; i < 2; i++) {
        struct kai_rule r = {.ver = 1,
                             .name = "\xe5\x9b\x9e\xe8\xa6\xa7",
                             .id_kind = 1,
                             .ids = ids[2 * i],
                             .n_ids = 2,
                             .part = i,
                             .of = 2};

        memcpy(r.signer_cert, fx.cert, 32);
        memcpy(r.aud_id, fx.aud_id, 32);
        kai_buf_init(&out[i], 65536);
        kai_rule_write(&out[i], &r, fx.node_sk, fx.nid);
        golden_say_buf(i == 0 ? "rule_item_part_0_of_2_signed_by_node_key"
                              : "rule_item_part_1_of_2_signed_by_node_key",
                       &out[i]);
        parts[i] = kai_buf_view(&out[i]);
    }
    assert_int_equal(kai_rule_hash(hash, parts, 2), KAI_OK);
    golden_say("rule_hash", hash, 32);
    kai_buf_free(&out[0]);
    kai_buf_free(&out[1]);
}

static void roots(void)
{
    for (size_t n = 1; n <= 17; n++) {
        uint8_t leaves[17][KAI_ID_BYTES];
        uint8_t root[KAI_ID_BYTES];
        char name[64];

        for (size_t i = 0; i < n; i++)
            memset(leaves[i], (int)i + 1, KAI_ID_BYTES);
        kai_merkle_root(root, leaves, n);
        (void)snprintf(name, sizeof name, "merkle_root_of_leaves_1_to_%zu", n);
        golden_say(name, root, 32);
    }
}

static void fixed_random(void *ctx, void *out, size_t n)
{
    (void)ctx;
    assert_int_equal(n, sizeof fx.fresh);
    memcpy(out, fx.fresh, n);
}

static void entry_say(const char *name, const struct kai_entry *e)
{
    char label[64];

    (void)snprintf(label, sizeof label, "%s_payload", name);
    golden_say(label, e->payload.p, e->payload.n);
    (void)snprintf(label, sizeof label, "%s_hdr", name);
    golden_say(label, e->hdr.p, e->hdr.n);
    (void)snprintf(label, sizeof label, "%s_sig", name);
    golden_say(label, e->sig.p, e->sig.n);
    (void)snprintf(label, sizeof label, "%s_hash", name);
    golden_say(label, e->hash, 32);
}

static void entries(void)
{
    struct kai_log_writer w = {.nid = fx.nid, .log_sk = fx.log_sk, .epoch_key = fx.epoch_key};
    struct kai_packer *p;
    struct kai_buf body;
    struct kai_buf packed;
    struct kai_buf out;
    struct kai_entry e;

    memcpy(w.log_pk, fx.log_pk, 32);
    memcpy(w.tag, fx.tag, 16);
    memcpy(w.kid, fx.kid, 16);
    assert_int_equal(kai_packer_new(&p), KAI_OK);
    kai_buf_init(&body, 65536);
    kai_buf_init(&packed, 65536);
    kai_buf_init(&out, 65536);
    kai_body_begin(&body, 1);
    bind(&body, false);
    kai_body_end(&body);
    golden_say_buf("bind_body", &body);
    assert_int_equal(kai_pack(p, &packed, kai_buf_view(&body)), KAI_OK);
    assert_int_equal(packed.p[2], 0); /* Not compressed. */
    assert_int_equal(
        kai_log_append(&w, p, &out, &e, kai_buf_view(&body), 0, 1767225600000u, fixed_random, NULL),
        KAI_OK);
    golden_say_buf("bind_packed", &packed);
    entry_say("entry_1_bind", &e);
    memcpy(w.prev, fx.prev, 32);
    w.seq = 300;
    assert_int_equal(kai_log_append(&w, p, &out, &e, kai_buf_view(&body), 86400, 1767225600001u,
                                    fixed_random, NULL),
                     KAI_OK);
    entry_say("entry_301", &e);
    assert_int_equal(
        kai_log_append_plain(&w, &out, &e, KAI_PTYPE_CLOSE, kai_view_of(NULL, 0), 1767225600002u),
        KAI_OK);
    entry_say("entry_302_close", &e);
    assert_int_equal(kai_log_append_plain(&w, &out, &e, KAI_PTYPE_CONTROL, kai_view_of("\x90", 1),
                                          1767225600003u),
                     KAI_OK);
    entry_say("entry_303_control", &e);
    kai_buf_free(&body);
    kai_buf_free(&packed);
    kai_buf_free(&out);
    kai_packer_free(p);
}

static void test_vectors(void **state)
{
    (void)state;
    assert_true(sodium_init() >= 0);
    inputs();
    roots();
    items();
    rules();
    entries();
    golden_end(KAI_VECTORS);
}

/* A body that another compressor made (a raw block and an RLE block) is read all the same. */
static void test_foreign_zstd(void **state)
{
    (void)state;
    static const char hex[] = "9401"
                              "01"
                              "cd0128"
                              "c412"
                              "28b52ffd"
                              "60"
                              "2800" /* One segment, 40 + 256 bytes. */
                              "200000"
                              "61626364" /* Raw block of 4. */
                              "230900"
                              "7a"; /* RLE block of 292, the last. */
    uint8_t pt[256] = {0};
    size_t n = (sizeof hex - 1) / 2;
    struct kai_packer *p;
    struct kai_buf out;

    assert_true(kai_unhex(pt, n, hex, 2 * n));
    pt[n] = 0x80;
    kai_buf_init(&out, 4096);
    assert_int_equal(kai_packer_new(&p), KAI_OK);
    assert_int_equal(kai_unpack(p, &out, kai_view_of(pt, sizeof pt)), KAI_OK);
    assert_int_equal(out.len, 296);
    assert_memory_equal(out.p, "abcdzzz", 7);
    assert_int_equal(out.p[295], 'z');
    kai_packer_free(p);
    kai_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_foreign_zstd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
