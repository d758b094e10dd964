/* test_log_oom: the first allocation fails, then the second, ... until a run meets none that does.
 *
 * What libzstd allocates it allocates out of our sight, so its calls fail as it would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "log/acts.h"
#include "log/log_util.h"
#include "log/red.h"

static bool armed;
static size_t countdown;
static bool fired;

static bool fails(void)
{
    if (!armed || countdown-- != 0)
        return false;
    armed = false;
    fired = true;
    return true;
}

static void arm(size_t n)
{
    countdown = n;
    fired = false;
    armed = true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
ZSTD_CCtx *__real_ZSTD_createCCtx(void);
ZSTD_DCtx *__real_ZSTD_createDCtx(void);
size_t __real_ZSTD_compress2(ZSTD_CCtx *c, void *dst, size_t cap, const void *src, size_t n);
size_t __real_ZSTD_decompressDCtx(ZSTD_DCtx *d, void *dst, size_t cap, const void *src, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);
size_t __wrap_ZSTD_compress2(ZSTD_CCtx *c, void *dst, size_t cap, const void *src, size_t n);
size_t __wrap_ZSTD_decompressDCtx(ZSTD_DCtx *d, void *dst, size_t cap, const void *src, size_t n);

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

ZSTD_CCtx *__wrap_ZSTD_createCCtx(void)
{
    return fails() ? NULL : __real_ZSTD_createCCtx();
}

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void)
{
    return fails() ? NULL : __real_ZSTD_createDCtx();
}

/* libzstd returns its errors as sizes below zero. */
#define NO_MEMORY ((size_t)0 - (size_t)ZSTD_error_memory_allocation)

size_t __wrap_ZSTD_compress2(ZSTD_CCtx *c, void *dst, size_t cap, const void *src, size_t n)
{
    return fails() ? NO_MEMORY : __real_ZSTD_compress2(c, dst, cap, src, n);
}

size_t __wrap_ZSTD_decompressDCtx(ZSTD_DCtx *d, void *dst, size_t cap, const void *src, size_t n)
{
    return fails() ? NO_MEMORY : __real_ZSTD_decompressDCtx(d, dst, cap, src, n);
}

/* A run of something; KAI_OK or KAI_ENOMEM, nothing leaked (a sanitizer sees to that). */
typedef enum kai_err run_fn(void);

static void sweep_allocations(run_fn *run, size_t at_least)
{
    size_t n = 0;

    do {
        arm(n++);
        enum kai_err err = run();
        armed = false;
        assert_int_equal(err, fired ? KAI_ENOMEM : KAI_OK);
    } while (fired);
    assert_true(n > at_least); /* Some were reached: the sweep swept. */
}

static struct world wd;
static uint8_t big[300000];

static enum kai_err nothing(void *ctx, const struct kai_entry *e, size_t n_items)
{
    (void)e;
    *(size_t *)ctx += n_items;
    return KAI_OK;
}

static enum kai_err run_batch(void)
{
    struct kai_batch *b;
    size_t items = 0;

    world_init(&wd, 1);
    struct kai_batch_options opt = world_options(&wd, nothing, &items);
    enum kai_err err = kai_batch_new(&b, &wd.w, &opt);
    if (err != KAI_OK) {
        assert_null(b);
        return err;
    }
    for (size_t i = 0; err == KAI_OK && i < 30; i++)
        err =
            kai_batch_add(b, KAI_CONTENT_STIX, kai_view_of(big + 100 * i, i == 20 ? 100000 : 5000));
    if (err == KAI_OK)
        err = kai_batch_flush(b);
    if (err == KAI_OK)
        assert_int_equal(items, 30);
    else
        assert_int_equal(kai_batch_flush(b), err); /* Dead stays dead. */
    kai_batch_free(b);
    return err;
}

static enum kai_err run_round(void)
{
    struct kai_packer *p;
    struct kai_buf out;
    struct kai_buf body;
    struct kai_buf scratch;
    struct kai_entry e;
    static uint8_t text[5000];

    world_init(&wd, 1);
    kai_buf_init(&out, 1u << 20);
    kai_buf_init(&body, 1u << 20);
    kai_buf_init(&scratch, 1u << 20);
    memset(text, 'a', sizeof text);
    struct kai_log_writer before = wd.w;
    enum kai_err err = kai_packer_new(&p);
    if (err == KAI_OK) {
        err = kai_log_append(&wd.w, p, &out, &e, kai_view_of(text, sizeof text), 0, 1, rng_fill,
                             &wd.rng);
        if (err != KAI_OK)
            assert_memory_equal(&before, &wd.w, sizeof before); /* Nothing changed. */
    }
    if (err == KAI_OK) {
        struct kai_seal_place at = world_place(&wd, &e.h);

        err = kai_payload_open(p, &body, &scratch, wd.epoch_key, &at, e.payload);
        assert_int_equal(body.len, err == KAI_OK ? sizeof text : 0);
    }
    kai_buf_free(&out);
    kai_buf_free(&body);
    kai_buf_free(&scratch);
    kai_packer_free(p);
    return err;
}

static enum kai_err run_items(void)
{
    struct kai_bind b = {.incarnation = 1};
    static const uint8_t ids[32];
    struct kai_rule r = {.ver = 1, .name = "n", .id_kind = 1, .n_ids = 1, .ids = ids, .of = 1};
    struct kai_buf out;
    uint8_t leaves[3][KAI_ID_BYTES] = {{1}, {2}, {3}};
    struct kai_merkle_path path;

    world_init(&wd, 1);
    kai_buf_init(&out, 1u << 16);
    kai_bind_write(&out, &b, wd.node_sk, wd.nid);
    kai_rule_write(&out, &r, wd.node_sk, wd.nid);
    enum kai_err err = out.err;
    if (err == KAI_OK)
        err = kai_merkle_path(&path, (const uint8_t(*)[KAI_ID_BYTES])leaves, 3, 0);
    kai_buf_free(&out);
    return err;
}

static enum kai_err run_acts(void)
{
    struct kai_release rel = {.any = true};
    struct kai_recall rec = {.reason = KAI_RECALL_WRONG};
    struct kai_reshare res = {.obj = {big, 100}, .sig = {big, KAI_SIG_BYTES}};
    struct kai_content c = {.has_path = true, .content = {big, 5000}};
    struct kai_request q = {.target_name = "n"};
    struct kai_buf out;

    world_init(&wd, 1);
    kai_buf_init(&out, 1u << 16);
    kai_release_write(&out, &rel, wd.node_sk, wd.nid);
    kai_recall_write(&out, &rec, wd.node_sk, wd.nid);
    kai_reshare_write(&out, &res, &c, 1, wd.node_sk, wd.nid);
    kai_request_write(&out, &q);
    enum kai_err err = out.err;
    kai_buf_free(&out);
    return err;
}

/* Sealed and opened: no text is left over where memory ends half-way. */
static enum kai_err run_red(void)
{
    static const uint8_t sk[KAI_KEY_BYTES] = {7};
    uint8_t pk[1][KAI_KEY_BYTES];
    struct kai_red_content c[2] = {{1, {big, 3000}}, {1, {big, 10}}};
    struct kai_red_content back[2];
    size_t ends[2] = {0};
    struct kai_buf obj;
    struct kai_buf sealed;
    struct kai_buf plain;

    world_init(&wd, 1);
    (void)crypto_scalarmult_base(pk[0], sk);
    struct kai_red_draft d = {.nid = wd.nid,
                              .obj = {.tlp = 5, .n = 2},
                              .persons = (const uint8_t(*)[KAI_KEY_BYTES])pk,
                              .n_persons = 1,
                              .secret = sk,
                              .contents = c,
                              .random = rng_fill,
                              .random_ctx = &wd.rng};
    struct kai_red_reader who = {wd.nid, pk[0], sk};
    kai_buf_init(&obj, 1u << 16);
    kai_buf_init(&sealed, 1u << 16);
    kai_buf_init(&plain, 1u << 16);
    enum kai_err err = kai_red_seal(&obj, &sealed, ends, &d);
    if (err == KAI_OK) {
        struct kai_view parts[2] = {{sealed.p, ends[0]}, {sealed.p + ends[0], ends[1] - ends[0]}};

        err = kai_red_open(&plain, back, &who, kai_buf_view(&obj), parts, 2);
        assert_int_equal(plain.len > 0, err == KAI_OK);
    }
    kai_buf_free(&obj);
    kai_buf_free(&sealed);
    kai_buf_free(&plain);
    return err;
}

static void test_batch(void **state)
{
    (void)state;
    struct rng r = {1};

    rng_fill(&r, big, sizeof big);
    sweep_allocations(run_batch, 15);
}

static void test_round(void **state)
{
    (void)state;
    sweep_allocations(run_round, 8);
}

static void test_items(void **state)
{
    (void)state;
    sweep_allocations(run_items, 4);
}

static void test_acts(void **state)
{
    (void)state;
    sweep_allocations(run_acts, 6);
}

static void test_red(void **state)
{
    (void)state;
    sweep_allocations(run_red, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch), cmocka_unit_test(test_round), cmocka_unit_test(test_items),
        cmocka_unit_test(test_acts),  cmocka_unit_test(test_red),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
