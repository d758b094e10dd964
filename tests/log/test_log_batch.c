/* test_log_batch: contents go in, entries come out, and a receiver gets the same contents back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sign.h"
#include "log/log_util.h"

/* What was published, in order. */
struct sent {
    struct kai_buf bytes;
    size_t n;
    size_t cap;
    struct {
        uint64_t kind;
        size_t n;
    } * item;
    size_t parted; /* Contents that came as parts. */
};

static void sent_init(struct sent *s, size_t cap)
{
    *s = (struct sent){.cap = cap, .item = calloc(cap, sizeof s->item[0])};
    assert_non_null(s->item);
    kai_buf_init(&s->bytes, (size_t)1 << 28);
}

static void sent_free(struct sent *s)
{
    kai_buf_free(&s->bytes);
    free(s->item);
}

static void sent_add(struct sent *s, struct kai_batch *b, uint64_t kind, const void *p, size_t n)
{
    assert_true(s->n < s->cap);
    kai_buf_add(&s->bytes, p, n);
    s->item[s->n].kind = kind;
    s->item[s->n++].n = n;
    assert_int_equal(kai_batch_add(b, kind, kai_view_of(p, n)), KAI_OK);
}

struct reader {
    const struct world *wd;
    struct sent *s;
    size_t at;   /* Byte of what was sent that comes next. */
    size_t next; /* Content. */
    size_t in;   /* Bytes of a parted content that have come. */
};

static void took(struct reader *r, uint64_t kind, struct kai_view content)
{
    assert_true(r->next < r->s->n);
    assert_true(r->at + content.n <= r->s->bytes.len);
    assert_memory_equal(content.p, r->s->bytes.p + r->at, content.n);
    r->at += content.n;
    if (kind == KAI_CONTENT_PART) {
        r->in += content.n;
        assert_true(r->in <= r->s->item[r->next].n);
        if (r->in < r->s->item[r->next].n)
            return;
        r->in = 0;
        r->s->parted++;
        kind = KAI_CONTENT_STIX;
    } else {
        assert_int_equal(content.n, r->s->item[r->next].n);
    }
    assert_int_equal(kind, r->s->item[r->next].kind);
    r->next++;
}

static enum kai_err read_item(void *ctx, uint64_t type, struct kai_view item)
{
    struct reader *r = ctx;
    struct kai_view obj;
    struct kai_view sig;
    struct kai_obj o;
    struct kai_cur c;
    struct kai_content content;
    struct kai_part part;
    uint32_t n;

    assert_int_equal(type, KAI_ITEM_OBJ);
    assert_int_equal(kai_obj_item_parse(&obj, &sig, &c, &n, item), KAI_OK);
    assert_int_equal(kai_obj_parse(&o, obj), KAI_OK);
    assert_int_equal(kai_verify(sig.p, r->wd->node_pk, KAI_SIG_OBJ, r->wd->nid, obj.p, obj.n),
                     KAI_OK);
    assert_int_equal(kai_obj_item_check(item, &o, NULL), KAI_OK);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(kai_content_read(&content, &c), KAI_OK);
        if (content.kind != KAI_CONTENT_PART) {
            assert_int_equal(r->in, 0);
            took(r, content.kind, content.content);
            continue;
        }
        assert_int_equal(kai_part_parse(&part, content.content), KAI_OK);
        assert_int_equal(part.total, r->s->item[r->next].n);
        assert_int_equal(part.offset, r->in);
        assert_int_equal(part.offset, content.index * KAI_PART_BYTES);
        took(r, KAI_CONTENT_PART, part.bytes);
    }
    return kai_cur_end(&c);
}

/* Verify the chain, open everything, compare with what was sent. */
static void receive(const struct world *wd, const struct tape *t, struct sent *s)
{
    struct reader r = {.wd = wd, .s = s};
    struct kai_packer *p;
    struct kai_buf body;
    struct kai_buf scratch;
    struct kai_cur c;
    uint8_t prev[KAI_ID_BYTES] = {0};
    uint64_t ts = 0;

    assert_int_equal(kai_packer_new(&p), KAI_OK);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&scratch, KAI_PAYLOAD_BYTES_MAX);
    kai_cur_init(&c, t->bytes.p, t->bytes.len);
    for (size_t i = 0; i < t->n; i++) {
        struct kai_entry e;

        assert_int_equal(kai_entry_read(&e, &c), KAI_OK);
        assert_int_equal(kai_entry_verify(&e, wd->nid), KAI_OK);
        assert_int_equal(e.h.seq, i + 1);
        assert_memory_equal(e.h.prev, prev, sizeof prev);
        assert_true(e.h.ts >= ts);
        assert_true(e.payload.n <= KAI_PAYLOAD_BYTES_MAX);
        struct kai_seal_place at = world_place(wd, &e.h);
        kai_buf_clear(&body);
        assert_int_equal(kai_payload_open(p, &body, &scratch, wd->epoch_key, &at, e.payload),
                         KAI_OK);
        assert_int_equal(kai_body_walk(kai_buf_view(&body), read_item, &r), KAI_OK);
        memcpy(prev, e.hash, sizeof prev);
        ts = e.h.ts;
    }
    assert_int_equal(kai_cur_end(&c), KAI_OK);
    assert_int_equal(r.next, s->n);
    assert_int_equal(r.at, s->bytes.len);
    assert_int_equal(t->items, s->n);
    assert_memory_equal(wd->w.prev, prev, sizeof prev);
    assert_int_equal(wd->w.seq, t->n);
    kai_buf_free(&body);
    kai_buf_free(&scratch);
    kai_packer_free(p);
}

/* n bytes: random, text of few letters, or one letter. */
static void bytes_make(struct rng *r, uint8_t *p, size_t n, unsigned how)
{
    rng_fill(r, p, n);
    for (size_t i = 0; how > 0 && i < n; i++)
        p[i] = how == 1 ? (uint8_t)('a' + p[i] % 4) : 'a';
}

/* Many small ones, some middling, few large. */
static size_t size_make(struct rng *r)
{
    switch (rng_below(r, 40)) {
    case 0:
        return (size_t)rng_below(r, 70000);
    case 1:
    case 2:
        return (size_t)rng_below(r, 9000);
    default:
        return (size_t)rng_below(r, 900);
    }
}

static void random_batch(uint64_t seed, size_t n, size_t items_max, bool large)
{
    static uint8_t text[KAI_STIX_BYTES_MAX];
    static struct world wd;
    struct rng r = {seed * 977};
    struct tape t;
    struct sent s;
    struct kai_batch *b;

    world_init(&wd, seed);
    tape_init(&t);
    sent_init(&s, n + 4);
    struct kai_batch_options opt = world_options(&wd, tape_emit, &t);
    opt.items_max = items_max;
    assert_int_equal(kai_batch_new(&b, &wd.w, &opt), KAI_OK);
    for (size_t i = 0; i < n; i++) {
        size_t len = size_make(&r);
        unsigned how = (unsigned)rng_below(&r, 3);

        if (large && i == n / 2)
            len = 900u << 10;
        if (large && i == n / 2)
            how = 0;
        bytes_make(&r, text, len, how);
        sent_add(&s, b, len <= 4096 && i % 7 == 0 ? KAI_CONTENT_LIST : KAI_CONTENT_STIX, text, len);
        if (rng_below(&r, 300) == 0)
            assert_int_equal(kai_batch_flush(b), KAI_OK);
    }
    assert_int_equal(kai_batch_flush(b), KAI_OK);
    assert_int_equal(kai_batch_flush(b), KAI_OK);
    kai_batch_free(b);
    receive(&wd, &t, &s);
    assert_true(s.parted >= (large ? 1u : 0u));
    sent_free(&s);
    tape_free(&t);
}

static void test_random_batches(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 3, 17, 499, 500, 501, 2000};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        random_batch(i, counts[i], KAI_BATCH_ITEMS_MAX, false);
        random_batch(100 + i, counts[i], 1 + i * 50, true);
    }
}

/* Around every size at which something changes. */
static void test_edges(void **state)
{
    (void)state;
    static uint8_t text[KAI_STIX_BYTES_MAX];
    static struct world wd;
    static const size_t sizes[] = {0,       1,       49151,   49152,   49153,  59000,
                                   59300,   60000,   65535,   65536,   98304,  98305,
                                   1048000, 1048300, 1048400, 1048500, 1048576};
    struct tape t;
    struct sent s;
    struct kai_batch *b;

    for (unsigned how = 0; how < 3; how++) {
        struct rng r = {how};

        world_init(&wd, how);
        tape_init(&t);
        sent_init(&s, 2 * sizeof sizes / sizeof sizes[0]);
        struct kai_batch_options opt = world_options(&wd, tape_emit, &t);
        assert_int_equal(kai_batch_new(&b, &wd.w, &opt), KAI_OK);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            bytes_make(&r, text, sizes[i], how);
            sent_add(&s, b, KAI_CONTENT_STIX, text, sizes[i]);
            sent_add(&s, b, KAI_CONTENT_STIX, "{}", 2);
        }
        assert_int_equal(kai_batch_flush(b), KAI_OK);
        kai_batch_free(b);
        receive(&wd, &t, &s);
        sent_free(&s);
        tape_free(&t);
    }
}

/* A kind without parts that does not fit is refused, and the batch goes on. */
static void test_refused(void **state)
{
    (void)state;
    static uint8_t text[KAI_STIX_BYTES_MAX + 1];
    static struct world wd;
    struct rng r = {5};
    struct tape t;
    struct sent s;
    struct kai_batch *b;

    world_init(&wd, 3);
    tape_init(&t);
    sent_init(&s, 10);
    struct kai_batch_options opt = world_options(&wd, tape_emit, &t);
    assert_int_equal(kai_batch_new(&b, &wd.w, &opt), KAI_OK);
    rng_fill(&r, text, sizeof text);
    sent_add(&s, b, KAI_CONTENT_LIST, text, 100);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_LIST, kai_view_of(text, 70000)), KAI_ELIMIT);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_LIST, kai_view_of(text, KAI_STIX_BYTES_MAX)),
                     KAI_ELIMIT);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of(text, sizeof text)),
                     KAI_ELIMIT);
    sent_add(&s, b, KAI_CONTENT_LIST, text, 58000);
    sent_add(&s, b, KAI_CONTENT_STIX, text, 200);
    memset(text, 'a', 70000);
    for (size_t i = 0; i < 3; i++) { /* Fit once compressed; each is tried alone before. */
        text[0] = (uint8_t)i;
        sent_add(&s, b, KAI_CONTENT_LIST, text, 70000);
    }
    sent_add(&s, b, KAI_CONTENT_STIX, text, 300);
    sent_add(&s, b, KAI_CONTENT_LIST, text, 69000);
    assert_int_equal(kai_batch_flush(b), KAI_OK);
    kai_batch_free(b);
    receive(&wd, &t, &s);
    assert_int_equal(s.parted, 0);
    sent_free(&s);
    tape_free(&t);
}

/* STIX that is bounded by the payload, not by the number of items, fills it. */
static void test_fill(void **state)
{
    (void)state;
    static struct world wd;
    struct rng r = {5};
    char text[4096];
    struct tape t;
    struct kai_batch *b;

    world_init(&wd, 4);
    tape_init(&t);
    struct kai_batch_options opt = world_options(&wd, tape_emit, &t);
    assert_int_equal(kai_batch_new(&b, &wd.w, &opt), KAI_OK);
    for (size_t i = 0; i < 10000; i++) {
        size_t n = stix_make(&r, text, sizeof text);
        uint8_t more[60];

        assert_true(n > 0);
        rng_fill(&r, more, sizeof more); /* As a description would: what does not compress. */
        n = (size_t)(kai_hex(text + n, more, sizeof more) + 2 * sizeof more - text);
        assert_int_equal(kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of(text, n)), KAI_OK);
    }
    size_t full_n = t.n;
    size_t full_bytes = t.payload_sum;
    assert_int_equal(kai_batch_flush(b), KAI_OK);
    assert_true(full_n > 10);
    assert_true(full_bytes / full_n >= KAI_PAYLOAD_BYTES_MAX * 8 / 10);
    kai_batch_free(b);
    tape_free(&t);
}

/* A seal that leaves little room, and one that leaves none. */
static void test_seal(void **state)
{
    (void)state;
    static uint8_t text[120000];
    static struct world wd;
    struct rng r = {5};
    struct tape t;
    struct sent s;
    struct kai_batch *b;

    rng_fill(&r, text, sizeof text);
    world_init(&wd, 5);
    tape_init(&t);
    sent_init(&s, 10);
    struct kai_batch_options opt = world_options(&wd, tape_emit, &t);
    opt.obj.seal = kai_view_of(text + 70000, 40000);
    assert_int_equal(kai_batch_new(&b, &wd.w, &opt), KAI_OK);
    sent_add(&s, b, KAI_CONTENT_STIX, text, 10000);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_LIST, kai_view_of(text, 20000)), KAI_ELIMIT);
    sent_add(&s, b, KAI_CONTENT_LIST, text, 18000);
    sent_add(&s, b, KAI_CONTENT_LIST, text + 30000, 5000);
    assert_int_equal(kai_batch_flush(b), KAI_OK);
    assert_int_equal(t.n, 3);
    receive(&wd, &t, &s);
    /* Nor do parts of it fit beside the seal. */
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of(text, 60000)), KAI_OK);
    assert_int_equal(kai_batch_flush(b), KAI_ELIMIT);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of(text, 1)), KAI_ELIMIT);
    assert_int_equal(t.n, 3);
    kai_batch_free(b);
    sent_free(&s);
    tape_free(&t);
}

static enum kai_err refuse(void *ctx, const struct kai_entry *e, size_t n_items)
{
    unsigned *calls = ctx;

    (void)e;
    (void)n_items;
    ++*calls;
    return KAI_EFULL;
}

static void test_dead_after_refusal(void **state)
{
    (void)state;
    static struct world wd;
    struct kai_batch *b;
    unsigned calls = 0;

    world_init(&wd, 4);
    struct kai_batch_options opt = world_options(&wd, refuse, &calls);
    assert_int_equal(kai_batch_new(&b, &wd.w, &opt), KAI_OK);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of("{}", 2)), KAI_OK);
    assert_int_equal(kai_batch_flush(b), KAI_EFULL);
    assert_int_equal(kai_batch_flush(b), KAI_EFULL);
    assert_int_equal(kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of("{}", 2)), KAI_EFULL);
    assert_int_equal(calls, 1);
    kai_batch_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_batches), cmocka_unit_test(test_edges),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_seal),           cmocka_unit_test(test_dead_after_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
