/* What a projection must keep out, and tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "policy/policy.h"
#include "query/project_util.h"

static void test_checks(void **state)
{
    struct fixture *f = *state;
    static const char *const one[] = {
        "{\"type\":\"domain-name\",\"spec_version\":\"2.1\",\"id\":"
        "\"domain-name--3c10e93f-798e-5a26-a0c1-08156efab7f5\",\"value\":\"example.com\"}"};
    struct kai_batch_options good = world_options(&f->wd, emit, f);
    struct kai_batch_options opt = good;
    uint8_t other_sk[64];
    uint8_t other_pk[32];

    opt.obj.aud[0][0] ^= 1;
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.audience");

    opt = good;
    opt.obj.n_auds = 0;
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.audience");

    opt = good;
    memcpy(opt.obj.origin_cert, their_cert, 32);
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.origin");

    opt = good;
    memcpy(opt.obj.origin_cert, no_cert, 32);
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.cert");

    opt = good;
    memcpy(opt.obj.origin_cert, dead_cert, 32);
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.revoked");

    (void)crypto_sign_keypair(other_pk, other_sk);
    opt = good;
    opt.node_sk = other_sk;
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "project.signature");

    publish(f, good, KAI_CONTENT_STIX, one, 1);
    f->in.author_cert = NULL;
    project(f, f->n - 1);
    expect_code(f, "project.author");
    f->in.author_cert = their_cert;
    project(f, f->n - 1);
    expect_code(f, "project.origin");
    f->in.author_cert = f->wd.origin_cert;
    f->aud.ceiling = 2;
    project(f, f->n - 1);
    expect_code(f, "label.ceiling");
    f->aud.kind = 0;
    project(f, f->n - 1);
    expect_code(f, "audience.kind");
    f->aud = (struct kai_project_aud){.kind = KAI_POLICY_GROUP, .ceiling = 4};
    f->in.epoch_key = f->wd.nid;
    project(f, f->n - 1);
    expect_code(f, "project.payload");
    f->in.epoch_key = f->wd.epoch_key;
    assert_int_equal(rows_of(f, NULL), 0);
    project(f, f->n - 1); /* The same entry, when all is well. */
    assert_int_equal(f->n_codes, 0);
    assert_int_equal(rows_of(f, NULL), 1);
}

static void test_lifted(void **state)
{
    struct fixture *f = *state;
    static char text[2][2048];
    static struct hand h;
    struct kai_content bad;

    for (size_t i = 0; i < 2; i++) {
        size_t n = stix_make(&f->wd.rng, text[i], sizeof text[i]);

        h.c[i] = (struct kai_content){.kind = KAI_CONTENT_STIX, .content = kai_view_of(text[i], n)};
    }
    h.n = 2;
    hand_sign(f, &h, 3);
    bad = h.c[0];
    bad.content = h.c[1].content; /* Another's content under this leaf. */
    hand_send(f, &h, &bad, 1);
    expect_code(f, "project.merkle");
    bad = h.c[0];
    bad.kind = 63;
    hand_send(f, &h, &bad, 1);
    expect_code(f, "project.merkle");
    bad = h.c[0];
    bad.index = 1;
    hand_send(f, &h, &bad, 1);
    expect_code(f, "project.merkle");
    assert_int_equal(rows_of(f, NULL), 0);
    hand_send(f, &h, &h.c[1], 1);
    assert_int_equal(rows_of(f, NULL), 1);
    kai_buf_free(&h.obj);
    /* RED has nothing in the clear beside its seal. */
    h.n = 2;
    hand_sign(f, &h, 5);
    f->aud = (struct kai_project_aud){.kind = KAI_POLICY_PERSONS, .ceiling = 5};
    hand_send(f, &h, h.c, 2);
    expect_code(f, "red.unsealed");
    h.c[0] = red_content(0);
    hand_send(f, &h, h.c, 2);
    expect_code(f, "red.unsealed");
    h.c[1] = red_content(1);
    hand_send(f, &h, h.c, 2);
    kai_buf_free(&h.obj);
    assert_int_equal(f->n_codes, 0);
}

static void test_red(void **state)
{
    struct fixture *f = *state;
    static const char *const one[] = {"anything"};
    static struct hand h;
    struct kai_batch_options opt = world_options(&f->wd, emit, f);
    struct kai_fetch_source s = source_of(f);
    struct kai_fetch *fetch = NULL;
    struct kai_view content;
    struct kai_row row;

    opt.obj.tlp = 5;
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, 0);
    expect_code(f, "label.red");
    f->aud = (struct kai_project_aud){.kind = KAI_POLICY_PERSONS, .ceiling = 5};
    project(f, 0);
    expect_code(f, "red.unsealed");
    opt.obj.seal = kai_view_of("seal", 4); /* And what is no seal is none. */
    publish(f, opt, KAI_CONTENT_STIX, one, 1);
    project(f, f->n - 1);
    expect_code(f, "red.unsealed");
    h.n = 1;
    h.c[0] = (struct kai_content){.kind = KAI_CONTENT_STIX, .content = kai_view_of("x", 1)};
    hand_sign(f, &h, 5);
    h.c[0] = red_content(0);
    hand_send(f, &h, h.c, 1);
    kai_buf_free(&h.obj);
    assert_int_equal(f->n_codes, 0);
    assert_int_equal(rows_of(f, &row), 1);
    assert_int_equal(row.kind, KAI_ROW_SEALED);
    assert_int_equal(row.tlp, 5);
    assert_string_equal(row.type, "");
    assert_memory_equal(row.item_id, row.obj_hash, 32);
    assert_int_equal(kai_fetch_new(&fetch), KAI_OK);
    assert_int_equal(kai_fetch_object(fetch, &s, &row, &content), KAI_EDENIED);
    kai_fetch_free(fetch);
}

/* ---- BIND, RULE, and bytes of any kind. */
static void send_bind(struct fixture *f, const struct kai_bind *b, uint32_t times,
                      const uint8_t *nid)
{
    struct kai_buf body;

    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, times);
    for (uint32_t i = 0; i < times; i++)
        kai_bind_write(&body, b, f->wd.node_sk, nid);
    kai_body_end(&body);
    project_body(f, kai_buf_view(&body));
    kai_buf_free(&body);
}

static void test_bind(void **state)
{
    struct fixture *f = *state;
    struct kai_bind good = {.incarnation = 1};
    struct kai_bind b;

    memcpy(good.log_pk, f->wd.log_pk, 32);
    memcpy(good.aud_id, f->wd.aud_id, 32);
    memcpy(good.node_cert, f->wd.origin_cert, 32);
    send_bind(f, &good, 1, f->wd.nid);
    assert_true(f->n_binds == 1 && f->n_codes == 0);
    send_bind(f, &good, 1, f->wd.aud_id); /* Signed for another network. */
    expect_code(f, "project.bind");
    send_bind(f, &good, 2, f->wd.nid);
    assert_int_equal(f->n_codes, 2);
    f->n_codes = 0;
    b = good;
    b.log_pk[0] ^= 1;
    send_bind(f, &b, 1, f->wd.nid);
    expect_code(f, "project.bind");
    b = good;
    b.aud_id[0] ^= 1;
    send_bind(f, &b, 1, f->wd.nid);
    expect_code(f, "project.bind");
    b = good;
    memcpy(b.node_cert, no_cert, 32);
    send_bind(f, &b, 1, f->wd.nid);
    expect_code(f, "project.cert");
    b = good;
    memcpy(b.node_cert, dead_cert, 32);
    send_bind(f, &b, 1, f->wd.nid);
    expect_code(f, "project.revoked");
    assert_int_equal(f->n_binds, 1);
}

static void test_rule(void **state)
{
    struct fixture *f = *state;
    struct kai_rule rule = {.ver = 4, .name = "circle", .id_kind = 1, .of = 1};
    static const uint8_t ids[64] = {[0] = 1, [32] = 2};
    struct kai_buf body;

    rule.ids = ids;
    rule.n_ids = 2;
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_rule_write(&body, &rule, f->wd.node_sk, f->wd.nid);
    kai_body_end(&body);
    project_body(f, kai_buf_view(&body));
    kai_buf_free(&body);
    assert_true(f->n_rules == 1 && f->n_codes == 0);
}

/* Whatever a member seals, the projection goes on. */
static void test_hostile(void **state)
{
    struct fixture *f = *state;
    static char text[2048];
    static struct hand h;
    struct kai_buf body;
    uint64_t seed = 3;
    uint8_t *copy;

    h.c[0] = (struct kai_content){.kind = KAI_CONTENT_STIX,
                                  .content =
                                      kai_view_of(text, stix_make(&f->wd.rng, text, sizeof text))};
    h.n = 1;
    hand_sign(f, &h, 3);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_body_begin(&body, 1);
    kai_obj_item_write(&body, kai_buf_view(&h.obj), h.sig, h.c, 1);
    kai_body_end(&body);
    copy = malloc(body.len);
    for (unsigned i = 0; i < 3000; i++) {
        size_t n = i < body.len ? i : body.len;

        memcpy(copy, body.p, n);
        if (i >= body.len)
            copy[rnd_below(&seed, n)] ^= (uint8_t)(1u << rnd_below(&seed, 8));
        for (size_t j = 0; j < f->n; j++)
            kai_buf_free(&f->bytes[j]);
        f->n = 0;
        project_body(f, kai_view_of(copy, n));
        f->n_codes = 0;
    }
    assert_int_equal(rows_of(f, NULL), 0);
    project_body(f, kai_buf_view(&body));
    assert_int_equal(rows_of(f, NULL), 1);
    free(copy);
    kai_buf_free(&body);
    kai_buf_free(&h.obj);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH(test_checks), WITH(test_lifted), WITH(test_red),
                                       WITH(test_bind),   WITH(test_rule),   WITH(test_hostile)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
