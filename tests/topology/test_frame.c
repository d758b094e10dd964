/* test_frame: every message of a link is read back as written; cut or changed ones never harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "topology/frame.h"
#include "wire/put.h"

#define KINDS 21

static const uint8_t some[64] = {1, 2, 3, 4, 5, 6, 7, 8};

static void put_entry(struct kai_buf *b)
{
    kai_put_array(b, 3);
    kai_put_bin(b, some, 60);
    kai_put_bin(b, some, 64);
    kai_put_bin(b, some, 20);
}

static void put_rb(struct kai_buf *b)
{
    struct kai_rb_row row = {.seq = 300, .log_n = KAI_RB_LOG_BYTES};

    kai_put_frame(b, KAI_MSG_RB, 5);
    kai_put_uint(b, 7);
    kai_put_uint(b, 3);
    kai_put_bool(b, true);
    kai_put_bin(b, some, 3);
    kai_put_array(b, 3);
    kai_put_array(b, 3);
    kai_put_bin(b, some, 4);
    kai_put_uint(b, KAI_RB_SKIP);
    kai_put_nil(b);
    kai_put_array(b, 3);
    kai_put_bin(b, some, 5);
    kai_put_uint(b, KAI_RB_FP);
    kai_put_bin(b, some, 16);
    kai_put_array(b, 3);
    kai_put_bin(b, some, 0);
    kai_put_uint(b, KAI_RB_LIST);
    kai_put_array(b, 2);
    kai_put_row(b, &row);
    row.log_n = KAI_KEY_BYTES;
    kai_put_row(b, &row);
}

static void put_hello(struct kai_buf *b, bool intro)
{
    struct kai_hello h = {.min = 1,
                          .max = 2,
                          .clock_ms = 99,
                          .charter_ver = 1,
                          .credit_bytes = 5,
                          .frame_bytes = 6,
                          .intro = intro,
                          .charter = {.p = some, .n = 30}};

    memcpy(h.nonce, some, 32);
    kai_put_hello(b, &h);
    if (intro) {
        kai_put_array(b, 1);
        put_entry(b);
    }
}

static void put_ids(struct kai_buf *b, enum kai_msg type)
{
    kai_put_frame(b, type, 2);
    kai_put_uint(b, 70);
    kai_put_array(b, 1);
    kai_put_array(b, 2);
    kai_put_bin(b, some, 32);
    kai_put_uint(b, 9);
}

static void make(struct kai_buf *b, int kind)
{
    struct kai_want w = {.from = 3, .to = 8, .payload = true};
    static const enum kai_msg types[KINDS] = {
        KAI_MSG_HELLO, KAI_MSG_HELLO, KAI_MSG_MATCH, KAI_MSG_PING,  KAI_MSG_PONG,    KAI_MSG_CREDIT,
        KAI_MSG_DEF,   KAI_MSG_OFFER, KAI_MSG_RB,    KAI_MSG_WANT,  KAI_MSG_ENTRIES, KAI_MSG_PUSH,
        KAI_MSG_IHAVE, KAI_MSG_GRAFT, KAI_MSG_PRUNE, KAI_MSG_PEERS, KAI_MSG_PROOF,   KAI_MSG_NOTES,
        KAI_MSG_ERR,   KAI_MSG_BYE,   KAI_MSG_PUSH};
    enum kai_msg type = types[kind];

    kai_buf_clear(b);
    if (type == KAI_MSG_HELLO) {
        put_hello(b, kind == 1);
    } else if (type == KAI_MSG_RB) {
        put_rb(b);
    } else if (type == KAI_MSG_PING || type == KAI_MSG_PONG || type == KAI_MSG_ERR) {
        kai_put_numbers(b, type, 70000, 3);
    } else if (type == KAI_MSG_CREDIT || type == KAI_MSG_BYE) {
        kai_put_number(b, type, 5);
    } else if (type == KAI_MSG_PRUNE) {
        kai_put_frame(b, type, 3);
        kai_put_uint(b, 70);
        kai_put_uint(b, 9);
        kai_put_array(b, 1);
        kai_put_bin(b, some, 32);
    } else if (type == KAI_MSG_IHAVE || type == KAI_MSG_GRAFT) {
        put_ids(b, type);
    } else if (type == KAI_MSG_MATCH || type == KAI_MSG_OFFER || type == KAI_MSG_WANT) {
        kai_put_frame(b, type, 2);
        kai_put_uint(b, 8);
        kai_put_array(b, 1);
        if (type == KAI_MSG_MATCH) {
            kai_put_bin(b, some, 16);
        } else if (type == KAI_MSG_WANT) {
            kai_put_want(b, &w);
        } else {
            kai_put_array(b, 2);
            kai_put_bin(b, some, 32);
            kai_put_bin(b, some, 56);
        }
    } else if (type == KAI_MSG_PEERS || type == KAI_MSG_NOTES) {
        kai_put_frame(b, type, type == KAI_MSG_NOTES ? 2 : 1);
        if (type == KAI_MSG_NOTES)
            kai_put_uint(b, 8);
        kai_put_array(b, 2);
        kai_put_bin(b, some, 40);
        kai_put_bin(b, some, 41);
    } else {
        kai_put_frame(b, type,
                      type == KAI_MSG_PUSH                               ? 4
                      : type == KAI_MSG_ENTRIES || type == KAI_MSG_PROOF ? 3
                                                                         : 2);
        kai_put_uint(b, 4);
        if (type == KAI_MSG_ENTRIES) {
            kai_put_array(b, 1);
            put_entry(b);
            kai_put_bool(b, false);
        } else if (type == KAI_MSG_DEF) {
            kai_put_bin(b, some, 32);
        } else {
            kai_put_bin(b, some, 60);
            kai_put_bin(b, some, 64);
            if (type == KAI_MSG_PUSH && kind == KINDS - 1)
                kai_put_nil(b);
            else if (type == KAI_MSG_PUSH)
                kai_put_bin(b, some, 10);
        }
    }
    assert_int_equal(b->err, KAI_OK);
}

/* Read all that a frame which parsed holds: nothing may fail then. */
static void read_all(struct kai_frame *f)
{
    for (uint32_t i = 0; i < f->n; i++) {
        const uint8_t *p1, *p2;
        uint64_t seq;
        struct kai_view v1, v2, v3;
        struct kai_want w;
        struct kai_rb_range r;
        struct kai_rb_row row;
        switch ((int)f->type) {
        case KAI_MSG_MATCH:
            assert_non_null(kai_frame_token(f));
            break;
        case KAI_MSG_OFFER:
            kai_frame_offer(f, &p1, &p2);
            assert_true(p1 && p2);
            break;
        case KAI_MSG_RB:
            kai_frame_range(f, &r);
            for (uint32_t k = 0; k < r.n_rows; k++) {
                kai_range_row(&r, &row);
                assert_true(row.seq > 0 && kai_cur_ok(&r.rows));
            }
            assert_true(r.mode != KAI_RB_FP || r.fp.p);
            break;
        case KAI_MSG_WANT:
            kai_frame_want(f, &w);
            assert_true(w.to >= w.from);
            break;
        case KAI_MSG_IHAVE:
        case KAI_MSG_GRAFT:
            kai_frame_id(f, &p1, &seq);
            assert_true(p1 && (seq > 0 || f->type == KAI_MSG_GRAFT));
            break;
        case KAI_MSG_PRUNE:
            assert_non_null(kai_frame_log(f));
            break;
        case KAI_MSG_PEERS:
        case KAI_MSG_NOTES:
            (void)kai_frame_note(f);
            break;
        default:
            kai_frame_parts(f, &v1, &v2, &v3);
        }
        assert_true(kai_cur_ok(&f->items));
    }
}

static struct kai_buf made(int kind)
{
    struct kai_buf b;

    kai_buf_init(&b, KAI_FRAME_BYTES_MAX);
    make(&b, kind);
    return b;
}

static void test_all_kinds(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct kai_buf b = made(kind);
        struct kai_frame f;
        assert_int_equal(kai_frame_parse(&f, kai_buf_view(&b)), KAI_OK);
        read_all(&f);
        kai_buf_free(&b);
    }
}

static void test_every_prefix(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct kai_buf b = made(kind);
        struct kai_frame f;
        for (size_t n = 0; n < b.len; n++) {
            uint8_t *exact = malloc(n + 1); /* So that a read past the end is seen. */
            memcpy(exact, b.p, n);
            exact = realloc(exact, n ? n : 1);
            assert_int_not_equal(kai_frame_parse(&f, kai_view_of(exact, n)), KAI_OK);
            free(exact);
        }
        kai_buf_u8(&b, 0);
        assert_int_not_equal(kai_frame_parse(&f, kai_buf_view(&b)), KAI_OK);
        kai_buf_free(&b);
    }
}

static void test_bit_flips(void **state)
{
    size_t refused = 0;

    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct kai_buf b = made(kind);
        for (size_t bit = 0; bit < 8 * b.len; bit++) {
            struct kai_frame f;
            b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (kai_frame_parse(&f, kai_buf_view(&b)) == KAI_OK)
                read_all(&f);
            else
                refused++;
            b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        kai_buf_free(&b);
    }
    assert_true(refused > 1000);
}

static void test_limits(void **state)
{
    struct kai_frame f;
    struct kai_buf b;
    uint8_t unknown[] = {0x92, 0x55, 0x00};

    (void)state;
    assert_int_not_equal(kai_frame_parse(&f, kai_view_of(unknown, sizeof unknown)), KAI_OK);
    kai_buf_init(&b, 2 * KAI_FRAME_BYTES_MAX);
    kai_put_frame(&b, KAI_MSG_MATCH, 2);
    kai_put_uint(&b, 0);
    kai_put_array(&b, KAI_MATCH_TOKENS_MAX + 1);
    for (size_t i = 0; i <= KAI_MATCH_TOKENS_MAX; i++)
        kai_put_bin(&b, some, 16);
    assert_int_equal(kai_frame_parse(&f, kai_buf_view(&b)), KAI_ELIMIT);
    kai_buf_clear(&b);
    while (b.len <= KAI_FRAME_BYTES_MAX)
        kai_buf_add(&b, some, sizeof some);
    assert_int_equal(kai_frame_parse(&f, kai_buf_view(&b)), KAI_ELIMIT);
    kai_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds), cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_bit_flips), cmocka_unit_test(test_limits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
