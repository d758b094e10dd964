/* test_log_payload: sealing and opening, places, padding, and bombs that must not be fed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log/log_util.h"
#include "wire/put.h"

/* What lib/log and lib/base ask for while it is counted. */
static size_t asked_most;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static void asked(size_t n)
{
    if (n > asked_most)
        asked_most = n;
}

void *__wrap_malloc(size_t n)
{
    asked(n);
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    asked(n * size);
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    asked(n);
    return __real_realloc(p, n);
}

static void test_padding(void **state)
{
    (void)state;
    static const struct {
        size_t n, want;
    } rows[] = {
        {0, 256},       {255, 256},     {256, 272},     {271, 272},         {272, 288},
        {511, 512},     {512, 544},     {9999, 10240},  {58000, 59392},     {59391, 59392},
        {59392, 61440}, {65535, 65536}, {65536, 67584}, {1048575, 1048576},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(kai_padded_size(rows[i].n), rows[i].want);
    size_t before = 0;
    for (size_t n = 0; n < 200000; n++) {
        size_t got = kai_padded_size(n);

        assert_true(got > n && got >= before);
        assert_true(got <= 256 || (got - n - 1) * 100 <= n * 12); /* Padme: at most 12 %. */
        before = got;
    }
    assert_int_equal(kai_payload_size(1000), 1088);
}

struct fix {
    struct kai_packer *p;
    struct kai_buf packed;
    struct kai_buf out;
    struct kai_buf scratch;
};

static void fix_init(struct fix *f)
{
    assert_int_equal(kai_packer_new(&f->p), KAI_OK);
    kai_buf_init(&f->packed, 1u << 21);
    kai_buf_init(&f->out, KAI_BODY_BYTES_MAX);
    kai_buf_init(&f->scratch, KAI_PAYLOAD_BYTES_MAX);
}

static void fix_free(struct fix *f)
{
    kai_packer_free(f->p);
    kai_buf_free(&f->packed);
    kai_buf_free(&f->out);
    kai_buf_free(&f->scratch);
}

static void test_pack_unpack(void **state)
{
    (void)state;
    static uint8_t body[KAI_BODY_BYTES_MAX + 1];
    static const size_t sizes[] = {0, 1, 3, 100, 240, 250, 255, 256, 5000, 60000, 1048576};
    struct rng r = {1};
    struct fix f;

    fix_init(&f);
    for (unsigned how = 0; how < 2; how++) {
        if (how == 0)
            rng_fill(&r, body, sizeof body);
        else
            memset(body, 'a', sizeof body);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct kai_view v = kai_view_of(body, sizes[i]);

            kai_buf_clear(&f.packed);
            kai_buf_clear(&f.out);
            assert_int_equal(kai_pack(f.p, &f.packed, v), KAI_OK);
            assert_int_equal(kai_unpack(f.p, &f.out, kai_buf_view(&f.packed)), KAI_OK);
            assert_true(kai_view_eq(kai_buf_view(&f.out), v));
            if (how == 1 && sizes[i] > 300)
                assert_int_equal(f.packed.len, 256);
        }
        assert_int_equal(kai_pack(f.p, &f.packed, kai_view_of(body, sizeof body)), KAI_ELIMIT);
    }
    fix_free(&f);
}

/* pt' by hand: version, codec, raw size, body, padding. */
static void pt_make(struct kai_buf *out, uint64_t ver, uint64_t codec, uint64_t raw,
                    struct kai_view body)
{
    static const uint8_t zeros[1u << 16];

    kai_buf_clear(out);
    kai_put_array(out, 4);
    kai_put_uint(out, ver);
    kai_put_uint(out, codec);
    kai_put_uint(out, raw);
    kai_put_view(out, body);
    size_t pad = kai_padded_size(out->len) - out->len;
    kai_buf_u8(out, 0x80);
    kai_buf_add(out, zeros, pad - 1);
}

static enum kai_err unpack(struct fix *f)
{
    kai_buf_clear(&f->out);
    return kai_unpack(f->p, &f->out, kai_buf_view(&f->packed));
}

static void test_pt_refused(void **state)
{
    (void)state;
    struct fix f;
    struct kai_view abc = kai_view_of("abc", 3);

    fix_init(&f);
    pt_make(&f.packed, 1, 0, 3, abc);
    assert_int_equal(unpack(&f), KAI_OK);
    pt_make(&f.packed, 2, 0, 3, abc);
    assert_int_equal(unpack(&f), KAI_EMALFORMED);
    pt_make(&f.packed, 1, 2, 3, abc);
    assert_int_equal(unpack(&f), KAI_EMALFORMED);
    pt_make(&f.packed, 1, 0, 4, abc);
    assert_int_equal(unpack(&f), KAI_EMALFORMED);
    pt_make(&f.packed, 1, 0, KAI_BODY_BYTES_MAX + 1, abc);
    assert_int_equal(unpack(&f), KAI_ELIMIT);

    /* Padding: every byte of it, its length, its absence. */
    pt_make(&f.packed, 1, 0, 3, abc);
    for (size_t i = 9; i < f.packed.len; i++) {
        f.packed.p[i] ^= 1;
        assert_int_equal(unpack(&f), KAI_EMALFORMED);
        f.packed.p[i] ^= 1;
    }
    f.packed.len--;
    assert_int_equal(unpack(&f), KAI_EMALFORMED);
    f.packed.len++;
    for (size_t i = 0; i < 16; i++)
        kai_buf_u8(&f.packed, 0);
    assert_int_equal(unpack(&f), KAI_EMALFORMED); /* 272: a size, but not this one's. */
    memset(f.packed.p, 0, f.packed.len);
    assert_int_equal(unpack(&f), KAI_EMALFORMED);
    f.packed.len = 0;
    assert_int_equal(unpack(&f), KAI_EMALFORMED);
    fix_free(&f);
}

/* zstd frames by hand; a content size of two bytes counts from 256. An RLE block of n times 'a' is
 * 4 bytes. */
#define MAGIC 0x28, 0xb5, 0x2f, 0xfd
#define RLE(last, n)                                                                               \
    (uint8_t)(((n)&0x1f) << 3 | 1 << 1 | (last)), (uint8_t)((n) >> 5), (uint8_t)((n) >> 13), 'a'

static void test_frames(void **state)
{
    (void)state;
    static const uint8_t good[] = {MAGIC, 0x60, 0x00, 0x03, RLE(1, 1024)}; /* Single segment. */
    static const uint8_t window[] = {MAGIC, 0x40, 0x50, 0x00, 0x03, RLE(1, 1024)};     /* 2^20. */
    static const uint8_t window_big[] = {MAGIC, 0x40, 0xa8, 0x00, 0x03, RLE(1, 1024)}; /* 2^31. */
    static const uint8_t no_size[] = {MAGIC, 0x00, 0x50, RLE(1, 1024)};
    static const uint8_t dict[] = {MAGIC, 0x61, 0x07, 0x00, 0x03, RLE(1, 1024)};
    static const uint8_t trailing[] = {MAGIC, 0x60, 0x00, 0x03, RLE(1, 1024), 0};
    static const uint8_t two[] = {MAGIC, 0x60, 0x00, 0x01, RLE(1, 512),
                                  MAGIC, 0x60, 0x00, 0x01, RLE(1, 512)};
    static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 0x04, 0, 0, 0, 1, 2, 3, 4};
    static const uint8_t skipped_after[] = {
        MAGIC, 0x60, 0x00, 0x03, RLE(1, 1024), 0x50, 0x2a, 0x4d, 0x18, 0x00, 0, 0, 0};
    static const uint8_t short_block[] = {MAGIC, 0x60, 0x00, 0x03, RLE(1, 1000)};
    static const uint8_t long_block[] = {MAGIC, 0x60, 0x00, 0x03, RLE(0, 1024), RLE(1, 9)};
    static const uint8_t cut[] = {MAGIC, 0x60, 0x00, 0x03, RLE(0, 1024)};
    static const uint8_t useless[] = {MAGIC, 0x20, 0x03, 3 << 3 | 1, 0, 0, 'a', 'b', 'c'};
    static const uint8_t bomb[] = {MAGIC, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, RLE(1, 131072)}; /* 4 GiB */
    static const struct {
        const char *name;
        const uint8_t *p;
        size_t n;
        uint64_t raw;
        enum kai_err want;
    } rows[] = {
        {"good", good, sizeof good, 1024, KAI_OK},
        {"good, size of the window given", window, sizeof window, 1024, KAI_OK},
        {"window too large", window_big, sizeof window_big, 1024, KAI_EMALFORMED},
        {"raw size is not the frame's", good, sizeof good, 1048576, KAI_EMALFORMED},
        {"raw size is less", good, sizeof good, 1000, KAI_EMALFORMED},
        {"no content size", no_size, sizeof no_size, 1024, KAI_EMALFORMED},
        {"needs a dictionary", dict, sizeof dict, 1024, KAI_EMALFORMED},
        {"trailing byte", trailing, sizeof trailing, 1024, KAI_EMALFORMED},
        {"two frames", two, sizeof two, 1024, KAI_EMALFORMED},
        {"skippable frame after it", skipped_after, sizeof skipped_after, 1024, KAI_EMALFORMED},
        {"skippable frame", skippable, sizeof skippable, 1024, KAI_EMALFORMED},
        {"nothing inside", good, 0, 1024, KAI_EMALFORMED},
        {"block too short", short_block, sizeof short_block, 1024, KAI_EMALFORMED},
        {"block too long", long_block, sizeof long_block, 1024, KAI_EMALFORMED},
        {"no last block", cut, sizeof cut, 1024, KAI_EMALFORMED},
        {"4 GiB", bomb, sizeof bomb, KAI_BODY_BYTES_MAX, KAI_EMALFORMED},
        {"larger than what it holds", useless, sizeof useless, 3, KAI_EMALFORMED},
    };
    struct fix f;

    fix_init(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pt_make(&f.packed, 1, 1, rows[i].raw, kai_view_of(rows[i].p, rows[i].n));
        kai_buf_free(&f.out);
        asked_most = 0;
        enum kai_err got = unpack(&f);
        if (got != rows[i].want)
            print_error("%s: %s\n", rows[i].name, kai_err_text(got));
        assert_int_equal(got, rows[i].want);
        assert_true(asked_most <= 4096); /* Whatever the declared size. */
    }
    fix_free(&f);
}

/* One thing that is not as it was sealed; true: the key is to be the other one. */
static bool spoil(int wrong, const struct world *other, struct kai_hdr *h,
                  struct kai_seal_place *at, uint8_t *last)
{
    switch (wrong) {
    case 1:
        h->tag[3] ^= 1;
        break;
    case 2:
        h->kid[3] ^= 1;
        break;
    case 3:
        at->seq++;
        break;
    case 4:
        h->prev[31] ^= 1;
        break;
    case 5:
        at->nid = other->nid;
        break;
    case 6:
        at->log_pk = other->log_pk;
        break;
    case 7:
        at->ts++;
        break;
    case 9:
        *last ^= 1;
        break;
    default:
        break;
    }
    return wrong == 8;
}

static void test_places(void **state)
{
    (void)state;
    static struct world wd;
    static struct world other;
    struct fix f;
    struct kai_buf entry;
    struct kai_entry e;
    static const uint8_t body[] = {0x93, 0x01, 0x90, 0x80};

    world_init(&wd, 1);
    world_init(&other, 2);
    fix_init(&f);
    kai_buf_init(&entry, KAI_FRAME_BYTES_MAX);
    for (int i = 0; i < 2; i++)
        assert_int_equal(kai_log_append(&wd.w, f.p, &entry, &e, kai_view_of(body, sizeof body), 0,
                                        1000, rng_fill, &wd.rng),
                         KAI_OK);
    for (int wrong = 0; wrong <= 9; wrong++) {
        struct kai_hdr h = e.h;
        struct kai_seal_place at = world_place(&wd, &h);
        const uint8_t *key;
        uint8_t payload[512];
        size_t n = e.payload.n;

        memcpy(payload, e.payload.p, n);
        key = spoil(wrong, &other, &h, &at, &payload[n - 1]) ? other.epoch_key : wd.epoch_key;
        kai_buf_clear(&f.out);
        enum kai_err got =
            kai_payload_open(f.p, &f.out, &f.scratch, key, &at, kai_view_of(payload, n));
        assert_int_equal(got, wrong == 0 ? KAI_OK : KAI_EAUTH);
        assert_int_equal(f.out.len, wrong == 0 ? sizeof body : 0);
    }
    /* Lifted into another log, under a header that verifies: the signature is right, and still it
     * does not open. */
    struct kai_hdr lifted = e.h;
    struct kai_entry e2;
    struct kai_buf entry2;
    memcpy(lifted.log_pk, other.log_pk, 32);
    kai_buf_init(&entry2, 4096);
    assert_int_equal(kai_entry_make(&e2, &entry2, &lifted, other.log_sk, wd.nid, e.payload),
                     KAI_OK);
    assert_int_equal(kai_entry_verify(&e2, wd.nid), KAI_OK);
    struct kai_seal_place at = world_place(&wd, &e2.h);
    assert_int_equal(kai_payload_open(f.p, &f.out, &f.scratch, wd.epoch_key, &at, e2.payload),
                     KAI_EAUTH);
    /* Sealed by a member, and yet nothing: into buffers that hold nothing either. */
    struct kai_buf empty;
    struct kai_buf fresh;
    static const uint8_t random[56];
    kai_buf_init(&empty, 4096);
    kai_buf_init(&fresh, 4096);
    assert_int_equal(kai_seal(&empty, wd.epoch_key, &at, random, kai_view_of("", 0)), KAI_OK);
    assert_int_equal(kai_payload_open(f.p, &f.out, &fresh, wd.epoch_key, &at, kai_buf_view(&empty)),
                     KAI_EMALFORMED);
    kai_buf_free(&empty);
    kai_buf_free(&fresh);
    /* Sizes. */
    for (size_t n = 0; n < e.payload.n; n++) {
        enum kai_err got = kai_payload_open(f.p, &f.out, &f.scratch, wd.epoch_key, &at,
                                            kai_view_of(e.payload.p, n));
        assert_true(got == KAI_EMALFORMED || got == KAI_EAUTH);
    }
    static const uint8_t big[KAI_PAYLOAD_BYTES_MAX + 1];
    assert_int_equal(
        kai_payload_open(f.p, &f.out, &f.scratch, wd.epoch_key, &at, kai_view_of(big, sizeof big)),
        KAI_ELIMIT);
    kai_buf_free(&entry2);
    kai_buf_free(&entry);
    fix_free(&f);
}

/* What does not fit a payload is refused, and the writer stands where it stood. */
static void test_append_limit(void **state)
{
    (void)state;
    static struct world wd;
    static uint8_t body[59000];
    struct fix f;
    struct kai_buf entry;
    struct kai_entry e;

    world_init(&wd, 1);
    fix_init(&f);
    kai_buf_init(&entry, KAI_FRAME_BYTES_MAX);
    rng_fill(&wd.rng, body, sizeof body);
    assert_int_equal(kai_log_append(&wd.w, f.p, &entry, &e, kai_view_of(body, sizeof body), 7, 1000,
                                    rng_fill, &wd.rng),
                     KAI_OK);
    assert_int_equal(e.payload.n, 59392 + 88);
    assert_int_equal(e.h.ttl_s, 7);
    struct kai_log_writer before = wd.w;
    static uint8_t more[59400];
    rng_fill(&wd.rng, more, sizeof more);
    assert_int_equal(kai_log_append(&wd.w, f.p, &entry, &e, kai_view_of(more, sizeof more), 0, 1000,
                                    rng_fill, &wd.rng),
                     KAI_ELIMIT);
    assert_memory_equal(&before, &wd.w, sizeof before);
    static const uint8_t plain[KAI_PAYLOAD_BYTES_MAX + 1];
    assert_int_equal(kai_log_append_plain(&wd.w, &entry, &e, KAI_PTYPE_EPOCH,
                                          kai_view_of(plain, sizeof plain), 1),
                     KAI_ELIMIT);
    assert_memory_equal(&before, &wd.w, sizeof before);
    /* The clock went back: ts does not. */
    assert_int_equal(kai_log_append_plain(&wd.w, &entry, &e, KAI_PTYPE_EPOCH,
                                          kai_view_of(plain, sizeof plain - 1), 1),
                     KAI_OK);
    assert_int_equal(e.h.ts, 1000);
    assert_memory_equal(e.h.kid, wd.w.kid, 16);
    assert_int_equal(
        kai_log_append_plain(&wd.w, &entry, &e, KAI_PTYPE_CLOSE, kai_view_of(NULL, 0), 2000),
        KAI_OK);
    struct kai_entry e2;
    assert_int_equal(kai_entry_init(&e2, e.hdr, e.sig, e.payload), KAI_OK);
    assert_int_equal(kai_entry_verify(&e2, wd.nid), KAI_OK);
    assert_non_null(e.payload.p);
    assert_int_equal(e2.h.seq, 3);
    assert_int_equal(e2.h.ts, 2000);
    kai_buf_free(&entry);
    fix_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_padding),    cmocka_unit_test(test_pack_unpack),
        cmocka_unit_test(test_pt_refused), cmocka_unit_test(test_frames),
        cmocka_unit_test(test_places),     cmocka_unit_test(test_append_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
