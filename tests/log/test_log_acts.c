/* test_log_acts: RELEASE, RECALL, RESHARE and notices: read back as written, and refused otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "log/acts.h"
#include "log/log_util.h"
#include "log/sweep.h"
#include "wire/put.h"

static struct world wd;
static struct kai_buf out;

static enum kai_err accept_release(struct kai_view v)
{
    struct kai_release r;
    enum kai_err err = kai_act_verify(v, wd.node_pk, wd.nid);

    return err == KAI_OK ? kai_release_parse(&r, v) : err;
}

static enum kai_err accept_recall(struct kai_view v)
{
    struct kai_recall r;
    enum kai_err err = kai_act_verify(v, wd.node_pk, wd.nid);

    return err == KAI_OK ? kai_recall_parse(&r, v) : err;
}

static struct kai_release release_sample(unsigned how)
{
    struct kai_release r = {.created = 1767225600000u};

    memset(r.obj_hash, 0x41, sizeof r.obj_hash);
    memcpy(r.origin_cert, wd.origin_cert, sizeof r.origin_cert);
    if (how & 1) {
        r.indexes.n = 3;
        r.indexes.at[1] = 7;
        r.indexes.at[2] = KAI_BATCH_ITEMS_MAX - 1;
    }
    if (how & 2) {
        r.has_label = true;
        r.tlp = 2;
        r.pap = 1;
        r.exercise = true;
    }
    r.any = (how & 4) != 0;
    if (!r.any && (how & 8) != 0) {
        r.n_auds = 2;
        memset(r.aud[0], 0x61, KAI_ID_BYTES);
        memset(r.aud[1], 0x60, KAI_ID_BYTES);
    }
    return r;
}

static void test_release(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 16; how++) {
        struct kai_release r = release_sample(how);
        struct kai_release back;

        if (!r.any && !r.has_label && r.n_auds == 0)
            continue; /* Releases nothing: see below. */
        kai_buf_clear(&out);
        kai_release_write(&out, &r, wd.node_sk, wd.nid);
        assert_int_equal(kai_release_parse(&back, kai_buf_view(&out)), KAI_OK);
        assert_memory_equal(&back, &r, sizeof r);
        sweep("release", kai_buf_view(&out), accept_release, 0, 0);
        assert_int_equal(kai_act_verify(kai_buf_view(&out), wd.log_pk, wd.nid), KAI_EAUTH);
        assert_int_equal(kai_act_verify(kai_buf_view(&out), wd.node_pk, wd.aud_id), KAI_EAUTH);
        struct kai_recall other;
        assert_int_equal(kai_recall_parse(&other, kai_buf_view(&out)), KAI_EMALFORMED);
    }
}

static void test_covers(void **state)
{
    (void)state;
    static const struct {
        unsigned how;
        uint64_t index;
        uint8_t aud;
        bool want;
    } rows[] = {
        {8, 0, 0x61, true},  {8, 499, 0x60, true}, {8, 0, 0x62, false}, {9, 7, 0x61, true},
        {9, 8, 0x61, false}, {4, 3, 0x61, false},  {5, 3, 0x00, false}, {2, 0, 0x61, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_release r = release_sample(rows[i].how);
        uint8_t aud[KAI_ID_BYTES];

        memset(aud, rows[i].aud, sizeof aud);
        assert_int_equal(kai_release_lists(&r, rows[i].index, aud), rows[i].want);
    }
}

/* Bodies that no writer of ours makes, under a good signature. */
static void signed_item(uint64_t type, enum kai_sig_type sig, const char *hex)
{
    uint8_t body[512];
    uint8_t s[KAI_SIG_BYTES];
    size_t n = strlen(hex) / 2;

    assert_true(n <= sizeof body && kai_unhex(body, n, hex, 2 * n));
    kai_sign(s, wd.node_sk, sig, wd.nid, body, n);
    kai_buf_clear(&out);
    kai_put_array(&out, 3);
    kai_put_uint(&out, type);
    kai_put_bin(&out, body, n);
    kai_put_bin(&out, s, sizeof s);
}

#define ID "c4200000000000000000000000000000000000000000000000000000000000000000"

static void test_release_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *hex;
        enum kai_err want;
    } rows[] = {
        {"any", "97" ID "c0c0c0" ID "0080", KAI_OK},
        {"unknown key of X", "97" ID "c0c0c0" ID "008102c400", KAI_OK},
        {"critical X", "97" ID "c0c0c0" ID "008101c400", KAI_EMALFORMED},
        {"nothing", "97" ID "c0c090" ID "0080", KAI_EMALFORMED},
        {"empty indexes", "97" ID "90c0c0" ID "0080", KAI_EMALFORMED},
        {"index twice", "97" ID "920101c0c0" ID "0080", KAI_EMALFORMED},
        {"descending", "97" ID "920201c0c0" ID "0080", KAI_EMALFORMED},
        {"index 500", "97" ID "91cd01f4c0c0" ID "0080", KAI_ELIMIT},
        {"label of two", "97" ID "c09201c0c0" ID "0080", KAI_EMALFORMED},
        {"a future label is RED", "97" ID "c09309c000c0" ID "0080", KAI_OK},
        {"no created", "96" ID "c0c0c0" ID "80", KAI_EMALFORMED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kai_release r;

        signed_item(KAI_ITEM_RELEASE, KAI_SIG_RELEASE, rows[i].hex);
        enum kai_err got = kai_release_parse(&r, kai_buf_view(&out));
        if (got != rows[i].want)
            print_error("%s: %s\n", rows[i].name, kai_err_text(got));
        assert_int_equal(got, rows[i].want);
        if (strstr(rows[i].name, "future") != NULL)
            assert_int_equal(r.tlp, 5);
    }
}

static void test_recall(void **state)
{
    (void)state;
    struct kai_recall r = {.reason = KAI_RECALL_WRONG, .created = 7, .indexes = {.n = 1}};
    struct kai_recall back;

    memset(r.obj_hash, 0x42, sizeof r.obj_hash);
    memcpy(r.text, "誤検知でした", sizeof "誤検知でした");
    for (int i = 0; i < 2; i++) {
        kai_buf_clear(&out);
        kai_recall_write(&out, &r, wd.node_sk, wd.nid);
        assert_int_equal(kai_recall_parse(&back, kai_buf_view(&out)), KAI_OK);
        assert_memory_equal(&back, &r, sizeof r);
        sweep("recall", kai_buf_view(&out), accept_recall, 0, 0);
        r.indexes.n = 0;
        r.text[0] = '\0';
        memset(r.text, 0, sizeof r.text);
    }
    /* A text with a NUL would show less than was signed. */
    signed_item(KAI_ITEM_RECALL, KAI_SIG_RECALL, "97" ID "c001a2410000" ID "0080");
    assert_int_equal(kai_recall_parse(&back, kai_buf_view(&out)), KAI_EMALFORMED);
    /* A release signed as a recall is neither. */
    signed_item(KAI_ITEM_RELEASE, KAI_SIG_RECALL, "97" ID "c0c0c0" ID "0080");
    assert_int_equal(kai_act_verify(kai_buf_view(&out), wd.node_pk, wd.nid), KAI_EAUTH);
}

#define N_CONTENTS 5u

/* An OBJ item without paths; o gets its root. */
static void obj_item(struct kai_buf *item, struct kai_obj *o, struct kai_content *c)
{
    static const char *const texts[N_CONTENTS] = {"{}", "{\"type\":\"indicator\"}", "", "x", "yy"};
    uint8_t leaves[N_CONTENTS][KAI_ID_BYTES];
    uint8_t sig[KAI_SIG_BYTES];
    struct kai_buf obj;

    *o = (struct kai_obj){.tlp = 3, .n_auds = 1, .created = 9, .n = N_CONTENTS};
    for (size_t i = 0; i < N_CONTENTS; i++) {
        uint8_t id[KAI_ID_BYTES];

        c[i] = (struct kai_content){
            .index = i, .kind = 1, .content = kai_view_of(texts[i], strlen(texts[i]))};
        memset(c[i].salt, 0x20 + (int)i, 16);
        kai_item_id(id, 1, c[i].content);
        kai_item_leaf(leaves[i], c[i].salt, id);
    }
    kai_merkle_root(o->root, leaves, N_CONTENTS);
    kai_buf_init(&obj, 4096);
    kai_obj_write(&obj, o);
    kai_sign(sig, wd.node_sk, KAI_SIG_OBJ, wd.nid, obj.p, obj.len);
    kai_obj_item_write(item, kai_buf_view(&obj), sig, c, N_CONTENTS);
    kai_buf_free(&obj);
}

static enum kai_err accept_reshare(struct kai_view v)
{
    struct kai_reshare r;
    struct kai_obj o;
    enum kai_err err = kai_reshare_parse(&r, v);

    if (err == KAI_OK)
        err = kai_act_verify(v, wd.node_pk, wd.nid);
    if (err == KAI_OK)
        err = kai_verify(r.sig.p, wd.node_pk, KAI_SIG_OBJ, wd.nid, r.obj.p, r.obj.n);
    if (err == KAI_OK)
        err = kai_obj_parse(&o, r.obj);
    return err == KAI_OK ? kai_reshare_check(&r, &o) : err;
}

/* Every content, taken out of the batch it came in, passes on with its path and with no other's. */
static void test_reshare(void **state)
{
    (void)state;
    struct kai_buf item;
    struct kai_buf rel;
    struct kai_content c[N_CONTENTS];
    struct kai_content one;
    struct kai_obj o;
    struct kai_view obj;
    struct kai_view sig;
    struct kai_cur cur;
    struct kai_reshare back;
    uint32_t n;

    kai_buf_init(&item, 1u << 16);
    kai_buf_init(&rel, 1u << 16);
    obj_item(&item, &o, c);
    struct kai_release release = release_sample(8);
    kai_release_write(&rel, &release, wd.node_sk, wd.nid);
    assert_int_equal(kai_obj_item_parse(&obj, &sig, &cur, &n, kai_buf_view(&item)), KAI_OK);
    for (uint64_t i = 0; i < N_CONTENTS; i++) {
        struct kai_reshare r = {.obj = obj, .sig = sig, .n_releases = i % 3};

        r.release[0] = r.release[1] = kai_buf_view(&rel);
        if (i % 2 == 1)
            r.proof = kai_view_of("proof", 5);
        memcpy(r.from_aud, wd.aud_id, KAI_ID_BYTES);
        memcpy(r.sharer_cert, wd.origin_cert, KAI_ID_BYTES);
        assert_int_equal(kai_obj_item_content(&one, kai_buf_view(&item), i), KAI_OK);
        kai_buf_clear(&out);
        kai_reshare_write(&out, &r, &one, 1, wd.node_sk, wd.nid);
        sweep("reshare", kai_buf_view(&out), accept_reshare, 0, 0);

        assert_int_equal(kai_reshare_parse(&back, kai_buf_view(&out)), KAI_OK);
        assert_true(kai_view_eq(back.obj, obj));
        assert_int_equal(back.n_releases, i % 3);
        assert_int_equal(back.proof.p != NULL, i % 2);
        assert_int_equal(kai_content_read(&one, &back.contents), KAI_OK);
        assert_int_equal(one.index, i);
        assert_true(kai_view_eq(one.content, c[i].content));

        /* Another content in its place, or the same at another place. */
        struct kai_content bad = one;
        bad.content = kai_view_of("other", 5);
        kai_buf_clear(&out);
        kai_reshare_write(&out, &r, &bad, 1, wd.node_sk, wd.nid);
        assert_int_equal(accept_reshare(kai_buf_view(&out)), KAI_EAUTH);
        bad = one;
        bad.index = (i + 1) % N_CONTENTS;
        kai_buf_clear(&out);
        kai_reshare_write(&out, &r, &bad, 1, wd.node_sk, wd.nid);
        assert_int_equal(accept_reshare(kai_buf_view(&out)), KAI_EAUTH);
        bad.has_path = false;
        kai_buf_clear(&out);
        kai_reshare_write(&out, &r, &bad, 1, wd.node_sk, wd.nid);
        assert_int_equal(accept_reshare(kai_buf_view(&out)), KAI_EMALFORMED);
    }
    assert_int_equal(kai_obj_item_content(&one, kai_buf_view(&item), N_CONTENTS), KAI_ENOTFOUND);

    /* Taken from an item whose contents came with paths already. */
    assert_int_equal(kai_obj_item_content(&one, kai_buf_view(&item), 3), KAI_OK);
    kai_buf_clear(&out);
    kai_obj_item_write(&out, obj, sig.p, &one, 1);
    struct kai_content again;
    assert_int_equal(kai_obj_item_content(&again, kai_buf_view(&out), 3), KAI_OK);
    assert_memory_equal(again.path.hash, one.path.hash, one.path.n * KAI_ID_BYTES);
    assert_int_equal(kai_obj_item_content(&again, kai_buf_view(&out), 0), KAI_ENOTFOUND);
    kai_buf_free(&item);
    kai_buf_free(&rel);
}

/* Notices are unsigned: a flipped bit is another notice or none, never a crash. */
static enum kai_err notice_read(struct kai_view v)
{
    struct kai_view body;
    uint64_t kind;
    enum kai_err err = kai_notice_parse(&kind, &body, v);

    if (err != KAI_OK)
        return err;
    switch (kind) {
    case KAI_NOTICE_RECEIPT: {
        struct kai_receipt r;
        struct kai_receipt_row row;

        err = kai_receipt_parse(&r, body);
        for (uint32_t i = 0; err == KAI_OK && i < r.n; i++)
            assert_int_equal(kai_receipt_row(&row, &r.rows), KAI_OK);
        return err;
    }
    case KAI_NOTICE_REQUEST:
        return kai_request_parse(&(struct kai_request){0}, body);
    case KAI_NOTICE_REFUSAL:
        return kai_refusal_parse(&(struct kai_refusal){0}, body);
    case KAI_NOTICE_VIOLATION:
        return kai_violation_parse(&(struct kai_violation){0}, body);
    case KAI_NOTICE_SIGHTING:
        return kai_sighting_parse(&(struct kai_sighting){0}, body);
    case KAI_NOTICE_CONTRIBUTION:
        return kai_contribution_parse(&(struct kai_contribution){0}, body);
    default:
        return KAI_ENOTFOUND;
    }
}

static void notice_write(unsigned kind)
{
    struct kai_receipt_row rows[2] = {{.held = 3, .read = 1}, {.held = KAI_BATCH_ITEMS_MAX}};
    struct kai_request request = {.target_kind = 4, .target_name = "towns", .created = 5};
    struct kai_violation violation = {.code = "reshare.amber", .seq = 9};
    struct kai_sighting sighting = {.index = 4, .count = 17, .first = 1, .last = 2};
    struct kai_contribution contribution = {.wish = "please do not name us"};
    struct kai_refusal refusal = {.reason = "no", .created = 6};

    violation.reshare = kind % 2 == 0 ? kai_view_of("item", 4) : (struct kai_view){0};
    switch (kind) {
    case KAI_NOTICE_RECEIPT:
        kai_receipt_write(&out, 1, 2, rows, 2);
        break;
    case KAI_NOTICE_REQUEST:
        kai_request_write(&out, &request);
        break;
    case KAI_NOTICE_REFUSAL:
        kai_refusal_write(&out, &refusal);
        break;
    case KAI_NOTICE_VIOLATION:
        kai_violation_write(&out, &violation);
        break;
    case KAI_NOTICE_SIGHTING:
        kai_sighting_write(&out, &sighting);
        break;
    default:
        kai_contribution_write(&out, &contribution);
        break;
    }
}

static void test_notices(void **state)
{
    (void)state;
    for (unsigned kind = KAI_NOTICE_RECEIPT; kind <= KAI_NOTICE_CONTRIBUTION; kind++) {
        kai_buf_clear(&out);
        notice_write(kind);
        assert_int_equal(notice_read(kai_buf_view(&out)), KAI_OK);
        for (size_t n = 0; n < out.len; n++) {
            uint8_t *exact = malloc(n + 1);

            assert_non_null(exact);
            memcpy(exact + 1, out.p, n);
            assert_int_equal(notice_read(kai_view_of(exact + 1, n)), KAI_EMALFORMED);
            free(exact);
        }
        for (size_t bit = 0; bit < out.len * 8; bit++) {
            out.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            enum kai_err err = notice_read(kai_buf_view(&out));
            out.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(err == KAI_OK || err == KAI_EMALFORMED || err == KAI_ELIMIT ||
                        err == KAI_ENOTFOUND);
        }
    }
    struct kai_view body;
    struct kai_violation v;
    uint64_t kind;
    kai_buf_clear(&out);
    notice_write(KAI_NOTICE_VIOLATION);
    assert_int_equal(kai_notice_parse(&kind, &body, kai_buf_view(&out)), KAI_OK);
    assert_int_equal(kai_violation_parse(&v, body), KAI_OK);
    assert_string_equal(v.code, "reshare.amber");
    assert_int_equal(v.reshare.n, 4);
    assert_int_equal(v.seq, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_release),         cmocka_unit_test(test_covers),
        cmocka_unit_test(test_release_refused), cmocka_unit_test(test_recall),
        cmocka_unit_test(test_reshare),         cmocka_unit_test(test_notices),
    };

    world_init(&wd, 1);
    kai_buf_init(&out, 1u << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    kai_buf_free(&out);
    return failed;
}
