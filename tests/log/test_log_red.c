/* test_log_red: RED contents open to the persons named, to nobody else, and to one text only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/seal.h"
#include "log/log_util.h"
#include "log/red.h"
#include "log/sweep.h"
#include "wire/put.h"

#define PERSONS 5u

static struct world wd;
static uint8_t pk[KAI_RED_PERSONS_MAX][KAI_KEY_BYTES];
static uint8_t sk[KAI_RED_PERSONS_MAX][KAI_KEY_BYTES];
static uint8_t secret[KAI_KEY_BYTES];
static struct kai_buf obj;
static struct kai_buf sealed;
static struct kai_buf plain;
static size_t ends[KAI_BATCH_ITEMS_MAX];

static struct kai_red_draft draft(const struct kai_red_content *c, size_t n, size_t persons)
{
    struct kai_red_draft d = {
        .nid = wd.nid,
        .obj = {.tlp = 5, .pap = 3, .n_auds = 1, .created = 1767225600000u, .n = n},
        .persons = (const uint8_t(*)[KAI_KEY_BYTES])pk,
        .n_persons = persons,
        .secret = secret,
        .contents = c,
        .random = rng_fill,
        .random_ctx = &wd.rng,
    };

    memcpy(d.obj.aud[0], wd.aud_id, KAI_ID_BYTES);
    memcpy(d.obj.origin_cert, wd.origin_cert, KAI_ID_BYTES);
    return d;
}

static const struct kai_red_content THREE[3] = {
    {1, {(const uint8_t *)"{\"type\":\"indicator\"}", 20}},
    {1, {(const uint8_t *)"", 0}},
    {2, {(const uint8_t *)"list", 4}},
};

static void seal_three(void)
{
    struct kai_red_draft d = draft(THREE, 3, PERSONS);

    kai_buf_clear(&obj);
    kai_buf_clear(&sealed);
    assert_int_equal(kai_red_seal(&obj, &sealed, ends, &d), KAI_OK);
}

static enum kai_err open_as(size_t who, struct kai_red_content *c, size_t n)
{
    struct kai_red_reader r = {.nid = wd.nid, .kx_pk = pk[who], .kx_sk = sk[who]};
    struct kai_view parts[KAI_BATCH_ITEMS_MAX];

    for (size_t i = 0; i < n; i++) {
        size_t from = i == 0 ? 0 : ends[i - 1];

        parts[i] = kai_view_of(sealed.p + from, ends[i] - from);
    }
    return kai_red_open(&plain, c, &r, kai_buf_view(&obj), parts, n);
}

static void test_opens(void **state)
{
    (void)state;
    struct kai_red_content c[3];

    seal_three();
    for (size_t who = 0; who < PERSONS; who++) {
        assert_int_equal(open_as(who, c, 3), KAI_OK);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(c[i].kind, THREE[i].kind);
            assert_true(kai_view_eq(c[i].content, THREE[i].content));
        }
    }
    for (size_t who = PERSONS; who < 20; who++) { /* Not listed: not even that it is for others. */
        assert_int_equal(open_as(who, c, 3), KAI_ENOTFOUND);
        assert_int_equal(plain.len, 0);
    }
    assert_int_equal(open_as(0, c, 2), KAI_EMALFORMED); /* All of it, or nothing. */

    struct kai_red_reader r = {.nid = wd.aud_id, .kx_pk = pk[0], .kx_sk = sk[0]};
    struct kai_view same[3] = {{sealed.p, ends[0]}, {sealed.p, ends[0]}, {sealed.p, ends[0]}};
    assert_int_equal(kai_red_open(&plain, c, &r, kai_buf_view(&obj), same, 3), KAI_ENOTFOUND);
}

/* What a listener, a relay or a node has: neither text nor length beyond the padding. */
static void test_hides(void **state)
{
    (void)state;
    struct kai_obj o;

    seal_three();
    assert_null(memmem(obj.p, obj.len, "indicator", 9));
    assert_null(memmem(sealed.p, sealed.len, "indicator", 9));
    assert_int_equal(ends[0], ends[1] - ends[0]);
    for (size_t who = 0; who < PERSONS; who++)
        assert_null(memmem(obj.p, obj.len, pk[who], KAI_KEY_BYTES));
    assert_int_equal(kai_obj_parse(&o, kai_buf_view(&obj)), KAI_OK);
    assert_int_equal(o.tlp, 5);
    assert_int_equal(o.pap, 3);
    /* The same contents again share no root: salts come from a fresh key. */
    struct kai_obj again;
    seal_three();
    assert_int_equal(kai_obj_parse(&again, kai_buf_view(&obj)), KAI_OK);
    assert_memory_not_equal(o.root, again.root, sizeof o.root);
}

static enum kai_err accept_obj(struct kai_view v)
{
    struct kai_red_content c[3];
    struct kai_red_reader r = {.nid = wd.nid, .kx_pk = pk[2], .kx_sk = sk[2]};
    struct kai_view parts[3] = {{sealed.p, ends[0]},
                                {sealed.p + ends[0], ends[1] - ends[0]},
                                {sealed.p + ends[1], ends[2] - ends[1]}};

    return kai_red_open(&plain, c, &r, v, parts, 3);
}

static size_t flip_at;

/* Every bit of OBJ is under slot, commitment or context, but for the others' slots; so flips there
 * alone may go by, and no signature is needed to see any other. */
static void test_flips(void **state)
{
    (void)state;
    struct kai_red_content c[3];
    struct kai_obj o;
    struct kai_view slots;
    struct kai_cur cur;

    seal_three();
    assert_int_equal(kai_obj_parse(&o, kai_buf_view(&obj)), KAI_OK);
    kai_cur_init(&cur, o.seal.p, o.seal.n);
    kai_cur_tuple(&cur, 3);
    (void)kai_cur_bin(&cur, 32);
    (void)kai_cur_bin(&cur, 32);
    slots = kai_cur_bin(&cur, KAI_PAYLOAD_BYTES_MAX);
    sweep("red obj", kai_buf_view(&obj), accept_obj, (size_t)(slots.p - obj.p), slots.n);

    for (flip_at = 0; flip_at < sealed.len * 8; flip_at += 3) {
        sealed.p[flip_at / 8] ^= (uint8_t)(1u << flip_at % 8);
        assert_int_equal(open_as(1, c, 3), KAI_EAUTH);
        sealed.p[flip_at / 8] ^= (uint8_t)(1u << flip_at % 8);
    }
    assert_int_equal(open_as(1, c, 3), KAI_OK);

    /* Contents of one OBJ in another order, or in another OBJ. */
    struct kai_buf other = sealed;
    size_t first = ends[0];
    uint8_t *copy = malloc(first);
    assert_non_null(copy);
    memcpy(copy, other.p, first);
    memcpy(other.p, other.p + first, first);
    assert_int_equal(open_as(1, c, 3), KAI_EAUTH);
    seal_three();
    memcpy(sealed.p, copy, first);
    assert_int_equal(open_as(1, c, 3), KAI_EAUTH);
    free(copy);
}

/* What an author can do who makes the seal by hand: person 0's OBJ key is known to them. */
struct forgery {
    struct kai_obj o;
    uint8_t key[KAI_KEY_BYTES];
    uint8_t hash[KAI_ID_BYTES];
    uint8_t eph_sk[KAI_KEY_BYTES];
    uint8_t eph_pk[KAI_KEY_BYTES];
    uint8_t commit[32];
};

static void context(struct forgery *f)
{
    struct kai_obj bare = f->o;
    struct kai_buf b;

    bare.seal = (struct kai_view){0};
    kai_buf_init(&b, 4096);
    kai_obj_write(&b, &bare);
    kai_hash(f->hash, KAI_D_OBJCTX, b.p, b.len);
    kai_buf_free(&b);
}

static void forge_begin(struct forgery *f)
{
    struct kai_cur c;

    seal_three();
    assert_int_equal(kai_obj_parse(&f->o, kai_buf_view(&obj)), KAI_OK);
    context(f);
    kai_cur_init(&c, f->o.seal.p, f->o.seal.n);
    kai_cur_tuple(&c, 3);
    kai_cur_copy(&c, f->eph_pk, 32);
    kai_cur_copy(&c, f->commit, 32);
    struct kai_view slots = kai_cur_bin(&c, KAI_PAYLOAD_BYTES_MAX);
    struct kai_slot_ctx ctx = {KAI_D_PWRAP, wd.nid, f->hash, f->commit, f->eph_pk};
    assert_int_equal(kai_slot_open(f->key, &ctx, sk[0], pk[0], slots.p, slots.n / KAI_SLOT_BYTES),
                     KAI_OK);
}

/* A seal whose slots give all persons this key under f->commit, and the OBJ with it. */
static void forge_end(struct forgery *f, const uint8_t key[KAI_KEY_BYTES])
{
    uint8_t slots[8 * KAI_SLOT_BYTES];
    struct kai_buf seal;

    memset(f->eph_sk, 0x13, sizeof f->eph_sk);
    assert_int_equal(crypto_scalarmult_base(f->eph_pk, f->eph_sk), 0);
    struct kai_slot_ctx ctx = {KAI_D_PWRAP, wd.nid, f->hash, f->commit, f->eph_pk};
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(
            kai_slot_make(slots + i * KAI_SLOT_BYTES, &ctx, f->eph_sk, pk[i % PERSONS], key),
            KAI_OK);
    kai_slots_sort(slots, 8);
    kai_buf_init(&seal, 4096);
    kai_put_array(&seal, 3);
    kai_put_bin(&seal, f->eph_pk, 32);
    kai_put_bin(&seal, f->commit, 32);
    kai_put_bin(&seal, slots, sizeof slots);
    f->o.seal = kai_buf_view(&seal);
    kai_buf_clear(&obj);
    kai_obj_write(&obj, &f->o);
    kai_buf_free(&seal);
}

/* Whether the guard of this name, and nothing else, stops what open_as() is about to be shown. */
static void stopped_by(const char *guard)
{
    struct kai_red_content c[3];

    assert_int_equal(open_as(0, c, 3), KAI_EAUTH);
#ifdef KAIRAN_MUTANTS
    assert_true(kai_check_disable(guard));
    assert_int_equal(open_as(0, c, 3), KAI_OK);
    assert_true(kai_check_disable(getenv("KAIRAN_CHECK_OFF")));
#else
    (void)guard;
#endif
}

/* One ciphertext can be made that opens under two keys to two texts; so an author who hands two
 * persons different keys is stopped before anything is decrypted. */
static void test_double_open(void **state)
{
    (void)state;
    struct forgery f;
    struct kai_red_content c[3];
    uint8_t other[KAI_KEY_BYTES];

    forge_begin(&f);
    f.commit[5] ^= 1; /* The key that opens the contents, not the one committed to. */
    forge_end(&f, f.key);
    stopped_by("RED_COMMIT");

    forge_begin(&f);
    memset(other, 0x77, sizeof other);
    forge_end(&f, other);
    assert_int_equal(open_as(1, c, 3), KAI_EAUTH);
    forge_begin(&f); /* The forger's tools make what opens, where nothing is forged. */
    forge_end(&f, f.key);
    assert_int_equal(open_as(1, c, 3), KAI_OK);
}

/* Contents that are not the leaves of the root that everybody sees. */
static void test_other_root(void **state)
{
    (void)state;
    struct forgery f;
    struct kai_buf again;

    forge_begin(&f);
    kai_buf_init(&again, KAI_BODY_BYTES_MAX);
    uint8_t old[KAI_ID_BYTES];
    memcpy(old, f.hash, sizeof old);
    f.o.root[0] ^= 1;
    context(&f);
    kai_kdf(f.commit, 32, KAI_D_REDCOMMIT, f.key, f.hash, KAI_ID_BYTES);
    for (uint64_t i = 0; i < 3; i++) {
        size_t from = i == 0 ? 0 : ends[i - 1];
        uint8_t pt[512];
        uint8_t k[KAI_KEY_BYTES];
        uint8_t be[8];
        uint8_t nonce[KAI_NONCE_BYTES] = {(uint8_t)i};
        size_t n;

        kai_put_u64(be, i);
        kai_kdf(k, sizeof k, KAI_D_RED, f.key, be, sizeof be);
        assert_int_equal(kai_unbox(pt, &n, k, kai_view_of(old, sizeof old),
                                   kai_view_of(sealed.p + from, ends[i] - from)),
                         KAI_OK);
        assert_int_equal(
            kai_box(&again, k, nonce, kai_view_of(f.hash, sizeof f.hash), kai_view_of(pt, n)),
            KAI_OK);
    }
    memcpy(sealed.p, again.p, again.len);
    forge_end(&f, f.key);
    stopped_by("RED_ROOT");
    kai_buf_free(&again);
}

static void test_bounds(void **state)
{
    (void)state;
    static uint8_t big[KAI_RED_CONTENT_BYTES_MAX + 1];
    struct kai_red_content one = {5, {big, KAI_RED_CONTENT_BYTES_MAX}};
    struct kai_red_content back;
    struct kai_red_draft d = draft(&one, 1, KAI_RED_PERSONS_MAX);
    struct kai_buf item;
    struct kai_obj o;
    uint8_t sig[KAI_SIG_BYTES] = {0};

    kai_buf_clear(&obj);
    kai_buf_clear(&sealed);
    assert_int_equal(kai_red_seal(&obj, &sealed, ends, &d), KAI_OK);
    assert_int_equal(sealed.len, kai_red_sealed_size(one.content.n));
    assert_true(obj.len <= kai_red_obj_size(KAI_RED_PERSONS_MAX, 1));
    assert_int_equal(open_as(KAI_RED_PERSONS_MAX - 1, &back, 1), KAI_OK);
    assert_true(kai_view_eq(back.content, one.content));

    /* The largest content for the most persons goes into one entry. */
    struct kai_packer *p;
    struct kai_buf body;
    struct kai_buf packed;
    struct kai_content c = {.kind = KAI_CONTENT_SEALED, .content = kai_buf_view(&sealed)};
    kai_buf_init(&item, KAI_BODY_BYTES_MAX);
    kai_buf_init(&body, KAI_BODY_BYTES_MAX);
    kai_buf_init(&packed, KAI_BODY_BYTES_MAX);
    assert_int_equal(kai_packer_new(&p), KAI_OK);
    kai_obj_item_write(&item, kai_buf_view(&obj), sig, &c, 1);
    kai_body_begin(&body, 1);
    kai_buf_add(&body, item.p, item.len);
    kai_body_end(&body);
    assert_int_equal(kai_pack(p, &packed, kai_buf_view(&body)), KAI_OK);
    assert_true(kai_payload_size(packed.len) <= KAI_PAYLOAD_BYTES_MAX);
    assert_int_equal(kai_obj_parse(&o, kai_buf_view(&obj)), KAI_OK);
    assert_int_equal(kai_red_item_check(kai_buf_view(&item), &o), KAI_OK);

    /* What gives the salt or kind away, or is no RED, is refused by every node. */
    o.tlp = 4;
    assert_int_equal(kai_red_item_check(kai_buf_view(&item), &o), KAI_EMALFORMED);
    o.tlp = 5;
    c.salt[3] = 1;
    kai_buf_clear(&item);
    kai_obj_item_write(&item, kai_buf_view(&obj), sig, &c, 1);
    assert_int_equal(kai_red_item_check(kai_buf_view(&item), &o), KAI_EMALFORMED);
    c.salt[3] = 0;
    c.kind = KAI_CONTENT_STIX;
    kai_buf_clear(&item);
    kai_obj_item_write(&item, kai_buf_view(&obj), sig, &c, 1);
    assert_int_equal(kai_red_item_check(kai_buf_view(&item), &o), KAI_EMALFORMED);

    one.content.n++;
    assert_int_equal(kai_red_seal(&obj, &sealed, ends, &d), KAI_ELIMIT);
    one.content.n = 1;
    d.n_persons++;
    assert_int_equal(kai_red_seal(&obj, &sealed, ends, &d), KAI_ELIMIT);
    kai_packer_free(p);
    kai_buf_free(&item);
    kai_buf_free(&body);
    kai_buf_free(&packed);
}

static void test_slots(void **state)
{
    (void)state;
    static const size_t want[][2] = {{1, 8},   {8, 8},   {9, 16},  {33, 64},
                                     {64, 64}, {65, 96}, {96, 96}, {5, 8}};

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_int_equal(kai_red_slots(want[i][0]), want[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens),       cmocka_unit_test(test_hides),
        cmocka_unit_test(test_flips),       cmocka_unit_test(test_other_root),
        cmocka_unit_test(test_double_open), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_slots),
    };

    world_init(&wd, 1);
    for (size_t i = 0; i < KAI_RED_PERSONS_MAX; i++) {
        rng_fill(&wd.rng, sk[i], KAI_KEY_BYTES);
        (void)crypto_scalarmult_base(pk[i], sk[i]);
    }
    rng_fill(&wd.rng, secret, sizeof secret);
    kai_buf_init(&obj, KAI_PAYLOAD_BYTES_MAX);
    kai_buf_init(&sealed, KAI_BODY_BYTES_MAX);
    kai_buf_init(&plain, KAI_BODY_BYTES_MAX);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    kai_buf_free(&obj);
    kai_buf_free(&sealed);
    kai_buf_free(&plain);
    return failed;
}
