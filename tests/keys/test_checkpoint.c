/* CHECKPOINT: its bytes, what is refused, and whose rows are found. */
#include "keys/checkpoint.h"

#include <string.h>

#include "crypto/sign.h"
#include "keys/vector.h"
#include "keys/world.h"
#include "wire/put.h"

struct maker { /* A node with certificates of its own making. */
    uint8_t pk[KAI_KEY_BYTES], sk[64], nid[KAI_ID_BYTES];
};

static void start(struct maker *m)
{
    uint8_t seed[32];

    memset(seed, 7, sizeof seed);
    memset(m->nid, 9, sizeof m->nid);
    assert_int_equal(crypto_sign_seed_keypair(m->pk, m->sk, seed), 0);
}

static void row(struct kai_mark *out, uint8_t which)
{
    uint8_t salt[32], log[KAI_KEY_BYTES], head[KAI_ID_BYTES];

    memset(salt, which, sizeof salt);
    memset(log, which + 1, sizeof log);
    memset(head, which + 2, sizeof head);
    kai_mark_of(out, salt, log, which + 3u, head);
}

static void fill(struct kai_checkpoint *p, size_t n)
{
    *p = (struct kai_checkpoint){.counter = 1735689600000, .n = n};
    memset(p->node_cert, 5, sizeof p->node_cert);
    for (size_t i = 0; i < n; i++)
        row(&p->rows[i], (uint8_t)i);
    kai_marks_sort(p->rows, n);
}

static void make(const struct maker *m, struct kai_buf *out, const struct kai_checkpoint *p)
{
    kai_buf_init(out, KAI_CHECKPOINT_BYTES_MAX);
    kai_checkpoint_write(out, p, m->sk, m->nid);
    MUST(out->err);
}

static void round_trip(void **state)
{
    static const size_t sizes[] = {0, 1, 15, 16, KAI_CHECKPOINT_ROWS_MAX};
    struct kai_checkpoint p, q;
    struct maker m;
    struct kai_buf b;

    (void)state;
    start(&m);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fill(&p, sizes[i]);
        make(&m, &b, &p);
        MUST(kai_checkpoint_parse(&q, kai_buf_view(&b)));
        assert_memory_equal(&p, &q, sizeof p);
        MUST(kai_checkpoint_verify(kai_buf_view(&b), m.pk, m.nid));
        kai_buf_free(&b);
    }
}

/* Whatever byte is another: not this note, under this key, in this network. The certificate's alone
 * says whose key to ask. */
static void changed(void **state)
{
    struct kai_checkpoint p, q;
    struct maker m;
    struct kai_buf b;

    (void)state;
    start(&m);
    fill(&p, 3);
    make(&m, &b, &p);
    for (size_t i = 0; i < b.len; i++) {
        b.p[i] ^= 1;
        enum kai_err err = kai_checkpoint_parse(&q, kai_buf_view(&b));
        bool whose = err == KAI_OK && memcmp(q.node_cert, p.node_cert, sizeof q.node_cert) != 0;
        if (err == KAI_OK)
            err = kai_checkpoint_verify(kai_buf_view(&b), m.pk, m.nid);
        assert_true(whose || err != KAI_OK);
        b.p[i] ^= 1;
        struct kai_view part = kai_view_of(b.p, i);
        assert_int_not_equal(kai_checkpoint_parse(&q, part), KAI_OK);
    }
    m.nid[0] ^= 1;
    assert_int_equal(kai_checkpoint_verify(kai_buf_view(&b), m.pk, m.nid), KAI_EAUTH);
    m.nid[0] ^= 1;
    m.pk[31] ^= 1;
    assert_int_not_equal(kai_checkpoint_verify(kai_buf_view(&b), m.pk, m.nid), KAI_OK);
    kai_buf_free(&b);
}

/* A body as its signer likes it. */
static enum kai_err of_body(const struct maker *m, const struct kai_buf *body, bool behind)
{
    uint8_t sig[KAI_SIG_BYTES], cert[KAI_ID_BYTES] = {0};
    struct kai_checkpoint q;
    struct kai_buf b;

    kai_sign(sig, m->sk, KAI_SIG_CHECKPOINT, m->nid, body->p, body->len);
    kai_buf_init(&b, 2 * KAI_CHECKPOINT_BYTES_MAX);
    kai_put_array(&b, 4);
    kai_put_uint(&b, KAI_REC_CHECKPOINT);
    kai_put_view(&b, kai_buf_view(body));
    kai_put_bin(&b, cert, sizeof cert);
    kai_put_bin(&b, sig, sizeof sig);
    if (behind)
        kai_put_nil(&b);
    MUST(b.err);
    enum kai_err err = kai_checkpoint_parse(&q, kai_buf_view(&b));
    kai_buf_free(&b);
    return err;
}

static void rows_of(struct kai_buf *body, uint64_t counter, const struct kai_mark *rows, size_t n)
{
    kai_buf_init(body, 2 * KAI_CHECKPOINT_BYTES_MAX);
    kai_put_array(body, 3);
    kai_put_uint(body, counter);
    kai_put_array(body, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        kai_put_array(body, 2);
        kai_put_bin(body, rows[i].blind, 16);
        kai_put_bin(body, rows[i].blindhead, 16);
    }
}

/* What its signer may not say either: a second form of the same, or too much. */
static void refused(void **state)
{
    struct kai_mark rows[KAI_CHECKPOINT_ROWS_MAX + 1], two[2];
    struct kai_buf body;
    struct maker m;

    (void)state;
    start(&m);
    for (size_t i = 0; i <= KAI_CHECKPOINT_ROWS_MAX; i++)
        row(&rows[i], (uint8_t)i);
    kai_marks_sort(rows, KAI_CHECKPOINT_ROWS_MAX + 1);
    for (size_t n = KAI_CHECKPOINT_ROWS_MAX; n <= KAI_CHECKPOINT_ROWS_MAX + 1; n++) {
        rows_of(&body, 1, rows, n);
        kai_put_no_ext(&body);
        assert_int_equal(of_body(&m, &body, false),
                         n > KAI_CHECKPOINT_ROWS_MAX ? KAI_ELIMIT : KAI_OK);
        kai_buf_free(&body);
    }
    for (size_t same = 0; same < 2; same++) { /* Descending, and twice with two heads. */
        two[0] = rows[1];
        two[1] = same ? rows[1] : rows[0];
        two[1].blindhead[0] ^= 1;
        rows_of(&body, 1, two, 2);
        kai_put_no_ext(&body);
        assert_int_equal(of_body(&m, &body, false), KAI_EMALFORMED);
        kai_buf_free(&body);
    }
    rows_of(&body, 1, rows, 2);
    kai_put_no_ext(&body);
    assert_int_equal(of_body(&m, &body, false), KAI_OK);
    assert_int_equal(of_body(&m, &body, true), KAI_EMALFORMED); /* Something behind it. */
    kai_put_nil(&body);
    assert_int_equal(of_body(&m, &body, false), KAI_EMALFORMED);
    kai_buf_free(&body);
    rows_of(&body, 1, rows, 2);
    kai_buf_add(&body, "\x81\x01\xc4\x00", 4); /* Critical, and not known. */
    assert_int_equal(of_body(&m, &body, false), KAI_EMALFORMED);
    body.p[body.len - 3] = 2;
    assert_int_equal(of_body(&m, &body, false), KAI_OK);
    body.len -= 4;
    kai_buf_add(&body, "\x81\x02\xc5\x0c\x00", 5); /* More than a note has room for. */
    for (size_t i = 0; i < KAI_CHECKPOINT_BYTES_MAX; i++)
        kai_buf_add(&body, "", 1);
    assert_int_equal(of_body(&m, &body, false), KAI_ELIMIT);
    kai_buf_free(&body);
    kai_buf_init(&body, 64);
    kai_buf_add(&body, "\x93\xcc\x01\x90\x80", 5); /* A number longer than it need be. */
    assert_int_equal(of_body(&m, &body, false), KAI_EMALFORMED);
    kai_buf_clear(&body);
    kai_buf_add(&body, "\x93\x01\xdc\x00\x00\x80", 6); /* An array likewise. */
    assert_int_equal(of_body(&m, &body, false), KAI_EMALFORMED);
    kai_buf_clear(&body);
    kai_buf_add(&body, "\x93\x01\x90\x80", 4);
    assert_int_equal(of_body(&m, &body, false), KAI_OK);
    kai_buf_free(&body);
}

/* Who has the salt finds the row of a log, and only there. */
static void found(void **state)
{
    struct kai_checkpoint p;
    uint8_t salt[32], log[KAI_KEY_BYTES], blind[16];

    (void)state;
    fill(&p, 20);
    for (uint8_t i = 0; i < 24; i++) {
        struct kai_mark want;

        memset(salt, i, sizeof salt);
        memset(log, i + 1, sizeof log);
        kai_mark_blind(blind, salt, log);
        const struct kai_mark *is = kai_marks_find(p.rows, p.n, blind);
        assert_int_equal(is != NULL, i < 20);
        row(&want, i);
        if (is != NULL)
            assert_memory_equal(is->blindhead, want.blindhead, sizeof want.blindhead);
        salt[0] ^= 1;
        kai_mark_blind(blind, salt, log);
        assert_null(kai_marks_find(p.rows, p.n, blind));
    }
    assert_null(kai_marks_find(p.rows, 0, blind));
}

static void golden(void **state)
{
    FILE *f = fopen(KAI_VECTORS, "r");
    struct kai_checkpoint p;
    struct maker m;
    struct kai_buf b;

    (void)state;
    assert_non_null(f);
    start(&m);
    fill(&p, 2);
    make(&m, &b, &p);
    vector_check(f, "checkpoint-nid", kai_view_of(m.nid, KAI_ID_BYTES));
    vector_check(f, "checkpoint-pk", kai_view_of(m.pk, KAI_KEY_BYTES));
    vector_check(f, "checkpoint", kai_buf_view(&b));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(vector_missing(), 0);
    kai_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip), cmocka_unit_test(changed), cmocka_unit_test(refused),
        cmocka_unit_test(found),      cmocka_unit_test(golden),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
