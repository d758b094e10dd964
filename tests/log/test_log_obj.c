/* test_log_obj: OBJ, its contents, parts and bodies: what is read back, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "log/log_util.h"
#include "log/sweep.h"
#include "wire/put.h"

static struct world wd;

static enum kai_err accept_obj_item(struct kai_view v)
{
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur c;
    struct kai_obj o;
    uint32_t n;
    enum kai_err err = kai_obj_item_parse(&obj, &sig, &c, &n, v);

    if (err == KAI_OK)
        err = kai_obj_parse(&o, obj);
    if (err == KAI_OK)
        err = kai_verify(sig.p, wd.node_pk, KAI_SIG_OBJ, wd.nid, obj.p, obj.n);
    return err == KAI_OK ? kai_obj_item_check(v, &o, NULL) : err;
}

static enum kai_err item_any(void *ctx, uint64_t type, struct kai_view item)
{
    (void)ctx;
    switch (type) {
    case KAI_ITEM_BIND:
        return kai_bind_verify(item, wd.node_pk, wd.nid);
    case KAI_ITEM_OBJ:
        return accept_obj_item(item);
    default:
        return KAI_ENOTFOUND; /* Unknown: kept, not read. */
    }
}

static enum kai_err accept_body(struct kai_view v)
{
    return kai_body_walk(v, item_any, NULL);
}

static void obj_sample(struct kai_obj *o, size_t n)
{
    *o = (struct kai_obj){.tlp = 4,
                          .pap = 2,
                          .exercise = true,
                          .n_auds = 2,
                          .created = 1767225600000u,
                          .valid_until = 1767312000000u,
                          .n = n};
    memset(o->aud[0], 0x11, 32);
    memset(o->aud[1], 0x12, 32);
    memset(o->origin_cert, 0x22, 32);
    memset(o->root, 0x55, 32);
}

#define N_CONTENTS 5u

/* An OBJ item of N_CONTENTS, all of them without paths, or those in the mask with their paths. */
static void obj_item_make(struct kai_buf *out, unsigned with_paths)
{
    static const char *const texts[N_CONTENTS] = {"{}", "{\"type\":\"indicator\"}", "", "x", "yy"};
    struct kai_content all[N_CONTENTS];
    struct kai_content some[N_CONTENTS];
    uint8_t leaves[N_CONTENTS][KAI_ID_BYTES];
    uint8_t copy[N_CONTENTS][KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];
    struct rng r = {8};
    struct kai_obj o;
    struct kai_buf obj;
    uint32_t n = 0;

    obj_sample(&o, N_CONTENTS);
    for (size_t i = 0; i < N_CONTENTS; i++) {
        uint8_t id[KAI_ID_BYTES];

        all[i] = (struct kai_content){
            .index = i, .kind = i % 2 + 1, .content = kai_view_of(texts[i], strlen(texts[i]))};
        rng_fill(&r, all[i].salt, 16);
        kai_item_id(id, all[i].kind, all[i].content);
        kai_item_leaf(leaves[i], all[i].salt, id);
    }
    memcpy(copy, leaves, sizeof copy);
    kai_merkle_root(o.root, copy, N_CONTENTS);
    for (size_t i = 0; i < N_CONTENTS; i++) {
        if (with_paths != 0 && (with_paths >> i & 1) == 0)
            continue;
        some[n] = all[i];
        some[n].has_path = with_paths != 0;
        if (with_paths != 0)
            assert_int_equal(kai_merkle_path(&some[n].path, (const uint8_t(*)[KAI_ID_BYTES])leaves,
                                             N_CONTENTS, i),
                             KAI_OK);
        n++;
    }
    kai_buf_init(&obj, 4096);
    kai_obj_write(&obj, &o);
    kai_sign(sig, wd.node_sk, KAI_SIG_OBJ, wd.nid, obj.p, obj.len);
    kai_obj_item_write(out, kai_buf_view(&obj), sig, some, n);
    assert_int_equal(out->err, KAI_OK);
    kai_buf_free(&obj);
}

static void test_obj_item(void **state)
{
    (void)state;
    struct kai_buf out;

    kai_buf_init(&out, 1u << 16);
    for (unsigned mask = 0; mask < 1u << N_CONTENTS; mask += mask < 2 ? 1 : 6) {
        kai_buf_clear(&out);
        obj_item_make(&out, mask);
        sweep("obj item", kai_buf_view(&out), accept_obj_item, 0, 0);
    }
    kai_buf_free(&out);
}

/* The ids that the check makes are those of what the item holds, in their order. */
static void test_obj_item_ids(void **state)
{
    static const unsigned masks[] = {0, 0x1f, 0x12};
    uint8_t ids[KAI_BATCH_ITEMS_MAX][KAI_ID_BYTES];
    struct kai_buf out;

    (void)state;
    kai_buf_init(&out, 1u << 16);
    for (size_t m = 0; m < sizeof masks / sizeof masks[0]; m++) {
        struct kai_view obj;
        struct kai_view sig;
        struct kai_cur c;
        struct kai_obj o;
        uint32_t n;

        kai_buf_clear(&out);
        obj_item_make(&out, masks[m]);
        assert_int_equal(kai_obj_item_parse(&obj, &sig, &c, &n, kai_buf_view(&out)), KAI_OK);
        assert_int_equal(kai_obj_parse(&o, obj), KAI_OK);
        assert_int_equal(kai_obj_item_check(kai_buf_view(&out), &o, ids), KAI_OK);
        for (uint32_t i = 0; i < n; i++) {
            uint8_t id[KAI_ID_BYTES];
            struct kai_content content;

            assert_int_equal(kai_content_read(&content, &c), KAI_OK);
            kai_item_id(id, content.kind, content.content);
            assert_memory_equal(ids[i], id, sizeof id);
        }
    }
    kai_buf_free(&out);
}

/* Contents that are leaves, but not all of them, not in order, twice, or half with paths. */
static void test_obj_item_shape(void **state)
{
    (void)state;
    struct kai_buf from[2];
    struct kai_content c[2][N_CONTENTS];
    struct kai_view obj;
    struct kai_view sig;
    struct kai_buf out;
    static const struct {
        const char *name;
        size_t n;
        struct {
            unsigned path;
            size_t i;
        } pick[N_CONTENTS + 1];
        enum kai_err want;
    } rows[] = {
        {"all", 5, {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}}, KAI_OK},
        {"all with paths", 5, {{1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}}, KAI_OK},
        {"one with path", 1, {{1, 4}}, KAI_OK},
        {"none", 0, {{0, 0}}, KAI_EMALFORMED},
        {"one missing", 4, {{0, 0}, {0, 1}, {0, 2}, {0, 3}}, KAI_EMALFORMED},
        {"swapped", 5, {{0, 1}, {0, 0}, {0, 2}, {0, 3}, {0, 4}}, KAI_EMALFORMED},
        {"last with path", 5, {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 4}}, KAI_EMALFORMED},
        {"first with path", 5, {{1, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}}, KAI_EMALFORMED},
        {"twice", 2, {{1, 2}, {1, 2}}, KAI_EMALFORMED},
        {"descending", 2, {{1, 3}, {1, 2}}, KAI_EMALFORMED},
        {"one too many", 6, {{1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 4}}, KAI_EMALFORMED},
    };

    for (unsigned k = 0; k < 2; k++) {
        struct kai_cur cur;
        uint32_t n;

        kai_buf_init(&from[k], 1u << 16);
        obj_item_make(&from[k], k == 0 ? 0 : 31);
        assert_int_equal(kai_obj_item_parse(&obj, &sig, &cur, &n, kai_buf_view(&from[k])), KAI_OK);
        assert_int_equal(n, N_CONTENTS);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(kai_content_read(&c[k][i], &cur), KAI_OK);
    }
    kai_buf_init(&out, 1u << 16);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_content pick[N_CONTENTS + 1];

        for (size_t j = 0; j < rows[i].n; j++)
            pick[j] = c[rows[i].pick[j].path][rows[i].pick[j].i];
        kai_buf_clear(&out);
        kai_obj_item_write(&out, obj, sig.p, pick, (uint32_t)rows[i].n);
        enum kai_err got = accept_obj_item(kai_buf_view(&out));
        if (got != rows[i].want)
            print_error("%s: %s\n", rows[i].name, kai_err_text(got));
        assert_int_equal(got, rows[i].want);
    }
    kai_buf_free(&out);
    kai_buf_free(&from[0]);
    kai_buf_free(&from[1]);
}

static void test_obj(void **state)
{
    (void)state;
    struct kai_buf out;
    struct kai_obj o;
    struct kai_obj back;

    kai_buf_init(&out, 1u << 16);
    for (int i = 0; i < 4; i++) {
        obj_sample(&o, 1 + (uint64_t)i * 100);
        if (i == 1)
            o = (struct kai_obj){.tlp = 1, .n = 500};
        if (i == 2)
            o.seal = kai_view_of("slots", 5);
        if (i == 3)
            o.n_auds = KAI_AUDIENCES_PER_OBJ_MAX;
        kai_buf_clear(&out);
        kai_obj_write(&out, &o);
        assert_int_equal(kai_obj_parse(&back, kai_buf_view(&out)), KAI_OK);
        assert_true(kai_view_eq(back.seal, o.seal));
        back.seal = o.seal;
        assert_memory_equal(&back, &o, sizeof o);
    }
    /* 99 93 tlp pap flags: labels of later versions are the strictest. */
    static const struct {
        uint8_t tlp, pap, flags, want_tlp, want_pap;
        bool exercise;
    } rows[] = {
        {1, 1, 1, 1, 1, true}, {5, 4, 0, 5, 4, false},      {0, 0, 2, 5, 4, false},
        {6, 5, 3, 5, 4, true}, {127, 127, 127, 5, 4, true}, {2, 0xc0, 126, 2, 0, false},
    };
    obj_sample(&o, 1);
    kai_buf_clear(&out);
    kai_obj_write(&out, &o);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        out.p[2] = rows[i].tlp;
        out.p[3] = rows[i].pap;
        out.p[4] = rows[i].flags;
        assert_int_equal(kai_obj_parse(&back, kai_buf_view(&out)), KAI_OK);
        assert_int_equal(back.tlp, rows[i].want_tlp);
        assert_int_equal(back.pap, rows[i].want_pap);
        assert_int_equal(back.exercise, rows[i].exercise);
    }
    out.p[2] = 0xff; /* -1 */
    assert_int_equal(kai_obj_parse(&back, kai_buf_view(&out)), KAI_EMALFORMED);

    /* No end is nil and nothing else. */
    obj_sample(&o, 1);
    o.valid_until = 5;
    kai_buf_clear(&out);
    kai_obj_write(&out, &o);
    size_t at = 5 + 1 + 2 * 34 + 34 + 9; /* Label, two audiences, certificate, created. */
    assert_int_equal(out.p[at], 5);
    assert_int_equal(kai_obj_parse(&back, kai_buf_view(&out)), KAI_OK);
    out.p[at] = 0;
    assert_int_equal(kai_obj_parse(&back, kai_buf_view(&out)), KAI_EMALFORMED);

    uint64_t n[] = {0, KAI_BATCH_ITEMS_MAX + 1};
    enum kai_err want[] = {KAI_EMALFORMED, KAI_ELIMIT};
    for (size_t i = 0; i < 2; i++) {
        obj_sample(&o, n[i]);
        kai_buf_clear(&out);
        kai_obj_write(&out, &o);
        assert_int_equal(kai_obj_parse(&back, kai_buf_view(&out)), want[i]);
    }
    kai_buf_free(&out);
}

static enum kai_err count(void *ctx, uint64_t type, struct kai_view item)
{
    uint64_t *sum = ctx;

    *sum = *sum * 1000 + type;
    return item.n > 0 && type != 99 ? KAI_OK : KAI_EDENIED;
}

static void test_body(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum kai_err want;
        uint64_t sum;
    } rows[] = {
        {"93019080", KAI_OK, 0},
        {"9301919108"
         "80",
         KAI_OK, 8},
        {"930192"
         "920801"
         "9140"
         "80",
         KAI_OK, 8064}, /* An unknown type goes by. */
        {"930192"
         "9163"
         "9108"
         "80",
         KAI_EDENIED, 99}, /* f stops it. */
        {"93029080", KAI_EMALFORMED, 0},
        {"92019080", KAI_EMALFORMED, 0},
        {"930190", KAI_EMALFORMED, 0},
        {"9301908000", KAI_EMALFORMED, 0},
        {"9301919080", KAI_EMALFORMED, 0},   /* An item without a type. */
        {"93019191c080", KAI_EMALFORMED, 0}, /* A type that is no integer. */
        {"9301910880", KAI_EMALFORMED, 0},   /* An item that is no array. */
        {"930191910881"
         "01c400",
         KAI_EMALFORMED, 0}, /* Critical X: no item is handed out. */
        {"930191910881"
         "02c400",
         KAI_OK, 8},
        {"930191"
         "9208"
         "919191"
         "90"
         "80",
         KAI_ELIMIT, 0}, /* 7 deep. */
        {"930191"
         "9208"
         "9191"
         "90"
         "80",
         KAI_OK, 8},
        {"9301dc00109108"
         "80",
         KAI_EMALFORMED, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[64];
        size_t n = strlen(rows[i].hex) / 2;
        uint64_t sum = 0;

        assert_true(kai_unhex(bytes, n, rows[i].hex, 2 * n));
        enum kai_err got = kai_body_walk(kai_view_of(bytes, n), count, &sum);
        if (got != rows[i].want)
            print_error("%s: %s\n", rows[i].hex, kai_err_text(got));
        assert_int_equal(got, rows[i].want);
        assert_int_equal(sum, rows[i].sum);
    }
    static const uint8_t big[KAI_BODY_BYTES_MAX + 1];
    assert_int_equal(kai_body_walk(kai_view_of(big, sizeof big), count, NULL), KAI_ELIMIT);
}

static void test_body_changed(void **state)
{
    (void)state;
    struct kai_buf out;
    struct kai_bind b = {.incarnation = 1};
    kai_buf_init(&out, 1u << 16);
    kai_body_begin(&out, 2);
    kai_bind_write(&out, &b, wd.node_sk, wd.nid);
    obj_item_make(&out, 6);
    kai_body_end(&out);
    sweep("body", kai_buf_view(&out), accept_body, 0, 0);
    kai_buf_free(&out);
}

static void test_part(void **state)
{
    (void)state;
    static const uint8_t bytes[KAI_PART_BYTES + 1];
    static const struct {
        uint64_t total, offset;
        size_t n;
        enum kai_err want;
    } rows[] = {
        {1, 0, 1, KAI_OK},
        {KAI_PART_BYTES, 0, KAI_PART_BYTES, KAI_OK},
        {KAI_STIX_BYTES_MAX, 0, KAI_PART_BYTES, KAI_OK},
        {KAI_STIX_BYTES_MAX, 21 * KAI_PART_BYTES, KAI_STIX_BYTES_MAX - 21 * KAI_PART_BYTES, KAI_OK},
        {0, 0, 0, KAI_EMALFORMED},
        {2, 0, 1, KAI_EMALFORMED},
        {1, 0, 2, KAI_EMALFORMED},
        {2, 1, 1, KAI_EMALFORMED},
        {100000, KAI_PART_BYTES + 1, KAI_PART_BYTES, KAI_EMALFORMED},
        {100000, 3 * KAI_PART_BYTES, 1, KAI_EMALFORMED},
        {100000, 0, 100, KAI_EMALFORMED},
        {100000, 0, KAI_PART_BYTES + 1, KAI_ELIMIT},
        {KAI_STIX_BYTES_MAX + 1, 0, KAI_PART_BYTES, KAI_ELIMIT},
    };
    struct kai_buf out;

    kai_buf_init(&out, 1u << 17);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_part p = {rows[i].total, rows[i].offset, kai_view_of(bytes, rows[i].n)};
        struct kai_part back;

        kai_buf_clear(&out);
        kai_part_write(&out, &p);
        assert_int_equal(kai_part_parse(&back, kai_buf_view(&out)), rows[i].want);
        for (size_t n = 0; rows[i].want == KAI_OK && n < 12; n++)
            assert_int_equal(kai_part_parse(&back, kai_view_of(out.p, n % out.len)),
                             KAI_EMALFORMED);
    }
    kai_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_obj),          cmocka_unit_test(test_obj_item),
        cmocka_unit_test(test_obj_item_ids), cmocka_unit_test(test_obj_item_shape),
        cmocka_unit_test(test_body),         cmocka_unit_test(test_body_changed),
        cmocka_unit_test(test_part),
    };

    world_init(&wd, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
