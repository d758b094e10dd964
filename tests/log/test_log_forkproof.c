/* test_log_forkproof: two headers of one place prove a fork, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "log/forkproof.h"
#include "log/golden.h"
#include "log/log_util.h"
#include "log/sweep.h"
#include "wire/put.h"

static struct world wd;

/* An entry at seq; branch tells them apart. */
static struct kai_entry at(struct kai_buf *out, uint64_t seq, uint8_t branch)
{
    struct kai_hdr h = {.seq = seq, .ts = 1767225600000u + branch, .ptype = KAI_PTYPE_SEALED};
    struct kai_entry e;

    memcpy(h.log_pk, wd.log_pk, KAI_KEY_BYTES);
    if (seq > 1)
        memset(h.prev, 3, KAI_ID_BYTES);
    assert_int_equal(kai_entry_make(&e, out, &h, wd.log_sk, wd.nid, kai_view_of("\x01\x02\x03", 3)),
                     KAI_OK);
    return e;
}

static enum kai_err accept(struct kai_view v)
{
    struct kai_forkproof p;
    enum kai_err err = kai_forkproof_parse(&p, v);

    return err == KAI_OK ? kai_forkproof_verify(&p, wd.nid) : err;
}

/* In which order whoever makes it met them changes nothing. */
static void test_one_form(void **state)
{
    struct kai_buf a_bytes, b_bytes, one, two, again;
    struct kai_forkproof p;

    (void)state;
    kai_buf_init(&a_bytes, 4096);
    kai_buf_init(&b_bytes, 4096);
    kai_buf_init(&one, KAI_FORKPROOF_BYTES_MAX);
    kai_buf_init(&two, KAI_FORKPROOF_BYTES_MAX);
    kai_buf_init(&again, KAI_FORKPROOF_BYTES_MAX);
    struct kai_entry a = at(&a_bytes, 7, 1);
    struct kai_entry b = at(&b_bytes, 7, 2);
    assert_int_equal(kai_forkproof_write(&one, &a, &b), KAI_OK);
    assert_int_equal(kai_forkproof_write(&two, &b, &a), KAI_OK);
    assert_true(kai_view_eq(kai_buf_view(&one), kai_buf_view(&two)));
    assert_int_equal(accept(kai_buf_view(&one)), KAI_OK);
    assert_int_equal(kai_forkproof_parse(&p, kai_buf_view(&one)), KAI_OK);
    assert_int_equal(p.at[0].h.seq, 7);
    assert_true(memcmp(p.at[0].hash, p.at[1].hash, KAI_ID_BYTES) < 0);
    assert_int_equal(kai_forkproof_write(&again, &p.at[1], &p.at[0]), KAI_OK);
    assert_true(kai_view_eq(kai_buf_view(&one), kai_buf_view(&again)));
    sweep("forkproof", kai_buf_view(&one), accept, 0, 0);
    kai_buf_free(&a_bytes);
    kai_buf_free(&b_bytes);
    kai_buf_free(&one);
    kai_buf_free(&two);
    kai_buf_free(&again);
}

static void put(struct kai_buf *out, const struct kai_entry *a, const struct kai_entry *b)
{
    kai_buf_clear(out);
    kai_put_array(out, 6);
    kai_put_uint(out, KAI_NOTE_FORKPROOF);
    kai_put_view(out, a->hdr);
    kai_put_view(out, a->sig);
    kai_put_view(out, b->hdr);
    kai_put_view(out, b->sig);
    kai_put_no_ext(out);
}

static void test_no_fork(void **state)
{
    struct kai_buf bytes[4], out;
    struct world other;
    uint8_t sig[KAI_SIG_BYTES];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        kai_buf_init(&bytes[i], 4096);
    kai_buf_init(&out, KAI_FORKPROOF_BYTES_MAX);
    struct kai_entry a = at(&bytes[0], 7, 1), b = at(&bytes[1], 7, 2), later = at(&bytes[2], 8, 1);
    struct kai_entry first = memcmp(a.hash, b.hash, KAI_ID_BYTES) < 0 ? a : b;
    struct kai_entry second = first.hdr.p == a.hdr.p ? b : a;

    assert_int_equal(kai_forkproof_write(&out, &a, &a), KAI_EMALFORMED);
    assert_int_equal(kai_forkproof_write(&out, &a, &later), KAI_EMALFORMED);
    put(&out, &a, &a); /* The same header twice, */
    assert_int_equal(accept(kai_buf_view(&out)), KAI_EMALFORMED);
    put(&out, &first, &later); /* of two places, */
    assert_int_equal(accept(kai_buf_view(&out)), KAI_EMALFORMED);
    put(&out, &later, &first);
    assert_int_equal(accept(kai_buf_view(&out)), KAI_EMALFORMED);
    put(&out, &second, &first); /* in the other form, */
    assert_int_equal(accept(kai_buf_view(&out)), KAI_EMALFORMED);
    world_init(&other, 99); /* of two logs, */
    struct world mine = wd;
    wd = other;
    struct kai_entry theirs = at(&bytes[3], 7, 2);
    wd = mine;
    put(&out, &a, &theirs);
    assert_int_equal(accept(kai_buf_view(&out)), KAI_EMALFORMED);
    memcpy(sig, second.sig.p, sizeof sig); /* or signed by nobody. */
    sig[3] ^= 4;
    second.sig.p = sig;
    put(&out, &first, &second);
    assert_int_equal(accept(kai_buf_view(&out)), KAI_EAUTH);
    for (size_t i = 0; i < 4; i++)
        kai_buf_free(&bytes[i]);
    kai_buf_free(&out);
}

static void test_golden(void **state)
{
    struct kai_buf a_bytes, b_bytes, out;

    (void)state;
    kai_buf_init(&a_bytes, 4096);
    kai_buf_init(&b_bytes, 4096);
    kai_buf_init(&out, KAI_FORKPROOF_BYTES_MAX);
    struct kai_entry a = at(&a_bytes, 301, 1), b = at(&b_bytes, 301, 2);
    golden_begin("# Golden bytes of notes (docs/protocol.md 5): name = hex. Keys: inputs first.\n");
    golden_say("nid", wd.nid, 32);
    golden_say("log_pk", wd.log_pk, 32);
    golden_say("hdr_1", a.hdr.p, a.hdr.n);
    golden_say("hdr_2", b.hdr.p, b.hdr.n);
    assert_int_equal(kai_forkproof_write(&out, &a, &b), KAI_OK);
    golden_say_buf("forkproof", &out);
    golden_end(KAI_VECTORS);
    kai_buf_free(&a_bytes);
    kai_buf_free(&b_bytes);
    kai_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_form),
        cmocka_unit_test(test_no_fork),
        cmocka_unit_test(test_golden),
    };

    world_init(&wd, 41);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
