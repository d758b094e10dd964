/* test_log_expiry: when payloads may be gone: never BIND, never what does not say so, never before
 * everybody else would take the header alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "log/body.h"
#include "log/expiry.h"
#include "log/golden.h"
#include "wire/put.h"

#define DAY UINT64_C(86400)

static const uint8_t kid[KAI_TAG_BYTES] = {1, 2, 3};
static const uint8_t other[KAI_TAG_BYTES] = {1, 2, 4};

static struct kai_hdr data(uint64_t ts, uint64_t ttl_s)
{
    struct kai_hdr h = {.seq = 2, .ts = ts, .ttl_s = ttl_s, .ptype = KAI_PTYPE_SEALED};

    memcpy(h.kid, kid, sizeof kid);
    return h;
}

static void test_edges(void **state)
{
    struct kai_hdr h = data(5000, 7);

    (void)state;
    assert_false(kai_payload_over(&h, kid, 11999));
    assert_true(kai_payload_over(&h, kid, 12000));
    assert_int_equal(kai_payload_due(&h, kid, 5000), 12000 + KAI_EXPIRE_GRACE_MS);
    assert_int_equal(kai_payload_due(&h, kid, 9000), 16000 + KAI_EXPIRE_GRACE_MS); /* Late. */
    assert_int_equal(kai_payload_due(&h, kid, 1), 12000 + KAI_EXPIRE_GRACE_MS); /* Ahead of us. */
    h = data(5000, 400 * DAY);
    assert_int_equal(kai_payload_due(&h, kid, 5000), 5000 + 400 * DAY * 1000 + KAI_EXPIRE_GRACE_MS);
    /* Written by a clock that stood still: whoever takes it in has it for a month. */
    assert_int_equal(kai_payload_due(&h, kid, 500 * DAY * 1000),
                     530 * DAY * 1000 + KAI_EXPIRE_GRACE_MS);
}

static void test_kept(void **state)
{
    static const uint64_t ptypes[] = {KAI_PTYPE_CONTROL, KAI_PTYPE_EPOCH, KAI_PTYPE_CLOSE, 77};
    struct kai_hdr h = data(1, 0);

    (void)state;
    assert_false(kai_payload_over(&h, kid, INT64_MAX));
    assert_true(kai_payload_due(&h, kid, 1) == UINT64_MAX);
    h = data(1, 1);
    assert_true(kai_payload_over(&h, kid, INT64_MAX));
    assert_false(kai_payload_over(&h, other, INT64_MAX)); /* The first under its epoch: BIND. */
    assert_false(kai_payload_over(&h, NULL, INT64_MAX));
    assert_true(kai_payload_due(&h, other, 1) == UINT64_MAX);
    assert_true(kai_payload_due(&h, NULL, 1) == UINT64_MAX);
    for (size_t i = 0; i < sizeof ptypes / sizeof ptypes[0]; i++) {
        h.ptype = ptypes[i];
        assert_false(kai_payload_over(&h, kid, INT64_MAX));
        assert_true(kai_payload_due(&h, kid, 1) == UINT64_MAX);
    }
}

/* Whatever the numbers: who lets go by a clock that is not two days ahead of another's shows it
 * nothing that it would not take. */
static void test_property(void **state)
{
    static const uint64_t edge[] = {0,
                                    1,
                                    999,
                                    86400,
                                    KAI_EXPIRE_LEAST_MS,
                                    INT64_MAX / 2000,
                                    INT64_MAX / 2000 + 1,
                                    INT64_MAX / 1000,
                                    INT64_MAX - 1,
                                    INT64_MAX};
    enum { N = sizeof edge / sizeof edge[0] };

    (void)state;
    for (size_t a = 0; a < N; a++)
        for (size_t b = 0; b < N; b++)
            for (size_t c = 0; c < N; c++) {
                struct kai_hdr h = data(edge[a], edge[b]);
                uint64_t due = kai_payload_due(&h, kid, edge[c]);
                if (due == UINT64_MAX)
                    continue;
                assert_true(due >= KAI_EXPIRE_GRACE_MS && due >= edge[c]);
                assert_true(kai_payload_over(&h, kid, due - KAI_EXPIRE_GRACE_MS));
            }
}

static void body_of(struct kai_buf *b, const uint64_t *types, size_t n)
{
    kai_buf_clear(b);
    kai_body_begin(b, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        kai_put_array(b, 2);
        kai_put_uint(b, types[i]);
        kai_put_uint(b, 0);
    }
    kai_body_end(b);
}

/* What stands beside anything that must outlive it never expires. */
static void test_bodies(void **state)
{
    struct kai_buf b;

    (void)state;
    kai_buf_init(&b, 1024);
    for (uint64_t type = 1; type <= 70; type++) {
        bool may = type == KAI_ITEM_OBJ || type == KAI_ITEM_RESHARE || type == KAI_ITEM_NOTICE;
        uint64_t types[2] = {KAI_ITEM_OBJ, type};

        body_of(&b, &types[1], 1);
        assert_int_equal(kai_body_ttl(kai_buf_view(&b), 9), may ? 9 : 0);
        body_of(&b, types, 2);
        assert_int_equal(kai_body_ttl(kai_buf_view(&b), 9), may ? 9 : 0);
    }
    assert_int_equal(kai_body_ttl(kai_view_of("\x90", 1), 9), 0);
    kai_buf_free(&b);
}

/* For other implementations: of ts, ttl, first seen: when it may come bare, and when it is dropped;
 * zeros: never. */
static void test_golden(void **state)
{
    static const uint64_t in[][3] = {
        {1767225600000, 0, 1767225600000},
        {1767225600000, 1, 1767225600500},
        {1767225600000, 34560000, 1767225600000},
        {0, 34560000, 1767225600000},
        {1799999999999, 86400, 1767225600000},
        {INT64_MAX, INT64_MAX / 2000, 1},
        {1, INT64_MAX / 2000 + 1, 1},
    };

    (void)state;
    golden_begin(
        "# Expiry of payloads (docs/protocol.md 5): ts, ttl_s, first seen, over, dropped; each"
        " 8 bytes.\n");
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
        struct kai_hdr h = data(in[i][0], in[i][1]);
        uint64_t due = kai_payload_due(&h, kid, in[i][2]);
        uint64_t over = due == UINT64_MAX ? 0 : h.ts + h.ttl_s * 1000;
        uint8_t row[40];
        char name[16];

        if (due != UINT64_MAX) {
            assert_true(kai_payload_over(&h, kid, over));
            assert_false(kai_payload_over(&h, kid, over - 1));
        }
        for (size_t k = 0; k < 3; k++)
            kai_put_u64(row + 8 * k, in[i][k]);
        kai_put_u64(row + 24, over);
        kai_put_u64(row + 32, due == UINT64_MAX ? 0 : due);
        (void)snprintf(name, sizeof name, "expiry_%zu", i + 1);
        golden_say(name, row, sizeof row);
    }
    golden_end(KAI_VECTORS);
}

/* Which time counts: one clock that is years off, ours or another's, lets go of nothing. */
static void test_now(void **state)
{
    static const uint8_t a[KAI_ID_BYTES] = {1}, b[KAI_ID_BYTES] = {2}, c[KAI_ID_BYTES] = {3};
    const uint64_t now = 20000 * DAY * 1000, years = 3650 * DAY * 1000;
    const uint64_t grace = KAI_EXPIRE_GRACE_MS;
    struct kai_expiry_others o = {0};

    (void)state;
    assert_int_equal(kai_expiry_now(&o, now, now), 0); /* Nobody else has written. */
    kai_expiry_heard(&o, a, 0);
    assert_int_equal(kai_expiry_now(&o, now, now), 0);
    kai_expiry_heard(&o, a, now - 5);
    assert_int_equal(kai_expiry_now(&o, now, now), now);
    assert_int_equal(kai_expiry_now(&o, now + years, now + years), now - 5 + grace); /* Ours. */
    assert_int_equal(kai_expiry_now(&o, now - years, now - years), now - years);

    kai_expiry_heard(&o, b, now + years); /* Another's; and both. */
    assert_int_equal(kai_expiry_now(&o, now, now), now);
    assert_int_equal(kai_expiry_now(&o, now + years, now + years), now - 5 + grace);
    kai_expiry_heard(&o, b, now + years + 1); /* The same one twice is one. */
    kai_expiry_heard(&o, b, now);
    assert_int_equal(kai_expiry_now(&o, now + years, now + years), now - 5 + grace);
    kai_expiry_heard(&o, c, now + 3);
    kai_expiry_heard(&o, a, now + 1);
    assert_int_equal(kai_expiry_now(&o, now + years, now + years), now + 3 + grace);
    kai_expiry_heard(&o, a, now + years + 2); /* Past the first: the two change places. */
    assert_int_equal(kai_expiry_now(&o, UINT64_MAX, UINT64_MAX), now + years + 1 + grace);

    /* What others wrote long ahead, our clock goes along, but the steady one did not. */
    assert_int_equal(kai_expiry_now(&o, now + years, now), now + grace);
    assert_int_equal(kai_expiry_now(&o, now + grace, now), now + grace);
    assert_int_equal(kai_expiry_now(&o, now, now + years), now); /* Set back. */
}

/* An own entry of while the clock was years behind or ahead came no sooner than what lay there. */
static void test_seen(void **state)
{
    const uint64_t now = 20000 * DAY * 1000, years = 3650 * DAY * 1000;
    uint64_t latest = 0;

    (void)state;
    assert_int_equal(kai_expiry_seen(&latest, now, now - 100, now - 200), now - 100);
    assert_int_equal(kai_expiry_seen(&latest, now, now + years, now + years), now + years);
    assert_int_equal(kai_expiry_seen(&latest, now, now - years, now - years), now - 100);
    assert_int_equal(kai_expiry_seen(&latest, now, now - years, now - 50), now - 50);
    assert_int_equal(kai_expiry_seen(&latest, now, now - years, now - years), now - 50);
    assert_int_equal(kai_expiry_seen(&latest, now, now, now), now);

    struct kai_hdr h = data(now - years, 400 * DAY);
    uint64_t seen = kai_expiry_seen(&latest, now, h.ts, h.ts);
    assert_true(kai_payload_due(&h, kid, h.ts) < now);
    assert_int_equal(kai_payload_due(&h, kid, seen),
                     now + KAI_EXPIRE_LEAST_MS + KAI_EXPIRE_GRACE_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),    cmocka_unit_test(test_kept),
        cmocka_unit_test(test_property), cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_now),
        cmocka_unit_test(test_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
